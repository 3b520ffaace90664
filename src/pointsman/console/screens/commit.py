"""One commit: every pipeline, stage and build it is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console.desk import Desk
from pointsman.console.dialogs.words import paragraph
from pointsman.console.present.cells import Cell, cell, join
from pointsman.console.present.look import Draw
from pointsman.console.present.sightings import SIGHTINGS, looked_through, sighting_key, sighting_words
from pointsman.console.screens.base import Place
from pointsman.console.screens.selection import build_forms, execution_forms
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.builds import BuildList
from pointsman.model.pipelines import Board
from pointsman.model.refs import BuildRef, CommitRef, ExecutionRef, PipelineRef, Ref
from pointsman.model.sightings import NO_PAST, Past, Sighting, Sightings, sightings
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["CommitPlace"]


class CommitPlace(Place):
    """Where a commit is."""

    DEFAULT_CSS = """
    CommitPlace #about { height: auto; max-height: 6; padding: 0 2; }
    """

    place_title = "Commit"
    place_help = (
        "Every run and build of a commit, among what has been read: the newest runs of each pipeline and the newest "
        "builds. f looks a hundred runs of each pipeline and a hundred builds further back each time, one call for "
        "each. Enter goes to the run or the build."
    )
    slots: ClassVar[tuple[str, ...]] = ("board", "builds", "past", "older")

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f", "further", "further back", id="further")]

    filters = True

    def __init__(self, desk: Desk, ref: CommitRef) -> None:
        super().__init__(desk)
        self.ref = ref
        self._board: Snapshot[Board] = Snapshot()
        self._builds: Snapshot[BuildList] = Snapshot()
        self._past: Snapshot[Past] = Snapshot(NO_PAST)
        self._older: Snapshot[BuildList] = Snapshot()
        self._pages = 0
        """How many pages of each history are read, beside the newest of all."""
        self._named: tuple[PipelineRef, ...] = ()
        """The pipelines whose histories are read: those there were when that was asked for."""
        self._found = Sightings(ref)

    def body(self) -> ComposeResult:
        """What it is over where it is."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        table: LineTable[Sighting] = LineTable(self.look, SIGHTINGS, key=sighting_key, noun="places", id="place-table")
        yield Pane(self.look, f"Commit {self.ref}", table, id="places")

    def mounted(self) -> None:
        """The places have the keys."""
        self.query_one("#place-table").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The pipelines and the recent builds, as other screens read them."""
        wanted: dict[str, Source[Any]] = {"board": services.pipelines.board(), "builds": services.builds.recent()}
        if self._pages:
            wanted["past"] = services.pipelines.past(self._named, self._pages)
            wanted["older"] = services.builds.past(self._pages + 1)
        return wanted

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Look through it."""
        if slot == "board":
            self._board = snapshot
        elif slot == "builds":
            self._builds = snapshot
        elif slot == "past":
            # What was read is kept while more is being read.
            self._past = replace(snapshot, value=snapshot.value or self._past.value)
        else:
            self._older = replace(snapshot, value=snapshot.value or self._older.value)
        self._look()

    def _look(self) -> None:
        recent, older = self._builds.value or BuildList(), self._older.value
        builds = (*recent.builds, *(older.builds if older is not None else ()))
        more = older.more if older is not None else recent.more
        self._found = sightings(self.ref, self._board.value, builds, self._past.value or NO_PAST, more=more)
        self._draw()

    def disconnected(self) -> None:
        """Another account has another past."""
        self._pages, self._named = 0, ()
        self._past, self._older = Snapshot(NO_PAST), Snapshot()
        super().disconnected()

    def why_not(self, action: str) -> str | None:
        """There must be something further back."""
        if action == "further":
            if self._board.value is None:
                return "the pipelines are still being read"
            if self._reading():
                return "it is being read"
            if not self._found.more:
                return "everything has been looked through"
        return super().why_not(action)

    def _reading(self) -> str:
        """How far the reading of what lies further back is; empty when it is done, or nobody asked."""
        return self._past.partial or self._older.partial if self._pages else ""

    def action_further(self) -> None:
        """Look a page of each history further back."""
        if self.say_why_not("further") or self._board.value is None:
            return
        self._pages += 1
        self._named = tuple(row.ref for row in self._board.value.rows)
        self.reread()

    def _draw(self) -> None:
        words = self.filter_text.lower().split()
        shown = [one for one in self._found.found if all(word in sighting_words(one) for word in words)]
        told = self._told()
        table_told = replace(told, partial="") if shown else told  # the pane's corner says it
        self.query_one("#place-table", LineTable).show(shown, snapshot=table_told)
        filtered = f"/{self.filter_text}" if self.filter_text else ""
        self.query_one("#places", Pane).title_text(self._heading(), filtered)
        self.freshen("#places", told)
        self.query_one("#about", CellLines).redraw()

    def _heading(self) -> str:
        count = len(self._found)
        return f"Commit {self.ref}  {count:,}" if count else f"Commit {self.ref}"

    def _told(self) -> Snapshot[Any]:
        """What is wrong with either of the two; nothing is called missing while both are still being read."""
        every = (self._board, self._builds, self._past, self._older)
        loud = next((one for one in every if one.fault is not None), None)
        read = self._board.value is not None and not self._board.partial
        found = self._found if self._found.found or read else None
        if loud is not None:
            return Snapshot(found, loud.fetched_at, loud.fault, loud.failures, loud.next_try)
        return Snapshot(found, self._board.fetched_at, partial=self._reading() or self._board.partial)

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        found = self._found
        lines: list[Cell] = []
        revision = next((one.revision for one in found.found if one.revision is not None), None)
        if len(found.ids) > 1:
            lines += paragraph(
                f"{len(found.ids)} commits begin so: {', '.join(one[:12] for one in found.ids)}", width, "stale"
            )
        elif revision is not None:
            by = cell(f"by {revision.author}", "dim") if revision.author else ()
            lines.append(join((cell(revision.id, "strong"), by, cell(draw.age(revision.created), "dim"))))
            lines += paragraph(revision.summary, width)
        elif found.ids:
            lines.append(cell(found.ids[0], "strong"))
        if self._board.value is not None:
            lines += paragraph(looked_through(found), width, "dim")
        return lines

    # --- what is selected

    def filtered(self) -> None:
        """Only what has every word."""
        self._draw()

    def seen(self) -> Iterable[Ref]:
        """Every pipeline."""
        return [row.ref for row in self._board.value.rows] if self._board.value is not None else ()

    def _row(self) -> Sighting | None:
        row = self.query_one("#place-table", LineTable).cursor_row
        return row if isinstance(row, Sighting) else None

    def selected(self) -> Ref | None:
        """The run or build the cursor is on."""
        row = self._row()
        return row.ref if row is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """It, with what is known of it."""
        row = self._row()
        if row is None:
            return ()
        if isinstance(row.ref, BuildRef):
            return ((row.ref, row.build),)
        rows = self._board.value.rows if self._board.value is not None else ()
        return ((row.ref, next((one.state for one in rows if one.ref.name == row.ref.pipeline), None)),)

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The selection's forms, and the commit."""
        row = self._row()
        whole = (("commit", self._found.ids[0] if len(self._found.ids) == 1 else self.ref.id),)
        if row is None:
            return whole
        if isinstance(row.ref, BuildRef):
            return (*build_forms(row.ref, row.build, self.desk.identity), *whole)
        return (*execution_forms(row.ref), *whole)

    def describe(self) -> None:
        """What is selected is described by its own screen."""
        if (ref := self.selected()) is not None:
            self.post_message(self.Opened(ref))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Go in."""
        event.stop()
        if isinstance(event.ref, BuildRef | ExecutionRef):
            self.post_message(self.Opened(event.ref))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()
