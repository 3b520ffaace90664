"""The same calls to moto and to this backend, where moto has the behaviour."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from pointsman.clock import EPOCH
from support.backend import CheckedBackend


def outcome(client: Any) -> list[Any]:
    """What a run of calls comes to, without times and ids."""
    now = int(client.moment)
    found: list[Any] = []

    def said(call: Any, **parameters: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = call(**parameters)
        except ClientError as error:
            answer = {"code": error.response["Error"]["Code"]}
        return answer

    aws = client.aws
    aws.create_log_group(logGroupName="g")
    for stream in ("a", "b"):
        aws.create_log_stream(logGroupName="g", logStreamName=stream)
    for n, stream in enumerate("abab"):
        event = {"timestamp": now + n, "message": f"{stream} line {n}"}
        aws.put_log_events(logGroupName="g", logStreamName=stream, logEvents=[event])
    for more in ({}, {"filterPattern": "line"}, {"filterPattern": '"b line"'}, {"logStreamNames": ["b"]}, {"limit": 2}):
        answer = said(aws.filter_log_events, logGroupName="g", interleaved=True, **more)
        found.append([event["message"] for event in answer["events"]])
    made = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    given = {"filterName": "f", "filterPattern": "line", "metricTransformations": made}
    aws.put_metric_filter(logGroupName="g", **given)
    (shown,) = aws.describe_metric_filters(logGroupName="g")["metricFilters"]
    found.append({key: shown[key] for key in ("filterName", "filterPattern", "metricTransformations", "logGroupName")})
    aws.delete_metric_filter(logGroupName="g", filterName="f")
    found.append(aws.describe_metric_filters(logGroupName="g")["metricFilters"])
    for call, parameters in (
        (aws.filter_log_events, {"logGroupName": "none"}),
        (aws.start_query, {"logGroupName": "none", "startTime": 0, "endTime": 1, "queryString": "limit 1"}),
    ):
        found.append(said(call, **parameters).get("code"))
    return found


class Asked:
    """A client, and the time it is for its service."""

    def __init__(self, aws: Any, moment: float) -> None:
        self.aws = aws
        self.moment = moment


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Any:
    import time

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Asked(boto3.client("logs", region_name="us-east-1"), time.time() * 1000 - 60_000)


def test_moto_and_this_backend_agree(backend: CheckedBackend, theirs: Any) -> None:
    ours = Asked(backend.session().client("logs"), EPOCH.timestamp() * 1000)
    assert outcome(ours) == outcome(theirs)
