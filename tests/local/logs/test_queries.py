"""Insights queries through the API: begun, watched, paged, stopped, described, looked up again."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pointsman.clock import EPOCH, ManualClock
from pointsman.local import Backend
from pointsman.local.backend import ACCOUNT, REGION
from pointsman.local.logs import queries, reading
from pointsman.semantics.logs.insights.pushdown import Contained
from support.backend import CheckedBackend

START = int(EPOCH.timestamp())
NOW = START * 1000


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("logs")
    fill(made, "g", [f'{{"level": "{"ERROR" if n % 4 == 0 else "INFO"}", "n": {n}}}' for n in range(40)])
    return made


def fill(client: Any, group: str, lines: list[str], stream: str = "s") -> None:
    client.create_log_group(logGroupName=group)
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    batch = [{"timestamp": NOW - 60_000 * (len(lines) - n), "message": line} for n, line in enumerate(lines)]
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)


def asked(backend: Backend, client: Any, query: str, **options: Any) -> dict[str, Any]:
    if not {"logGroupNames", "logGroupIdentifiers"} & set(options) and not query.startswith("SOURCE"):
        options["logGroupName"] = "g"
    options = {"startTime": START - 86_400, "endTime": START, **options}
    number = client.start_query(queryString=query, **options)["queryId"]
    backend.settle()
    answer: dict[str, Any] = client.get_query_results(queryId=number)
    return answer


def rows(answer: dict[str, Any]) -> list[dict[str, str]]:
    return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]


def test_a_query_from_beginning_to_end(client: Any, backend: CheckedBackend) -> None:
    answer = asked(backend, client, "fields @timestamp, level | filter level = 'ERROR' | limit 2")
    assert answer["status"] == "Complete" and answer["queryLanguage"] == "CWLI"
    first, second = rows(answer)
    assert first["level"] == second["level"] == "ERROR"
    assert first["@timestamp"] > second["@timestamp"]
    assert answer["statistics"]["recordsMatched"] == 10 and answer["statistics"]["recordsScanned"] == 40
    assert answer["statistics"]["bytesScanned"] > 40 * 26
    record = client.get_log_record(logRecordPointer=first["@ptr"])["logRecord"]
    assert record["level"] == "ERROR" and record["n"] == "36"
    assert (record["@logStream"], record["@log"]) == ("s", "123456789012:g")
    with pytest.raises(ClientError, match="does not exist"):
        client.get_log_record(logRecordPointer="1-1-ffff")


def test_stats_over_several_groups_and_sources(client: Any, backend: CheckedBackend) -> None:
    fill(client, "h", ["ERROR here", "fine"])
    fill(client, "other", ["ERROR there"])
    query = "filter @message like 'ERROR' | stats count(*) as n by @log"
    both = [{"@log": "123456789012:g", "n": "10"}, {"@log": "123456789012:h", "n": "1"}]
    assert rows(asked(backend, client, query, logGroupNames=["g", "h"])) == both
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:h"
    assert rows(asked(backend, client, query, logGroupIdentifiers=[arn])) == both[1:]
    source = f'SOURCE logGroups(namePrefix: ["g", "h"]) | {query}'
    assert rows(asked(backend, client, source)) == both
    minutes = rows(asked(backend, client, "filter @message like 'ERROR' | stats count(*) by bin(10m)"))
    assert sum(int(row["count(*)"]) for row in minutes) == 10
    assert [row["bin(10m)"] for row in minutes] == sorted((row["bin(10m)"] for row in minutes), reverse=True)


def test_time_is_included_at_both_ends(client: Any, backend: CheckedBackend) -> None:
    window = {"startTime": START - 120, "endTime": START - 60}
    answer = asked(backend, client, "stats count(*) as c", **window)
    assert rows(answer) == [{"c": "2"}]
    assert answer["statistics"]["recordsScanned"] == 2
    assert rows(asked(backend, client, "fields n | sort n asc", **window))[0]["n"] == "38"


def test_results_come_in_pages(client: Any, backend: CheckedBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "CHUNK", 7)
    number = client.start_query(
        logGroupName="g", startTime=START - 86_400, endTime=START, queryString="fields n | sort n asc", limit=30
    )["queryId"]
    backend.settle()
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = client.get_query_results(queryId=number, maxItems=8, **token)
        found += [row["n"] for row in rows(page)]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert found == [str(n) for n in range(30)]


def test_what_is_refused(client: Any, backend: CheckedBackend) -> None:
    with pytest.raises(client.exceptions.MalformedQueryException) as caught:
        asked(backend, client, "fields @message | filtre x")
    error = caught.value.response["queryCompileError"]
    assert error["location"] == {"startCharOffset": 18, "endCharOffset": 19} and "'filtre'" in error["message"]
    assert "line 1, column 19" in str(caught.value)
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Log group 'none' does not exist"):
        asked(backend, client, "limit 1", logGroupNames=["none"])
    with pytest.raises(ClientError, match="exactly one of"):
        client.start_query(startTime=0, endTime=1, queryString="limit 1")
    with pytest.raises(ClientError, match="End time"):
        asked(backend, client, "limit 1", startTime=9, endTime=3)
    with pytest.raises(ClientError, match="NotImplemented"):
        asked(backend, client, "SELECT 1", queryLanguage="SQL")
    with pytest.raises(ClientError, match="at most 50"):
        asked(backend, client, "limit 1", logGroupNames=[f"x{n}" for n in range(51)])


def test_a_slow_expression_is_a_timeout_with_its_reason(client: Any, backend: CheckedBackend) -> None:
    fill(client, "slow", ["a" * 5000])
    query = "filter @message like /[ab]*[ab]*[ab]*[ab]*[ab]*[ab]*[cd]/"
    assert asked(backend, client, query, logGroupNames=["slow"])["status"] == "Timeout"


def test_queries_are_described_and_stopped(client: Any, backend: CheckedBackend, clock: ManualClock) -> None:
    asked(backend, client, "limit 1")
    clock.advance(10)
    asked(backend, client, "limit 2")
    newest, older = client.describe_queries(logGroupName="g")["queries"]
    assert newest["queryString"] == f'SOURCE "g" START={START - 86_400}000 END={START}999 | limit 2'
    assert older["createTime"] == NOW and newest["status"] == "Complete"
    assert client.describe_queries(status="Running")["queries"] == []
    page = client.describe_queries(maxResults=1)
    assert client.describe_queries(maxResults=1, nextToken=page["nextToken"])["queries"] == [older]
    with pytest.raises(ClientError, match="cannot be stopped"):
        client.stop_query(queryId=newest["queryId"])


def test_a_query_holds_nobody_up_and_can_be_stopped(
    client: Any, backend: CheckedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = threading.Event(), threading.Event()
    real = queries._look

    def waiting(progress: queries.Progress, execution: Any) -> None:
        reached.set()
        assert go_on.wait(20)
        real(progress, execution)

    monkeypatch.setattr(queries, "_look", waiting)
    number = client.start_query(logGroupName="g", startTime=0, endTime=START, queryString="limit 5")["queryId"]
    assert reached.wait(20)
    begun = time.perf_counter()
    assert client.get_query_results(queryId=number)["status"] == "Running"
    client.create_log_stream(logGroupName="g", logStreamName="while it runs")
    assert time.perf_counter() - begun < 5
    assert client.stop_query(queryId=number)["success"] is True
    go_on.set()
    backend.settle()
    answer = client.get_query_results(queryId=number)
    assert answer["status"] == "Cancelled" and answer["results"] == []


def test_a_restart_makes_a_query_at_work_a_failed_one(clock: ManualClock, tmp_path: Path) -> None:
    with Backend(state=tmp_path / "state", clock=clock) as first:
        client = first.session().client("logs")
        fill(client, "g", ["x"])
        number = client.start_query(logGroupName="g", startTime=0, endTime=START, queryString="limit 5")["queryId"]
        first.settle()
        scope = first.world.scope(first.account, "us-east-1")
        query = scope.get(queries.Query, number)
        assert query is not None
        with first.world.transaction():
            scope.put(number, msgspec.structs.replace(query, status="Running"))
    with Backend(state=tmp_path / "state", clock=clock) as second:
        client = second.session().client("logs")
        assert client.get_query_results(queryId=number)["status"] == "Failed"


def test_fields_of_a_group_with_their_share(client: Any) -> None:
    client.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": NOW, "message": "no JSON"}])
    fields = {
        field["name"]: field["percent"] for field in client.get_log_group_fields(logGroupName="g")["logGroupFields"]
    }
    assert fields["@message"] == 100 and fields["level"] == fields["n"] == 15 * 100 // 16
    middle = client.get_log_group_fields(logGroupName="g", time=START - 1200)["logGroupFields"]
    assert {"name": "level", "percent": 100} in middle


def test_definitions_are_kept(client: Any) -> None:
    number = client.put_query_definition(name="errors/hour", queryString="limit 1", logGroupNames=["g"])[
        "queryDefinitionId"
    ]
    client.put_query_definition(name="slow", queryString="limit 2")
    (kept,) = client.describe_query_definitions(queryDefinitionNamePrefix="err")["queryDefinitions"]
    assert (kept["queryString"], kept["logGroupNames"], kept["lastModified"]) == ("limit 1", ["g"], NOW)
    client.put_query_definition(name="errors/day", queryString="limit 3", queryDefinitionId=number)
    names = {one["name"] for one in client.describe_query_definitions()["queryDefinitions"]}
    assert names == {"errors/day", "slow"}
    assert client.delete_query_definition(queryDefinitionId=number)["success"] is True
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_query_definition(queryDefinitionId=number)


def test_a_backend_in_memory_answers_the_same(clock: ManualClock) -> None:
    with Backend(clock=clock) as backend:
        client = backend.session().client("logs")
        fill(client, "g", [f"line {n}" for n in range(600)])
        assert rows(asked(backend, client, "stats count(*) as c")) == [{"c": "600"}]
        assert rows(asked(backend, client, "filter @message like /9$/ | stats count(*) as c by bin(1d)"))[0]["c"]
        assert [row["@message"] for row in rows(asked(backend, client, "limit 2"))] == ["line 599", "line 598"]


ODD = ["a*b?c[d]e", "axbyczde", "before \0 after", 'quote " and \\ back', "äöü ERROR", "error", "]", "x" * 300 + "end"]
SOUGHT = [
    "a*b?c[d]e",
    "*",
    "?",
    "[",
    "]",
    "c[d",
    "after",
    "before",
    "ERROR",
    "error",
    "ü",
    "\\",
    "x" * 250,
    "^",
    "nope",
]


@given(st.lists(st.text(alphabet="ab*?[]^-!\\\0ä\n", min_size=1, max_size=8), min_size=1, max_size=6), st.booleans())
@example(ODD, True)
@example(ODD, False)
@settings(max_examples=40, deadline=None)
def test_what_the_store_is_asked_for_is_what_contains_it(lines: list[str], known: bool) -> None:
    sought = [*SOUGHT, *(line[1:4] for line in lines)]
    with Backend(clock=ManualClock()) as backend:
        fill(backend.session().client("logs"), "g", lines)
        database = backend.world.database
        if not known:  # as in a folder that was made before plain streams were noted
            database.execute("DELETE FROM log_plain")
        noted = database.execute("SELECT count(*) FROM log_plain").fetchone()[0]
        assert noted == (known and not any("\0" in line for line in lines))
        (part,) = reading.parts(database.execute, backend.world.scope(ACCOUNT, REGION), "g", 0, 1 << 62)
        for text in sought:
            if not text or "\0" in text:
                continue
            condition, parameters = reading.containing((Contained((text,)),), plain=part.plain)
            found = database.execute(f"SELECT message FROM log_events WHERE 1{condition}", tuple(parameters)).fetchall()
            assert sorted(one for (one,) in found) == sorted(line for line in lines if text in line), text


def test_a_stream_s_note_goes_with_it(backend: CheckedBackend, client: Any) -> None:
    client.delete_log_stream(logGroupName="g", logStreamName="s")
    assert backend.world.database.execute("SELECT count(*) FROM log_plain").fetchone()[0] == 0
