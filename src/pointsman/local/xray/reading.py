"""Answers about single traces: their documents, and the graph of what they passed through."""

from __future__ import annotations

from typing import Any, Final

from pointsman.local.answers import Parameters, answers
from pointsman.local.world import Scope
from pointsman.local.xray import graphs, indexing
from pointsman.local.xray.names import invalid
from pointsman.semantics.traces import documents, facts, graph, writing
from pointsman.semantics.traces.assembly import Trace

MOST: Final = 5
"""Traces in one call."""


def _found(scope: Scope, parameters: Parameters) -> tuple[dict[str, tuple[Trace, bool]], list[str]]:
    """The traces that are there, with whether they were cut, and the ids of those that are not."""
    wanted = list(dict.fromkeys(parameters["TraceIds"]))
    if not wanted:
        raise invalid("At least one trace id is required.")
    if len(wanted) > MOST:
        raise invalid(f"At most {MOST} trace ids are allowed, not {len(wanted)}.")
    found: dict[str, tuple[Trace, bool]] = {}
    absent: list[str] = []
    for trace_id in wanted:
        row = None
        if documents.is_trace_id(trace_id):
            row = scope.world.database.execute(
                "SELECT id, over FROM xray_traces WHERE account = ? AND region = ? AND trace = ?",
                (scope.account, scope.region, trace_id.lower()),
            ).fetchone()
        if row is None:
            absent.append(trace_id)
        else:
            found[trace_id] = (indexing.assembled(scope, row[0]), bool(row[1]))
    return found, absent


@answers("xray", "BatchGetTraces")
def batch_get_traces(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Traces with all their segments, the inferred ones too."""
    found, absent = _found(scope, parameters)
    return {
        "Traces": [
            {
                "Id": trace_id.lower(),
                "Duration": round(max(0.0, trace.end - trace.start), 3),
                "LimitExceeded": cut,
                "Segments": [
                    {"Id": own_id, "Document": text} for own_id, text in writing.write(trace, trace_id.lower())
                ],
            }
            for trace_id, (trace, cut) in found.items()
        ],
        "UnprocessedTraceIds": absent,
    }


@answers("xray", "GetTraceGraph")
def get_trace_graph(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The service graph of some traces."""
    found, _ = _found(scope, parameters)
    drawn = graph.of_traces(facts.derive(trace, scope.account) for trace, _ in found.values())
    return graphs.page(drawn, parameters)
