"""The bodies of objects and artifacts, by the SHA-256 of their content.

A body is written to a temporary file and renamed, so a reader never sees half of one and a crash leaves at most a
stray temporary file. Bodies are shared: the same content is kept once.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol


class Blobs(Protocol):
    """Content-addressed bodies."""

    def put(self, body: bytes) -> str:
        """Keep a body; returns its SHA-256 in hex."""
        ...

    def put_file(self, path: Path) -> str:
        """Keep the content of a file; returns its SHA-256 in hex."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """Open a body for reading; KeyError when there is none."""
        ...

    def size(self, digest: str) -> int:
        """Bytes in the body; KeyError when there is none."""
        ...

    def delete(self, digest: str) -> None:
        """Forget a body; nothing happens when there is none."""
        ...


class MemoryBlobs:
    """Bodies in memory, for a backend without a folder."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def put(self, body: bytes) -> str:
        """Keep a body; returns its SHA-256 in hex."""
        digest = hashlib.sha256(body).hexdigest()
        self.bodies[digest] = bytes(body)
        return digest

    def put_file(self, path: Path) -> str:
        """Keep the content of a file; returns its SHA-256 in hex."""
        return self.put(path.read_bytes())

    def open(self, digest: str) -> BinaryIO:
        """Open a body for reading; KeyError when there is none."""
        return BytesIO(self.bodies[digest])

    def size(self, digest: str) -> int:
        """Bytes in the body; KeyError when there is none."""
        return len(self.bodies[digest])

    def delete(self, digest: str) -> None:
        """Forget a body; nothing happens when there is none."""
        self.bodies.pop(digest, None)


class FolderBlobs:
    """Bodies as files of mode 0600 in a folder of ours."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, body: bytes) -> str:
        """Keep a body; returns its SHA-256 in hex."""
        digest = hashlib.sha256(body).hexdigest()
        self._write(digest, BytesIO(body))
        return digest

    def put_file(self, path: Path) -> str:
        """Keep the content of a file; returns its SHA-256 in hex."""
        with path.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            self._write(digest, source)
        return digest

    def open(self, digest: str) -> BinaryIO:
        """Open a body for reading; KeyError when there is none."""
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError:
            raise KeyError(digest) from None

    def size(self, digest: str) -> int:
        """Bytes in the body; KeyError when there is none."""
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            raise KeyError(digest) from None

    def delete(self, digest: str) -> None:
        """Forget a body; nothing happens when there is none."""
        self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]

    def _write(self, digest: str, source: BinaryIO) -> None:
        place = self._path(digest)
        if place.exists():
            return
        place.parent.mkdir(mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as target:
                while chunk := source.read(1 << 20):
                    target.write(chunk)
            Path(temporary).replace(place)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)  # a full disk must not be made fuller
            raise
