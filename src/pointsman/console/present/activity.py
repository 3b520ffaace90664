"""Calls and deeds as text."""

from __future__ import annotations

from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell, join
from pointsman.console.present.look import Draw
from pointsman.console.present.pipelines import short_identity
from pointsman.model.activity import Call, Deed

_OUTCOMES = {
    "running": ("moving", "tone.moving"),
    "done": ("ok", "tone.ok"),
    "refused": ("stopped", "tone.stopped"),
    "failed": ("failed", "tone.failed"),
    "unknown": ("unknown", "tone.unknown"),
}


def call_key(call: Call) -> int:
    """A call's key; two calls may be equal in every field, so it is the object's own."""
    return id(call)


def deed_key(deed: Deed) -> str:
    """A deed's key."""
    return deed.id


def outcome_cell(outcome: str, draw: Draw) -> Cell:
    """How a deed went: glyph, word, colour."""
    glyph, style = _OUTCOMES.get(outcome, _OUTCOMES["unknown"])
    word = "outcome unknown" if outcome == "unknown" else outcome
    return cell(f"{getattr(draw.glyphs, glyph)} {word}", style)


def _call_outcome(call: Call, draw: Draw) -> Cell:
    if call.outcome == "ok":
        return cell(f"{draw.glyphs.ok} ok", "tone.ok")
    return cell(f"{draw.glyphs.failed} {call.outcome}", "tone.failed")


def _milliseconds(call: Call, _draw: Draw) -> Cell:
    return cell(f"{call.milliseconds:,.0f}", "stale" if call.milliseconds >= 1000 else "dim")


def _what(call: Call, _draw: Draw) -> Cell:
    return (*cell(f"{call.service}:", "dim"), *cell(call.operation, "strong" if call.write else ""))


CALLS: Columns = (
    Column[Call]("time", "Time", lambda one, draw: cell(draw.zone.second(one.at), "dim"), least=8),
    Column[Call]("call", "Call", _what, least=24, most=60, share=2, names=True),
    Column[Call]("outcome", "Outcome", _call_outcome, least=12, most=44, share=2),
    Column[Call]("ms", "ms", _milliseconds, least=6, align="right"),
    Column[Call](
        "kind",
        "Kind",
        lambda one, _: cell("write" if one.write else "read", "tone.waiting" if one.write else "dim"),
        least=5,
        priority=2,
    ),
    Column[Call](
        "attempt",
        "Try",
        lambda one, _: cell(str(one.attempt) if one.attempt > 1 else "", "stale"),
        least=3,
        align="right",
        priority=3,
    ),
    Column[Call](
        "request", "Request id", lambda one, _: cell(one.request_id, "dim"), least=12, most=40, share=1, priority=4
    ),
)
"""Every API call, newest first."""


def _said(deed: Deed, _draw: Draw) -> Cell:
    return cell(deed.said, "strong")


def _detail(deed: Deed, draw: Draw) -> Cell:
    detail = deed.fault.sentence if deed.fault is not None else deed.detail
    hint = cell(f"{draw.glyphs.arrow} {deed.fault.hint}", "hint") if deed.fault and deed.fault.hint else EMPTY
    return join((cell(detail, "fault" if deed.outcome == "failed" else "dim"), hint))


DEEDS: Columns = (
    Column[Deed]("time", "When", lambda one, _: cell(f"{one.at:%m-%d %H:%M:%S}", "dim"), least=14),
    Column[Deed]("outcome", "Outcome", lambda one, draw: outcome_cell(one.outcome, draw), least=17),
    Column[Deed]("said", "What was done", _said, least=24, most=80, share=4, names=True),
    Column[Deed]("by", "By", lambda one, _: cell(short_identity(one.identity)), least=8, most=24, share=1, priority=1),
    Column[Deed](
        "where",
        "Where",
        lambda one, _: cell(f"{one.account} {one.region}".strip(), "dim"),
        least=12,
        most=28,
        share=1,
        priority=3,
    ),
    Column[Deed]("detail", "Detail", _detail, least=12, share=3, priority=2),
)
"""What was done here, newest first."""
