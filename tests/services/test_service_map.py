"""Service graphs are read by pages into one map; groups beside them; nothing in them makes the readers stumble."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH, ManualClock
from pointsman.model.refs import TraceRef
from pointsman.model.service_map import Health, MapQuery, ServiceMap, Traffic, of_trace
from pointsman.semantics.traces.facts import CLIENT, Service
from pointsman.services import service_map as service
from pointsman.services.reads import service_map as reader
from pointsman.services.reads import traces
from pointsman.services.service_map import ServiceMaps
from support.backend import CheckedBackend
from support.cloud import FakeCloud

SPAN = MapQuery(timedelta(hours=1))


def statistics(ok: int, faults: int = 0, throttles: int = 0, errors: int = 0) -> dict[str, Any]:
    return {
        "OkCount": ok,
        "FaultStatistics": {"TotalCount": faults, "OtherCount": faults},
        "ErrorStatistics": {"TotalCount": errors + throttles, "OtherCount": errors, "ThrottleCount": throttles},
        "TotalCount": ok + faults + throttles + errors,
        "TotalResponseTime": 2.5,
    }


def node(at: int, name: str, *to: int, **more: Any) -> dict[str, Any]:
    edges = [{"ReferenceId": one, "SummaryStatistics": statistics(3)} for one in to]
    return {"ReferenceId": at, "Name": name, "Edges": edges, "SummaryStatistics": statistics(5, 1, 2, 2), **more}


async def read(cloud: Any, query: MapQuery = SPAN) -> ServiceMap:
    return await ServiceMaps(cloud, ManualClock()).map(query).read(lambda *_: None)


async def test_pages_are_one_map_whose_calls_go_over_them() -> None:
    def answer(NextToken: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        if not NextToken:
            return {"Services": [node(0, "gateway", 1, 7, Root=True)], "NextToken": "1", "StartTime": EPOCH}
        return {"Services": [node(1, "cart", Type="remote", State="unknown")], "EndTime": EPOCH}

    cloud = FakeCloud(GetServiceGraph=answer)
    found = await read(cloud, MapQuery(timedelta(hours=1), "gold"))
    assert [one.service.name for one in found.nodes] == ["cart", "gateway"]
    assert [(one.source.name, one.target.name) for one in found.calls] == [("gateway", "cart")]
    cart, gateway = found.nodes
    assert (cart.active, gateway.root) == (False, True)
    assert gateway.traffic.health == Health(0.5, 0.2, 0.2, 0.1)
    _, given = cloud.asked[0]
    assert given["GroupName"] == "gold"
    assert given["EndTime"] - given["StartTime"] == timedelta(hours=1)


async def test_an_endless_map_is_cut_and_says_so() -> None:
    def endless(NextToken: str = "0", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        at = int(NextToken)
        return {"Services": [node(at, f"s{at}")], "NextToken": str(at + 1)}

    cloud = FakeCloud(GetServiceGraph=endless)
    found = await read(cloud)
    assert cloud.count("GetServiceGraph") == service.PAGES == len(found)
    assert found.more
    assert "there are more" in service.lacking(found)


def test_percentiles_are_read_from_the_histogram() -> None:
    told = Traffic(10, seconds=2.0, times=((0.1, 5), (0.2, 4), (3.0, 1)))
    assert [told.percentile(one) for one in (0.5, 0.51, 0.9, 0.99)] == [0.1, 0.2, 0.2, 3.0]
    assert told.mean == 0.2
    assert told.rate(timedelta(seconds=5)) == 2
    assert (Traffic().percentile(0.5), Traffic().mean, Traffic().health) == (None, None, None)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Services", "Edges", "ReferenceId", "Name", "SummaryStatistics", "ErrorStatistics", "OkCount", "Value"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["Services", "StartTime", "NextToken", "Groups"]), JUNK))
def test_no_answer_makes_the_readers_stumble(answer: dict[str, Any]) -> None:
    found = reader.map_of(SPAN, [reader.page(answer)])
    assert {one.source for one in found.calls} | {one.target for one in found.calls} <= {
        one.service for one in found.nodes
    }
    reader.groups(answer)


def test_the_map_of_a_trace_has_what_it_called_even_if_that_sent_nothing() -> None:
    ref = TraceRef("1-58406520-a006649127e371903a2de979")
    document = {
        "id": "0000000000000001",
        "trace_id": ref.id,
        "name": "shop",
        "start_time": 10.0,
        "end_time": 12.0,
        "subsegments": [
            {
                "id": "0000000000000002",
                "name": "DynamoDB",
                "namespace": "aws",
                "start_time": 10.5,
                "end_time": 11.0,
                "throttle": True,
                "error": True,
                "aws": {"table_name": "ledger"},
            }
        ],
    }
    opened = traces.opened(ref, [json.dumps(document)], limit_exceeded=False, settled=True)
    found = of_trace(opened.trace)
    ledger = Service("ledger", "AWS::DynamoDB::Table")
    assert [one.service for one in found.nodes] == [Service("shop", CLIENT), ledger, Service("shop")]
    throttled = next(one for one in found.calls if one.target == ledger)
    assert (throttled.source.name, throttled.traffic.throttles) == ("shop", 1)


async def test_the_bundled_backend_answers_a_map() -> None:
    clock = ManualClock()
    now = clock.now().timestamp()
    document = {
        "trace_id": f"1-{int(now):08x}-{1:024x}",
        "id": "00000000000000a1",
        "name": "shop",
        "start_time": now - 1,
        "end_time": now - 0.6,
        "fault": True,
        "subsegments": [
            {
                "id": "00000000000000a2",
                "name": "bank",
                "namespace": "remote",
                "start_time": now - 0.9,
                "end_time": now - 0.7,
            }
        ],
    }
    with CheckedBackend(clock=clock) as backend:
        xray = backend.session(region_name="eu-west-1").client("xray")
        xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
        xray.create_group(GroupName="gold", FilterExpression="fault")
        clock.advance(5)
        cloud = FakeCloud(
            GetServiceGraph=lambda **given: xray.get_service_graph(**given), GetGroups=lambda **_: xray.get_groups()
        )
        maps = ServiceMaps(cloud, clock)
        found = await maps.map(SPAN).read(lambda *_: None)
        assert [(one.service.name, one.service.type) for one in found.nodes] == [
            ("shop", CLIENT),
            ("bank", "remote"),
            ("shop", ""),
        ]
        assert [(one.source.name, one.target.name) for one in found.calls] == [("shop", "shop"), ("shop", "bank")]
        shop = found.nodes[2].traffic
        assert (shop.faults, shop.total, shop.percentile(0.5)) == (1, 1, 0.4)
        (group,) = await maps.groups().read(lambda *_: None)
        assert (group.name, group.expression) == ("gold", "fault")
