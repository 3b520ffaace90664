"""What nobody would send: X-Ray's answers to it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pointsman.clock import EPOCH
from support.backend import CheckedBackend
from support.traces import START, document, http, segment, subsegment, trace_id


@pytest.fixture
def xray(backend: CheckedBackend) -> Any:
    return backend.session().client("xray")


def found(xray: Any, expression: str = "", **more: Any) -> list[dict[str, Any]]:
    asked = {"StartTime": EPOCH, "EndTime": EPOCH + timedelta(hours=1), **more}
    if expression:
        asked["FilterExpression"] = expression
    answer: list[dict[str, Any]] = xray.get_trace_summaries(**asked)["TraceSummaries"]
    return answer


def ids(summaries: list[dict[str, Any]]) -> list[int]:
    return [int(one["Id"][-24:], 16) for one in summaries]


def test_a_document_nested_as_deep_as_its_size_allows_comes_back(xray: Any) -> None:
    names = range(1, 550)
    text = "".join(
        f'{{"id":"{n:016x}","trace_id":"{trace_id(1)}","name":"n","start_time":{START},"end_time":{START},"subsegments":['
        if n == 1
        else f'{{"id":"{n:016x}","name":"n","start_time":{START},"end_time":{START},"subsegments":['
        for n in names
    )
    answer = xray.put_trace_segments(TraceSegmentDocuments=[text + "]}" * len(names)])
    assert answer["UnprocessedTraceSegments"] == []
    assert ids(found(xray)) == [1]
    [trace] = xray.batch_get_traces(TraceIds=[trace_id(1)])["Traces"]
    assert trace["Segments"][0]["Document"].count('"subsegments"') == len(names) - 1


def nested(number: int, depth: int) -> str:
    whole = document(segment(1, number)).removesuffix("}")
    inner = "".join(
        f',"subsegments":[{{"id":"{number * 1000 + n:016x}","name":"n","start_time":1,"end_time":2'
        for n in range(depth)
    )
    return whole + inner + "}]" * depth + "}"


def test_a_list_of_documents_and_one_that_is_too_deep_for_it(xray: Any) -> None:
    listed = f"[{nested(1, 2)}, {document(segment(2, 2))}]"
    deep = f"[{nested(3, 300)}, {nested(4, 300)}]"
    alone = f"[{nested(5, 600)}]"
    answer = xray.put_trace_segments(TraceSegmentDocuments=[listed, deep, alone])
    assert [one["ErrorCode"] for one in answer["UnprocessedTraceSegments"]] in (["ParseError"], [])
    assert {1, 2} <= set(ids(found(xray)))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_MEMBERS = st.sampled_from(
    [
        "id",
        "name",
        "trace_id",
        "start_time",
        "end_time",
        "parent_id",
        "http",
        "aws",
        "cause",
        "annotations",
        "type",
        "subsegments",
        "user",
        "origin",
        "namespace",
        "metadata",
        "in_progress",
        "fault",
        "sql",
        "service",
        "links",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(st.tuples(_MEMBERS, _VALUES, st.booleans()), max_size=6))
def test_whatever_stands_in_a_document_it_is_taken_or_named(
    changes: list[tuple[str, Any, bool]], backend: CheckedBackend
) -> None:
    inner = subsegment(3, "call", namespace="remote")
    whole = segment(1, 2, subsegments=[inner])
    for member, value, below in changes:
        (inner if below else whole)[member] = value
    client = backend.session().client("xray")
    answer = client.put_trace_segments(TraceSegmentDocuments=[json.dumps(whole)])
    assert len(answer["UnprocessedTraceSegments"]) <= 1
    asked = {"StartTime": EPOCH - timedelta(hours=12), "EndTime": EPOCH + timedelta(hours=12)}
    for one in client.get_trace_summaries(**asked)["TraceSummaries"]:
        [read] = client.batch_get_traces(TraceIds=[one["Id"]])["Traces"]
        for each in read["Segments"]:
            json.loads(each["Document"])
    client.get_service_graph(StartTime=EPOCH - timedelta(hours=3), EndTime=EPOCH + timedelta(hours=3))


def test_hostile_texts_are_kept_as_they_are(xray: Any) -> None:
    nasty = "[bold]\x1b[31m\u202e\0'; DROP TABLE xray_traces; --"
    marked = {nasty: nasty, "k": nasty}
    xray.put_trace_segments(
        TraceSegmentDocuments=[
            document(segment(1, 2, user=nasty, annotations=marked, http=http(200, url=nasty), metadata={"x": nasty}))
        ]
    )
    [one] = found(xray, "user")
    assert one["Users"][0]["UserName"] == nasty
    assert one["Http"]["HttpURL"] == nasty
    assert ids(found(xray, 'annotation[k] ENDSWITH "--"')) == [1]
