"""Dashboards: CloudWatch's, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult

from pointsman.console.desk import Desk
from pointsman.console.present.dashboards import LIST, row_key
from pointsman.console.screens.base import Place
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.dashboards import DashboardEntry, DashboardList
from pointsman.model.refs import DashboardRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["Dashboards"]


class Dashboards(Place):
    """The list."""

    place_title = "Dashboards"
    place_help = (
        "CloudWatch's dashboards. Enter draws one from its own JSON; :dashboard NAME goes there directly, and begins a "
        "new one where there is none of the name."
    )
    slots: ClassVar[tuple[str, ...]] = ("dashboards",)
    filters = True

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._listed: Snapshot[DashboardList] = Snapshot()

    def body(self) -> ComposeResult:
        """The list."""
        table: LineTable[DashboardEntry] = LineTable(self.look, LIST, key=row_key, noun="dashboards", id="list")
        yield Pane(self.look, "Dashboards", table, id="dashboards")

    def mounted(self) -> None:
        """The list has the keys."""
        self.query_one("#list").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """Every dashboard."""
        return {"dashboards": services.dashboards.listed()}

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        del slot
        self._listed = snapshot
        self._draw()

    def _draw(self) -> None:
        entries = self._listed.value.entries if self._listed.value is not None else ()
        words = self.filter_text.lower().split()
        shown = [one for one in entries if all(word in one.ref.name.lower() for word in words)]
        self.query_one("#list", LineTable).show(shown, snapshot=self._listed)
        self.freshen("#dashboards", self._listed)
        known = f"{len(shown):,}" if len(shown) == len(entries) else f"{len(shown):,} of {len(entries):,} shown"
        more = "+" if self._listed.value is not None and self._listed.value.more else ""
        extra = f"{known}{more}" if entries else ""
        self.query_one("#dashboards", Pane).title_text("Dashboards", extra)

    def filtered(self) -> None:
        """Other words."""
        self._draw()

    # --- what is selected

    def seen(self) -> Iterable[Ref]:
        """Every dashboard."""
        return [one.ref for one in self._listed.value.entries] if self._listed.value is not None else ()

    def _row(self) -> DashboardEntry | None:
        row = self.query_one("#list", LineTable).cursor_row
        return row if isinstance(row, DashboardEntry) else None

    def selected(self) -> Ref | None:
        """The dashboard the cursor is on."""
        row = self._row()
        return row.ref if row is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """It; what is in it is read when something is to be done."""
        row = self._row()
        return ((row.ref, None),) if row is not None else ()

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its name, its ARN, the command."""
        row = self._row()
        if row is None:
            return ()
        forms = [("dashboard name", row.ref.name)]
        forms += [("ARN", row.arn)] if row.arn else []
        return (*forms, ("CLI line", f"aws cloudwatch get-dashboard --dashboard-name {row.ref.name}"))

    def describe(self) -> None:
        """A dashboard is described by what it draws."""
        if (ref := self.selected()) is not None:
            self.post_message(self.Opened(ref))

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Into it."""
        event.stop()
        if isinstance(event.ref, DashboardRef):
            self.post_message(self.Opened(event.ref))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()
