"""What no sensible program sends, and what a query must not be hurt by."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH
from support.backend import CheckedBackend

START = int(EPOCH.timestamp())
NOW = START * 1000
MESSAGES = [
    "before\0behind ERROR",
    "\x1b[31mERROR\x1b[0m [bold]x[/]",
    "\ufffd\ud7ff not quite text ERROR",
    "x" * 250_000 + " ERROR",
    json.dumps({"a": "ERROR"}) + "}",
    '{"a": ' * 3000 + "ERROR",
    '{"level": "\\u0045RROR", "deep": {"deeper": [1, {"deepest": true}]}}',
    '{"level": 1e999, "big": 123456789012345678901234567890}',
    "",
    " ",
]


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("logs")
    made.create_log_group(logGroupName="g")
    made.create_log_stream(logGroupName="g", logStreamName="s")
    batch = [{"timestamp": NOW - 1000 + n, "message": message or "-"} for n, message in enumerate(MESSAGES)]
    made.put_log_events(logGroupName="g", logStreamName="s", logEvents=batch)
    return made


def rows(backend: CheckedBackend, client: Any, query: str) -> list[dict[str, str]]:
    number = client.start_query(logGroupName="g", startTime=0, endTime=START, queryString=query)["queryId"]
    backend.settle()
    answer = client.get_query_results(queryId=number)
    assert answer["status"] == "Complete"
    return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]


def test_a_literal_is_found_wherever_it_stands(client: Any, backend: CheckedBackend) -> None:
    plainly = sum("ERROR" in message for message in MESSAGES)
    assert plainly == 6
    assert rows(backend, client, "filter @message like 'ERROR' | stats count(*) as c") == [{"c": "6"}]
    assert rows(backend, client, "filter @message like 'ERROR' | stats count(*) as c by bin(1h)")[0]["c"] == "6"
    assert len(rows(backend, client, "filter @message like /behind ERR/ | fields @message")) == 1
    pages = client.get_paginator("filter_log_events").paginate(logGroupName="g", filterPattern="ERROR")
    assert sum(len(page["events"]) for page in pages) == 6


def test_a_value_is_found_behind_its_escapes(client: Any, backend: CheckedBackend) -> None:
    (row,) = rows(backend, client, "filter level = 'ERROR' | fields deep.deeper.1.deepest as d")
    assert row["d"] == "1"


def test_every_command_survives_every_message(client: Any, backend: CheckedBackend) -> None:
    for query in (
        "fields a, level, big + 1 as n, strlen(@message) as s, jsonParse(@message) as j",
        "parse @message '* ERROR' as x | stats count(*) by x",
        "stats max(level), min(big), count_distinct(@message), pct(big, 50)",
        "pattern @message",
        "sort level desc, big asc | dedup level",
    ):
        assert rows(backend, client, query)
    fields = client.get_log_group_fields(logGroupName="g", time=START)["logGroupFields"]
    assert {"name": "@message", "percent": 100} in fields


def test_more_rows_than_anybody_may_ask_for(client: Any) -> None:
    with pytest.raises(ClientError, match="between 1 and 100000"):
        client.start_query(logGroupName="g", startTime=0, endTime=START, queryString="limit 1", limit=100_001)


def test_an_empty_group_has_an_empty_result(client: Any, backend: CheckedBackend) -> None:
    client.create_log_group(logGroupName="empty")
    number = client.start_query(logGroupName="empty", startTime=0, endTime=START, queryString="fields @message")[
        "queryId"
    ]
    backend.settle()
    answer = client.get_query_results(queryId=number)
    assert answer["status"] == "Complete"
    assert answer["results"] == []
    assert client.get_log_group_fields(logGroupName="empty")["logGroupFields"] == []
    assert client.filter_log_events(logGroupName="empty")["events"] == []


def test_a_slow_expression_holds_nobody_up_for_long(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = "%[ab]*[ab]*[ab]*[ab]*[ab]*[ab]*[cd]%"
    monkeypatch.setattr("pointsman.semantics.logs.regexes.PATIENCE", 0.02)
    monkeypatch.setattr("pointsman.local.logs.ingest.PATIENCE", 0.05)
    made = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    client.put_metric_filter(logGroupName="g", filterName="f", filterPattern=pattern, metricTransformations=made)
    batch = [{"timestamp": NOW, "message": "a" * 3000} for _ in range(300)]
    begun = time.perf_counter()
    client.put_log_events(logGroupName="g", logStreamName="s", logEvents=batch)
    assert time.perf_counter() - begun < 5  # each of them alone takes its patience
    with pytest.raises(ClientError, match="takes longer"):
        client.test_metric_filter(filterPattern=pattern, logEventMessages=["a" * 3000])
    with pytest.raises(ClientError, match="takes longer"):
        client.filter_log_events(logGroupName="g", filterPattern=pattern, startTime=NOW)


def test_a_page_ends_when_its_time_is_over(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.local.logs.filtering.PATIENCE", -1)
    pages = list(client.get_paginator("filter_log_events").paginate(logGroupName="g", filterPattern="%ERROR%"))
    assert len(pages) == len(MESSAGES) or len(pages) == len(MESSAGES) + 1
    assert sum(len(page["events"]) for page in pages) == 6
