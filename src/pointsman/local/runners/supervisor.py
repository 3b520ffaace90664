"""The parent of one build's shell: a program of its own, standard library only, started with ``python -I -S``.

It speaks JSON lines on its standard input and frames on its standard output. It owns the shell in a session of its
own, relays its output in order with the ends of commands, writes what a command came to by atomic rename before it
says so, and kills everything the shell has left behind as soon as it is told to, or as its input closes because the
backend died. On Linux it is a child subreaper: a grandchild in another session cannot get away either.

Asked: ``{"open": …}`` once, then ``{"run": …}`` one at a time, ``{"stop": true}``, with a ``grace`` where it differs.
Said: a kind (``O`` output, ``R`` what a command that runs ``apart`` wrote on its standard error, ``E`` the end of a
command), the number of bytes, a line's end, and the bytes.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import shlex
import signal
import sys
import termios
import time
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_CHUNK = 1 << 16


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def prctl(option: int, value: int) -> None:
    """Ask the kernel; on systems without prctl nothing happens."""
    if _LIBC is not None:
        _LIBC.prctl(option, value, 0, 0, 0)


def descendants() -> list[int]:
    """Every living process below this one, by /proc; empty where there is none."""
    children: dict[int, list[int]] = {}
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - pathlib costs a start-up
    except OSError:
        return []
    for name in names:
        with contextlib.suppress(OSError, IndexError, ValueError), open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
            parent = int(stat.read().rsplit(b")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


class Supervisor:
    """One build's shell and everything below it."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.folder: str = order["folder"]
        self.shell = 0
        self.generation = 0
        self.running = 0
        self.last = 0
        self.script = -1
        self.restore = True
        self.output, self.output_in = os.pipe()
        os.set_blocking(self.output, False)
        self.errors = -1
        os.mkfifo(f"{self.folder}/done", 0o600)
        self.done = os.open(f"{self.folder}/done", os.O_RDWR | os.O_NONBLOCK)
        self.marks = b""

    # -- saying -----------------------------------------------------------------------------------------------------

    def say(self, kind: bytes, body: bytes) -> None:
        """One frame to the backend; when nobody listens any more, the end is near anyway."""
        view = memoryview(b"%s %d\n" % (kind, len(body)) + body)
        with contextlib.suppress(BrokenPipeError):
            while view:
                view = view[os.write(1, view) :]

    def relay(self) -> None:
        """Pass on the output there is now; what a process in the background goes on printing comes later."""
        for source in self.sources():
            waiting = int.from_bytes(fcntl.ioctl(source, termios.FIONREAD, b"\0" * 4), sys.byteorder)
            while waiting > 0:
                waiting -= self.relay_some(source)

    def sources(self) -> list[int]:
        """Where output comes from."""
        return [self.output] if self.errors < 0 else [self.output, self.errors]

    def relay_some(self, source: int) -> int:
        """Pass on one piece of output; how long it was."""
        try:
            chunk = os.read(source, _CHUNK)
        except BlockingIOError:
            return _CHUNK
        self.say(b"O" if source == self.output else b"R", chunk)
        return len(chunk)

    def record(self, outcome: dict[str, Any]) -> None:
        """Write what a command came to, whole or not at all."""
        place = f"{self.folder}/outcome"
        handle = os.open(f"{place}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(handle, json.dumps(outcome).encode())
        os.close(handle)
        os.replace(f"{place}.new", place)  # noqa: PTH105 - pathlib costs a start-up

    def ended(self, status: int | None, note: str = "") -> None:
        """The running command is over."""
        number, self.running = self.running, 0
        self.relay()
        values: list[str] = []
        with contextlib.suppress(OSError), open(f"{self.folder}/values-{number}", "rb") as told:  # noqa: PTH123
            values = [value.decode("utf-8", "replace") for value in told.read().split(b"\0")[:-1]]
        outcome = {"number": number, "exit": status, "note": note, "values": values}
        self.record(outcome)
        self.say(b"E", json.dumps(outcome).encode())

    # -- the shell --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the shell, where the last one left off when there was one."""
        self.generation += 1
        fifo = f"{self.folder}/commands-{self.generation}"
        os.mkfifo(fifo, 0o600)
        self.script = os.open(fifo, os.O_RDWR)
        null = os.open(os.devnull, os.O_RDONLY)
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                os.dup2(null, 0)
                os.dup2(self.output_in, 1)
                os.dup2(self.output_in, 2)
                for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_DFL)
                os.chdir(self.order["directory"])
                os.execve(self.order["shell"][0], [*self.order["shell"], fifo], self.order["environment"])
            except OSError as error:
                os.write(2, f"{self.order['shell'][0]}: {error.strerror}\n".encode())
            os._exit(127)
        os.close(null)
        self.shell = pid
        state = f"{self.folder}/state-{self.last}"
        if self.restore and self.last and os.path.exists(state):  # noqa: PTH110
            with open(f"{self.folder}/directory-{self.last}", "rb") as saved:  # noqa: PTH123
                directory = saved.read().decode("utf-8", "surrogateescape").removesuffix("\n")
            self.feed(f"{{ . {shlex.quote(state)}; cd {shlex.quote(directory)}; }} 2>/dev/null\n")

    def feed(self, text: str) -> None:
        """Give the shell something to read."""
        os.write(self.script, text.encode("utf-8", "surrogateescape"))

    def run(self, order: dict[str, Any]) -> None:
        """Have the shell carry out one command, then note its state and say how it ended."""
        number = order["number"]
        if order.get("fresh"):
            self.end_shell()
            self.restore = False
        if not self.shell:
            self.start()
        self.running = number
        settings = "".join(f"export {key}={shlex.quote(value)}; " for key, value in order["environment"].items())
        if settings:
            self.feed(f"{{ {settings}}} 2>/dev/null\n")
        self.feed(f". {shlex.quote(order['script'])}{self.apart() if order.get('apart') else ''}\n")
        folder = shlex.quote(self.folder)
        self.feed(
            "{ __status=$?; set +xv; "
            f"export -p >| {folder}/state-{number}; command pwd >| {folder}/directory-{number}; "
            f"command printf '{number} %s\\n' \"$__status\" > {folder}/done; }} 2>/dev/null\n"
        )

    def apart(self) -> str:
        """What a command is followed by whose errors come apart from its output."""
        place = f"{self.folder}/errors"
        if self.errors < 0:
            os.mkfifo(place, 0o600)
            self.errors = os.open(place, os.O_RDWR | os.O_NONBLOCK)
        return f" 2> {shlex.quote(place)}"

    def end_shell(self) -> None:
        """End the shell and what it left behind, quietly."""
        if self.shell:
            shell, self.shell = self.shell, 0
            self.kill(shell)
        self.close_script()

    def close_script(self) -> None:
        """Let go of what the shell read."""
        if self.script >= 0:
            os.close(self.script)
            self.script = -1

    # -- what happens -----------------------------------------------------------------------------------------------

    def marked(self) -> None:
        """The shell has written that a command ended."""
        try:
            self.marks += os.read(self.done, 4096)
        except BlockingIOError:
            return
        while b"\n" in self.marks:
            line, _, self.marks = self.marks.partition(b"\n")
            number, _, status = line.partition(b" ")
            if self.running and number == str(self.running).encode() and status.isdigit():
                self.forget(self.last)
                self.last = self.running
                self.ended(int(status))

    def forget(self, number: int) -> None:
        """Remove the files of a command that is not the last any more."""
        for name in ("state", "directory", "values"):
            with contextlib.suppress(OSError):
                os.unlink(f"{self.folder}/{name}-{number}")  # noqa: PTH108

    def reap(self) -> None:
        """Collect the dead; when the shell is one of them, its command ended with it."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.shell:
                self.marked()
                self.shell = 0
                self.close_script()
                if self.running:
                    code = os.waitstatus_to_exitcode(status)
                    note = "" if code >= 0 else f"signal: {signal.strsignal(-code) or -code}".lower()
                    self.ended(code if code >= 0 else 128 - code, note)

    def kill(self, group: int) -> None:
        """End every process below this one and a process group: asked first, then made to."""
        self.signal(group, signal.SIGTERM)
        asked = time.monotonic()
        grace = float(self.order.get("grace", 1.0))
        while not childless() and time.monotonic() < asked + grace + 10:
            if time.monotonic() > asked + grace:
                self.signal(group, signal.SIGKILL)
            self.relay()
            time.sleep(0.005)

    def signal(self, group: int, number: signal.Signals) -> None:
        """Send a signal to the group and to every descendant, whatever session it has made for itself."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(group, number)
        for pid in descendants():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def stop(self) -> None:
        """The end: nothing of this build goes on living."""
        running, self.running = self.running, 0
        shell, self.shell = self.shell, 0
        if running:
            self.record({"number": running, "exit": None, "note": "stopped", "values": []})
        self.kill(shell)
        self.relay()


def stand_over_all() -> int:
    """Make this program the parent of everything below it, deaf to signals meant for others.

    Returns:
        What becomes readable when a child has died.
    """
    os.umask(0o077)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    wake, wake_in = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(wake_in, False)
    signal.set_wakeup_fd(wake_in, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    return wake


def hold(folder: str) -> None:
    """Hold the lock that says a folder's program is alive, until this one is not."""
    lock = os.open(f"{folder}/alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)


def childless() -> bool:
    """Collect the dead; whether nobody is left."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            return False


def _main() -> None:
    wake = stand_over_all()
    asked = b""
    supervisor: Supervisor | None = None
    while True:
        readers = [0, wake] + ([*supervisor.sources(), supervisor.done] if supervisor else [])
        ready, _, _ = select.select(readers, [], [])
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
        if supervisor:
            for source in supervisor.sources():
                if source in ready:
                    supervisor.relay_some(source)
            supervisor.marked()
            supervisor.reap()
        if 0 in ready:
            chunk = os.read(0, _CHUNK)
            asked += chunk
            while b"\n" in asked:
                line, _, asked = asked.partition(b"\n")
                order = json.loads(line)
                if "open" in order:
                    supervisor = Supervisor(order["open"])
                    hold(supervisor.folder)
                elif "run" in order and supervisor:
                    supervisor.run(order["run"])
                elif "stop" in order:
                    if supervisor and "grace" in order:
                        supervisor.order["grace"] = order["grace"]
                    chunk = b""
            if not chunk:
                if supervisor:
                    supervisor.stop()
                return


if __name__ == "__main__":
    _main()
