"""Lists of traces are read by pages and said to be partial; one trace is put together."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.refs import TraceRef
from pointsman.model.trace_alike import asked_of
from pointsman.model.traces import TraceList, TraceQuery, TraceSummary, troubled_first
from pointsman.semantics.traces import assembly, documents
from pointsman.semantics.traces.documents import Piece
from pointsman.services import traces as service
from pointsman.services.reads.traces import opened, page
from pointsman.services.traces import Traces
from support.backend import CheckedBackend
from support.cloud import FakeCloud
from support.traces import SLOW, pieces, segment, trace_id

HOUR = TraceQuery(timedelta(hours=1))
OLD = TraceRef("1-00000001-000000000000000000000001")


def number(at: int) -> str:
    return f"1-{int(EPOCH.timestamp()):08x}-{at:024x}"


def endless(NextToken: str = "0", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
    at = int(NextToken)
    return {
        "TraceSummaries": [{"Id": number(at), "StartTime": EPOCH - timedelta(minutes=at)}],
        "TracesProcessedCount": 50,
        "ApproximateTime": EPOCH - timedelta(minutes=at),
        "NextToken": str(at + 1),
    }


async def listed(cloud: FakeCloud, query: TraceQuery = HOUR) -> tuple[TraceList, list[str]]:
    said: list[str] = []
    source = Traces(cloud, ManualClock()).recent(query)
    assert source.billed
    return await source.read(lambda _, words: said.append(words)), said


async def test_pages_are_read_up_to_a_limit_and_what_is_missing_is_said() -> None:
    cloud = FakeCloud(GetTraceSummaries=endless)
    found, said = await listed(cloud)
    assert cloud.count("GetTraceSummaries") == service.PAGES
    assert (len(found), found.scanned, found.more) == (10, 500, True)
    assert said[0] == "1 traces so far, 50 scanned"
    assert "10 traces read, 500 scanned, none from before" in service.lacking(found)
    assert [one.ref.id for one in found.traces] == [number(at) for at in range(10)], "newest first"


async def test_range_and_expression_are_asked_for() -> None:
    cloud = FakeCloud(GetTraceSummaries=lambda **_: {"TraceSummaries": [], "TracesProcessedCount": 7})
    found, _ = await listed(cloud, TraceQuery(timedelta(hours=6), "fault"))
    (_, given), *_ = cloud.asked
    assert given["EndTime"] - given["StartTime"] == timedelta(hours=6)
    assert given["FilterExpression"] == "fault"
    assert "NextToken" not in given
    assert (found.scanned, found.more, service.lacking(found)) == (7, False, "")
    await listed(cloud)
    assert "FilterExpression" not in cloud.asked[-1][1]


def test_a_list_is_read_once_a_minute_and_a_settled_trace_once() -> None:
    assert service.list_cadence(TraceList(HOUR)) == 60.0


async def test_a_trace_is_put_together_of_every_page() -> None:
    top = {"trace_id": OLD.id, "id": "a" * 16, "name": "shop", "start_time": 1.0, "end_time": 2.0}
    call = {
        "trace_id": OLD.id,
        "id": "b" * 16,
        "parent_id": "a" * 16,
        "type": "subsegment",
        "name": "DynamoDB",
        "namespace": "aws",
        "start_time": 1.2,
        "end_time": 1.8,
        "annotations": {"Tenant": "Gold", "free": True},
    }

    def pages(TraceIds: list[str], NextToken: str = "") -> dict[str, Any]:  # noqa: N803
        if NextToken:
            segments = [{"Id": "b", "Document": json.dumps(call)}, {"Id": "c", "Document": "{"}]
            return {"Traces": [{"Id": OLD.id, "Segments": segments, "LimitExceeded": True}]}
        return {"Traces": [{"Id": OLD.id, "Segments": [{"Document": json.dumps(top)}]}], "NextToken": "2"}

    source = Traces(FakeCloud(BatchGetTraces=pages), ManualClock()).trace(OLD)
    found = await source.read(lambda *_: None)
    assert [(span.name, span.depth) for span in found.trace.spans] == [("shop", 0), ("DynamoDB", 1)]
    assert (found.unread, found.limit_exceeded, found.settled) == (1, True, True)
    assert "tenant=gold free=true" in found.words[1]
    assert found.timing.critical == pytest.approx((0.4, 0.6))
    assert service.cadence(found) is None


async def test_a_young_trace_and_one_in_progress_are_read_again() -> None:
    def answer(TraceIds: list[str]) -> dict[str, Any]:  # noqa: N803
        top = {"trace_id": TraceIds[0], "id": "a" * 16, "name": "shop", "start_time": 1.0, "in_progress": True}
        return {"Traces": [{"Id": TraceIds[0], "Segments": [{"Document": json.dumps(top)}]}]}

    for ref in (OLD, TraceRef(number(1))):
        found = await Traces(FakeCloud(BatchGetTraces=answer), ManualClock()).trace(ref).read(lambda *_: None)
        assert service.cadence(found) == 60.0


@pytest.mark.parametrize(
    ("answer", "kind"),
    [({"Traces": []}, FaultKind.NOT_FOUND), ({"UnprocessedTraceIds": [OLD.id]}, FaultKind.UNKNOWN)],
)
async def test_what_is_not_there_is_said(answer: dict[str, Any], kind: FaultKind) -> None:
    source = Traces(FakeCloud(BatchGetTraces=lambda **_: answer), ManualClock()).trace(OLD)
    with pytest.raises(CallFailed) as raised:
        await source.read(lambda *_: None)
    assert raised.value.fault.kind is kind
    assert OLD.id in raised.value.fault.sentence


def test_faults_come_first_then_errors_then_the_rest() -> None:
    rows = tuple(TraceSummary(TraceRef(str(at)), fault=at == 2, throttle=at == 1) for at in range(4))
    assert [one.ref.id for one in troubled_first(rows)] == ["2", "1", "0", "3"]


async def test_what_was_put_is_listed_and_opened_through_the_backend() -> None:
    clock = ManualClock()
    now = clock.now().timestamp()
    ref = TraceRef(f"1-{int(now):08x}-{1:024x}")
    document = {
        "trace_id": ref.id,
        "id": "00000000000000a1",
        "name": "shop",
        "start_time": now - 1,
        "end_time": now - 0.6,
        "http": {"request": {"method": "GET", "url": "http://shop/cart"}, "response": {"status": 500}},
        "fault": True,
        "annotations": {"tenant": "gold"},
    }
    with CheckedBackend(clock=clock) as backend:
        xray = backend.session(region_name="eu-west-1").client("xray")
        xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
        clock.advance(5)
        cloud = FakeCloud(
            GetTraceSummaries=lambda **given: xray.get_trace_summaries(**given),
            BatchGetTraces=lambda **given: xray.batch_get_traces(**given),
        )
        services = Traces(cloud, clock)
        (one,) = (await services.recent(HOUR).read(lambda *_: None)).traces
        assert (one.ref, one.method, one.status, one.fault) == (ref, "GET", 500, True)
        assert (one.services, one.annotations) == (("shop",), (("tenant", "gold"),))
        assert one.response == pytest.approx(0.4, abs=1e-3)
        found = await services.trace(ref).read(lambda *_: None)
        assert [span.name for span in found.trace.spans] == ["shop"]


@SLOW
@given(pieces(), pieces(), st.randoms(use_true_random=False))
def test_what_is_opened_is_the_tree_of_all_its_pieces(some: list[Piece], others: list[Piece], order: Random) -> None:
    every = [*some, *others, *some]
    order.shuffle(every)
    texts = [_alone(one) for one in every]
    known = [piece for text in texts for one in documents.read(text) for piece in one.pieces]
    whole = assembly.assemble(known)
    found = opened(TraceRef("x"), iter(texts), limit_exceeded=False, settled=True)
    assert found.trace.spans == whole.spans
    assert found.trace.conflicts == whole.conflicts
    assert list(found.trace.pieces) == list(whole.pieces)
    assert len(found.words) == len(found.operations) == len(whole.spans)


def _alone(piece: Piece) -> str:
    """A piece as a document of its own."""
    shape = {"trace_id": trace_id(1), "id": piece.id, "name": piece.name, "start_time": piece.start, **piece.fields}
    shape |= {"in_progress": True} if piece.end is None else {"end_time": piece.end}
    shape |= {"parent_id": piece.parent} if piece.parent else {}
    return json.dumps(shape | ({"type": "subsegment"} if piece.subsegment else {}))


async def test_others_are_read_five_at_a_time_to_compare_with() -> None:
    asked: list[list[str]] = []

    def batch(TraceIds: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        asked.append(TraceIds)
        found = [segment(one, at) for at, one in enumerate(TraceIds)]
        there = found[:-1] if len(asked) == 2 else found
        return {"Traces": [{"Id": one["trace_id"], "Segments": [{"Document": json.dumps(one)}]} for one in there]}

    services = Traces(FakeCloud(BatchGetTraces=batch), ManualClock())
    refs = [TraceRef(number(at)) for at in range(7)]
    assert await services.widen(refs) == 6
    assert [len(one) for one in asked] == [5, 2]
    assert len(services.population) == 6
    assert await services.widen(refs[:6]) == 0, "those that were read are not read again"
    grew: list[int] = []
    more = [TraceRef(number(at)) for at in range(20, 60)]
    assert await services.widen(more, 12, lambda: grew.append(len(services.population)), urgent=False) == 12
    assert grew == [11, 16, 18], "after each call, up to as many as were wanted"


async def test_reading_others_ends_where_it_is_cancelled_and_keeps_what_came() -> None:
    asked: list[list[str]] = []

    def batch(TraceIds: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        asked.append(TraceIds)
        if len(asked) == 2:
            work.cancel()
        found = [segment(one, at) for at, one in enumerate(TraceIds)]
        return {"Traces": [{"Id": one["trace_id"], "Segments": [{"Document": json.dumps(one)}]} for one in found]}

    services = Traces(FakeCloud(BatchGetTraces=batch), ManualClock())
    work = asyncio.ensure_future(services.widen([TraceRef(number(at)) for at in range(40)]))
    with pytest.raises(asyncio.CancelledError):
        await work
    assert len(asked) == 2
    assert 5 <= len(services.population) <= 10


async def test_the_traces_that_lists_brought_are_known_by_their_services() -> None:
    def page_of(**_: Any) -> dict[str, Any]:
        return {
            "TraceSummaries": [
                {"Id": number(1), "StartTime": EPOCH, "ServiceIds": [{"Name": "cart"}, {"Name": "shop"}]},
                {"Id": number(2), "StartTime": EPOCH + timedelta(seconds=1), "ServiceIds": [{"Name": "cart"}]},
            ]
        }

    services = Traces(FakeCloud(GetTraceSummaries=page_of), ManualClock())
    await services.recent(HOUR).read(lambda *_: None)
    assert services.loaded.through("cart") == (TraceRef(number(2)), TraceRef(number(1)))
    assert services.loaded.through("shop") == (TraceRef(number(1)),)
    assert services.loaded.through("bank") == ()


async def test_the_same_request_before_a_moment_is_looked_for_in_the_hour_then_in_six() -> None:
    asked: list[dict[str, Any]] = []

    def page_of(**given: Any) -> dict[str, Any]:
        asked.append(given)
        if len(asked) == 1:
            return {"TraceSummaries": [], "TracesProcessedCount": 9}
        urls = ("https://shop/orders/1", "https://shop/orders/77?x=1", "https://shop/orders/77/lines")
        return {
            "TraceSummaries": [
                {"Id": number(at), "Http": {"HttpURL": url, "HttpMethod": "GET"}} for at, url in enumerate(urls)
            ]
        }

    services = Traces(FakeCloud(GetTraceSummaries=page_of), ManualClock())
    request = asked_of(TraceSummary(TraceRef("1-x"), method="GET", url="https://shop/orders/17?a=b"))
    found = await services.before(request, EPOCH)
    assert [one.ref.id for one in found.traces] == [number(1), number(0)], (
        "the filter cannot say it all: the rest is left out"
    )
    assert [one["EndTime"] - one["StartTime"] for one in asked] == [timedelta(hours=1), timedelta(hours=6)]
    assert {one["EndTime"] for one in asked} == {EPOCH}
    assert asked[0]["FilterExpression"] == 'http.url BEGINSWITH "https://shop/orders/" AND http.method = "GET"'


async def test_the_services_of_a_range_are_named_without_the_clients() -> None:
    def graph(NextToken: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if NextToken:
            return {"Services": [{"Name": "cart"}, {"Name": "shop"}]}
        return {"Services": [{"Name": "shop"}, {"Name": "shop", "Type": "client"}, {}], "NextToken": "2"}

    services = Traces(FakeCloud(GetServiceGraph=graph), ManualClock())
    assert await services.service_names(TraceQuery()) == ("shop", "cart")


async def test_a_range_in_the_past_is_asked_for_and_read_once() -> None:
    asked: list[dict[str, Any]] = []

    def summaries(**given: Any) -> dict[str, Any]:
        asked.append(given)
        return {"TraceSummaries": [], "TracesProcessedCount": 3}

    services = Traces(FakeCloud(GetTraceSummaries=summaries), ManualClock())
    moment = EPOCH - timedelta(hours=2)
    source = services.recent(TraceQuery.around(moment, EPOCH))
    found = await source.read(lambda *_: None)
    assert (asked[0]["StartTime"], asked[0]["EndTime"]) == (
        moment - timedelta(seconds=150),
        moment + timedelta(seconds=150),
    )
    assert source.cadence(found) is None
    assert TraceQuery.around(EPOCH, EPOCH).until is None, "there is no time behind now"


def test_root_causes_are_the_ways_to_them() -> None:
    def way(*names: str) -> dict[str, Any]:
        return {"Services": [{"Name": name} for name in names]}

    slow = [way("shop", "cart")]
    told = {"FaultRootCauses": [way("shop", "bank"), way("shop", "bank"), {}], "ResponseTimeRootCauses": slow}
    (one, other) = page({"TraceSummaries": [told, {"ResponseTimeRootCauses": slow}]}).traces
    assert one.causes == ("fault: shop > bank",)
    assert other.causes == ("responsetime: shop > cart",)
