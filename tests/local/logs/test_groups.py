"""Groups and streams: names, pages, orders, retention."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH, ManualClock
from support.backend import CheckedBackend

NOW = int(EPOCH.timestamp() * 1000)


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    return backend.session().client("logs")


def test_a_group_as_aws_describes_it(client: Any) -> None:
    client.create_log_group(logGroupName="/aws/codebuild/web", tags={"a": "b"})
    (group,) = client.describe_log_groups()["logGroups"]
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/codebuild/web"
    assert (group["arn"], group["logGroupArn"], group["logGroupClass"]) == (f"{arn}:*", arn, "STANDARD")
    assert group["creationTime"] == NOW and "retentionInDays" not in group
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "b"}
    with pytest.raises(client.exceptions.ResourceAlreadyExistsException):
        client.create_log_group(logGroupName="/aws/codebuild/web")


def test_retention_is_one_of_the_days_aws_allows(client: Any) -> None:
    client.create_log_group(logGroupName="g")
    client.put_retention_policy(logGroupName="g", retentionInDays=14)
    assert client.describe_log_groups()["logGroups"][0]["retentionInDays"] == 14
    client.delete_retention_policy(logGroupName="g")
    assert "retentionInDays" not in client.describe_log_groups()["logGroups"][0]
    with pytest.raises(ClientError, match="retentionInDays"):
        client.put_retention_policy(logGroupName="g", retentionInDays=2)


def test_groups_by_prefix_pattern_and_page(client: Any) -> None:
    for name in ("/a/one", "/a/two", "/b/Three"):
        client.create_log_group(logGroupName=name)

    def named(**options: Any) -> list[str]:
        pages = client.get_paginator("describe_log_groups").paginate(**options, PaginationConfig={"PageSize": 1})
        return [group["logGroupName"] for page in pages for group in page["logGroups"]]

    assert named() == ["/a/one", "/a/two", "/b/Three"]
    assert named(logGroupNamePrefix="/a/") == ["/a/one", "/a/two"]
    assert named(logGroupNamePattern="three") == ["/b/Three"]
    with pytest.raises(ClientError, match="mutually exclusive"):
        named(logGroupNamePrefix="/a", logGroupNamePattern="b")


def test_a_deleted_group_takes_its_events_along(client: Any) -> None:
    client.create_log_group(logGroupName="g")
    client.create_log_stream(logGroupName="g", logStreamName="s")
    client.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": NOW, "message": "x"}])
    client.delete_log_group(logGroupName="g")
    client.create_log_group(logGroupName="g")
    assert client.describe_log_streams(logGroupName="g")["logStreams"] == []
    client.create_log_stream(logGroupName="g", logStreamName="s")
    assert client.get_log_events(logGroupName="g", logStreamName="s")["events"] == []


def test_streams_by_name_and_by_last_event(client: Any, clock: ManualClock) -> None:
    client.create_log_group(logGroupName="g")
    for index, name in enumerate(("b", "a", "c", "empty")):
        client.create_log_stream(logGroupName="g", logStreamName=name)
        if name != "empty":
            event = {"timestamp": NOW + index, "message": "x"}
            client.put_log_events(logGroupName="g", logStreamName=name, logEvents=[event])

    def named(**options: Any) -> list[str]:
        pages = client.get_paginator("describe_log_streams").paginate(
            logGroupName="g", **options, PaginationConfig={"PageSize": 2}
        )
        return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]

    assert named() == ["a", "b", "c", "empty"]
    assert named(descending=True) == ["empty", "c", "b", "a"]
    assert named(logStreamNamePrefix="e") == ["empty"]
    assert named(orderBy="LastEventTime", descending=True) == ["c", "a", "b", "empty"]
    assert named(orderBy="LastEventTime") == ["empty", "b", "a", "c"]
    with pytest.raises(ClientError, match="Cannot order by LastEventTime"):
        named(orderBy="LastEventTime", logStreamNamePrefix="e")


def test_a_stream_says_when_its_events_were(client: Any, clock: ManualClock) -> None:
    client.create_log_group(logGroupName="g")
    client.create_log_stream(logGroupName="g", logStreamName="s")
    clock.advance(5)
    events = [{"timestamp": NOW + time, "message": "x"} for time in (1, 3)]
    client.put_log_events(logGroupName="g", logStreamName="s", logEvents=events)
    (stream,) = client.describe_log_streams(logGroupName="g")["logStreams"]
    assert (stream["creationTime"], stream["firstEventTimestamp"]) == (NOW, NOW + 1)
    assert (stream["lastEventTimestamp"], stream["lastIngestionTime"]) == (NOW + 3, NOW + 5000)
    client.delete_log_stream(logGroupName="g", logStreamName="s")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_log_stream(logGroupName="g", logStreamName="s")


@pytest.mark.parametrize("name", ["with:colon", "with*star"])
def test_stream_names_aws_would_not_take(client: Any, name: str) -> None:
    client.create_log_group(logGroupName="g")
    with pytest.raises(ClientError, match="logStreamName"):
        client.create_log_stream(logGroupName="g", logStreamName=name)


def test_groups_are_listed_by_class_and_by_texts_in_their_names(client: Any) -> None:
    for name, kind in (("/app/api", "STANDARD"), ("/app/audit", "INFREQUENT_ACCESS"), ("/web/app", "STANDARD")):
        client.create_log_group(logGroupName=name, logGroupClass=kind)

    def names(**options: Any) -> list[str]:
        found: list[str] = []
        while True:
            page = client.list_log_groups(limit=1, **options)
            found += [one["logGroupName"] for one in page["logGroups"]]
            if "nextToken" not in page:
                return found
            options["nextToken"] = page["nextToken"]

    assert names() == ["/app/api", "/app/audit", "/web/app"]
    assert names(logGroupClass="INFREQUENT_ACCESS") == ["/app/audit"]
    assert names(logGroupNamePattern="^/app") == ["/app/api", "/app/audit"]
    assert names(logGroupNamePattern="^/web|audit") == ["/app/audit", "/web/app"]
    (one,) = client.list_log_groups(logGroupNamePattern="audit")["logGroups"]
    assert one["logGroupClass"] == "INFREQUENT_ACCESS"
    assert one["logGroupArn"] == "arn:aws:logs:us-east-1:123456789012:log-group:/app/audit"
    with pytest.raises(ClientError, match="logGroupNamePattern"):
        client.list_log_groups(logGroupNamePattern="a.*b")
