"""One supervised shell, seen from the backend: start it, have it run commands, hear its output, end it.

A thread per shell starts the supervisor and reads its frames; output becomes lines in batches, so that a build that
prints 5,000 lines a second costs ten transactions, not 5,000. The supervisor's end of the pipe closes when this
process dies, however it dies.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from pointsman.local.runners.lines import LineCutter, Mask
from pointsman.local.runners.sweep import COOKIE, sweep

SUPERVISOR = Path(__file__).with_name("supervisor.py")

_PAUSE = 0.1
"""Seconds between batches of output."""
_BATCH = 2000
"""Lines in a batch at most."""
_AHEAD = 8
"""Batches that may wait to be kept before the shell has to wait."""


class Listener(Protocol):
    """Who hears what a shell does; called on the shell's own thread."""

    def printed(self, lines: list[str], taken: Callable[[], None]) -> None:
        """Lines came; ``taken`` is to be called once they are kept."""
        ...

    def complained(self, lines: list[str], taken: Callable[[], None]) -> None:
        """Lines came on the standard error of a command that runs apart; no other's come here."""
        ...

    def ended(self, number: int, status: int | None, note: str, values: Sequence[str]) -> None:
        """A command is over; None: the shell was lost under it."""
        ...


class ShellSettings(Struct, frozen=True):
    """What a shell is started with."""

    folder: Path
    """The runner's own files of this shell."""
    directory: Path
    """Where it starts."""
    command: Sequence[str]
    """The shell itself and its arguments; the program by its full path."""
    environment: Mapping[str, str]
    """All of its environment."""
    grace: float = 1.0
    """Seconds between asking its processes to end and making them."""


class SupervisedShell:
    """A shell under a supervisor of its own.

    Args:
        settings: What to start.
        listener: Who hears of it.
        mask: What is hidden in its output.
    """

    def __init__(self, settings: ShellSettings, listener: Listener, mask: Mask) -> None:
        self._settings = settings
        self.listener = listener
        self._mask = mask
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._unsent = b""
        self._running = 0
        self._gone = ""
        self._stopping = threading.Event()
        self._slots = threading.Semaphore(_AHEAD)
        self._lines: list[tuple[bool, str]] = []
        self._cutters = {False: LineCutter(), True: LineCutter()}
        self._thread = threading.Thread(target=self._live, name="pointsman-shell", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The supervisor's process id once it has been started."""
        return self._process.pid if self._process else None

    def run(
        self,
        number: int,
        text: str,
        environment: Mapping[str, str],
        *,
        fresh: bool = False,
        apart: bool = False,
        inquire: Sequence[str] = (),
    ) -> None:
        """Have the shell carry out one command; its end is told to the listener.

        Args:
            number: 1, 2, 3 … of this shell.
            text: What the shell reads.
            environment: Variables to export first.
            fresh: Whether a new shell carries it out.
            apart: Whether its standard error is told apart from its output.
            inquire: In place of ``text``, words to expand.
        """
        folder = self._settings.folder
        if inquire:
            target = shlex.quote(f"{folder}/values-{number}")
            text = f"command printf '%s\\0' {' '.join(_quoted(word) for word in inquire)} >| {target}\n"
        script = folder / f"script-{number}.sh"
        with self._lock:
            gone = self._gone
            self._running = 0 if gone else number
        if gone:
            self.listener.ended(number, None, gone, ())
            return
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            script.write_bytes(text.encode("utf-8", "surrogateescape") + b"\n")
        except OSError as error:
            self._running = 0
            self.listener.ended(number, None, f"the build's folder cannot be written: {error.strerror}", ())
            return
        order = {"number": number, "script": str(script), "environment": dict(environment), "fresh": fresh}
        self._send({"run": {**order, "apart": True} if apart else order})

    def stop(self, grace: float | None = None) -> None:
        """End everything the shell has started; returns at once, ``join`` waits for it.

        Args:
            grace: Seconds between asking and making them, where it is not the settings' own.
        """
        self._stopping.set()
        self._send({"stop": True} if grace is None else {"stop": True, "grace": grace})

    def join(self, timeout: float | None = None) -> bool:
        """Wait until supervisor, shell and all their processes are gone; False when they are not yet."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _send(self, order: dict[str, Any]) -> None:
        with self._lock:
            self._unsent += json.dumps(order).encode() + b"\n"
            self._flush()

    def _flush(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            unsent, self._unsent = self._unsent, b""
            try:
                self._process.stdin.write(unsent)
                self._process.stdin.flush()
            except (BrokenPipeError, ValueError):
                pass  # the supervisor is gone; the reading side tells of it

    # -- on the shell's thread --------------------------------------------------------------------------------------

    def _live(self) -> None:
        note = "its supervisor ended"
        try:
            self._start()
            self._read()
        except OSError as error:
            note = f"it could not be started: {error.strerror}"
        finally:
            with self._lock:
                self._gone = note
                process, self._process = self._process, None
            if process is not None:
                assert process.stdin is not None
                assert process.stdout is not None
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
                process.stdout.close()
                if process.wait() != 0:
                    sweep(self._settings.folder)
            self._print_rest()
            if self._running:
                self.listener.ended(self._running, None, note, ())

    def _start(self) -> None:
        settings = self._settings
        settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        order = {
            "folder": str(settings.folder),
            "directory": str(settings.directory),
            "shell": list(settings.command),
            "environment": {**settings.environment, COOKIE: str(settings.folder)},
            "grace": settings.grace,
        }
        with (settings.folder / "supervisor.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(SUPERVISOR)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                cwd=settings.folder,
                start_new_session=True,
            )
        with self._lock:
            self._process = process
            self._unsent = json.dumps({"open": order}).encode() + b"\n" + self._unsent
            self._flush()

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        source = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(source, select.POLLIN | select.POLLHUP)
        buffer = bytearray()
        printed = time.monotonic()
        while True:
            if self._lines and time.monotonic() - printed >= _PAUSE:
                self._print([], now=True)
                printed = time.monotonic()
            if not poll.poll(_PAUSE * 1000 if self._lines else None):
                continue
            chunk = os.read(source, 1 << 16)
            if not chunk:
                return
            buffer += chunk
            while (frame := _take(buffer)) is not None:
                kind, body = frame
                if kind != b"E":
                    if not self._lines:
                        printed = time.monotonic()
                    self._print(self._cutters[kind == b"R"].feed(body), errors=kind == b"R")
                else:
                    self._print_rest()
                    outcome = json.loads(body)
                    self._running = 0
                    self.listener.ended(outcome["number"], outcome["exit"], outcome["note"], outcome["values"])

    def _print_rest(self) -> None:
        for errors, cutter in self._cutters.items():
            self._print(cutter.flush(), errors=errors)
        self._print([], now=True)

    def _print(self, lines: list[str], *, errors: bool = False, now: bool = False) -> None:
        self._lines += [(errors, self._mask(line) if self._mask else line) for line in lines]
        while self._lines and (now or len(self._lines) >= _BATCH):
            kind, together = next(itertools.groupby(self._lines[:_BATCH], key=itemgetter(0)))
            batch = [line for _, line in together]
            self._lines = self._lines[len(batch) :]
            while not self._slots.acquire(timeout=0.2):
                if self._stopping.is_set():
                    return
            (self.listener.complained if kind else self.listener.printed)(batch, self._slots.release)


def _take(buffer: bytearray) -> tuple[bytes, bytes] | None:
    """The first whole frame, taken off the buffer; None while it is not whole."""
    head = buffer.find(b"\n")
    if head < 0:
        return None
    size = int(buffer[2:head])
    end = head + 1 + size
    if len(buffer) < end:
        return None
    kind, body = bytes(buffer[:1]), bytes(buffer[head + 1 : end])
    del buffer[:end]
    return kind, body


def _quoted(word: str) -> str:
    """A word in double quotes: the shell expands variables and commands in it, and splits nothing.

    Quotes inside ``$(…)`` are the command's own and stay as they are.
    """
    parts: list[str] = []
    depth = 0
    for index, character in enumerate(word):
        if word.startswith("$(", index) or (depth and character == "("):
            depth += word.startswith("$(", index) or word[index - 1] != "$"
        elif depth and character == ")":
            depth -= 1
        parts.append('\\"' if character == '"' and not depth else character)
    return '"' + "".join(parts) + '"'
