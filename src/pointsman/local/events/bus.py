"""The envelope of an event, and the topic everybody hears of it under."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pointsman.local.world import Scope

TOPIC: Final = "events"
"""Emitted with the whole event, as EventBridge would give it to a rule."""
LISTENED: Final = "events.listened"
"""Emitted when a rule or a route was written: whoever must look for changes begins to."""


class Interest:
    """Who may want events: a tool of the world. Where nobody does, none is worded."""

    def __init__(self) -> None:
        self._asks: list[Callable[[Scope], bool]] = []

    def add(self, ask: Callable[[Scope], bool]) -> None:
        """Have somebody asked, for each change of an account and region, whether he wants to hear of it."""
        self._asks.append(ask)

    def of(self, scope: Scope) -> bool:
        """Whether anybody wants to."""
        return any(ask(scope) for ask in self._asks)


def wanted(scope: Scope) -> bool:
    """Whether anybody wants to hear of what happens here."""
    return scope.world.tool(Interest).of(scope)


def put(scope: Scope, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]) -> None:
    """Tell whoever listens of an event, in this transaction.

    Args:
        scope: Where it happened.
        source: ``aws.codepipeline``.
        detail_type: ``CodePipeline Stage Execution State Change``.
        detail: As the service words it.
        resources: The ARNs it is about.
    """
    said = {"detail-type": detail_type, "source": source, "resources": resources, "detail": detail}
    scope.emit(TOPIC, whole(scope, said))


def whole(scope: Scope, event: dict[str, Any]) -> dict[str, Any]:
    """An event in its envelope; what it says of itself stays as it is."""
    envelope = {
        "version": "0",
        "id": scope.world.request_id() if "id" not in event else "",
        "account": scope.account,
        "time": f"{scope.now:%Y-%m-%dT%H:%M:%SZ}",
        "region": scope.region,
    }
    return {**envelope, **event}
