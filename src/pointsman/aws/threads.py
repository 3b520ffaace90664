"""A few daemon threads for calls that block: an event loop waits for them, quitting does not."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Daemons:
    """A pool of daemon threads, started as they are needed.

    Args:
        name: What the threads are called.
        size: How many there may be.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._size = size
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0

    def submit(self, work: Callable[[], None]) -> None:
        """Have ``work`` done on some thread; it must not raise."""
        with self._lock:
            start = self._idle == 0 and self._threads < self._size
            if start:
                self._threads += 1
                number = self._threads
            elif self._idle:
                self._idle -= 1
        self._work.put(work)
        if start:
            threading.Thread(target=self._run, name=f"{self._name}-{number}", daemon=True).start()

    async def run(self, work: Callable[[], T], *, abandon: bool = True) -> T:
        """Do blocking ``work`` on a thread and wait for what it returns or raises.

        Args:
            work: What blocks.
            abandon: Whether work that has not begun is left out when the waiter is cancelled.
        """
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[T] = loop.create_future()

        def arrive(result: T | None, error: BaseException | None) -> None:
            if waiting.done():
                return
            if error is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(result)  # type: ignore[arg-type]

        def carry() -> None:
            if abandon and waiting.cancelled():
                return
            result, error = None, None
            try:
                result = work()
            except BaseException as raised:  # a thread's boundary: whatever it is belongs to the waiter
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop has gone, and with it whoever waited
                loop.call_soon_threadsafe(arrive, result, error)

        self.submit(carry)
        return await waiting

    def _run(self) -> None:
        while True:
            self._work.get()()
            with self._lock:
                self._idle += 1
