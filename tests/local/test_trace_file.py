"""A file of traces under boto3."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH
from pointsman.errors import UsageError
from pointsman.local.trace_file import TraceFile
from support.traces import http, segment, subsegment, trace_id

DOCUMENTS = [
    segment(1, 1, http=http(500, url="http://shop/x", method="GET"), fault=True),
    segment(1, 4, "cart", parent=1, subsegments=[subsegment(5, "DynamoDB", namespace="aws", throttle=True)]),
    segment(2, 2, "mail", annotations={"tenant": "gold"}),
]


def made(tmp_path: Path, content: str | None = None) -> Path:
    path = tmp_path / "traces.json"
    path.write_text(content if content is not None else json.dumps(DOCUMENTS))
    return path


def test_its_traces_are_answered_and_filtered_whatever_the_range(tmp_path: Path) -> None:
    found = TraceFile.open(made(tmp_path))
    client = found.session().client("xray")
    times = {"StartTime": EPOCH, "EndTime": EPOCH + timedelta(minutes=1)}
    (first,) = client.batch_get_traces(TraceIds=[trace_id(1)])["Traces"]
    assert [json.loads(one["Document"]) for one in first["Segments"]] == DOCUMENTS[:2]
    assert len(client.get_trace_summaries(**times)["TraceSummaries"]) == 2
    answer = client.get_trace_summaries(**times, FilterExpression='annotation[tenant] = "gold"')
    assert [one["Id"] for one in answer["TraceSummaries"]] == [trace_id(2)]
    assert answer["TracesProcessedCount"] == 2
    services = client.get_service_graph(**times)["Services"]
    assert {one["Name"] for one in services} >= {"shop", "cart", "mail", "DynamoDB"}
    assert {one["Name"] for one in client.get_trace_graph(TraceIds=[trace_id(2)])["Services"]} == {"mail"}
    assert found.newest == EPOCH.timestamp()


def test_a_filter_that_is_none_and_what_a_file_cannot_know_are_refused(tmp_path: Path) -> None:
    client = TraceFile.open(made(tmp_path)).session().client("xray")
    times = {"StartTime": EPOCH, "EndTime": EPOCH + timedelta(minutes=1)}
    for expression in ("durration", 'group.name = "x"'):
        with pytest.raises(ClientError, match="InvalidRequest"):
            client.get_trace_summaries(**times, FilterExpression=expression)
    with pytest.raises(ClientError, match="a trace file is open"):
        client.get_sampling_rules()
    assert client.batch_get_traces(TraceIds=[trace_id(9)])["Traces"] == []


@pytest.mark.parametrize("content", ["", "{", "[]", '[{"id": 3}]'])
def test_a_bad_file_is_named_with_the_reason(tmp_path: Path, content: str) -> None:
    path = made(tmp_path, content)
    with pytest.raises(UsageError) as error:
        TraceFile.open(path)
    assert error.value.message.startswith(f"{path}: it ")
    assert "\n" not in error.value.message


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            TraceFile.open(path)
    os.mkfifo(tmp_path / "pipe")
    for path in (Path(os.devnull), tmp_path / "pipe"):
        with pytest.raises(UsageError, match="not a file"):
            TraceFile.open(path)
