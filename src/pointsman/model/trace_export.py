"""A trace as JSON, in the shape of BatchGetTraces: what is written can be opened again and is the same tree."""

from __future__ import annotations

import json

from pointsman.model.opened_trace import OpenedTrace
from pointsman.semantics.traces.writing import write

__all__ = ["exported"]


def exported(opened: OpenedTrace) -> list[str]:
    """The lines of the file."""
    trace = opened.trace
    documents = write(trace, opened.ref.id)
    head = {"Id": opened.ref.id, "Duration": round(trace.end - trace.start, 6), "LimitExceeded": opened.limit_exceeded}
    lines = ['{"Traces": [{' + json.dumps(head)[1:-1] + ', "Segments": [']
    for at, (segment, text) in enumerate(documents):
        ending = "," if at < len(documents) - 1 else ""
        lines.append("  " + json.dumps({"Id": segment, "Document": text}, ensure_ascii=True) + ending)
    return [*lines, "]}]}"]
