"""An alarm from its making to its mute, through console, boto3 and the backend."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from pointsman.aws.cloud import Cloud
from pointsman.aws.guard import Guard
from pointsman.clock import ManualClock
from pointsman.model.metrics import MetricQuery, WallQuery
from pointsman.model.refs import AlarmRef, MetricRef
from pointsman.operations.alarm_settings import settings_of
from pointsman.operations.declare import Answers
from pointsman.operations.preview import answer_problems, with_defaults
from pointsman.operations.registry import default_registry
from pointsman.services.alarms import Alarms
from pointsman.services.metrics import Metrics
from support.backend import CheckedBackend

ORDERS = MetricRef("Shop", "Orders", (("Region", "eu"),))


async def test_every_kind_of_alarm_is_made_previewed_and_edited_without_losing_anything(
    backend: CheckedBackend, clock: ManualClock
) -> None:
    cloud = Cloud(lambda: backend.session(region_name="eu-west-1"), clock, guard=Guard(read_only=False, clock=clock))
    assert cloud.prepare() is None
    alarms = Alarms(cloud, clock, Metrics(cloud, clock, free=True))
    services = SimpleNamespace(alarms=alarms)
    registry = default_registry()
    client = backend.session(region_name="eu-west-1").client("cloudwatch")

    async def does(operation: str, ref: AlarmRef | MetricRef, **answers: str) -> tuple[str, ...]:
        one = registry.get(operation)
        state = await one.read(services, ref)
        assert one.refuse(state, ref) is None
        given = with_defaults(one.fields(state, ref), answers)
        assert answer_problems(one.fields(state, ref), given) == ()
        assert one.look is not None
        state = await one.look(services, ref, state, given)
        call = one.plan(state, ref, given)
        await cloud.write(call.service, call.operation, call.parameters)
        backend.settle()
        return one.consequences(state, ref, given)

    async def settings(name: str) -> dict[str, Any]:
        alarm = (await alarms.fresh(AlarmRef(name))).alarm
        assert alarm is not None
        return settings_of(alarm)

    for value in (9, 9, 1, 9):
        client.put_metric_data(
            Namespace="Shop",
            MetricData=[{"MetricName": "Orders", "Dimensions": [{"Name": "Region", "Value": "eu"}], "Value": value}],
        )
        clock.advance(60)

    said = await does("alarm.create", ORDERS, name="low", threshold="5", stat="Sum", comparison="LessThanThreshold")
    assert "It would have fired once in the last 24 hours" in said[0]
    said = await does("alarm.create-math", ORDERS, name="double", expression="m1 * 2", stat="Sum", threshold="10")
    assert "It would have fired 2 times" in said[0]
    said = await does("alarm.create-band", ORDERS, name="odd", width="3", stat="Sum")
    assert "no band yet" in said[0] or "By the band as CloudWatch draws it now" in said[1]
    said = await does("alarm.create-composite", AlarmRef("low"), name="both", rule="ALARM(low) OR ALARM(double)")
    assert said[0].startswith("With its alarms as they are now it would be")

    for name, operation in (("double", "alarm.edit"), ("odd", "alarm.edit"), ("both", "alarm.edit-composite")):
        before = await settings(name)
        await does(operation, AlarmRef(name), description="told", ok_actions="arn:aws:sns:eu-west-1:123456789012:t")
        after = await settings(name)
        assert after == {
            **before, "AlarmDescription": "told", "OKActions": ["arn:aws:sns:eu-west-1:123456789012:t"]
        }, name  # fmt: skip
    await does("alarm.edit", AlarmRef("odd"), width="4")
    assert (await settings("odd"))["Metrics"][1]["Expression"] == "ANOMALY_DETECTION_BAND(m1, 4)"
    said = await does("alarm.create", ORDERS, name="low", threshold="5")
    assert any("will be replaced" in one for one in said)


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
