"""Keys as data, for the footer and the help."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pointsman.console.present.cells import Cell, Piece
from pointsman.console.present.text import cells, clean


class KeyHint(Struct, frozen=True):
    """One key and what it does here."""

    key: str
    """What is pressed; travels in the footer's message."""
    label: str
    why_not: str | None = None
    """Why it does nothing now; the key is greyed then."""
    shown: str = ""
    """How the key is written, where that differs from ``key``."""

    @property
    def written(self) -> str:
        """The key as it is written."""
        return self.shown or self.key


class Placed(Struct, frozen=True):
    """Where a hint stands on the footer's line."""

    start: int
    end: int
    hint: KeyHint


def key_line(hints: Sequence[KeyHint], room: int) -> tuple[Cell, tuple[Placed, ...]]:
    """As many hints as fit, in their order, each whole; and where each of them stands."""
    pieces: list[Piece] = []
    placed: list[Placed] = []
    at = 1
    for hint in hints:
        written, label = clean(hint.written), clean(hint.label)
        size = cells(written) + 1 + cells(label)
        if at + size > room:
            break
        greyed = hint.why_not is not None
        # A greyed key is bracketed, so that it also reads as greyed without colour.
        if greyed and at + size + 2 <= room:
            written, label, size = f"({written}", f"{label})", size + 2
        pieces.append(("  " if placed else " ", ""))
        pieces += [(written, "greyed" if greyed else "key"), (f" {label}", "greyed" if greyed else "dim")]
        placed.append(Placed(at, at + size, hint))
        at += size + 2
    return tuple(pieces), tuple(placed)
