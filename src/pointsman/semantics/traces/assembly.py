"""Pieces to a trace: the same tree for any order and any duplication, in time linear in the number of pieces.

* Of pieces with one id the finished one counts, then the one that ends last, then the greater one as text: a finished
  document takes the place of the one in progress, whichever came first.
* A piece whose parent is not there stands at the top as an orphan; a circle of parents is cut above its earliest
  member.
* A call to another service that sent no segment of its own gets an inferred one, when that is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from pointsman.semantics.traces.documents import Piece, part, status_of, text

ERROR: Final = 1
THROTTLE: Final = 2
FAULT: Final = 4
IN_PROGRESS: Final = 8
SUBSEGMENT: Final = 16
REMOTE: Final = 32
"""A call to another service: ``namespace`` is ``remote``."""
AWS: Final = 64
"""A call to AWS: ``namespace`` is ``aws``."""
INFERRED: Final = 128
ORPHAN: Final = 256
"""Its parent is not there, or stands below it."""
BELOW_ERROR: Final = 512
BELOW_THROTTLE: Final = 1024
BELOW_FAULT: Final = 2048
BROKEN: Final = 4096
"""The service it called is traced, and that one's segment is not there."""
_OWN: Final = ERROR | THROTTLE | FAULT
_SHIFT: Final = 9
"""From an own mark to the mark that something below has it."""


class Span(msgspec.Struct, frozen=True, gc=False):
    """A segment or subsegment in its place in the tree."""

    id: str
    name: str
    start: float
    end: float | None
    """None while it is in progress."""
    parent: int
    """The place of its parent in ``Trace.spans``; -1 at the top."""
    depth: int
    """0 at the top."""
    last: int
    """The place behind the last span below it."""
    flags: int
    """``ERROR``, ``FAULT``, …, and ``BELOW_…`` for what is below it."""

    def has(self, flag: int) -> bool:
        """Whether one of these flags is set."""
        return self.flags & flag != 0

    @property
    def duration(self) -> float:
        """Seconds; 0 while it is in progress, and for one that ends before it starts."""
        return max(0.0, self.end - self.start) if self.end is not None else 0.0


class Trace(msgspec.Struct, frozen=True):
    """A trace, assembled."""

    spans: tuple[Span, ...]
    """In tree order: each span, then those below it by start; the roots by start, orphans behind them."""
    pieces: Sequence[Piece]
    """What each span is made of, in the same places."""
    conflicts: int
    """Ids that finished documents use for different things."""

    @property
    def start(self) -> float:
        """When the first span started; 0 for a trace without spans."""
        return min((span.start for span in self.spans), default=0.0)

    @property
    def end(self) -> float:
        """When the last span that is known to have ended did."""
        return max((max(span.start, span.end or 0.0) for span in self.spans), default=0.0)


def own_flags(piece: Piece) -> int:
    """The marks a piece sets itself: by its members, or by the HTTP status it tells."""
    fields = piece.fields
    flags = SUBSEGMENT if piece.subsegment else 0
    if piece.end is None:
        flags |= IN_PROGRESS
    if not fields:
        return flags
    if fields.get("error"):
        flags |= ERROR
    if fields.get("throttle"):
        flags |= THROTTLE | ERROR
    if fields.get("fault"):
        flags |= FAULT
    status = status_of(fields)
    if status is not None and status >= 400:
        if status >= 500:
            flags |= FAULT
        else:
            flags |= ERROR | THROTTLE if status == 429 else ERROR
    namespace = fields.get("namespace")
    if namespace == "remote":
        flags |= REMOTE
    elif namespace == "aws":
        flags |= AWS
    if fields.get("inferred"):
        flags |= INFERRED
    return flags


def assemble(pieces: Iterable[Piece], *, infer: bool = False) -> Trace:
    """Put the pieces of one trace together.

    Args:
        pieces: In any order, any of them any number of times.
        infer: Add segments for the called services that sent none.
    """
    chosen, conflicts = _choose(pieces)
    broken: set[str] = set()
    if infer:
        inferred, broken = _infer(chosen)
        for piece in inferred:
            chosen.setdefault(piece.id, piece)
    below, tops, orphans = _parents(chosen)
    return _lay_out(chosen, below, tops, orphans, broken, conflicts)


def rank(piece: Piece) -> tuple[bool, float, bytes]:
    """What decides between pieces with one id: the greatest counts."""
    return piece.end is not None, piece.end or piece.start, msgspec.json.encode(piece, order="deterministic")


def _choose(pieces: Iterable[Piece]) -> tuple[dict[str, Piece], int]:
    """Each id's piece, and how many ids have several finished ones that differ."""
    chosen: dict[str, Piece] = {}
    conflicts: set[str] = set()
    for piece in pieces:
        former = chosen.get(piece.id)
        if former is None:
            chosen[piece.id] = piece
            continue
        if former is piece:
            continue
        mine, other = rank(piece), rank(former)
        if mine == other:
            continue
        if former.end is not None and piece.end is not None:
            conflicts.add(piece.id)
        if mine > other:
            chosen[piece.id] = piece
    return chosen, len(conflicts)


def _infer(chosen: dict[str, Piece]) -> tuple[list[Piece], set[str]]:
    """Segments for the calls that nobody answered for, and the ids of calls whose answer is still to come."""
    answered = {piece.parent for piece in chosen.values() if not piece.subsegment and piece.parent}
    inferred: list[Piece] = []
    broken: set[str] = set()
    for piece in chosen.values():
        if not piece.subsegment or piece.id in answered or piece.fields.get("namespace") not in ("aws", "remote"):
            continue
        if part(piece.fields, "http", "request").get("traced") is True or piece.fields.get("traced") is True:
            broken.add(piece.id)
        else:
            inferred.append(_inferred(piece))
    return inferred, broken


def _inferred(piece: Piece) -> Piece:
    fields: dict[str, Any] = {
        key: piece.fields[key] for key in ("http", "aws", "sql", "error", "throttle", "fault") if key in piece.fields
    }
    fields["inferred"] = True
    kind = origin_of(piece)
    if kind:
        fields["origin"] = kind
    own_id = hashlib.blake2b(piece.id.encode(), digest_size=8, person=b"inferred").hexdigest()
    return Piece(own_id, piece.id, piece.name, piece.start, piece.end, False, fields)


def origin_of(piece: Piece) -> str:
    """The type of what a call went to: ``AWS::DynamoDB::Table``, ``AWS::SNS``; empty for another HTTP service."""
    if piece.fields.get("namespace") != "aws":
        return "Database::SQL" if "sql" in piece.fields else ""
    aws = part(piece.fields, "aws")
    if text(aws, "table_name"):
        return "AWS::DynamoDB::Table"
    if text(aws, "queue_url"):
        return "AWS::SQS::Queue"
    if text(aws, "bucket_name"):
        return "AWS::S3::Bucket"
    return f"AWS::{piece.name}"


def _parents(chosen: dict[str, Piece]) -> tuple[dict[str, list[Piece]], list[Piece], set[str]]:
    """Who is below whom; who stands at the top; who of those does so for want of a parent."""
    below: dict[str, list[Piece]] = {}
    tops: list[Piece] = []
    orphans: set[str] = set()
    for piece in chosen.values():
        if not piece.parent:
            tops.append(piece)
        elif piece.parent in chosen and piece.parent != piece.id:
            below.setdefault(piece.parent, []).append(piece)
        else:
            tops.append(piece)
            orphans.add(piece.id)
    for first in _circles(chosen):
        below[first.parent].remove(first)
        tops.append(first)
        orphans.add(first.id)
    return below, tops, orphans


def _circles(chosen: dict[str, Piece]) -> list[Piece]:
    """The earliest member of each circle of parents."""
    walk: dict[str, int] = {}
    found: list[Piece] = []
    for number, start in enumerate(chosen):
        path: list[str] = []
        at = start
        while at in chosen and at not in walk:
            walk[at] = number
            path.append(at)
            at = chosen[at].parent
        if walk.get(at) == number and at in chosen:
            circle = [chosen[one] for one in path[path.index(at) :]]
            if len(circle) > 1:
                found.append(min(circle, key=_order))
    return found


def _order(piece: Piece) -> tuple[float, str]:
    return piece.start, piece.id


def _lay_out(
    chosen: dict[str, Piece],
    below: dict[str, list[Piece]],
    tops: list[Piece],
    orphans: set[str],
    broken: set[str],
    conflicts: int,
) -> Trace:
    tops.sort(key=lambda piece: (piece.id in orphans, *_order(piece)))
    count = len(chosen)
    pieces: list[Piece] = []
    parents: list[int] = []
    depths: list[int] = []
    stack: list[tuple[Piece, int, int]] = [(piece, -1, 0) for piece in reversed(tops)]
    while stack:
        piece, parent, depth = stack.pop()
        place = len(pieces)
        pieces.append(piece)
        parents.append(parent)
        depths.append(depth)
        children = below.get(piece.id)
        if children:
            if len(children) > 1:
                children.sort(key=_order, reverse=True)
            stack.extend((child, place, depth + 1) for child in children)
    flags = [own_flags(piece) for piece in pieces]
    lasts = list(range(1, count + 1))
    for place in range(count - 1, -1, -1):
        piece = pieces[place]
        if piece.id in orphans:
            flags[place] |= ORPHAN
        if piece.id in broken:
            flags[place] |= BROKEN
        parent = parents[place]
        if parent >= 0:
            own = flags[place]
            flags[parent] |= (own & _OWN) << _SHIFT | (own & (_OWN << _SHIFT))
            if lasts[place] > lasts[parent]:
                lasts[parent] = lasts[place]
    names: dict[str, str] = {}
    """One text for each name: most spans share theirs."""
    spans = tuple(
        Span(
            piece.id,
            names.setdefault(piece.name, piece.name),
            piece.start,
            piece.end,
            parents[place],
            depths[place],
            lasts[place],
            flags[place],
        )
        for place, piece in enumerate(pieces)
    )
    return Trace(spans, tuple(pieces), conflicts)
