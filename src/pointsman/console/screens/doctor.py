"""The doctor: what is wrong with one thing, or with everything, on what that rests, and the next step."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from pointsman.console.desk import Desk
from pointsman.console.dialogs.words import paragraph
from pointsman.console.present.cells import Cell, cell
from pointsman.console.present.doctor import FINDINGS, FindingRow, row_key, rows_of, summary
from pointsman.console.present.look import Draw
from pointsman.console.screens.base import Place
from pointsman.console.troubles import fault_of
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.errors import Fault, UsageError
from pointsman.model.doctor import Diagnosis
from pointsman.model.refs import Ref
from pointsman.model.snapshot import Snapshot

__all__ = ["DoctorPlace"]


class DoctorPlace(Place):
    """What is wrong.

    Args:
        desk: The shared state.
        asked: What about, as the command line has it; empty for everything.
    """

    DEFAULT_CSS = """
    DoctorPlace #findings { height: 1fr; }
    DoctorPlace #why { height: 12; padding: 0 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = []

    place_title = "Doctor"
    place_help = (
        "Looks at who is asking, and at one thing or at everything: pipelines that do not move, builds and deployments "
        "that failed, traces that are missing; says on what each finding rests and what to do next. Enter goes there, "
        "ctrl+r looks again. :doctor pipeline NAME, build ID, deployment ID, metric NAMESPACE/NAME, traces."
    )
    slots: ClassVar[tuple[str, ...]] = ()
    enters: ClassVar[str] = "go there"

    def __init__(self, desk: Desk, asked: str = "", at: datetime | None = None) -> None:
        super().__init__(desk)
        del at
        self.only = asked
        self._found: Diagnosis | None = None
        self._doing = ""
        self._wrong = ""
        self._fault: Fault | None = None
        """Why it could not look."""

    @property
    def crumb(self) -> str:
        """What it is about."""
        return f"Doctor {self.only}".strip()

    def body(self) -> ComposeResult:
        """The findings, and the selected one in full."""
        table: LineTable[FindingRow] = LineTable(self.look, FINDINGS, key=row_key, noun="findings", id="findings-table")
        yield Pane(self.look, "Doctor", table, id="findings")
        yield Pane(self.look, "Why", CellLines(self.look, self._why, id="why"), id="evidence")

    def mounted(self) -> None:
        """Look at once."""
        self.query_one("#findings-table").focus()
        self._draw()

    def reread(self, *anew: str) -> None:
        """Look, once there is a connection."""
        super().reread(*anew)
        if self._found is None and not self._doing and self.connection is not None and self.is_mounted:
            self.action_refresh()

    def action_refresh(self) -> None:
        """Look again."""
        connection = self.connection
        if connection is None:
            return

        async def look() -> None:
            from pointsman.services.doctor import Doctor, thing

            try:
                wanted = thing(tuple(shlex.split(self.only)))
            except (UsageError, ValueError) as error:
                hint = getattr(error, "hint", "") or ""
                self._wrong, self._doing = f"{error}: {hint}", ""
                self._draw()
                return
            self._wrong = ""
            try:
                self._found = await Doctor(connection.services).look(wanted, self._tell)
                self._fault = None
            except Exception as error:
                self._fault = fault_of(error)
                raise
            finally:
                self._doing = ""
                if self.is_mounted:
                    self._draw()

        self._doing = "beginning"
        self._draw()
        self.work_on("look at what is wrong", look, group="doctor")

    def _tell(self, doing: str) -> None:
        self._doing = doing
        if self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        found = self._found or Diagnosis()
        snapshot: Snapshot[Any] = Snapshot(value=found, fetched_at=self.desk.now(), fault=self.desk.fault)
        if self._found is None and not self._wrong:  # nothing was found out: that is no clean bill of health
            snapshot = Snapshot(fault=self._fault or self.desk.fault)
        self.query_one("#findings-table", LineTable).show(rows_of(found), snapshot=snapshot)
        said = self._wrong or (f"looking at {self._doing} …" if self._doing else summary(found) if self._found else "")
        self.query_one("#findings", Pane).title_text("Doctor", f"{self.only}  {said}".strip())
        self.query_one("#why", CellLines).redraw()
        self.show_keys()

    def _why(self, draw: Draw, width: int) -> Sequence[Cell]:
        del draw
        row = self._row()
        room = max(20, width - 2)
        if row is None:
            looked = self._found.looked if self._found is not None else ()
            return [cell("looked at:", "dim"), *(cell(one) for one in looked)] if looked else ()
        lines: list[Cell] = [*paragraph(row.finding.what, room, "strong")]
        lines += [(("  ", ""), *line) for one in row.finding.evidence for line in paragraph(one, room - 2)]
        if row.finding.step:
            lines += [(), *paragraph(row.finding.step, room, "hint")]
        return lines

    # --- what is selected

    def _row(self) -> FindingRow | None:
        row = self.query_one("#findings-table", LineTable).cursor_row
        return row if isinstance(row, FindingRow) else None

    def selected(self) -> Ref | None:
        """What the finding is about."""
        row = self._row()
        return row.finding.ref if row is not None else None

    def why_not(self, action: str) -> str | None:
        """A finding may be about nothing that has a screen."""
        if action == "enter" and self._row() is not None and self.selected() is None:
            return "there is no screen for it"
        return super().why_not(action)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The finding as text."""
        row = self._row()
        if row is None:
            return ()
        whole = "\n".join((row.finding.what, *(f"  {one}" for one in row.finding.evidence), row.finding.step))
        return (("finding", whole),)

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Go there."""
        event.stop()
        ref = self.selected()
        if ref is not None:
            self.post_message(self.Opened(ref))
        else:
            self.say_why_not("enter")

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other evidence."""
        event.stop()
        self.query_one("#why", CellLines).redraw()
        self.show_keys()
