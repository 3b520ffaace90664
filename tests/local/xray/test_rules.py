from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH, ManualClock
from support.backend import CheckedBackend

RULE: dict[str, Any] = {
    "RuleName": "buy",
    "ResourceARN": "*",
    "Priority": 10,
    "FixedRate": 0.25,
    "ReservoirSize": 5,
    "ServiceName": "shop",
    "ServiceType": "*",
    "Host": "*",
    "HTTPMethod": "POST",
    "URLPath": "/buy*",
    "Version": 1,
}
ONE, TWO, THREE = "a" * 24, "b" * 24, "c" * 24


@pytest.fixture
def xray(backend: CheckedBackend) -> Any:
    return backend.session().client("xray")


def names(xray: Any) -> list[str]:
    return [one["SamplingRule"]["RuleName"] for one in xray.get_sampling_rules()["SamplingRuleRecords"]]


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def targets(xray: Any, clock: ManualClock, client: str, rule: str = "buy", **counts: int) -> dict[str, Any]:
    document = {"RuleName": rule, "ClientID": client, "Timestamp": clock.now(), "RequestCount": 9, "SampledCount": 3}
    found: dict[str, Any] = xray.get_sampling_targets(SamplingStatisticsDocuments=[document | counts])
    return found


def quota(xray: Any, clock: ManualClock, client: str) -> int:
    return int(targets(xray, clock, client)["SamplingTargetDocuments"][0]["ReservoirQuota"])


def test_the_default_rule_is_always_there_and_asked_last(xray: Any) -> None:
    assert names(xray) == ["Default"]
    xray.create_sampling_rule(SamplingRule=RULE)
    xray.create_sampling_rule(SamplingRule=RULE | {"RuleName": "first", "Priority": 1})
    assert names(xray) == ["first", "buy", "Default"]
    default = xray.get_sampling_rules()["SamplingRuleRecords"][-1]["SamplingRule"]
    assert (default["FixedRate"], default["ReservoirSize"], default["Priority"]) == (0.05, 1, 10_000)
    assert refused(xray.delete_sampling_rule, RuleName="Default")[0] == "InvalidRequestException"
    changed = xray.update_sampling_rule(SamplingRuleUpdate={"RuleName": "Default", "FixedRate": 1.0})
    assert changed["SamplingRuleRecord"]["SamplingRule"]["FixedRate"] == 1.0
    assert "Host" in refused(xray.update_sampling_rule, SamplingRuleUpdate={"RuleName": "Default", "Host": "a"})[1]


def test_a_rule_is_changed_and_forgotten_by_name_or_arn(xray: Any, clock: ManualClock) -> None:
    made = xray.create_sampling_rule(SamplingRule=RULE)["SamplingRuleRecord"]
    assert made["CreatedAt"] == EPOCH
    arn = made["SamplingRule"]["RuleARN"]
    assert arn == "arn:aws:xray:us-east-1:123456789012:sampling-rule/buy"
    clock.advance(5)
    changed = xray.update_sampling_rule(SamplingRuleUpdate={"RuleARN": arn, "Priority": 20, "URLPath": "/x"})
    record = changed["SamplingRuleRecord"]
    assert (record["SamplingRule"]["Priority"], record["SamplingRule"]["URLPath"]) == (20, "/x")
    assert record["ModifiedAt"] == EPOCH + timedelta(seconds=5)
    both = {"RuleARN": arn, "RuleName": "buy"}
    assert "not both" in refused(xray.update_sampling_rule, SamplingRuleUpdate=both)[1]
    xray.delete_sampling_rule(RuleARN=arn)
    assert names(xray) == ["Default"]
    assert refused(xray.delete_sampling_rule, RuleName="buy")[0] == "InvalidRequestException"


@pytest.mark.parametrize(
    "change",
    [
        {"RuleName": "Default"},
        {"RuleName": "a" * 33},
        {"Version": 2},
        {"Priority": 10_000},
        {"FixedRate": 1.5},
        {"Host": "a" * 65},
        {"Attributes": {f"k{n}": "v" for n in range(6)}},
        {"RuleARN": "arn:x"},
    ],
)
def test_a_rule_out_of_bounds_is_refused(xray: Any, change: dict[str, Any]) -> None:
    assert refused(xray.create_sampling_rule, SamplingRule=RULE | change)[0] == "InvalidRequestException"


def test_twenty_five_rules_and_no_more(xray: Any) -> None:
    for number in range(25):
        xray.create_sampling_rule(SamplingRule=RULE | {"RuleName": f"r{number}"})
    assert refused(xray.create_sampling_rule, SamplingRule=RULE)[0] == "RuleLimitExceededException"


def test_a_reservoir_is_split_over_the_clients_that_use_it(xray: Any, clock: ManualClock) -> None:
    xray.create_sampling_rule(SamplingRule=RULE)
    answer = targets(xray, clock, ONE)
    assert answer["SamplingTargetDocuments"] == [
        {
            "RuleName": "buy",
            "FixedRate": 0.25,
            "ReservoirQuota": 5,
            "ReservoirQuotaTTL": EPOCH + timedelta(minutes=5),
            "Interval": 10,
        }
    ]
    assert answer["LastRuleModification"] == EPOCH
    assert [quota(xray, clock, client) for client in (TWO, THREE, ONE)] == [2, 1, 2]
    clock.advance(40)  # the others have gone
    assert quota(xray, clock, THREE) == 5


def test_what_cannot_be_taken_in_is_named(xray: Any, clock: ManualClock) -> None:
    [gone] = targets(xray, clock, ONE, "gone")["UnprocessedStatistics"]
    assert (gone["RuleName"], gone["ErrorCode"]) == ("gone", "RuleNotFound")
    document = {"RuleName": "Default", "ClientID": ONE, "RequestCount": 1, "SampledCount": 1}
    late = document | {"Timestamp": EPOCH - timedelta(hours=1)}
    answer = xray.get_sampling_targets(SamplingStatisticsDocuments=[late])
    assert answer["UnprocessedStatistics"][0]["ErrorCode"] == "StatisticsTooOld"
    assert answer["SamplingTargetDocuments"] == []


def test_statistics_are_kept_by_window_for_a_while(xray: Any, clock: ManualClock) -> None:
    xray.create_sampling_rule(SamplingRule=RULE)
    targets(xray, clock, ONE, BorrowCount=1)
    targets(xray, clock, TWO)
    clock.advance(10)
    targets(xray, clock, ONE)
    found = xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"]
    assert found == [
        {"RuleName": "buy", "Timestamp": EPOCH, "RequestCount": 18, "BorrowCount": 1, "SampledCount": 6},
        {
            "RuleName": "buy",
            "Timestamp": EPOCH + timedelta(seconds=10),
            "RequestCount": 9,
            "BorrowCount": 0,
            "SampledCount": 3,
        },
    ]
    clock.advance(11 * 60)
    assert xray.get_sampling_statistic_summaries()["SamplingStatisticSummaries"] == []


def test_a_group_is_made_changed_listed_and_forgotten(xray: Any) -> None:
    made = xray.create_group(GroupName="slow", FilterExpression="duration > 5")["Group"]
    assert made["GroupARN"].startswith("arn:aws:xray:us-east-1:123456789012:group/slow/")
    assert made["InsightsConfiguration"] == {"InsightsEnabled": False, "NotificationsEnabled": False}
    assert xray.get_group(GroupARN=made["GroupARN"])["Group"] == made
    changed = xray.update_group(
        GroupName="slow", FilterExpression="duration > 9", InsightsConfiguration={"InsightsEnabled": True}
    )["Group"]
    assert changed["FilterExpression"] == "duration > 9"
    assert [one["GroupName"] for one in xray.get_groups()["Groups"]] == ["slow"]
    xray.delete_group(GroupName="slow")
    assert xray.get_groups()["Groups"] == []
    assert refused(xray.get_group, GroupName="slow")[0] == "InvalidRequestException"


@pytest.mark.parametrize(
    "given",
    [
        {"GroupName": "Default"},
        {"GroupName": "a b"},
        {"GroupName": "a" * 33},
        {"GroupName": "x", "FilterExpression": "nonsense >"},
        {"GroupName": "x", "FilterExpression": 'group.name = "absent"'},
        {"GroupName": "x", "InsightsConfiguration": {"NotificationsEnabled": True}},
    ],
)
def test_a_group_that_makes_no_sense_is_refused(xray: Any, given: dict[str, Any]) -> None:
    assert refused(xray.create_group, **given)[0] == "InvalidRequestException"
    assert xray.get_groups()["Groups"] == []


def test_a_group_that_speaks_of_itself_is_refused_and_stays_as_it_was(xray: Any) -> None:
    xray.create_group(GroupName="a", FilterExpression="ok")
    xray.create_group(GroupName="b", FilterExpression='group.name = "a"')
    _, message = refused(xray.update_group, GroupName="a", FilterExpression='group.name = "b"')
    assert "without an end" in message
    assert xray.get_group(GroupName="a")["Group"]["FilterExpression"] == "ok"


def test_groups_and_rules_have_tags(xray: Any) -> None:
    tags = [{"Key": "team", "Value": "shop"}]
    group = xray.create_group(GroupName="a", Tags=tags)["Group"]["GroupARN"]
    rule = xray.create_sampling_rule(SamplingRule=RULE, Tags=tags)["SamplingRuleRecord"]["SamplingRule"]["RuleARN"]
    for arn in (group, rule):
        assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags
        xray.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": "prod"}])
        xray.untag_resource(ResourceARN=arn, TagKeys=["team"])
        assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": "prod"}]
        many = [{"Key": f"k{n}", "Value": ""} for n in range(51)]
        assert refused(xray.tag_resource, ResourceARN=arn, Tags=many)[0] == "TooManyTagsException"
        reserved = [{"Key": "aws:x", "Value": ""}]
        assert refused(xray.tag_resource, ResourceARN=arn, Tags=reserved)[0] == "InvalidRequestException"
        gone = arn.replace("us-east-1", "eu-west-1")
        assert refused(xray.list_tags_for_resource, ResourceARN=gone)[0] == "ResourceNotFoundException"


def test_encryption_settles_after_a_moment(xray: Any, clock: ManualClock) -> None:
    assert xray.get_encryption_config()["EncryptionConfig"] == {"Type": "NONE", "Status": "ACTIVE"}
    assert xray.put_encryption_config(Type="KMS", KeyId="alias/x")["EncryptionConfig"]["Status"] == "UPDATING"
    clock.advance(11)
    expected = {"Type": "KMS", "KeyId": "alias/x", "Status": "ACTIVE"}
    assert xray.get_encryption_config()["EncryptionConfig"] == expected
    assert refused(xray.put_encryption_config, Type="KMS")[0] == "InvalidRequestException"


def test_indexing_rules_and_where_segments_go(xray: Any) -> None:
    rule = {"Probabilistic": {"DesiredSamplingPercentage": 5.0}}
    assert xray.update_indexing_rule(Name="Default", Rule=rule)["IndexingRule"]["ModifiedAt"] == EPOCH
    [found] = xray.get_indexing_rules()["IndexingRules"]
    assert found["Rule"]["Probabilistic"]["ActualSamplingPercentage"] == 5.0
    assert refused(xray.update_indexing_rule, Name="x", Rule=rule)[0] == "ResourceNotFoundException"
    assert xray.get_trace_segment_destination()["Destination"] == "XRay"
    assert refused(xray.update_trace_segment_destination, Destination="CloudWatchLogs")[0] == "NotImplemented"


def test_telemetry_is_taken_and_bounded(backend: CheckedBackend, xray: Any, clock: ManualClock) -> None:
    from pointsman.local.xray.intake import Telemetry

    for number in range(60):
        clock.advance(1)
        record = {"Timestamp": clock.now(), "SegmentsReceivedCount": number}
        xray.put_telemetry_records(TelemetryRecords=[record], Hostname=f"h{number:02}")
    found = [one for _, one in backend.world.scope(backend.account, "us-east-1").scan(Telemetry)]
    assert (len(found), found[-1].received) == (50, 59)


def test_what_is_not_built_says_so(xray: Any) -> None:
    assert refused(xray.get_insight_summaries, StartTime=EPOCH, EndTime=EPOCH) == (
        "NotImplemented",
        "Pointsman's backend does not answer xray:GetInsightSummaries",
    )
