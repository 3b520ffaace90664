"""Reports of builds as text: rows, failed cases, files, how a group has fared."""

from __future__ import annotations

from datetime import timedelta

from pointsman.console.present import ages
from pointsman.console.present.cells import EMPTY, Cell, Column, Columns, cell, join, status_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean
from pointsman.model.refs import ReportRef
from pointsman.model.reports import Coverage, FileCoverage, Report, TestCase, Trend


def report_key(report: Report) -> ReportRef:
    """A report row's key."""
    return report.ref


def percent(value: float | None) -> str:
    """A part of a hundred, to a tenth; empty when it is not known."""
    return "" if value is None else f"{value:.1f} %"


def brief(took: timedelta | None) -> str:
    """How long a test took: in milliseconds below a second."""
    if took is None:
        return ""
    seconds = took.total_seconds()
    return f"{round(seconds * 1000)}ms" if seconds < 1 else ages.duration(took) if seconds >= 60 else f"{seconds:.1f}s"


def result_cell(report: Report, draw: Draw) -> Cell:
    """What a report says, in a few words: how many of how many failed, or how much is covered."""
    if report.coverage is not None and not report.counts:
        return coverage_cell(report.coverage)
    total = report.total if report.total is not None else sum(number for _, number in report.counts)
    if report.failed:
        return join(
            (cell(f"{draw.glyphs.failed} {report.failed:,} of {total:,} failed", "tone.failed"), _skipped(report))
        )
    if not total:
        return cell("no test cases", "dim")
    return join((cell(f"{draw.glyphs.ok} {report.count('SUCCEEDED'):,} of {total:,}", "tone.ok"), _skipped(report)))


def _skipped(report: Report) -> Cell:
    skipped = report.count("SKIPPED")
    return cell(f"{skipped:,} skipped", "dim") if skipped else EMPTY


def coverage_cell(coverage: Coverage) -> Cell:
    """Lines and branches that are covered."""
    lines = f"{percent(coverage.line_percent)} of lines" if coverage.line_percent is not None else ""
    branches = f"{percent(coverage.branch_percent)} of branches" if coverage.branch_percent is not None else ""
    return cell(", ".join(part for part in (lines, branches) if part))


REPORTS: Columns = (
    Column[Report](
        "group", "Report", lambda one, _: cell(one.ref.group or one.name, "strong"), least=12, most=40,
        measure=lambda one: cells(clean(one.ref.group or one.name)), firm=True,
    ),
    Column[Report]("status", "Status", lambda one, draw: status_cell(one.status, draw), least=12),
    Column[Report]("result", "Result", result_cell, least=20, most=44, share=2),
    Column[Report]("took", "Took", lambda one, _: cell(brief(one.took), "dim"), least=7, align="right", priority=2),
    Column[Report](
        "age", "Age", lambda one, draw: cell(draw.age(one.created), "dim"), least=4, align="right", priority=1
    ),
    Column[Report]("kind", "Kind", lambda one, _: cell(one.kind, "dim"), least=13, priority=3),
)  # fmt: skip
"""A build's reports, those with failures first."""


def _case_name(case: TestCase, _draw: Draw) -> Cell:
    suite = case.suite or case.prefix
    return join((cell(suite, "dim"), cell(case.name, "strong")), gap=" ")


def _said(case: TestCase, _draw: Draw) -> Cell:
    first = next((line for line in case.message.splitlines() if line.strip()), "")
    return cell(first, "fault" if case.status.failed else "dim")


CASES: Columns = (
    Column[TestCase]("status", "Status", lambda one, draw: status_cell(one.status, draw), least=9),
    Column[TestCase]("case", "Test case", _case_name, least=20, most=70, share=2, names=True),
    Column[TestCase]("took", "Took", lambda one, _: cell(brief(one.took), "dim"), least=6, align="right", priority=2),
    Column[TestCase]("said", "Said", _said, least=16, share=3, priority=1),
)
"""Failed test cases."""


def _bar(file: FileCoverage, draw: Draw, room: int = 0) -> Cell:
    value = file.coverage.line_percent
    if value is None:
        return EMPTY
    size = max(4, min(24, room or 12))
    full = draw.glyphs.bar_of(value / 100 * size)
    return ((full, "bar"), (draw.glyphs.track * max(0, size - cells(full)), "dim"))


def _counted(covered: int | None, missed: int | None) -> str:
    if covered is None or missed is None:
        return ""
    return f"{covered:,} of {covered + missed:,}"


FILES: Columns = (
    Column[FileCoverage](
        "lines", "Lines", lambda one, _: cell(percent(one.coverage.line_percent)), least=7, align="right"
    ),
    Column[FileCoverage]("bar", "", _bar, least=12, fitted=_bar, priority=2),
    Column[FileCoverage]("path", "File", lambda one, _: cell(one.path, "strong"), least=20, share=1, names=True),
    Column[FileCoverage](
        "counted",
        "Covered",
        lambda one, _: cell(_counted(one.coverage.lines_covered, one.coverage.lines_missed), "dim"),
        least=14,
        align="right",
        priority=1,
    ),
    Column[FileCoverage](
        "branches", "Branches", lambda one, _: cell(percent(one.coverage.branch_percent), "dim"), least=8,
        align="right", priority=3,
    ),
)  # fmt: skip
"""The files of a coverage report, the least covered first."""


def trend_cell(trend: Trend | None, report: Report, draw: Draw) -> Cell:
    """How a report's group has fared: a column per report, oldest first, and the change to the one before."""
    if trend is None:
        return EMPTY
    values = trend.values
    if len(values) < 2:
        return cell("the first report of its group", "dim")
    # From its lowest value: what matters is the change, and the numbers beside it say how high it stands.
    low, high = min(values), max(values)
    spread = max(high - low, 1.0)
    drawn = draw.glyphs.spark([value - low + spread * 0.1 for value in values[-30:]], spread * 1.1)
    before = trend.before(report.ref)
    change = EMPTY
    if before is not None and before.measure is not None and report.measure is not None:
        moved = report.measure - before.measure
        word = "unchanged" if abs(moved) < 0.05 else f"{moved:+.1f} points"
        change = cell(f"{word} since the one before", "stale" if moved <= -0.05 else "dim")
    what = "lines covered" if report.kind == "CODE_COVERAGE" else "passed"
    now = cell(f"{percent(report.measure)} {what}".strip())
    return join((cell(drawn, "bar"), now, change, cell(f"{percent(low)} to {percent(high)} in {len(values)}", "dim")))
