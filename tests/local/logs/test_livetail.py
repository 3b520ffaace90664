"""StartLiveTail: what comes in, a second at a time, under boto3 and over the endpoint."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from pointsman.clock import EPOCH, ManualClock, SystemClock
from pointsman.local import Backend
from pointsman.local.endpoint import Endpoint
from pointsman.local.logs import livetail
from support.backend import CheckedBackend
from support.endpoint import KEY
from support.shapes import service_model

NOW = int(EPOCH.timestamp() * 1000)


def arn(group: str, region: str = "us-east-1") -> str:
    return f"arn:aws:logs:{region}:123456789012:log-group:{group}"


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("logs")
    for group in ("g", "h"):
        made.create_log_group(logGroupName=group)
        for stream in ("web-1", "db-1"):
            made.create_log_stream(logGroupName=group, logStreamName=stream)
    return made


def put(client: Any, *messages: str, group: str = "g", stream: str = "web-1", at: int = NOW) -> None:
    events = [{"timestamp": at, "message": message} for message in messages]
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def start(client: Any, *groups: str, **options: Any) -> Iterator[dict[str, Any]]:
    return iter(client.start_live_tail(logGroupIdentifiers=[arn(one) for one in groups], **options)["responseStream"])


def said(event: dict[str, Any]) -> list[str]:
    return [one["message"] for one in event["sessionUpdate"]["sessionResults"]]


def test_a_session_begins_then_tells_each_second(client: Any, clock: ManualClock) -> None:
    put(client, "before")
    events = start(client, "g")
    begun = next(events)["sessionStart"]
    assert begun["logGroupIdentifiers"] == [arn("g")] and begun["sessionId"] and begun["logEventFilterPattern"] == ""
    put(client, "one", "two")
    clock.advance(1)
    put(client, "three", at=NOW - 60_000)
    put(client, "elsewhere", group="h")
    first = next(events)
    assert said(first) == ["one", "two"] and first["sessionUpdate"]["sessionMetadata"] == {"sampled": False}
    clock.advance(2)
    assert [said(next(events)), said(next(events))] == [["three"], []]
    told = first["sessionUpdate"]["sessionResults"][0]
    assert told == {
        "logGroupIdentifier": arn("g"),
        "logStreamName": "web-1",
        "timestamp": NOW,
        "ingestionTime": NOW,
        "message": "one",
    }
    shape = service_model("logs").shape_for("LiveTailSessionLogEvent")
    assert set(told) == set(shape.members)


def test_groups_streams_prefixes_and_patterns_narrow_it(client: Any, clock: ManualClock) -> None:
    both = start(client, "g", "h", logEventFilterPattern="ERROR -quiet")
    named = start(client, "g", logStreamNames=["db-1"])
    begun = start(client, "g", logStreamNamePrefixes=["web"])
    for one in (both, named, begun):
        next(one)
    put(client, "ERROR in g", "fine in g")
    put(client, "ERROR in h", "ERROR quiet", group="h", stream="db-1")
    put(client, "db speaks", stream="db-1")
    clock.advance(1)
    assert said(next(both)) == ["ERROR in g", "ERROR in h"]
    assert said(next(named)) == ["db speaks"]
    assert said(next(begun)) == ["ERROR in g", "fine in g"]


def test_more_than_five_hundred_are_sampled_evenly_and_said(client: Any, clock: ManualClock) -> None:
    events = start(client, "g")
    next(events)
    put(client, *[f"n{number:04d}" for number in range(2000)])
    clock.advance(1)
    update = next(events)
    assert update["sessionUpdate"]["sessionMetadata"]["sampled"] is True
    assert len(said(update)) == 500 and said(update)[:3] == ["n0000", "n0004", "n0008"]
    put(client, *[f"m{number}" for number in range(500)])
    clock.advance(1)
    update = next(events)
    assert update["sessionUpdate"]["sessionMetadata"]["sampled"] is False and len(said(update)) == 500


def test_a_slow_client_loses_the_oldest(client: Any, clock: ManualClock) -> None:
    events = start(client, "g")
    next(events)
    for second in range(30):
        put(client, f"second {second}")
        clock.advance(1)
    assert [said(next(events)) for _ in range(10)] == [[f"second {second}"] for second in range(20, 30)]


def test_three_hours_end_it(client: Any, clock: ManualClock) -> None:
    events = start(client, "g")
    next(events)
    clock.advance(3 * 3600)
    with pytest.raises(EventStreamError, match="SessionTimeoutException"):
        list(events)


def test_what_aws_refuses_is_refused(client: Any) -> None:
    client.create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
    many = [arn(f"g{number}") for number in range(11)]
    for expected, options in (
        ("ResourceNotFoundException", {"logGroupIdentifiers": [arn("nowhere")]}),
        ("InvalidParameterException", {"logGroupIdentifiers": ["g"]}),
        ("InvalidParameterException", {"logGroupIdentifiers": [arn("g") + ":*"]}),
        ("InvalidParameterException", {"logGroupIdentifiers": many}),
        ("InvalidParameterException", {"logGroupIdentifiers": [arn("g")], "logEventFilterPattern": "{ $.a = "}),
        ("InvalidParameterException", {"logGroupIdentifiers": [arn("g"), arn("h")], "logStreamNames": ["web-1"]}),
        (
            "InvalidParameterException",
            {"logGroupIdentifiers": [arn("g")], "logStreamNames": ["a"], "logStreamNamePrefixes": ["b"]},
        ),
        ("InvalidOperationException", {"logGroupIdentifiers": [arn("rare")]}),
    ):
        with pytest.raises(ClientError) as raised:
            client.start_live_tail(**options)
        assert raised.value.response["Error"]["Code"] == expected, options


def test_so_many_sessions_and_no_more_until_one_is_closed(client: Any) -> None:
    def opened() -> Any:
        return client.start_live_tail(logGroupIdentifiers=[arn("g")])["responseStream"]

    streams = [opened() for _ in range(livetail.SESSIONS)]
    with pytest.raises(ClientError, match="LimitExceededException"):
        opened()
    streams[3].close()
    assert list(streams[3]) == []
    opened()


def test_what_is_rolled_back_is_never_shown(client: Any, backend: CheckedBackend, clock: ManualClock) -> None:
    """Nor told before the transaction stands."""
    from pointsman.local.logs import events as written

    events = start(client, "g")
    next(events)
    scope = backend.world.scope(backend.account, "us-east-1")

    def fail() -> None:
        with backend.world.transaction():
            written.append(scope, "g", "web-1", [(NOW, "never")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with backend.world.transaction():
        written.append(scope, "g", "web-1", [(NOW, "printed")])
    clock.advance(1)
    assert said(next(events)) == ["printed"]


def test_a_backend_that_closes_says_so() -> None:
    with Backend(clock=SystemClock()) as backend:
        client = backend.session().client("logs")
        client.create_log_group(logGroupName="g")
        events = start(client, "g")
        next(events)
        failures: list[Exception] = []

        def listen() -> None:
            try:
                list(events)
            except EventStreamError as error:
                failures.append(error)

        thread = threading.Thread(target=listen)
        thread.start()
        time.sleep(0.05)
    thread.join(5)
    assert not thread.is_alive() and "SessionStreamingException" in str(failures[0])


def test_over_the_endpoint_it_is_an_event_stream(tmp_path: Path) -> None:
    """Botocore's own parser reads it, checksums and all; a client that leaves frees its session."""
    clock = ManualClock()
    backend = CheckedBackend(state=tmp_path / "state", clock=clock)
    with backend, Endpoint(backend, keys=KEY) as endpoint:
        session = boto3.Session(KEY.access_key_id, KEY.secret_access_key, region_name="eu-west-1")
        once = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)
        client = session.client("logs", endpoint_url=endpoint.address, config=once)
        client.create_log_group(logGroupName="g")
        client.create_log_stream(logGroupName="g", logStreamName="web-1")
        group = arn("g", "eu-west-1")
        stream = client.start_live_tail(logGroupIdentifiers=[group])["responseStream"]
        events = iter(stream)
        assert next(events)["sessionStart"]["logGroupIdentifiers"] == [group]
        put(client, "snow \u2603", "x" * 200_000)
        clock.advance(1)
        assert said(next(events)) == ["snow \u2603", "x" * 200_000]
        tails = backend.world.tool(livetail.LiveTails)
        assert tails
        stream.close()
        client.close()
        for _ in range(100):
            if not tails:
                break
            time.sleep(0.05)
        assert not tails
        with closing(client.start_live_tail(logGroupIdentifiers=[group])["responseStream"]) as timed:
            assert "sessionStart" in next(iter(timed))
            clock.advance(livetail.SECONDS)
            with pytest.raises(EventStreamError, match="SessionTimeoutException"):
                list(timed)
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            client.start_live_tail(logGroupIdentifiers=[arn("no", "eu-west-1")])
