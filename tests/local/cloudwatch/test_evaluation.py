"""Alarms that evaluate: on new datapoints, on the clock, on expressions, bands and other alarms; and what they do."""

from __future__ import annotations

import json
import math
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.cloudwatch.alarms import CHANGED
from pointsman.local.events import bus
from pointsman.local.functions.records import LocalFunction
from pointsman.local.sns.topics import PUBLISHED
from support.backend import CheckedBackend

TOPIC = "arn:aws:sns:us-east-1:{}:ops"


class Room:
    """A backend, its clock and its alarms."""

    def __init__(self, backend: CheckedBackend, clock: ManualClock) -> None:
        self.backend, self.clock = backend, clock
        self.client = backend.session().client("cloudwatch")
        self.heard: list[tuple[str, str, str]] = []
        self.mails: list[dict[str, Any]] = []
        backend.world.on(CHANGED, lambda _, heard: self.heard.append((heard["name"], heard["old"], heard["new"])))
        backend.world.on(PUBLISHED, lambda _, mail: self.mails.append(mail))
        backend.session().client("sns").create_topic(Name="ops")
        self.topic = TOPIC.format(backend.account)
        whole = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
        self.clock.advance((whole - clock.now()).total_seconds())

    def put(self, value: float, name: str = "errors", ago: float = 0, **datum: Any) -> None:
        time = self.clock.now() - timedelta(seconds=ago)
        data = [{"MetricName": name, "Value": value, "Timestamp": time, **datum}]
        self.client.put_metric_data(Namespace="Shop", MetricData=data)

    def alarm(self, name: str = "a", **change: Any) -> None:
        given: dict[str, Any] = {
            "AlarmName": name,
            "Namespace": "Shop",
            "MetricName": "errors",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 5.0,
            "ComparisonOperator": "GreaterThanThreshold",
            **change,
        }
        self.client.put_metric_alarm(**{key: value for key, value in given.items() if value is not None})

    def composite(self, name: str, rule: str, **given: Any) -> None:
        self.client.put_composite_alarm(AlarmName=name, AlarmRule=rule, **given)

    def find(self, name: str = "a") -> dict[str, Any]:
        answer = self.client.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        (found,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
        return dict(found)

    def state(self, name: str = "a") -> str:
        return str(self.find(name)["StateValue"])

    def items(self, name: str = "a", **given: Any) -> list[dict[str, Any]]:
        types = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        return list(self.client.describe_alarm_history(AlarmName=name, **types, **given)["AlarmHistoryItems"])

    def set(self, name: str, state: str) -> None:
        self.client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a drill")


@pytest.fixture
def room(backend: CheckedBackend, clock: ManualClock) -> Room:
    return Room(backend, clock)


def test_a_new_datapoint_raises_the_alarm_within_a_second_and_the_clock_ends_it(room: Room) -> None:
    room.alarm(AlarmActions=[room.topic], OKActions=[room.topic], TreatMissingData="notBreaching")
    assert room.state() == "INSUFFICIENT_DATA"
    room.clock.advance(60)
    assert room.state() == "OK"
    room.put(7)
    room.clock.advance(1)
    found = room.find()
    time = f"{room.clock.now().replace(second=0):%d/%m/%y %H:%M:%S}"
    assert (found["StateValue"], found["StateReason"]) == (
        "ALARM",
        f"Threshold Crossed: 1 datapoint [7.0 ({time})] was greater than the threshold (5.0).",
    )
    data = json.loads(found["StateReasonData"])
    assert (data["statistic"], data["period"], data["recentDatapoints"], data["threshold"]) == ("Sum", 60, [7.0], 5.0)
    assert data["evaluatedDatapoints"][0]["sampleCount"] == 1
    room.clock.advance(5 * 60)
    assert room.state() == "OK"
    assert room.heard == [("a", "INSUFFICIENT_DATA", "OK"), ("a", "OK", "ALARM"), ("a", "ALARM", "OK")]
    first, second, _ = room.mails
    assert second["subject"] == 'ALARM: "a" in US East (N. Virginia)'
    told = json.loads(second["message"])
    assert (told["NewStateValue"], told["OldStateValue"], told["Trigger"]["Statistic"]) == ("ALARM", "OK", "SUM")
    assert json.loads(first["message"])["NewStateValue"] == "OK"
    summaries = [item["HistorySummary"] for item in room.items(ScanBy="TimestampAscending")]
    action = f"Successfully executed action {room.topic}"
    assert summaries == [
        'Alarm "a" created',
        "Alarm updated from INSUFFICIENT_DATA to OK",
        action,
        "Alarm updated from OK to ALARM",
        action,
        "Alarm updated from ALARM to OK",
        action,
    ]
    changed = json.loads(room.items(HistoryItemType="StateUpdate")[0]["HistoryData"])
    assert changed["oldState"]["stateValue"] == "ALARM" and changed["newState"]["stateReasonData"]["period"] == 60


def test_m_of_n_over_an_hour_on_the_clock(room: Room) -> None:
    room.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    changes: list[tuple[int, str]] = []
    room.backend.world.on(CHANGED, lambda scope, heard: changes.append((minutes(scope.now), heard["new"])))
    start = room.clock.now()

    def minutes(now: datetime) -> int:
        return int((now - start).total_seconds() // 60)

    for minute in range(60):
        room.put(9 if minute in (10, 12, 30) else 1)
        room.clock.advance(60)
    assert changes == [(1, "OK"), (12, "ALARM"), (14, "OK")]


def test_a_sum_below_is_not_judged_before_its_minute_is_over(room: Room) -> None:
    room.alarm(ComparisonOperator="LessThanThreshold", Threshold=10.0)
    room.put(4)
    room.clock.advance(30)
    assert room.state() == "INSUFFICIENT_DATA"
    room.put(8)
    room.clock.advance(1)
    assert room.state() == "OK"
    room.clock.advance(60)
    room.put(3)
    room.clock.advance(28)
    assert room.state() == "OK"
    room.clock.advance(2)
    assert room.state() == "ALARM"


def test_a_metric_that_stops_is_insufficient_data_in_the_end(room: Room) -> None:
    room.alarm()
    room.put(1)
    room.clock.advance(60)
    assert room.state() == "OK"
    room.clock.advance(3 * 60)
    assert room.state() == "INSUFFICIENT_DATA"
    assert room.find()["StateReason"] == "Insufficient Data: 1 datapoint was unknown."


def test_an_alarm_on_old_data_is_evaluated_when_it_is_made(room: Room) -> None:
    room.put(9, ago=60)
    room.alarm()
    room.clock.advance(1)
    assert room.state() == "ALARM"


def test_high_resolution(room: Room) -> None:
    room.alarm(Period=10, EvaluationPeriods=2)
    for _ in range(2):
        room.put(9, StorageResolution=1)
        room.clock.advance(10)
    assert room.state() == "ALARM"
    room.clock.advance(60)
    assert room.state() == "INSUFFICIENT_DATA"


def test_set_alarm_state_lasts_until_the_next_evaluation(room: Room) -> None:
    room.alarm(AlarmActions=[room.topic])
    room.put(1)
    room.clock.advance(1)
    room.set("a", "ALARM")
    assert (room.state(), len(room.mails)) == ("ALARM", 1)
    room.clock.advance(60)
    assert room.state() == "OK"


def test_actions_that_are_disabled_are_not_taken_and_others_are_recorded(room: Room) -> None:
    missing = TOPIC.format(room.backend.account) + "-gone"
    room.alarm(AlarmActions=["arn:aws:automate:us-east-1:ec2:stop", room.topic, missing])
    room.set("a", "ALARM")
    failed = [item["HistorySummary"] for item in room.items(HistoryItemType="Action", ScanBy="TimestampAscending")]
    assert failed == [
        "Failed to execute action arn:aws:automate:us-east-1:ec2:stop",
        f"Successfully executed action {room.topic}",
        f"Failed to execute action {missing}",
    ]
    oldest = room.items(HistoryItemType="Action", ScanBy="TimestampAscending")[0]
    assert "Not executed" in json.loads(oldest["HistoryData"])["error"]
    room.client.disable_alarm_actions(AlarmNames=["a", "none"])
    assert room.find()["ActionsEnabled"] is False
    room.set("a", "OK")
    room.set("a", "ALARM")
    assert len(room.mails) == 1
    room.client.enable_alarm_actions(AlarmNames=["a"])
    room.set("a", "OK")
    room.set("a", "ALARM")
    assert len(room.mails) == 2


def metric(name: str, id_: str, **query: Any) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "Shop", "MetricName": name}, "Period": 60, "Stat": "Sum"}
    return {"Id": id_, "MetricStat": stat, "ReturnData": False, **query}


MATH: dict[str, Any] = dict.fromkeys(("MetricName", "Namespace", "Statistic", "Period"))


def test_an_alarm_on_an_expression(room: Room) -> None:
    rate = {"Id": "rate", "Expression": "100 * errors / requests"}
    room.alarm(**MATH, Metrics=[metric("errors", "errors"), metric("requests", "requests"), rate])
    room.put(1)
    room.put(100, "requests")
    room.clock.advance(1)
    assert room.state() == "OK"
    room.put(20)
    room.clock.advance(1)
    assert room.state() == "ALARM"
    assert room.find()["Metrics"][2]["Expression"] == rate["Expression"]
    assert "Dimensions" not in room.find()
    found = room.client.describe_alarms_for_metric(Namespace="Shop", MetricName="requests")["MetricAlarms"]
    assert [one["AlarmName"] for one in found] == ["a"]


def test_a_percentile_with_few_samples_can_be_ignored(room: Room) -> None:
    percentile: dict[str, Any] = {"Statistic": None, "ExtendedStatistic": "p90"}
    room.alarm(**percentile, EvaluateLowSampleCountPercentile="ignore")
    room.alarm("b", **percentile)
    room.put(9)
    room.clock.advance(1)
    assert (room.state("a"), room.state("b")) == ("INSUFFICIENT_DATA", "ALARM")
    many = {"MetricName": "errors", "Values": [8.0, 9.0], "Counts": [50, 60]}
    room.client.put_metric_data(Namespace="Shop", MetricData=[many])
    room.clock.advance(1)
    assert room.state("a") == "ALARM"


def test_a_band_finds_what_was_planted_and_is_quiet_on_the_season(room: Room) -> None:
    dice = random.Random(5)

    def expected(at: datetime) -> float:
        return 100 + 50 * math.sin(at.timestamp() % 86400 / 86400 * 2 * math.pi) + dice.gauss(0, 2)

    start = room.clock.now() - timedelta(days=13)
    times = [start + timedelta(minutes=5 * step) for step in range(13 * 288)]
    for place in range(0, len(times), 1000):
        data = [{"MetricName": "load", "Timestamp": at, "Value": expected(at)} for at in times[place : place + 1000]]
        room.client.put_metric_data(Namespace="Shop", MetricData=data)
    load = metric("load", "m", ReturnData=True)
    load["MetricStat"] = {**load["MetricStat"], "Period": 300, "Stat": "Average"}
    band = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 5)", "ReturnData": True}
    room.alarm(
        **MATH,
        Metrics=[load, band],
        ThresholdMetricId="band",
        Threshold=None,
        ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold",
    )
    for _ in range(24):
        room.put(expected(room.clock.now()), "load")
        room.clock.advance(300)
    assert [new for _, _, new in room.heard] == ["OK"]
    room.put(expected(room.clock.now()) + 60, "load")
    room.clock.advance(1)
    assert room.state() == "ALARM"
    assert "outside the band" in room.find()["StateReason"]


BANDED: dict[str, Any] = {
    "ThresholdMetricId": "band",
    "Threshold": None,
    "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
}


def test_an_expression_has_a_band(room: Room) -> None:
    dice = random.Random(7)
    start = room.clock.now() - timedelta(hours=10)
    for step in range(120):
        for name, value in (("errors", dice.gauss(10, 1)), ("requests", 100.0)):
            room.put(value, name, ago=(room.clock.now() - start).total_seconds() - 300 * step)
    queries: list[dict[str, Any]] = [metric("errors", "errors"), metric("requests", "requests")]
    rate = {"Id": "rate", "Expression": "100 * errors / requests"}
    band = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(rate, 6)"}
    window = {"StartTime": room.clock.now() - timedelta(minutes=30), "EndTime": room.clock.now()}
    _, upper, lower = room.client.get_metric_data(MetricDataQueries=[*queries, rate, band], **window)[
        "MetricDataResults"
    ]
    assert len(upper["Values"]) == len(lower["Values"]) == 30
    assert 12 < upper["Values"][0] < 20
    assert 0 < lower["Values"][0] < 8
    room.alarm(**MATH, **BANDED, Metrics=[*queries, rate, band])
    room.put(10)
    room.put(100, "requests")
    room.clock.advance(60)
    assert room.state() == "OK"
    room.put(60)
    room.put(100, "requests")
    room.clock.advance(1)
    assert room.state() == "ALARM"


@pytest.mark.parametrize(
    ("more", "band", "words"),
    [
        ([], "ANOMALY_DETECTION_BAND(SUM(METRICS()))", "no expression with METRICS"),
        (
            [{"Id": "found", "Expression": "SUM(SEARCH('{Shop}', 'Sum', 60))", "ReturnData": False}],
            "ANOMALY_DETECTION_BAND(found)",
            "no expression with SEARCH",
        ),
        (
            [{"Id": "q", "Expression": "SELECT SUM(errors) FROM Shop", "ReturnData": False}],
            "ANOMALY_DETECTION_BAND(q)",
            "no query of Metrics Insights",
        ),
        (
            [{"Id": "other", "Expression": "FIRST(ANOMALY_DETECTION_BAND(errors))", "ReturnData": False}],
            "ANOMALY_DETECTION_BAND(other)",
            "one ANOMALY_DETECTION_BAND at most",
        ),
        (
            [metric(f"m{place}", f"m{place}") for place in range(11)],
            f"ANOMALY_DETECTION_BAND({'+'.join(f'm{place}' for place in range(11))})",
            "at most 10",
        ),
        (
            [metric("slow", "slow") | {"MetricStat": {**metric("slow", "slow")["MetricStat"], "Period": 300}}],
            "ANOMALY_DETECTION_BAND(errors + slow)",
            "one period",
        ),
        (
            [metric("fast", "fast") | {"MetricStat": {**metric("fast", "fast")["MetricStat"], "Period": 10}}],
            "ANOMALY_DETECTION_BAND(fast * 2)",
            "high-resolution",
        ),
    ],
)
def test_expressions_without_a_band_say_why(room: Room, more: list[dict[str, Any]], band: str, words: str) -> None:
    queries = [metric("errors", "errors"), *more, {"Id": "band", "Expression": band}]
    window = {"StartTime": room.clock.now() - timedelta(minutes=30), "EndTime": room.clock.now()}
    with pytest.raises(ClientError, match=f"Error in expression 'band': .*{words}"):
        room.client.get_metric_data(MetricDataQueries=queries, **window)
    queries[0] = queries[0] | {"ReturnData": True}
    with pytest.raises(ClientError):
        room.alarm(**MATH, **BANDED, Metrics=queries)


def test_composites_follow_their_children(room: Room) -> None:
    for name in ("x", "y", "z"):
        room.alarm(name, MetricName=f"none-{name}")
    room.composite("two", "AT_LEAST(2, ALARM, (x, y, z))", AlarmActions=[room.topic])
    room.composite("top", 'ALARM("two") AND NOT ALARM(z)')
    assert (room.state("two"), room.state("top")) == ("OK", "OK")
    room.set("x", "ALARM")
    assert room.state("two") == "OK"
    room.set("y", "ALARM")
    assert (room.state("two"), room.state("top")) == ("ALARM", "ALARM")
    triggering = json.loads(room.find("two")["StateReasonData"])["triggeringAlarms"]
    assert [one["arn"].rpartition(":")[2] for one in triggering] == ["x", "y"]
    assert room.find("two")["StateReason"].split(":alarm:")[1].startswith("y transitioned to ALARM at ")
    room.set("z", "ALARM")
    assert (room.state("two"), room.state("top"), len(room.mails)) == ("ALARM", "OK", 1)
    told = json.loads(room.mails[0]["message"])
    assert [one["State"]["Value"] for one in told["TriggeringChildren"]] == ["ALARM", "ALARM"]
    children = room.client.describe_alarms(ChildrenOfAlarmName="top")
    assert [one["AlarmName"] for one in children["CompositeAlarms"] + children["MetricAlarms"]] == ["two", "z"]
    parents = room.client.describe_alarms(ParentsOfAlarmName="z")["CompositeAlarms"]
    assert [one["AlarmName"] for one in parents] == ["top", "two"]
    assert [item["AlarmType"] for item in room.items("two")][:1] == ["CompositeAlarm"]


def test_composites_in_a_circle_end(room: Room) -> None:
    room.alarm("x", MetricName="none")
    room.composite("p", "ALARM(x)")
    room.composite("q", "NOT ALARM(p)")
    room.composite("p", "ALARM(q) OR ALARM(x)")
    room.set("x", "ALARM")
    assert room.state("p") in ("ALARM", "OK")
    with pytest.raises(ClientError, match="depend on it"):
        room.client.delete_alarms(AlarmNames=["p"])
    room.composite("p", "FALSE")
    room.client.delete_alarms(AlarmNames=["q"])
    room.client.delete_alarms(AlarmNames=["p", "x"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"AlarmRule": "ALARM(nobody)"}, r"alarms \[nobody\] in the alarm rule do not exist"),
        ({"AlarmRule": "ALARM(c)"}, "itself"),
        ({"AlarmRule": "ALARM(x"}, "too early"),
        ({"AlarmName": "x"}, "metric alarm with the name x"),
        ({"ActionsSuppressor": "x"}, "required when"),
        ({"ActionsSuppressorWaitPeriod": 5}, "needs ActionsSuppressor"),
        ({"AlarmActions": ["nonsense"]}, "arn syntax"),
    ],
)
def test_composites_that_are_refused(room: Room, change: dict[str, Any], words: str) -> None:
    room.alarm("x")
    with pytest.raises(ClientError, match=words):
        room.client.put_composite_alarm(**{"AlarmName": "c", "AlarmRule": "ALARM(x)", **change})


def test_a_suppressor_holds_actions_back(room: Room) -> None:
    for name in ("x", "maintenance"):
        room.alarm(name, MetricName=f"none-{name}", TreatMissingData="ignore")
    room.composite(
        "c",
        "ALARM(x)",
        AlarmActions=[room.topic],
        OKActions=[room.topic],
        ActionsSuppressor="maintenance",
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=120,
    )
    room.clock.advance(61)
    room.mails.clear()
    room.set("x", "ALARM")
    assert (room.find("c")["ActionsSuppressedBy"], room.mails) == ("WaitPeriod", [])
    room.set("maintenance", "ALARM")
    assert room.find("c")["ActionsSuppressedBy"] == "Alarm"
    room.clock.advance(600)
    assert room.mails == []
    room.set("maintenance", "OK")
    assert room.find("c")["ActionsSuppressedBy"] == "ExtensionPeriod"
    room.clock.advance(119)
    assert room.mails == []
    room.clock.advance(2)
    assert "ActionsSuppressedBy" not in room.find("c")
    assert [json.loads(mail["message"])["NewStateValue"] for mail in room.mails] == ["ALARM"]
    room.set("x", "OK")
    room.clock.advance(61)
    assert [json.loads(mail["message"])["NewStateValue"] for mail in room.mails] == ["ALARM", "OK"]


def test_what_came_and_went_behind_a_suppressor_is_not_told(room: Room) -> None:
    for name in ("x", "s"):
        room.alarm(name, MetricName=f"none-{name}", TreatMissingData="ignore")
    room.composite(
        "c",
        "ALARM(x)",
        AlarmActions=[room.topic],
        ActionsSuppressor="s",
        ActionsSuppressorWaitPeriod=0,
        ActionsSuppressorExtensionPeriod=0,
    )
    room.set("s", "ALARM")
    room.set("x", "ALARM")
    room.set("x", "OK")
    room.set("s", "OK")
    assert room.mails == []
    assert "ActionsSuppressedBy" not in room.find("c")


def test_eventbridge_is_told(room: Room) -> None:
    events: list[dict[str, Any]] = []
    room.backend.world.tool(bus.Interest).add(lambda _: True)
    room.backend.world.on(bus.TOPIC, lambda _, event: events.append(event))
    room.alarm()
    room.set("a", "ALARM")
    (event,) = (one for one in events if one["source"] == "aws.cloudwatch")
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"]["state"]["value"] == "ALARM"
    assert event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["name"] == "errors"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Period": 60, "EvaluationPeriods": 1441}, "across more than a day"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "across more than seven days"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "does not go with Threshold"),
        ({"ComparisonOperator": "Bigger"}, "enum value set"),
        ({"TreatMissingData": "forget"}, "TreatMissingData is one of"),
        ({"Statistic": None, "ExtendedStatistic": "p101"}, "p101"),
        ({"AlarmName": "c"}, "composite alarm with the name c"),
        ({"AlarmActions": ["arn:aws:sns:us-east-1:1:x"] * 6}, "size greater than 5"),
        ({**MATH, "Metrics": [metric("m", "m", ReturnData=True), {"Id": "e", "Expression": "m"}]}, "Exactly one"),
        (
            {**MATH, "Metrics": [metric("m", "m"), {"Id": "e", "Expression": "SUM(SEARCH('x', 'Sum', 60))"}]},
            "SEARCH is not supported",
        ),
        ({**MATH, "Metrics": [metric("m", "m"), {"Id": "e", "Expression": "m + e"}]}, "itself"),
    ],
)
def test_alarms_that_are_refused(room: Room, change: dict[str, Any], words: str) -> None:
    room.composite("c", "FALSE")
    with pytest.raises(ClientError, match=words):
        room.alarm(**{"name": change.pop("AlarmName", "a"), **change})


def test_at_most_one_composite_is_deleted_at_a_time(room: Room) -> None:
    for name in ("p", "q"):
        room.composite(name, "TRUE")
    with pytest.raises(ClientError, match="At most one composite"):
        room.client.delete_alarms(AlarmNames=["p", "q"])


def test_history_comes_in_pages(room: Room) -> None:
    room.alarm()
    for _ in range(60):
        room.set("a", "ALARM")
        room.set("a", "OK")
    pages = list(room.client.get_paginator("describe_alarm_history").paginate(AlarmName="a"))
    assert [len(page["AlarmHistoryItems"]) for page in pages] == [100, 21]
    assert room.items("none") == []


def test_alarms_go_on_after_a_restart(room: Room, clock: ManualClock) -> None:
    room.alarm()
    room.put(9)
    root = room.backend.root
    room.backend.close()
    with CheckedBackend(state=root, clock=clock) as again:
        client = again.session().client("cloudwatch")
        clock.advance(60)
        assert client.describe_alarms()["MetricAlarms"][0]["StateValue"] == "ALARM"
        clock.advance(240)
        assert client.describe_alarms()["MetricAlarms"][0]["StateValue"] == "INSUFFICIENT_DATA"


def test_without_alarms_no_timer_ticks(room: Room) -> None:
    room.alarm()
    assert room.backend.world.next_due() is not None
    room.client.delete_alarms(AlarmNames=["a"])
    room.clock.advance(61)
    assert room.backend.world.next_due() is None


def mute(room: Room, expression: str, duration: str = "PT2H", **given: Any) -> None:
    schedule = {"Expression": expression, "Duration": duration}
    targets = {"AlarmNames": ["a"]}
    room.client.put_alarm_mute_rule(Name="quiet", Rule={"Schedule": schedule}, MuteTargets=targets, **given)


def test_a_mute_rule_keeps_an_alarm_from_acting_until_its_window_ends(room: Room) -> None:
    room.alarm(AlarmActions=[room.topic], OKActions=[room.topic], TreatMissingData="ignore")
    now = room.clock.now()
    mute(room, f"at({now:%Y-%m-%dT%H:%M})", Description="a release")
    found = room.client.get_alarm_mute_rule(AlarmMuteRuleName="quiet")
    assert (found["Status"], found["MuteType"], found["MuteTargets"]) == ("ACTIVE", "ONE_TIME", {"AlarmNames": ["a"]})
    room.set("a", "OK")
    room.set("a", "ALARM")
    assert room.mails == []
    muted = room.items(HistoryItemType="Action")[0]
    assert "Muted" in json.loads(muted["HistoryData"])["error"]
    room.clock.advance(2 * 3600 + 1)
    (mail,) = room.mails
    told = json.loads(mail["message"])
    assert (told["NewStateValue"], told["OldStateValue"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert told["ActionExecutedAfterMuteWindow"] is True
    room.set("a", "OK")
    assert json.loads(room.mails[-1]["message"])["ActionExecutedAfterMuteWindow"] is False
    assert room.client.list_alarm_mute_rules(Statuses=["EXPIRED"])["AlarmMuteRuleSummaries"]


def test_what_came_and_went_in_a_window_is_not_told(room: Room) -> None:
    room.alarm(AlarmActions=[room.topic], OKActions=[room.topic], TreatMissingData="ignore")
    room.set("a", "OK")
    room.mails.clear()
    mute(room, "cron(* * * * *)", "PT1M", ExpireDate=room.clock.now() + timedelta(hours=1))
    room.set("a", "ALARM")
    room.clock.advance(1800)
    room.set("a", "OK")
    room.clock.advance(3600)
    assert room.mails == []
    room.client.delete_alarm_mute_rule(AlarmMuteRuleName="quiet")
    assert room.client.list_alarm_mute_rules(AlarmName="a")["AlarmMuteRuleSummaries"] == []


@pytest.mark.parametrize(
    ("expression", "duration", "words"),
    [
        ("rate(5 minutes)", "PT1H", "a schedule is cron"),
        ("cron(0 2 * *)", "PT1H", "5 fields"),
        ("cron(0 2 * * 7)", "PT1H", "named: SUN to SAT"),
        ("cron(0 25 * * *)", "PT1H", "hours"),
        ("cron(0 2 * * SUN)", "P16D", "15 days"),
        ("cron(0 2 * * SUN)", "PT30S", "a minute"),
        ("at(2026-02-30T10:00)", "PT1H", "Invalid schedule"),
    ],
)
def test_mute_rules_that_are_refused(room: Room, expression: str, duration: str, words: str) -> None:
    room.alarm()
    with pytest.raises(ClientError, match=words):
        mute(room, expression, duration)


def test_a_mute_rule_names_alarms_that_exist(room: Room) -> None:
    with pytest.raises(ClientError, match="do not exist: a"):
        mute(room, "cron(0 2 * * *)")


def test_an_alarm_calls_a_function_of_the_world_file(room: Room, tmp_path: Path) -> None:
    arn = f"arn:aws:lambda:us-east-1:{room.backend.account}:function:"
    with room.backend.world.transaction():
        scope = room.backend.world.scope(room.backend.account, "us-east-1")
        scope.put("page", LocalFunction("page", ("sh", "-c", "cat > told.json"), str(tmp_path)))
    room.alarm(AlarmActions=[f"{arn}page", f"{arn}none"])
    room.set("a", "ALARM")
    room.backend.settle()
    told = json.loads((tmp_path / "told.json").read_text())
    assert (told["source"], told["alarmData"]["state"]["value"]) == ("aws.cloudwatch", "ALARM")
    assert {item["HistorySummary"] for item in room.items(HistoryItemType="Action")} == {
        f"Successfully executed action {arn}page",
        f"Failed to execute action {arn}none",
    }


def test_a_call_that_fails_meanwhile_takes_no_evaluation_away(room: Room) -> None:
    room.alarm()
    room.clock.advance(60)
    room.put(9)
    with pytest.raises(ClientError):
        room.set("none", "OK")
    room.clock.advance(1)
    assert room.state() == "ALARM"
