"""Bodies on their way out: a stretch of a blob, opened at the first read and closed at its end."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, BinaryIO

from pointsman.local.answers import AwsError
from pointsman.local.store.blobs import Blobs

if TYPE_CHECKING:
    from botocore.response import StreamingBody

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class BlobBody(io.RawIOBase):
    """Some bytes of a blob as a stream; the file is open only between the first read and the last."""

    def __init__(self, blobs: Blobs, digest: str, start: int, length: int) -> None:
        self._blobs = blobs
        self._digest = digest
        self._start = start
        self._left = length
        self._source: BinaryIO | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """At most ``size`` bytes; all that is left when none is said."""
        return super().read(-1 if size is None else size) or b""

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with what comes next."""
        wanted = min(len(buffer), self._left)
        if wanted == 0:
            self._release()
            return 0
        if self._source is None:
            self._source = self._blobs.open(self._digest)
            self._source.seek(self._start)
        chunk = self._source.read(wanted)
        buffer[: len(chunk)] = chunk
        self._left -= len(chunk)
        if self._left == 0 or not chunk:
            self._release()
        return len(chunk)

    def close(self) -> None:
        """Let go of the file."""
        self._release()
        super().close()

    def _release(self) -> None:
        if self._source is not None:
            self._source.close()
            self._source = None


def streaming(blobs: Blobs, digest: str, start: int, length: int) -> StreamingBody:
    """The body as boto3 gives it out."""
    from botocore.response import StreamingBody  # and urllib3 with it, which costs more than all of S3

    return StreamingBody(BlobBody(blobs, digest, start, length), length)


def stretch(header: str | None, size: int) -> tuple[int, int] | None:
    """Where a ``Range`` header begins and how long it is; None when the whole body is meant.

    Raises:
        AwsError: InvalidRange: nothing of it lies in the body.
    """
    match = _RANGE.fullmatch(header) if header else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    if start >= size or end < start:
        raise AwsError(
            "InvalidRange",
            "The requested range is not satisfiable",
            416,
            RangeRequested=header,
            ActualObjectSize=str(size),
        )
    return start, end - start + 1
