"""A thousand pipelines: how long the table takes to open, and what a cursor key costs then."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from benchmarks.figures import Figure, alternate, median, spread
from benchmarks.terminal import module


@dataclass(frozen=True, slots=True)
class Table:
    """What one table cost, in seconds."""

    opened: float
    keys: tuple[float, ...]


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    many, keys = (50, 4) if small else (1000, 40)
    taken = alternate(
        runs,
        {
            "ours": partial(_table, "ours", many, keys),
            "stock": partial(_table, "stock", many, keys),
            "few": partial(_table, "ours", 10, keys),
        },
    )
    opened = {name: [one.opened for one in tables] for name, tables in taken.items()}
    key = {name: [key for one in tables for key in one.keys] for name, tables in taken.items()}
    return [
        _ratio(f"{many:,} pipelines open / in a stock DataTable", opened["ours"], opened["stock"], 0.3),
        _ratio(f"a cursor key with {many:,} rows / with 10", key["ours"], key["few"], 1.2),
        _ratio(f"a cursor key with {many:,} rows / in a stock DataTable", key["ours"], key["stock"], None),
    ]


def _ratio(what: str, ours: list[float], theirs: list[float], target: float | None) -> Figure:
    of = f"{spread(ours, 1e3, 'ms')} / {spread(theirs, 1e3, 'ms')}"
    return Figure("table", what, median(ours) / median(theirs), target, of=of)


def _table(kind: str, rows: int, keys: int) -> Table:
    with module("benchmarks.floors.tables", kind, str(rows)) as terminal:
        terminal.wait_for("table closed")
        terminal.drain(0.2)
        begun = terminal.type(b"o")
        opened = terminal.wait_for(r"pipeline-0001\b.*Succeeded") - begun
        terminal.drain(0.2)
        # Down and up again, so that ten rows are as good as a thousand: what moves is the cursor, never the view.
        pressed = [terminal.press(b"\x1b[B" if turn % 8 < 4 else b"\x1b[A") for turn in range(keys)]
        return Table(opened, tuple(pressed))
