"""What listens at X-Ray's UDP port: a program of its own, standard library only, started with ``python -I -S``.

A datagram is the daemon's format: a line of JSON that says so, and a document. What is one goes to the backend in
frames over a socket, in batches; what is not is counted. However busy the backend is, datagrams are taken from the
kernel at once; what cannot be handed on waits in memory up to a bound, beyond which it is dropped and counted. What
the kernel itself had to drop is read from ``/proc``. It ends when the backend closes its end of the socket, once it
has handed on what it holds.

A program that a build or a deployment of this backend has started carries their ids in its environment: its
documents are handed on with those, so that a trace leads to the release it comes from. Whose a datagram is, the
kernel tells by the port it came from, for programs of the same user that still run.

Said: a kind (``D`` documents, ``C`` counts, ``E`` the end), the number of bytes, and the bytes. Documents are lines,
behind one with the ids, which may be empty: JSON never holds a line's end that is not escaped, so the few that stand
between its parts become blanks.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import socket
import struct
import sys
import time
from collections import deque

LARGEST = 65_536
FRAME = struct.Struct("!cI")
_AT_ONCE = 256
"""Datagrams that are taken before the backend's socket is looked at again."""
_BATCH = 250
"""Documents of a frame."""
_SOON = 0.1
"""Seconds that a document waits for company."""
_TELL = 1.0
"""Seconds between two looks at the counts."""
_HEADERS = 64
"""Spellings of the header that are remembered."""
_SENDERS = 512
"""Senders that are remembered."""
_REMEMBERED = 30.0
"""Seconds that a sender's port is taken to be the same program's."""
_LOOKUPS = 20
"""Senders a second that are looked up; those beyond have no ids."""
IDS = {
    "CODEBUILD_BUILD_ID": "codebuild_build_id",
    "CODEPIPELINE_EXECUTION_ID": "codepipeline_execution_id",
    "DEPLOYMENT_ID": "codedeploy_deployment_id",
    "DEPLOYMENT_GROUP_NAME": "codedeploy_deployment_group",
    "APPLICATION_NAME": "codedeploy_application",
}
"""Variables that say what a program belongs to, and what its documents are annotated with."""
_INITIATOR = "codepipeline/"
_LONGEST = 250


class Senders:
    """Which build or deployment a datagram comes from."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], tuple[float, bytes]] = {}
        self._left = float(_LOOKUPS)
        self._left_at = time.monotonic()

    def ids(self, sender: tuple[str, int]) -> bytes:
        """The ids of the program behind an address, as JSON; empty when it has none."""
        now = time.monotonic()
        known = self._known.get(sender)
        if known is not None and now - known[0] < _REMEMBERED:
            return known[1]
        self._left = min(float(_LOOKUPS), self._left + (now - self._left_at) * _LOOKUPS)
        self._left_at = now
        if self._left < 1:
            return b""
        self._left -= 1
        found = _ids(_environment(sender[1]))
        if len(self._known) >= _SENDERS:
            self._known.clear()
        self._known[sender] = (now, json.dumps(found).encode() if found else b"")
        return self._known[sender][1]


def _environment(port: int) -> dict[str, str]:
    """The environment of the program of ours that sends from a port; empty when the system does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        inode = _inode(port)
        if inode:
            process = _holder(f"socket:[{inode}]")
            if process:
                with open(f"/proc/{process}/environ", "rb") as file:  # noqa: PTH123
                    lines = file.read(1 << 20).decode("utf-8", "replace").split("\0")
                return dict(line.split("=", 1) for line in lines if "=" in line)
    return {}


def _inode(port: int) -> str:
    wanted, owner = f":{port:04X}", str(os.getuid())
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        with contextlib.suppress(OSError), open(table) as lines:  # noqa: PTH123
            for line in lines:
                fields = line.split()
                if fields[1].endswith(wanted) and fields[7] == owner:
                    return fields[9]
    return ""


def _holder(link: str) -> str:
    """The latest process that has a socket open."""
    numbers = sorted((int(name) for name in os.listdir("/proc") if name.isdigit()), reverse=True)  # noqa: PTH208
    for number in numbers:
        folder = f"/proc/{number}/fd"
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):  # noqa: PTH208
                with contextlib.suppress(OSError):
                    if os.readlink(f"{folder}/{name}") == link:  # noqa: PTH115
                        return str(number)
    return ""


def _ids(environment: dict[str, str]) -> dict[str, str]:
    if "CODEBUILD_BUILD_ID" not in environment and not environment.get("DEPLOYMENT_ID", "").startswith("d-"):
        return {}
    found = {name: environment[key][:_LONGEST] for key, name in IDS.items() if environment.get(key)}
    initiator = environment.get("CODEBUILD_INITIATOR", "")
    if initiator.startswith(_INITIATOR):
        found["codepipeline_name"] = initiator[len(_INITIATOR) :][:_LONGEST]
    return found


class Listener:
    """The program.

    Args:
        udp: The port.
        owner: The backend's end of the socket.
        most: Bytes that are held for a backend that is busy.
        rate: Documents a second that are handed on at most.
    """

    def __init__(self, udp: socket.socket, owner: socket.socket, most: int, rate: int) -> None:
        self._udp = udp
        self._owner = owner
        self._most = most
        self._rate = rate
        self._senders = Senders()
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        """The ids of the sender, and the document."""
        self._held = 0
        self._since = 0.0
        self._frame = memoryview(b"")
        self._budget = float(rate)
        self._budget_at = time.monotonic()
        self._known: dict[bytes, bool] = {}
        self._inode = str(os.fstat(udp.fileno()).st_ino)
        self._table = "/proc/net/udp6" if udp.family == socket.AF_INET6 else "/proc/net/udp"
        self._told: dict[str, int] = {}
        self._tell_at = 0.0
        self.received = 0
        self.malformed = 0
        self.spilled = 0
        self.dropped = 0
        self._buffer = bytearray(LARGEST)

    def run(self) -> None:
        """Listen until the backend closes its end."""
        self._udp.setblocking(False)
        self._owner.setblocking(False)
        poll = select.poll()
        poll.register(self._udp, select.POLLIN)
        closing = False
        while True:
            poll.register(self._owner, select.POLLIN | (select.POLLOUT if self._pending() else 0))
            events = dict(poll.poll(self._pause()))
            if self._udp.fileno() in events:
                self._take()
            if events.get(self._owner.fileno(), 0) & (select.POLLIN | select.POLLHUP | select.POLLERR):
                closing = True
            self._count(closing=closing)
            if closing:
                self._finish()
                return
            self._send()

    # -- in ---------------------------------------------------------------------------------------------------------

    def _take(self) -> None:
        buffer, view = self._buffer, memoryview(self._buffer)
        for _ in range(_AT_ONCE):
            try:
                size, sender = self._udp.recvfrom_into(buffer)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # what the network says of an earlier datagram is nothing of ours
                continue
            self.received += 1
            self._read(bytes(view[:size]), sender)

    def _read(self, datagram: bytes, sender: tuple[str, int]) -> None:
        header, _, body = datagram.partition(b"\n")
        body = body.strip()
        if not body or not self._is_header(header):
            self.malformed += 1
            return
        if b"\n" in body:
            body = body.replace(b"\n", b" ")
        if self._held + len(body) > self._most:
            self.spilled += 1
            return
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append((self._senders.ids(sender), body))
        self._held += len(body) + 64

    def _is_header(self, header: bytes) -> bool:
        known = self._known.get(header)
        if known is None:
            known = _announces(header)
            if len(self._known) >= _HEADERS:
                self._known.clear()
            if len(header) < 200:
                self._known[header] = known
        return known

    # -- out --------------------------------------------------------------------------------------------------------

    def _pending(self) -> bool:
        return bool(self._frame) or self._is_due()

    def _is_due(self) -> bool:
        waiting = len(self._waiting)
        if not waiting or self._allowed() < 1:
            return False
        return waiting >= _BATCH or time.monotonic() - self._since >= _SOON

    def _allowed(self) -> float:
        now = time.monotonic()
        self._budget = min(float(self._rate), self._budget + (now - self._budget_at) * self._rate)
        self._budget_at = now
        return self._budget

    def _pause(self) -> float:
        """Milliseconds until there is something to do though nothing comes."""
        if self._frame:
            return 1000.0
        if self._waiting:
            return 20.0 if self._allowed() >= 1 else 50.0
        return 1000.0

    def _send(self) -> None:
        while True:
            if not self._frame:
                if not self._is_due():
                    return
                self._frame = self._documents()
            try:
                sent = self._owner.send(self._frame)
            except (BlockingIOError, InterruptedError):
                return
            self._frame = self._frame[sent:]

    def _documents(self) -> memoryview:
        count = min(_BATCH, len(self._waiting), max(1, int(self._allowed())))
        ids = self._waiting[0][0]
        texts: list[bytes] = []
        while len(texts) < count and self._waiting and self._waiting[0][0] == ids:
            texts.append(self._waiting.popleft()[1])
        self._budget -= len(texts)
        self._held -= sum(map(len, texts)) + 64 * len(texts)
        self._since = time.monotonic() - _SOON  # what is left has waited
        return _framed(b"D", b"\n".join([ids, *texts]))

    def _count(self, *, closing: bool) -> None:
        """Tell what was counted, when that has changed and a frame can begin."""
        now = time.monotonic()
        if (now < self._tell_at and not closing) or self._frame:
            return
        self._tell_at = now + _TELL
        self.dropped = max(self.dropped, self._kernel_drops())
        counts = {
            "received": self.received,
            "malformed": self.malformed,
            "spilled": self.spilled,
            "dropped": self.dropped,
            "held": len(self._waiting),
        }
        if counts != self._told:
            self._told = counts
            self._frame = _framed(b"C", json.dumps(counts).encode())

    def _kernel_drops(self) -> int:
        with contextlib.suppress(OSError, ValueError, IndexError), open(self._table) as lines:  # noqa: PTH123
            for line in lines:
                fields = line.split()
                if len(fields) > 12 and fields[9] == self._inode:
                    return int(fields[12])
        return 0

    def _finish(self) -> None:
        """Hand on what is held, as long as the backend still reads."""
        self._take()
        self._owner.settimeout(5.0)
        self._rate, self._budget = 10**9, 1e9
        with contextlib.suppress(OSError):
            if self._frame:
                self._owner.sendall(self._frame)
                self._frame = memoryview(b"")
            while self._waiting:
                self._owner.sendall(self._documents())
            self._count(closing=True)
            if self._frame:
                self._owner.sendall(self._frame)
            self._owner.sendall(_framed(b"E", b""))


def _framed(kind: bytes, body: bytes) -> memoryview:
    return memoryview(FRAME.pack(kind, len(body)) + body)


def _announces(header: bytes) -> bool:
    """Whether a line is the daemon's header: its format is JSON, of any case, and its version 1."""
    try:
        found = json.loads(header)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(found, dict)
        and str(found.get("format", "")).lower() == "json"
        and found.get("version") == 1
        and not isinstance(found["version"], bool)
    )


def main() -> None:
    """Run as a program: the numbers of two sockets, and two bounds."""
    udp, owner, most, rate = (int(text) for text in sys.argv[1:5])
    gc.disable()
    with socket.socket(fileno=udp) as port, socket.socket(fileno=owner) as pair:
        Listener(port, pair, most, rate).run()


if __name__ == "__main__":
    main()
