"""``StageColumns``: a pipeline's stages, gates and actions, each of which can be selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import events
from textual.binding import Binding
from textual.message import Message

from pointsman.console import toolkit
from pointsman.console.present.cells import Cell, plain
from pointsman.console.present.faults import freshness
from pointsman.console.present.look import Draw
from pointsman.console.present.stages import Item, Part, Sheet, sheet, step
from pointsman.console.widgets.ink import restyle, slice_cells
from pointsman.console.widgets.lines import Lines
from pointsman.model.forecast import Forecast
from pointsman.model.pipelines import PipelineState
from pointsman.model.refs import ActionRef, StageRef
from pointsman.model.snapshot import Freshness, Snapshot


class StageColumns(Lines, can_focus=True):
    """Stages as columns when the widget is wide, as a list when it is narrow."""

    DEFAULT_CSS = """
    StageColumns {
        overflow-y: auto;
        height: 1fr;
    }
    """
    BINDINGS = [
        Binding("down,j", "step(0,1)", "Down", show=False, id="down"),
        Binding("up,k", "step(0,-1)", "Up", show=False, id="up"),
        Binding("right", "step(1,0)", "Next stage", show=False, id="right"),
        Binding("left,h", "step(-1,0)", "Previous stage", show=False, id="left"),
        Binding("g,home", "edge(0)", "First", show=False, id="first"),
        Binding("G,end", "edge(-1)", "Last", show=False, id="last"),
        Binding("enter", "select", "Open", show=False, id="open"),
    ]

    class Selected(Message):
        """Enter, or a double click, on a stage, a gate or an action."""

        def __init__(self, ref: StageRef | ActionRef, part: Part) -> None:
            super().__init__()
            self.ref = ref
            self.part = part

    class Highlighted(Message):
        """The cursor came to another stage, gate or action."""

        def __init__(self, ref: StageRef | ActionRef, part: Part) -> None:
            super().__init__()
            self.ref = ref
            self.part = part

    _state: PipelineState | None = None
    _snapshot: Snapshot[Any] | None = None
    _sheet = Sheet()
    _at: tuple[StageRef | ActionRef, Part] | None = None
    _forecast: Forecast | None = None

    def expect(self, forecast: Forecast | None) -> None:
        """Show how long the stages usually take."""
        self._forecast = forecast
        self.redraw()

    def show(self, state: PipelineState | None, snapshot: Snapshot[Any] | None = None) -> None:
        """Show this pipeline; the cursor stays on its item, or goes to what needs a person first."""
        self._state, self._snapshot = state, snapshot
        if state is not None:
            # Laid out at once, so that a selection exists before the first paint.
            self._sheet = sheet(state, self.look.draw(), max(20, self.size.width or 80), self._forecast)
        if self._sheet.find(self._at) is None:
            found = self._sheet.find(_first_concern(state)) or next(iter(self._sheet.items), None)
            self._at = found.key if found else None
            if found is not None:
                self.post_message(self.Highlighted(found.ref, found.part))
        self.redraw()

    @property
    def selection(self) -> Item | None:
        """What the cursor is on."""
        return self._sheet.find(self._at)

    def move_to(self, ref: StageRef | ActionRef, part: Part | None = None) -> bool:
        """Put the cursor on an item; False when there is none."""
        wanted = part or ("action" if isinstance(ref, ActionRef) else "stage")
        return self._go(self._sheet.find((ref, wanted)))

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:
        """The sheet, and a line about the data's state."""
        lines: list[Cell] = []
        if self._state is not None:
            self._sheet = sheet(self._state, draw, width, self._forecast)
            lines.extend(self._sheet.lines)
        snapshot = self._snapshot or (Snapshot() if self._state is None else None)
        if snapshot is not None and snapshot.freshness is not Freshness.FRESH:
            said = freshness(snapshot, draw, "pipeline")
            if said:
                lines.extend(((), said) if lines else (said,))
        return lines

    def decorate(self, y: int, line: Cell) -> Cell:
        """The selected item in reverse video behind the cursor's marker while focused; the marker alone otherwise."""
        item = self.selection
        if item is None or item.line != y:
            return line
        before, inside, after = slice_cells(line, item.start, item.end)
        text = plain(inside)
        if self.has_focus:
            return (*before, *restyle(inside, "selected"), *after)
        marker = self.look.glyphs.cursor
        if text.startswith("  "):
            return (*before, (marker, "cursor"), *slice_cells(inside, 1, item.end)[1], *after)
        return (*before, *restyle(inside, "strong"), *after)

    def _go(self, item: Item | None) -> bool:
        if item is None:
            return False
        old = self.selection
        if old == item:
            return True
        self._at = item.key
        for one in (old, item):
            if one is not None:
                self._strips.pop(one.line, None)
        self._repaint([one.line for one in (old, item) if one is not None])
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if item.line < top:
            toolkit.jump_to(self, y=item.line)
        elif item.line >= top + height:
            toolkit.jump_to(self, y=item.line - height + 1)
        self.post_message(self.Highlighted(item.ref, item.part))
        return True

    def action_step(self, dx: int, dy: int) -> None:
        """Move to a neighbour."""
        self._go(step(self._sheet, self.selection, dx, dy))

    def action_edge(self, index: int) -> None:
        """Move to the first or the last item."""
        if self._sheet.items:
            self._go(self._sheet.items[index])

    def action_select(self) -> None:
        """Open what the cursor is on."""
        item = self.selection
        if item is not None:
            self.post_message(self.Selected(item.ref, item.part))

    def on_focus(self) -> None:
        """The selection is drawn by focus."""
        self._redraw_selection()

    def on_blur(self) -> None:
        """The selection is drawn by focus."""
        self._redraw_selection()

    def _redraw_selection(self) -> None:
        item = self.selection
        if item is not None:
            self._strips.pop(item.line, None)
            self._repaint([item.line])

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click opens."""
        line = event.y + self.scroll_offset.y
        for item in self._sheet.items:
            if item.line == line and item.start <= event.x < item.end:
                event.stop()
                self._go(item)
                if event.chain > 1:
                    self.action_select()
                return


def _first_concern(state: PipelineState | None) -> tuple[StageRef | ActionRef, Part] | None:
    """What a person most likely came for: what failed, what waits for an answer, the closed gate, what runs."""
    if state is None:
        return None
    for stage in state.stages:
        if stage.failed_action is not None:
            return stage.failed_action.ref, "action"
    for stage in state.stages:
        if stage.failed_condition is not None:
            return stage.ref, "stage"
    for stage in state.stages:
        if stage.waiting_approval is not None:
            return stage.waiting_approval.ref, "action"
    for stage in state.closed_gates:
        return stage.ref, "gate"
    for stage in state.stages:
        if stage.status.moving:
            return stage.ref, "stage"
    return (state.stages[0].ref, "stage") if state.stages else None
