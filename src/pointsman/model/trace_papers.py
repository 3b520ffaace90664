"""The members of a trace's spans, packed: ten thousand spans keep a few bytes each, and are read again where they show.

What is drawn of a span is read from its own document; only those in sight are. They are kept in blocks in tree order,
and the blocks that were read last stay read.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, overload

import msgspec

from pointsman.semantics.traces.documents import Piece

__all__ = ["Papers"]

BLOCK: Final = 32
"""Pieces that are packed together."""
READ: Final = 64
"""Blocks that stay read."""

_decoder = msgspec.json.Decoder(list[Piece])


class Papers(Sequence[Piece]):
    """Pieces as a sequence, packed.

    Args:
        pieces: In the order they are asked for.
    """

    __slots__ = ("_blocks", "_count", "_lock", "_read")

    def __init__(self, pieces: Iterable[Piece]) -> None:
        blocks: list[bytes | list[Piece]] = []
        rest = iter(pieces)
        count = 0
        while block := list(islice(rest, BLOCK)):
            count += len(block)
            blocks.append(_packed(block))
        self._blocks = tuple(blocks)
        self._count = count
        self._read: dict[int, list[Piece]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Piece: ...

    @overload
    def __getitem__(self, place: slice) -> list[Piece]: ...

    def __getitem__(self, place: int | slice) -> Piece | list[Piece]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError(place)
        number, at = divmod(place % self._count, BLOCK)
        return self._block(number)[at]

    def __iter__(self) -> Iterator[Piece]:
        for block in self._blocks:
            yield from _unpacked(block)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Papers):
            return self._blocks == other._blocks
        return isinstance(other, tuple | list) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return sum(len(block) for block in self._blocks if isinstance(block, bytes))

    def _block(self, number: int) -> list[Piece]:
        found = self._read.get(number)
        if found is None:
            found = _unpacked(self._blocks[number])
            with self._lock:
                if len(self._read) >= READ:
                    self._read.pop(next(iter(self._read)))
                self._read[number] = found
        return found


def _packed(block: list[Piece]) -> bytes | list[Piece]:
    try:
        return zlib.compress(msgspec.json.encode(block), 1)
    except (ValueError, RecursionError, OverflowError):
        return block  # a text that no JSON can carry, from a document that was read all the same


def _unpacked(block: bytes | list[Piece]) -> list[Piece]:
    return _decoder.decode(zlib.decompress(block)) if isinstance(block, bytes) else block
