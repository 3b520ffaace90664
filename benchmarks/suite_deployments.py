"""A deployment over a thousand targets, live: what a cursor key costs in its matrix, against one over ten."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from benchmarks.figures import Figure, alternate, median, spread
from benchmarks.terminal import module

_DOWN, _UP, _RIGHT, _LEFT = b"\x1b[B", b"\x1b[A", b"\x1b[C", b"\x1b[D"


@dataclass(frozen=True, slots=True)
class Matrix:
    """What one matrix cost, in seconds."""

    opened: float
    down: tuple[float, ...]
    across: tuple[float, ...]


def measure(runs: int, *, small: bool = False) -> list[Figure]:
    """The figures."""
    many, keys = (50, 8) if small else (1000, 40)
    taken = alternate(runs, {"many": partial(_matrix, many, keys), "few": partial(_matrix, 10, keys)})
    found = []
    for what, key in (("a cursor key down", "down"), ("a cursor key across", "across")):
        ours = [one for matrix in taken["many"] for one in getattr(matrix, key)]
        few = [one for matrix in taken["few"] for one in getattr(matrix, key)]
        of = f"{spread(ours, 1e3, 'ms')} / {spread(few, 1e3, 'ms')}"
        said = f"{what} in a live deployment over {many:,} targets / over 10"
        found.append(Figure("deployments", said, median(ours) / median(few), 1.5, of=of))
    opened = [one.opened * 1e3 for one in taken["many"]]
    found.append(Figure("deployments", f"{many:,} targets open", median(opened), None, "ms", spread(opened, 1, "ms")))
    return found


def _matrix(targets: int, keys: int) -> Matrix:
    with module("benchmarks.floors.matrix", str(targets)) as terminal:
        terminal.wait_for("matrix closed")
        terminal.drain(0.2)
        begun = terminal.type(b"o")
        opened = terminal.wait_for(r"i-00001\b") - begun
        terminal.drain(0.2)
        # Down and up again, so that ten rows are as good as a thousand.
        down = [terminal.press(_DOWN if turn % 8 < 4 else _UP) for turn in range(keys)]
        across = [terminal.press(_RIGHT if turn % 8 < 4 else _LEFT) for turn in range(keys)]
        return Matrix(opened, tuple(down), tuple(across))
