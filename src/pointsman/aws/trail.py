"""Every API call that was made, with its time and outcome: the console's own meter and evidence.

The trail listens to botocore's ``after-call`` and ``after-call-error``, so it sees what really went out, whoever asked
for it, and nothing that was refused before it left.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from pointsman.aws.guard import reads
from pointsman.clock import Clock
from pointsman.model.activity import Call

attempt: ContextVar[int] = ContextVar("attempt", default=1)
"""Which attempt at a read the calling thread is making; set by whoever retries."""

_STARTED = "pointsman.started"


class Trail:
    """The newest calls, in the order in which they ended. Safe to use from any thread.

    Args:
        clock: What calls are timed with.
        keep: How many calls are remembered.
    """

    def __init__(self, clock: Clock, keep: int = 2000) -> None:
        self.clock = clock
        self._calls: deque[Call] = deque(maxlen=keep)
        self._lock = threading.Lock()
        self._listeners: list[tuple[Callable[[Call], None], asyncio.AbstractEventLoop | None]] = []

    @property
    def calls(self) -> tuple[Call, ...]:
        """What is remembered, newest last."""
        with self._lock:
            return tuple(self._calls)

    def record(self, call: Call) -> None:
        """Add one call and tell whoever listens."""
        with self._lock:
            self._calls.append(call)
            listeners = list(self._listeners)
        for listener, loop in listeners:
            if loop is None:
                listener(call)
            elif not loop.is_closed():
                try:
                    loop.call_soon_threadsafe(listener, call)
                except RuntimeError:  # the loop was closed between the question and the call
                    continue

    def listen(self, listener: Callable[[Call], None]) -> Callable[[], None]:
        """Call ``listener`` with every call from now on; returns the function that ends it.

        A listener that is added on an event loop is called on that loop; any other, on the thread that made the call.
        """
        try:
            loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        entry = (listener, loop)
        with self._lock:
            self._listeners.append(entry)

        def release() -> None:
            with self._lock:
                if entry in self._listeners:
                    self._listeners.remove(entry)

        return release

    def per_minute(self, now: datetime) -> int:
        """How many calls ended in the minute before ``now``."""
        return sum(self.minute(now).values())

    def minute(self, now: datetime) -> dict[str, int]:
        """How many calls to each service ended in the minute before ``now``."""
        since = now - timedelta(minutes=1)
        counts: dict[str, int] = {}
        for call in reversed(self.calls):
            if call.at + timedelta(milliseconds=call.milliseconds) <= since:
                break
            counts[call.service] = counts.get(call.service, 0) + 1
        return counts

    def watch(self, session: Any) -> None:
        """Record every call of the clients that a boto3 session makes from now on."""

        def started(context: dict[str, Any], **_: Any) -> None:
            context[_STARTED] = (self.clock.now(), self.clock.monotonic())

        def answered(parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
            metadata = parsed.get("ResponseMetadata", {})
            refused = metadata.get("HTTPStatusCode", 200) >= 300
            outcome = str(parsed.get("Error", {}).get("Code") or "error") if refused else "ok"
            self._record(model.service_model.service_name, model.name, context, outcome, metadata.get("RequestId", ""))

        def lost(exception: Exception, context: dict[str, Any], event_name: str, **_: Any) -> None:
            service_id, operation = event_name.split(".")[1:3]
            service = context.get("pointsman.service") or service_id
            self._record(service, operation, context, type(exception).__name__, "")

        def named(model: Any, context: dict[str, Any], **_: Any) -> None:
            context["pointsman.service"] = model.service_model.service_name

        session.events.register("before-parameter-build.*.*", named)
        session.events.register("before-parameter-build.*.*", started)
        session.events.register("after-call.*.*", answered)
        session.events.register("after-call-error.*.*", lost)

    def _record(self, service: str, operation: str, context: dict[str, Any], outcome: str, request_id: str) -> None:
        at, since = context.get(_STARTED) or (self.clock.now(), self.clock.monotonic())
        self.record(
            Call(
                at=at,
                service=service,
                operation=operation,
                milliseconds=round((self.clock.monotonic() - since) * 1000, 1),
                outcome=outcome,
                request_id=request_id,
                write=not reads(service, operation),
                attempt=attempt.get(),
            )
        )
