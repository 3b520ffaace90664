"""One trace: its waterfall, and what is known of the span that is selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Resize

from pointsman.console.desk import Desk
from pointsman.console.present.cells import Cell
from pointsman.console.present.faults import freshness
from pointsman.console.present.look import Draw
from pointsman.console.screens import span_words as words
from pointsman.console.screens.base import Place
from pointsman.console.screens.trace_words import log_groups, trace_forms
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.waterfall import Waterfall
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import Ref, TailRef, TraceRef
from pointsman.model.snapshot import Snapshot

if TYPE_CHECKING:
    from pointsman.services.feeds import Source
    from pointsman.services.session import Services

__all__ = ["TracePlace"]

WIDE = 150
TALL = 34


class TracePlace(Place):
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
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "failed", "next failure", id="first-error"),
        Binding("l", "logs", "logs of that time", show=False, id="logs"),
        Binding("n", "match(1)", "next match", show=False, id="next"),
        Binding("N", "match(-1)", "previous match", show=False, id="previous"),
    ]

    place_title = "Trace"
    place_help = (
        "A line per span. The heavy rule in a bar is the critical path: where the request waited for that span itself. "
        "Marks: fault, ! error, T throttled by itself; a circle when only something below it was; then an exception, "
        "a lost parent (?), or in progress. Enter folds, left and right fold and go up and down; + and _ zoom, . zooms "
        "to the span, = shows all, H and L move. e goes to the next failure. The filter searches names, URLs, "
        "key=value of annotations and exceptions; -word leaves out; n and N go on. Tab is the details, d the span's "
        "document, J what X-Ray says of the trace."
    )
    slots: ClassVar[tuple[str, ...]] = ("trace",)
    filters = True
    filter_hint = "checkout, tenant=gold, timeout -retry"
    enters = "fold"

    def __init__(self, desk: Desk, ref: TraceRef) -> None:
        super().__init__(desk)
        self.ref = ref
        self._trace: Snapshot[OpenedTrace] = Snapshot()

    def body(self) -> ComposeResult:
        """What it is, the waterfall, the span."""
        about = CellLines(self.look, self._about, id="about")
        about.can_focus = False
        yield about
        with Container(id="both"):
            yield Pane(self.look, "Trace", Waterfall(self.look, id="waterfall"), id="trace")
            yield Pane(self.look, "Span", CellLines(self.look, self._details, id="details"), id="span")

    def on_mount(self) -> None:
        """The waterfall has the keys."""
        super().on_mount()
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
        if self.filter_text and self._trace.value is not before:
            self._waterfall.search(self.filter_text)
        self.freshen("#trace", snapshot)
        self.query_one("#trace", Pane).title_text("Trace", self._extra())
        self.query_one("#about", CellLines).redraw()
        self.query_one("#details", CellLines).redraw()

    def _extra(self) -> str:
        parts = [self.ref.id]
        if self.filter_text:
            found = len(self._waterfall.matches)
            parts.append(f"/{self.filter_text}: {found:,} span{'s' * (found != 1)}")
        return "  ".join(parts)

    def _about(self, draw: Draw, width: int) -> Sequence[Cell]:
        del width
        if self._trace.value is None:
            return ()
        lines = words.about(self._trace.value, draw)
        if self._trace.fault is not None:
            return (lines[0], freshness(self._trace, draw, "trace"))
        return lines

    def _details(self, draw: Draw, width: int) -> Sequence[Cell]:
        opened = self._trace.value
        place = self._waterfall.place if opened is not None else None
        if opened is None or place is None:
            return ()
        return words.span_lines(opened, place, draw, max(20, width - 1))

    def on_waterfall_highlighted(self, event: Waterfall.Highlighted) -> None:
        """Another span: its details, from the top."""
        event.stop()
        details = self.query_one("#details", CellLines)
        details.redraw()
        details.action_edge(0)
        self.show_keys()

    # --- searching

    def filtered(self) -> None:
        """Mark what has the words."""
        found = self._waterfall.search(self.filter_text)
        bar = self.query_one(FilterBar)
        if bar.is_open:
            bar.count(f"{found:,} spans" if self.filter_text else "")
        self.query_one("#trace", Pane).title_text("Trace", self._extra())
        self.show_keys()

    def action_match(self, way: int) -> None:
        """The next or previous span that has the words."""
        if not self.say_why_not("match"):
            at = self._waterfall.to_match(way)
            extra = f"{self._extra()}, {at:,} of {len(self._waterfall.matches):,}"
            self.query_one("#trace", Pane).title_text("Trace", extra)

    def action_failed(self) -> None:
        """The next span with a fault, an error or a throttle of its own."""
        if not self.say_why_not("failed"):
            self._waterfall.to_trouble()

    def why_not(self, action: str) -> str | None:
        """Some keys need a search or a failure."""
        opened = self._trace.value
        if action == "match" and not self._waterfall.matches:
            return "nothing was searched for, or found"
        if action == "failed" and (opened is None or not any(words.wrong(span) for span in opened.trace.spans)):
            return "nothing in this trace failed"
        if action in ("enter", "logs") and opened is None:
            return "nothing is selected"
        return super().why_not(action)

    def action_logs(self) -> None:
        """The logs of its time: of the groups it names, its id searched in them; else all groups to choose from."""
        opened = self._trace.value
        if self.say_why_not("logs") or opened is None:
            return
        place = self._waterfall.place
        spans = opened.trace.spans
        start = spans[place].start if place is not None and place < len(spans) else opened.trace.start
        at = datetime.fromtimestamp(start, UTC) if 0 < start < 32_503_680_000 else None
        if groups := log_groups(opened):
            self.post_message(self.Opened(TailRef(groups, find=self.ref.id), at))
        else:
            self.post_message(self.CommandAsked("logs", at=at))

    # --- what is selected

    def selected(self) -> Ref | None:
        """The trace."""
        return self.ref

    def copy_forms(self) -> tuple[tuple[str, str], ...]:
        """The trace's forms, and the span's id and name."""
        forms = trace_forms(self.ref, self.desk.identity)
        opened, place = self._trace.value, self._waterfall.place
        if opened is None or place is None:
            return forms
        span = opened.trace.spans[place]
        return (*forms, ("span id", span.id), ("span name", span.name))

    def describe(self) -> None:
        """The span's own document."""
        opened, place = self._trace.value, self._waterfall.place
        if opened is not None and place is not None:
            piece = opened.trace.pieces[place]
            self.post_message(self.Described(f"span {piece.name}", words.document(piece)))
