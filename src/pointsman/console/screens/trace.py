"""One trace: its waterfall, and what is known of the span that is selected."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize

from pointsman.config.paths import state_folder
from pointsman.console.desk import Desk
from pointsman.console.present.cells import Cell
from pointsman.console.present.faults import freshness
from pointsman.console.present.keys import KeyHint
from pointsman.console.present.look import Draw
from pointsman.console.present.trace_operations import COLUMNS as OPERATIONS
from pointsman.console.present.trace_operations import OperationRow, row_key
from pointsman.console.saving import saved
from pointsman.console.screens import span_tabs as tabs
from pointsman.console.screens import span_words as words
from pointsman.console.screens.service_map_words import forms as service_forms
from pointsman.console.screens.trace_nodes import TraceNodes
from pointsman.console.screens.trace_words import leaving_out, log_lines, moment, trace_forms
from pointsman.console.screens.wishes import PickAsked
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.service_graph import ServiceGraph
from pointsman.console.widgets.table import LineTable
from pointsman.console.widgets.waterfall import Waterfall
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import LogGroupRef, Ref, TailRef, TraceRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.trace_export import exported
from pointsman.model.trace_logs import log_groups
from pointsman.model.trace_operations import statistics
from pointsman.semantics.traces.documents import Piece

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["TracePlace"]

WIDE = 150
TALL = 34
VIEWS = ("waterfall", "operations", "map")
"""What a trace can be looked at as, in the order of the key."""


class TracePlace(TraceNodes):
    """A trace's detail."""

    DEFAULT_CSS = """
    TracePlace #about { height: 2; padding: 0 2; }
    TracePlace #both { layout: vertical; height: 1fr; }
    TracePlace #trace { height: 1fr; min-height: 4; }
    TracePlace #span { height: 7; }
    TracePlace.tall #span { height: 14; }
    TracePlace.wide #both { layout: horizontal; }
    TracePlace.wide #trace { width: 2fr; height: 1fr; }
    TracePlace.wide #span { width: 1fr; height: 1fr; margin-left: 1; }
    TracePlace #details { padding: 0 2; }
    TracePlace #operations, TracePlace #map { display: none; }
    TracePlace.operations #operations { display: block; }
    TracePlace.operations #waterfall { display: none; }
    TracePlace.map #map { display: block; padding: 0 1; }
    TracePlace.map #waterfall { display: none; }
    TracePlace.operations #span { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "failed", "next failure", id="first-error"),
        Binding("v", "view(1)", "operations, map", id="trace-view"),
        Binding("l", "logs", "logs", id="logs"),
        Binding("right_square_bracket", "tab(1)", "details", key_display="]", id="next-tab"),
        Binding("left_square_bracket", "tab(-1)", "details back", key_display="[", show=False, id="previous-tab"),
        Binding("s", "leave_out", "leave out", show=False, id="leave-out"),
        Binding("ctrl+s", "save", "save as JSON", key_display="^s", show=False, id="save"),
        Binding("f", "tail", "follow its logs", show=False, id="tail"),
        Binding("n", "match(1)", "next match", show=False, id="next"),
        Binding("N", "match(-1)", "previous match", show=False, id="previous"),
    ]

    place_title = "Trace"
    place_help = (
        "A line per span. The heavy rule in a bar is the critical path: where the request waited for that span "
        "itself. Marks: fault, ! error, T throttled by itself; a circle when only something below it was; then an "
        "exception, a lost parent (?), or in progress. Enter folds, left and right fold and go up and down, ( and ) "
        "fold by level, s leaves out services or short spans; + and _ zoom, . zooms to the span, = shows all, H and L "
        "move. e goes to the next failure. The filter searches names, URLs, key=value of annotations and exceptions; "
        "-word leaves out; n and N go on. ] turns the details' pages, v shows the operations and the map of this "
        "trace, where enter goes to a service's spans; l leads to its logs, f follows them, M leads to metrics and T "
        "to traces of the service. x compares it with another trace, p reads more of the loaded traces to tell "
        "percentiles from. Tab is the details, d the span's document, J what X-Ray says of the trace, ctrl+s saves "
        "it."
    )
    slots: ClassVar[tuple[str, ...]] = ("trace",)
    filters = True
    filter_hint = "checkout, tenant=gold, timeout -retry"
    enters = "fold"

    def __init__(self, desk: Desk, ref: TraceRef) -> None:
        super().__init__(desk)
        self.ref = ref
        self._trace: Snapshot[OpenedTrace] = Snapshot()
        self._tab = tabs.TABS[0]
        """The page of the details a person turned to: the next span shows it too, where it has it."""
        self._view = VIEWS[0]
        self._viewed: dict[str, OpenedTrace] = {}
        """Of each other view the trace that it shows."""
        self._marked = ""
        """The service whose spans are marked in place of what was searched for."""
        self._logged: tuple[OpenedTrace | None, tuple[str, ...]] = (None, ())

    def body(self) -> ComposeResult:
        """What it is, the waterfall, the span."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        with Container(id="both"):
            operations: LineTable[OperationRow] = LineTable(
                self.look, OPERATIONS, key=row_key, noun="operations", id="operations"
            )
            parts = (Waterfall(self.look, id="waterfall"), operations, ServiceGraph(self.look, id="map"))
            yield Pane(self.look, "Trace", *parts, id="trace")
            yield Pane(self.look, "Span", CellLines(self.look, self._details, id="details"), id="span")

    def mounted(self) -> None:
        """The waterfall has the keys."""
        self.query_one("#waterfall").focus()

    def on_resize(self, event: Resize) -> None:
        """The span beside the waterfall where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")
        self.set_class(event.size.height >= TALL, "tall")

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The trace."""
        return {"trace": services.traces.trace(self.ref)}

    # --- showing

    @property
    def _waterfall(self) -> Waterfall:
        return self.query_one("#waterfall", Waterfall)

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        del slot
        before, self._trace = self._trace.value, snapshot
        self._waterfall.show(snapshot)
        if self._trace.value is not before:
            self._marked = ""
            if self.filter_text:
                self._waterfall.search(self.filter_text)
        self.freshen("#trace", snapshot)
        self.query_one("#about", CellLines).redraw()
        self._draw_title()
        self._draw_details()
        self._draw_view()
        self.widen_by_itself()

    def _draw_title(self, more: str = "") -> None:
        found = self._waterfall.found
        parts = {"operations": ["by operation"], "map": ["as a map"]}.get(self._view, [])
        parts.append(self.ref.id)
        if self._waterfall.pruned:
            parts.append(f"{self._waterfall.pruned:,} spans left out")
        if sought := self._marked or (f"/{self.filter_text}" if self.filter_text else ""):
            parts.append(f"{sought}: {found:,} span{'s' * (found != 1)}{more}")
        self.query_one("#trace", Pane).title_text("Trace", "  ".join(parts))

    def _draw_details(self) -> None:
        """The page of the span the cursor is on; of the map's the service."""
        if self.mapped:
            self.query_one("#span", Pane).title_text("Service", "")
            self.query_one("#details", CellLines).redraw()
            return
        piece = self._piece()
        shown = self._tab if piece is not None and self._tab in tabs.tabs_of(piece) else tabs.TABS[0]
        self.query_one("#span", Pane).title_text("Span", tabs.strip(piece, shown) if piece is not None else "")
        self.query_one("#details", CellLines).redraw()

    def _piece(self) -> Piece | None:
        opened, place = self._trace.value, self._waterfall.place
        return opened.trace.pieces[place] if opened is not None and place is not None else None

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        del width
        if self._trace.value is None:
            return ()
        lines = words.about(self._trace.value, draw)
        if self._trace.fault is not None:
            return (lines[0], freshness(self._trace, draw, "trace"))
        return lines

    def _details(self, draw: Draw, width: int) -> Sequence[Cell]:
        if self.mapped:
            return self.node_lines(draw, max(20, width - 1))
        opened = self._trace.value
        place = self._waterfall.place if opened is not None else None
        if opened is None or place is None:
            return ()
        return tabs.lines(opened, place, self._tab, draw, max(20, width - 1), self.standing(opened, place))

    def on_span_cursor_highlighted(self, event: Waterfall.Highlighted) -> None:
        """Another span: its details, from the top."""
        event.stop()
        self._draw_details()
        self.query_one("#details", CellLines).action_edge(0)
        self.show_keys()

    def action_tab(self, way: int) -> None:
        """The next or previous page of the details."""
        piece = self._piece()
        if piece is not None and not self.say_why_not("tab"):
            shown = self._tab if self._tab in tabs.tabs_of(piece) else tabs.TABS[0]
            self._tab = tabs.following(piece, shown, way)
            self._draw_details()
            self.query_one("#details", CellLines).action_edge(0)

    # --- the other views

    def hints(self) -> tuple[KeyHint, ...]:
        """In the operations and in the map enter goes to spans."""
        first, *rest = super().hints()
        leads = {"operations": "longest span", "map": "its spans"}
        return (replace(first, label=leads.get(self._view, first.label)), *rest)

    @property
    def mapped(self) -> bool:
        """Whether the map shows."""
        return self._view == "map"

    def go_to_spans(self, places: Sequence[int], name: str) -> None:
        """Show some spans in the waterfall, the first under the cursor; n and N go through them."""
        self._show_view(VIEWS[0])
        if places:
            self._waterfall.mark(places)
            self._marked = name
            self._draw_title()
            self.show_keys()

    def action_view(self, way: int) -> None:
        """The waterfall, the operations of this trace, its map."""
        if not self.say_why_not("view"):
            self._show_view(VIEWS[(VIEWS.index(self._view) + way) % len(VIEWS)])

    def _show_view(self, view: str) -> None:
        self._view = view
        for one in VIEWS[1:]:
            self.set_class(one == self._view, one)
        self.query_one(f"#{'waterfall' if self._view == VIEWS[0] else self._view}").focus()
        self._draw_title()
        self._draw_details()
        self._draw_view()
        self.show_keys()

    def on_service_graph_highlighted(self, event: ServiceGraph.Highlighted) -> None:
        """Another service: its details, from the top."""
        event.stop()
        self._draw_details()
        self.query_one("#details", CellLines).action_edge(0)
        self.show_keys()

    def _draw_view(self) -> None:
        opened = self._trace.value
        if self._view == VIEWS[0] or opened is None or self._viewed.get(self._view) is opened:
            return
        self._viewed[self._view] = opened
        work = self._count if self._view == "operations" else self.draw_map
        self.work_on(f"make the {self._view} of the trace", partial(work, opened), group=self._view)

    async def _count(self, opened: OpenedTrace) -> None:
        found = await asyncio.to_thread(statistics, opened)
        whole = sum(opened.timing.critical)
        if opened is self._viewed.get("operations"):
            self.query_one("#operations", LineTable).show([OperationRow(one, whole) for one in found], snapshot=None)

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """From an operation to its longest span."""
        event.stop()
        row = event.table.cursor_row
        if isinstance(row, OperationRow) and (opened := self._viewed.get("operations")) is not None:
            spans = opened.trace.spans
            self._show_view(VIEWS[0])
            self._waterfall.move_to(max(row.stats.places, key=lambda place: (spans[place].duration, -place)))

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Other keys may lead somewhere now."""
        event.stop()
        self.show_keys()

    # --- leaving out

    def action_leave_out(self) -> None:
        """Choose what has no line: services, or spans that took little."""
        opened = self._trace.value
        if opened is None or self.say_why_not("leave_out"):
            return
        pruning = self._waterfall.pruning
        choices = leaving_out(opened, pruning)

        def picked(line: tuple[str, str]) -> None:
            self._waterfall.leave_out(choices[line])
            self._draw_title()

        self.post_message(PickAsked("Leave out", tuple(choices), picked))

    # --- other traces

    @property
    def opened(self) -> OpenedTrace | None:
        """The trace; None while it has not been read."""
        return self._trace.value

    @property
    def place_of_span(self) -> int | None:
        """The span the cursor is on."""
        return self._waterfall.place

    def redraw_span(self) -> None:
        """More is known of what the cursor is on."""
        if self.is_mounted:
            self._draw_details()

    # --- logs

    def action_logs(self) -> None:
        """What the services logged of this trace, or a group at the moment of the span."""
        opened, place = self._trace.value, self._waterfall.place
        if opened is None or place is None or self.say_why_not("logs"):
            return
        groups = self.groups_of_service(opened) if self.mapped else self._groups(opened)
        if not groups:
            self.open_logs_by_name()
            return
        began = moment(opened.trace.spans[place].start)
        told = (f"lines of this trace in {len(groups):,} group{'s' * (len(groups) != 1)}", ", ".join(groups))
        tailed = ("as a tail", "these groups from that moment on, the trace's id searched in them")
        when = f"at {self.look.draw().zone.second(began)}" if began is not None else "now"
        lines = (told, tailed, *((group, when) for group in groups))

        def picked(line: tuple[str, str]) -> None:
            if line == told:
                self.work_on("read the logs of the trace", partial(self._read_logs, opened, groups), group="logs")
            elif line == tailed:
                self.post_message(self.Opened(TailRef(groups, find=self.ref.id), began))
            else:
                self.post_message(self.Opened(LogGroupRef(line[0]), began))

        self.post_message(PickAsked("Logs", lines, picked))

    async def _read_logs(self, opened: OpenedTrace, groups: Sequence[str]) -> None:
        if self.connection is not None:
            trace = opened.trace
            found = await self.connection.services.traces.logs.lines(self.ref, groups, trace.start, trace.end)
            draw = self.look.draw()
            reading = partial(log_lines, found, draw)
            self.post_message(self.Described(f"what was logged of {self.ref}", reading))

    # --- saving

    def action_save(self) -> None:
        """The whole trace into a file."""
        opened = self._trace.value
        if opened is not None and not self.say_why_not("save"):
            self.work_on(f"save {self.ref}", partial(self._save, opened), group="save")

    async def _save(self, opened: OpenedTrace) -> None:
        def write() -> Path:
            return saved(state_folder() / "saved", str(self.ref), ".json", exported(opened))

        path = await asyncio.to_thread(write)
        count = len(opened.trace.spans)
        self.notify(f"saved {count:,} spans: {path}; pointsman trace opens it", markup=False, timeout=10)

    # --- searching

    def filtered(self) -> None:
        """Mark what has the words."""
        self._marked = ""
        found = self._waterfall.search(self.filter_text)
        bar = self.query_one(FilterBar)
        if bar.is_open:
            bar.count(f"{found:,} spans" if self.filter_text else "")
        self._draw_title()
        self.show_keys()

    def action_match(self, way: int) -> None:
        """The next or previous span that has the words."""
        if not self.say_why_not("match"):
            at = self._waterfall.to_match(way)
            self._draw_title(f", {at:,} of {self._waterfall.found:,}")

    def action_failed(self) -> None:
        """The next span with a fault, an error or a throttle of its own."""
        if not self.say_why_not("failed"):
            self._show_view(VIEWS[0])
            self._waterfall.to_trouble()

    def why_not(self, action: str) -> str | None:
        """Some keys need a search or a failure."""
        opened = self._trace.value
        if action == "tab" and self.mapped:
            return "these are the pages of a span: v goes back to the waterfall"
        if action == "match" and not self._waterfall.found:
            return "nothing was searched for, or found"
        if action == "failed" and (opened is None or not any(words.wrong(span) for span in opened.trace.spans)):
            return "nothing in this trace failed"
        if action in ("enter", "tab", "view", "leave_out", "save", "logs", "tail") and opened is None:
            return "the trace has not been read"
        if action == "logs" and not self.mapped and opened is not None and not self._groups(opened):
            return "no segment of this trace names a log group"
        return super().why_not(action)

    def _groups(self, opened: OpenedTrace) -> tuple[str, ...]:
        """The log groups of the trace; looked for once."""
        if self._logged[0] is not opened:
            self._logged = (opened, log_groups(opened))
        return self._logged[1]

    def moment(self) -> datetime | None:
        """When the span under the cursor began; else the trace."""
        opened, place = self._trace.value, self._waterfall.place
        if opened is None:
            return None
        spans = opened.trace.spans
        return moment(spans[place].start if place is not None and place < len(spans) else opened.trace.start)

    def action_tail(self) -> None:
        """The logs of its time: of the groups it names, its id searched in them; else all groups to choose from."""
        opened = self._trace.value
        if self.say_why_not("tail") or opened is None:
            return
        at = self.moment()
        if groups := self._groups(opened):
            self.post_message(self.Opened(TailRef(groups, find=self.ref.id), at))
        else:
            self.post_message(self.CommandAsked("logs", at=at))

    # --- what is selected

    def selected(self) -> Ref | None:
        """The trace."""
        return self.ref

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The trace's forms, and the span's id and name; the map's service's own first."""
        forms = trace_forms(self.ref, self.desk.identity)
        if (node := self.node()) is not None:
            return (*service_forms(self._drawn, node.service), *forms)
        opened, place = self._trace.value, self._waterfall.place
        if opened is None or place is None:
            return forms
        span = opened.trace.spans[place]
        return (*forms, ("span id", span.id), ("span name", span.name))

    def describe(self) -> None:
        """The span's own document; of the map's service all that is known of it."""
        if (node := self.node()) is not None:
            self.post_message(
                self.Described(f"service {node.service.name}", partial(self.node_lines, self.look.draw()))
            )
            return
        opened, place = self._trace.value, self._waterfall.place
        if opened is not None and place is not None:
            piece = opened.trace.pieces[place]
            self.post_message(self.Described(f"span {piece.name}", words.document(piece)))
