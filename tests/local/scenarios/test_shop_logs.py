"""What the shop's services write: real lines beside their traces, and of the same opinion."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pointsman.local.scenarios import Demo, open_demo
from pointsman.local.scenarios.shop_logs import lines
from support.scenes import ask

GROUPS = {
    *(f"/shop/{name}" for name in ("gateway", "storefront", "checkout", "inventory", "payments", "notifications")),
    "/aws/lambda/pricing",
}


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    made = open_demo(seed=0, paused=True)
    yield made
    made.close()


def events(demo: Demo, group: str, pattern: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: dict[str, Any] = {"filterPattern": pattern} if pattern else {}
    while True:
        answer = ask(demo, "logs", "FilterLogEvents", logGroupName=group, **token)
        found += answer["events"]
        if not answer.get("nextToken"):
            return found
        token["nextToken"] = answer["nextToken"]


def traces(demo: Demo, expression: str) -> dict[str, dict[str, Any]]:
    now = demo.clock.now()
    found: dict[str, dict[str, Any]] = {}
    token: dict[str, Any] = {}
    while True:
        answer = ask(
            demo,
            "xray",
            "GetTraceSummaries",
            StartTime=now - timedelta(minutes=40),
            EndTime=now,
            FilterExpression=expression,
            **token,
        )
        found.update({one["Id"]: one for one in answer["TraceSummaries"]})
        if not answer.get("NextToken"):
            return found
        token = {"NextToken": answer["NextToken"]}


def test_every_group_that_a_segment_names_is_there_and_has_lines(demo: Demo) -> None:
    there = {one["logGroupName"] for one in ask(demo, "logs", "DescribeLogGroups")["logGroups"]}
    assert there >= GROUPS
    assert all(events(demo, group) for group in GROUPS)


def test_errors_are_those_of_the_traces_and_no_others(demo: Demo) -> None:
    failed = set(traces(demo, 'service("payments") { fault }'))
    assert failed
    for group in ("/shop/payments", "/shop/checkout"):
        told = [json.loads(one["message"]) for one in events(demo, group, '{ $.level = "ERROR" }')]
        assert {one["trace"] for one in told} == failed
    refused = {one["message"].rpartition("trace=")[2] for one in events(demo, "/shop/gateway", '"level=error"')}
    assert refused == failed
    asked = [json.loads(one["message"]) for one in events(demo, "/shop/payments", '"answered 503"')]
    assert len(asked) == 6 * len(failed)


def test_throttles_cold_starts_and_slow_queries_are_warned_of(demo: Demo) -> None:
    throttled = {json.loads(one["message"])["trace"] for one in events(demo, "/shop/payments", "throttled")}
    assert throttled == set(traces(demo, 'service("ledger") { throttle }'))
    slow = [json.loads(one["message"]) for one in events(demo, "/shop/checkout", '"slow query"')]
    assert slow
    assert {one["release"] for one in slow} == {"119"}, "the bad release's"
    begun = len(events(demo, "/aws/lambda/pricing", "INIT_START"))
    assert begun == len(events(demo, "/aws/lambda/pricing", '"Init Duration"'))
    assert begun == len(traces(demo, "annotation[cold_start] = true"))


def test_lines_lie_within_their_trace_and_in_the_order_of_time(demo: Demo) -> None:
    known = traces(demo, 'service("checkout")')
    for one in events(demo, "/shop/checkout"):
        trace = known[json.loads(one["message"])["trace"]]
        start = trace["StartTime"].timestamp() * 1000
        assert start - 1 <= one["timestamp"] <= start + trace["Duration"] * 1000 + 1
    for group in GROUPS:
        ask(demo, "logs", "DescribeLogStreams", logGroupName=group)
        by_stream: dict[str, list[int]] = {}
        for one in events(demo, group):
            by_stream.setdefault(one["logStreamName"], []).append(one["timestamp"])
        assert all(times == sorted(times) for times in by_stream.values())


def test_a_function_writes_as_lambda_does(demo: Demo) -> None:
    said = [one["message"] for one in events(demo, "/aws/lambda/pricing")]
    starts = [one.split()[2] for one in said if one.startswith("START")]
    assert starts == [one.split()[2] for one in said if one.startswith("END")]
    report = next(one for one in said if one.startswith("REPORT"))
    assert "Billed Duration: " in report
    trace = report.partition("XRAY TraceId: ")[2].split()[0]
    assert trace in traces(demo, 'service("pricing")')


def test_they_go_on_and_are_the_same_again() -> None:
    def told() -> list[tuple[str, int, str]]:
        made = open_demo(seed=0, at=200, paused=True)
        try:
            return [(one["logStreamName"], one["timestamp"], one["message"]) for one in events(made, "/shop/gateway")]
        finally:
            made.close()

    later = told()
    assert len(later) == 108 + 10
    assert later == told()


def test_what_nobody_of_the_shop_sent_is_not_written_about() -> None:
    assert lines([{"name": "elsewhere", "trace_id": "1-0-0", "start_time": 1.0, "end_time": 2.0}]) == {}
    assert lines([]) == {}
