"""What every dialog is: a framed box over the screen it was opened from, closed by ``esc``."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from pointsman.console.present.text import clean, for_terminal

__all__ = ["Dialog"]

R = TypeVar("R")


class Dialog(ModalScreen[R | None]):
    """A modal box with a title; ``esc`` answers None.

    A subclass gives ``body`` and, if it has something to say about its keys, ``foot``.
    """

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
    }
    Dialog > #box {
        width: 90%;
        max-width: 96;
        height: auto;
        max-height: 94%;
        border: round $primary;
        border-title-color: $text;
        border-title-style: bold;
        border-subtitle-color: $text-muted;
        background: $surface;
        padding: 0 1;
    }
    Dialog.wide > #box { max-width: 140; }
    Dialog.danger > #box { border: round $error; }
    Dialog #buttons { dock: bottom; height: 1; align-horizontal: right; background: $surface; }
    Dialog #buttons Button, Dialog #buttons Button:hover {
        height: 1; min-width: 8; margin-left: 2; padding: 0; border: none;
        background: $surface; background-tint: transparent; color: $foreground; text-style: bold; text-opacity: 100%;
    }
    Dialog #buttons Button:focus { background: $surface; color: $foreground; text-style: bold reverse; }
    Dialog #buttons Button:disabled { color: $foreground 40%; text-style: none; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "close", show=False)]

    heading = ""
    foot = "esc close"

    class Copied(Message):
        """A text for the clipboard; the app sends it to the terminal."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text = text
            self.what = what

    def compose(self) -> ComposeResult:
        """The box and what is in it."""
        with Vertical(id="box") as box:
            box.border_title = Text(self.safe(self.heading), no_wrap=True)
            box.border_subtitle = Text(self.foot, no_wrap=True)
            yield from self.body()

    def safe(self, text: str) -> str:
        """Text from outside for a widget that is no line widget: what the terminal shows, and nothing else."""
        return for_terminal(text, ascii_only=self.app.has_class("ascii"))

    @staticmethod
    def button(label: str, name: str, *, disabled: bool = False) -> Button:
        """A button that reads as one without colour too."""
        return Button(Content(f"[ {clean(label)} ]"), id=name, compact=True, disabled=disabled)

    def body(self) -> ComposeResult:
        """What the box holds."""
        yield Static("")

    def action_close(self) -> None:
        """Answer nothing."""
        self.dismiss(None)
