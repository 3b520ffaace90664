"""``Footer``: the keys that do something here, as data; what cannot be done is greyed."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from pointsman.console.present.cells import Cell
from pointsman.console.present.keys import KeyHint, Placed, key_line
from pointsman.console.present.look import Draw
from pointsman.console.widgets.lines import Lines


class Footer(Lines):
    """One line at the bottom of every screen."""

    DEFAULT_CSS = """
    Footer { height: 1; dock: bottom; }
    """

    class Pressed(Message):
        """A key was clicked; ``why_not`` is set when it does nothing now."""

        def __init__(self, key: str, why_not: str | None) -> None:
            super().__init__()
            self.key = key
            self.why_not = why_not

    _keys: tuple[KeyHint, ...] = ()
    _placed: tuple[Placed, ...] = ()

    def show(self, keys: Sequence[KeyHint]) -> None:
        """Show these keys, the most useful first."""
        self._keys = tuple(keys)
        self.redraw()

    def content(self, draw: Draw, width: int) -> Sequence[Cell]:  # noqa: ARG002
        """The line."""
        content, self._placed = key_line(self._keys, width)
        return (content,)

    def on_click(self, event: events.Click) -> None:
        """A click on a key is the key."""
        for spot in self._placed:
            if spot.start <= event.x < spot.end:
                event.stop()
                self.post_message(self.Pressed(spot.hint.key, spot.hint.why_not))
                return
