"""Exports: what is in the files, and what is refused."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH
from support.backend import CheckedBackend

NOW = int(EPOCH.timestamp() * 1000)


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("logs")
    made.create_log_group(logGroupName="g")
    for stream, count in (("a/1", 700), ("b", 2), ("empty", 0)):
        made.create_log_stream(logGroupName="g", logStreamName=stream)
        batch = [{"timestamp": NOW + n, "message": f"{stream} line {n}"} for n in range(count)]
        if batch:
            made.put_log_events(logGroupName="g", logStreamName=stream, logEvents=batch)
    backend.session().client("s3").create_bucket(Bucket="out")
    return made


def test_a_file_for_each_stream(client: Any, backend: CheckedBackend) -> None:
    given = {"taskName": "t", "logGroupName": "g", "from": NOW, "to": NOW + 600, "destination": "out"}
    task = client.create_export_task(**given, destinationPrefix="x")["taskId"]
    with pytest.raises(client.exceptions.LimitExceededException):
        client.create_export_task(**{"logGroupName": "g", "from": 0, "to": 1, "destination": "out"})
    backend.settle()
    (shown,) = client.describe_export_tasks(taskId=task)["exportTasks"]
    assert shown["status"]["code"] == "COMPLETED" and shown["executionInfo"]["completionTime"] == NOW
    s3 = backend.session().client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="out")["Contents"]]
    assert sorted(keys) == sorted([f"x/{task}/a-1/000000.gz", f"x/{task}/b/000000.gz", "x/aws-logs-write-test"])
    lines = gzip.decompress(s3.get_object(Bucket="out", Key=f"x/{task}/a-1/000000.gz")["Body"].read()).decode()
    assert lines.splitlines()[0] == f"{EPOCH:%Y-%m-%dT%H:%M:%S}.000Z a/1 line 0"
    assert len(lines.splitlines()) == 601


def test_what_is_refused(client: Any) -> None:
    with pytest.raises(ClientError, match="bucket"):
        client.create_export_task(**{"logGroupName": "g", "from": 0, "to": 1, "destination": "none"})
    with pytest.raises(ClientError, match="time range"):
        client.create_export_task(**{"logGroupName": "g", "from": 2, "to": 1, "destination": "out"})
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.cancel_export_task(taskId="none")
