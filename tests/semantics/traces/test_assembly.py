from __future__ import annotations

import json
import random
import time
from math import isfinite

from hypothesis import given
from hypothesis import strategies as st

from pointsman.model import critical_path
from pointsman.semantics.traces import assembly, documents, facts
from pointsman.semantics.traces.assembly import Trace, assemble
from pointsman.semantics.traces.documents import Piece
from support.traces import SLOW, START, document, pieces, segment, subsegment, trace_id


def tree(*values: dict[str, object], infer: bool = False) -> Trace:
    found = [piece for value in values for one in documents.read(document(value)) for piece in one.pieces]
    return assemble(found, infer=infer)


def outline(trace: Trace) -> list[tuple[int, str]]:
    return [(span.depth, span.name) for span in trace.spans]


def flags(trace: Trace, name: str) -> int:
    return next(span.flags for span in trace.spans if span.name == name)


@SLOW
@given(pieces(), st.randoms(use_true_random=False), st.booleans())
def test_any_order_and_any_duplication_give_the_same_tree(found: list[Piece], dice: random.Random, infer: bool) -> None:
    expected = assemble(found, infer=infer)
    again = found + dice.choices(found, k=len(found))
    dice.shuffle(again)
    assert assemble(again, infer=infer) == expected


ODD_TIMES = st.sampled_from([0.0, 1e-9, START, START + 0.5, 253_402_300_799.0])


@st.composite
def odd_documents(draw: st.DrawFn) -> list[str]:
    """Documents as nobody should send them: few ids for many things, circles, times of no calendar, nothing, depth."""
    ids = st.integers(1, 4).map(lambda number: f"{number:016x}")
    found = []
    for _ in range(draw(st.integers(1, 10))):
        one: dict[str, object] = {"trace_id": trace_id(1), "id": draw(ids), "name": draw(st.sampled_from("abc"))}
        one["start_time"] = draw(ODD_TIMES)
        one |= draw(st.one_of(st.just({"in_progress": True}), ODD_TIMES.map(lambda end: {"end_time": end})))
        one |= draw(st.one_of(st.just({}), ids.map(lambda parent: {"parent_id": parent})))
        if "parent_id" in one and draw(st.booleans()):
            one["type"] = "subsegment"
        inner: list[dict[str, object]] = []
        for _ in range(draw(st.integers(0, 6))):
            inner = [{"id": draw(ids), "name": "in", "start_time": draw(ODD_TIMES), "subsegments": inner}]
        found.append(json.dumps({**one, "subsegments": inner}))
    return found


def put_together(texts: list[str], *, infer: bool) -> Trace:
    found: list[Piece] = []
    for text in texts:
        try:
            found += [piece for one in documents.read(text) for piece in one.pieces]
        except documents.Unprocessed:
            continue
    return assemble(found, infer=infer)


@SLOW
@given(odd_documents(), st.randoms(use_true_random=False), st.booleans())
def test_odd_documents_in_any_order_and_number_give_the_same_tree(
    texts: list[str], dice: random.Random, infer: bool
) -> None:
    expected = put_together(texts, infer=infer)
    again = texts + dice.choices(texts, k=len(texts))
    dice.shuffle(again)
    assert put_together(again, infer=infer) == expected
    told = facts.derive(put_together(again, infer=True))
    assert told == facts.derive(put_together(texts, infer=True))
    assert isfinite(told.duration)
    critical = critical_path.timing(expected)
    assert critical == critical_path.timing(put_together(again, infer=infer))
    assert all(isfinite(one) and one >= 0 for one in critical.own)


@SLOW
@given(pieces(16), st.booleans())
def test_every_piece_has_exactly_one_place(found: list[Piece], infer: bool) -> None:
    trace = assemble(found, infer=infer)
    ids = [span.id for span in trace.spans]
    assert len(ids) == len(set(ids))
    assert {piece.id for piece in found} <= set(ids)
    for place, span in enumerate(trace.spans):
        assert trace.pieces[place].id == span.id
        assert place < span.last <= len(trace.spans)
        if span.parent < 0:
            assert span.depth == 0
            assert span.has(assembly.ORPHAN) == bool(trace.pieces[place].parent)
        else:
            parent = trace.spans[span.parent]
            assert span.depth == parent.depth + 1
            assert span.parent < place < span.last <= parent.last
            assert trace.pieces[place].parent == parent.id
    for place, span in enumerate(trace.spans):
        below = 0
        for inner in trace.spans[place + 1 : span.last]:
            below |= inner.flags
        assert span.has(assembly.BELOW_FAULT) == bool(below & assembly.FAULT)
        assert span.has(assembly.BELOW_ERROR) == bool(below & assembly.ERROR)
        assert span.has(assembly.BELOW_THROTTLE) == bool(below & assembly.THROTTLE)


def test_streamed_subsegments_join_the_segment_that_comes_later() -> None:
    streamed = segment(1, 5, "query", type="subsegment", parent=2, start=START + 0.2)
    call = subsegment(4, "early", start=START + 0.1)
    assert outline(tree(streamed, segment(1, 2, subsegments=[call]))) == [(0, "shop"), (1, "early"), (1, "query")]


def test_the_finished_segment_takes_the_place_of_the_one_in_progress_whichever_came_first() -> None:
    begun, done = segment(1, 2, lasts=None), segment(1, 2, fault=True)
    for order in ([begun, done], [done, begun]):
        trace = tree(*order)
        [span] = trace.spans
        assert (span.duration, span.flags, trace.conflicts) == (1.0, assembly.FAULT, 0)
    [span] = tree(begun).spans
    assert span.end is None
    assert span.has(assembly.IN_PROGRESS)


def test_an_id_used_for_different_things_is_counted() -> None:
    trace = tree(segment(1, 2, "a", lasts=1), segment(1, 2, "b", lasts=2))
    assert outline(trace) == [(0, "b")]
    assert trace.conflicts == 1


def test_orphans_stand_at_the_top_behind_the_roots_and_circles_are_cut() -> None:
    lost = segment(1, 7, "lost", parent=99, start=START - 5)
    assert outline(tree(lost, segment(1, 2))) == [(0, "shop"), (0, "lost")]
    first = segment(1, 3, "first", parent=4, start=START)
    second = segment(1, 4, "second", parent=3, start=START + 1)
    itself = segment(1, 5, "itself", parent=5, start=START + 2)
    trace = tree(second, first, itself)
    assert outline(trace) == [(0, "first"), (1, "second"), (0, "itself")]
    assert flags(trace, "first") & assembly.ORPHAN


def test_marks_of_its_own_and_of_what_is_below() -> None:
    call = subsegment(3, "call", namespace="remote", http={"response": {"status": 429}})
    trace = tree(segment(1, 2, fault=True, subsegments=[call]))
    assert flags(trace, "shop") == assembly.FAULT | assembly.BELOW_ERROR | assembly.BELOW_THROTTLE
    expected = assembly.ERROR | assembly.THROTTLE | assembly.REMOTE | assembly.SUBSEGMENT
    assert flags(trace, "call") == expected


def test_a_call_that_nobody_answered_for_gets_an_inferred_segment() -> None:
    call = subsegment(3, "DynamoDB", namespace="aws", aws={"table_name": "carts"}, fault=True)
    local = subsegment(4, "render")
    trace = tree(segment(1, 2, subsegments=[call, local]), infer=True)
    assert outline(trace) == [(0, "shop"), (1, "DynamoDB"), (2, "DynamoDB"), (1, "render")]
    inferred = trace.pieces[2]
    assert inferred.fields == {
        "aws": {"table_name": "carts"},
        "fault": True,
        "inferred": True,
        "origin": "AWS::DynamoDB::Table",
    }
    assert trace.spans[2].has(assembly.INFERRED | assembly.FAULT)
    answered = tree(segment(1, 2, subsegments=[call]), segment(1, 9, "table", parent=3), infer=True)
    assert outline(answered) == [(0, "shop"), (1, "DynamoDB"), (2, "table")]


def test_a_call_to_a_traced_service_waits_for_that_one() -> None:
    call = subsegment(3, "cart", namespace="remote", http={"request": {"traced": True}})
    trace = tree(segment(1, 2, subsegments=[call]), infer=True)
    assert outline(trace) == [(0, "shop"), (1, "cart")]
    assert flags(trace, "cart") & assembly.BROKEN


def test_a_chain_of_five_thousand_and_a_fan_of_five_thousand() -> None:
    chain = [Piece(f"{n:016x}", f"{n - 1:016x}" if n else "", "n", float(n), float(n), n > 0, {}) for n in range(5000)]
    random.Random(1).shuffle(chain)
    assert assemble(chain).spans[-1].depth == 4999
    fan = [Piece(f"{n:016x}", f"{0:016x}" if n else "", "n", float(n), None, n > 0, {}) for n in range(5000)]
    assert [span.start for span in assemble(reversed(fan)).spans] == [float(n) for n in range(5000)]
    circle = [Piece(f"{n:016x}", f"{(n + 1) % 5000:016x}", "n", float(n), None, True, {}) for n in range(5000)]
    trace = assemble(circle)
    assert (trace.spans[0].start, trace.spans[-1].depth) == (0.0, 4999)


def test_ten_thousand_spans_cost_well_under_a_second() -> None:
    texts = [
        document(
            segment(
                1,
                100 * group,
                http={"request": {"method": "GET", "url": "http://shop/x"}, "response": {"status": 200}},
                subsegments=[
                    subsegment(100 * group + each, "call", namespace="aws", aws={"operation": "GetItem"})
                    for each in range(1, 50)
                ],
            )
        )
        for group in range(1, 201)
    ]
    taken = []
    for _ in range(3):
        begun = time.process_time()
        found = [piece for text in texts for one in documents.read(text) for piece in one.pieces]
        assert len(assemble(found).spans) == 10_000
        taken.append(time.process_time() - begun)
    assert min(taken) < 1.0
