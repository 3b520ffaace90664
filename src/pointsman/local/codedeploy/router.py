"""``LoopbackRouter``: target groups as TCP ports of this machine, on one thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading

from pointsman.local.codedeploy.balancing import Member, TargetGroup

log = logging.getLogger("pointsman.local")

_CHUNK = 1 << 16


class LoopbackRouter:
    """Spreads connections over the members of target groups, by their weights.

    Args:
        seed: Makes the choices predictable.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._dice = random.Random(seed)
        self._groups: dict[int, TargetGroup] = {}
        self._servers: dict[int, asyncio.Server | None] = {}
        self._serving: set[object] = set()
        """The connections being served: a loop holds on to its tasks only weakly."""
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def route(self, group: TargetGroup) -> None:
        """Spread what comes in by the group's port over its members, from now on."""
        with self._lock:
            if self._closed:
                return
            self._groups[group.port] = group
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="pointsman-router", daemon=True)
                self._thread.start()
            asyncio.run_coroutine_threadsafe(self._listen(group), self._loop).result(5)

    def close(self) -> None:
        """Listen no more."""
        with self._lock:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(self._stop(), loop).result(5)
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join(5)
            loop.close()

    # -- on the loop ------------------------------------------------------------------------------------------------

    async def _listen(self, group: TargetGroup) -> None:
        if group.port in self._servers:
            return
        self._servers[group.port] = None  # before the first wait: the next word about this group must not listen too
        try:
            server = await asyncio.start_server(lambda r, w: self._serve(group.port, r, w), "127.0.0.1", group.port)
        except OSError as error:
            del self._servers[group.port]
            log.warning("the target group %s cannot listen on port %s: %s", group.name, group.port, error.strerror)
            return
        self._servers[group.port] = server

    async def _stop(self) -> None:
        for server in self._servers.values():
            if server is not None:
                server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _order(self, members: list[Member]) -> list[Member]:
        """Whom to try: one by the weights, then the others that have any."""
        waiting = [one for one in members if one.weight > 0]
        order = []
        while waiting:
            chosen = self._dice.choices(waiting, [one.weight for one in waiting])[0]
            waiting.remove(chosen)
            order.append(chosen)
        return order

    async def _serve(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._serving.add(task)
        try:
            for member in self._order(list(self._groups[port].members.values())):
                try:
                    far, near = await asyncio.open_connection("127.0.0.1", member.port)
                except OSError:
                    continue  # it does not serve: as a load balancer whose health check fails, try another
                try:
                    await asyncio.gather(_pump(reader, near), _pump(far, writer))
                finally:
                    await _shut(near)
                return
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            with contextlib.suppress(OSError):
                await writer.drain()
        finally:
            self._serving.discard(task)
            await _shut(writer)


async def _shut(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass bytes on until there are no more, then say so to the other side."""
    try:
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
    except OSError:
        pass  # one side has gone; the other is told below
    finally:
        with contextlib.suppress(OSError, RuntimeError):
            if sink.can_write_eof():
                sink.write_eof()
    if not source.at_eof():
        sink.close()
