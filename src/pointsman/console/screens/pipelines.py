"""The board: one row per pipeline, failed first over what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.present.pipelines import BOARD
from pointsman.console.screens.board_rows import BoardRows
from pointsman.console.screens.remembering import BoardPlace
from pointsman.console.screens.selection import pipeline_forms, troubled
from pointsman.console.screens.wishes import ManyAsked
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.pipelines import Board, PipelineRow, PipelineState
from pointsman.model.refs import PipelineRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Pipelines"]


class Pipelines(BoardPlace):
    """Every pipeline of the account and region."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "problems", "problems only", show=False, id="problems"),
    ]

    place_title = "Pipelines"
    place_help = (
        "One row per pipeline, failed first, then waiting, then moving. The strip is its stages in order, with the "
        "gates between them; a row that could not be read says why. Space marks rows: a then closes or opens a gate in "
        "all of them, each confirmed by itself. A is the inbox of approvals."
    )
    slots: ClassVar[tuple[str, ...]] = ("board",)
    filters = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._board: Snapshot[Board] = Snapshot()
        self._problems = False
        self._rows = BoardRows()

    def body(self) -> ComposeResult:
        """The board."""
        table: LineTable[PipelineRow] = LineTable(
            self.look, BOARD, key=lambda row: row.ref, noun="pipelines", id="board"
        )
        yield Pane(self.look, "Pipelines", table, number="2", id="pipelines")

    def mounted(self) -> None:
        """The board has the keys."""
        self.query_one("#board", LineTable).focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The board."""
        return {"board": services.pipelines.board()}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        del slot
        self._board = snapshot
        self._draw()

    def _draw(self) -> None:
        board = self._board.value
        shown = self._rows.arranged(board, self.filter_text)
        if self._problems:
            shown = [row for row in shown if troubled(row)]
        words = self.filter_text.lower().split()
        table = self.query_one("#board", LineTable)
        table.show(shown, snapshot=replace(self._board, partial=""), whole=not self._board.partial)
        table.highlight(words[0] if len(words) == 1 else "")
        pane = self.query_one("#pipelines", Pane)
        self.freshen("#pipelines", self._board)
        pane.title_text(self._title_of(len(shown), len(board) if board is not None else 0))

    def _title_of(self, shown: int, known: int) -> str:
        title = "Pipelines" if shown == known else f"Pipelines  {shown:,} of {known:,} shown"
        if shown == known and known:
            title = f"Pipelines  {known:,}"
        if self.filter_text:
            title += f"  /{self.filter_text}"
        return title + ("  problems only" if self._problems else "")

    def filtered(self) -> None:
        """Only rows that have every word, in name, status, commit or message."""
        self._draw()

    def seen(self) -> Iterable[Ref]:
        """Every pipeline."""
        return [row.ref for row in self._board.value.rows] if self._board.value is not None else ()

    def action_problems(self) -> None:
        """Only what needs somebody, or everything again."""
        self._problems = not self._problems
        self._draw()

    def selected(self) -> Ref | None:
        """The pipeline the cursor is on."""
        ref = self.query_one("#board", LineTable).cursor_ref
        return ref if isinstance(ref, PipelineRef) else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The pipeline."""
        row = self.query_one("#board", LineTable).cursor_row
        return ((row.ref, row.state),) if isinstance(row, PipelineRow) else ()

    def _marked(self) -> tuple[PipelineState, ...]:
        """The marked pipelines that have been read, in the order shown."""
        table = self.query_one("#board", LineTable)
        return tuple(row.state for row in table.rows if row.ref in table.marked and row.state is not None)

    def action_actions(self) -> None:
        """What can be done with the selection; with marks, what can be done to the gates of all of them."""
        marked = self._marked()
        if len(marked) > 1 and self.connection is not None:
            self.post_message(ManyAsked(marked))
        else:
            super().action_actions()

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its name first."""
        row = self.query_one("#board", LineTable).cursor_row
        return pipeline_forms(row.ref, row.state, self.desk.identity) if isinstance(row, PipelineRow) else ()

    def describe(self) -> None:
        """What is selected is described by its own screen."""
        if (ref := self.selected()) is not None:
            self.post_message(self.Opened(ref))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Go in."""
        event.stop()
        if isinstance(event.ref, PipelineRef):
            self.post_message(self.Opened(event.ref))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()
