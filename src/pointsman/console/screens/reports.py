"""The reports of one build: which tests failed and what they said, what is covered, how it has fared before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.dialogs.text import block
from pointsman.console.dialogs.words import facts
from pointsman.console.present.cells import EMPTY, Cell, cell, join, status_cell
from pointsman.console.present.look import Draw
from pointsman.console.present.reports import CASES, FILES, REPORTS, brief, report_key, trend_cell
from pointsman.console.screens.base import Place
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.builds import Build
from pointsman.model.refs import Ref
from pointsman.model.reports import FileCoverage, Findings, Report, TestCase, Trend
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["ReportsPlace"]

WIDE = 150
_MOST = 2000
"""How many characters of a case's output are shown beneath the table; ``d`` shows all."""


class ReportsPlace(Place):
    """A build's reports."""

    DEFAULT_CSS = """
    ReportsPlace #reports { height: auto; max-height: 30%; min-height: 5; }
    ReportsPlace #reports LineTable { height: auto; min-height: 4; }
    ReportsPlace #trend { height: auto; max-height: 3; padding: 0 2; }
    ReportsPlace #both { layout: vertical; height: 1fr; }
    ReportsPlace #found { height: 1fr; min-height: 5; }
    ReportsPlace #output { height: 1fr; min-height: 4; }
    ReportsPlace #words { padding: 0 2; }
    ReportsPlace.wide #both { layout: horizontal; }
    ReportsPlace.wide #found { width: 1fr; height: 1fr; }
    ReportsPlace.wide #output { width: 1fr; height: 1fr; margin-left: 1; }
    """

    place_title = "Reports"
    place_help = (
        "The reports of a build, those with failures first. Beneath, the failed cases of the selected report, and what "
        "the selected case said; of a coverage report its files, the least covered first. Enter or d shows a case's "
        "whole output."
    )
    slots: ClassVar[tuple[str, ...]] = ("reports", "findings", "trend")
    enters: ClassVar[str] = "output"

    def __init__(self, desk: Desk, build: Build) -> None:
        super().__init__(desk)
        self.ref = build.ref
        self._build = build
        self._reports: Snapshot[tuple[Report, ...]] = Snapshot()
        self._findings: Snapshot[Findings] = Snapshot()
        self._trend: Snapshot[Trend] = Snapshot()
        self._shown_for: Report | None = None

    def body(self) -> ComposeResult:
        """Reports over what the selected one found."""
        table: LineTable[Report] = LineTable(self.look, REPORTS, key=report_key, noun="reports", id="report-table")
        yield Pane(self.look, f"Reports of {self.ref}", table, id="reports")
        trend = CellLines(self.look, self._trend_lines, id="trend")
        trend.can_focus = False
        yield trend
        with Container(id="both"):
            found: LineTable[Any] = LineTable(self.look, CASES, key=_key, noun="failed cases", id="found-table")
            yield Pane(self.look, "Failed cases", found, id="found")
            yield Pane(self.look, "Output", CellLines(self.look, self._words, id="words"), id="output")

    def mounted(self) -> None:
        """What failed has the keys."""
        self.query_one("#found-table").focus()

    def on_resize(self, event: Resize) -> None:
        """Beside each other where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The reports; what the selected one found; how its group has fared."""
        wanted: dict[str, Source[Any]] = {"reports": services.builds.reports.of(self._build.reports)}
        report = self._report()
        if report is not None:
            wanted["findings"] = services.builds.reports.findings(report)
            if report.group_arn:
                wanted["trend"] = services.builds.reports.trend(report)
        return wanted

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "reports":
            self._reports = snapshot
            self.query_one("#report-table", LineTable).show(snapshot.value or (), snapshot=snapshot)
            self.freshen("#reports", snapshot)
            self._select()
        elif slot == "findings":
            self._findings = snapshot
            self._draw_found()
        else:
            self._trend = snapshot
            self.query_one("#trend", CellLines).redraw()

    def _report(self) -> Report | None:
        row = self.query_one("#report-table", LineTable).cursor_row
        return row if isinstance(row, Report) else None

    def _select(self) -> None:
        report = self._report()
        if report != self._shown_for:
            other = report is None or self._shown_for is None or report.ref != self._shown_for.ref
            self._shown_for = report
            if other:
                self._findings, self._trend = Snapshot(), Snapshot()
        self.reread()
        self._draw_found()
        self.query_one("#trend", CellLines).redraw()

    def _draw_found(self) -> None:
        report, found = self._report(), self._findings.value
        covers = report is not None and report.kind == "CODE_COVERAGE"
        table = self.query_one("#found-table", LineTable)
        table.noun = "files" if covers else "failed cases"
        rows: Sequence[Any] = () if found is None else found.files if covers else found.cases
        snapshot: Snapshot[Any] | None = self._findings
        if report is None:
            # Without a report there is nothing to be found: what is wrong is said above.
            snapshot = Snapshot(()) if self._reports.value is not None else None
        table.show(rows, FILES if covers else CASES, snapshot=snapshot)
        more = "there are more" if found is not None and found.more else ""
        title = "Least covered files" if covers else "Failed cases"
        self.query_one("#found", Pane).title_text(f"{title}  {len(rows):,}" if rows else title, more)
        self.freshen("#found", snapshot or Snapshot(()))
        self.query_one("#words", CellLines).redraw()

    def _trend_lines(self, draw: Draw, width: int) -> Sequence[Cell]:
        del width
        report = self._report()
        if report is None:
            return ()
        line = trend_cell(self._trend.value, report, draw)
        cut = cell("CodeBuild keeps only some of its cases", "stale") if report.truncated else EMPTY
        return [one for one in (line, cut) if one]

    def _found(self) -> TestCase | FileCoverage | None:
        row = self.query_one("#found-table", LineTable).cursor_row
        return row if isinstance(row, TestCase | FileCoverage) else None

    def _words(self, draw: Draw, width: int) -> Sequence[Cell]:
        row = self._found()
        if isinstance(row, TestCase):
            return case_lines(row, draw, width, _MOST)
        return file_lines(row, width) if row is not None else ()

    # --- what is selected

    def selected(self) -> Ref | None:
        """The build."""
        return self.ref

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The build."""
        return ((self.ref, self._build),)

    def why_not(self, action: str) -> str | None:
        """Output needs a case."""
        if action in ("enter", "describe") and self._found() is None:
            return "nothing is selected"
        return super().why_not(action)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The selected case or file, the report."""
        row, report = self._found(), self._report()
        forms = []
        if isinstance(row, TestCase):
            forms += [("test case", row.name), ("output", row.message), ("file", row.raw)]
        elif row is not None:
            forms.append(("file", row.path))
        if report is not None:
            forms.append(("report ARN", report.ref.arn))
        return tuple((what, text) for what, text in forms if text)

    def describe(self) -> None:
        """The whole output of the selected case."""
        row, draw = self._found(), self.look.draw()
        if isinstance(row, TestCase):
            self.post_message(self.Described(row.name, lambda width: case_lines(row, draw, width)))
        elif row is not None:
            self.post_message(self.Described(row.path, lambda width: file_lines(row, width)))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """A report's findings have the keys; a case shows its output."""
        event.stop()
        if event.table.id == "report-table":
            self.query_one("#found-table").focus()
        else:
            self.describe()

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Its findings, or its output."""
        event.stop()
        if event.table.id == "report-table":
            self._select()
        else:
            self.query_one("#words", CellLines).redraw()
        self.show_keys()


def _key(row: Any) -> Any:
    return row.key if isinstance(row, TestCase) else row.id or row.path


def case_lines(case: TestCase, draw: Draw, width: int, most: int = 0) -> list[Cell]:
    """A test case: what it is, and what it said.

    Args:
        case: The case.
        draw: The rendering.
        width: Cells of a line.
        most: Characters of its output; 0 for all.
    """
    head = join((status_cell(case.status, draw), cell(case.name, "strong"), cell(brief(case.took), "dim")))
    lines = [head, *facts((("suite", case.suite or case.prefix), ("file", case.raw)), width)]
    if not case.message:
        return [*lines, (), cell("it said nothing", "dim")]
    cut = most and len(case.message) > most
    lines += [(), *block(case.message[:most] if cut else case.message, width)]
    return [*lines, cell(f"{draw.glyphs.ellipsis} enter shows all of it", "dim")] if cut else lines


def file_lines(file: FileCoverage, width: int) -> list[Cell]:
    """A file and how much of it is covered."""
    one = file.coverage
    return facts(
        (
            ("file", file.path),
            ("lines", _part(one.lines_covered, one.lines_missed, one.line_percent)),
            ("branches", _part(one.branches_covered, one.branches_missed, one.branch_percent)),
        ),
        width,
    )


def _part(covered: int | None, missed: int | None, part: float | None) -> str:
    counted = f"{covered:,} covered, {missed:,} missed" if covered is not None and missed is not None else ""
    return ", ".join(one for one in (f"{part:.1f} %" if part is not None else "", counted) if one)
