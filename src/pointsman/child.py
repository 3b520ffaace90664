"""The process that owns a console's state folder: a child of the console, which is only its client.

So a busy backend never slows a key. The console binds the ports and claims the folder, so that what cannot be had is
said before a screen opens, and hands both down. Two pipes join them: the child's standard input, which closes when the
console ends, however it ends, and takes the child with it; and its standard output, on which it says once that it
answers, or why it cannot.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

import pointsman
from pointsman import owning, starting
from pointsman.errors import Fault, FaultKind, StateError
from pointsman.owning import Served, Terms

if TYPE_CHECKING:
    from pointsman.local.ports import XraySockets
    from pointsman.local.state import StateFolder

PATIENCE = 6.0
"""Seconds that running builds have to be stopped and recorded once the console has ended."""
NICE = 5
"""How much the backend gives way to the console, on a machine that has too little for both."""

_MAIN = "import sys; sys.path.append(sys.argv[1]); from pointsman.child import main; main()"
_LEAVE = "leave and start pointsman local again: no acknowledged write is lost"


class Order(Struct, frozen=True):
    """What a child is told: one line of JSON."""

    folder: str
    lock: int
    """Descriptor of the folder's lock."""
    listener: int
    """Descriptor of the endpoint's socket."""
    xray: tuple[int, int] | None
    """Descriptors of X-Ray's sockets, UDP and TCP."""
    region: str
    account: str
    load: Sequence[str]
    trust: bool
    """Run what the world files name without asking."""


class Child:
    """A running owner, seen from the console.

    Args:
        folder: The folder, claimed: it is the child's from here on.
        terms: How it is owned.
        trust: Run what the world files name without asking.
        listener: The endpoint's socket, bound; it is the child's from here on.
        xray: X-Ray's port, bound; the same.
    """

    def __init__(
        self, folder: StateFolder, terms: Terms, trust: bool, listener: socket.socket, xray: XraySockets | None
    ) -> None:
        self.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        """Where it answers, soon."""
        sockets = [listener, *((xray.udp, xray.tcp) if xray is not None else ())]
        handed = [folder.lock.fileno(), *(one.fileno() for one in sockets)]
        order = Order(
            str(folder.path),
            handed[0],
            handed[1],
            None if xray is None else (handed[2], handed[3]),
            terms.region,
            terms.account,
            [str(path) for path in terms.load],
            trust,
        )
        self._process = subprocess.Popen(
            # Neither the working directory nor anything in it is where Python looks for modules.
            [sys.executable, "-P", "-c", _MAIN, str(Path(pointsman.__file__).parents[1])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=handed,
            start_new_session=True,
        )
        folder.hand_over()
        for one in sockets:
            one.close()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended already: ``wait`` says so
            self._process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
            self._process.stdin.flush()

    def wait(self) -> None:
        """Wait until it answers.

        Raises:
            StateError: It does not, and why.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self._process.stdout.close()
        if not line:
            raise StateError(f"the local backend did not start: {self._how_it_ended()}", "its log says more")
        told = json.loads(line)
        if "error" in told:
            raise StateError(told["error"], told["hint"])

    def gone(self) -> Fault | None:
        """The fault of every call once it has ended; None while it lives."""
        if self._process.poll() is None:
            return None
        return Fault(FaultKind.UNREACHABLE, f"the local backend has ended: {self._how_it_ended()}", _LEAVE)

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "it says nothing"
        if code >= 0:
            return f"its process {self._process.pid} left with code {code}"
        return f"its process {self._process.pid} was ended by {signal.Signals(-code).name}"

    def close(self) -> None:
        """Have it stop what it runs, record that, and end. Closing twice is harmless."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE + 1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def attached(served: Served) -> Fault | None:
    """The fault of every call once the owner somebody else has started has ended; None while it lives."""
    if served.lives:
        return None
    said = f"the process that served this world, {served.pid}, has ended"
    return Fault(FaultKind.UNREACHABLE, said, _LEAVE)


# -- in the child ---------------------------------------------------------------------------------------------------


def main() -> None:
    """Own the folder until the console, or a signal, ends it."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    order = Order(**json.loads(sys.stdin.buffer.readline()))
    told, telling = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(telling, b"."))
    from pointsman.config import logfile

    logfile.start()
    closing = starting.Closing()
    try:
        served = _own(order, closing)
        _give_way()  # from here on: while it opens, the console waits for it
        _say(asdict(served))
        _wait(told)
        starting.end_in_any_case(signal.SIGTERM, closing, PATIENCE)
    except Exception as error:  # the process's boundary: the console says it
        logfile.record(error)
        hint = getattr(error, "hint", "") or "the log says more"
        _say({"error": getattr(error, "message", "") or f"{type(error).__name__}: {error}", "hint": hint})
    finally:
        closing.close()


def _give_way() -> None:
    """Have the console go first where there is too little for both."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    # Where Linux groups processes by session, niceness counts inside a group only; the group has one of its own.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICE))


def _own(order: Order, closing: starting.Closing) -> Served:
    from pointsman.config.trust import KeptTrust
    from pointsman.local.ports import XraySockets
    from pointsman.local.state import StateFolder

    folder = StateFolder.adopt(Path(order.folder), order.lock)
    closing.add(folder.release)
    trust = KeptTrust(folder.path, everything=order.trust)
    terms = Terms(order.region, order.account, [Path(path) for path in order.load])
    listener = _inherited(order.listener)
    xray = None if order.xray is None else XraySockets(*(_inherited(one) for one in order.xray))
    return owning.own(folder, trust, terms, listener, xray, closing, eager=False).served


def _inherited(descriptor: int) -> socket.socket:
    os.set_inheritable(descriptor, False)
    return socket.socket(fileno=descriptor)


def _say(told: dict[str, object]) -> None:
    """Say the one thing there is to say, and nothing after it."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _wait(told: int) -> None:
    """Wait until the console has ended, or a signal has come."""
    import select

    while True:
        ready, _, _ = select.select([sys.stdin, told], [], [])
        if told in ready or not os.read(sys.stdin.fileno(), 4096):
            return
