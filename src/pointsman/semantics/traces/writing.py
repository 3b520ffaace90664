"""A trace as documents again: one for each segment, with the subsegments that belong to it inside.

Documents are put together from the outside in, without recursion, whatever their depth.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.semantics.traces.assembly import SUBSEGMENT, Trace
from pointsman.semantics.traces.documents import Piece


def write(trace: Trace, trace_id: str) -> list[tuple[str, str]]:
    """The documents of a trace, in tree order.

    Args:
        trace: The trace.
        trace_id: Its id.

    Returns:
        The id and the document of every segment, and of every subsegment whose segment is not there.
    """
    owners: list[int] = []
    nested: dict[int, list[int]] = {}
    for place, span in enumerate(trace.spans):
        inside = span.flags & SUBSEGMENT != 0 and span.parent >= 0
        owners.append(owners[span.parent] if inside else place)
        if inside:
            nested.setdefault(span.parent, []).append(place)
    return [
        (trace.spans[place].id, _document(trace, place, nested, trace_id))
        for place, owner in enumerate(owners)
        if owner == place
    ]


def _document(trace: Trace, place: int, nested: dict[int, list[int]], trace_id: str) -> str:
    texts: list[str] = []
    stack: list[int | str] = [place]
    while stack:
        at = stack.pop()
        if isinstance(at, str):
            texts.append(at)
            continue
        own = _members(trace.pieces[at], trace_id if at == place else "")
        children = nested.get(at)
        if not children:
            texts.append(own)
            continue
        texts.append(f'{own[:-1]},"subsegments":[')
        stack.append("]}")
        for number, child in enumerate(reversed(children)):
            stack.append(child)
            if number < len(children) - 1:
                stack.append(",")
    return "".join(texts)


def _members(piece: Piece, trace_id: str) -> str:
    shape: dict[str, Any] = {"id": piece.id, "name": piece.name, "start_time": piece.start}
    if piece.end is None:
        shape["in_progress"] = True
    else:
        shape["end_time"] = piece.end
    if trace_id:
        shape["trace_id"] = trace_id
        if piece.parent:
            shape["parent_id"] = piece.parent
        if piece.subsegment:
            shape["type"] = "subsegment"
    shape.update(piece.fields)
    return msgspec.json.encode(shape).decode()
