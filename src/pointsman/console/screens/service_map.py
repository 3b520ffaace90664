"""The service map: who calls whom, how often, how long it takes and what fails; as a graph and as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.present.cells import Cell
from pointsman.console.present.look import Draw
from pointsman.console.present.service_map import badges_of
from pointsman.console.present.service_table import TABLE, ServiceRow, row_key, rows
from pointsman.console.present.traces import range_words
from pointsman.console.screens import service_map_words as words
from pointsman.console.screens.base import Place
from pointsman.console.screens.service_links import alarms_of, logs_of, metrics_of
from pointsman.console.screens.wishes import PickAsked
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.service_graph import ServiceGraph
from pointsman.console.widgets.table import LineTable
from pointsman.model.alarms import Alarm, AlarmList
from pointsman.model.refs import Ref, TraceServiceRef
from pointsman.model.service_alarms import watching
from pointsman.model.service_map import MapQuery, ServiceMap, ServiceNode, TraceGroup, around
from pointsman.model.snapshot import Snapshot
from pointsman.model.traces import RANGES
from pointsman.semantics.traces.facts import Service

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["ServiceMapPlace"]

WIDE = 170
TALL = 34
_ALL = "every trace"


class ServiceMapPlace(Place):
    """The service map of a range."""

    DEFAULT_CSS = """
    ServiceMapPlace #both { layout: vertical; height: 1fr; }
    ServiceMapPlace #map { height: 1fr; min-height: 5; }
    ServiceMapPlace #service { height: 6; }
    ServiceMapPlace.tall #service { height: 9; }
    ServiceMapPlace.wide #both { layout: horizontal; }
    ServiceMapPlace.wide #map { width: 3fr; height: 1fr; }
    ServiceMapPlace.wide #service { width: 1fr; height: 1fr; margin-left: 1; }
    ServiceMapPlace #details { padding: 0 2; }
    ServiceMapPlace #table { display: none; }
    ServiceMapPlace.listed #table { display: block; }
    ServiceMapPlace.listed #graph { display: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "range", "time range", id="range"),
        Binding("v", "view", "graph or table", id="view"),
        Binding("f", "neighbours", "neighbours", id="neighbours"),
        Binding("w", "group", "group", id="group"),
        Binding("l", "logs", "logs", show=False, id="logs"),
        Binding("M", "metrics", "metrics", show=False, id="metrics"),
        Binding("W", "alarms", "its alarms", show=False, id="service-alarms"),
        Binding("S", "sampling", "sampling rules", show=False, id="sampling"),
    ]

    place_title = "Service map"
    place_help = (
        "Services from left to right in the order of their calls. Under a name: requests, mean response time and the "
        "shares that ended as fault, T throttle or ! error; a line has the colour of the worst it carried, and the "
        "calls of the selected service are heavy. Lines that touch without a corner or a fork only cross. The arrow "
        "keys go along calls, shifted they pan; f shows the neighbours alone, with figures on the calls; v is the same "
        "as a table, which o sorts. Enter lists the traces of the service, l its logs, M its metrics; a "
        "mark beside a name is an alarm on its metrics that is in ALARM, W leads to it. t picks the range, w a group "
        "of traces, S the sampling rules."
    )
    slots: ClassVar[tuple[str, ...]] = ("map", "groups", "alarms")
    enters = "traces"

    def __init__(self, desk: Desk, query: MapQuery | None = None) -> None:
        super().__init__(desk)
        self.query_of = query or MapQuery()
        """What is asked for."""
        self._alarms: Snapshot[AlarmList] = Snapshot()
        self._watched: Mapping[Service, tuple[Alarm, ...]] = {}
        """The alarms on metrics of each service, worst first."""
        self._map: Snapshot[ServiceMap] = Snapshot()
        self._groups: Snapshot[tuple[TraceGroup, ...]] = Snapshot()
        self._around: Service | None = None
        """Whose neighbours are shown alone."""
        self._listed = False

    @property
    def of_group(self) -> str:
        """The group it is of, which makes it another map than that of every trace."""
        return self.query_of.group

    def body(self) -> ComposeResult:
        """The graph, or the table; and what is selected."""
        with Container(id="both"):
            table: LineTable[ServiceRow] = LineTable(self.look, TABLE, key=row_key, noun="services", id="table")
            yield Pane(self.look, "Service map", ServiceGraph(self.look, id="graph"), table, id="map")
            yield Pane(self.look, "Service", CellLines(self.look, self._details, id="details"), id="service")

    def mounted(self) -> None:
        """The graph has the keys."""
        self.query_one("#graph").focus()

    def on_resize(self, event: Resize) -> None:
        """The service beside the map where there is room."""
        self.set_class(event.size.width >= WIDE, "wide")
        self.set_class(event.size.height >= TALL, "tall")

    def sources(self, services: Services) -> Mapping[str, Source[Any]]:
        """The map, the groups it may be of, and the alarms that may watch its services."""
        return {
            "map": services.maps.map(self.query_of),
            "groups": services.maps.groups(),
            "alarms": services.alarms.listing(),
        }

    # --- showing

    @property
    def _graph(self) -> ServiceGraph:
        return self.query_one("#graph", ServiceGraph)

    @property
    def _table(self) -> LineTable[ServiceRow]:
        return self.query_one("#table", LineTable)

    def arrived(self, slot: str, snapshot: Snapshot[Any]) -> None:
        """Show it."""
        if slot == "groups":
            self._groups = snapshot
            return
        if slot == "alarms":
            self._alarms = snapshot
        else:
            self._map = snapshot
        self._draw()

    def _draw(self) -> None:
        snapshot = self._map
        whole = snapshot.value
        if whole is not None and self._around is not None and whole.node(self._around) is not None:
            snapshot = replace(snapshot, value=around(whole, self._around))
        elif whole is not None and not whole.nodes and snapshot.fault is None:
            note = f"were called in the last {range_words(self.query_of.span)}: t looks further back"
            snapshot = replace(snapshot, partial=snapshot.partial or note)
        alarms = self._alarms.value.alarms if self._alarms.value is not None else ()
        services = [one.service for one in whole.nodes] if whole is not None else ()
        self._watched = watching(services, alarms, self.query_of.group)
        badges = badges_of(self._watched, self.look.glyphs)
        self._graph.show(snapshot, badges)
        self._table.show(rows(snapshot.value, badges) if snapshot.value is not None else (), snapshot=snapshot)
        self.freshen("#map", self._map)
        self.query_one("#map", Pane).title_text("Service map", self._extra(snapshot.value))
        self.query_one("#details", CellLines).redraw()

    def _extra(self, shown: ServiceMap | None) -> str:
        parts = [f"last {range_words(self.query_of.span)}"]
        parts += [f"group {self.query_of.group}"] if self.query_of.group else []
        if shown is not None and shown.nodes:
            parts.append(f"{len(shown.nodes):,} services, {len(shown.calls):,} calls")
        parts += [f"around {self._around.name}"] if self._around is not None else []
        parts += ["alarms are not known"] if self._alarms.fault is not None and self._alarms.value is None else []
        return "  ".join(parts)

    def _details(self, draw: Draw, width: int) -> Sequence[Cell]:
        node = self._node()
        if node is None or self._map.value is None:
            return ()
        return words.details(self._map.value, node, draw, max(20, width - 1), self._watched.get(node.service, ()))

    def _node(self) -> ServiceNode | None:
        if self._listed:
            row = self._table.cursor_row
            return row.node if isinstance(row, ServiceRow) else None
        service = self._graph.service if self.is_mounted else None
        return self._map.value.node(service) if self._map.value is not None and service is not None else None

    def _moved(self) -> None:
        details = self.query_one("#details", CellLines)
        details.redraw()
        details.action_edge(0)
        self.show_keys()

    def on_service_graph_highlighted(self, event: ServiceGraph.Highlighted) -> None:
        """Another service: its details, from the top."""
        event.stop()
        self._moved()

    def on_line_table_highlighted(self, event: LineTable.Highlighted) -> None:
        """Another service: its details, from the top."""
        event.stop()
        self._moved()

    # --- what is asked for

    def _ask(self, query: MapQuery) -> None:
        if query == self.query_of:
            return
        self.query_of = query
        self._map = Snapshot()
        self._draw()
        self.reread()

    def action_range(self) -> None:
        """Choose how far back."""
        spans = {range_words(span): span for span in RANGES}
        lines = tuple((name, f"the last {round(span.total_seconds() / 60)} minutes") for name, span in spans.items())

        def picked(line: tuple[str, str]) -> None:
            self._ask(replace(self.query_of, span=spans[line[0]]))

        self.post_message(PickAsked("How far back", lines, picked))

    def action_group(self) -> None:
        """Choose whose traces are counted."""
        if self.say_why_not("group"):
            return
        known = self._groups.value or ()
        lines = ((_ALL, "of whatever group"), *((one.name, one.expression) for one in known))

        def picked(line: tuple[str, str]) -> None:
            self._ask(replace(self.query_of, group="" if line == lines[0] else line[0]))

        self.post_message(PickAsked("Traces of which group", lines, picked))

    def action_view(self) -> None:
        """The graph as a table, or the other way round; the cursor stays on its service."""
        node = self._node()
        self._listed = not self._listed
        self.set_class(self._listed, "listed")
        if self._listed:
            self._table.focus()
            if node is not None:
                self._table.move_to(node.service)
        else:
            self._graph.focus()
            if node is not None:
                self._graph.move_to(node.service)
        self._moved()

    def action_neighbours(self) -> None:
        """Only what calls the selected service and what it calls; or everything again."""
        node = self._node()
        if self._around is not None:
            self._around = None
        elif self.say_why_not("neighbours") or node is None:
            return
        else:
            self._around = node.service
        self._draw()

    def action_back(self) -> None:
        """Everything again, or leave."""
        if self._around is not None:
            self.action_neighbours()
        else:
            super().action_back()

    def why_not(self, action: str) -> str | None:
        """Some keys need a service, or groups."""
        if action in ("logs", "metrics", "alarms", "neighbours", "enter", "copy", "copy_as", "actions", "describe"):
            node = self._node()
            if action == "actions":
                return "nothing can be done with a service here"
            if node is None:
                return "nothing is selected"
            if node.client and action in ("enter", "logs", "metrics"):
                return "these are the callers: they send no traces, logs or metrics of their own"
            if action == "alarms" and node.service not in self._watched:
                known = self._alarms.value is not None
                return "no alarm watches a metric of it" if known else "the alarms have not been read"
            return None
        if action == "raw":
            return "X-Ray has no call that tells of one service alone"
        if action == "group" and not self._groups.value:
            return "there are no groups" if self._groups.value is not None else "the groups have not been read"
        return super().why_not(action)

    # --- what is selected

    def seen(self) -> Iterable[Ref]:
        """Every service."""
        nodes = self._map.value.nodes if self._map.value is not None else ()
        return [TraceServiceRef(one.service.name, one.service.type) for one in nodes if not one.client]

    def selected(self) -> Ref | None:
        """The service the cursor is on."""
        node = self._node()
        return TraceServiceRef(node.service.name, node.service.type) if node is not None else None

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """Its forms."""
        node = self._node()
        return () if node is None else words.forms(self._map.value, node.service)

    def describe(self) -> None:
        """All that is known of it, to read at leisure."""
        node, whole = self._node(), self._map.value
        if node is not None and whole is not None:
            draw, alarms = self.look.draw(), self._watched.get(node.service, ())
            self.post_message(
                self.Described(
                    f"service {node.service.name}", lambda width: words.details(whole, node, draw, width, alarms)
                )
            )

    def _open(self) -> None:
        node = self._node()
        if node is not None and not self.say_why_not("enter"):
            self.post_message(self.Opened(words.traces_of(self._map.value, node.service)))

    def on_service_graph_selected(self, event: ServiceGraph.Selected) -> None:
        """Its traces."""
        event.stop()
        self._open()

    def on_line_table_selected(self, event: LineTable.Selected) -> None:
        """Its traces."""
        event.stop()
        self._open()

    def action_logs(self) -> None:
        """Its logs: a function's own group, else the groups with its name."""
        node = self._node()
        if not self.say_why_not("logs") and node is not None:
            self.post_message(logs_of(node.service))

    def action_metrics(self) -> None:
        """Metrics with its name."""
        node = self._node()
        if not self.say_why_not("metrics") and node is not None:
            self.post_message(metrics_of(node.service))

    def action_alarms(self) -> None:
        """The alarm on its metrics, or which of several."""
        node = self._node()
        if not self.say_why_not("alarms") and node is not None:
            alarms_of(node.service, self._watched[node.service], self.post_message)

    def action_sampling(self) -> None:
        """The rules by which traces are taken."""
        self.post_message(self.CommandAsked("sampling"))
