"""Sampling rules are read with what samplers told, and weighed against traces."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH, ManualClock
from pointsman.model.refs import TraceRef
from pointsman.model.sampling import Estimate, Taken, estimates
from pointsman.model.traces import TraceSummary
from pointsman.semantics.traces.sampling import Rule
from pointsman.services.reads import sampling as reader
from pointsman.services.sampling import SamplingRules
from support.backend import CheckedBackend
from support.cloud import FakeCloud


def traced(at: int, path: str, second: int | None = 0, entry: str = "shop") -> TraceSummary:
    started = EPOCH + timedelta(seconds=second) if second is not None else None
    return TraceSummary(TraceRef(f"t{at}"), started, method="GET", url=f"https://shop.example{path}", entry=entry)


def test_each_trace_falls_under_the_first_rule_that_matches() -> None:
    rules = (
        Rule("Default", 10_000, 0.1, 0),
        Rule("health", 10, 0.0, 0, url_path="/health*"),
        Rule("carts", 20, 0.5, 2, url_path="/cart*", host="shop.*"),
        Rule("status", 1, 1.0, 1, attributes={"http.status_code": "5*"}),
    )
    traces = [traced(at, "/cart", second=at // 4) for at in range(8)]
    traces += [traced(20 + at, "/health") for at in range(3)] + [traced(30 + at, "/x") for at in range(10)]
    found = estimates(rules, traces, timedelta(minutes=5))
    # Of the carts of each of two seconds, two are held by the reservoir and half of the other two by the rate.
    assert found["carts"] == Estimate(8, 6.0)
    assert found["health"] == Estimate(3, 0.0)
    assert found["Default"].matched == 10
    assert found["Default"].expected == pytest.approx(1.0)
    assert found["status"] == Estimate() and found["status"].share is None


@given(st.lists(st.tuples(st.sampled_from(["/a", "/b", "::bad::"]), st.none() | st.integers(0, 3)), max_size=20))
def test_every_trace_is_counted_once_and_no_rule_takes_more_than_it_matches(
    given_: list[tuple[str, int | None]],
) -> None:
    rules = (Rule("a", 1, 0.3, 1, url_path="/a"), Rule("Default", 10_000, 0.9, 2))
    found = estimates(rules, [traced(at, *one) for at, one in enumerate(given_)], timedelta(seconds=4))
    assert sum(one.matched for one in found.values()) == len(given_)
    assert all(0 <= one.expected <= one.matched + 1e-9 for one in found.values())


@given(st.dictionaries(st.sampled_from(["SamplingRule", "RuleName", "CreatedAt"]), st.none() | st.text() | st.floats()))
def test_no_record_makes_the_readers_stumble(record: dict[str, Any]) -> None:
    whole = {"SamplingRule": {**record, "RuleName": "r"}}
    found = reader.rules({"SamplingRuleRecords": [record, whole]})
    assert [one.rule.name for one in found][-1] == "r"
    reader.statistics({"SamplingStatisticSummaries": [record, {"RuleName": "r", "RequestCount": None}]})


async def test_the_bundled_backend_has_rules_and_tells_what_they_took() -> None:
    clock = ManualClock()
    with CheckedBackend(clock=clock) as backend:
        xray = backend.session(region_name="eu-west-1").client("xray")
        base = {
            "ServiceName": "*",
            "ServiceType": "*",
            "Host": "*",
            "HTTPMethod": "*",
            "ResourceARN": "*",
            "Version": 1,
        }
        xray.create_sampling_rule(
            SamplingRule={
                **base,
                "RuleName": "carts",
                "Priority": 7,
                "FixedRate": 0.5,
                "ReservoirSize": 3,
                "URLPath": "/cart*",
            }
        )
        told = {"RuleName": "carts", "ClientID": "a" * 24, "Timestamp": clock.now(), "RequestCount": 40}
        xray.get_sampling_targets(SamplingStatisticsDocuments=[{**told, "SampledCount": 9, "BorrowCount": 1}])
        clock.advance(30)
        cloud = FakeCloud(
            GetSamplingRules=lambda **given: xray.get_sampling_rules(**given),
            GetSamplingStatisticSummaries=lambda **given: xray.get_sampling_statistic_summaries(**given),
        )
        services = SamplingRules(cloud, clock)
        found = await services.rules().read(lambda *_: None)
        assert [one.rule.name for one in found.rules] == ["carts", "Default"]
        carts = found.rules[0]
        assert (carts.rule.priority, carts.rule.url_path, carts.taken) == (7, "/cart*", Taken(40, 9, 1))
        assert carts.taken.share == pytest.approx(0.225)
        assert found.since is not None
        assert [one.taken for one in (await services.fresh()).rules] == [Taken(), Taken()]
