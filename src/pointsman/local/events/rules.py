"""Rules and their targets as records, and the rules that patterns may set off, read once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.events import bus
from pointsman.local.world import Scope
from pointsman.semantics.events import patterns

BUS: Final = "default"
DISABLED: Final = "DISABLED"


class EventRule(msgspec.Struct, frozen=True):
    """A rule, kept under its name."""

    name: str
    begun: datetime
    """When its schedule was set; a rate counts from there."""
    pattern: str = ""
    """JSON; empty has none."""
    schedule: str = ""
    state: str = "ENABLED"
    description: str = ""
    role: str = ""
    tags: dict[str, str] = {}


class EventTarget(msgspec.Struct, frozen=True):
    """A target of a rule, kept under ``rule/id``."""

    rule: str
    id: str
    arn: str
    settings: dict[str, Any]
    """As PutTargets was given it."""


class Rules:
    """The enabled rules with a pattern of each place, read once: most events find none."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[tuple[EventRule, patterns.EventPattern], ...]] = {}

    def of(self, scope: Scope) -> tuple[tuple[EventRule, patterns.EventPattern], ...]:
        """Those of an account and region, with their patterns."""
        place = (scope.account, scope.region)
        known = self._known.get(place)
        if known is None:
            found = [one for _, one in scope.scan(EventRule) if one.pattern and one.state != DISABLED]
            known = self._known[place] = tuple((one, patterns.parse(one.pattern)) for one in found)
        return known

    def forget(self) -> None:
        """Read them again when they are next wanted."""
        self._known.clear()


def keep(scope: Scope, rule: EventRule) -> None:
    """Write a rule."""
    scope.put(rule.name, rule)
    scope.world.tool(Rules).forget()
    scope.emit(bus.LISTENED, {})


def forget(scope: Scope, name: str) -> None:
    """Remove a rule."""
    scope.delete(EventRule, name)
    scope.world.tool(Rules).forget()


def arn(scope: Scope, name: str) -> str:
    """A rule's ARN."""
    return scope.arn("events", f"rule/{name}")


def of(scope: Scope, name: str) -> EventRule:
    """A rule.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    found = scope.get(EventRule, name)
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {BUS}.")
    return found


def targets(scope: Scope, rule: str) -> Iterator[EventTarget]:
    """The targets of a rule, by their ids."""
    return (one for _, one in scope.scan(EventTarget, f"{rule}/"))
