"""The machine room: the one parent of everything that runs on local instances, a program of its own.

Standard library only, started with ``python -I -S``. It speaks JSON lines on both ends. Every script runs in a session
of its own; what a script leaves behind (a server it started) goes on running here, as on a real machine, until it is
ended, its instance is, or the room is. The room closes as soon as its input does, because it was told to or because the
backend died: then everything below it is killed. As a child subreaper it loses nobody.

Before a script begins ``ID.begun`` is written into its folder; what it came to is written to ``ID.ended`` by atomic
rename before it is said. So a restart knows which script has run, and how it ended.

Asked: ``{"open": …}`` once, then ``{"run": …}``, ``{"end": ID}``, ``{"sweep": VARIABLE=VALUE}``, ``{"stop": true}``.
Said: ``{"id": ID, "begun": true}`` and ``{"id": ID, "exit": …, "note": …, "tail": …}``; ``{"swept": …}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any

_TAIL = 4096
_LOGGED = 4 << 20
_CHUNK = 1 << 16
_LINGER = 1.0
"""Seconds that output may stay open after its script has ended."""


class Stream:
    """The standard output or error of a script."""

    def __init__(self, handle: int, mark: bytes) -> None:
        self.handle = handle
        self.mark = mark
        self.rest = b""


class Running:
    """A script that runs."""

    def __init__(self, order: dict[str, Any], pid: int, streams: list[Stream], log: int) -> None:
        self.order = order
        self.pid = pid
        self.streams = streams
        self.log = log
        self.logged = 0
        self.tail = b""
        timeout = order.get("timeout")
        self.deadline: float | None = None if timeout is None else time.monotonic() + timeout
        self.note = ""
        self.exit: int | None = None
        self.over = 0.0
        self.killed = False

    def hear(self, stream: Stream) -> bool:
        """Take in some output; False when there will be no more of it."""
        try:
            chunk = os.read(stream.handle, _CHUNK)
        except OSError:
            chunk = b""
        lines = (stream.rest + chunk).split(b"\n")
        stream.rest = lines.pop()
        if stream.rest and (not chunk or len(stream.rest) > _CHUNK):
            lines.append(stream.rest)
            stream.rest = b""
        if lines:
            self.keep(b"".join(stream.mark + line + b"\n" for line in lines))
        if not chunk:
            os.close(stream.handle)
            self.streams.remove(stream)
        return bool(chunk)

    def keep(self, text: bytes) -> None:
        """Into the log, as far as it goes, and into the tail."""
        self.tail = (self.tail + text[-_TAIL:])[-_TAIL:]
        if self.log >= 0 and self.logged < _LOGGED:
            self.logged += len(text)
            with contextlib.suppress(OSError):  # a full disk costs the log, not the deployment
                os.write(self.log, text if self.logged < _LOGGED else b"[the rest of the output is not kept]\n")


class Room:
    """Every script and what it has left behind."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.grace: float = order.get("grace", 1.0)
        self.largest: int = order.get("largest", 1 << 30)
        self.running: dict[str, Running] = {}

    # -- saying -----------------------------------------------------------------------------------------------------

    @staticmethod
    def say(message: dict[str, Any]) -> None:
        """One line to the backend; when nobody listens any more, the end is near anyway."""
        view = memoryview(json.dumps(message).encode() + b"\n")
        with contextlib.suppress(BrokenPipeError):
            while view:
                view = view[os.write(1, view) :]

    @staticmethod
    def record(order: dict[str, Any], kind: str, body: dict[str, Any]) -> None:
        """Write a file about a script, whole or not at all."""
        place = f"{order['folder']}/{order['name']}.{kind}"
        handle = os.open(f"{place}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, json.dumps(body).encode())
        finally:
            os.close(handle)
        os.replace(f"{place}.new", place)  # noqa: PTH105 - pathlib costs a start-up

    # -- scripts ----------------------------------------------------------------------------------------------------

    def run(self, order: dict[str, Any]) -> None:
        """Start a script."""
        try:
            self.record(order, "begun", {})
            self.start(order)
        except OSError as error:
            self.say(
                {"id": order["id"], "exit": None, "note": f"it could not be started: {error.strerror}", "tail": ""}
            )

    def start(self, order: dict[str, Any]) -> None:
        """Fork, in a session of its own."""
        out, out_in = os.pipe()
        err, err_in = os.pipe()
        log = -1
        if order.get("log"):
            with contextlib.suppress(OSError):
                log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                os.dup2(null, 0)
                os.dup2(out_in, 1)
                os.dup2(err_in, 2)
                for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_DFL)
                resource.setrlimit(resource.RLIMIT_FSIZE, (self.largest, self.largest))
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                os.umask(0o022)
                os.chdir(order["directory"])
                os.execve(order["command"][0], order["command"], order["environment"])
            except OSError as error:
                os.write(2, f"{order['command'][0]}: {error.strerror}\n".encode())
                os._exit(126)
            os._exit(127)
        for handle in (out_in, err_in, null):
            os.close(handle)
        marks = (b"[stdout]", b"[stderr]")
        streams = [Stream(handle, mark) for handle, mark in zip((out, err), marks, strict=True)]
        self.running[order["id"]] = Running(order, pid, streams, log)
        self.say({"id": order["id"], "begun": True, "pid": pid})

    def reap(self) -> None:
        """Collect the dead."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for one in self.running.values():
                if one.pid == pid and one.exit is None:
                    code = os.waitstatus_to_exitcode(status)
                    one.exit = code if code >= 0 else 128 - code
                    one.over = time.monotonic()
                    if code < 0 and not one.note:
                        one.note = f"signal: {signal.strsignal(-code) or -code}".lower()

    def settle(self) -> None:
        """End what has run too long, and tell of what is over."""
        now = time.monotonic()
        for name, one in list(self.running.items()):
            if one.exit is None:
                if one.deadline is not None and now > one.deadline:
                    first = not one.note
                    one.note, one.deadline = "timeout", now + self.grace
                    self.signal(one.pid, signal.SIGTERM if first else signal.SIGKILL)
                continue
            if one.streams and now < one.over + _LINGER and one.note != "timeout":
                continue
            if one.streams and not one.note:
                one.note = "open " + " ".join("STDOUT" if s.mark == b"[stdout]" else "STDERR" for s in one.streams)
            del self.running[name]
            self.finish(one)

    def finish(self, one: Running) -> None:
        """A script is over: write it down, then say so."""
        for stream in list(one.streams):
            os.close(stream.handle)
        if one.log >= 0:
            os.close(one.log)
        body = {"exit": one.exit, "note": one.note, "tail": one.tail.decode("utf-8", "replace")}
        with contextlib.suppress(OSError):
            self.record(one.order, "ended", body)
        self.say({"id": one.order["id"], **body})

    def end(self, name: str) -> None:
        """Have a script end, and its process group with it."""
        one = self.running.get(name)
        if one is not None and one.exit is None:
            one.note = "ended"
            one.deadline = time.monotonic() + self.grace
            self.signal(one.pid, signal.SIGTERM)

    @staticmethod
    def signal(group: int, number: signal.Signals) -> None:
        """Send a signal to a process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)

    # -- the end ----------------------------------------------------------------------------------------------------

    def sweep(self, mark: str) -> None:
        """End every process below this one whose environment has ``VARIABLE=VALUE`` in it."""
        wanted = mark.encode() + b"\0"
        asked = time.monotonic()
        while True:
            found = []
            for pid in descendants():
                with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as environ:  # noqa: PTH123
                    if wanted in environ.read() + b"\0":
                        found.append(pid)
            if not found or time.monotonic() > asked + self.grace + 5:
                break
            number = signal.SIGTERM if time.monotonic() < asked + self.grace else signal.SIGKILL
            for pid in found:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            time.sleep(0.02)
            self.reap()
        self.say({"swept": mark})

    def stop(self) -> None:
        """Nothing of this room goes on living."""
        for one in self.running.values():
            if one.exit is None:
                with contextlib.suppress(OSError):
                    self.record(one.order, "ended", {"exit": None, "note": "stopped", "tail": ""})
        asked = time.monotonic()
        while not childless() and time.monotonic() < asked + self.grace + 10:
            number = signal.SIGTERM if time.monotonic() < asked + self.grace else signal.SIGKILL
            for pid in descendants():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            time.sleep(0.02)

    def listen(self, wake: int) -> list[int]:
        """Wait for something to happen, and take in output; the handles that were ready."""
        streams = {stream.handle: (one, stream) for one in self.running.values() for stream in one.streams}
        pause = None
        for one in self.running.values():
            until = one.over + _LINGER if one.exit is not None else one.deadline
            if until is not None:
                left = max(0.0, until - time.monotonic()) + 0.005
                pause = left if pause is None else min(pause, left)
        ready, _, _ = select.select([0, wake, *streams], [], [], pause)
        for handle in ready:
            if handle in streams:
                one, stream = streams[handle]
                one.hear(stream)
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
        return ready

    def obey(self, order: dict[str, Any]) -> None:
        """Carry out one order."""
        if "run" in order:
            self.run(order["run"])
        elif "end" in order:
            self.end(order["end"])
        elif "sweep" in order:
            self.sweep(order["sweep"])


def _line() -> bytes:
    """The first line of standard input, and not a byte more."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(0, 1)):
        line += byte
    return line


def _main() -> None:
    wake = stand_over_all()
    opening = json.loads(_line())
    room = Room(opening["open"])
    hold(opening["open"]["folder"])
    asked = b""
    while True:
        ready = room.listen(wake)
        room.reap()
        room.settle()
        if 0 not in ready:
            continue
        chunk = os.read(0, _CHUNK)
        asked += chunk
        while b"\n" in asked:
            line, _, asked = asked.partition(b"\n")
            order = json.loads(line)
            if "stop" in order:
                chunk = b""
                break
            room.obey(order)
        if not chunk:
            room.stop()
            return


if __name__ == "__main__":
    sys.path.insert(0, os.path.abspath(f"{__file__}/../../../.."))  # noqa: PTH100 - pathlib costs a start-up

from pointsman.local.runners.supervisor import (  # noqa: E402 - found only now
    PR_SET_PDEATHSIG,
    childless,
    descendants,
    hold,
    prctl,
    stand_over_all,
)

if __name__ == "__main__":
    _main()
