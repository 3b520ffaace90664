"""The checksums a client may send with a body, computed as it arrives."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Protocol

from pointsman.local.answers import AwsError

MOST_SLOW = 1024 * 1024
"""Bytes up to which a checksum is verified that Python can only compute byte by byte (CRC-32C and CRC-64/NVME)."""


class _Running(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


@cache
def _table(polynomial: int) -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ polynomial if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


class _Slow:
    """A reflected CRC, byte by byte."""

    def __init__(self, polynomial: int, bits: int) -> None:
        self._table = _table(polynomial)
        self._mask = (1 << bits) - 1
        self._size = bits // 8
        self._value = self._mask
        self._seen = 0

    def update(self, data: bytes, /) -> None:
        self._seen += len(data)
        if self._seen > MOST_SLOW:
            return
        value, table = self._value, self._table
        for byte in data:
            value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
        self._value = value

    def digest(self) -> bytes:
        """Nothing when there was too much to compute it."""
        return b"" if self._seen > MOST_SLOW else (self._value ^ self._mask).to_bytes(self._size, "big")


_MADE: dict[str, tuple[str, Callable[[], _Running]]] = {
    "content-md5": ("Content-MD5", lambda: hashlib.md5(usedforsecurity=False)),
    "x-amz-checksum-crc32": ("CRC32", _Crc32),
    "x-amz-checksum-crc32c": ("CRC32C", lambda: _Slow(0x82F63B78, 32)),
    "x-amz-checksum-crc64nvme": ("CRC64NVME", lambda: _Slow(0x9A6C9329AC4BC9B5, 64)),
    "x-amz-checksum-sha1": ("SHA1", lambda: hashlib.sha1(usedforsecurity=False)),
    "x-amz-checksum-sha256": ("SHA256", hashlib.sha256),
}


class Checksums:
    """Computes what the headers say will be needed.

    Args:
        headers: The request's; those that promise a trailer included.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        promised = {name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",")}
        self._running: dict[str, _Running] = {
            name: made() for name, (_, made) in _MADE.items() if name in headers or name in promised
        }

    def update(self, data: bytes) -> None:
        """The next piece of the body."""
        for running in self._running.values():
            running.update(data)

    def check(self, given: Mapping[str, str]) -> None:
        """Hold them against what was sent, in headers or trailer.

        Raises:
            AwsError: BadDigest, or InvalidDigest for what cannot be one.
        """
        for name, running in self._running.items():
            shown = _MADE[name][0]
            if name not in given:
                raise AwsError("MalformedTrailerError", "The request contained trailing data that was not well-formed.")
            made = running.digest()
            try:
                wanted = base64.b64decode(given[name], validate=True)
            except ValueError:
                raise AwsError("InvalidDigest", f"The {shown} you specified was invalid.") from None
            if made and made != wanted:
                raise AwsError("BadDigest", f"The {shown} you specified did not match the calculated checksum.")
