"""Keeping what is searched up to date: a trace is read again some time after its last documents came.

Documents are only written down when they come, so that a flood is taken in at the speed of the disk; a timer then
reads the traces that have changed, a few at a time, so that nobody waits long for the backend's lock. A trace that
keeps growing is read less and less often. Whoever asks is served from what was read, after the traces that have
changed just now, up to a bound.
"""

from __future__ import annotations

from pointsman.local.world import Payload, Scope, World
from pointsman.local.xray import summary, table
from pointsman.semantics.traces import assembly, causes, documents, facts
from pointsman.semantics.traces.assembly import Trace

INDEX = "xray.index"
DELAY = 0.5
"""Seconds between a trace's first document and its first reading."""
GROWTH = 200_000.0
"""Bytes of a trace for which its next reading waits a second longer."""
_SLICE = 40_000
"""Bytes of documents that are read at one go: some five milliseconds."""
_BREATH = 0.002
"""Seconds between two goes, so that whoever waits for the backend gets his turn."""
_PROMPT = 300_000
"""Bytes that whoever asks has read before the answer."""


def arm(scope: Scope) -> None:
    """See to it that changed traces are read when they are due."""
    database = scope.world.database
    row = database.execute(
        "SELECT 1 FROM timers WHERE account = ? AND region = ? AND key = ?", (scope.account, scope.region, INDEX)
    ).fetchone()
    if row is None:
        scope.after(DELAY, INDEX, key=INDEX)


def resume(world: World) -> None:
    """After a restart: what was not read yet is read now."""
    places = world.database.execute("SELECT DISTINCT account, region FROM xray_traces WHERE due IS NOT NULL")
    for account, region in places.fetchall():
        arm(world.scope(account, region))


def due(scope: Scope, _: Payload) -> None:
    """Read some of the traces that are due, and come back for the others."""
    if scope.world.closing:
        return
    now = scope.now.timestamp()
    read(scope, now, _SLICE)
    row = scope.world.database.execute(
        "SELECT min(due) FROM xray_traces WHERE account = ? AND region = ? AND due IS NOT NULL",
        (scope.account, scope.region),
    ).fetchone()
    if row[0] is not None:
        scope.after(max(_BREATH, row[0] - now), INDEX, key=INDEX)


def prompt(scope: Scope) -> None:
    """Read what has changed before an answer, up to a bound; what is large waits until it is due."""
    read(scope, scope.now.timestamp() + _PROMPT / GROWTH, _PROMPT)


def read(scope: Scope, now: float, most: int) -> None:
    """Read traces that have changed, longest due first.

    Args:
        scope: Whose.
        now: Only those that are due by then.
        most: Bytes of documents after which to stop.
    """
    database = scope.world.database
    rows = database.execute(
        "SELECT id, trace, bytes FROM xray_traces"
        " WHERE account = ? AND region = ? AND due IS NOT NULL AND due <= ? ORDER BY due LIMIT 1000",
        (scope.account, scope.region, now + 0.001),
    ).fetchall()
    for number, trace_id, size in rows:
        index(scope, number, trace_id)
        most -= size + 500
        if most < 0:
            return


def index(scope: Scope, number: int, trace_id: str) -> None:
    """Read one trace and write down what it is searched by."""
    trace = assembled(scope, number)
    about, found = facts.derive(trace, scope.account), causes.derive(trace, scope.account)
    table.write(scope, number, about, found, summary.encode(trace_id, about, found))


def assembled(scope: Scope, number: int) -> Trace:
    """A trace as its documents make it, with its inferred segments."""
    pieces = [
        piece
        for body in table.bodies(scope.world.database, number)
        for one in documents.read(body)
        for piece in one.pieces
    ]
    return assembly.assemble(pieces, infer=True)
