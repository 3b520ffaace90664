"""FilterLogEvents: interleaved, in pages, both ways, by pattern, within what a group keeps."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pointsman.clock import EPOCH, ManualClock
from pointsman.local.logs import filtering
from support.backend import CheckedBackend

NOW = int(EPOCH.timestamp() * 1000)
DAY = 86_400_000


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("logs")
    made.create_log_group(logGroupName="g")
    return made


def put(client: Any, stream: str, *events: tuple[int, str]) -> None:
    if not client.describe_log_streams(logGroupName="g", logStreamNamePrefix=stream)["logStreams"]:
        client.create_log_stream(logGroupName="g", logStreamName=stream)
    batch = [{"timestamp": NOW + moment, "message": message} for moment, message in events]
    client.put_log_events(logGroupName="g", logStreamName=stream, logEvents=batch)


def messages(client: Any, **options: Any) -> list[str]:
    pages = client.get_paginator("filter_log_events").paginate(logGroupName="g", **options)
    return [event["message"] for page in pages for event in page["events"]]


def test_streams_are_interleaved_and_paged(client: Any) -> None:
    put(client, "a", (0, "a0"), (20, "a20"), (40, "a40"))
    put(client, "b", (10, "b10"), (20, "b20"), (50, "b50"))
    everything = ["a0", "b10", "a20", "b20", "a40", "b50"]
    assert messages(client) == everything
    assert messages(client, PaginationConfig={"PageSize": 1}) == everything
    assert messages(client, startFromHead=False, PaginationConfig={"PageSize": 2}) == everything[::-1]
    assert messages(client, startTime=NOW + 10, endTime=NOW + 40) == everything[1:5]
    assert messages(client, logStreamNames=["b"]) == ["b10", "b20", "b50"]
    assert messages(client, logStreamNamePrefix="a") == ["a0", "a20", "a40"]
    answer = client.filter_log_events(logGroupName="g", filterPattern="%[ab]20%")
    assert [event["message"] for event in answer["events"]] == ["a20", "b20"]
    ids = [event["eventId"] for event in answer["events"]]
    assert len(set(ids)) == 2 and all(len(one) == 56 for one in ids)
    assert answer["searchedLogStreams"] == [] and "nextToken" not in answer


def test_a_page_may_be_empty_and_have_a_token(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "LOOKED_AT", 3)
    put(client, "a", *[(n, f"n{n}") for n in range(10)])
    first = client.filter_log_events(logGroupName="g", filterPattern="n9")
    assert first["events"] == [] and first["nextToken"]
    assert messages(client, filterPattern="n9") == ["n9"]


def test_tokens_belong_to_what_was_asked(client: Any) -> None:
    put(client, "a", (0, "x"), (1, "y"))
    token = client.filter_log_events(logGroupName="g", limit=1)["nextToken"]
    for wrong in ({"nextToken": "nonsense"}, {"nextToken": token, "filterPattern": "x"}):
        with pytest.raises(ClientError, match="nextToken is invalid"):
            client.filter_log_events(logGroupName="g", **wrong)
    with pytest.raises(ClientError, match=r"Invalid character\(s\) in term 'a:b'"):
        client.filter_log_events(logGroupName="g", filterPattern="a:b")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.filter_log_events(logGroupName="none")
    with pytest.raises(ClientError, match="cannot be used together"):
        client.filter_log_events(logGroupName="g", logStreamNames=["a"], logStreamNamePrefix="a")


def test_what_is_expired_is_out_of_sight_and_then_gone(
    client: Any, backend: CheckedBackend, clock: ManualClock
) -> None:
    put(client, "a", (-3 * DAY, "old"))
    put(client, "a", (0, "young"))
    put(client, "b", (-3 * DAY, "old too"))
    before = client.describe_log_groups()["logGroups"][0]["storedBytes"]
    client.put_retention_policy(logGroupName="g", retentionInDays=1)
    assert messages(client) == ["young"]
    assert [e["message"] for e in client.get_log_events(logGroupName="g", logStreamName="a")["events"]] == ["young"]
    clock.advance(1)
    count = backend.world.database.execute("SELECT count(*) FROM log_events").fetchone()[0]
    assert count == 1
    assert client.describe_log_groups()["logGroups"][0]["storedBytes"] == before - len("oldold too") - 2 * 26
    (stream,) = client.describe_log_streams(logGroupName="g", logStreamNamePrefix="b")["logStreams"]
    assert "firstEventTimestamp" not in stream
    clock.advance(86_400 + 3700)
    assert backend.world.database.execute("SELECT count(*) FROM log_events").fetchone()[0] == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 30)), max_size=25),
    st.integers(1, 7),
    st.booleans(),
    st.integers(0, 15),
    st.integers(15, 30),
)
def test_pages_together_are_the_whole_in_order(
    backend: CheckedBackend, events: list[tuple[str, int]], size: int, forward: bool, low: int, high: int
) -> None:
    client = backend.session().client("logs")
    if client.describe_log_groups()["logGroups"]:
        client.delete_log_group(logGroupName="g")
    client.create_log_group(logGroupName="g")
    for stream in "abc":
        client.create_log_stream(logGroupName="g", logStreamName=stream)
    for index, (stream, moment) in enumerate(events):
        put(client, stream, (moment, f"{moment:02d}{stream}{index:02d}"))
    found = messages(
        client,
        startTime=NOW + low,
        endTime=NOW + high,
        startFromHead=forward,
        PaginationConfig={"PageSize": size},
    )
    whole = sorted(f"{moment:02d}{stream}{i:02d}" for i, (stream, moment) in enumerate(events) if low <= moment <= high)
    assert found == (whole if forward else whole[::-1])
