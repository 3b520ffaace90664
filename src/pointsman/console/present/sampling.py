"""Sampling rules in a list: what they match, what they record, what came of them. Pure."""

from __future__ import annotations

from msgspec import Struct

from pointsman.console.present.cells import Cell, Column, Columns, cell
from pointsman.console.present.look import Draw
from pointsman.console.present.service_map import share_words
from pointsman.console.present.text import cells
from pointsman.model.sampling import Estimate, SamplingRule
from pointsman.semantics.traces.sampling import Rule

__all__ = ["LIST", "RuleRow", "matched", "row_key"]

_PATTERNS = (
    ("service_name", "service"),
    ("service_type", "type"),
    ("host", "host"),
    ("http_method", "method"),
    ("url_path", "path"),
    ("resource_arn", "ARN"),
)


class RuleRow(Struct, frozen=True):
    """A rule in the list."""

    one: SamplingRule
    never: str = ""
    """Why no request ever falls under it."""
    estimate: Estimate | None = None
    """What it would have made of the loaded traces; None when there are none."""


def row_key(row: RuleRow) -> object:
    """What keeps its place."""
    return row.one.ref


def matched(rule: Rule) -> str:
    """What a rule matches, in words; what it leaves open is left out."""
    said = [f"{word} {getattr(rule, name)}" for name, word in _PATTERNS if getattr(rule, name) != "*"]
    said += [f"{name}={value}" for name, value in rule.attributes.items()]
    return ", ".join(said) or "every request"


def _mark(row: RuleRow, draw: Draw) -> Cell:
    if row.never:
        return ((draw.glyphs.gate, "tone.waiting"),)
    return ((draw.glyphs.ok, "tone.ok") if row.one.taken.requests else (draw.glyphs.idle, "tone.idle"),)


def _percent(share: float | None) -> str:
    if share is None:
        return ""
    return share_words(share) or "0%"


def _priority(row: RuleRow) -> str:
    return "last" if row.one.default else str(row.one.rule.priority)


LIST: Columns = (
    Column[RuleRow]("mark", "", _mark, least=1),
    Column[RuleRow]("priority", "Asked", lambda row, _: cell(_priority(row)), least=5, align="right"),
    Column[RuleRow](
        "name",
        "Rule",
        lambda row, _: cell(row.one.rule.name, "strong"),
        least=10,
        most=32,
        measure=lambda row: cells(row.one.rule.name),
        names=True,
    ),
    Column[RuleRow](
        "matches",
        "Matches",
        lambda row, _: cell(matched(row.one.rule), "dim" if row.never else ""),
        least=14,
        most=80,
        share=4,
    ),
    Column[RuleRow](
        "reservoir", "1st/s", lambda row, _: cell(f"{row.one.rule.reservoir_size:,}"), least=5, align="right"
    ),
    Column[RuleRow]("rate", "Rate", lambda row, _: cell(_percent(row.one.rule.fixed_rate)), least=5, align="right"),
    Column[RuleRow](
        "requests",
        "Requests",
        lambda row, _: cell(f"{row.one.taken.requests:,}" if row.one.taken.requests else ""),
        least=8,
        align="right",
        priority=3,
    ),
    Column[RuleRow](
        "took", "Took", lambda row, _: cell(_percent(row.one.taken.share)), least=5, align="right", priority=2
    ),
    Column[RuleRow](
        "would",
        "Loaded",
        lambda row, _: cell(f"{row.estimate.matched:,}" if row.estimate and row.estimate.matched else "", "dim"),
        least=6,
        align="right",
        priority=4,
    ),
    Column[RuleRow](
        "share",
        "Would",
        lambda row, _: cell(_percent(row.estimate.share) if row.estimate else "", "dim"),
        least=5,
        align="right",
        priority=1,
    ),
)
"""Every rule."""
