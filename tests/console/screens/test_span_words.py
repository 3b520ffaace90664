"""What is said of a trace and of its spans."""

from __future__ import annotations

import json

from console import tracing
from pointsman.clock import EPOCH
from pointsman.console.present.cells import plain
from pointsman.console.present.look import Draw
from pointsman.console.screens.span_tabs import following, lines, strip, tabs_of
from pointsman.console.screens.span_words import about, document, span_lines, wrong
from pointsman.console.screens.trace_words import leaving_out, log_lines
from pointsman.model.opened_trace import OpenedTrace
from pointsman.model.trace_logs import TraceLine, TraceLines
from pointsman.model.trace_operations import Standing
from pointsman.model.trace_pruning import Pruning
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


def page(found: OpenedTrace, name: str, place: int = 0) -> str:
    return "\n".join(plain(one) for one in lines(found, place, name, Draw(EPOCH), 100))


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
    for words in ("◆ m", "    f", "8 more frames", "◆ an exception"):
        assert words in text
    text = page(found, "exceptions")
    for words in ("◆ m", "    f", "7 more frames", "◆ an exception"):
        assert words in text
    assert "more lines: d shows them" in page(found, "metadata")
    assert "the exception is that of abc" in said(put_together({**TOP, "cause": "abc"}), 0)


def test_a_page_is_there_when_the_span_has_something_for_it() -> None:
    full = {**TOP, "annotations": {"a": 1, "b": True}, "sql": {"sanitized_query": "SELECT 1", "user": "app"}}
    found = put_together(full, CALL)
    piece = found.trace.pieces[0]
    assert tabs_of(piece) == ("overview", "annotations", "SQL", "JSON")
    assert strip(piece, "SQL") == "overview  annotations 2  [SQL]  JSON"
    assert following(piece, "overview", -1) == "JSON"
    assert following(piece, "annotations", 1) == "SQL"
    assert following(piece, "metadata", 1) == "annotations", "from a page it does not have it goes on from the first"
    assert page(found, "annotations").split() == ["a", "1", "b", "true"]
    assert page(found, "SQL").splitlines() == ["SELECT 1", "", "user  app"]
    assert '"start_time": 1.0' in page(found, "JSON")
    assert page(found, "annotations", 1) == said(found, 1), "what it does not have is its overview"


def test_a_span_stands_among_its_like() -> None:
    found = put_together(TOP, CALL)
    words = "\n".join(plain(one) for one in span_lines(found, 1, Draw(EPOCH), 100, Standing(93, 14, 3, 0.25)))
    assert "p93 of 14 in 3 traces, median 250ms" in words
    alone = "\n".join(plain(one) for one in span_lines(found, 1, Draw(EPOCH), 100, Standing(50, 1, 1, 0.8)))
    assert "like it" not in alone
    some = "\n".join(plain(one) for one in span_lines(found, 1, Draw(EPOCH), 100, Standing(93, 14, 3, 0.25, 4, 200)))
    assert "p93 of 14 in 3 traces, median 250ms; 4 of 200 loaded traces read: p reads more" in some
    whole = "\n".join(plain(one) for one in span_lines(found, 1, Draw(EPOCH), 100, Standing(93, 14, 3, 0.25, 9, 9)))
    assert "9 of 9 loaded traces read" in whole
    assert "reads more" not in whole
    unread = "\n".join(plain(one) for one in span_lines(found, 1, Draw(EPOCH), 100, Standing(50, 1, 1, 0.8, 1, 30)))
    assert "like it  none known: 1 of 30 loaded traces read: p reads more" in unread


def test_what_can_be_left_out_and_shown_again() -> None:
    found = put_together(TOP, CALL, {**TOP, "id": "d" * 16, "name": "cart", "parent_id": "b" * 16})
    choices = leaving_out(found, Pruning())
    assert [line[0] for line in choices] == ["under 1.0ms", "under 10ms", "under 100ms", "under 1.00s", "shop", "cart"]
    hidden = choices["cart", "1 span"]
    assert hidden == Pruning(frozenset({"cart"}))
    again = leaving_out(found, hidden)
    assert again["nothing", "show every span"] == Pruning()
    assert again["cart", "1 span, left out: show again"] == Pruning()


def test_what_was_logged_is_told_by_stream_and_is_only_text() -> None:
    rows = (
        TraceLine(EPOCH, "/shop", "a", "first [bold]\x1b[31mred"),
        TraceLine(EPOCH, "/shop", "a", ""),
        TraceLine(None, "/shop", "b", "word " * 60),
    )
    told = TraceLines(rows, ("/shop", "/gone"), ("/gone",), more=True)
    text = [plain(one) for one in log_lines(told, Draw(EPOCH), 60)]
    assert text[:3] == ["looked into /shop, /gone", "not there: /gone", "there are more lines than were read"]
    assert [one for one in text if one.startswith("/shop ")] == ["/shop a", "/shop b"]
    assert any("first [bold]" in one and "\x1b" not in one for one in text)
    assert all(len(one) <= 60 for one in text)
    nothing = [plain(one) for one in log_lines(TraceLines((), ("/shop",)), Draw(EPOCH), 60)]
    assert nothing[-1] == "no line names this trace"
