"""Rows that stand somewhere else on the terminal already: found by their texts, moved by the terminal itself.

Lines are deleted and inserted within margins, which every terminal with scrolling regions has had since the VT102;
scrolling up and down is younger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from operator import is_not

from msgspec import Struct

from pointsman.console.output.cells import BLANK
from pointsman.console.output.grid import Grid, Row, Spans

__all__ = ["Move", "carry_out", "find"]

_FEWEST = 3
"""Texts that must have moved together."""
_WORTH = 24
"""Cells that a move must save, for what its sequences cost."""


class Move(Struct, frozen=True):
    """Rows ``top`` to ``bottom``, both included, go up by ``up`` rows; down where it is negative."""

    top: int
    bottom: int
    up: int

    @property
    def sequence(self) -> str:
        """What makes a terminal do it; the margins are the whole screen again, the cursor is anywhere."""
        verb = "M" if self.up > 0 else "L"
        count = abs(self.up) if abs(self.up) > 1 else ""
        return f"\x1b[{self.top + 1};{self.bottom + 1}r\x1b[{self.top + 1}H\x1b[{count}{verb}\x1b[r"


def differing(old: Row, new: Row) -> int:
    """How many cells of two rows differ; cells that are equal and not the same object count too, and are few."""
    return sum(map(is_not, old, new)) if old != new else 0


def find(shown: Grid, wanted: Grid, touched: Iterable[int]) -> Move | None:
    """The one move that saves most cells, if one is worth its bytes.

    Args:
        shown: What the terminal shows.
        wanted: What it shall show; every row that differs is among ``touched``.
        touched: The rows to look at.
    """
    rows = sorted(touched)
    if len(rows) <= _FEWEST:
        return None
    at: dict[tuple[int, str], int] = {}
    for y in rows:
        for x, (text, _) in shown.spans[y].items():
            at[x, text] = -1 if (x, text) in at else y
    votes: Counter[int] = Counter()
    moved: dict[int, list[int]] = {}
    for y in rows:
        for x, (text, _) in wanted.spans[y].items():
            was = at.get((x, text), -1)
            if was >= 0 and was != y:
                votes[was - y] += 1
                moved.setdefault(was - y, []).append(y)
    if not votes:
        return None
    up, count = votes.most_common(1)[0]
    if count < _FEWEST:
        return None
    return _worth(shown, wanted, _grown(shown, wanted, min(moved[up]), max(moved[up]), up))


def _grown(shown: Grid, wanted: Grid, top: int, bottom: int, up: int) -> Move:
    """The region with the neighbours that moved and changed a little: a scroll bar's end, a selected row."""

    def gains(y: int) -> bool:
        if not (0 <= y < wanted.height and 0 <= y + up < wanted.height):
            return False
        here = wanted.rows[y]
        return differing(shown.rows[y + up], here) < differing(shown.rows[y], here)

    while gains(top - 1):
        top -= 1
    while gains(bottom + 1):
        bottom += 1
    return Move(top + min(up, 0), bottom + max(up, 0), up)


def _worth(shown: Grid, wanted: Grid, move: Move) -> Move | None:
    region = slice(move.top, move.bottom + 1)
    if any(None in row for row in shown.rows[region]):
        return None
    shifted = _shifted(shown.rows[region], move.up, [BLANK] * shown.width)
    goal = wanted.rows[region]
    moved = sum(differing(a, b) for a, b in zip(shifted, goal, strict=True))
    still = sum(differing(a, b) for a, b in zip(shown.rows[region], goal, strict=True))
    return move if moved + _WORTH < still else None


def _shifted(block: list[Row], up: int, blank: Row) -> list[Row]:
    fresh = [blank[:] for _ in range(min(abs(up), len(block)))]
    return block[up:] + fresh if up > 0 else fresh + block[:up]


def carry_out(shown: Grid, move: Move) -> None:
    """What the terminal shows after a move."""
    region = slice(move.top, move.bottom + 1)
    shown.rows[region] = _shifted(shown.rows[region], move.up, [BLANK] * shown.width)
    texts = shown.spans[region]
    fresh: list[Spans] = [{} for _ in range(min(abs(move.up), len(texts)))]
    shown.spans[region] = texts[move.up :] + fresh if move.up > 0 else fresh + texts[: move.up]
    shown.cursor = None
