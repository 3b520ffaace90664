"""An alarm from its making to its mute, through console, boto3 and the backend."""

from __future__ import annotations

from datetime import timedelta

from pointsman.aws.cloud import Cloud
from pointsman.aws.guard import Guard
from pointsman.clock import ManualClock
from pointsman.model.metrics import MetricQuery, WallQuery
from pointsman.model.refs import AlarmRef, MetricRef
from pointsman.operations.declare import Answers
from pointsman.operations.registry import default_registry
from pointsman.services.alarms import Alarms
from pointsman.services.metrics import Metrics
from support.backend import CheckedBackend

ORDERS = MetricRef("Shop", "Orders", (("Region", "eu"),))


async def test_an_alarm_is_made_fires_is_seen_and_muted(backend: CheckedBackend, clock: ManualClock) -> None:
    cloud = Cloud(lambda: backend.session(region_name="eu-west-1"), clock, guard=Guard(read_only=False, clock=clock))
    assert cloud.prepare() is None
    metrics = Metrics(cloud, clock, free=True)
    alarms = Alarms(cloud, clock, metrics)
    registry = default_registry()

    async def does(operation: str, ref: AlarmRef | MetricRef, **answers: str) -> None:
        one = registry.get(operation)
        state = await (alarms.fresh(ref) if isinstance(ref, AlarmRef) else alarms.prospect(ref))
        assert one.refuse(state, ref) is None
        given: Answers = {field.name: field.default for field in one.fields(state, ref)} | answers
        call = one.plan(state, ref, given)
        await cloud.write(call.service, call.operation, call.parameters)
        backend.settle()

    client = backend.session(region_name="eu-west-1").client("cloudwatch")

    def put(value: float) -> None:
        client.put_metric_data(
            Namespace="Shop",
            MetricData=[{"MetricName": "Orders", "Dimensions": [{"Name": "Region", "Value": "eu"}], "Value": value}],
        )
        clock.advance(60)

    put(9)
    await does(
        "alarm.create",
        ORDERS,
        name="too-few",
        stat="Sum",
        comparison="LessThanThreshold",
        threshold="5",
        periods="2",
        datapoints="2",
    )
    ref = AlarmRef("too-few")
    for _ in range(3):
        put(1)
    found = await alarms.listing().read(lambda *_: None)
    alarm = found.get(ref)
    assert alarm is not None
    assert alarm.firing
    assert alarm.nowhere, "it has no action"
    assert alarm.recent[-1] == 1.0
    assert next(one.after for one in found.changes if one.ref == ref) == "ALARM"
    wall = await metrics.read(WallQuery((MetricQuery(ORDERS, "Sum"),), timedelta(minutes=30)))
    assert wall.series[0].values == (9.0, 1.0, 1.0, 1.0)

    await does("alarm.mute", ref, minutes="30", why="a drill")
    muted = (await alarms.listing().read(lambda *_: None)).get(ref)
    assert muted is not None
    assert muted.muted is not None
    await does("alarm.unmute", ref)
    await does("alarm.disable", ref)
    await does("alarm.edit", ref, threshold="0.5")
    put(1)
    calm = (await alarms.listing().read(lambda *_: None)).get(ref)
    assert calm is not None
    assert (calm.state, calm.actions_enabled, calm.muted, calm.threshold) == ("OK", False, None, 0.5)
    await does("alarm.delete", ref)
    assert (await alarms.listing().read(lambda *_: None)).get(ref) is None
    history = await alarms.history(ref).read(lambda *_: None)
    assert {one.kind for one in history.changes} >= {"StateUpdate", "ConfigurationUpdate"}
