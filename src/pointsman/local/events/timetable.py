"""Rules with a schedule: each has one timer of the world, which survives kill -9; missed times are made up for once."""

from __future__ import annotations

from typing import Final

from pointsman.local.events import bus, delivery, rules
from pointsman.local.events.rules import DISABLED, EventRule
from pointsman.local.world import Payload, Scope
from pointsman.semantics.events import schedules

DUE: Final = "events.schedule"


def plan(scope: Scope, rule: EventRule) -> None:
    """Have a rule come round at its next time, or no more when it is disabled or has no schedule."""
    key = f"{DUE}/{rule.name}"
    scope.cancel(key)
    if not rule.schedule or rule.state == DISABLED:
        return
    when = schedules.following(schedules.parse(rule.schedule), rule.begun, scope.now)
    if when is not None:
        scope.at(when, DUE, {"rule": rule.name}, key=key)


def forget(scope: Scope, name: str) -> None:
    """A rule is no more."""
    scope.cancel(f"{DUE}/{name}")


def due(scope: Scope, payload: Payload) -> None:
    """A rule's time has come."""
    rule = scope.get(EventRule, payload["rule"])
    if rule is None or rule.state == DISABLED or not rule.schedule:
        return
    said = {
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "resources": [rules.arn(scope, rule.name)],
        "detail": {},
    }
    delivery.trigger(scope, rule, bus.whole(scope, said))
    plan(scope, rule)
