"""What of alarms is read, how often, and what is said of what was not."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any

from pointsman.aws.cloud import Cloud
from pointsman.clock import EPOCH, ManualClock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.alarms import AlarmState, Question
from pointsman.model.refs import AlarmRef
from pointsman.services.alarms import HISTORY, MUTES, Alarms
from pointsman.services.metrics import Metrics
from support.backend import CheckedBackend
from support.cloud import FakeCloud

REF = AlarmRef("cpu")
PREFIX = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm-mute-rule:"


def alarms_of(cloud: Any) -> Alarms:
    clock = ManualClock()
    return Alarms(cloud, clock, Metrics(cloud, clock))


def pages(count: int) -> Any:
    """A history of so many items, a hundred on each page, a minute between them."""

    def answer(**asked: Any) -> dict[str, Any]:
        until = asked.get("EndDate")
        times = [EPOCH - timedelta(minutes=at) for at in range(count)]
        times = [one for one in times if until is None or one <= until]
        start = int(asked.get("NextToken") or 0)
        items = [
            {
                "AlarmName": "cpu",
                "Timestamp": one,
                "HistoryItemType": "StateUpdate",
                "HistorySummary": f"{one:%d %H:%M}",
            }
            for one in times[start : start + 100]
        ]
        more = {"NextToken": str(start + 100)} if start + 100 < len(times) else {}
        return {"AlarmHistoryItems": items, **more}

    return answer


async def test_a_long_history_says_that_there_is_more_and_is_read_on_to_its_end() -> None:
    cloud = FakeCloud(DescribeAlarmHistory=pages(750))
    alarms = alarms_of(cloud)
    found = await alarms.history(REF).read(lambda *_: None)
    assert (len(found.changes), found.more, cloud.count("DescribeAlarmHistory")) == (300, True, HISTORY)
    while found.more:
        assert found.oldest is not None
        found = found.joined(await alarms.older(REF, found.oldest))
    assert len(found.changes) == 750
    assert len({one.summary for one in found.changes}) == 750


async def test_a_short_history_is_whole() -> None:
    found = await alarms_of(FakeCloud(DescribeAlarmHistory=pages(300))).history(REF).read(lambda *_: None)
    assert (len(found.changes), found.more) == (300, False)


def muting(count: int, *, dated: bool = True) -> FakeCloud:
    changed = {"LastUpdatedTimestamp": EPOCH} if dated else {}
    rules = [{"AlarmMuteRuleArn": f"{PREFIX}r{at}", **changed} for at in range(count)]
    return FakeCloud(
        DescribeAlarms=lambda **_: {"MetricAlarms": [{"AlarmName": "cpu", "StateValue": "ALARM"}]},
        DescribeAlarmHistory=lambda **_: {},
        ListAlarmMuteRules=lambda **_: {"AlarmMuteRuleSummaries": rules},
        GetAlarmMuteRule=lambda AlarmMuteRuleName: {  # noqa: N803
            "Name": AlarmMuteRuleName,
            "MuteTargets": {"AlarmNames": ["cpu" if AlarmMuteRuleName == f"r{count - 1}" else "other"]},
        },
    )


async def test_many_mute_rules_are_read_bit_by_bit_and_said_to_lack_until_then() -> None:
    cloud = muting(2 * MUTES + 5)
    source = alarms_of(cloud).listing()
    first = await source.read(lambda *_: None)
    assert not first.mutes_known
    assert "mute rules" in source.partial(first)
    assert first.alarms[0].muted is None
    second, third = await source.read(lambda *_: None), await source.read(lambda *_: None)
    assert (second.mutes_known, third.mutes_known) == (False, True)
    assert third.alarms[0].muted is not None
    assert source.partial(third) == ""
    await source.read(lambda *_: None)
    assert cloud.count("GetAlarmMuteRule") == 2 * MUTES + 5, "a rule that has not changed is read once"


async def test_rules_without_a_date_are_never_taken_for_known() -> None:
    source = alarms_of(muting(MUTES + 1, dated=False)).listing()
    for _ in range(3):
        assert not (await source.read(lambda *_: None)).mutes_known


async def test_an_operation_asks_for_the_mutes_of_its_alarm_only(backend: CheckedBackend, clock: ManualClock) -> None:
    client = backend.session(region_name="eu-west-1").client("cloudwatch")
    for name in ("cpu", "other"):
        client.put_metric_alarm(
            AlarmName=name, Namespace="N", MetricName="M", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
    schedule = {"Expression": f"at({EPOCH:%Y-%m-%dT%H:%M})", "Duration": "PT1H", "Timezone": "UTC"}
    for name, target in (("mine", "cpu"), ("others", "other")):
        client.put_alarm_mute_rule(Name=name, Rule={"Schedule": schedule}, MuteTargets={"AlarmNames": [target]})
    cloud = Cloud(lambda: backend.session(region_name="eu-west-1"), clock)
    assert cloud.prepare() is None
    state = await Alarms(cloud, clock, Metrics(cloud, clock)).fresh(REF)
    assert [one.name for one in state.mutes] == ["mine"]
    assert state.mutes_known


QUESTION = Question('[{"Id": "m1", "Expression": "1"}]', "m1", 300, 2)


def values(**more: Any) -> Any:
    result = {"Id": "m1", "Timestamps": [EPOCH - timedelta(minutes=5)], "Values": [4.0], "StatusCode": "Complete"}
    return lambda **_: {"MetricDataResults": [{"Id": "other"}, result], **more}


async def test_what_settings_look_at_is_read_once_with_one_call_and_its_cost_is_told() -> None:
    cloud = FakeCloud(GetMetricData=values())
    alarms = alarms_of(cloud)
    state = await alarms.look(AlarmState(REF, None), QUESTION)
    assert state.series is not None
    assert state.series.values == (4.0,)
    assert state.cost == "1 GetMetricData over 2 metrics, $0.00002"
    assert await alarms.look(state, QUESTION) is state
    assert await alarms.look(state, None) is state
    assert cloud.count("GetMetricData") == 1
    asked = next(given for name, given in cloud.asked if name == "GetMetricData")
    assert asked["EndTime"] - asked["StartTime"] == timedelta(days=2)
    assert asked["MetricDataQueries"] == [{"Id": "m1", "Expression": "1"}]


async def test_where_asking_costs_nothing_no_price_is_told() -> None:
    clock = ManualClock()
    cloud = FakeCloud(GetMetricData=values())
    alarms = Alarms(cloud, clock, Metrics(cloud, clock, free=True))
    assert "$" not in (await alarms.look(AlarmState(REF, None), QUESTION)).cost


async def test_more_than_a_page_is_not_read_and_said_to_lack() -> None:
    cloud = FakeCloud(GetMetricData=values(NextToken="2"))
    state = await alarms_of(cloud).look(AlarmState(REF, None), QUESTION)
    assert state.series is not None
    assert state.series.partial
    assert cloud.count("GetMetricData") == 1


async def test_what_cannot_be_looked_at_says_why_and_is_not_asked_again() -> None:
    def denied(**_: Any) -> Any:
        raise CallFailed(Fault(FaultKind.DENIED, "you may not"))

    cloud = FakeCloud(GetMetricData=denied)
    alarms = alarms_of(cloud)
    state = await alarms.look(AlarmState(REF, None), QUESTION)
    assert (state.series, state.problem) == (None, "you may not")
    assert await alarms.look(state, QUESTION) is state
    nothing = await alarms_of(FakeCloud(GetMetricData=lambda **_: {})).look(AlarmState(REF, None), QUESTION)
    assert (nothing.series, nothing.problem) == (None, "CloudWatch gave no values")


async def test_other_alarms_are_looked_up_by_name_with_one_call() -> None:
    cloud = FakeCloud(DescribeAlarms=lambda **_: {"MetricAlarms": [{"AlarmName": "a", "StateValue": "ALARM"}]})
    alarms = alarms_of(cloud)
    state = await alarms.look_up(AlarmState(REF, None), ["a", "b", "a", ""])
    assert (state.others, state.named) == ((("a", "ALARM"),), ("a", "b"))
    assert await alarms.look_up(state, ["a", "b"]) is state
    assert await alarms.look_up(state, []) is state
    assert cloud.count("DescribeAlarms") == 1


async def test_the_histories_of_other_alarms_are_read_with_them_as_far_back_as_they_go() -> None:
    def item(name: str, minutes: int) -> dict[str, Any]:
        data = {"oldState": {"stateValue": "OK"}, "newState": {"stateValue": "ALARM"}}
        at = EPOCH - timedelta(minutes=minutes)
        kind = {"AlarmName": name, "Timestamp": at, "HistoryItemType": "StateUpdate", "HistoryData": json.dumps(data)}
        return {**kind, "HistorySummary": "x"}

    listed = {"MetricAlarms": [{"AlarmName": "a", "StateValue": "ALARM"}]}
    page = {"AlarmHistoryItems": [item("a", 5), item("other", 6), item("a", 90)]}
    alarms = alarms_of(FakeCloud(DescribeAlarms=lambda **_: listed, DescribeAlarmHistory=lambda **_: page))
    state = await alarms.look_up(AlarmState(REF, None), ["a"])
    assert state.past is not None and [one.after for one in state.past] == ["ALARM", "ALARM"]
    assert state.since == EPOCH - timedelta(days=1) and state.end == EPOCH
    endless = itertools.count()
    cut = FakeCloud(
        DescribeAlarms=lambda **_: listed,
        DescribeAlarmHistory=lambda **_: {**page, "NextToken": f"more{next(endless)}"},
    )
    state = await alarms_of(cut).look_up(AlarmState(REF, None), ["a"])
    assert state.since == EPOCH - timedelta(minutes=90), "what is older was not read"

    def denied(**_: Any) -> Any:
        raise CallFailed(Fault(FaultKind.DENIED, "you may not"))

    refused = FakeCloud(DescribeAlarms=lambda **_: listed, DescribeAlarmHistory=denied)
    state = await alarms_of(refused).look_up(AlarmState(REF, None), ["a"])
    assert state.past is None and state.others == (("a", "ALARM"),)
