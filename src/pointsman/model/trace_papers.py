"""The members of a trace's spans, packed: ten thousand spans keep a few bytes each, and are read again where they show.

What is drawn of a span is read from its own document; only those in sight are. They are kept in blocks as they came,
so that a large trace is never there as a whole, and the blocks that were read last stay read.
"""

from __future__ import annotations

import threading
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
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
    """Pieces as a sequence, packed as they come, and asked for in an order of their own.

    Args:
        pieces: The first ones.
    """

    __slots__ = ("_blocks", "_count", "_lock", "_open", "_order", "_read")

    def __init__(self, pieces: Iterable[Piece] = ()) -> None:
        self._blocks: list[bytes | list[Piece]] = []
        self._open: list[Piece] = []
        """What has come since the last block was packed."""
        self._count = 0
        self._order: array[int] | None = None
        self._read: dict[int, list[Piece]] = {}
        self._lock = threading.Lock()
        self.add(pieces)

    def add(self, pieces: Iterable[Piece]) -> int:
        """Take pieces in; where the first of them has come to."""
        first = self._count
        for piece in pieces:
            self._open.append(piece)
            self._count += 1
            if len(self._open) == BLOCK:
                self._blocks.append(_packed(self._open))
                self._open = []
        return first

    def ordered(self, order: Iterable[int]) -> Papers:
        """From now on these, in this order, each by where it has come to; the others are not asked for."""
        self._order = array("I", order)
        if self._open:
            self._blocks.append(_packed(self._open))
            self._open = []
        return self

    def came(self, position: int) -> Piece:
        """The piece that has come to a position."""
        number, at = divmod(position, BLOCK)
        return self._open[at] if number == len(self._blocks) else self._block(number)[at]

    def __len__(self) -> int:
        return self._count if self._order is None else len(self._order)

    @overload
    def __getitem__(self, place: int) -> Piece: ...

    @overload
    def __getitem__(self, place: slice) -> list[Piece]: ...

    def __getitem__(self, place: int | slice) -> Piece | list[Piece]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        place %= len(self)
        return self.came(place if self._order is None else self._order[place])

    def __iter__(self) -> Iterator[Piece]:
        return (self[place] for place in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Papers | tuple | list) and list(self) == list(other)

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
