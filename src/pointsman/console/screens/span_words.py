"""A trace in two lines, and everything that is known of one of its spans. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pointsman.console.dialogs.words import facts, paragraph
from pointsman.console.present.cells import Cell, cell, join
from pointsman.console.present.look import Draw
from pointsman.console.present.traces import seconds, status_style
from pointsman.console.present.waterfall import marks, said_of, style_of
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.trace_logs import groups_of
from pointsman.model.trace_operations import Standing
from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.assembly import Span
from pointsman.semantics.traces.documents import Piece, exceptions_of, part, status_of, text

__all__ = ["about", "document", "span_lines", "wrong"]

_FRAMES = 1
"""Frames of a stack that the overview shows: where it was raised."""


def about(opened: OpenedTrace, draw: Draw) -> Sequence[Cell]:
    """What was asked for and what came of it; what is in the trace, and what is missing from it."""
    trace, entry = opened.trace, opened.timing.entry
    if entry < 0:
        return (cell("X-Ray has nothing of this trace that can be read", "fault"), _honest(opened, draw))
    fields = trace.pieces[entry].fields
    request, status = part(fields, "http", "request"), status_of(fields)
    spans = trace.spans
    asked = join((cell(text(request, "method")), cell(text(request, "url") or spans[entry].name, "strong")), " ")
    answered = cell(str(status), status_style(status)) if status is not None else ()
    took = cell(seconds(trace.end - trace.start))
    services = len({span.name for span in spans if not span.has(assembly.SUBSEGMENT)})
    counted = cell(f"{services} service{'s' * (services != 1)}  {len(spans):,} spans", "dim")
    return (join((answered, took, counted, asked)), _honest(opened, draw))


def _honest(opened: OpenedTrace, draw: Draw) -> Cell:
    """What went wrong, and what is not known."""
    spans = opened.trace.spans
    # An inferred segment repeats what was said of the call to it.
    told = [span for span in spans if not span.has(assembly.INFERRED)]

    def count(flag: int) -> int:
        return sum(span.has(flag) for span in told)

    faults, throttles = count(assembly.FAULT), count(assembly.THROTTLE)
    errors = sum(span.has(assembly.ERROR) and not span.has(assembly.THROTTLE) for span in told)
    moving, lost, missing = count(assembly.IN_PROGRESS), count(assembly.ORPHAN), count(assembly.BROKEN)
    parts: list[Cell] = []
    for number, words, style in (
        (faults, f"{draw.glyphs.failed} {faults} fault{'s' * (faults > 1)}", "tone.failed"),
        (errors, f"! {errors} error{'s' * (errors > 1)}", "tone.waiting"),
        (throttles, f"T {throttles} throttled", "tone.waiting"),
        (moving, f"{draw.glyphs.moving} {moving} in progress", "tone.moving"),
        (lost, f"? {lost} orphan{'s' * (lost > 1)}", "tone.waiting"),
        (missing, f"{draw.glyphs.gate} {missing} without an answer", "tone.waiting"),
        (opened.trace.conflicts, f"{opened.trace.conflicts} ids used twice", "tone.waiting"),
        (opened.unread, f"{opened.unread} documents could not be read", "fault"),
        (opened.limit_exceeded, "X-Ray dropped documents: the trace is too large", "fault"),
    ):
        if number:
            parts.append(cell(words, style))
    if not opened.settled:
        parts.append(cell("may still grow", "dim"))
    return join(parts)


def wrong(span: Span) -> bool:
    """Whether a span has a fault, an error or a throttle of its own, not one repeated from the call to it."""
    return span.has(assembly.FAULT | assembly.ERROR | assembly.THROTTLE) and not span.has(assembly.INFERRED)


def _kind(span: Span, fields: dict[str, Any]) -> str:
    if span.has(assembly.INFERRED):
        return "inferred segment: the service sent none of its own"
    if not span.has(assembly.SUBSEGMENT):
        return text(fields, "origin") or "segment"
    if span.has(assembly.AWS):
        return "call to AWS"
    return "call to another service" if span.has(assembly.REMOTE) else "subsegment"


def _times(opened: OpenedTrace, place: int) -> str:
    span, timing = opened.trace.spans[place], opened.timing
    took = seconds(span.duration) if span.end is not None else "in progress"
    found = [took, f"from {seconds(max(0.0, span.start - opened.trace.start))}"]
    if span.last > place + 1:
        found.append(f"self {seconds(timing.own[place])}")
    if critical := timing.critical[place]:
        total = sum(timing.critical)
        found.append(f"critical {seconds(critical)} ({critical / total:.0%})")
    elif any(timing.critical[place + 1 : span.last]):
        found.append("the request waited for what is below it")
    else:
        found.append("not on the critical path")
    return ", ".join(found)


def span_lines(
    opened: OpenedTrace, place: int, draw: Draw, width: int, standing: Standing | None = None
) -> Sequence[Cell]:
    """A span: its times, what it asked, what went wrong, and what its program noted."""
    span, piece = opened.trace.spans[place], opened.trace.pieces[place]
    fields = piece.fields
    head = join((cell(said_of(piece), "strong"), cell(_kind(span, fields), "dim")))
    mark = tuple(one for one in marks(span, piece, draw.glyphs) if one[0].strip())
    lines: list[Cell] = [(*((*mark, (" ", "")) if mark else ()), *head)]
    lines += _exceptions(fields, draw, width)
    lines += _missing(span, width)
    lines += facts(
        [
            ("time", cell(_times(opened, place), style_of(span) if span.has(assembly.FAULT) else "")),
            ("like it", _standing(standing)),
            ("http", _http(fields)),
            ("aws", _pairs({key: value for key, value in part(fields, "aws").items() if key != "cloudwatch_logs"})),
            ("logs", ", ".join(groups_of(piece))),
            ("sql", text(part(fields, "sql"), "sanitized_query") or _pairs(part(fields, "sql"))),
            ("notes", _pairs(part(fields, "annotations"))),
            ("user", text(fields, "user")),
            ("id", span.id),
        ],
        width,
    )
    return lines


def _standing(standing: Standing | None) -> str:
    """How long it took beside the same operation in the traces that were loaded."""
    if standing is None or (standing.count < 2 and standing.read >= standing.loaded):
        return ""
    unread = standing.loaded - standing.read
    read = f"{standing.read:,} of {standing.loaded:,} loaded traces read" + ": p reads more" * (unread > 0)
    if standing.count < 2:
        return f"none known: {read}"
    traces = f"in {standing.traces:,} traces" if standing.traces > 1 else "in this trace"
    found = f"p{standing.percentile} of {standing.count:,} {traces}, median {seconds(standing.median)}"
    return f"{found}; {read}" if standing.loaded > 1 else found


def _missing(span: Span, width: int) -> list[Cell]:
    if span.has(assembly.ORPHAN):
        return paragraph("What it belongs to is not there: lost, not sampled, or still to come.", width, "tone.waiting")
    if span.has(assembly.BROKEN):
        return paragraph("The service it called is traced, and its segment is not there.", width, "tone.waiting")
    return []


def _http(fields: dict[str, Any]) -> str:
    request, status = part(fields, "http", "request"), status_of(fields)
    found = [text(request, "method"), text(request, "url"), str(status) if status is not None else ""]
    size = part(fields, "http", "response").get("content_length")
    found += [f"{size:,} bytes"] if type(size) is int else []
    return " ".join(one for one in found if one)


def _pairs(values: dict[str, Any]) -> str:
    return "  ".join(f"{key}={_word(value)}" for key, value in values.items() if value not in ("", None))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _exceptions(fields: dict[str, Any], draw: Draw, width: int) -> list[Cell]:
    cause = fields.get("cause")
    if isinstance(cause, str):
        return paragraph(f"the exception is that of {cause}", width, "fault")
    lines: list[Cell] = []
    for one in exceptions_of(fields):
        said = ": ".join(part for part in (text(one, "type"), text(one, "message")) if part) or "an exception"
        lines += paragraph(f"{draw.glyphs.mark} {said}", width, "fault")
        stack = one.get("stack")
        frames = [frame for frame in stack if isinstance(frame, dict)] if isinstance(stack, list) else []
        for frame in frames[:_FRAMES]:
            where = f"{text(frame, 'path')}:{frame.get('line', '')}".strip(":")
            lines.append(join((cell(f"    {text(frame, 'label')}"), cell(where, "dim"))))
        truncated = one.get("truncated")
        left = max(0, len(frames) - _FRAMES) + (truncated if type(truncated) is int else 0)
        if left > 0:
            lines.append(cell(f"    {left:,} more frame{'s' * (left > 1)}", "dim"))
    return lines


def document(piece: Piece) -> str:
    """A span's own document as JSON, without what is below it."""
    shown: dict[str, Any] = {"id": piece.id, "name": piece.name, "start_time": piece.start}
    shown.update({"in_progress": True} if piece.end is None else {"end_time": piece.end})
    if piece.parent:
        shown["parent_id"] = piece.parent
    if piece.subsegment:
        shown["type"] = "subsegment"
    return json.dumps({**shown, **piece.fields}, indent=2, ensure_ascii=False, default=str)
