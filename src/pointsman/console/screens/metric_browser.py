"""The browser of metrics: namespaces, the dimensions in them, the metrics; searched through on every level."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from pointsman.console import pins
from pointsman.console.desk import Desk
from pointsman.console.present.metric_browser import METRICS, NAMES, ShelfRow, row_key
from pointsman.console.present.metrics import row_words
from pointsman.console.screens.base import Place
from pointsman.console.screens.wishes import PlotAsked
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.table import LineTable
from pointsman.model.metric_tree import Path, Shelf, shelves
from pointsman.model.metrics import RANGES, MetricList
from pointsman.model.refs import MetricRef, Ref
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["MetricBrowser"]


class MetricBrowser(Place):
    """Every metric there is.

    Args:
        desk: The shared state.
        namespace: Where to begin; empty at the root.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pin", "pin", id="pin"),
        Binding("b", "recent", "recent or all", id="everything"),
        Binding("left", "up", "up", show=False, id="level-up"),
    ]

    place_title = "Browse metrics"
    place_help = (
        "Every metric, by namespace and by the names of its dimensions. Enter goes a level down and draws a metric, "
        "space marks metrics to be drawn together; esc goes up. The filter looks through everything below: namespace, "
        "name and dimensions. p pins a metric to the board. b asks for all metrics of the last two weeks; otherwise it "
        "is those with data in the last three hours, which is what CloudWatch can tell apart."
    )
    slots: ClassVar[tuple[str, ...]] = ("metrics",)
    filters = True
    filter_hint = "words of namespace, name and dimensions"
    enters: ClassVar[str] = "open"

    def __init__(self, desk: Desk, namespace: str = "") -> None:
        super().__init__(desk)
        self.only = namespace
        self.path = Path(namespace)
        self._recent = True
        self._listed: Snapshot[MetricList] = Snapshot()
        self._words: dict[MetricRef, str] = {}
        self._shelves: tuple[Shelf, ...] = ()
        self._found = 0
        """How many metrics the filter leaves on this level and below."""

    def body(self) -> ComposeResult:
        """One level."""
        table: LineTable[ShelfRow] = LineTable(self.look, NAMES, key=row_key, noun="metrics", id="shelf-table")
        yield Pane(self.look, "Metrics", table, id="shelves")

    def mounted(self) -> None:
        """The level has the keys."""
        self.query_one("#shelf-table").focus()

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """Every metric; of a namespace alone where there are too many to read all of them."""
        namespace = self.path.namespace if self._lacks or self.only else ""
        return {"metrics": services.metrics.listing(recent=self._recent, namespace=namespace)}

    _lacks = False
    """Whether the list of everything was cut off."""

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        del slot
        self._listed = snapshot
        if snapshot.value is not None and snapshot.value.more and not snapshot.partial.endswith("so far"):
            self._lacks = True
        self._count()

    # --- counting, beside the loop: there may be a hundred thousand

    def _count(self) -> None:
        self.work_on("count the metrics", self._counted, group="count")

    async def _counted(self) -> None:
        listed = self._listed.value.metrics if self._listed.value is not None else ()
        words, path = self.filter_text.lower().split(), self.path

        def count() -> tuple[tuple[Shelf, ...], int]:
            found = [one for one in listed if path.holds(one) and self._fits(one, words)]
            return shelves(found, path), len(found)

        self._shelves, self._found = await asyncio.to_thread(count)
        self._draw()

    def _fits(self, ref: MetricRef, words: list[str]) -> bool:
        if not words:
            return True
        said = self._words.get(ref)
        if said is None:
            said = self._words[ref] = row_words(ref)
        return all(word in said for word in words)

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        pinned = set(pins.pinned(self.desk))
        watched = self.connection.services.metrics.watched if self.connection is not None else lambda _: False
        rows = [ShelfRow(one, one.ref in pinned, one.ref is not None and watched(one.ref)) for one in self._shelves]
        columns = NAMES if self.path.dimensions is None else METRICS
        self.query_one("#shelf-table", LineTable).show(rows, columns, snapshot=self._listed)
        self.freshen("#shelves", self._listed)
        known = len(self._listed.value.metrics) if self._listed.value is not None else 0
        parts = [self.path.words, f"{self._found:,} of {known:,}" if self._found != known else f"{known:,}"]
        parts += ["active in the last 3h" if self._recent else "all of two weeks"]
        parts += [f"/{self.filter_text}"] if self.filter_text else []
        self.query_one("#shelves", Pane).title_text("Metrics", "  ".join(one for one in parts if one))
        self.show_keys()

    def filtered(self) -> None:
        """Other words: other counts."""
        self._count()

    # --- getting about

    def _go(self, path: Path) -> None:
        before = self.path
        self.path = path
        table = self.query_one("#shelf-table", LineTable)
        table.clear_marks()
        if self._lacks and before.namespace != path.namespace:
            self._listed = Snapshot()
            self.reread("metrics")
        self._shelves = ()
        self._count()

    def action_up(self) -> None:
        """A level up."""
        if (up := self.path.up) is not None:
            self._go(up)

    def action_back(self) -> None:
        """Close the filter, a level up, or leave."""
        if not self.filter_text and self.path.up is not None and self.path != Path(self.only):
            self.action_up()
        else:
            super().action_back()

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """A level down; the marked metrics on one pair of axes, or the selected one."""
        event.stop()
        row = self._row()
        if row is None:
            return
        if row.shelf.ref is None:
            self._go(row.shelf.path)
            return
        table = self.query_one("#shelf-table", LineTable)
        marked = tuple(
            one.shelf.ref for one in table.rows if row_key(one) in table.marked and one.shelf.ref is not None
        )
        self.post_message(PlotAsked(marked or (row.shelf.ref,), RANGES[2], "Average", None))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()

    def action_pin(self) -> None:
        """Pin the metric to the board, or let it go."""
        ref = self.selected()
        if self.say_why_not("pin") or not isinstance(ref, MetricRef):
            return
        if (wrong := pins.toggle(self.desk, ref)) is not None:
            self.notify(wrong, markup=False, severity="warning", timeout=5)
        self._draw()

    def action_recent(self) -> None:
        """What has data now, or everything of two weeks."""
        self._recent = not self._recent
        self._listed, self._lacks = Snapshot(), False
        self.reread("metrics")
        self._count()

    # --- what is selected

    def seen(self) -> Iterable[Ref]:
        """The metrics of this level."""
        return [one.ref for one in self._shelves if one.ref is not None]

    def _row(self) -> ShelfRow | None:
        row = self.query_one("#shelf-table", LineTable).cursor_row
        return row if isinstance(row, ShelfRow) else None

    def selected(self) -> Ref | None:
        """The metric the cursor is on."""
        row = self._row()
        return row.shelf.ref if row is not None else None

    def targets(self) -> tuple[tuple[Ref, Any], ...]:
        """The metric."""
        ref = self.selected()
        return ((ref, None),) if ref is not None else ()

    def why_not(self, action: str) -> str | None:
        """Names of namespaces cannot be pinned."""
        if action == "enter":
            return "there is nothing here" if self._row() is None else None
        if action == "pin" and self.selected() is None:
            return "only a metric can be pinned: enter goes down to them"
        return super().why_not(action)

    def describe(self) -> None:
        """A metric is described by its plot."""
        ref = self.selected()
        if isinstance(ref, MetricRef):
            self.post_message(PlotAsked((ref,), timedelta(hours=3), "Average", None))
