"""From the map of a shop to what one of its services wrote: map, service, traces, trace, comparison, logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from journeys.driving import Scene, User, at_the_console
from pointsman.clock import ManualClock
from pointsman.console.screens.alarm import AlarmPlace
from pointsman.console.screens.service_map import ServiceMapPlace
from pointsman.console.screens.tail import TailPlace
from pointsman.console.screens.trace import TracePlace
from pointsman.console.screens.trace_comparison import TraceComparisonPlace
from pointsman.console.screens.traces import Traces
from pointsman.console.widgets.service_graph import ServiceGraph
from pointsman.console.widgets.waterfall import Waterfall
from pointsman.local.backend import Backend

REGION = "eu-west-1"
GROUP = "/shop/cart"


class Shop:
    """A shop of a cart with a table behind it, as its programs and its people would fill an account."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.backend = Backend(None, clock, 0)
        session = self.backend.session(REGION)
        self._xray, self._logs, self._watch = (session.client(name) for name in ("xray", "logs", "cloudwatch"))
        self._deploy = session.client("codedeploy")
        self._logs.create_log_group(logGroupName=GROUP)
        self._logs.create_log_stream(logGroupName=GROUP, logStreamName="cart-1")
        self._sent = 0

    def buy(self, took: float, *, fault: bool = False) -> str:
        """A customer buys something; the trace's id."""
        self._sent += 1
        start = self.clock.now().timestamp() - 5
        trace = f"1-{int(start):08x}-{self._sent:024x}"
        ids = [f"{self._sent * 16 + at:016x}" for at in range(4)]
        failed: dict[str, Any] = {"fault": True} if fault else {}
        http = {
            "request": {"method": "POST", "url": f"https://shop.example/orders/{self._sent}"},
            "response": {"status": 500 if fault else 200},
        }
        call = {"id": ids[1], "name": "cart", "namespace": "remote", **_times(start, 0.01, took - 0.02), **failed}
        put = {
            "id": ids[3],
            "name": "DynamoDB",
            "namespace": "aws",
            "aws": {"table_name": "orders", "operation": "PutItem"},
            **_times(start, 0.02, took - 0.05),
            **failed,
        }
        gateway = {"id": ids[0], "name": "gateway", "http": http, **_times(start, 0, took), **failed}
        cart = {
            "id": ids[2],
            "name": "cart",
            "parent_id": ids[1],
            "origin": "AWS::ECS::Container",
            "aws": {"cloudwatch_logs": [{"log_group": GROUP}]},
            **_times(start, 0.012, took - 0.03),
            **failed,
        }
        segments = [{**gateway, "subsegments": [call]}, {**cart, "subsegments": [put]}]
        documents = [json.dumps({**one, "trace_id": trace}) for one in segments]
        assert not self._xray.put_trace_segments(TraceSegmentDocuments=documents)["UnprocessedTraceSegments"]
        level, said = ("ERROR", "the table did not answer") if fault else ("INFO", "order kept")
        line = f"{level} {said} trace={trace}"
        when = int((start + 0.1) * 1000)
        event = {"timestamp": when, "message": line}
        self._logs.put_log_events(logGroupName=GROUP, logStreamName="cart-1", logEvents=[event])
        self.clock.advance(10)
        return trace

    def deploy(self) -> str:
        """Somebody deploys the cart."""
        revision = {
            "revisionType": "GitHub",
            "gitHubLocation": {"repository": "shop/cart", "commitId": "c" * 40},
        }
        self._deploy.create_application(applicationName="cart", computePlatform="Server")
        self._deploy.create_deployment_group(
            applicationName="cart",
            deploymentGroupName="production",
            serviceRoleArn="arn:aws:iam::123456789012:role/deploy",
            ec2TagFilters=[{"Key": "app", "Value": "cart", "Type": "KEY_AND_VALUE"}],
        )
        made = self._deploy.create_deployment(
            applicationName="cart", deploymentGroupName="production", revision=revision
        )
        self.clock.advance(60)
        return str(made["deploymentId"])

    def watch(self) -> None:
        """Somebody wants to hear when the cart fails."""
        self._watch.put_metric_alarm(
            AlarmName="cart-faults",
            Namespace="AWS/X-Ray",
            MetricName="FaultRate",
            Dimensions=[
                {"Name": "GroupName", "Value": "Default"},
                {"Name": "ServiceName", "Value": "cart"},
                {"Name": "ServiceType", "Value": "AWS::ECS::Container"},
            ],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
        )


def _times(start: float, after: float, lasts: float) -> dict[str, float]:
    return {"start_time": round(start + after, 3), "end_time": round(start + after + lasts, 3)}


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop(ManualClock())
    yield made
    made.backend.close()


async def put_on(user: User, name: str) -> None:
    """Arrow keys to a service, as far as there are any."""
    graph = user.app.screen.query_one(ServiceGraph)
    await user.presses("g")
    for key in ("right", "right", "right", "down", "left"):
        if graph.service is not None and (graph.service.name, graph.service.type) == (name, "AWS::ECS::Container"):
            return
        await user.presses(key)
    assert graph.service is not None
    assert graph.service.name == name


async def test_from_the_map_to_a_service_its_traces_a_comparison_and_its_logs(shop: Shop) -> None:
    shop.watch()
    good = [shop.buy(0.2 + at / 100) for at in range(5)]
    deployed = shop.deploy()
    bad = [shop.buy(0.9, fault=True) for _ in range(4)]
    shop.clock.advance(70)
    scene = Scene(shop.backend, shop.clock, REGION)
    async with at_the_console(scene) as user:
        await user.commands("map")
        user.sees("gateway", "cart ▲", "orders", "✗44%")
        await put_on(user, "cart")
        user.sees("fault 44% (4)", "alarm ▲ cart-faults ALARM", "calls 1")
        await user.presses("W")
        assert isinstance(user.app.screen, AlarmPlace)
        await user.presses("escape", "enter")
        assert isinstance(user.app.screen, Traces)
        user.sees('/service("cart")', "9 9 scanned")
        await user.presses("enter")
        place = user.app.screen
        assert isinstance(place, TracePlace)
        assert place.ref.id == bad[-1], "the newest stands first"
        user.sees("9 of 9 loaded traces read", "p78 of 9 in 9 traces")
        await user.presses("v", "v")
        await put_on(user, "cart")
        user.sees("fault 100% (1)", "called by 1")
        await user.presses("enter")
        view = user.app.screen.query_one(Waterfall)
        assert view.has_focus
        assert place.opened is not None
        assert place.opened.trace.spans[view.matches[0]].name == "cart"
        await user.presses("x")
        user.sees("POST shop.example/orders/* before what went out last was deployed", "same request")
        await user.presses("enter")
        comparison = user.app.screen
        assert isinstance(comparison, TraceComparisonPlace)
        assert (comparison.ref.id, comparison.other.id) == (good[2], bad[-1])
        user.hears(f"the middle one of 5 of POST shop.example/orders/* before deployment {deployed} of cart")
        user.sees("220ms → 900ms +680ms", "DynamoDB PutItem")
        await user.presses("escape")
        assert user.app.screen is place
        await user.presses("l", "enter")
        user.sees("ERROR the table did not answer", bad[-1])
        user.misses(bad[0])
        await user.presses("escape", "l", "down", "down", "enter")
        assert isinstance(user.app.screen, TailPlace)
        await user.waits_for("order kept", most=30, step=1)


async def test_a_map_that_may_not_be_read_says_so_and_without_alarms_it_stands(shop: Shop) -> None:
    shop.buy(0.2)
    scene = Scene(shop.backend, shop.clock, REGION)
    with scene.weather.fails("DescribeAlarms", "AccessDenied", "not authorized to perform DescribeAlarms", 403):
        async with at_the_console(scene) as user:
            await user.commands("map")
            user.sees("gateway", "cart", "alarms are not known")
            with scene.weather.fails("GetServiceGraph", "AccessDeniedException", "not authorized to perform it", 403):
                await user.presses("t", "down", "enter")
                assert isinstance(user.app.screen, ServiceMapPlace)
                user.sees("access denied")


def test_the_journey_s_shop_is_seen_by_x_ray(shop: Shop) -> None:
    shop.buy(0.2)
    now = shop.clock.now()
    graph = (
        shop.backend.session(REGION).client("xray").get_service_graph(StartTime=now - timedelta(minutes=5), EndTime=now)
    )
    assert {"gateway", "cart", "orders"} <= {one["Name"] for one in graph["Services"]}
