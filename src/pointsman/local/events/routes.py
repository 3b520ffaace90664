"""Where a world file sends events: to topics, and to functions."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from pointsman.local.events import bus
from pointsman.local.functions import functions
from pointsman.local.sns import topics
from pointsman.local.world import Payload, Scope
from pointsman.semantics.events import patterns

ENDED_TOPIC: Final = "events.function.ended"


class EventRoute(msgspec.Struct, frozen=True):
    """A way events take; key: its name."""

    name: str
    pattern: dict[str, Any] = {}
    """An event pattern; empty takes all."""
    topic: str = ""
    """A topic's name or ARN."""
    function: str = ""
    """A function's name."""


Way = tuple[EventRoute, patterns.EventPattern | None]


class Routes:
    """The routes of each place, read once: most events find none."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Way, ...]] = {}

    def of(self, scope: Scope) -> tuple[Way, ...]:
        """The routes of an account and region, each with its pattern; None takes every event."""
        place = (scope.account, scope.region)
        known = self._known.get(place)
        if known is None:
            known = tuple(
                (one, patterns.read(one.pattern) if one.pattern else None) for _, one in scope.scan(EventRoute)
            )
            self._known[place] = known
        return known

    def forget(self) -> None:
        """Read them again when they are next wanted."""
        self._known.clear()


def keep(scope: Scope, route: EventRoute) -> None:
    """Have events take a way."""
    scope.put(route.name, route)
    scope.world.tool(Routes).forget()
    scope.emit(bus.LISTENED, {})


def pattern_problem(pattern: Any) -> str | None:
    """Why a pattern cannot be used; None when it can. An empty one takes every event."""
    if pattern == {}:
        return None
    try:
        patterns.read(pattern)
    except patterns.PatternError as error:
        return f"this event pattern is not valid: {error}"
    return None


def hand_on(scope: Scope, event: Payload) -> None:
    """Hand an event to every route it fits; a topic or function that is not there is passed over."""
    for route, pattern in scope.world.tool(Routes).of(scope):
        if pattern is not None and not pattern.matches(event):
            continue
        if route.topic:
            arn = route.topic if route.topic.startswith("arn:") else topics.arn(scope, route.topic)
            if topics.find(scope, arn) is not None:
                topics.publish(scope, arn, json.dumps(event, ensure_ascii=False))
        if route.function and (function := functions.ready(scope, route.function)) is not None:
            functions.invoke(scope, function, event, ENDED_TOPIC, {"route": route.name})
