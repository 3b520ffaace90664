"""``FilterBar``: one line to type a filter or a search into; hidden unless it is open."""

from __future__ import annotations

from textual import events
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from pointsman.console import toolkit
from pointsman.console.present.text import clean


class _Field(Input):
    """An input that gives escape away."""

    def on_key(self, event: events.Key) -> None:
        """Escape closes the bar, and only the bar."""
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            bar = self.parent
            if isinstance(bar, FilterBar):
                bar.cancel()


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
        # At once, not after the next layout: what is typed meanwhile belongs in the field.
        self.screen.set_focus(self._field)

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
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: keep the filter, close the bar."""
        event.stop()
        self.close()
        self.post_message(self.Submitted(event.value))
