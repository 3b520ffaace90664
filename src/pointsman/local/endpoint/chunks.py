"""AWS's own chunks inside a body (``aws-chunked``), taken apart as they arrive: sizes, signatures, trailers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from pointsman.local.endpoint.messages import Undecodable
from pointsman.local.endpoint.signing import ChunkSigner

_HEADER = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?")
_LINE = 256
_TRAILER = 8192


def _broken(what: str) -> Undecodable:
    return Undecodable(f"The request body is not framed as aws-chunked: {what}", "InvalidChunkSizeError")


class Chunks:
    """Takes a chunked body apart.

    Args:
        take: Is given the data.
        signer: Checks the chunks' signatures; None when they are not signed.
        trailing: Whether a trailer follows, signed when the chunks are.
    """

    def __init__(self, take: Callable[[bytes], None], signer: ChunkSigner | None, *, trailing: bool) -> None:
        self._take = take
        self._signer = signer
        self._trailing = trailing
        self._buffer = bytearray()
        self._left = 0
        self._state = "header"
        self._digest = hashlib.sha256()
        self._given = ""
        self._lines: list[tuple[str, str]] = []
        self._size = 0
        self.trailers: dict[str, str] = {}
        """What followed the data, names in lower case."""

    def feed(self, data: bytes) -> None:
        """The next piece of the body, as it came.

        Raises:
            Undecodable: It is not framed so.
            Refusal: A signature is wrong.
        """
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self._state == "data":
            return self._data()
        if self._state == "end":
            if self._buffer.strip():
                raise _broken("there is more after its end")
            self._buffer.clear()
            return False
        line = self._line()
        if line is None:
            return False
        if self._state == "header":
            self._header(line)
        elif self._state == "gap":
            if line:
                raise _broken("a chunk is longer than it says")
            self._state = "header"
        else:
            self._trailer_line(line)
        return True

    def _line(self) -> bytes | None:
        place = self._buffer.find(b"\r\n")
        if place < 0 or place > _TRAILER:
            if len(self._buffer) > (_TRAILER if self._state == "trailer" else _LINE):
                raise _broken("a line does not end")
            return None
        line = bytes(self._buffer[:place])
        del self._buffer[: place + 2]
        return line

    def _header(self, line: bytes) -> None:
        match = _HEADER.fullmatch(line)
        if match is None or (self._signer is not None and match[2] is None):
            raise _broken("a chunk has no header")
        self._left = int(match[1], 16)
        self._given = (match[2] or b"").decode()
        self._digest = hashlib.sha256()
        if self._left:
            self._state = "data"
            return
        self._check()
        self._state = "trailer"

    def _data(self) -> bool:
        if not self._buffer:
            return False
        piece = bytes(self._buffer[: self._left])
        del self._buffer[: self._left]
        self._left -= len(piece)
        if self._signer is not None:
            self._digest.update(piece)
        self._take(piece)
        if self._left == 0:
            self._check()
            self._state = "gap"
        return True

    def _check(self) -> None:
        if self._signer is not None:
            self._signer.chunk(self._digest.hexdigest(), self._given)

    def _trailer_line(self, line: bytes) -> None:
        if not line:
            self._close()
            return
        self._size += len(line)
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or self._size > _TRAILER or not self._trailing:
            raise _broken("its trailer is not one")
        self._lines.append((name.strip().lower(), value.strip()))

    def _close(self) -> None:
        self._state = "end"
        self.trailers = dict(self._lines)
        if self._signer is not None and self._trailing:
            signed = "".join(f"{name}:{value}\n" for name, value in self._lines if name != "x-amz-trailer-signature")
            digest = hashlib.sha256(signed.encode("latin-1")).hexdigest()
            self._signer.trailer(digest, self.trailers.get("x-amz-trailer-signature", ""))

    def finish(self) -> None:
        """The body has ended.

        Raises:
            Undecodable: Its last chunk has not come.
            Refusal: The trailer is signed wrongly.
        """
        if self._state == "trailer":
            # Clients leave out the last empty line, or put two.
            if self._buffer:
                self._trailer_line(bytes(self._buffer))
                self._buffer.clear()
            self._close()
        if self._state != "end":
            raise _broken("its last chunk is missing")
