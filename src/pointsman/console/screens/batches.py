"""Batches of builds, of all projects or of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult

from pointsman.console.desk import Desk
from pointsman.console.present.batches import BATCHES, batch_key
from pointsman.console.screens.base import Place
from pointsman.console.screens.selection import batch_forms
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.batches import Batch, BatchList
from pointsman.model.refs import BatchRef, ProjectRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Batches"]


class Batches(Place):
    """The newest batches."""

    place_title = "Batches"
    place_help = "Batches of builds, newest first, with how their builds stand; enter shows one as a tree."
    slots: ClassVar[tuple[str, ...]] = ("batches",)
    filters = True

    def __init__(self, desk: Desk, project: ProjectRef | None = None) -> None:
        super().__init__(desk)
        self.only_project = project
        self._batches: Snapshot[BatchList] = Snapshot()

    def body(self) -> ComposeResult:
        """The list."""
        table: LineTable[Batch] = LineTable(self.look, BATCHES, key=batch_key, noun="batches", id="batch-table")
        yield Pane(self.look, "Batches", table, id="batches")

    def mounted(self) -> None:
        """The list has the keys."""
        self.query_one("#batch-table").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """Of one project or of all."""
        return {"batches": services.builds.batches.recent(self.only_project)}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        del slot
        self._batches = snapshot
        self._draw()

    def _draw(self) -> None:
        words = self.filter_text.lower().split()
        batches = self._batches.value.batches if self._batches.value is not None else ()
        shown = [one for one in batches if all(word in _words(one) for word in words)]
        self.query_one("#batch-table", LineTable).show(shown, snapshot=self._batches)
        more = "older ones exist" if self._batches.value is not None and self._batches.value.more else ""
        title = f"Batches of {self.only_project}" if self.only_project is not None else "Batches"
        filtered = f"/{self.filter_text}" if self.filter_text else more
        self.query_one("#batches", Pane).title_text(title, filtered)
        self.freshen("#batches", self._batches)

    def filtered(self) -> None:
        """Only what has every word."""
        self._draw()

    def seen(self) -> Iterable[Ref]:
        """Their projects."""
        batches = self._batches.value.batches if self._batches.value is not None else ()
        return [ProjectRef(one.project) for one in batches]

    def _row(self) -> Batch | None:
        row = self.query_one("#batch-table", LineTable).cursor_row
        return row if isinstance(row, Batch) else None

    def selected(self) -> Ref | None:
        """The batch the cursor is on."""
        row = self._row()
        return row.ref if row is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """It."""
        row = self._row()
        return ((row.ref, row),) if row is not None else ()

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms."""
        row = self._row()
        return batch_forms(row.ref, row) if row is not None else ()

    def describe(self) -> None:
        """A batch is described by its own screen."""
        if (ref := self.selected()) is not None:
            self.post_message(self.Opened(ref))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Go in."""
        event.stop()
        if isinstance(event.ref, BatchRef):
            self.post_message(self.Opened(event.ref))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()


def _words(batch: Batch) -> str:
    members = (member.identifier for member in batch.members)
    return " ".join((batch.ref.id, batch.status.word, batch.initiator, batch.resolved_version, *members)).lower()
