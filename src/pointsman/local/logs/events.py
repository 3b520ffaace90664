"""Events for the other engines: lines written as they are printed, in groups and streams made on the way."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.local.logs import ingest, table
from pointsman.local.logs.names import LogGroup, make_group
from pointsman.local.world import Scope, World


def append(scope: Scope, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
    """Add events to a stream; group and stream are made when they are missing.

    Args:
        scope: Whose.
        group: The log group.
        stream: The log stream.
        events: (milliseconds since 1970, message), oldest first.
    """
    if scope.get(LogGroup, group) is None:
        make_group(scope, group)
    if not scope.world.database.in_transaction:
        _write(scope, group, stream, events)
        ingest.taken(scope, group, stream, events)
        return
    ingest.taken(scope, group, stream, events)
    held = scope.world.tool(Held)
    held.events.setdefault((scope.account, scope.region, group, stream), []).extend(events)


class Held:
    """What the open transaction has written so far: each stream's lines go to the database at once, at its end.

    Args:
        world: Whose transactions; a tool of it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.events: dict[tuple[str, str, str, str], list[tuple[int, str]]] = {}
        world.database.before_commit(self._write)
        world.database.on_rollback(self._forget)

    def _write(self) -> None:
        events, self.events = self.events, {}
        for (account, region, group, stream), lines in events.items():
            _write(self._world.scope(account, region), group, stream, lines)

    def _forget(self) -> None:
        self.events.clear()


def _write(scope: Scope, group: str, stream: str, events: Sequence[tuple[int, str]]) -> None:
    if events and table.append(scope, group, stream, events):
        return
    if table.find(scope, group, stream) is None:
        table.create(scope, group, stream)
        table.append(scope, group, stream, events)
