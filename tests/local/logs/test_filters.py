"""Metric filters, metrics embedded in events, and subscriptions."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH, ManualClock
from pointsman.local.logs import events, ingest
from support.backend import CheckedBackend

NOW = int(EPOCH.timestamp() * 1000)
ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("logs")
    made.create_log_group(logGroupName="g")
    made.create_log_stream(logGroupName="g", logStreamName="s")
    return made


@pytest.fixture
def data(backend: CheckedBackend) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    backend.world.on(ingest.DATUM, lambda _, payload: found.append(payload))
    return found


def put(client: Any, *messages: str) -> None:
    batch = [{"timestamp": NOW, "message": message} for message in messages]
    client.put_log_events(logGroupName="g", logStreamName="s", logEvents=batch)


def metric(client: Any, pattern: str, **more: Any) -> None:
    made = {"metricName": "m", "metricNamespace": "App", "metricValue": "1", **more}
    client.put_metric_filter(logGroupName="g", filterName="f", filterPattern=pattern, metricTransformations=[made])


def test_a_match_is_a_datum(client: Any, data: list[dict[str, Any]]) -> None:
    metric(client, "ERROR", unit="Count")
    put(client, "ERROR one", "fine", "ERROR two")
    one = {"namespace": "App", "name": "m", "value": 1.0, "unit": "Count", "dimensions": {}, "timestamp": NOW}
    assert data == [one, one]


def test_values_and_dimensions_come_from_fields(client: Any, data: list[dict[str, Any]]) -> None:
    metric(client, "{ $.latency > 10 }", metricValue="$.latency", dimensions={"Path": "$.path"})
    put(client, '{"latency": 12.5, "path": "/a"}', '{"latency": 5, "path": "/a"}', '{"latency": 11}')
    assert [(one["value"], one["dimensions"]) for one in data] == [(12.5, {"Path": "/a"})]
    data.clear()
    metric(client, "[ip, server, username, timestamp, request, status, bytes > 1000]", metricValue="$bytes")
    put(client, ACCESS)
    assert [one["value"] for one in data] == [1534.0]


def test_the_default_is_given_for_a_minute_without_a_match(
    client: Any, data: list[dict[str, Any]], clock: ManualClock
) -> None:
    metric(client, "ERROR", defaultValue=0)
    put(client, "fine")
    put(client, "fine too")
    clock.advance(60)
    assert [(one["value"], one["timestamp"]) for one in data] == [(0.0, NOW // 60_000 * 60_000)]
    data.clear()
    put(client, "fine")
    put(client, "ERROR")
    clock.advance(120)
    assert [one["value"] for one in data] == [1.0]


def test_lines_of_builds_are_looked_at_too(client: Any, backend: CheckedBackend, data: list[dict[str, Any]]) -> None:
    metric(client, "ERROR")
    scope = backend.world.scope(backend.account, "us-east-1")
    with backend.world.transaction():
        events.append(scope, "g", "build", [(NOW, "ERROR in a build")])
    events.append(scope, "g", "build", [(NOW, "another ERROR")])
    assert len(data) == 2


def test_filters_are_described_and_deleted(client: Any) -> None:
    metric(client, "ERROR", defaultValue=0)
    (shown,) = client.describe_metric_filters(logGroupName="g")["metricFilters"]
    assert shown["metricTransformations"][0]["defaultValue"] == 0 and shown["applyOnTransformedLogs"] is False
    assert client.describe_metric_filters(metricName="m", metricNamespace="App")["metricFilters"] == [shown]
    assert client.describe_metric_filters(metricName="m", metricNamespace="Other")["metricFilters"] == []
    assert client.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1
    for name in ("a", "b", "c"):
        made = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
        client.put_metric_filter(logGroupName="g", filterName=name, filterPattern="x", metricTransformations=made)
    pages = client.get_paginator("describe_metric_filters").paginate(logGroupName="g", PaginationConfig={"PageSize": 2})
    assert [one["filterName"] for page in pages for one in page["metricFilters"]] == ["a", "b", "c", "f"]
    client.delete_metric_filter(logGroupName="g", filterName="f")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_metric_filter(logGroupName="g", filterName="f")
    client.delete_log_group(logGroupName="g")
    assert client.describe_metric_filters()["metricFilters"] == []


def test_what_is_refused(client: Any) -> None:
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        metric(client, "{ $.a = ")
    with pytest.raises(ClientError, match="mutually exclusive"):
        metric(client, "{ $.a = 1 }", dimensions={"a": "$.a"}, defaultValue=0)
    with pytest.raises(ClientError, match="neither a number nor a field"):
        metric(client, "ERROR", metricValue="$.a")
    with pytest.raises(ClientError, match="at most 3"):
        metric(client, "{ $.a = 1 }", dimensions={str(n): "$.a" for n in range(4)})
    made = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    for n in range(5):
        client.put_metric_filter(logGroupName="g", filterName=f"r{n}", filterPattern="%x%", metricTransformations=made)
    with pytest.raises(client.exceptions.LimitExceededException):
        client.put_metric_filter(logGroupName="g", filterName="r5", filterPattern="%x%", metricTransformations=made)


def test_the_bench_for_patterns(client: Any) -> None:
    pattern = "[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]"
    (match,) = client.test_metric_filter(filterPattern=pattern, logEventMessages=["no", ACCESS])["matches"]
    assert match["eventNumber"] == 2 and match["extractedValues"]["$status_code"] == "404"


def test_embedded_metrics(client: Any, data: list[dict[str, Any]]) -> None:
    carrier = {
        "_aws": {
            "Timestamp": 1574109732004,
            "CloudWatchMetrics": [
                {
                    "Namespace": "lambda-function-metrics",
                    "Dimensions": [["functionVersion"], []],
                    "Metrics": [{"Name": "time", "Unit": "Milliseconds"}, {"Name": "gone"}],
                }
            ],
        },
        "functionVersion": "$LATEST",
        "time": [100, 50],
    }
    put(client, json.dumps(carrier), '{"_aws": 3}', '{"_aws": {"CloudWatchMetrics": [7, {"Namespace": "n"}]}}')
    assert [(one["value"], one["dimensions"]) for one in data] == [
        (100.0, {"functionVersion": "$LATEST"}),
        (50.0, {"functionVersion": "$LATEST"}),
        (100.0, {}),
        (50.0, {}),
    ]
    assert data[0]["namespace"] == "lambda-function-metrics" and data[0]["unit"] == "Milliseconds"
    assert data[0]["timestamp"] == 1574109732004


def test_matching_events_are_handed_to_a_function(client: Any, backend: CheckedBackend, tmp_path: Path) -> None:
    world = tmp_path / "world.yml"
    world.write_text("local: {functions: {keep: {command: [sh, -c, 'cat > got'], folder: .}}}\n")
    backend.load(world)
    arn = "arn:aws:lambda:us-east-1:123456789012:function:keep"
    with pytest.raises(ClientError, match="Could not execute the lambda function"):
        client.put_subscription_filter(logGroupName="g", filterName="f", filterPattern="", destinationArn=arn + "x")
    kinesis = "arn:aws:kinesis:us-east-1:123456789012:stream/x"
    with pytest.raises(ClientError, match="no function's ARN"):
        client.put_subscription_filter(logGroupName="g", filterName="f", filterPattern="", destinationArn=kinesis)
    client.create_log_group(logGroupName="/aws/lambda/keep")
    with pytest.raises(ClientError, match="for ever"):
        client.put_subscription_filter(
            logGroupName="/aws/lambda/keep", filterName="f", filterPattern="", destinationArn=arn
        )
    client.put_subscription_filter(logGroupName="g", filterName="f", filterPattern="ERROR", destinationArn=arn)
    (shown,) = client.describe_subscription_filters(logGroupName="g")["subscriptionFilters"]
    assert (shown["destinationArn"], shown["distribution"]) == (arn, "ByLogStream")
    put(client, "ERROR one", "fine", "ERROR two")
    backend.settle()
    event = json.loads((tmp_path / "got").read_text())
    message = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert [one["message"] for one in message["logEvents"]] == ["ERROR one", "ERROR two"]
    assert (message["logGroup"], message["logStream"], message["owner"]) == ("g", "s", "123456789012")
    assert message["subscriptionFilters"] == ["f"] and message["messageType"] == "DATA_MESSAGE"
    client.delete_subscription_filter(logGroupName="g", filterName="f")
    assert client.describe_subscription_filters(logGroupName="g")["subscriptionFilters"] == []
