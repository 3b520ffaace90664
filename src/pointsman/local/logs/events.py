"""Events for the other engines: lines written as they are printed, in groups and streams made on the way."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.local.logs import table
from pointsman.local.logs.names import LogGroup, make_group
from pointsman.local.world import Scope


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
    table.append(scope, table.find(scope, group, stream) or table.create(scope, group, stream), events)
