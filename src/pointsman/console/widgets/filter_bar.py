"""``FilterBar``: one line to type a filter or a search into; hidden unless it is open.

Where a screen knows how what is typed may go on, tab takes what is proposed, and the next one; up and down bring back
what was typed before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from textual import events
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from pointsman.console import toolkit
from pointsman.console.present.text import clean


class Proposing(Protocol):
    """How a text may go on."""

    @property
    def proposals(self) -> tuple[str, ...]:
        """What may stand at the cursor, best first."""
        ...

    def taken(self, text: str, at: int, proposal: str) -> tuple[str, int]:
        """The text with a proposal in it, and where the cursor is then."""
        ...


Completing = Callable[[str, int], Proposing]
"""(text, cursor) -> how it may go on."""


class _Field(Input):
    """An input that gives escape away, and tab and the arrows where they have a meaning."""

    def on_key(self, event: events.Key) -> None:
        """Escape closes the bar, and only the bar."""
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            bar = self.parent
            if isinstance(bar, FilterBar):
                bar.cancel()
            return
        bar = self.parent
        if isinstance(bar, FilterBar) and bar.assist(event.key):
            event.stop()
            event.prevent_default()


class FilterBar(Horizontal):
    """A prompt, a field, and a count at the right."""

    DEFAULT_CSS = """
    FilterBar { height: 1; display: none; }
    FilterBar.-open { display: block; }
    FilterBar Label { width: auto; padding: 0 1; }
    FilterBar _Field { border: none; height: 1; width: 1fr; padding: 0; background: transparent; }
    FilterBar _Field:focus { border: none; }
    """

    class Changed(Message):
        """What was typed so far."""

        def __init__(self, value: str) -> None:
            super().__init__()
            self.value = value

    class Submitted(Message):
        """Enter: the filter stands, the bar is closed."""

        def __init__(self, value: str) -> None:
            super().__init__()
            self.value = value

    class Cancelled(Message):
        """Escape: no filter, the bar is closed."""

    class Proposed(Message):
        """What is typed may go on so."""

        def __init__(self, proposals: tuple[str, ...], chosen: int) -> None:
            super().__init__()
            self.proposals = proposals
            self.chosen = chosen
            """Which one has been taken; -1 for none yet."""

    def __init__(
        self,
        *,
        prompt: str = "/",
        placeholder: str = "",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._field = _Field(placeholder=placeholder)
        toolkit.no_blink(self._field)
        self._prompt = Label(prompt, markup=False)
        self._count = Label("", markup=False)
        self._completing: Completing | None = None
        self._before: tuple[str, ...] = ()
        self._typed = ""
        """What stood there before something older was brought back."""
        self._back = 0
        """How far back one is; 0 at what is typed now."""
        self._turn: tuple[str, int, Proposing, int] | None = None
        """What was typed, where the cursor was, how it may go on, and which of these was taken."""

    def complete_with(self, completing: Completing | None, before: Sequence[str] = ()) -> None:
        """From now on tab completes, and up and down bring back what was typed before, the newest last."""
        self._completing = completing
        self._before = tuple(before)

    def _fill(self) -> None:
        """Make prompt, field and count: most bars are never opened, and every screen has one."""
        if not self._field.is_attached:
            self.mount(self._prompt, self._field, self._count)

    @property
    def is_open(self) -> bool:
        """Whether it can be typed into."""
        return self.has_class("-open")

    @property
    def value(self) -> str:
        """What was typed."""
        return self._field.value

    def open(
        self, value: str = "", *, at: int | None = None, prompt: str | None = None, placeholder: str | None = None
    ) -> None:
        """Show the bar and take the focus, with the cursor behind so many characters, or at the end.

        Args:
            value: What stands in the field.
            at: Where the cursor is.
            prompt: Another one than the bar was made with, for a screen that asks for several things.
            placeholder: What the field takes, likewise.
        """
        self._fill()
        if prompt is not None:
            self._prompt.update(clean(prompt))
        if placeholder is not None:
            self._field.placeholder = placeholder
        self.add_class("-open")
        self.display = True
        with self.prevent(Input.Changed):
            self._field.value = value
        self._field.cursor_position = len(value) if at is None else max(0, min(at, len(value)))
        self._back, self._turn = 0, None
        # At once, not after the next layout: what is typed meanwhile belongs in the field.
        self.screen.set_focus(self._field)
        self._propose()

    # --- completion, and what was typed before

    def assist(self, key: str) -> bool:
        """Take a key that means something here; False for any other."""
        if key in ("tab", "shift+tab") and self._completing is not None:
            self._take(1 if key == "tab" else -1)
            return True
        if key in ("up", "down") and self._before:
            self._bring(1 if key == "up" else -1)
            return True
        return False

    def _propose(self) -> None:
        if self._completing is not None:
            found = self._completing(self._field.value, self._field.cursor_position)
            self.post_message(self.Proposed(found.proposals, -1))

    def _take(self, way: int) -> None:
        """Put the next proposal where the cursor is, in place of the one before."""
        if self._turn is None:
            assert self._completing is not None
            text, at = self._field.value, self._field.cursor_position
            found, chosen = self._completing(text, at), 0 if way > 0 else -1
        else:
            text, at, found, chosen = self._turn
            chosen += way
        if not found.proposals:
            return
        chosen %= len(found.proposals)
        self._set(*found.taken(text, at, found.proposals[chosen]))
        self._turn = (text, at, found, chosen)
        self.post_message(self.Proposed(found.proposals, chosen))

    def _bring(self, way: int) -> None:
        """Bring back something older (1) or newer (-1)."""
        if not self._back:
            self._typed = self._field.value
        self._back = max(0, min(len(self._before), self._back + way))
        text = self._before[-self._back] if self._back else self._typed
        self._set(text, len(text))
        self._turn = None
        self._propose()

    def _set(self, text: str, at: int) -> None:
        with self.prevent(Input.Changed):
            self._field.value = text
        self._field.cursor_position = at
        self.post_message(self.Changed(text))

    def close(self) -> None:
        """Hide the bar; what it filtered by stays until told otherwise."""
        if self.is_open:
            self.remove_class("-open")
            self.display = False
            if self._field.has_focus:
                self.screen.set_focus(None)

    def cancel(self) -> None:
        """Hide the bar and say that nothing is to be filtered by."""
        with self.prevent(Input.Changed):
            self._field.value = ""
        self.close()
        self.post_message(self.Cancelled())

    def count(self, text: str) -> None:
        """Say how much was found."""
        self._count.update(clean(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what was typed."""
        event.stop()
        self._turn = None
        self.post_message(self.Changed(event.value))
        self._propose()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: keep the filter, close the bar."""
        event.stop()
        self.close()
        self.post_message(self.Submitted(event.value))
