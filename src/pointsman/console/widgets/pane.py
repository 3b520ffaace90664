"""``Pane``: a titled part of a screen, with its data's age in the corner; it can fill the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from pointsman.console.present.cells import EMPTY, Cell, cell, crop, width
from pointsman.console.present.faults import corner
from pointsman.console.present.look import Draw, Look
from pointsman.console.widgets.lines import Lines
from pointsman.model.snapshot import Snapshot


class PaneTitle(Lines):
    """The rule above a pane: number, title, count, and the corner."""

    DEFAULT_CSS = """
    PaneTitle { height: 1; }
    """

    def __init__(self, look: Look, title: str, number: str) -> None:
        super().__init__(look)
        self.title = title
        self.number = number
        self.extra = ""
        self.snapshot: Snapshot[Any] | None = None
        self.focused_within = False

    def content(self, draw: Draw, room: int) -> Sequence[Cell]:
        """``── 2 Pipelines 12 ───────── 2s ──``; heavy while the focus is within."""
        rule = draw.glyphs.heavy_rule if self.focused_within else draw.glyphs.rule
        style = "rule.focus" if self.focused_within else "rule"
        right = corner(self.snapshot, draw) if self.snapshot is not None else EMPTY
        right = crop(right, max(0, room // 2), draw.glyphs.ellipsis)
        right = ((" ", ""), *right, (f" {rule}", style)) if right else EMPTY
        left: Cell = ((f"{rule} ", style),)
        if self.number:
            left = (*left, (f"{self.number} ", "key"))
        left = (*left, *cell(self.title, "title"), *((cell(f" {self.extra}", "dim")) if self.extra else ()), (" ", ""))
        left = crop(left, max(0, room - width(right)), draw.glyphs.ellipsis)
        return ((*left, (rule * max(0, room - width(left) - width(right)), style), *right),)


class Pane(Vertical):
    """A title over whatever it holds."""

    ALLOW_MAXIMIZE = True
    DEFAULT_CSS = """
    Pane { height: 1fr; }
    Pane.-maximized { width: 100%; height: 100%; }
    """
    BINDINGS = [Binding("z", "zoom", "Zoom", show=False, id="zoom")]

    class Zoomed(Message):
        """The pane fills the screen, or no longer does."""

        def __init__(self, pane: Pane, on: bool) -> None:
            super().__init__()
            self.pane = pane
            self.on = on

        @property
        def control(self) -> Pane:
            """The pane it came from."""
            return self.pane

    def __init__(
        self,
        look: Look,
        title: str,
        *children: Widget,
        number: str = "",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.look = look
        self.title_line = PaneTitle(look, title, number)
        self._held = children

    def compose(self) -> ComposeResult:
        """Title, then what the pane holds."""
        yield self.title_line
        yield from self._held

    @property
    def number(self) -> str:
        """The digit that jumps here; empty when none does."""
        return self.title_line.number

    def title_text(self, title: str | None = None, extra: str | None = None) -> None:
        """Another title, or another word after it (a count, a filter)."""
        if title is not None:
            self.title_line.title = title
        if extra is not None:
            self.title_line.extra = extra
        self.title_line.redraw()

    def freshen(self, snapshot: Snapshot[Any] | None) -> None:
        """What the pane shows was read then, or could not be read: said in the corner."""
        self.title_line.snapshot = snapshot
        self.title_line.redraw()

    @property
    def zoomed(self) -> bool:
        """Whether the pane fills the screen."""
        return self.screen.maximized is self

    def toggle_zoom(self) -> None:
        """Fill the screen, or stop filling it."""
        if self.zoomed:
            self.screen.minimize()
        else:
            self.screen.maximize(self, container=False)
        self.post_message(self.Zoomed(self, self.zoomed))

    def action_zoom(self) -> None:
        """The key's action."""
        self.toggle_zoom()

    def on_descendant_focus(self) -> None:
        """The rule is heavy while the focus is within."""
        self._mark_focus(True)

    def on_descendant_blur(self) -> None:
        """The rule is light when the focus is elsewhere."""
        self._mark_focus(False)

    def _mark_focus(self, on: bool) -> None:
        if self.title_line.focused_within != on:
            self.title_line.focused_within = on
            self.title_line.redraw()
