"""A series in one line of cells: its shape, what breaches, where something went out, and gaps as gaps. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pointsman.console.present.cells import Cell
from pointsman.console.present.glyphs import Glyphs
from pointsman.model.metrics import Release, Series, Threshold

__all__ = ["columns_of", "sparkline"]


def columns_of(moments: Sequence[datetime], start: datetime, end: datetime, count: int) -> frozenset[int]:
    """In which of ``count`` equal parts of a range some moments lie."""
    begin, span = start.timestamp(), (end - start).total_seconds()
    if span <= 0 or count <= 0:
        return frozenset()
    parts = (int((one.timestamp() - begin) / span * count) for one in moments)
    return frozenset(min(one, count - 1) for one in parts if 0 <= one <= count)


def sparkline(
    series: Series,
    start: datetime,
    end: datetime,
    room: int,
    glyphs: Glyphs,
    *,
    thresholds: Sequence[Threshold] = (),
    releases: Sequence[Release] = (),
    period: float = 60,
    cursor: int = -1,
) -> Cell:
    """A series in ``room`` cells.

    Args:
        series: The values.
        start: What the first cell begins with.
        end: What the last one ends with.
        room: Cells.
        glyphs: The marks.
        thresholds: What colours a cell that breaches one of them.
        releases: What is marked.
        period: Seconds that a value holds for.
        cursor: The cell that a person reads; -1 is none.
    """
    values = series.columns(start.timestamp(), end.timestamp(), room, period)
    known = [one for one in values if one is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    low = min(low, 0.0) if low > 0 and low < high / 2 else low
    texts = _texts(values, low, high, glyphs)
    if not thresholds and not releases and cursor < 0:
        return _runs(values, texts)
    marked = columns_of([one.at for one in releases], start, end, room)
    bad = columns_of([one.at for one in releases if one.failed or one.kind == "rollback"], start, end, room)
    pieces: list[tuple[str, str]] = []
    for at, value in enumerate(values):
        text, style = texts[at], "bar"
        if value is None:
            style = "bar.track"
        elif any(one.breached_by(value) for one in thresholds):
            style = "tone.failed"
        if at in marked:
            style = "mark" if style == "bar" else style
            text, style = (glyphs.release, "mark" if at in bad else "dim") if value is None else (text, style)
        if at == cursor:
            text, style = text if value is not None else glyphs.dot, "match.current"
        if pieces and pieces[-1][1] == style:
            pieces[-1] = (pieces[-1][0] + text, style)
        else:
            pieces.append((text, style))
    return tuple(pieces)


def _texts(values: Sequence[float | None], low: float, high: float, glyphs: Glyphs) -> list[str]:
    """A column's height for each value, a space for a gap."""
    sparks = glyphs.sparks
    steps = len(sparks) - 1
    # A difference of two finite numbers may be infinite: each is halved before they are told apart.
    base, span = low / 2, high / 2 - low / 2
    if span < 1e-300:
        flat = sparks[steps // 2]
        return [" " if one is None else sparks[0] if one == 0 else flat for one in values]
    scale = steps / span
    return [" " if one is None else sparks[max(0, min(steps, round((one / 2 - base) * scale)))] for one in values]


def _runs(values: Sequence[float | None], texts: Sequence[str]) -> Cell:
    """Heights and gaps in as few pieces as there are."""
    pieces: list[tuple[str, str]] = []
    begun = 0
    for at in range(1, len(values) + 1):
        if at == len(values) or (values[at] is None) != (values[begun] is None):
            pieces.append(("".join(texts[begun:at]), "bar.track" if values[begun] is None else "bar"))
            begun = at
    return tuple(pieces)
