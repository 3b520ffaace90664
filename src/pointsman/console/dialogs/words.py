"""Lines of details and dialogs: long text wrapped at its words, facts as label and value. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.text import SHOWN, brief, cells, clean, wrap

__all__ = ["fact", "facts", "paragraph", "words_in"]


def words_in(text: str, room: int) -> list[str]:
    """Text in lines of at most ``room`` cells, at least one; a word longer than a line is cut into pieces.

    Of a text of megabytes the beginning is taken, and how much is left out is said.
    """
    room = max(4, room)
    lines = [""]
    left_out = f" ... {len(text) - SHOWN:,} more characters" if len(text) > SHOWN else ""
    for word in f"{clean(brief(text))}{left_out}".split():
        pieces = wrap(word, room) if cells(word) > room else [word]
        for piece in pieces:
            if not lines[-1]:
                lines[-1] = piece
            elif cells(lines[-1]) + 1 + cells(piece) <= room:
                lines[-1] += f" {piece}"
            else:
                lines.append(piece)
    return lines


def paragraph(text: str, room: int, style: str = "", indent: str = "") -> list[Cell]:
    """Text as lines of at most ``room`` cells; none when there is no text."""
    if not text.strip():
        return []
    return [cell(f"{indent}{line}", style) for line in words_in(text, room - cells(indent))]


def fact(label: str, value: Cell | str, room: int, label_width: int = 10, style: str = "") -> list[Cell]:
    """A label and its value; a value that does not fit goes on under itself."""
    head = cell(f"{label:<{label_width}}", "dim")
    if isinstance(value, tuple):
        return [(*head, *value)] if value else []
    if not value:
        return []
    lines = paragraph(value, room - label_width, style)
    gap = cell(" " * label_width)
    return [(*(head if at == 0 else gap), *line) for at, line in enumerate(lines)]


def facts(rows: Iterable[tuple[str, Cell | str]], room: int) -> list[Cell]:
    """Facts under each other; those without a value are left out."""
    rows = [(label, value) for label, value in rows if value]
    label_width = max((len(label) for label, _ in rows), default=0) + 2
    return [line for label, value in rows for line in fact(label, value, room, label_width)]
