"""The rules of conditions that are judged here: a variable, a window of time, an alarm.

A rule is carried out like an action (category Rule); its failure with ConfigurationError makes its condition Errored.
``CodeBuild`` and ``LambdaInvoke`` are carried out by the providers of the actions of the same kind.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Protocol, runtime_checkable

import msgspec

from pointsman.local.codepipeline.conditions import alarm_problem
from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.providers import CONFIGURATION_ERROR, JOB_FAILED, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import call_of, progress, running, wait_key
from pointsman.local.codepipeline.shapes import Ticket
from pointsman.local.world import Payload, Scope, World
from pointsman.semantics import schedule
from pointsman.semantics.variable_check import judge

WINDOW_TOPIC: Final = "codepipeline.rule.window"
ALARM_TOPIC: Final = "codepipeline.rule.alarm"
CHANGED_TOPIC: Final = "cloudwatch.alarm"
"""What the engine with the alarms emits, with the alarm's ``name``, when one changes its state."""
LOOK: Final = 60
"""Seconds between two looks at an alarm that is watched."""


class AlarmWatch(msgspec.Struct, frozen=True):
    """A rule that watches an alarm; key: alarm/rule execution, in the alarm's region."""

    pipeline: str
    number: int
    id: str
    region: str
    """The pipeline's."""

    @property
    def ticket(self) -> Ticket:
        """The rule execution's."""
        return Ticket(self.pipeline, self.number, self.id)


@runtime_checkable
class AlarmStates(Protocol):
    """What knows alarms: a tool of the world, provided by the engine that evaluates them."""

    def alarm_state(self, scope: Scope, name: str) -> str | None:
        """ALARM, OK or INSUFFICIENT_DATA; None when there is no alarm of this name."""
        ...


class VariableCheck:
    """Rule provider VariableCheck: known at once."""

    def install(self, world: World) -> None:
        """Nothing to hear of."""

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:  # noqa: ARG002 - a provider's signature
        """Compare."""
        given = call.configuration
        try:
            passed = judge(given["Operator"], given["Variable"], given["Value"])
        except ValueError as problem:
            return failed(CONFIGURATION_ERROR, f"The variable cannot be checked: {problem}.")
        said = f"'{given['Variable']}' {given['Operator']} '{given['Value']}'"
        if passed:
            return Outcome(summary=f"The check {said} succeeded")
        return failed(JOB_FAILED, f"The check {said} failed")

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """It ends in the transaction it begins in; should it be found in progress, it is done again."""
        return self.start(scope, call)

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """Nothing is under way."""


class DeploymentWindow:
    """Rule provider DeploymentWindow: succeeds when the window is open, and waits for it until then."""

    def install(self, world: World) -> None:
        """Hear of windows that open."""
        world.on(WINDOW_TOPIC, _on_window)

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Succeed at once, or wait for the next opening."""
        try:
            cron = schedule.parse(call.configuration["Cron"])
            where = schedule.zone(call.configuration.get("TimeZone", ""))
        except ValueError as problem:
            return failed(CONFIGURATION_ERROR, f"The deployment window cannot be read: {problem}.")
        if schedule.is_open(cron, scope.now, where):
            return Outcome(summary="The deployment window is open")
        opening = schedule.next_opening(cron, scope.now, where)
        if opening is None:
            return failed(JOB_FAILED, "The deployment window does not open within a year.")
        said = f"Waiting for the deployment window to open at {opening:%Y-%m-%d %H:%M:%S} UTC"
        progress(scope, call.ticket, summary=said)
        scope.at(opening, WINDOW_TOPIC, call.ticket.payload(), key=wait_key(call.ticket))
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """The opening is among the timers."""

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """The opening is not waited for any more."""
        scope.cancel(wait_key(call.ticket))


class CloudWatchAlarm:
    """Rule provider CloudWatchAlarm: fails when the alarm is, or within ``WaitTime`` comes, into one of the states."""

    def install(self, world: World) -> None:
        """Hear of the next look, and of alarms that change."""
        world.on(ALARM_TOPIC, _on_alarm)
        world.on(CHANGED_TOPIC, _on_changed)

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Look, and look again until the time is over."""
        return _look(scope, call)

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """The next look is among the timers."""

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """Nobody looks any more."""
        scope.cancel(wait_key(call.ticket))


def _on_window(scope: Scope, payload: Payload) -> None:
    finish(scope, Ticket.of(payload), Outcome(summary="The deployment window has opened"))


def _on_alarm(scope: Scope, payload: Payload) -> None:
    _look_again(scope, Ticket.of(payload))


def _on_changed(place: Scope, payload: Payload) -> None:
    for key, watch in list(place.scan(AlarmWatch, f"{payload['name']}/")):
        if not _look_again(place.world.scope(place.account, watch.region), watch.ticket):
            place.delete(AlarmWatch, key)


def _look_again(scope: Scope, ticket: Ticket) -> bool:
    """Look for a rule that watches; False when it does not (any more)."""
    run = running(scope, ticket)
    call = call_of(scope, run) if run is not None else None
    if call is None:
        return False
    outcome = _look(scope, call)
    return outcome is None or not finish(scope, ticket, outcome)


def _look(scope: Scope, call: ActionCall) -> Outcome | None:
    given = call.configuration
    name = given["AlarmName"]
    if (problem := alarm_problem(given)) is not None:
        return failed(CONFIGURATION_ERROR, f"{problem}.")
    if not scope.world.has(AlarmStates):
        return failed(CONFIGURATION_ERROR, "The rule provider CloudWatchAlarm needs alarms, and this backend has none.")
    place = scope.world.scope(scope.account, call.region)
    state = scope.world.tool(AlarmStates).alarm_state(place, name)  # type: ignore[type-abstract]
    if state is None:
        return failed(CONFIGURATION_ERROR, f"There is no alarm {name} in {call.region}.")
    bad = [one.strip() for one in given.get("AlarmStates", "").split(",") if one.strip()] or ["ALARM"]
    if state in bad:
        return failed(JOB_FAILED, f"The alarm {name} is in the state {state}.")
    ticket = call.ticket
    until = call.started + timedelta(minutes=int(given.get("WaitTime", "0")))
    if scope.now >= until:
        return Outcome(summary=f"The alarm {name} is in the state {state}")
    progress(scope, ticket, summary=f"Watching the alarm {name} until {until:%Y-%m-%d %H:%M:%S} UTC; now {state}")
    place.put(f"{name}/{ticket.id}", AlarmWatch(ticket.pipeline, ticket.number, ticket.id, scope.region))
    again = min(until, scope.now + timedelta(seconds=LOOK))
    scope.at(again, ALARM_TOPIC, ticket.payload(), key=wait_key(ticket))
    return None
