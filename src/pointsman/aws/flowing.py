"""Event streams of botocore's on an event loop: a thread of their own takes the events, since taking them blocks."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from typing import Any

from pointsman.aws.faults import explain
from pointsman.errors import CallFailed


async def flowing(source: Any, call: str) -> AsyncIterator[Any]:
    """The events of a stream, as they come; it is closed with the iterator.

    Args:
        source: botocore's event stream.
        call: ``service:Operation``, for what goes wrong.

    Raises:
        CallFailed: The stream has broken off, or says that it ends.
    """
    loop = asyncio.get_running_loop()
    came: asyncio.Queue[tuple[Any, BaseException | None, bool]] = asyncio.Queue()

    def tell(event: Any, error: BaseException | None = None, *, over: bool = False) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has gone, and with it whoever waited
            loop.call_soon_threadsafe(came.put_nowait, (event, error, over))

    def take() -> None:
        try:
            for event in source:
                tell(event)
        except BaseException as raised:  # a thread's boundary: whatever it is belongs to the waiter
            tell(None, raised)
        else:
            tell(None, over=True)

    threading.Thread(target=take, name="pointsman-events", daemon=True).start()
    try:
        while True:
            event, error, over = await came.get()
            if error is not None:
                raise CallFailed(explain(error, call).fault) from error
            if over:
                return
            yield event
    finally:
        # A read that is under way holds the connection's lock, so closing it may have to wait for the next event.
        threading.Thread(target=_close, args=(source,), name="pointsman-events-close", daemon=True).start()


def _close(source: Any) -> None:
    with contextlib.suppress(Exception):  # a connection that has broken already
        source.close()
