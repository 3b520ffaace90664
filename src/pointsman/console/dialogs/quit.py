"""Leaving: asked once, with what is still on its way."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Static

from pointsman.console.dialogs.base import Dialog

__all__ = ["QuitDialog"]


class QuitDialog(Dialog[bool]):
    """``enter`` or ``y`` leaves, ``esc`` stays."""

    DEFAULT_CSS = """
    QuitDialog > #box { max-width: 60; }
    QuitDialog #words { margin-bottom: 2; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,q", "leave", "quit", show=False),
        Binding("n", "close", "stay", show=False),
        Binding("left,up,shift+tab", "app.focus_previous", show=False),
        Binding("right,down,tab", "app.focus_next", show=False),
    ]

    heading = "Quit pointsman"
    foot = "y quits   esc stays"

    def __init__(self, sending: int, leaving: str = "") -> None:
        super().__init__()
        self._sending = sending
        self._leaving = leaving

    def body(self) -> ComposeResult:
        """What is still going on."""
        words = f"Leave the console? {self._leaving}".rstrip()
        if self._sending:
            plural = "write is" if self._sending == 1 else "writes are"
            words = (
                f"{self._sending} {plural} on the way. Quitting waits for the answer, "
                "so that its outcome stands in the audit log."
            )
        yield Static(words, id="words", markup=False)
        with Horizontal(id="buttons"):
            yield self.button("Stay", "stay")
            yield self.button("Quit", "leave")

    def on_mount(self) -> None:
        """Asked for: the answer is at hand. With a write on its way, staying is."""
        self.query_one("#stay" if self._sending else "#leave").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Yes or no."""
        event.stop()
        self.dismiss(event.button.id == "leave")

    def action_leave(self) -> None:
        """Yes."""
        self.dismiss(True)
