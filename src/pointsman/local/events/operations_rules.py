"""Answers about rules: making, reading, switching and removing them, and their tags."""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec.structs import replace

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.events import rules, timetable
from pointsman.local.events.rules import BUS, DISABLED, EventRule
from pointsman.local.world import Scope
from pointsman.semantics.events import patterns, schedules

MOST_RULES: Final = 300
MOST_TAGS: Final = 50
PAGE: Final = 100
_NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")
_STATES: Final = ("ENABLED", DISABLED, "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")


def invalid(message: str) -> AwsError:
    """ValidationException."""
    return AwsError("ValidationException", message)


def check_bus(scope: Scope, parameters: Parameters, key: str = "EventBusName") -> None:
    """See that the bus that is named is the one there is.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    name = parameters.get(key, BUS)
    if name not in (BUS, scope.arn("events", f"event-bus/{BUS}")):
        raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")


def page(parameters: Parameters) -> tuple[str | None, int]:
    """Behind what a page begins, and how much it may hold."""
    return parameters.get("NextToken"), min(parameters.get("Limit", PAGE), PAGE)


def labels(given: list[dict[str, str]]) -> dict[str, str]:
    """Tags in AWS's shape as a dict.

    Raises:
        AwsError: ValidationException, LimitExceededException.
    """
    made = {one["Key"]: one["Value"] for one in given}
    if len(made) > MOST_TAGS:
        raise AwsError("LimitExceededException", f"A resource has at most {MOST_TAGS} tags.")
    if any(key.lower().startswith("aws:") for key in made):
        raise invalid("System tags cannot be added/updated by requester")
    return made


@answers("events", "PutRule")
def put_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a rule, or change one: what is not said then is not kept."""
    check_bus(scope, parameters)
    name, pattern = parameters["Name"], parameters.get("EventPattern", "")
    schedule, state = parameters.get("ScheduleExpression", ""), parameters.get("State", "ENABLED")
    if not _NAME.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"
        )
    if not pattern and not schedule:
        raise invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if state not in _STATES:
        raise invalid(
            f"1 validation error detected: Value '{state}' at 'state' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(_STATES)}]"
        )
    if pattern:
        read_pattern(pattern)
    if schedule:
        try:
            schedules.parse(schedule)
        except ValueError as error:
            raise invalid(f"Parameter ScheduleExpression is not valid. Reason: {error}.") from None
    former = scope.get(EventRule, name)
    if former is None and sum(1 for _ in scope.scan(EventRule)) >= MOST_RULES:
        raise AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    kept = former is not None and former.schedule == schedule
    rule = EventRule(
        name=name,
        begun=former.begun if former is not None and kept else scope.now,
        pattern=pattern,
        schedule=schedule,
        state=state,
        description=parameters.get("Description", ""),
        role=parameters.get("RoleArn", ""),
        tags=former.tags if former is not None else labels(parameters.get("Tags", [])),
    )
    rules.keep(scope, rule)
    timetable.plan(scope, rule)
    return {"RuleArn": rules.arn(scope, name)}


def read_pattern(text: str) -> patterns.EventPattern:
    """A pattern.

    Raises:
        AwsError: InvalidEventPatternException.
    """
    try:
        return patterns.parse(text)
    except patterns.PatternError as error:
        raise AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {error}") from None


@answers("events", "DeleteRule")
def delete_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a rule that has no targets; one that is not there is no error."""
    check_bus(scope, parameters)
    name = parameters["Name"]
    if next(rules.targets(scope, name), None) is not None:
        raise invalid("Rule can't be deleted since it has targets.")
    rules.forget(scope, name)
    timetable.forget(scope, name)
    return {}


def _shape(scope: Scope, rule: EventRule) -> dict[str, Any]:
    said = {
        "Name": rule.name,
        "Arn": rules.arn(scope, rule.name),
        "EventPattern": rule.pattern,
        "ScheduleExpression": rule.schedule,
        "State": rule.state,
        "Description": rule.description,
        "RoleArn": rule.role,
        "EventBusName": BUS,
    }
    return {key: value for key, value in said.items() if value}


@answers("events", "DescribeRule")
def describe_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One rule."""
    check_bus(scope, parameters)
    return {**_shape(scope, rules.of(scope, parameters["Name"])), "CreatedBy": scope.account}


@answers("events", "ListRules")
def list_rules(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Rules by name."""
    check_bus(scope, parameters)
    after, limit = page(parameters)
    found = [one for _, one in scope.scan(EventRule, parameters.get("NamePrefix", ""), after=after, limit=limit + 1)]
    answer: dict[str, Any] = {"Rules": [_shape(scope, one) for one in found[:limit]]}
    if len(found) > limit:
        answer["NextToken"] = found[limit - 1].name
    return answer


@answers("events", "EnableRule")
def enable_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Let a rule hand events on."""
    return _switch(scope, parameters, "ENABLED")


@answers("events", "DisableRule")
def disable_rule(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep a rule from handing events on."""
    return _switch(scope, parameters, DISABLED)


def _switch(scope: Scope, parameters: Parameters, state: str) -> dict[str, Any]:
    check_bus(scope, parameters)
    rule = replace(rules.of(scope, parameters["Name"]), state=state)
    rules.keep(scope, rule)
    timetable.plan(scope, rule)
    return {}


# -- tags -----------------------------------------------------------------------------------------------------------


def _tagged(scope: Scope, arn: str) -> EventRule:
    prefix = rules.arn(scope, "")
    found = scope.get(EventRule, arn.removeprefix(prefix)) if arn.startswith(prefix) else None
    if found is None:
        raise AwsError("ResourceNotFoundException", f"{arn} does not exist.")
    return found


@answers("events", "TagResource")
def tag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add tags to a rule, or change them."""
    rule = _tagged(scope, parameters["ResourceARN"])
    tags = {**rule.tags, **labels(parameters["Tags"])}
    if len(tags) > MOST_TAGS:
        raise AwsError("LimitExceededException", f"A resource has at most {MOST_TAGS} tags.")
    rules.keep(scope, replace(rule, tags=tags))
    return {}


@answers("events", "UntagResource")
def untag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove tags from a rule."""
    rule = _tagged(scope, parameters["ResourceARN"])
    tags = {key: value for key, value in rule.tags.items() if key not in parameters["TagKeys"]}
    rules.keep(scope, replace(rule, tags=tags))
    return {}


@answers("events", "ListTagsForResource")
def list_tags_for_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A rule's tags."""
    rule = _tagged(scope, parameters["ResourceARN"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(rule.tags.items())]}
