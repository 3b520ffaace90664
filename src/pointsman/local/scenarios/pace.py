"""How a scenario's time passes: frozen, stepped, or running at a multiple of the wall.

A ``Pace`` is the one who advances a ``ManualClock``. It goes from event to event, letting other threads in between, so
that a keystroke beside it never waits for more than one small transaction.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from pointsman.clock import ManualClock

_TICK = 0.5
"""Wall seconds between looks at the clock while nothing falls due."""
_SOON = 0.02
"""Wall seconds between two looks at least."""


class Pace:
    """Carries a ManualClock along with the wall, at a speed, unless paused.

    Args:
        clock: The scenario's clock.
        speed: Scenario seconds per wall second.
        paused: Begin standing still.
    """

    def __init__(self, clock: ManualClock, *, speed: float = 1.0, paused: bool = False) -> None:
        self.clock = clock
        self._speed = speed
        self._paused = self._stood = paused
        self._wake = threading.Condition()
        self._ended = False
        self._moving = threading.Lock()
        """Held by whoever moves the clock: a step and the passing of time do not mix."""
        self._thread = threading.Thread(target=self._run, name="pointsman-pace", daemon=True)

    def start(self) -> None:
        """Let time pass from now on."""
        self._thread.start()

    @property
    def paused(self) -> bool:
        """Whether time stands."""
        return self._paused

    @property
    def speed(self) -> float:
        """Scenario seconds per wall second."""
        return self._speed

    def pause(self, on: bool = True) -> None:
        """Stop or resume the passing of time."""
        with self._wake:
            self._paused = on
            self._wake.notify_all()

    def set_speed(self, speed: float) -> None:
        """Change how fast time passes."""
        if speed <= 0:
            raise ValueError("speed must be above 0")
        with self._wake:
            self._speed = speed
            self._wake.notify_all()

    def step(self, seconds: float) -> None:
        """Let so many seconds pass at once, on the calling thread."""
        self._advance(seconds)

    def close(self) -> None:
        """End the passing of time."""
        with self._wake:
            self._ended = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _run(self) -> None:
        before = time.monotonic()
        while True:
            pause = self._until_next()
            with self._wake:
                if not self._ended:
                    self._wake.wait(None if self._paused else pause)
                if self._ended:
                    return
                # What passed while it stood does not count, what passed before it was told to stand does.
                paused, speed, self._stood = self._stood, self._speed, self._paused
            now = time.monotonic()
            passed, before = now - before, now
            if not paused:
                self._advance(passed * speed)

    def _until_next(self) -> float:
        """Wall seconds until something falls due, and not for long."""
        due = self.clock.next_due()
        if due is None:
            return _TICK
        return min(_TICK, max(_SOON, (due - self.clock.now()).total_seconds() / self._speed))

    def _advance(self, seconds: float) -> None:
        with self._moving:
            target = self.clock.now() + timedelta(seconds=seconds)
            while not self._ended:
                due, now = self.clock.next_due(), self.clock.now()
                if due is None or due >= target:
                    self.clock.advance(max(0.0, (target - now).total_seconds()))
                    return
                self.clock.advance(max(0.0, (due - now).total_seconds()))
                time.sleep(0)  # hand the interpreter to whoever waits for it: a key, a frame
