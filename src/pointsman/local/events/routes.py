"""Where a world file sends events: to topics, and to functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from pointsman.local.events import bus
from pointsman.local.functions import functions
from pointsman.local.sns import topics
from pointsman.local.world import Payload, Scope

ENDED_TOPIC: Final = "events.function.ended"


class EventRoute(msgspec.Struct, frozen=True):
    """A way events take; key: its name."""

    name: str
    pattern: dict[str, Any] = {}
    """What an event must have: values it may have, as lists, or the same again for an object; empty takes all."""
    topic: str = ""
    """A topic's name or ARN."""
    function: str = ""
    """A function's name."""


class Routes:
    """The routes of each place, read once: most events find none."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[EventRoute, ...]] = {}

    def of(self, scope: Scope) -> tuple[EventRoute, ...]:
        """The routes of an account and region."""
        place = (scope.account, scope.region)
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = tuple(route for _, route in scope.scan(EventRoute))
        return known

    def forget(self) -> None:
        """Read them again when they are next wanted."""
        self._known.clear()


def keep(scope: Scope, route: EventRoute) -> None:
    """Have events take a way."""
    scope.put(route.name, route)
    scope.world.tool(Routes).forget()


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether an event has what a pattern asks for; an array in the event needs one of the values."""
    if not isinstance(event, Mapping):
        return False
    for name, wanted in pattern.items():
        if name not in event:
            return False
        found = event[name]
        if isinstance(wanted, Mapping):
            if not matches(wanted, found):
                return False
        elif not any(one in wanted for one in (found if isinstance(found, list) else [found])):
            return False
    return True


def pattern_problem(pattern: Any, path: str = "pattern") -> str | None:
    """Why a pattern cannot be used; None when it can."""
    if isinstance(pattern, list):
        fine = bool(pattern) and all(one is None or isinstance(one, str | int | float | bool) for one in pattern)
        return None if fine else f"{path} is a list of plain values; EventBridge's other filters are not built"
    if not isinstance(pattern, dict):
        return f"{path} is a list of values, or a mapping"
    for name, inner in pattern.items():
        if (said := pattern_problem(inner, f"{path}.{name}")) is not None:
            return said
    return None


def on_event(scope: Scope, event: Payload) -> None:
    """Hand an event to every route it fits; a topic or function that is not there is passed over."""
    routes = scope.world.tool(Routes).of(scope)
    event = bus.whole(scope, event) if routes else event
    for route in routes:
        if not matches(route.pattern, event):
            continue
        if route.topic:
            arn = route.topic if route.topic.startswith("arn:") else topics.arn(scope, route.topic)
            if topics.find(scope, arn) is not None:
                topics.publish(scope, arn, json.dumps(event, ensure_ascii=False))
        if route.function and (function := functions.ready(scope, route.function)) is not None:
            functions.invoke(scope, function, event, ENDED_TOPIC, {"route": route.name})
