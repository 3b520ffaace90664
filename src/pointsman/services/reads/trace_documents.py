"""A trace's documents, put together and measured, a document at a time: a large one is never there as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pointsman.model.critical_path import timing
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.refs import TraceRef
from pointsman.model.trace_density import density
from pointsman.model.trace_operations import Operation, owners
from pointsman.model.trace_papers import Papers
from pointsman.semantics.traces import assembly
from pointsman.semantics.traces.documents import Piece, Unprocessed, exceptions_of, part, status_of, text
from pointsman.semantics.traces.documents import read as take_apart
from pointsman.spare import give_back

__all__ = ["drained", "opened", "word"]

LARGEST = 64 * 1024 * 1024
"""Bytes of a document that are read: X-Ray hands whole segments out, not what was sent."""
_MANY = 1000
"""Spans whose documents, read and let go, are worth giving back."""
_WORDS = 2000
"""Characters of a span that a search looks at."""
_MARKS = ("error", "throttle", "fault", "namespace", "inferred")


def opened(ref: TraceRef, texts: Iterable[str], *, limit_exceeded: bool, settled: bool) -> OpenedTrace:
    """A trace of its documents: put together, and measured. For a thread: it takes a while for a large one.

    Args:
        ref: The trace.
        texts: Its segment documents.
        limit_exceeded: Whether X-Ray has dropped some.
        settled: Whether it is old enough for nothing more to come.
    """
    taken = _Taken()
    for one in texts:
        taken.take(one)
    spans = assembly.assemble(taken.kept.values()).spans
    kept = [taken.kept.pop(span.id) for span in spans]
    papers = taken.papers.ordered(one.position for one in kept)
    trace = assembly.Trace(spans, papers, len(taken.conflicts))
    words = tuple(one.words for one in kept)
    operations = tuple(_operations(trace, [one.called for one in kept]))
    moving = any(span.has(assembly.IN_PROGRESS) for span in spans)
    done = settled and not moving
    found = OpenedTrace(
        ref, trace, timing(trace), density(trace), words, operations, limit_exceeded, taken.unread, settled=done
    )
    if len(spans) >= _MANY:
        del taken, kept
        give_back()
    return found


def drained(texts: list[str]) -> Iterator[str]:
    """Texts in their order, each let go once it has been read: nothing is left of them in the end."""
    texts.reverse()
    while texts:
        yield texts.pop()


class _Kept(Piece, frozen=True, gc=False):
    """What stays at hand of a piece: the members that decide where it stands, and what is asked of all of them."""

    position: int
    """Where the whole of it is."""
    words: str
    called: str
    """Its name; of a call to AWS also what was called."""


class _Taken:
    """The pieces of documents as they come; of those with one id the one that counts."""

    def __init__(self) -> None:
        self.papers = Papers()
        self.kept: dict[str, _Kept] = {}
        self.conflicts: set[str] = set()
        self.unread = 0
        self._same: dict[str, str] = {}
        self._slim: dict[tuple[Any, ...], dict[str, Any]] = {}

    def take(self, document: str) -> None:
        """A document; one that cannot be read is counted."""
        try:
            found = take_apart(document, largest=LARGEST)
        except Unprocessed:
            self.unread += 1
            return
        for one in found:
            first = self.papers.add(one.pieces)
            for position, piece in enumerate(one.pieces, first):
                self._choose(position, piece)

    def _choose(self, position: int, piece: Piece) -> None:
        former = self.kept.get(piece.id)
        if former is not None:
            known = self.papers.came(former.position)
            mine, other = assembly.rank(piece), assembly.rank(known)
            if mine == other:
                return
            if known.end is not None and piece.end is not None:
                self.conflicts.add(piece.id)
            if mine < other:
                return
        self.kept[piece.id] = self._keep(position, piece)

    def _keep(self, position: int, piece: Piece) -> _Kept:
        fields, name = piece.fields, self._once(piece.name)
        called = text(part(fields, "aws"), "operation") if piece.subsegment and fields else ""
        return _Kept(
            piece.id,
            piece.parent,
            name,
            piece.start,
            piece.end,
            piece.subsegment,
            self._marks(fields),
            position,
            self._once(_search_words(piece)),
            self._once(f"{name} {called}") if called else name,
        )

    def _once(self, said: str) -> str:
        """One text for all that say the same."""
        return self._same.setdefault(said, said)

    def _marks(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The members that mark a piece; pieces with the same ones share them."""
        told = tuple(_plain(fields.get(one)) for one in _MARKS)
        status = status_of(fields)
        found = self._slim.get((*told, status))
        if found is None:
            found = {key: value for key, value in zip(_MARKS, told, strict=True) if value is not None}
            if status is not None:
                found["http"] = {"response": {"status": status}}
            self._slim[*told, status] = found
        return found


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | bool) else None


def _operations(trace: assembly.Trace, called: list[str]) -> Iterable[Operation]:
    """Each span's operation; spans of one operation share it."""
    same: dict[Operation, Operation] = {}
    for place, owner in enumerate(owners(trace.spans)):
        found = Operation(trace.spans[owner].name, called[place], owner == place)
        yield same.setdefault(found, found)


def _search_words(piece: Piece) -> str:
    fields = piece.fields
    found = [piece.name]
    if fields:
        request, answered = part(fields, "http", "request"), part(fields, "http", "response")
        found += [text(request, "method"), text(request, "url"), str(answered.get("status", ""))]
        found += [f"{key}={word(value)}" for key, value in part(fields, "annotations").items()]
        found += [f"{key}={word(value)}" for key, value in part(fields, "aws").items() if not hasattr(value, "get")]
        found += [text(fields, "namespace"), text(fields, "user"), text(part(fields, "sql"), "sanitized_query")]
        for one in exceptions_of(fields):
            found += [text(one, "type"), text(one, "message")]
    return " ".join(one for one in found if one)[:_WORDS].lower()


def word(value: Any) -> str:
    """A value of an annotation, as it is searched for and shown."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
