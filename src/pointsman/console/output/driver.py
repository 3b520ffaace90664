"""``LeanDriver``: Textual's driver of a POSIX terminal, which sends only the cells that changed.

Textual writes whole regions, one string a frame. Each is read into a screen of what Textual wants; the difference to
what the terminal shows goes out when the link can take it. What is not a frame goes through as it is; unless it is
known to leave the cells alone, nothing is then known of either screen, and whole cells are sent until it is again.

Textual calls ``write`` in the loop's thread and in the input thread. A signal handler may stand in the midst of a
``write``, where the lock, the writer's queue or the input thread would never come free: what a handler learns is left
in a flag, and what it has to do is done by the loop.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import signal
import time
from collections import Counter
from threading import RLock
from typing import IO, TYPE_CHECKING, Any, cast

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.messages import TerminalSupportsSynchronizedOutput

from pointsman.console.output import frames
from pointsman.console.output.listening import Ending, listen
from pointsman.console.output.meter import Meter
from pointsman.console.output.outlet import Outlet
from pointsman.console.output.pace import Allowance, Pace
from pointsman.console.output.report import OutputReport
from pointsman.console.output.stage import Stage
from pointsman.console.output.terminals import abilities_of

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message

__all__ = ["LeanDriver"]

log = logging.getLogger("pointsman.console.output")

_SYNC_BEGIN, _SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
_ALTERNATE = re.compile(r"\x1b\[\?1049[hl]")
_QUESTIONS = {"mode": "\x1b[?2026$p", "cursor": "\x1b[6n"}
"""What a terminal answers when it has come to it, best first."""
_SMALL = 256
"""Characters of a frame that a terminal draws at once, without being asked to."""
_BACKLOG = 4096
"""Characters before the kernel beyond which a frame waits."""
_LOW_FRAMES, _LOW_BYTES = 5.0, 4000.0
"""A second, for a link that is paid for or shared."""


class LeanDriver(LinuxDriver):
    """Sends differences.

    Args:
        app: The app.
        low_bandwidth: Cap frames and bytes.
        given: What Textual's own driver takes.
    """

    def __init__(self, app: App[Any], *, low_bandwidth: bool = False, **given: Any) -> None:
        super().__init__(app, **given)
        self.exit_event = self._ending = Ending()
        self._lock = RLock()
        self._stage = Stage(abilities_of(os.environ))
        self._outlet = Outlet(cast("IO[str]", self._file), self._drained)
        self._file = self._outlet  # type: ignore[assignment]
        self._pending = False
        """Whether something wanted has not been sent."""
        self._running = False
        self._stopping = False
        self._in_sync = False
        self._scheduled = False
        self._meter = Meter()
        self._pace = Pace()
        self._allowance = Allowance(_LOW_FRAMES, _LOW_BYTES) if low_bandwidth else None
        self._answers: set[str] = set()
        self._frames = self._merged = 0
        self._passed: Counter[str] = Counter()

    # --- what the outside asks and tells

    def invalidate(self) -> None:
        """Forget what the terminal shows; everything is sent with the next frame. Safe from any thread."""
        self._stage.lost = True

    @property
    def report(self) -> OutputReport:
        """The output so far."""
        return OutputReport(
            per_second=self._meter.per_second(time.monotonic()),
            total=self._meter.total,
            frames=self._frames,
            merged=self._merged,
            passed=self._passed.total(),
            trip=self._pace.trip if self._answers else None,
            rate=self._pace.rate if self._answers else None,
        )

    # --- Textual's driver

    def start_application_mode(self) -> None:
        """Take the terminal; at the start, and whenever it was given away."""
        self._stage.lost = True
        self._running = True
        self._pace.forget()
        self._outlet.reset()
        writer = self._writer_thread
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is writer:
            self._running = False  # we are in the background, and the terminal is another's
            return
        resized = signal.getsignal(signal.SIGWINCH)
        if callable(resized):

            def on_resize(number: int, stack: Any) -> None:
                self._stage.lost = True
                resized(number, stack)

            signal.signal(signal.SIGWINCH, on_resize)
        if self.input_tty and self._writer_thread is not None:
            with self._lock:
                self._ask("cursor")

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self._running = False
        self._pending = False
        super().stop_application_mode()

    def _sigtstp_application(self, *_: Any) -> None:
        """Stop, with the terminal given back."""
        if not self._auto_restart:
            os.kill(os.getpid(), signal.SIGSTOP)  # an editor has the terminal, and the loop waits for it
        elif not self._stopping:
            self._stopping = True
            self._soon(self._stop)

    def _stop(self) -> None:
        self._stopping = False
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _give_back(self) -> None:
        if self._running:
            self.suspend_application_mode()
            self._must_signal_resume = True

    def _sigcont_application(self, *_: Any) -> None:
        """Take the terminal again."""
        if self._auto_restart:
            self._soon(self._go_on)

    def _go_on(self) -> None:
        self._give_back()  # a SIGSTOP does not ask: our threads are still there, our modes are not
        self.resume_application_mode()
        self._app.refresh()

    def run_input_thread(self) -> None:
        """Read the terminal until it is given back."""
        listen(self.fileno, self._ending, XTermParser(self._debug), self.process_message)

    def process_message(self, message: Message) -> None:
        """Take the terminal's answers out of what it says; in the input thread."""
        if isinstance(message, events.Resize):
            self._stage.lost = True
        elif isinstance(message, TerminalSupportsSynchronizedOutput):
            known = "mode" in self._answers
            self._answered("mode")
            if known:
                return
        elif isinstance(message, events.CursorPosition) and self._pace.expects("cursor"):
            self._answered("cursor")
            return
        super().process_message(message)

    def write(self, data: str) -> None:
        """Send what this changes, now or with a newer frame."""
        with self._lock:
            if data in (_SYNC_BEGIN, _SYNC_END):
                self._in_sync = data == _SYNC_BEGIN
            elif not self._running:
                self._stage.lost = True
                self._put(data)
            elif not frames.is_frame(data):
                self._control(data)
            elif not self._take(data):
                self._pass(data)

    # --- what is not a frame

    def _control(self, data: str) -> None:
        if data == _QUESTIONS["mode"]:
            self._ask("mode")
            return
        if _ALTERNATE.fullmatch(data):
            self._stage.lost = True
        elif not frames.keeps_cells(data):
            self._note(f"an unknown sequence: {frames.stranger(data)}")
            self._pass(data)
            return
        self._put(data)

    def _pass(self, data: str) -> None:
        """Let a write through as it is, behind what was wanted before it."""
        if self._pending and self._running:
            with contextlib.suppress(Exception):
                self._send()
        self._stage.foreign = True
        self._put(data)

    def _note(self, what: str) -> None:
        self._passed[what] += 1
        times = self._passed[what]
        if times in (1, 10, 100) or times % 1000 == 0:
            log.warning("output passed through as it is, %d times so far: %s", times, what)

    def _put(self, data: str) -> None:
        self._outlet.announce(len(data))
        self._meter.add(time.monotonic(), len(data) if data.isascii() else len(data.encode()))
        super().write(data)

    # --- frames

    def _take(self, data: str) -> bool:
        """Take a frame in, and send it if the link can take it; False when it has to go through as it is."""
        width, height = self._app.size
        if (width, height) != tuple(shutil.get_terminal_size()):
            # In the midst of a resize: another frame will follow, of all cells.
            self._pending = False
            return False
        try:
            if not self._stage.take(data, width, height):
                self._note(f"a frame with {frames.stranger(data)}")
                return False
            self._merged += self._pending
            self._pending = True
            if self._wait() <= 0:
                self._send()
            else:
                self._later()
        except Exception as error:  # the boundary: a mistake of ours must not become a broken screen
            self._mistaken(error)
            return False
        return True

    def _mistaken(self, error: Exception) -> None:
        what = f"a mistake: {type(error).__name__}"
        if not self._passed[what]:
            log.error("output failed", exc_info=error)
        self._note(what)
        self._pending = False
        self._stage.lost = True

    def _flush(self) -> None:
        """Send what waits, if the link can take it; in the loop's thread."""
        with self._lock:
            if not self._pending or not self._running:
                return
            if self._wait() > 0:
                self._later()
                return
            try:
                self._send()
            except Exception as error:  # the same boundary: whole cells are sent with the next frame
                self._mistaken(error)
                self._app.refresh()

    def _later(self) -> None:
        """See to it that what waits is sent."""
        if not self._scheduled:
            self._scheduled = True
            self._soon(self._loop.call_later, self._wait(), self._due)

    def _due(self) -> None:
        self._scheduled = False
        self._flush()

    def _wait(self) -> float:
        now = time.monotonic()
        if self._outlet.waiting > _BACKLOG:
            return 1.0  # the writer thread says when it has drained
        wait = self._pace.wait(now) if self._answers else 0.0
        return max(wait, self._allowance.wait(now)) if self._allowance is not None else wait

    def _send(self) -> None:
        """Write the difference."""
        self._pending = False
        out = self._stage.give()
        if not out:
            return
        self._frames += 1
        if self._in_sync and len(out) > _SMALL:
            out = f"{_SYNC_BEGIN}{out}{_SYNC_END}"
        way = next((one for one in _QUESTIONS if one in self._answers), None)
        if way is not None:
            out += _QUESTIONS[way]
        now = time.monotonic()
        count = len(out) if out.isascii() else len(out.encode())
        if way is not None:
            self._pace.sent(now, count, way)
        if self._allowance is not None:
            self._allowance.sent(now, count)
        self._put(out)

    # --- the terminal's answers

    def _ask(self, way: str) -> None:
        self._pace.sent(time.monotonic(), len(_QUESTIONS[way]), way)
        self._put(_QUESTIONS[way])

    def _answered(self, way: str) -> None:
        """A question was answered; those before it never will be. In the input thread."""
        with self._lock:
            self._answers.add(way)
            self._pace.acknowledged(time.monotonic(), way)
            if self._pending:
                self._soon(self._flush)

    def _drained(self) -> None:
        """The kernel has taken everything. In the writer thread."""
        if self._pending:
            self._soon(self._flush)

    def _soon(self, call: Any, *given: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the screen with it
            self._loop.call_soon_threadsafe(call, *given)
