"""Every screen of the console on a terminal of its own, and what becomes of the terminal: ``endings.py``.

One process imports everything and forks for each screen, so that thirty of them cost little. Prints a JSON line for
each: what it was, and what was found wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable
from typing import Any

from console import alarming, mapped, metering, releases, samples, tracing
from console.driving import full
from console.fakes import world
from pointsman import bootstrap
from pointsman.config.launch import Launch, World
from pointsman.config.settings import Settings
from pointsman.console.app import ConsoleApp
from pointsman.model import refs
from pointsman.starting import Closing

Way = tuple[refs.Ref | None, str, tuple[str, ...]]
"""(what to open, the command to carry out, the keys to press), in this order."""

WAYS: dict[str, Way] = {
    **{f"screen {digit}": (None, "", (digit,)) for digit in "12345678"},
    "pipeline": (refs.PipelineRef("checkout"), "", ()),
    "execution": (refs.ExecutionRef("checkout", samples.checkout().executions[0].id), "", ()),
    "build": (samples.failed_build().ref, "", ()),
    "reports": (samples.failed_build().ref, "", ("r",)),
    "batch": (samples.BATCH, "", ()),
    "batches": (None, "batches", ()),
    "commit": (refs.CommitRef(samples.A41.id), "", ()),
    "deployment": (releases.rollouts()[0].deployment.ref, "", ()),
    "fleet": (releases.groups()[0].ref, "", ()),
    "trace": (refs.TraceRef(tracing.CHECKOUT.id), "", ()),
    "service map": (None, "map", ()),
    "sampling": (None, "sampling", ()),
    "approvals": (None, "approvals", ()),
    "alarms": (None, "alarms", ()),
    "alarm": (alarming.CPU.ref, "", ()),
    "metric": (metering.CPU, "", ()),
    "browse": (None, "browse", ()),
    "dashboards": (None, "dashboards", ()),
    "dashboard": (refs.DashboardRef("mixed"), "", ()),
    "log group": (None, "", ("7", "f")),
    "comparison": (None, f"compare {tracing.CHECKOUT.id} {mapped.BETTER.id}", ()),
    "tail": (None, "tail /shop/api", ()),
    "insights": (None, "insights", ()),
    "doctor": (None, "doctor checkout", ()),
}
_BACK = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?2004l")
"""The normal screen, the cursor, no mouse, plain pastes."""
_PATIENCE = 20.0


def _go(app: ConsoleApp, way: Way, ready: int) -> Callable[[], Any]:
    async def go() -> None:
        ref, command, keys = way
        if ref is not None:
            app.router.open(ref)
        if command:
            name, _, argument = command.partition(" ")
            app.router.obey(name, argument)
        for _ in range(4):
            await asyncio.sleep(0.02)
        for key in keys:
            app.simulate_key(key)
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.1)
        os.write(ready, f"{type(app.place).__name__}\n".encode())

    return go


def _console(way: Way, ready: int) -> int:
    """The console as the command line shows it, over a pushed world; a SIGUSR1 is a mistake in a message handler."""
    made = full(world())
    reach = ConsoleApp._reach

    async def reached(self: ConsoleApp, coming: Any) -> None:
        await reach(self, coming)

        def mistake() -> None:
            raise ZeroDivisionError("a mistake in a handler")

        def err() -> None:
            self.screen.call_later(mistake)
            self.set_timer(0.1, lambda: os.write(ready, f"{len(self.desk.troubles.entries)} noted".encode()))

        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, err)
        self.run_worker(_go(self, way, ready)(), exit_on_error=False)

    ConsoleApp._reach = reached  # type: ignore[method-assign]
    plan = bootstrap.Plan(made.connect, Closing())
    return bootstrap._show(Launch(world=World.AWS), Settings(), os.environ, plan)


class Screen:
    """One console on a terminal."""

    def __init__(self, way: Way) -> None:
        heard, ready = os.pipe()
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in range(3):
                os.dup2(slave, number)
            sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
            sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
            code = 99
            with contextlib.suppress(BaseException):
                code = _console(way, ready)
            os._exit(code)
        os.close(ready)
        self.heard, self.slave = heard, slave
        self.raw = b""
        self.wrong: list[str] = []

    def look(self, seconds: float) -> None:
        """Take what is written."""
        if self.master >= 0 and select.select([self.master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.raw += os.read(self.master, 1 << 16)

    def until(self, what: str, come: Callable[[], bool]) -> None:
        """Look until something has come."""
        deadline = time.monotonic() + _PATIENCE
        while not come():
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            self.look(0.01)

    def name(self) -> str:
        """What the console says next: the screen that shows."""
        self.until("the console's word", lambda: bool(select.select([self.heard], [], [], 0)[0]))
        return os.read(self.heard, 200).decode().strip()

    def given_back(self, when: str, since: int = 0) -> None:
        """Note what of the terminal is not as it was."""
        said = self.raw[since:]
        self.wrong += [f"{when}: no {one!r}" for one in _BACK if one not in said]
        left = max(said.rfind(b"\x1b[?1049h"), said.rfind(b"\x1b[?25l"), said.rfind(b"\x1b[?1000h"))
        if left > said.rfind(b"\x1b[?1049l"):
            self.wrong.append(f"{when}: a mode was set again")
        if termios.tcgetattr(self.slave) != self.before:
            self.wrong.append(f"{when}: the line discipline is another one")

    def stopped_or_ended(self, flags: int = 0) -> Callable[[], bool]:
        """Whether it stopped or ended; ``status`` says how."""

        def come() -> bool:
            found, self.status = os.waitpid(self.pid, os.WNOHANG | flags)
            return found != 0

        return come

    status = 0

    def end(self) -> None:
        """End whatever is left."""
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for one in (self.master, self.slave, self.heard):
            if one >= 0:
                os.close(one)


def _lived_through(screen: Screen) -> None:
    """A storm of sizes, a stop, a mistake, and then SIGTERM."""
    for turn in range(12):
        size = (20 + turn * 5 % 23, 60 + turn * 17 % 71)
        fcntl.ioctl(screen.slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        os.kill(screen.pid, signal.SIGWINCH)
        screen.look(0.002)
    os.kill(screen.pid, signal.SIGTSTP)
    screen.until("the stop", screen.stopped_or_ended(os.WUNTRACED))
    while select.select([screen.master], [], [], 0)[0]:
        screen.look(0)
    screen.given_back("stopped")
    since = len(screen.raw)
    os.kill(screen.pid, signal.SIGCONT)
    screen.until("the screen again", lambda: b"\x1b[?1049h" in screen.raw[since:])
    os.kill(screen.pid, signal.SIGUSR1)
    if screen.name() == "0 noted":
        screen.wrong.append("the mistake is not in the error log")
    os.kill(screen.pid, signal.SIGTERM)
    screen.until("the end", screen.stopped_or_ended())
    screen.look(0)
    if os.waitstatus_to_exitcode(screen.status) != 128 + signal.SIGTERM:
        screen.wrong.append(f"SIGTERM: it ended with {os.waitstatus_to_exitcode(screen.status)}")
    screen.given_back("ended", since)
    if b"ZeroDivisionError" in screen.raw[screen.raw.rfind(b"\x1b[?1049l") :]:
        screen.wrong.append("a traceback was written")


def _hung_up(screen: Screen) -> None:
    """SIGHUP, while somebody still looks."""
    os.kill(screen.pid, signal.SIGHUP)
    screen.until("the end", screen.stopped_or_ended())
    screen.look(0)
    if os.waitstatus_to_exitcode(screen.status) != 128 + signal.SIGHUP:
        screen.wrong.append(f"SIGHUP: it ended with {os.waitstatus_to_exitcode(screen.status)}")
    screen.given_back("hung up")


def main() -> None:
    """Every screen, or those that are named, both ways."""
    for name, way in WAYS.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        for how in (_lived_through, _hung_up):
            screen, place = Screen(way), ""
            try:
                place = screen.name()
                how(screen)
            except TimeoutError as error:
                screen.wrong.append(f"{error} did not come; it wrote {screen.raw[-300:]!r}")
            finally:
                screen.end()
            told = {"way": name, "how": how.__name__.strip("_"), "place": place, "wrong": screen.wrong}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
