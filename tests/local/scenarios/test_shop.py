"""The shop's traffic: what a person finds in its traces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pointsman.local.scenarios import Demo, open_demo
from pointsman.local.scenarios.shop import SPANS
from support.scenes import ask

SEVEN = {"gateway", "storefront", "checkout", "inventory", "pricing", "payments", "notifications"}


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    made = open_demo(seed=0, paused=True)
    yield made
    made.close()


def found(demo: Demo, expression: str = "", minutes: float = 40) -> list[dict[str, Any]]:
    now = demo.clock.now()
    given = {"FilterExpression": expression} if expression else {}
    summaries: list[dict[str, Any]] = []
    token: dict[str, Any] = {}
    while True:
        answer = ask(
            demo, "xray", "GetTraceSummaries", StartTime=now - timedelta(minutes=minutes), EndTime=now, **given, **token
        )
        summaries += answer["TraceSummaries"]
        if not answer.get("NextToken"):
            return summaries
        token = {"NextToken": answer["NextToken"]}


def segments(demo: Demo, trace_id: str) -> list[dict[str, Any]]:
    (trace,) = ask(demo, "xray", "BatchGetTraces", TraceIds=[trace_id])["Traces"]
    return [json.loads(one["Document"]) for one in trace["Segments"]]


def test_seven_services_and_what_they_call(demo: Demo) -> None:
    names = {service["Name"] for one in found(demo) for service in one["ServiceIds"]}
    assert names >= SEVEN
    assert names >= {"ledger", "stock", "bank.example", "orders@db"}
    assert not any(one["IsPartial"] for one in found(demo))


def test_a_fault_in_payments_is_a_storm_of_retries_at_the_bank(demo: Demo) -> None:
    (first, *_) = found(demo, 'rootcause.fault.service { name = "bank.example" }')
    assert first["HasFault"]
    payments = next(one for one in segments(demo, first["Id"]) if one["name"] == "payments")
    asked = [one for one in payments["subsegments"] if one["name"] == "bank.example"]
    assert len(asked) == 6
    assert all(one["cause"]["exceptions"][0]["type"] == "BankUnavailable" for one in asked)
    assert found(demo, "fault", 5), "one of the last five minutes"


def test_the_ledgers_table_is_throttled_and_functions_start_cold(demo: Demo) -> None:
    assert found(demo, 'service("ledger") { throttle }')
    cold = found(demo, "annotation[cold_start] = true")
    assert cold
    inside = [one for segment in segments(demo, cold[0]["Id"]) for one in segment.get("subsegments", ())]
    assert any(one["name"] == "Initialization" for one in inside)


def test_the_letter_is_written_after_the_answer(demo: Demo) -> None:
    one = found(demo, 'service("notifications")')[0]
    assert one["Duration"] > one["ResponseTime"] + 0.3


def test_a_bad_release_of_checkout_slows_it_until_it_is_rolled_back(demo: Demo) -> None:
    bad = found(demo, 'annotation[release] = "119" AND ok')
    good = found(demo, 'annotation[release] = "118" AND ok AND annotation[cold_start] = false')
    assert bad
    assert min(one["ResponseTime"] for one in bad) > max(one["ResponseTime"] for one in good)
    assert min(one["StartTime"] for one in good) < min(one["StartTime"] for one in bad)
    assert max(one["StartTime"] for one in good) > max(one["StartTime"] for one in bad)


def test_the_recount_has_two_thousand_spans(demo: Demo) -> None:
    (one,) = found(demo, 'annotation[job] = "recount"', 5)
    count, todo = 0, [each for each in segments(demo, one["Id"]) if not each.get("inferred")]
    while todo:
        count += 1
        todo += todo.pop().get("subsegments", ())
    assert count == SPANS


def test_customers_keep_coming_and_come_the_same_way_again(demo: Demo) -> None:
    def after(seconds: float) -> list[Any]:
        made = open_demo(seed=0, at=seconds, paused=True)
        try:
            return [(one["Id"], one.get("ResponseTime")) for one in found(made, minutes=2)]
        finally:
            made.close()

    later = after(300)
    assert len(later) >= 5
    assert later == after(300)
    assert not set(later) & {(one["Id"], one.get("ResponseTime")) for one in found(demo)}
