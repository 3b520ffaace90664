"""Reading a terminal: keys as Textual makes them of bytes, an end heard at once, and rest while nothing comes."""

from __future__ import annotations

import os
import queue
import selectors
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from pointsman.console.output.listening import Ending, listen


class Terminal:
    """A pipe that is read as a terminal is."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.ending = Ending()
        self.heard: queue.Queue[Any] = queue.Queue()
        self.failed: list[BaseException] = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        try:
            listen(self.reader, self.ending, XTermParser(), self.heard.put)
        except BaseException as error:
            self.failed.append(error)

    def send(self, data: bytes) -> None:
        os.write(self.writer, data)

    def key(self) -> str:
        found = self.heard.get(timeout=10)
        assert isinstance(found, Key)
        return found.key

    def end(self) -> None:
        self.ending.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.end()
    assert not made.failed


def test_keys_come_as_textual_makes_them(terminal: Terminal) -> None:
    terminal.send("aä\x1b[A\x01".encode())
    assert [terminal.key() for _ in range(4)] == ["a", "ä", "up", "ctrl+a"]


def test_a_character_may_come_in_two_pieces_and_a_sequence_in_three(terminal: Terminal) -> None:
    for piece in ("ä".encode()[:1], "ä".encode()[1:], b"\x1b", b"[", b"B"):
        terminal.send(piece)
        time.sleep(0.02)  # the pieces are read one by one
    assert [terminal.key() for _ in range(2)] == ["ä", "down"]


def test_an_escape_alone_is_the_key(terminal: Terminal) -> None:
    terminal.send(b"\x1b")
    assert terminal.key() == "escape"
    time.sleep(0.01)
    terminal.send(b"x")
    assert terminal.key() == "x"


def test_bytes_that_are_no_characters_do_not_end_it(terminal: Terminal) -> None:
    terminal.send(b"\xff\xfeq")
    assert [terminal.key() for _ in range(3)][-1] == "q"


def test_the_end_is_heard_while_nothing_comes(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []
    plain = selectors.SelectSelector.select

    def select(self: Any, timeout: float | None = None) -> Any:
        waits.append(timeout)
        return plain(self, timeout)

    monkeypatch.setattr(selectors.SelectSelector, "select", select)
    terminal.end()
    other = Terminal()
    other.send(b"a\x1b[?2026;2$yb")
    while getattr(other.heard.get(timeout=10), "key", "") != "b":
        pass
    other.end()
    assert waits and set(waits) == {None}, "it never looked at the clock"


def test_it_can_be_begun_again_after_an_end(terminal: Terminal) -> None:
    terminal.end()
    terminal.ending.clear()
    terminal.thread = threading.Thread(target=terminal._read, daemon=True)
    terminal.thread.start()
    terminal.send(b"z")
    assert terminal.key() == "z"


def test_an_input_at_its_end_is_not_read_for_ever(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []
    plain = os.read

    def read(descriptor: int, count: int) -> bytes:
        if descriptor == terminal.reader:
            reads.append(descriptor)
        return plain(descriptor, count)

    monkeypatch.setattr(os, "read", read)
    terminal.send(b"k")
    assert terminal.key() == "k"
    os.close(terminal.writer)
    time.sleep(0.3)
    terminal.end()
    assert len(reads) <= 3
