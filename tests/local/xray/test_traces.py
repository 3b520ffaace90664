from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH, ManualClock, SystemClock
from pointsman.local.xray import summaries, table
from support.backend import CheckedBackend
from support.traces import START, document, http, segment, subsegment, trace_id


@pytest.fixture
def xray(backend: CheckedBackend) -> Any:
    return backend.session().client("xray")


def put(xray: Any, *values: dict[str, Any]) -> list[dict[str, Any]]:
    answer = xray.put_trace_segments(TraceSegmentDocuments=[document(value) for value in values])
    found: list[dict[str, Any]] = answer["UnprocessedTraceSegments"]
    return found


def search(xray: Any, expression: str = "", **more: Any) -> list[dict[str, Any]]:
    asked = {"StartTime": EPOCH, "EndTime": EPOCH + timedelta(hours=1), **more}
    if expression:
        asked["FilterExpression"] = expression
    pages = xray.get_paginator("get_trace_summaries").paginate(**asked)
    return [one for page in pages for one in page["TraceSummaries"]]


def ids(found: list[dict[str, Any]]) -> list[int]:
    return [int(one["Id"][-24:], 16) for one in found]


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


TABLE = subsegment(4, "DynamoDB", namespace="aws", aws={"table_name": "carts"}, http=http(429), lasts=0.3)


def test_a_trace_is_summed_up(xray: Any) -> None:
    shop = segment(
        1,
        2,
        "shop",
        origin="AWS::ECS::Container",
        http=http(502, url="http://shop/buy", method="POST", user_agent="curl", client_ip="10.0.0.1"),
        user="ann",
        annotations={"gold": True, "items": 3, "plan": "free"},
        aws={"ec2": {"instance_id": "i-1", "availability_zone": "eu-west-1a"}},
        resource_arn="arn:aws:ecs:eu-west-1:1:service/shop",
        fault=True,
        cause={"exceptions": [{"id": "1", "type": "IOError", "message": "gone"}]},
        subsegments=[TABLE],
    )
    assert put(xray, shop) == []
    [found] = search(xray)
    shop_id = {"Name": "shop", "Names": ["shop"], "AccountId": "123456789012", "Type": "AWS::ECS::Container"}
    table_id = {"Name": "carts", "Names": ["carts"], "AccountId": "123456789012", "Type": "AWS::DynamoDB::Table"}
    assert found["Id"] == trace_id(1)
    assert found["StartTime"] == EPOCH
    assert (found["Duration"], found["ResponseTime"]) == (1.0, 1.0)
    marks = ("HasFault", "HasError", "HasThrottle", "IsPartial")
    assert [found[key] for key in marks] == [True, False, True, False]
    assert found["Http"] == {
        "HttpURL": "http://shop/buy",
        "HttpMethod": "POST",
        "HttpStatus": 502,
        "UserAgent": "curl",
        "ClientIp": "10.0.0.1",
    }
    assert found["Annotations"]["items"] == [{"AnnotationValue": {"NumberValue": 3.0}, "ServiceIds": [shop_id]}]
    assert found["Annotations"]["gold"][0]["AnnotationValue"] == {"BooleanValue": True}
    assert found["Users"] == [{"UserName": "ann", "ServiceIds": [shop_id]}]
    assert found["ServiceIds"] == [table_id, shop_id]
    assert found["EntryPoint"] == shop_id
    assert (found["InstanceIds"], found["AvailabilityZones"]) == ([{"Id": "i-1"}], [{"Name": "eu-west-1a"}])
    [cause] = found["FaultRootCauses"]
    assert cause["Services"][0]["EntityPath"][0]["Exceptions"] == [{"Name": "IOError", "Message": "gone"}]
    assert found["Revision"] == 1


def test_late_and_streamed_pieces_join_and_the_trace_is_read_again(xray: Any) -> None:
    put(xray, segment(1, 5, "cart", parent=3))
    assert [(one["IsPartial"], one["EntryPoint"]["Name"]) for one in search(xray)] == [(True, "cart")]
    call = segment(1, 3, "cart.local", type="subsegment", parent=2, namespace="remote")
    put(xray, call, segment(1, 2, "shop", lasts=None))
    put(xray, segment(1, 2, "shop"))
    [found] = search(xray)
    assert (found["IsPartial"], found["EntryPoint"]["Name"], found["Revision"]) == (False, "shop", 2)


def test_what_is_no_document_is_named_and_the_others_are_kept(xray: Any) -> None:
    old = segment(trace_id(9, START - 31 * 86400), 7)
    answer = xray.put_trace_segments(
        TraceSegmentDocuments=["{", document(segment(1, 2)), document(old), document(segment(1, 3, "what?"))]
    )
    assert answer["UnprocessedTraceSegments"] == [
        {"ErrorCode": "ParseError", "Message": "Invalid segment. ErrorCode: ParseError"},
        {"Id": f"{7:016x}", "ErrorCode": "InvalidTraceId", "Message": "Invalid segment. ErrorCode: InvalidTraceId"},
        {"Id": f"{3:016x}", "ErrorCode": "InvalidName", "Message": "Invalid segment. ErrorCode: InvalidName"},
    ]
    assert ids(search(xray)) == [1]


def test_whole_traces_with_their_inferred_segments(xray: Any) -> None:
    streamed = segment(1, 6, "late", type="subsegment", parent=2, lasts=3)
    put(xray, streamed, segment(1, 2, "shop", subsegments=[TABLE]), segment(1, 9, type="subsegment", parent=77))
    answer = xray.batch_get_traces(TraceIds=[trace_id(1), trace_id(5), "nonsense"])
    assert answer["UnprocessedTraceIds"] == [trace_id(5), "nonsense"]
    [found] = answer["Traces"]
    assert (found["Id"], found["Duration"], found["LimitExceeded"]) == (trace_id(1), 3.0, False)
    documents = {one["Id"]: json.loads(one["Document"]) for one in found["Segments"]}
    assert all(one["trace_id"] == trace_id(1) for one in documents.values())
    assert [one["name"] for one in documents[f"{2:016x}"]["subsegments"]] == ["DynamoDB", "late"]
    [inferred] = [one for one in documents.values() if one.get("inferred")]
    assert (inferred["parent_id"], inferred["origin"]) == (f"{4:016x}", "AWS::DynamoDB::Table")
    assert documents[f"{9:016x}"]["type"] == "subsegment"  # its segment is not there
    with pytest.raises(ClientError) as caught:
        xray.batch_get_traces(TraceIds=[trace_id(n) for n in range(6)])
    assert code_of(caught)[0] == "InvalidRequestException"


def test_filters_groups_and_their_errors(xray: Any) -> None:
    put(xray, segment(1, 2, "shop", fault=True), segment(2, 2, "cart", annotations={"k": "v"}))
    assert ids(search(xray, "fault")) == [1]
    assert ids(search(xray, 'service("cart") OR annotation[k] = "x"')) == [2]
    arn = xray.create_group(GroupName="bad", FilterExpression="fault")["Group"]["GroupARN"]
    assert ids(search(xray, 'group.name = "bad"')) == [1]
    assert ids(search(xray, f'!(group.arn = "{arn}")')) == [2]
    with pytest.raises(ClientError) as caught:
        search(xray, "fault AND oops")
    code, message = code_of(caught)
    assert code == "InvalidRequestException"
    assert "oops" in message
    assert "column 11" in message
    with pytest.raises(ClientError):
        search(xray, 'group.name = "none"')


def test_pages_are_newest_first_and_end(xray: Any) -> None:
    count = 2 * summaries.PAGE + 10
    for first in range(0, count, 50):
        put(
            xray,
            *(segment(trace_id(n, START + n), 2, start=START + n) for n in range(first, min(first + 50, count))),
        )
    asked = {"StartTime": EPOCH, "EndTime": EPOCH + timedelta(hours=1)}
    page = xray.get_trace_summaries(**asked)
    assert ids(page["TraceSummaries"]) == list(range(count - 1, count - 1 - summaries.PAGE, -1))
    assert page["TracesProcessedCount"] == summaries.PAGE
    assert page["ApproximateTime"] == EPOCH + timedelta(seconds=count - summaries.PAGE)
    assert ids(search(xray)) == list(range(count - 1, -1, -1))
    last = xray.get_trace_summaries(**asked, FilterExpression='user = "nobody"')
    assert (last["TraceSummaries"], last["TracesProcessedCount"]) == ([], count)
    assert "NextToken" not in last
    with pytest.raises(ClientError):
        xray.get_trace_summaries(**asked, NextToken="made up")


def test_the_three_kinds_of_time(xray: Any) -> None:
    long = segment(trace_id(1, START - 120), 2, start=START - 120, lasts=200)
    put(xray, long, segment(trace_id(2, START + 10), 2, start=START + 10))
    near: dict[str, Any] = {"StartTime": EPOCH, "EndTime": EPOCH + timedelta(seconds=30)}
    assert ids(search(xray, **near)) == [2]
    found = search(xray, **near, TimeRangeType="Event")
    assert ids(found) == [2, 1]
    assert found[1]["MatchedEventTime"] == EPOCH
    assert ids(search(xray, **near, TimeRangeType="Service")) == [2]
    later: dict[str, Any] = {"StartTime": EPOCH + timedelta(seconds=60), "EndTime": EPOCH + timedelta(seconds=90)}
    assert ids(search(xray, **later, TimeRangeType="Service")) == [1]


def test_sampling_takes_a_share(xray: Any) -> None:
    spread = [f"1-{int(START):08x}-{n * 2**24:08x}{n:016x}" for n in range(0, 256, 8)]
    put(xray, *(segment(one, 2) for one in spread))
    half: dict[str, Any] = {"Sampling": True, "SamplingStrategy": {"Name": "FixedRate", "Value": 0.5}}
    assert len(search(xray, **half)) == 16
    assert search(xray, Sampling=True) == []  # the newest tenth of the hour holds none
    newest: dict[str, Any] = {"Sampling": True, "SamplingStrategy": {"Name": "PartialScan", "Value": 1.0}}
    assert len(search(xray, **newest)) == 32


@pytest.mark.parametrize(
    "asked",
    [
        {"StartTime": EPOCH, "EndTime": EPOCH},
        {"StartTime": EPOCH, "EndTime": EPOCH + timedelta(hours=25)},
        {"StartTime": EPOCH, "EndTime": EPOCH + timedelta(hours=1), "TimeRangeType": "Nonsense"},
    ],
)
def test_a_range_that_makes_no_sense(xray: Any, asked: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as caught:
        xray.get_trace_summaries(**asked)
    assert code_of(caught)[0] == "InvalidRequestException"


def test_the_service_graph_of_a_range_of_a_group_and_of_traces(xray: Any) -> None:
    put(xray, segment(1, 2, "shop", subsegments=[TABLE]), segment(2, 2, "shop", fault=True, lasts=2))
    asked = {"StartTime": EPOCH, "EndTime": EPOCH + timedelta(hours=1)}
    services = xray.get_service_graph(**asked)["Services"]
    assert [(one["Name"], one.get("Type"), one["State"], one.get("Root")) for one in services] == [
        ("shop", "client", "unknown", None),
        ("carts", "AWS::DynamoDB::Table", "unknown", None),
        ("shop", None, "active", True),
    ]
    client, carts, shop = services
    assert client["Edges"][0]["ReferenceId"] == shop["ReferenceId"]
    assert shop["Edges"][0]["ReferenceId"] == carts["ReferenceId"]
    assert shop["SummaryStatistics"] == {
        "OkCount": 1,
        "ErrorStatistics": {"ThrottleCount": 0, "OtherCount": 0, "TotalCount": 0},
        "FaultStatistics": {"OtherCount": 1, "TotalCount": 1},
        "TotalCount": 2,
        "TotalResponseTime": 3.0,
    }
    assert shop["ResponseTimeHistogram"] == [{"Value": 1.0, "Count": 1}, {"Value": 2.0, "Count": 1}]
    assert carts["SummaryStatistics"]["ErrorStatistics"]["ThrottleCount"] == 1
    xray.create_group(GroupName="bad", FilterExpression="fault")
    grouped = xray.get_service_graph(**asked, GroupName="bad")["Services"]
    assert [one["Name"] for one in grouped] == ["shop", "shop"]
    assert xray.get_trace_graph(TraceIds=[trace_id(1), trace_id(2)])["Services"] == services


def test_statistics_by_the_minute(xray: Any) -> None:
    late = segment(trace_id(2, START + 65), 2, "shop", start=START + 65, fault=True)
    put(xray, segment(1, 2, "shop", subsegments=[TABLE]), late)
    asked = {"StartTime": EPOCH, "EndTime": EPOCH + timedelta(hours=1)}

    def series(kind: str, **more: Any) -> list[tuple[float, int, int]]:
        found = xray.get_time_series_service_statistics(**asked, **more)["TimeSeriesServiceStatistics"]
        return [
            (one["Timestamp"].timestamp() - START, one[kind]["TotalCount"], one[kind]["FaultStatistics"]["TotalCount"])
            for one in found
        ]

    assert series("EdgeSummaryStatistics") == [(0, 1, 0), (60, 1, 1)]
    by_service = series("ServiceSummaryStatistics", EntitySelectorExpression='service("shop")', Period=300)
    assert by_service == [(0, 2, 1)]
    edge = 'edge("shop", "carts")'
    assert series("EdgeSummaryStatistics", EntitySelectorExpression=edge) == [(0, 1, 0)]
    for wrong in ({"Period": 5}, {"EntitySelectorExpression": "fault"}):
        with pytest.raises(ClientError):
            series("EdgeSummaryStatistics", **wrong)
    with pytest.raises(ClientError) as caught:
        series("ServiceSummaryStatistics", ForecastStatistics=True)
    assert code_of(caught)[0] == "NotImplemented"


def test_traces_are_read_by_themselves_a_moment_after_they_came(
    backend: CheckedBackend, xray: Any, clock: ManualClock
) -> None:
    put(xray, segment(1, 2))
    waiting = "SELECT count(*) FROM xray_traces WHERE due IS NOT NULL"
    assert backend.world.database.execute(waiting).fetchone() == (1,)
    clock.advance(1)
    assert backend.world.database.execute(waiting).fetchone() == (0,)


def test_a_trace_is_bounded_and_says_so(backend: CheckedBackend, xray: Any) -> None:
    backend.world.provide(table.Limits(trace=2000))
    for number in range(2, 22):
        put(xray, segment(1, number, "shop", metadata={"x": "a" * 200}))
    [found] = xray.batch_get_traces(TraceIds=[trace_id(1)])["Traces"]
    assert found["LimitExceeded"]
    assert 3 <= len(found["Segments"]) <= 6
    [row] = backend.world.database.execute("SELECT bytes FROM xray_traces").fetchall()
    assert row[0] <= 2000
    assert backend.world.database.execute("SELECT bytes FROM xray_totals").fetchone() == row


def test_what_is_too_old_or_too_much_is_let_go_of(backend: CheckedBackend, xray: Any, clock: ManualClock) -> None:
    backend.world.provide(table.Limits(age=3700, bytes=50_000))
    put(xray, segment(trace_id(1, START - 3000), 2, start=START - 3000))
    put(xray, segment(2, 2))
    assert ids(search(xray, StartTime=EPOCH - timedelta(hours=1))) == [2, 1]
    clock.advance(3601)
    assert ids(search(xray, StartTime=EPOCH - timedelta(hours=1), EndTime=EPOCH + timedelta(hours=2))) == [2]
    for number in range(10, 20):
        at = START + 3600 + number
        put(xray, segment(trace_id(number, at), 2, start=at, metadata={"x": "a" * 8000}))
    clock.advance(2)
    kept = ids(search(xray, EndTime=EPOCH + timedelta(hours=2)))
    assert kept[0] == 19
    held = backend.world.database.execute("SELECT bytes FROM xray_totals").fetchone()[0]
    assert held <= 50_000
    assert held == backend.world.database.execute("SELECT sum(bytes) FROM xray_traces").fetchone()[0]
    orphans = "SELECT count(*) FROM xray_documents WHERE trace NOT IN (SELECT id FROM xray_traces)"
    assert backend.world.database.execute(orphans).fetchone() == (0,)


def test_everything_goes_when_it_is_old_and_nobody_sweeps_on(
    backend: CheckedBackend, xray: Any, clock: ManualClock
) -> None:
    put(xray, segment(1, 2, fault=True))
    clock.advance(31 * 86400)
    for name in (*table.DERIVED, "xray_traces", "xray_documents", "xray_shapes"):
        assert backend.world.database.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,), name
    timers = "SELECT count(*) FROM timers WHERE topic LIKE 'xray%'"
    assert backend.world.database.execute(timers).fetchone() == (0,)


def test_a_trace_survives_a_restart_and_regions_are_apart(backend: CheckedBackend, clock: ManualClock) -> None:
    put(backend.session("eu-west-1").client("xray"), segment(1, 2))
    root = backend.root
    backend.close()
    with CheckedBackend(state=root, clock=clock) as again:
        assert ids(search(again.session("eu-west-1").client("xray"))) == [1]
        assert search(again.session("us-east-1").client("xray")) == []


def test_closing_does_not_wait_for_what_is_not_read_yet(tmp_path: Path) -> None:
    at = datetime.now(UTC).timestamp()
    texts = [document(segment(trace_id(number, at), 2, start=at)) for number in range(8000)]
    state = tmp_path / "state"
    waiting = "SELECT count(*) FROM xray_traces WHERE due IS NOT NULL"
    with CheckedBackend(state=state, clock=SystemClock()) as backend:
        backend.ask("us-east-1", "xray", "PutTraceSegments", {"TraceSegmentDocuments": texts})
    with CheckedBackend(state=state, clock=SystemClock()) as again:
        assert again.world.database.execute(waiting).fetchone()[0] > 0
        assert again.world.next_due() is not None
