"""Findings as lines: what, on what it rests, what to do. Pure."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct

from pointsman.console.present.cells import Cell, Column, Columns, cell
from pointsman.console.present.look import Draw
from pointsman.model.doctor import Diagnosis, Finding, graves_first

__all__ = ["FINDINGS", "FindingRow", "row_key", "rows_of", "summary"]


class FindingRow(Struct, frozen=True):
    """A finding with its place among the others."""

    number: int
    finding: Finding


def row_key(row: FindingRow) -> Hashable:
    """What keeps its place in a list."""
    return (row.finding.what, row.finding.ref)


def rows_of(found: Diagnosis) -> list[FindingRow]:
    """The findings, what is broken first."""
    return [FindingRow(at, one) for at, one in enumerate(graves_first(found.findings))]


def _mark(row: FindingRow, draw: Draw) -> Cell:
    if row.finding.grave:
        return ((draw.glyphs.failed, "tone.failed"),)
    return ((draw.glyphs.waiting, "tone.waiting"),)


FINDINGS: Columns = (
    Column("mark", "", _mark, least=1),
    Column("what", "What is wrong", lambda row, _: cell(row.finding.what, "strong"), least=30, share=3),
    Column("step", "Next step", lambda row, _: cell(row.finding.step, "hint"), least=24, share=2, priority=1),
)


def summary(found: Diagnosis) -> str:
    """How much was looked at and found."""
    grave = sum(one.grave for one in found.findings)
    more = len(found.findings) - grave
    if not found.findings:
        return "nothing is wrong in what was looked at"
    return f"{grave} broken" + (f", {more} to know" if more else "")
