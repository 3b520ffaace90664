"""Cells into strips: the last step before the screen."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip

from pointsman.console.present.cells import Cell, fit
from pointsman.console.present.glyphs import ASCII, UNICODE, Glyphs
from pointsman.console.present.text import cells, in_ascii
from pointsman.console.widgets.palette import Palette


def segments_of(
    content: Cell,
    width: int,
    palette: Palette,
    *,
    glyphs: Glyphs = UNICODE,
    selected: bool = False,
    focused: bool = False,
) -> list[Segment]:
    """A cell as the segments of a line of exactly ``width`` terminal cells, in what the set's terminal can show."""
    segments: list[Segment] = []
    pending, pending_style = "", palette.base
    # Neighbours in one style become one segment: Textual pays for each of them several times over.
    for text, name in fit(content, width, ellipsis=glyphs.ellipsis):
        if glyphs is ASCII and not text.isascii():
            text = in_ascii(text)
        style = palette.selected(name, focused=focused) if selected else palette[name]
        if style is pending_style:
            pending += text
            continue
        if pending:
            segments.append(Segment(pending, pending_style))
        pending, pending_style = text, style
    if pending:
        segments.append(Segment(pending, pending_style))
    return segments


def strip_of(
    content: Cell,
    width: int,
    palette: Palette,
    *,
    glyphs: Glyphs = UNICODE,
    selected: bool = False,
    focused: bool = False,
) -> Strip:
    """A cell as one line of exactly ``width`` terminal cells."""
    return Strip(segments_of(content, width, palette, glyphs=glyphs, selected=selected, focused=focused), width)


def highlight(content: Cell, needle: str, style: str = "match") -> Cell:
    """A cell with every occurrence of ``needle`` restyled, whatever its case."""
    if not needle:
        return content
    wanted = needle.casefold()
    marked: list[tuple[str, str]] = []
    for text, name in content:
        folded = text.casefold()
        if len(folded) != len(text) or wanted not in folded:
            marked.append((text, name))
            continue
        at = 0
        while (found := folded.find(wanted, at)) >= 0:
            if found > at:
                marked.append((text[at:found], name))
            marked.append((text[found : found + len(wanted)], style))
            at = found + len(wanted)
        if at < len(text):
            marked.append((text[at:], name))
    return tuple(marked)


def slice_cells(content: Cell, start: int, end: int) -> tuple[Cell, Cell, Cell]:
    """A cell cut into what lies before, within and after two terminal columns."""
    parts: tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]] = ([], [], [])
    at = 0
    for text, style in content:
        if text.isascii():
            first, last = max(0, start - at), max(0, end - at)
            for part, piece in zip(parts, (text[:first], text[first:last], text[last:]), strict=True):
                if piece:
                    part.append((piece, style))
            at += len(text)
            continue
        for character in text:
            chosen = parts[0 if at < start else 1 if at < end else 2]
            if chosen and chosen[-1][1] == style:
                chosen[-1] = (chosen[-1][0] + character, style)
            else:
                chosen.append((character, style))
            at += cells(character)
    return tuple(parts[0]), tuple(parts[1]), tuple(parts[2])


def restyle(content: Cell, style: str) -> Cell:
    """A cell in another style; ``selected`` reverses each piece in its own colour."""
    if style == "selected":
        return tuple((text, f"selected {name}") for text, name in content)
    return tuple((text, style) for text, _ in content)
