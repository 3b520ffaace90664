"""Reading a terminal's input without looking at the clock while nothing comes.

Textual's own input thread wakes ten times a second, to see whether it shall end and whether an escape that came alone
was the key. A pipe says the first, and the second is wanted only while the parser waits for more of a sequence.
"""

from __future__ import annotations

import contextlib
import os
import selectors
from codecs import getincrementaldecoder
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from textual.message import Message

    class Parser(Protocol):
        """What is used of Textual's parser."""

        def feed(self, data: str) -> Iterable[Message]:
            """Messages that some input makes."""
            ...

        def tick(self) -> Iterable[Message]:
            """Messages that the time makes."""
            ...


__all__ = ["Ending", "listen"]

_TICK = 0.1
"""Seconds between two looks at the clock, as Textual has it."""


class Ending(Event):
    """An event whose setting wakes a selector."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self._writer = os.pipe()
        os.set_blocking(self.reader, False)
        os.set_blocking(self._writer, False)

    def set(self) -> None:
        """Say it, and wake who waits."""
        super().set()
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes as well
            os.write(self._writer, b"!")

    def clear(self) -> None:
        """Take it back."""
        super().clear()
        with contextlib.suppress(BlockingIOError):
            while os.read(self.reader, 64):
                pass


def listen(terminal: int, ending: Ending, parser: Parser, take: Callable[[Message], None]) -> None:
    """Read a terminal until the ending is set.

    Args:
        terminal: Its file descriptor.
        ending: When to stop.
        parser: What makes messages of characters.
        take: What is done with each.

    Raises:
        OSError: The terminal is gone.
    """
    decode = getincrementaldecoder("utf-8")("replace").decode
    with selectors.SelectSelector() as selector:
        selector.register(terminal, selectors.EVENT_READ)
        selector.register(ending.reader, selectors.EVENT_READ)
        while not ending.is_set():
            for key, _ in selector.select(_TICK if _in_a_sequence(parser) else None):
                if key.fd != terminal:
                    continue
                data = os.read(terminal, 4096)
                if not data:
                    selector.unregister(terminal)  # standard input is at its end, and would be ready for ever
                if text := decode(data):  # none of half a character, which the parser would take for the end
                    for message in parser.feed(text):
                        take(message)
            for message in parser.tick():
                take(message)


def _in_a_sequence(parser: Parser) -> bool:
    """Whether the parser waits for the rest of a sequence, which may not come."""
    return getattr(parser, "_timeout_time", 0.0) is not None
