"""Rules, targets, the one bus, and PutEvents: what AWS answers, and what it refuses in which words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from pointsman.clock import SystemClock
from support.backend import CheckedBackend

TOPIC = "arn:aws:sns:us-east-1:123456789012:releases"


@pytest.fixture
def events(backend: CheckedBackend) -> Any:
    return backend.session("us-east-1").client("events")


def refused(call: Callable[..., Any], **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_rule_is_made_read_changed_and_removed(events: Any) -> None:
    arn = events.put_rule(
        Name="ends", EventPattern='{"source": ["a"]}', Description="d", RoleArn="arn:aws:iam::1:role/r"
    )
    assert arn["RuleArn"] == "arn:aws:events:us-east-1:123456789012:rule/ends"
    assert events.describe_rule(Name="ends", EventBusName="default") | {"ResponseMetadata": 0} == {
        "Name": "ends",
        "Arn": arn["RuleArn"],
        "EventPattern": '{"source": ["a"]}',
        "State": "ENABLED",
        "Description": "d",
        "RoleArn": "arn:aws:iam::1:role/r",
        "EventBusName": "default",
        "CreatedBy": "123456789012",
        "ResponseMetadata": 0,
    }
    events.put_rule(Name="ends", ScheduleExpression="rate(5 minutes)", State="DISABLED")
    found = events.describe_rule(Name="ends")
    assert (found["ScheduleExpression"], found["State"]) == ("rate(5 minutes)", "DISABLED")
    assert not {"EventPattern", "Description", "RoleArn"} & set(found)
    events.enable_rule(Name="ends")
    assert events.describe_rule(Name="ends")["State"] == "ENABLED"
    events.put_targets(Rule="ends", Targets=[{"Id": "1", "Arn": TOPIC}])
    assert refused(events.delete_rule, Name="ends") == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    events.remove_targets(Rule="ends", Ids=["1"])
    events.delete_rule(Name="ends")
    events.delete_rule(Name="ends")
    assert refused(events.describe_rule, Name="ends") == (
        "ResourceNotFoundException",
        "Rule ends does not exist on EventBus default.",
    )


def test_rules_and_targets_come_in_pages(events: Any) -> None:
    for name in ("b", "a2", "a1", "c"):
        events.put_rule(Name=name, EventPattern='{"source": ["a"]}')
        targets = [{"Id": str(at), "Arn": f"{TOPIC}{at}"} for at in range(3)]
        events.put_targets(Rule=name, Targets=targets)
    first = events.list_rules(Limit=3)
    assert [one["Name"] for one in first["Rules"]] == ["a1", "a2", "b"]
    assert [one["Name"] for one in events.list_rules(NextToken=first["NextToken"])["Rules"]] == ["c"]
    assert [one["Name"] for one in events.list_rules(NamePrefix="a")["Rules"]] == ["a1", "a2"]
    found = events.list_targets_by_rule(Rule="a1", Limit=2)
    assert [one["Id"] for one in found["Targets"]] == ["0", "1"]
    rest = events.list_targets_by_rule(Rule="a1", NextToken=found["NextToken"])
    assert rest["Targets"] == [{"Id": "2", "Arn": f"{TOPIC}2"}]
    names = events.list_rule_names_by_target(TargetArn=f"{TOPIC}1", Limit=3)
    assert names["RuleNames"] == ["a1", "a2", "b"]
    assert events.list_rule_names_by_target(TargetArn=f"{TOPIC}1", NextToken=names["NextToken"])["RuleNames"] == ["c"]
    assert events.list_rule_names_by_target(TargetArn="arn:aws:sns:x")["RuleNames"] == []


def test_tags_stay_when_a_rule_is_put_again(events: Any) -> None:
    arn = events.put_rule(Name="r", EventPattern='{"a": [1]}', Tags=[{"Key": "team", "Value": "x"}])["RuleArn"]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "env", "Value": "y"}])
    events.put_rule(Name="r", EventPattern='{"a": [2]}', Tags=[{"Key": "no", "Value": "z"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "env", "Value": "y"}]
    assert refused(events.list_tags_for_resource, ResourceARN=f"{arn}x")[0] == "ResourceNotFoundException"
    wrong = {"ResourceARN": arn, "Tags": [{"Key": "aws:x", "Value": "y"}]}
    assert refused(events.tag_resource, **wrong)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ({"Name": "r"}, "ValidationException", "EventPattern or ScheduleExpression must be specified"),
        ({"Name": "a b", "EventPattern": "{}"}, "ValidationException", "pattern"),
        ({"Name": "r", "EventPattern": "{}"}, "InvalidEventPatternException", "Empty objects"),
        ({"Name": "r", "EventPattern": "[markup]"}, "InvalidEventPatternException", "not JSON"),
        (
            {"Name": "r", "ScheduleExpression": "rate(1 minutes)"},
            "ValidationException",
            "ScheduleExpression is not valid",
        ),
        ({"Name": "r", "EventPattern": '{"a": [1]}', "State": "ON"}, "ValidationException", "enum value set"),
        ({"Name": "r", "EventPattern": '{"a": [1]}', "EventBusName": "x"}, "ResourceNotFoundException", "bus x"),
    ],
)
def test_a_rule_that_cannot_be(events: Any, given: dict[str, Any], code: str, said: str) -> None:
    found = refused(events.put_rule, **given)
    assert found[0] == code
    assert said in found[1]


@pytest.mark.parametrize(
    ("target", "code", "said"),
    [
        ({"Arn": "no"}, "ValidationException", "correct format"),
        ({"Arn": "arn:aws:sqs:us-east-1:123456789012:q"}, "NotImplemented", "no sqs targets"),
        ({"Arn": TOPIC, "Input": "{"}, "ValidationException", "JSON syntax error in input"),
        ({"Arn": TOPIC, "InputPath": "detail"}, "ValidationException", "Invalid InputPath"),
        ({"Arn": TOPIC, "Input": "{}", "InputPath": "$"}, "ValidationException", "Only one of"),
        (
            {"Arn": TOPIC, "InputTransformer": {"InputTemplate": "<who>"}},
            "ValidationException",
            "not defined: who",
        ),
    ],
)
def test_a_target_that_cannot_be(events: Any, target: dict[str, Any], code: str, said: str) -> None:
    events.put_rule(Name="r", EventPattern='{"a": [1]}')
    found = refused(events.put_targets, Rule="r", Targets=[{"Id": "1", **target}])
    assert found[0] == code
    assert said in found[1]
    assert events.list_targets_by_rule(Rule="r")["Targets"] == []


def test_a_rule_has_five_targets_and_loses_those_it_has(events: Any) -> None:
    events.put_rule(Name="r", EventPattern='{"a": [1]}')
    many = [{"Id": str(at), "Arn": TOPIC} for at in range(6)]
    assert refused(events.put_targets, Rule="r", Targets=many)[0] == "LimitExceededException"
    events.put_targets(Rule="r", Targets=many[:5])
    answer = events.remove_targets(Rule="r", Ids=["0", "9"])
    assert answer["FailedEntryCount"] == 1
    assert [one["TargetId"] for one in answer["FailedEntries"]] == ["9"]
    assert refused(events.put_targets, Rule="none", Targets=many[:1])[0] == "ResourceNotFoundException"


def test_entries_fail_one_by_one(events: Any) -> None:
    fine = {"Source": "shop", "DetailType": "order", "Detail": "{}"}
    entries = [
        fine,
        {**fine, "Detail": "[1]"},
        {**fine, "Detail": "{"},
        {**fine, "Source": "aws.ec2"},
        {**fine, "EventBusName": "other"},
        {"Detail": "{}", "DetailType": "x"},
        {"Source": "shop", "Detail": "{}"},
    ]
    answer = events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 6
    assert [one.get("ErrorCode", "") for one in answer["Entries"]] == [
        "",
        "MalformedDetail",
        "MalformedDetail",
        "NotAuthorizedForSourceException",
        "InvalidArgument",
        "InvalidArgument",
        "InvalidArgument",
    ]
    assert answer["Entries"][0]["EventId"]
    big = {**fine, "Detail": json.dumps({"x": "y" * 300_000})}
    assert refused(events.put_events, Entries=[big])[1] == "Total size of the entries in the request is over the limit."
    assert refused(events.put_events, Entries=[fine] * 11)[0] == "ValidationException"


EVENT = {
    "id": "1",
    "account": "123456789012",
    "source": "shop",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail-type": "order",
    "detail": {"total": 5},
}


def test_a_pattern_is_tried(events: Any) -> None:
    def tried(pattern: Any) -> bool:
        return bool(events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(EVENT))["Result"])

    assert tried({"detail": {"total": [{"numeric": [">", 4]}]}})
    assert not tried({"detail": {"total": [{"numeric": [">", 5]}]}})
    bare = {"EventPattern": '{"a": [1]}', "Event": '{"source": "x"}'}
    assert "it has no id, account" in refused(events.test_event_pattern, **bare)[1]
    assert refused(events.test_event_pattern, EventPattern="{}", Event="{}")[0] == "InvalidEventPatternException"


def test_there_is_one_bus(events: Any) -> None:
    arn = "arn:aws:events:us-east-1:123456789012:event-bus/default"
    assert events.list_event_buses()["EventBuses"] == [{"Name": "default", "Arn": arn}]
    assert events.list_event_buses(NamePrefix="x")["EventBuses"] == []
    assert events.describe_event_bus(Name=arn)["Name"] == "default"
    assert refused(events.describe_event_bus, Name="x")[0] == "ResourceNotFoundException"
    assert refused(events.create_event_bus, Name="x")[0] == "NotImplemented"


# -- moto -------------------------------------------------------------------------------------------------------------


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in answer.items() if key not in ("ResponseMetadata", "NextToken")}
    return {key: value for key, value in kept.items() if value not in (None, "")}


def kept(client: Any) -> Any:
    client.put_rule(Name="ends", EventPattern='{"source": ["shop"]}', Description="d")
    client.put_rule(Name="often", ScheduleExpression="rate(5 minutes)")
    client.disable_rule(Name="ends")
    client.put_targets(Rule="ends", Targets=[{"Id": "1", "Arn": TOPIC, "Input": "{}"}, {"Id": "2", "Arn": TOPIC}])
    client.remove_targets(Rule="ends", Ids=["1"])
    return (
        _plain(client.describe_rule(Name="ends")),
        [_plain(one) for one in client.list_rules()["Rules"]],
        client.list_targets_by_rule(Rule="ends")["Targets"],
        client.list_rule_names_by_target(TargetArn=TOPIC)["RuleNames"],
    )


PATTERNS: list[dict[str, Any]] = [
    {"source": ["shop"]},
    {"source": [{"prefix": "sh"}], "detail": {"total": [{"numeric": [">", 1, "<=", 5]}]}},
    {"detail": {"total": [{"exists": False}]}},
    {"detail": {"other": [{"exists": False}]}},
    {"detail": {"total": [4, 6]}},
]


def matched(session: Any, settle: Callable[[], object]) -> list[int]:
    """How many of three events reach the log group of each pattern's rule."""
    events, logs = session.client("events"), session.client("logs")
    for at, pattern in enumerate(PATTERNS):
        logs.create_log_group(logGroupName=f"g{at}")
        events.put_rule(Name=f"r{at}", EventPattern=json.dumps(pattern))
        arn = f"arn:aws:logs:us-east-1:123456789012:log-group:g{at}"
        events.put_targets(Rule=f"r{at}", Targets=[{"Id": "1", "Arn": arn}])
    details = [{"total": 5}, {"total": 6}, {"other": 1}]
    entries = [{"Source": "shop", "DetailType": "order", "Detail": json.dumps(one)} for one in details]
    events.put_events(Entries=entries)
    settle()
    return [len(logs.filter_log_events(logGroupName=f"g{at}")["events"]) for at in range(len(PATTERNS))]


def test_moto_and_this_backend_match_alike(backend: CheckedBackend) -> None:
    with mock_aws():
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        theirs = matched(boto3.Session(region_name="us-east-1", **keys), lambda: None)
    assert matched(backend.session("us-east-1"), backend.settle) == theirs == [3, 1, 1, 2, 1]


def turned_down(client: Any) -> Any:
    client.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": TOPIC}])
    calls: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (client.describe_rule, {"Name": "none"}),
        (client.put_targets, {"Rule": "none", "Targets": [{"Id": "1", "Arn": TOPIC}]}),
        (client.list_targets_by_rule, {"Rule": "none"}),
        (client.put_rule, {"Name": "r", "EventPattern": "no"}),
        (client.delete_rule, {"Name": "r"}),
        (client.put_events, {"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}"}] * 11}),
    ]
    return [refused(call, **given)[0] for call, given in calls]


@pytest.mark.parametrize("play", [kept, turned_down])
def test_moto_and_this_backend_answer_alike(play: Callable[[Any], Any]) -> None:
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    with mock_aws():
        theirs = play(boto3.client("events", region_name="us-east-1", **keys))
    with CheckedBackend(clock=SystemClock()) as ours:
        assert play(ours.session("us-east-1").client("events")) == theirs
