"""Events: what is taken, what is rejected, and how pages of a stream follow each other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH
from pointsman.local.logs import events, table
from support.backend import CheckedBackend

NOW = int(EPOCH.timestamp() * 1000)
PLACE = {"logGroupName": "group", "logStreamName": "stream"}
HOUR = 3_600_000


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("logs")
    made.create_log_group(logGroupName="group")
    made.create_log_stream(**PLACE)
    return made


def put(client: Any, *times: int) -> Any:
    return client.put_log_events(**PLACE, logEvents=[{"timestamp": time, "message": f"at {time}"} for time in times])


def times(answer: Any) -> list[int]:
    return [event["timestamp"] - NOW for event in answer["events"]]


def test_following_a_stream_never_repeats_nor_drops_a_line(client: Any) -> None:
    put(client, NOW, NOW, NOW + 1)
    first = client.get_log_events(**PLACE, startFromHead=True, limit=2)
    assert times(first) == [0, 0]
    second = client.get_log_events(**PLACE, startFromHead=True, nextToken=first["nextForwardToken"])
    assert times(second) == [1]
    end = client.get_log_events(**PLACE, nextToken=second["nextForwardToken"])
    assert times(end) == []
    assert end["nextForwardToken"] == second["nextForwardToken"]
    put(client, NOW + 1, NOW + 2)
    more = client.get_log_events(**PLACE, nextToken=end["nextForwardToken"])
    assert times(more) == [1, 2]


def test_the_tail_comes_unless_the_head_is_asked_for(client: Any) -> None:
    put(client, *range(NOW, NOW + 5))
    tail = client.get_log_events(**PLACE, limit=2)
    assert times(tail) == [3, 4]
    before = client.get_log_events(**PLACE, limit=2, nextToken=tail["nextBackwardToken"])
    assert times(before) == [1, 2]
    first = client.get_log_events(**PLACE, limit=2, nextToken=before["nextBackwardToken"])
    assert times(first) == [0]
    none = client.get_log_events(**PLACE, limit=2, nextToken=first["nextBackwardToken"])
    assert times(none) == [] and none["nextBackwardToken"] == first["nextBackwardToken"]
    assert times(client.get_log_events(**PLACE, nextToken=none["nextForwardToken"])) == [0, 1, 2, 3, 4]


def test_tokens_look_as_aws_makes_them(client: Any) -> None:
    for answer in (client.get_log_events(**PLACE), client.get_log_events(**PLACE, startFromHead=True)):
        assert re.fullmatch(r"f/\d{56}/s", answer["nextForwardToken"])
        assert re.fullmatch(r"b/\d{56}/s", answer["nextBackwardToken"])
    for token in ("nonsense", "f/123/s", "x/" + "0" * 56 + "/s"):
        with pytest.raises(ClientError, match="The specified nextToken is invalid") as caught:
            client.get_log_events(**PLACE, nextToken=token)
        assert caught.value.response["Error"]["Code"] == "InvalidParameterException"


def test_an_empty_stream_is_followed_from_its_first_token(client: Any) -> None:
    for head in (True, False):
        token = client.get_log_events(**PLACE, startFromHead=head)["nextForwardToken"]
        put(client, NOW)
        assert 0 in times(client.get_log_events(**PLACE, nextToken=token))


def test_times_bound_a_page_from_start_to_before_end(client: Any) -> None:
    put(client, *range(NOW, NOW + 6))
    bounds = {"startTime": NOW + 1, "endTime": NOW + 5}
    assert times(client.get_log_events(**PLACE, **bounds, startFromHead=True)) == [1, 2, 3, 4]
    assert times(client.get_log_events(**PLACE, **bounds, limit=2)) == [3, 4]
    assert times(client.get_log_events(**PLACE, **bounds, startFromHead=True, limit=3)) == [1, 2, 3]


def test_a_page_holds_at_most_a_megabyte(client: Any) -> None:
    for _ in range(5):
        client.put_log_events(**PLACE, logEvents=[{"timestamp": NOW, "message": "x" * 250_000}])
    first = client.get_log_events(**PLACE, startFromHead=True)
    assert len(first["events"]) == 4
    assert len(client.get_log_events(**PLACE, nextToken=first["nextForwardToken"])["events"]) == 1


def test_events_outside_the_time_a_group_takes_are_rejected_and_said(client: Any) -> None:
    client.put_retention_policy(logGroupName="group", retentionInDays=1)
    day = 24 * HOUR
    assert put(client, NOW - 15 * day)["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    assert put(client, NOW - day - 1, NOW - day + 1)["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert put(client, NOW, NOW + 3 * HOUR)["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    assert times(client.get_log_events(**PLACE)) == [1 - day, 0]


def test_batches_aws_would_not_take(client: Any) -> None:
    with pytest.raises(ClientError, match="must be in chronological order"):
        put(client, NOW + 1, NOW)
    with pytest.raises(ClientError, match="cannot span more than 24 hours"):
        put(client, NOW - 25 * HOUR, NOW)
    with pytest.raises(ClientError, match="Upload too large"):
        client.put_log_events(**PLACE, logEvents=[{"timestamp": NOW, "message": "x" * 600_000}] * 2)
    assert times(client.get_log_events(**PLACE)) == []


def test_what_is_missing_is_named_group_first(client: Any) -> None:
    missing = client.exceptions.ResourceNotFoundException
    with pytest.raises(missing, match="The specified log group does not exist"):
        client.get_log_events(logGroupName="none", logStreamName="none")
    with pytest.raises(missing, match="The specified log stream does not exist"):
        client.get_log_events(logGroupName="group", logStreamName="none")


def test_engines_append_into_groups_made_on_the_way(backend: CheckedBackend) -> None:
    scope = backend.world.scope(backend.account, "eu-west-1")
    with backend.world.transaction():
        events.append(scope, "/aws/codebuild/web", "one", [(NOW, "hello"), (NOW + 1, "wörld")])
        events.append(scope, "/aws/codebuild/web", "one", [])
    client = backend.session(region_name="eu-west-1").client("logs")
    answer = client.get_log_events(logGroupName="/aws/codebuild/web", logStreamName="one")
    assert [event["message"] for event in answer["events"]] == ["hello", "wörld"]
    group = client.describe_log_groups()["logGroups"][0]
    assert group["storedBytes"] == len("hello") + len("wörld".encode()) + 2 * table.OVERHEAD


def test_a_page_from_the_middle_of_many_is_one_search(backend: CheckedBackend) -> None:
    scope = backend.world.scope(backend.account, "us-east-1")
    count = 200_000
    with backend.world.transaction():
        for start in range(0, count, 10_000):
            events.append(scope, "big", "one", [(NOW + n, f"line {n}") for n in range(start, start + 10_000)])
    stream = table.find(scope, "big", "one")
    assert stream is not None and stream.next == count + 1
    for forward in (True, False):
        plan = backend.world.database.execute(
            f"EXPLAIN QUERY PLAN {table.page_sql(forward=forward)}", (stream.id, NOW, 1, 100)
        ).fetchall()
        assert [row[3].split(" (")[0] for row in plan] == ["SEARCH log_events USING PRIMARY KEY"]
        assert "time" in plan[0][3]
    middle = table.page(backend.world.database, stream.id, (NOW + count // 2, count), forward=True, limit=3)
    assert [event.message for event in middle] == [f"line {count // 2 + n}" for n in (1, 2, 3)]
