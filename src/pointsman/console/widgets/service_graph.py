"""``ServiceGraph``: a service map as a laid-out graph with a cursor on its nodes, panned where it does not fit.

It is laid out and painted on a thread; until that is done, what showed before stays. A graph of the same shape keeps
its places, so that only figures and colours change between two readings.
"""

from __future__ import annotations

import asyncio

from textual import events
from textual.binding import Binding
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from pointsman.console import toolkit
from pointsman.console.present.cells import Cell
from pointsman.console.present.faults import freshness, freshness_lines
from pointsman.console.present.look import Look
from pointsman.console.present.service_map import Badges, Painted, Row, laid_out, window
from pointsman.console.widgets.ink import strip_of
from pointsman.console.widgets.line_view import LineView
from pointsman.console.working import begin
from pointsman.model.service_map import ServiceMap
from pointsman.model.service_map_plan import HEIGHT, Box
from pointsman.model.snapshot import Snapshot
from pointsman.semantics.traces.facts import Service

_MARGIN = 2
"""Cells kept in sight around the cursor's node."""


class ServiceGraph(LineView, can_focus=True):
    """A service map."""

    DEFAULT_CSS = """
    ServiceGraph {
        height: 1fr;
        overflow-x: auto;
        overflow-y: auto;
        scrollbar-size: 1 1;
    }
    """
    BINDINGS = [
        Binding("down,j", "near(0,1)", "Down", show=False, id="down"),
        Binding("up,k", "near(0,-1)", "Up", show=False, id="up"),
        Binding("left", "near(-1,0)", "To what calls it", show=False, id="left"),
        Binding("right", "near(1,0)", "To what it calls", show=False, id="right"),
        Binding("g,home", "edge(0)", "First", show=False, id="first"),
        Binding("G,end", "edge(1)", "Last", show=False, id="last"),
        Binding("enter", "select", "Open", show=False, id="open"),
        Binding("shift+left,H", "pan(-1,0)", "Pan left", show=False, id="pan-left"),
        Binding("shift+right,L", "pan(1,0)", "Pan right", show=False, id="pan-right"),
        Binding("shift+up,K,pageup", "pan(0,-1)", "Pan up", show=False, id="pan-up"),
        Binding("shift+down,pagedown", "pan(0,1)", "Pan down", show=False, id="pan-down"),
    ]

    class Selected(Message):
        """Enter, or a double click on a node."""

        def __init__(self, graph: ServiceGraph, service: Service) -> None:
            super().__init__()
            self.graph = graph
            self.service = service

        @property
        def control(self) -> ServiceGraph:
            """The graph it came from."""
            return self.graph

    class Highlighted(Message):
        """The cursor came to another node; ``service`` is None when there is none."""

        def __init__(self, graph: ServiceGraph, service: Service | None) -> None:
            super().__init__()
            self.graph = graph
            self.service = service

        @property
        def control(self) -> ServiceGraph:
            """The graph it came from."""
            return self.graph

        def can_replace(self, message: Message) -> bool:
            """Only the last of a burst matters."""
            return isinstance(message, ServiceGraph.Highlighted) and message.graph is self.graph

    def __init__(
        self,
        look: Look,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(look, name=name, id=id, classes=classes)
        self._snapshot: Snapshot[ServiceMap] = Snapshot()
        self._badges: Badges = {}
        self._painted: Painted | None = None
        self._shown: ServiceMap | None = None
        """What is painted."""
        self._service: Service | None = None
        self._rows: list[Row] = []
        self._strips: LRUCache[tuple[int, int], Strip] = LRUCache(1024)
        self._serial = 0
        self._announced: Service | None = None

    # --- what the outside asks and tells

    @property
    def service(self) -> Service | None:
        """The service the cursor is on."""
        return self._service

    @property
    def painted(self) -> Painted | None:
        """What is shown; None before the first layout."""
        return self._painted

    def show(self, snapshot: Snapshot[ServiceMap], badges: Badges | None = None) -> None:
        """Show a map; the cursor stays on its service as long as that is there.

        Args:
            snapshot: The map.
            badges: What stands beside the name of a service: an alarm, say.
        """
        self._snapshot = snapshot
        changed = snapshot.value is not self._shown or (badges is not None and badges != self._badges)
        self._badges = badges if badges is not None else self._badges
        self._tick()
        if snapshot.value is None:
            self._painted, self._shown, self._rows = None, None, []
            self._resized()
            self.forget()
            self.refresh()
        elif changed:
            self._lay()
        else:
            self.refresh()

    def _tick(self) -> None:
        """Some age in the line about the data's state is due to change: draw that again."""
        if not self.is_attached:
            return
        draw = self.look.draw()
        freshness(self._snapshot, draw, "services")
        toolkit.ages(self, self.look.now).wake(self, draw.due, self._tick)
        if self._snapshot.fault is not None:
            self.refresh()

    def move_to(self, service: Service | None) -> bool:
        """Put the cursor on a service; False when it is not there."""
        shown = self._shown
        if shown is None or service is None or shown.node(service) is None:
            return False
        self._go(service)
        return True

    # --- laying out

    def _lay(self) -> None:
        whole = self._snapshot.value
        if whole is None or not self.is_attached or self.size.width <= 0:
            return
        self._serial += 1
        serial, badges, room = self._serial, dict(self._badges), max(20, self.scrollable_content_region.width)

        def made() -> Painted:
            return Painted(whole, laid_out(whole, room), self.look.draw(), badges)

        async def lay() -> None:
            painted = await asyncio.to_thread(made)
            if serial == self._serial and self._snapshot.value is not None:
                self._take(painted, whole)

        begin(self, lay, name="lay out the service map", group="layout", exclusive=True)

    def _take(self, painted: Painted, whole: ServiceMap) -> None:
        self._painted, self._shown = painted, whole
        if self._service is None or whole.node(self._service) is None:
            self._service = _first(whole)
        self._resized()
        self._redraw()
        self._reveal()
        self._announce()

    def _resized(self) -> None:
        if self.is_attached:
            plan = self._painted.plan if self._painted is not None else None
            size = Size(plan.width, plan.height + bool(self._note())) if plan is not None else Size(0, 0)
            toolkit.resize_content(self, size)

    def _redraw(self) -> None:
        """Draw the cursor where it is: only what has changed is drawn anew."""
        before = self._rows
        self._rows = self._painted.rows(self._service, focused=self.has_focus) if self._painted is not None else []
        if not before or len(before) != len(self._rows):
            self.forget()
            self.refresh()
            return
        changed = {y for y, (old, new) in enumerate(zip(before, self._rows, strict=True)) if old is not new}
        for key in [key for key in self._strips.keys() if key[0] in changed]:  # noqa: SIM118 - it cannot be walked
            self._strips.discard(key)
        self.repaint_lines(y - self.scroll_offset.y for y in changed)

    def forget(self) -> None:
        """Drop the strips of every line."""
        self._strips.clear()

    def _note(self) -> Cell:
        return freshness(self._snapshot, self.look.draw(), "services")

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width, colours = self.size.width, self.colours
        if self._painted is None or not self._rows:
            draw = self.look.draw()
            notice = freshness_lines(self._snapshot, draw, "services", max(10, width - 4)) if y >= 1 else []
            line: Cell = ((" " * 2, ""), *notice[y - 1]) if 1 <= y <= len(notice) else ()
            return strip_of(line, width, colours, glyphs=self.look.glyphs)
        note = self._note()
        if note and y == self.size.height - 1:
            return strip_of(((" " * 2, ""), *note), width, colours, glyphs=self.look.glyphs)
        left, at = self.scroll_offset.x, y + self.scroll_offset.y
        if at >= len(self._rows):
            return Strip.blank(width, colours.base)
        strip = self._strips.get((at, left))
        if strip is None or strip.cell_length != width:
            line = window(self._rows[at], left, width)
            strip = self._strips[at, left] = strip_of(line, width, colours, glyphs=self.look.glyphs)
        return strip

    # --- moving

    def _box(self, service: Service | None) -> Box | None:
        if self._painted is None or self._shown is None or service is None:
            return None
        for node, box in zip(self._shown.nodes, self._painted.plan.boxes, strict=True):
            if node.service == service:
                return box
        return None

    def _go(self, service: Service) -> None:
        self._service = service
        self._redraw()
        self._reveal()
        self._announce()

    def _reveal(self) -> None:
        box = self._box(self._service)
        if box is None or not self.is_attached:
            return
        width, height = self.size.width, self.size.height - bool(self._note())
        x, y = self.scroll_offset
        x = min(x, max(0, box.x - _MARGIN))
        x = max(x, min(box.x, box.right + _MARGIN - width))
        y = min(y, max(0, box.y - 1))
        y = max(y, min(box.y, box.y + HEIGHT + 1 - height))
        if (x, y) != tuple(self.scroll_offset):
            toolkit.jump_to(self, x=x, y=y)

    def _announce(self) -> None:
        if self._service != self._announced:
            self._announced = self._service
            self.post_message(self.Highlighted(self, self._service))

    def action_near(self, across: int, down: int) -> None:
        """To the nearest node on a side: along a call where there is one."""
        here = self._box(self._service)
        if here is None or self._shown is None or self._painted is None or self._service is None:
            return
        calls = self._shown.out_of(self._service) if across > 0 else self._shown.into(self._service)
        hung = {one.target if across > 0 else one.source for one in calls} if across else set()
        best: tuple[tuple[float, ...], Service] | None = None
        for node, box in zip(self._shown.nodes, self._painted.plan.boxes, strict=True):
            away_x, away_y = box.x - here.x, box.y - here.y
            ahead = away_x * across if across else away_y * down
            if ahead <= 0:
                continue
            aside = abs(away_y) * 4 if across else abs(away_x)
            rank: tuple[float, ...] = (node.service not in hung if across else aside > here.width, ahead + aside)
            if best is None or (rank, node.service) < best:
                best = rank, node.service
        if best is not None:
            self._go(best[1])

    def action_edge(self, edge: int) -> None:
        """To the first or the last node, line by line."""
        if self._shown is None or self._painted is None or not self._shown.nodes:
            return
        placed = sorted(
            (box.y, box.x, node.service) for node, box in zip(self._shown.nodes, self._painted.plan.boxes, strict=True)
        )
        self._go(placed[-1 if edge else 0][2])

    def action_pan(self, across: int, down: int) -> None:
        """Move what is in sight; the cursor stays where it is."""
        x, y = self.scroll_offset
        step_x, step_y = max(1, self.size.width // 2), max(1, self.size.height // 2)
        toolkit.jump_to(self, x=x + across * step_x, y=y + down * step_y)

    def action_select(self) -> None:
        """Open the selected service."""
        if self._service is not None:
            self.post_message(self.Selected(self, self._service))

    # --- events

    def on_mount(self) -> None:
        """Scroll bars as the terminal has them."""
        self.plain_bars()

    def on_resize(self) -> None:
        """Another width may be laid out otherwise."""
        self.forget()
        self._lay()

    def on_focus(self) -> None:
        """The selected node is drawn by focus."""
        self._redraw()

    def on_blur(self) -> None:
        """The selected node is drawn by focus."""
        self._redraw()

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click opens."""
        if self._shown is None or self._painted is None:
            return
        x, y = event.x + self.scroll_offset.x, event.y + self.scroll_offset.y
        for node, box in zip(self._shown.nodes, self._painted.plan.boxes, strict=True):
            if box.x <= x < box.right and box.y <= y < box.y + HEIGHT:
                event.stop()
                self._go(node.service)
                if event.chain > 1:
                    self.action_select()
                return


def _first(whole: ServiceMap) -> Service | None:
    """Where the cursor begins: at the gravest trouble, else where requests come in."""
    if not whole.nodes:
        return None

    def rank(at: int) -> tuple[float, ...]:
        health = whole.nodes[at].traffic.health
        wrong = health.fault if health is not None else 0.0
        return (-wrong, whole.nodes[at].client, not whole.nodes[at].root, at)

    return whole.nodes[min(range(len(whole.nodes)), key=rank)].service
