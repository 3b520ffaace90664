"""The services of an open trace as a map with a cursor, and where each of them leads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

from textual.binding import Binding, BindingType

from pointsman.console.present.cells import Cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import clean
from pointsman.console.screens import service_map_words as words
from pointsman.console.screens.service_links import logs_of, metrics_of
from pointsman.console.screens.trace_partners import TracePartners
from pointsman.console.widgets.service_graph import ServiceGraph
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceServiceRef
from pointsman.model.service_map import ServiceMap, ServiceNode, of_trace, spans_of
from pointsman.model.snapshot import Snapshot
from pointsman.model.trace_logs import groups_of
from pointsman.semantics.traces.facts import Service

__all__ = ["TraceNodes"]


class TraceNodes(TracePartners):
    """A screen of one trace whose ``#map`` shows its services."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("M", "metrics", "metrics of the service", show=False, id="metrics"),
        Binding("T", "traces", "traces of the service", show=False, id="service-traces"),
    ]

    _drawn: ServiceMap | None = None
    """The map of the trace; None before it was shown once."""
    _spans: Mapping[Service, tuple[int, ...]] = MappingProxyType({})
    """The spans of each of its services."""

    # --- what the screen says

    @property
    def mapped(self) -> bool:
        """Whether the map shows."""
        raise NotImplementedError

    def go_to_spans(self, places: Sequence[int], name: str) -> None:
        """Show some spans in the waterfall."""
        raise NotImplementedError

    # --- the map

    @property
    def _graph(self) -> ServiceGraph:
        return self.query_one("#map", ServiceGraph)

    def node(self) -> ServiceNode | None:
        """The service the map's cursor is on; None where the map does not show."""
        if not self.mapped or self._drawn is None:
            return None
        service = self._graph.service
        return self._drawn.node(service) if service is not None else None

    async def draw_map(self, opened: OpenedTrace) -> None:
        """Put the services of a trace together, on a thread, and show them."""
        found, spans = await asyncio.to_thread(lambda: (of_trace(opened.trace), spans_of(opened.trace)))
        if opened is self.opened:
            self._drawn, self._spans = found, spans
            self._graph.show(Snapshot(found))
            self.redraw_span()
            self.show_keys()

    def node_lines(self, draw: Draw, width: int) -> Sequence[Cell]:
        """What is known of the service the cursor is on, of this trace alone."""
        node, whole = self.node(), self._drawn
        return words.details(whole, node, draw, width) if node is not None and whole is not None else ()

    def on_service_graph_selected(self, event: ServiceGraph.Selected) -> None:
        """To its spans."""
        event.stop()
        opened, node = self.opened, self.node()
        if opened is not None and node is not None and not self.say_why_not("enter"):
            self.go_to_spans(self._spans.get(node.service, ()), clean(node.service.name))

    # --- where a service leads

    def service(self) -> Service | None:
        """The service that is meant: the map's, or the one the span is of."""
        if self.mapped:
            node = self.node()
            return node.service if node is not None and not node.client else None
        opened, place = self.opened, self.place_of_span
        if opened is None or place is None or place >= len(opened.operations):
            return None
        return Service(opened.operations[place].service)

    def groups_of_service(self, opened: OpenedTrace) -> tuple[str, ...]:
        """The log groups that the segments of the map's service name in this trace."""
        service = self.service()
        pieces = (opened.trace.pieces[place] for place in self._spans.get(service, ())) if service else ()
        return tuple(dict.fromkeys(group for piece in pieces for group in groups_of(piece)))

    def open_logs_by_name(self) -> None:
        """The log groups with the name of the map's service: its segments name none."""
        if (service := self.service()) is not None:
            self.post_message(logs_of(service))

    def action_metrics(self) -> None:
        """Metrics with the service's name."""
        service = self.service()
        if not self.say_why_not("metrics") and service is not None:
            self.post_message(metrics_of(service))

    def action_traces(self) -> None:
        """Other traces that the service had a part in."""
        service = self.service()
        if not self.say_why_not("traces") and service is not None:
            ref = words.traces_of(self._drawn, service) if self.mapped else TraceServiceRef(service.name)
            self.post_message(self.Opened(ref))

    def why_not(self, action: str) -> str | None:
        """Who calls has nothing of its own; of the map alone it is the service that is selected."""
        if action in ("metrics", "traces") or (self.mapped and action in ("enter", "logs", "describe")):
            if self.opened is None:
                return "the trace has not been read"
            node = self.node()
            if node is not None and node.client and action != "describe":
                return "this is the caller: it sends no traces, logs or metrics of its own"
            if node is None and (self.mapped or self.service() is None):
                return "nothing is selected"
            return None
        return super().why_not(action)
