"""Headings in a form: what stands under one is closed until somebody opens it, so that a long form fits anywhere."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from pointsman.console.present.glyphs import Glyphs

__all__ = ["GroupHead"]


class GroupHead(Static, can_focus=True):
    """The heading of a group of fields; enter opens or closes it.

    Args:
        title: What the group is called.
        glyphs: The marks to draw with.
        number: Which group it is.
    """

    DEFAULT_CSS = """
    GroupHead { height: 1; margin-top: 1; color: $text-muted; }
    GroupHead:focus { text-style: bold reverse; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "fold", "open or close", show=False)]

    class Toggled(Message):
        """It was opened or closed."""

        def __init__(self, number: int, opened: bool) -> None:
            super().__init__()
            self.number = number
            self.opened = opened

    def __init__(self, title: str, glyphs: Glyphs, number: int) -> None:
        super().__init__(id=f"group-{number}", markup=False)
        self.title = title
        self.number = number
        self.opened = False
        self._glyphs = glyphs
        self._told = ""

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()

    def tell(self, changed: int, wrong: int) -> None:
        """Say how many of its fields differ from what stood there, and how many are wrong."""
        told = [f"{changed} changed"] if changed else []
        told += [f"{wrong} wrong"] if wrong else []
        said = ", ".join(told)
        if said != self._told:
            self._told = said
            self._draw()

    def _draw(self) -> None:
        mark = self._glyphs.unfolded if self.opened else self._glyphs.folded
        self.update(Text(f"{mark} {self.title}{f'  {self._told}' if self._told else ''}", no_wrap=True))

    def action_fold(self) -> None:
        """Open or close it."""
        self.opened = not self.opened
        self._draw()
        self.post_message(self.Toggled(self.number, self.opened))

    def on_click(self) -> None:
        """As enter does."""
        self.action_fold()
