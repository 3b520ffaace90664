"""What is said of a trace and of its spans."""

from __future__ import annotations

import json

from console import tracing
from pointsman.clock import EPOCH
from pointsman.console.present.cells import plain
from pointsman.console.present.look import Draw
from pointsman.console.screens.span_words import about, document, span_lines, wrong
from pointsman.model.opened_trace import OpenedTrace
from pointsman.services.reads.traces import opened


def put_together(*spans: dict[str, object], **more: bool) -> OpenedTrace:
    texts = [json.dumps({**one, "trace_id": tracing.CHECKOUT.id}) for one in spans]
    return opened(tracing.CHECKOUT, texts, limit_exceeded=more.get("limit", False), settled=True)


TOP = {"id": "a" * 16, "name": "shop", "start_time": 1.0, "end_time": 2.0}
CALL = {
    "id": "b" * 16,
    "parent_id": "a" * 16,
    "type": "subsegment",
    "name": "DynamoDB",
    "namespace": "aws",
    "start_time": 1.1,
    "end_time": 1.9,
    "throttle": True,
}
INFERRED = {**CALL, "id": "c" * 16, "parent_id": "b" * 16, "type": None, "inferred": True}


def said(found: OpenedTrace, place: int) -> str:
    return "\n".join(plain(one) for one in span_lines(found, place, Draw(EPOCH), 100))


def test_what_an_inferred_segment_repeats_is_counted_once() -> None:
    found = put_together(TOP, CALL, INFERRED)
    lines = [plain(one) for one in about(found, Draw(EPOCH))]
    assert lines == ["1.00s  2 services  3 spans  shop", "T 1 throttled"]
    assert [wrong(span) for span in found.trace.spans] == [False, True, False]
    assert "the request waited for what is below it" in said(found, 1)
    assert "inferred segment" in said(found, 2)
    assert "critical 800ms (80%)" in said(found, 2)


def test_what_is_missing_is_said() -> None:
    found = put_together(TOP, {"id": "x"}, limit=True)
    line = plain(about(found, Draw(EPOCH))[1])
    assert "1 documents could not be read" in line
    assert "X-Ray dropped documents" in line
    nothing = put_together({"id": "x"})
    assert "nothing of this trace that can be read" in plain(about(nothing, Draw(EPOCH))[0])


def test_a_document_is_the_spans_own() -> None:
    found = put_together(TOP, CALL)
    assert json.loads(document(found.trace.pieces[1])) == {**CALL, "throttle": True}


def test_odd_causes_metadata_and_stacks_are_shown_as_far_as_they_go() -> None:
    odd = {
        "exceptions": [
            {"message": "m", "stack": [1, {"label": "f"}, {"line": 3}], "truncated": 7},
            {"stack": "no list"},
            3,
        ]
    }
    found = put_together({**TOP, "cause": odd, "metadata": {"x": {"y": list(range(500))}}})
    text = said(found, 0)
    for words in ("◆ m", "    f", "7 more frames", "◆ an exception", "more lines: d shows them"):
        assert words in text
    assert "the exception is that of abc" in said(put_together({**TOP, "cause": "abc"}), 0)
