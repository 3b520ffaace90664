"""X-Ray's daemon: what programs with X-Ray's SDKs send to, and ask for sampling rules.

::

    daemon = Daemon(backend, udp, tcp, region="eu-west-1")
    daemon.start()

It is given the two sockets of its port, bound to loopback. UDP is read by a process of its own (``listener``), so that
nothing the backend does makes the kernel drop a datagram; TCP answers the two calls that samplers make, unsigned, and
nothing else.
"""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.backend import Backend
from pointsman.local.reach import Reach
from pointsman.local.xray import listener
from pointsman.local.xray.proxy import SamplingProxy
from pointsman.semantics.traces import documents

log = logging.getLogger("pointsman.local")

HELD: Final = 64 * 1024 * 1024
"""Bytes of documents that wait while the backend is busy."""
RATE: Final = 20_000
"""Documents a second that are taken in at most; further ones wait."""
_BUFFER: Final = 8 * 1024 * 1024
_FORCE: Final = getattr(socket, "SO_RCVBUFFORCE", 33)
_COUNTS: Final = ("received", "malformed", "spilled", "dropped", "held")
_AGAIN: Final = 0.5
"""Seconds before a listener that ended by itself is started again."""
_PATIENCE: Final = 10.0


class Daemon:
    """The daemon of one backend.

    Args:
        backend: Takes the documents in; it is not closed with the daemon.
        udp: The port for segments, bound; it is closed with the daemon.
        tcp: The port for sampling, bound; the same. None leaves it out.
        region: Where traces go: neither datagrams nor unsigned calls say.
        held: Bytes of documents that wait while the backend is busy.
        rate: Documents a second that are taken in at most.
    """

    def __init__(
        self,
        backend: Backend,
        udp: socket.socket,
        tcp: socket.socket | None,
        *,
        region: str,
        held: int = HELD,
        rate: int = RATE,
    ) -> None:
        self._backend = backend
        self._reach = backend.world.tool(Reach)
        self._udp = udp
        self._region = region
        self._bounds = (held, rate)
        self._pair: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._read, name="pointsman-xray", daemon=True)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._earlier = dict.fromkeys(_COUNTS, 0)
        self._counts = dict.fromkeys(_COUNTS, 0)
        self._kept = 0
        self._refused = 0
        self._restarts = 0
        self._workers = ThreadPoolExecutor(1, thread_name_prefix="pointsman-sampling")
        self._proxy = None if tcp is None else SamplingProxy(backend.ask, region, tcp, self._workers)

    def start(self) -> None:
        """Take datagrams and requests from now on."""
        for option in (socket.SO_RCVBUF, _FORCE):  # the second is for those who may go beyond the system's limit
            with suppress(OSError):
                self._udp.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        self._launch()
        self._thread.start()
        if self._proxy is not None:
            self._proxy.start()
        host, port = self._udp.getsockname()[:2]
        self._reach.daemon = f"{host}:{port}"

    @property
    def port(self) -> int:
        """The port's number."""
        return int(self._udp.getsockname()[1])

    def about(self) -> dict[str, Any]:
        """The port, and what came to it since it was opened.

        ``received`` datagrams; of those ``malformed`` ones, ``spilled`` for want of room and ``held`` for now;
        ``dropped`` by the kernel before anyone saw them; documents ``refused`` as X-Ray would, and ``kept``.
        """
        with self._lock:
            counts = {name: self._earlier[name] + self._counts[name] for name in _COUNTS}
            told = {**counts, "kept": self._kept, "refused": self._refused, "restarts": self._restarts}
        return {"xray": {"port": self.port if self._udp.fileno() >= 0 else 0, **told}}

    def close(self) -> None:
        """Take in what has come, and let go of the port. Closing twice is harmless."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._reach.daemon = ""
        with self._lock:  # nobody is being started any more
            pair, process = self._pair, self._process
        if pair is not None:
            with suppress(OSError):
                pair.shutdown(socket.SHUT_WR)
            self._thread.join(_PATIENCE)
        if process is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
            if process.poll() is None:
                process.kill()
                process.wait()
        if pair is not None:
            pair.close()
        if self._proxy is not None:
            self._proxy.close()
        self._workers.shutdown()
        self._udp.close()

    # -- the listener -----------------------------------------------------------------------------------------------

    def _launch(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            program = str(Path(listener.__file__))
            numbers = [str(self._udp.fileno()), str(theirs.fileno()), *map(str, self._bounds)]
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", program, *numbers],
                pass_fds=(self._udp.fileno(), theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a ctrl+c in the terminal is for us: we end it in order
            )
        self._pair = ours

    def _read(self) -> None:
        while True:
            self._follow()
            if self._closing.is_set():
                return
            log.warning("the process that listens at X-Ray's port ended; it is started again")
            self._again()

    def _again(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._closing.wait(_AGAIN):
            return
        with self._lock:
            if self._closing.is_set():
                return
            self._restarts += 1
            for name in _COUNTS:
                # The kernel goes on counting what it drops: the port is the same.
                self._earlier[name] += self._counts[name] if name not in ("held", "dropped") else 0
                self._counts[name] = 0 if name != "dropped" else self._counts[name]
            if self._pair is not None:
                self._pair.close()
            self._launch()

    def _follow(self) -> None:
        """Take frames until the listener has ended."""
        pair = self._pair
        if pair is None:
            return
        with suppress(OSError), pair.makefile("rb", buffering=1 << 16) as stream:
            while len(head := stream.read(listener.FRAME.size)) == listener.FRAME.size:
                kind, size = listener.FRAME.unpack(head)
                body = stream.read(size)
                if len(body) < size or kind == b"E":
                    return
                if kind == b"C":
                    counts = json.loads(body)
                    with self._lock:
                        self._counts.update(counts)
                elif kind == b"D":
                    ids, *texts = body.split(b"\n")
                    self._deliver([annotated(one, json.loads(ids)) for one in texts] if ids else texts)

    def _deliver(self, texts: list[bytes]) -> None:
        parameters = {"TraceSegmentDocuments": texts}
        try:
            answer, _ = self._backend.ask(self._region, "xray", "PutTraceSegments", parameters)
        except AwsError as error:
            log.warning("%d documents were not taken in: %s", len(texts), error)
            refused = len(texts)
        except Exception:  # the thread's boundary: the next documents may be better
            log.exception("%d documents were not taken in", len(texts))
            refused = len(texts)
        else:
            refused = len(answer["UnprocessedTraceSegments"])
        with self._lock:
            self._refused += refused
            self._kept += len(texts) - refused


def annotated(document: bytes, ids: dict[str, str]) -> bytes:
    """A document with annotations beside its own, which win; what cannot be read is left as it is.

    Args:
        document: A segment, or a subsegment that was sent by itself.
        ids: What to annotate it with.
    """
    try:
        value = msgspec.json.decode(document)
        own = value.get("annotations", {})
        if isinstance(own, dict):
            value["annotations"] = {**ids, **own}
        fitting = msgspec.json.encode(value)
    except (msgspec.MsgspecError, AttributeError, RecursionError):
        return document
    return fitting if len(fitting) <= documents.LARGEST else document
