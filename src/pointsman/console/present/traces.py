"""Traces in lists: when, how long, what was asked for, what came of it. Pure."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from pointsman.console.present.cells import Cell, Column, Columns, Piece, cell, join
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean, truncate
from pointsman.model.traces import TraceList, TraceSummary

__all__ = ["BRIEF", "LIST", "brief", "entry_of", "marks", "range_words", "row_key", "seconds", "status_style"]


def seconds(value: float | None) -> str:
    """How long something took, in at most six cells: ``0.34ms``, ``4.2ms``, ``812ms``, ``1.24s``, ``3m07``."""
    if value is None:
        return ""
    milli = value * 1000
    if milli < 0.995:
        return f"{milli:.2f}ms" if milli else "0ms"
    if milli < 9.95:
        return f"{milli:.1f}ms"
    if milli < 999.5:
        return f"{milli:.0f}ms"
    if value < 9.995:
        return f"{value:.2f}s"
    if value < 59.95:
        return f"{value:.1f}s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}" if whole < 360_000 else f"{whole // 86400}d"


def range_words(span: timedelta) -> str:
    """``5m``, ``1h``, ``6h``."""
    minutes = round(span.total_seconds() / 60)
    return f"{minutes}m" if minutes < 60 else f"{minutes // 60}h"


def row_key(row: TraceSummary) -> object:
    """What keeps its place in a list."""
    return row.ref


def marks(row: TraceSummary, draw: Draw) -> Cell:
    """Fault, error, throttle: a place for each."""
    shown: list[Piece] = []
    for there, mark, style in (
        (row.fault, draw.glyphs.failed, "tone.failed"),
        (row.error, "!", "tone.waiting"),
        (row.throttle, "T", "tone.waiting"),
    ):
        shown.append((mark, style) if there else (" ", ""))
    return tuple(shown)


def status_style(status: int | None) -> str:
    """The style of an HTTP status."""
    if status is None:
        return "dim"
    return "tone.failed" if status >= 500 else "tone.waiting" if status >= 400 else "tone.ok"


def entry_of(row: TraceSummary) -> str:
    """What was asked for: the URL without its scheme, or the service it came in at."""
    url = clean(row.url)
    return url.partition("://")[2] or url or clean(row.entry)


def _url(row: TraceSummary, draw: Draw, room: int) -> Cell:
    # The path says more than the host.
    whole = entry_of(row)
    path = whole[whole.find("/") :] if cells(whole) > room and "/" in whole else whole
    return cell(truncate(path, room, draw.glyphs.ellipsis))


def _started(row: TraceSummary, draw: Draw) -> Cell:
    return cell(draw.zone.second(row.started), "dim") if row.started is not None else ()


def brief(found: TraceList) -> Cell:
    """A list in a few words."""
    count = len(found.traces)
    faults, errors = sum(one.fault for one in found.traces), sum(one.error for one in found.traces)
    said = f"{count:,}{'+' if found.more else ''} in {range_words(found.query.span)}" if count else "none"
    parts = [cell(said, "dim")]
    parts += [cell(f"{faults:,} fault{'s' * (faults > 1)}", "tone.failed")] if faults else []
    parts += [cell(f"{errors:,} error{'s' * (errors > 1)}", "tone.waiting")] if errors else []
    return join(parts)


_MARKS = Column[TraceSummary]("marks", "", marks, least=3)
_STARTED = Column[TraceSummary]("started", "Time", _started, least=8)
_DURATION = Column[TraceSummary]("duration", "Took", lambda row, _: cell(seconds(row.duration)), least=6, align="right")
_URL = Column[TraceSummary](
    "url",
    "URL",
    lambda row, _: cell(entry_of(row)),
    least=14,
    most=90,
    share=4,
    measure=lambda row: cells(entry_of(row)),
    fitted=_url,
    names=True,
)
_STATUS = Column[TraceSummary](
    "status",
    "Code",
    lambda row, _: cell(str(row.status) if row.status is not None else "", status_style(row.status)),
    least=4,
    align="right",
)
LIST: Columns = (
    _MARKS,
    _STARTED,
    _DURATION,
    Column[TraceSummary](
        "response", "Answer", lambda row, _: cell(seconds(row.response)), least=6, align="right", priority=2
    ),
    _STATUS,
    Column[TraceSummary]("method", "Method", lambda row, _: cell(row.method), least=6, most=7),
    _URL,
    Column[TraceSummary](
        "services", "Services", lambda row, _: cell(f"{len(row.services)}", "dim"), least=8, align="right", priority=3
    ),
    Column[TraceSummary](
        "note", "", lambda row, _: cell("partial" if row.partial else "", "tone.moving"), least=7, priority=4
    ),
    Column[TraceSummary](
        "annotations",
        "Annotations",
        lambda row, _: cell(" ".join(f"{key}={value}" for key, value in row.annotations), "dim"),
        least=12,
        most=60,
        share=2,
        priority=6,
    ),
    Column[TraceSummary]("id", "Trace", lambda row, _: cell(row.ref.id, "dim"), least=35, priority=7),
)
"""Traces of a range."""

BRIEF: Columns = (
    _MARKS,
    replace(_STARTED, priority=2),
    replace(_DURATION, priority=1),
    replace(_STATUS, priority=3),
    _URL,
)
"""Traces in a pane of the overview."""
