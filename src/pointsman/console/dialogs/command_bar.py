"""The ``:`` line at the bottom of the screen, with what the typed text could become above it."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from pointsman.console import toolkit
from pointsman.console.command_line import COMMANDS, Line, Names, complete, parse
from pointsman.console.present.text import clean, for_terminal, truncate

__all__ = ["CommandBar"]

SHOWN = 8


class CommandBar(ModalScreen[Line | None]):
    """``tab`` completes, ``enter`` runs, ``esc`` leaves."""

    DEFAULT_CSS = """
    CommandBar { align: left bottom; background: transparent; }
    CommandBar > #bar { height: auto; width: 100%; background: $surface; border-top: solid $primary; }
    CommandBar #completions { height: auto; padding: 0 1; }
    CommandBar #error { height: auto; padding: 0 1; color: $error; display: none; }
    CommandBar #error.wrong { display: block; }
    CommandBar Horizontal { height: 1; }
    CommandBar Label { width: auto; padding: 0 0 0 1; text-style: bold; }
    CommandBar Input { width: 1fr; border: none; height: 1; padding: 0; background: transparent; }
    CommandBar Input:focus { border: none; background: transparent; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False, priority=True),
        Binding("tab", "complete(1)", "complete", show=False, priority=True),
        Binding("down", "complete(1)", "next", show=False, priority=True),
        Binding("shift+tab", "complete(-1)", "previous", show=False, priority=True),
        Binding("up", "complete(-1)", "previous", show=False, priority=True),
    ]

    def __init__(self, names: Names, text: str = "", ellipsis: str = "…") -> None:
        super().__init__()
        self._ellipsis = ellipsis
        self._names = names
        self._text = text
        self._offered: tuple[str, ...] = ()
        self._at = -1
        self._own = False
        """Whether the field holds what was completed, not what was typed."""

    def compose(self) -> ComposeResult:
        """Completions over the line."""
        with Vertical(id="bar"):
            yield Static("", id="completions", markup=False)
            yield Static("", id="error", markup=False)
            with Horizontal():
                yield Label(":", markup=False)
                field = Input(self._text, compact=True, select_on_focus=False)
                toolkit.no_blink(field)
                yield field

    def on_mount(self) -> None:
        """Begin with what is there."""
        self.set_focus(self.query_one(Input))
        self._offer(self._text)

    def on_key(self, event: events.Key) -> None:
        """What was typed before the line had the keys belongs to it."""
        field = self.query_one(Input)
        if event.is_printable and event.character and not field.has_focus:
            event.stop()
            event.prevent_default()
            field.insert_text_at_cursor(event.character)

    def _offer(self, text: str) -> None:
        self._offered = complete(text, self._names)
        self._at = -1
        self._draw()

    def _draw(self) -> None:
        helps = {command.name: command.help for command in COMMANDS}
        width = max(20, self.size.width - 2)
        first = max(0, min(self._at - SHOWN + 1, len(self._offered) - SHOWN)) if self._at >= SHOWN else 0
        lines = Text(no_wrap=True)
        for at, offer in enumerate(self._offered[first : first + SHOWN], start=first):
            shown = clean(self._safe(offer))
            line = truncate(f"{shown:<22}  {helps.get(offer, '')}", width, self._ellipsis)
            lines.append(("\n" if at > first else "") + line, "reverse" if at == self._at else "")
        more = len(self._offered) - SHOWN - first
        if more > 0:
            lines.append(f"\n{more} more", "dim")
        listed = self.query_one("#completions", Static)
        listed.display = bool(self._offered)
        listed.update(lines)

    def _safe(self, text: str) -> str:
        return for_terminal(text, ascii_only=self.app.has_class("ascii"))

    def _say(self, error: str) -> None:
        line = self.query_one("#error", Static)
        line.update(clean(self._safe(error)))
        line.set_class(bool(error), "wrong")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what fits."""
        event.stop()
        self._say("")
        if self._own:
            self._own = False
        else:
            self._offer(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run it, or say what is wrong."""
        event.stop()
        line = parse(event.value)
        if line.error:
            self._say(line.error)
        else:
            self.dismiss(line if line.name else None)

    def action_complete(self, step: int) -> None:
        """To the next or previous of what it could become."""
        if not self._offered:
            return
        self._at = (self._at + step) % len(self._offered) if self._at >= 0 or step > 0 else len(self._offered) - 1
        field = self.query_one(Input)
        value = self._offered[self._at]
        if field.value != value:
            self._own = True
            field.value = value
            field.cursor_position = len(value)
        self._draw()

    def action_close(self) -> None:
        """Leave it."""
        self.dismiss(None)
