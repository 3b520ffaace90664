"""A request's body as it arrives: counted, hashed, unframed, kept in memory while small and in a file once large."""

from __future__ import annotations

import hashlib
import tempfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import IO

from pointsman.local.answers import AwsError
from pointsman.local.endpoint.checksums import Checksums
from pointsman.local.endpoint.chunks import Chunks
from pointsman.local.endpoint.messages import Undecodable
from pointsman.local.endpoint.signing import ChunkSigner

IN_MEMORY = 1024 * 1024
"""Bytes of a body that are held in memory."""
MOST_CALL = 32 * 1024 * 1024
"""Bytes of a call's body: a third more than the largest any of AWS's takes, for base64."""
MOST_OBJECT = 5 * 1024**3
"""Bytes of an object that is uploaded at once."""


def too_large(s3: bool) -> AwsError:
    """What is said to a body that is too large."""
    if s3:
        return AwsError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400)
    return AwsError("RequestEntityTooLargeException", "The request body is too large", 413)


class Intake:
    """Takes a body in.

    Args:
        headers: The request's.
        s3: It is for S3: an object rather than a call.
        signer: Checks the signatures of its chunks, if it has any.
        payload: The word or hash that stands for the body in its signature; None when the body has to be hashed.
    """

    def __init__(
        self, headers: Mapping[str, str], *, s3: bool, signer: ChunkSigner | None = None, payload: str | None = None
    ) -> None:
        self._s3 = s3
        self._most = MOST_OBJECT if s3 else MOST_CALL
        self._came = 0
        self._kept = 0
        self._file: IO[bytes] | None = None
        self._memory = BytesIO()
        self._sha = hashlib.sha256() if payload is None or len(payload) == 64 else None
        self._headers = headers
        self._checksums = Checksums(headers) if s3 else None
        self._chunks: Chunks | None = None
        framed = (payload or "").startswith("STREAMING-")
        if framed:
            self._chunks = Chunks(self._keep, signer, trailing=(payload or "").endswith("-TRAILER"))
        length = headers.get("content-length", "0")
        if length.isdigit() and len(length) < 20 and int(length) > self._most + (1 << 20 if framed else 0):
            raise too_large(s3)

    def feed(self, data: bytes) -> None:
        """The next piece, as it came.

        Raises:
            AwsError: It is too much.
            Undecodable: It is not framed as it says.
            Refusal: A chunk is signed wrongly.
        """
        self._came += len(data)
        if self._sha is not None:
            self._sha.update(data)
        if self._chunks is not None:
            self._chunks.feed(data)
        else:
            self._keep(data)

    def _keep(self, data: bytes) -> None:
        self._kept += len(data)
        if self._kept > self._most:
            raise too_large(self._s3)
        if self._checksums is not None:
            self._checksums.update(data)
        if self._file is None and self._kept > IN_MEMORY:
            self._file = tempfile.NamedTemporaryFile(prefix="pointsman-", delete=False)  # noqa: SIM115 close() does
            self._file.write(self._memory.getvalue())
            self._memory = BytesIO()
        (self._file or self._memory).write(data)

    def finish(self) -> dict[str, str]:
        """The body has ended; returns the request's headers with the trailer's among them.

        Raises:
            AwsError: It is not as long as it says, or its checksum is another.
            Undecodable: It is not framed as it says.
            Refusal: Its trailer is signed wrongly.
        """
        headers = dict(self._headers)
        length = headers.get("content-length")
        if length is not None and int(length) != self._came:
            raise incomplete()
        if self._chunks is not None:
            self._chunks.finish()
            decoded = headers.get("x-amz-decoded-content-length")
            if decoded is not None and decoded != str(self._kept):
                raise incomplete()
            headers.update({name: value for name, value in self._chunks.trailers.items() if name not in headers})
            headers["content-length"] = str(self._kept)
            encoding = [part.strip() for part in headers.get("content-encoding", "").split(",")]
            rest = ",".join(part for part in encoding if part and part.lower() != "aws-chunked")
            headers.pop("content-encoding", None)
            if rest:
                headers["content-encoding"] = rest
        if self._checksums is not None:
            self._checksums.check(headers)
        return headers

    @property
    def size(self) -> int:
        """Bytes that came."""
        return self._came

    @property
    def sha256(self) -> str:
        """The SHA-256 of what came, as it came."""
        return "" if self._sha is None else self._sha.hexdigest()

    def body(self) -> bytes:
        """All of it, in memory."""
        if self._file is None:
            return self._memory.getvalue()
        self._file.flush()
        return Path(self._file.name).read_bytes()

    @property
    def path(self) -> Path | None:
        """The file it is in; None while it is in memory."""
        if self._file is None:
            return None
        self._file.flush()
        return Path(self._file.name)

    def close(self) -> None:
        """Let go of it."""
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink()
            self._file = None


def incomplete() -> AwsError:
    """What is said when a body ends before its time."""
    return AwsError(
        "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"
    )


def unpacked(body: bytes, headers: Mapping[str, str]) -> bytes:
    """A call's body without its compression.

    Raises:
        AwsError: It is too much.
        Undecodable: It is not what its header says.
    """
    encodings = [part.strip().lower() for part in headers.get("content-encoding", "").split(",")]
    for encoding in reversed(encodings):
        if encoding in ("", "identity", "amz-1.0"):
            continue
        if encoding != "gzip":
            raise Undecodable(f"The content encoding {encoding[:32]!r} is not supported")
        body = _gunzip(body)
    return body


def _gunzip(body: bytes) -> bytes:
    machine = zlib.decompressobj(wbits=31)
    try:
        found = machine.decompress(body, MOST_CALL)
    except zlib.error:
        raise Undecodable("The request body is not valid gzip") from None
    if machine.unconsumed_tail:
        raise too_large(s3=False)
    if not machine.eof:
        raise Undecodable("The request body is not valid gzip")
    return found
