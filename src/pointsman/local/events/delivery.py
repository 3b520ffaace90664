"""From an event to its targets: rules are matched in the emitter's transaction, targets reached in one of their own.

A delivery waits as a timer of the world, so that it survives kill -9 and nothing a target does can hold an engine up.
What cannot be delivered is written to the log group ``/pointsman/events``; rules publish AWS's ``AWS/Events`` metrics.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.events import bus, routes, rules
from pointsman.local.events.rules import EventRule, EventTarget, Rules
from pointsman.local.events.ways import Given, Ways
from pointsman.local.functions import functions
from pointsman.local.logs import events as log_events
from pointsman.local.logs import names
from pointsman.local.sns import topics
from pointsman.local.world import Payload, Scope, World
from pointsman.semantics.events import inputs

DUE: Final = "events.deliver"
FUNCTION_ENDED: Final = "events.target.ended"
DATUM: Final = "cloudwatch.datum"
"""What CloudWatch hears datapoints under."""
GROUP: Final = "/pointsman/events"
MOST_STARTS: Final = 60
"""Pipelines and builds that one rule may start within a minute: a rule that starts what sets it off goes no faster."""
_STARTING: Final = ("codepipeline", "codebuild")


class Pace:
    """When rules started something of late: a tool of the world."""

    def __init__(self) -> None:
        self._starts: dict[tuple[str, str, str], deque[float]] = {}

    def check(self, scope: Scope, rule: str) -> None:
        """Count one more start of a rule.

        Raises:
            AwsError: ThrottlingException: there were too many within a minute.
        """
        now = scope.now.timestamp()
        starts = self._starts.setdefault((scope.account, scope.region, rule), deque())
        while starts and starts[0] <= now - 60:
            starts.popleft()
        if len(starts) >= MOST_STARTS:
            raise AwsError("ThrottlingException", f"the rule has started {MOST_STARTS} pipelines or builds in a minute")
        starts.append(now)


def install(world: World) -> None:
    """Add the ways to what this package may know."""
    ways = world.tool(Ways)
    ways.add("sns", _to_topic)
    ways.add("logs", _to_log_group)
    ways.add("lambda", _to_function)


def on_event(scope: Scope, event: Payload) -> None:
    """An event was emitted, with or without its envelope."""
    found = scope.world.tool(Rules).of(scope)
    if not found and not scope.world.tool(routes.Routes).of(scope):
        return
    event = bus.whole(scope, event)
    routes.hand_on(scope, event)
    for rule, pattern in found:
        if pattern.matches(event):
            _figure(scope, rule.name, "MatchedEvents")
            trigger(scope, rule, event)


def trigger(scope: Scope, rule: EventRule, event: Payload) -> None:
    """Have an event delivered to every target of a rule, soon."""
    _figure(scope, rule.name, "TriggeredRules")
    for target in list(rules.targets(scope, rule.name)):
        scope.after(0, DUE, {"rule": rule.name, "target": target.id, "event": event})


def deliver(scope: Scope, payload: Payload) -> None:
    """Reach one target; one that is gone by now gets nothing."""
    name, event = payload["rule"], payload["event"]
    target = scope.get(EventTarget, f"{name}/{payload['target']}")
    if target is None or scope.get(EventRule, name) is None:
        return
    way = scope.world.tool(Ways).find(target.arn)
    try:
        if way is None:
            raise AwsError("NotImplemented", f"nothing here delivers to {target.arn}", 501)
        if target.arn.split(":", 3)[2] in _STARTING:
            scope.world.tool(Pace).check(scope, name)
        way(scope, target.arn, _given(scope, target, event))
    except AwsError as error:
        failed(scope, name, target.arn, error.message)
        return
    _figure(scope, name, "Invocations")


def failed(scope: Scope, rule: str, arn: str, sentence: str) -> None:
    """Say that a target was not reached."""
    _figure(scope, rule, "FailedInvocations")
    now = int(scope.now.timestamp() * 1000)
    log_events.append(scope, GROUP, rule, [(now, f"{arn} was not reached: {sentence}")])


def _figure(scope: Scope, rule: str, name: str) -> None:
    scope.emit(
        DATUM,
        {
            "namespace": "AWS/Events",
            "name": name,
            "value": 1.0,
            "unit": "Count",
            "dimensions": {"RuleName": rule},
            "timestamp": int(scope.now.timestamp() * 1000),
        },
    )


def _given(scope: Scope, target: EventTarget, event: dict[str, Any]) -> Given:
    settings, arn = target.settings, rules.arn(scope, target.rule)
    whole = json.dumps(event, ensure_ascii=False)
    text, chosen = whole, True
    if "Input" in settings:
        text = settings["Input"]
    elif "InputPath" in settings:
        found = inputs.pick(event, inputs.path(settings["InputPath"]))
        text = "{}" if found is inputs.MISSING else json.dumps(found, ensure_ascii=False)
    elif "InputTransformer" in settings:
        given = settings["InputTransformer"]
        text = inputs.transformed(event, given.get("InputPathsMap", {}), given["InputTemplate"], target.rule, arn)
    else:
        chosen = False
    return Given(target.rule, arn, target.id, event, text, chosen)


# -- ways -----------------------------------------------------------------------------------------------------------


def _to_topic(scope: Scope, arn: str, given: Given) -> None:
    topics.publish(scope, arn, given.text)


def _to_log_group(scope: Scope, arn: str, given: Given) -> None:
    """One event in a stream of the rule's name; a transformer's object says its own message and time."""
    group = names.group_of(scope, names.plain(arn).removeprefix("log-group:"))
    now = int(scope.now.timestamp() * 1000)
    message = given.text
    if given.chosen:
        try:
            said = msgspec.json.decode(given.text)
        except (msgspec.MsgspecError, RecursionError):
            said = None
        if isinstance(said, dict) and set(said) == {"timestamp", "message"}:
            message = said["message"] if isinstance(said["message"], str) else json.dumps(said["message"])
    log_events.append(scope, group.name, given.rule, [(now, message)])


def _to_function(scope: Scope, arn: str, given: Given) -> None:
    function = functions.ready(scope, arn)
    if function is None:
        name = functions.name_of(arn)
        raise AwsError("ResourceNotFoundException", f"there is no function {name}: a world file names functions", 404)
    try:
        event = msgspec.json.decode(given.text)
    except (msgspec.MsgspecError, RecursionError):
        raise AwsError("ValidationException", f"a function takes JSON, not {given.text[:100]!r}") from None
    functions.invoke(scope, function, event, FUNCTION_ENDED, {"rule": given.rule, "arn": arn})


def function_ended(scope: Scope, payload: Payload) -> None:
    """A function that a rule called has come to its end."""
    if "status" not in payload or "rule" not in payload or payload["status"] == 0:
        return
    status = payload["status"]
    said = "its time was over" if status is None else f"it ended with status {status}"
    last = next((line for line in reversed(payload.get("errors", "").splitlines()) if line.strip()), "")
    failed(scope, payload["rule"], payload["arn"], f"{said}{': ' if last else ''}{last}")
