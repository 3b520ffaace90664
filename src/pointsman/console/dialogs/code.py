"""The code of an MFA device: six digits, asked for where a profile's role wants them."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from pointsman.console.dialogs.base import Dialog

__all__ = ["CodeDialog"]

DIGITS = 6


class CodeDialog(Dialog[str]):
    """``enter`` gives the code, ``esc`` none.

    Args:
        device: The device's serial number or ARN.
        said: What was said of the code before; empty for the first one.
    """

    DEFAULT_CSS = """
    CodeDialog > #box { max-width: 76; }
    CodeDialog #code { border: none; height: 1; padding: 0; margin: 1 0; background: $surface; }
    CodeDialog #said { color: $text-error; }
    CodeDialog #room { height: 1; }
    """

    heading = "MFA code"
    foot = "enter gives it   esc does not"

    def __init__(self, device: str, said: str = "") -> None:
        super().__init__()
        self._device = device
        self._said = said

    def body(self) -> ComposeResult:
        """Whose code, what became of the last one, and the field."""
        yield Static(f"The role of this profile wants the code that {self.safe(self._device)} shows.", markup=False)
        yield Static(self.safe(self._said), id="said", markup=False)
        yield Input(placeholder="six digits", restrict="[0-9]*", max_length=DIGITS, id="code", compact=True)
        yield Static("", id="room")
        with Horizontal(id="buttons"):
            yield self.button("Cancel", "cancel")
            yield self.button("Give it", "give", disabled=True)

    def on_mount(self) -> None:
        """Whoever sees this has the code at hand."""
        self.query_one("#said").display = bool(self._said)
        self.query_one("#code", Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Six digits are a code."""
        event.stop()
        self.query_one("#give", Button).disabled = len(event.value) != DIGITS

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give it, if it is one."""
        event.stop()
        if len(event.value) == DIGITS:
            self.dismiss(event.value)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Give it, or not."""
        event.stop()
        self.dismiss(self.query_one("#code", Input).value if event.button.id == "give" else None)
