"""A trace as lines: what part of the time is shown, the ruler over it, and a line for each span. Pure.

A line is the tree's name, a mark, how long it took, and a bar in the window of time. Where the request waited for a
span itself, the bar is a heavy rule: that is the critical path.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set

from msgspec import Struct

from pointsman.console.present.cells import EMPTY, Cell, Piece, cell, crop, fit
from pointsman.console.present.glyphs import Glyphs
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells
from pointsman.console.present.traces import seconds
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.trace_density import BINS
from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.assembly import Span, Trace
from pointsman.semantics.traces.documents import Piece as Document
from pointsman.semantics.traces.documents import exceptions_of, part, status_of, text

__all__ = ["Layout", "Window", "bar", "layout", "line", "matching", "minimap", "ruler", "visible", "whole"]

SHORTEST = 1e-5
"""Seconds that a window shows at least: what a time since 1970 can still tell apart."""
_WIDE = 110
"""From this width on there is a column for the self time."""
_TICK = 10
"""Cells between two ticks of the ruler, at least."""
_BELOW = assembly.BELOW_FAULT | assembly.BELOW_ERROR | assembly.BELOW_THROTTLE


class Window(Struct, frozen=True):
    """The part of a trace's time that is shown."""

    start: float
    """Seconds since 1970."""
    length: float
    """Seconds."""

    @property
    def end(self) -> float:
        """Where it ends."""
        return self.start + self.length

    def at(self, moment: float, room: int) -> float:
        """The column of a moment, in ``room`` cells."""
        return (moment - self.start) / self.length * room

    def zoomed(self, factor: float, around: float, within: Window) -> Window:
        """A window of another length, in which a moment stays where it is."""
        length = min(within.length, max(SHORTEST, self.length * factor))
        share = min(1.0, max(0.0, (around - self.start) / self.length))
        return Window(around - share * length, length).kept(within)

    def panned(self, share: float, within: Window) -> Window:
        """Moved by a share of its length."""
        return Window(self.start + share * self.length, self.length).kept(within)

    def kept(self, within: Window) -> Window:
        """Moved so that it does not reach over an edge."""
        length = min(self.length, within.length)
        return Window(min(max(self.start, within.start), within.end - length), length)


class Layout(Struct, frozen=True):
    """How a line's width is shared."""

    width: int
    name: int
    own: bool
    """Whether there is a column for the self time."""
    bar: int

    @property
    def left(self) -> int:
        """Cells before the bar."""
        return self.width - self.bar


def layout(width: int) -> Layout:
    """The shares of a line of ``width`` cells."""
    own = width >= _WIDE
    name = max(10, min(48, width * 3 // 10))
    # cursor, name, two marks, duration, self time, with a cell between them
    return Layout(width, name, own, max(4, width - (1 + name + 1 + 2 + 1 + 6 + (7 if own else 0) + 1)))


def whole(trace: Trace) -> Window:
    """The window of a whole trace."""
    return Window(trace.start, max(SHORTEST, trace.end - trace.start))


def visible(trace: Trace, folded: Set[int], shown: bytes | None = None) -> Sequence[int]:
    """The spans that are not below a folded one, in tree order; of these only those marked in ``shown``."""
    if not folded:
        everything = range(len(trace.spans))
        return everything if shown is None else [place for place in everything if shown[place]]
    found: list[int] = []
    place, spans = 0, trace.spans
    while place < len(spans):
        if shown is None or shown[place]:
            found.append(place)
        place = spans[place].last if place in folded else place + 1
    return found


def matching(words: Sequence[str], query: str) -> list[int]:
    """The spans in whose words every word of a query is; one with a ``-`` before it must not be there."""
    wanted = [one for one in query.lower().split() if not one.startswith("-")]
    unwanted = [one[1:] for one in query.lower().split() if one.startswith("-") and len(one) > 1]
    if not wanted and not unwanted:
        return []
    # One word after the other: ten thousand spans are looked through while a key is still on its way.
    found: Sequence[int] = range(len(words))
    for one in wanted:
        found = [place for place in found if one in words[place]]
    for one in unwanted:
        found = [place for place in found if one not in words[place]]
    return list(found)


# --- over the bars ---------------------------------------------------------------------------------------------------


def step_of(length: float, room: int) -> float:
    """Seconds between two ticks: 1, 2 or 5 of a power of ten, so that their labels have room."""
    least = length * _TICK / max(1, room)
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * one for one in (1, 2, 5, 10) if power * one >= least * (1 - 1e-9))


def _label(value: float, step: float) -> str:
    if abs(value) < step / 2:
        return "0"
    if step < 1e-3:
        return f"{value * 1000:.{max(0, math.ceil(-math.log10(step * 1000) - 1e-9))}f}ms"
    if value < 0.9995 and step < 1:
        return f"{value * 1000:.0f}ms"
    if value < 600:
        return f"{value:.{max(0, math.ceil(-math.log10(step) - 1e-9))}f}s"
    return seconds(value)


def ruler(window: Window, origin: float, room: int) -> str:
    """Times since the trace began, each where it is; ``room`` cells."""
    step = step_of(window.length, room)
    drawn, at = "", math.ceil((window.start - origin) / step - 1e-9)
    while True:
        column = round(window.at(origin + at * step, room))
        said = _label(at * step, step)
        if column + len(said) > room:
            return drawn.ljust(room)
        if column >= len(drawn) + bool(drawn):
            drawn = drawn.ljust(column) + said
        at += 1


def minimap(opened: OpenedTrace, everything: Window, window: Window, room: int, glyphs: Glyphs) -> Cell:
    """The whole trace in one row: how many spans run at each time, where faults and errors began, the window."""
    bins = opened.density.counts
    counts = [
        max(bins[column * BINS // room : max(column * BINS // room + 1, (column + 1) * BINS // room)])
        for column in range(room)
    ]
    marks: dict[int, str] = {}
    for at, fault in opened.density.faults.items():
        column = at * room // BINS
        if fault or column not in marks:
            marks[column] = glyphs.failed if fault else "!"
    drawn: list[Piece] = []
    top, most = len(glyphs.sparks) - 1, max(counts, default=0) or 1
    # A time since 1970 is not exact to a thousandth of a cell.
    first, last = int(everything.at(window.start, room) + 1e-3), math.ceil(everything.at(window.end, room) - 1e-3)
    edges = {first: "[", last - 1: "]"} if window != everything else {}
    for column, count in enumerate(counts):
        if column in edges:
            drawn.append((edges[column], "key"))
        elif column in marks:
            drawn.append((marks[column], "tone.failed" if marks[column] == glyphs.failed else "tone.waiting"))
        else:
            mark = glyphs.sparks[math.ceil(count / most * top)] if count else " "
            drawn.append((mark, "bar" if first <= column < last else "greyed"))
    return tuple(drawn)


# --- a span's line ---------------------------------------------------------------------------------------------------


def style_of(span: Span) -> str:
    """The style of a span's bar."""
    if span.has(assembly.FAULT):
        return "tone.failed"
    if span.has(assembly.ERROR | assembly.THROTTLE):
        return "tone.waiting"
    if span.has(assembly.IN_PROGRESS):
        return "tone.moving"
    return "dim" if span.has(assembly.INFERRED) else "bar"


def marks(span: Span, document: Document, glyphs: Glyphs) -> Cell:
    """What went wrong, in it or below it; and what else is to be known: an exception, no parent, no end."""
    if span.has(assembly.FAULT):
        first: Piece = (glyphs.failed, "tone.failed")
    elif span.has(assembly.THROTTLE):
        first = ("T", "tone.waiting")
    elif span.has(assembly.ERROR):
        first = ("!", "tone.waiting")
    elif span.has(_BELOW):
        first = (glyphs.stopped, "tone.failed" if span.has(assembly.BELOW_FAULT) else "tone.waiting")
    else:
        first = (" ", "")
    if "cause" in document.fields:
        second: Piece = (glyphs.mark, "tone.failed")
    elif span.has(assembly.ORPHAN):
        second = ("?", "tone.waiting")
    elif span.has(assembly.BROKEN):
        second = (glyphs.gate, "tone.waiting")
    elif span.has(assembly.IN_PROGRESS):
        second = (glyphs.moving, "tone.moving")
    else:
        second = (" ", "")
    return first, second


def said_of(document: Document) -> str:
    """A span's name; of a call to AWS also what was called."""
    operation = text(part(document.fields, "aws"), "operation")
    return f"{document.name} {operation}" if operation else document.name


def _name(opened: OpenedTrace, place: int, room: int, folded: bool, matched: bool, glyphs: Glyphs) -> Cell:
    span, document = opened.trace.spans[place], opened.trace.pieces[place]
    deepest = max(0, room // 2 - 1)
    indent = " " * span.depth if span.depth <= deepest else glyphs.ellipsis.ljust(deepest)
    below = span.last - place - 1
    fold = (glyphs.folded if folded else glyphs.unfolded) if below else " "
    called = f"{glyphs.arrow} " if span.has(assembly.REMOTE | assembly.AWS) else ""
    count = f" ({below:,})" if folded and below else ""
    kind = "match" if matched else "" if span.has(assembly.SUBSEGMENT) else "strong"
    said = fit(
        cell(said_of(document), kind),
        max(1, min(room - len(indent) - 2 - len(called) - len(count), cells(said_of(document)))),
        ellipsis=glyphs.ellipsis,
    )
    return fit(
        ((indent, "dim"), (f"{fold} ", "dim"), (called, "dim"), *said, (count, "dim")), room, ellipsis=glyphs.ellipsis
    )


def note_of(span: Span, document: Document) -> str:
    """What is said behind a bar."""
    status = status_of(document.fields)
    found = [str(status)] if status is not None and status >= 400 else []
    found += [text(one, "type") for one in exceptions_of(document.fields)[:1]]
    retries = part(document.fields, "aws").get("retries")
    if span.has(assembly.THROTTLE):
        found.append(f"throttled, {retries} retries" if type(retries) is int and retries else "throttled")
    if span.has(assembly.ORPHAN):
        found.append("orphan")
    if span.has(assembly.BROKEN):
        found.append("its answer is missing")
    if span.has(assembly.IN_PROGRESS):
        found.append("in progress")
    return " ".join(one for one in found if one)


def bar(
    start: float,
    end: float | None,
    window: Window,
    room: int,
    glyphs: Glyphs,
    sections: Sequence[tuple[float, float]] = (),
) -> tuple[int, str]:
    """A bar in a window: how many cells before it, and its cells.

    Args:
        start: Seconds since 1970.
        end: The same; None goes on beyond the edge.
        window: What is shown.
        room: The cells there are.
        glyphs: What it is drawn with.
        sections: Where it is on the critical path.

    Returns:
        (0, "") for a bar that is not in sight.
    """
    left, right = window.at(start, room), window.at(window.end if end is None else end, room)
    if right < 0 or left > room or (end is None and start > window.end):
        return 0, ""
    left, right = max(0.0, left), max(0.0, min(float(room), right))
    first = min(room - 1, int(left))
    if right - first <= 1:
        return first, _speck(left - first, right - left, glyphs)
    drawn = [glyphs.bar] * (int(right) - first)
    if glyphs.bar_starts and left > first:
        # Of the first cell the right part is covered: an eighth, a half, or nearly all.
        covered = first + 1 - left
        drawn[0] = glyphs.bar if covered > 0.75 else glyphs.bar_starts[1 if covered > 0.3 else 0]
    eighths = round((right - int(right)) * 8)
    if glyphs.bar_ends and eighths:
        drawn.append(glyphs.bar_ends[eighths - 1] if eighths < 8 else glyphs.bar)
    elif eighths >= 4:
        drawn.append(glyphs.bar)
    for since, until in sections:
        low, high = round(window.at(since, room)), round(window.at(until, room))
        for column in range(max(first, low), min(first + len(drawn), high)):
            drawn[column - first] = glyphs.heavy_rule
    if end is None:
        drawn[-1] = glyphs.arrow
    return first, "".join(drawn)


def _speck(offset: float, length: float, glyphs: Glyphs) -> str:
    """A bar within one cell."""
    if not glyphs.bar_ends:
        return "|" if length < 0.5 else glyphs.bar
    if offset >= 0.5:
        return glyphs.bar_starts[0 if length < 0.3 else 1]
    eighths = max(1, round((offset + length) * 8))
    return glyphs.bar if eighths >= 8 else glyphs.bar_ends[eighths - 1]


def line(
    opened: OpenedTrace,
    place: int,
    shares: Layout,
    window: Window,
    draw: Draw,
    *,
    folded: bool = False,
    matched: bool = False,
) -> Cell:
    """A span's line, without the cursor's cell.

    Args:
        opened: The trace.
        place: Which span.
        shares: How the width is shared.
        window: The time that is shown.
        draw: The rendering.
        folded: Whether what is below it is not shown.
        matched: Whether it has been searched for.
    """
    glyphs = draw.glyphs
    span, document = opened.trace.spans[place], opened.trace.pieces[place]
    took = seconds(span.duration) if span.end is not None else glyphs.ellipsis
    said: list[Piece] = [
        *_name(opened, place, shares.name, folded, matched, glyphs),
        (" ", ""),
        *marks(span, document, glyphs),
        (f" {took:>6} ", "" if opened.timing.critical[place] else "dim"),
    ]
    if shares.own:
        said.append((f"{seconds(opened.timing.own[place]):>6} ", "dim"))
    style = style_of(span)
    sections = opened.timing.sections.get(place, ())
    before, drawn = bar(span.start, span.end, window, shares.bar, glyphs, sections)
    if not drawn:
        said.append(("<" if span.start < window.start else f"{'>':>{shares.bar}}", "dim"))
    else:
        said += [(" " * before, ""), (drawn, style)]
        said += _behind(span, document, shares.bar - before - len(drawn), glyphs)
    return fit(tuple(said), shares.width - 1, ellipsis=glyphs.ellipsis)


def _behind(span: Span, document: Document, room: int, glyphs: Glyphs) -> Cell:
    note = note_of(span, document)
    if not note or room < 4:
        return EMPTY
    return ((" ", ""), *crop(cell(note, "dim"), room - 1, glyphs.ellipsis))
