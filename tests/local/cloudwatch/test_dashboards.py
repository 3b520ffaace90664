"""Dashboards with their messages, tags, and anomaly detectors."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from support.backend import CheckedBackend


@pytest.fixture
def cloudwatch(backend: CheckedBackend) -> Any:
    return backend.session().client("cloudwatch")


def widget(type_: str = "metric", **properties: Any) -> dict[str, Any]:
    given = {"region": "us-east-1", "metrics": [["Shop", "errors", "Stage", "prod", {"stat": "Sum"}]]}
    return {"type": type_, "x": 0, "y": 0, "width": 6, "height": 6, "properties": {**given, **properties}}


def put(cloudwatch: Any, *widgets: Any, name: str = "shop") -> list[dict[str, str]]:
    body = json.dumps({"widgets": list(widgets)})
    answer = cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)
    return list(answer["DashboardValidationMessages"])


def test_a_dashboard_is_kept_listed_and_removed(cloudwatch: Any, backend: CheckedBackend) -> None:
    assert put(cloudwatch, widget(), {"type": "text", "properties": {"markdown": "# [bold]"}}) == []
    found = cloudwatch.get_dashboard(DashboardName="shop")
    assert found["DashboardArn"] == f"arn:aws:cloudwatch::{backend.account}:dashboard/shop"
    assert json.loads(found["DashboardBody"])["widgets"][1]["properties"]["markdown"] == "# [bold]"
    (entry,) = cloudwatch.list_dashboards(DashboardNamePrefix="sh")["DashboardEntries"]
    assert entry["Size"] == len(found["DashboardBody"])
    elsewhere = backend.session("eu-west-1").client("cloudwatch")
    assert len(elsewhere.list_dashboards()["DashboardEntries"]) == 1
    with pytest.raises(ClientError, match="none does not exist"):
        cloudwatch.delete_dashboards(DashboardNames=["shop", "none"])
    cloudwatch.delete_dashboards(DashboardNames=["shop"])
    with pytest.raises(ClientError) as caught:
        cloudwatch.get_dashboard(DashboardName="shop")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("wrong", "path", "words"),
    [
        (7, "/widgets/0", "Should be object"),
        ({"type": "metric"}, "/widgets/0", "'properties'"),
        (widget("plot"), "/widgets/0/type", "allowed values"),
        (widget(view="cake"), "/widgets/0/properties/view", "allowed values"),
        (widget(metrics=[["Shop"]]), "/widgets/0/properties/metrics/0", "less than 2 items"),
        (widget(metrics=[["Shop", "errors", "Stage"]]), "/widgets/0/properties/metrics/0", "every dimension"),
        (widget(metrics=[["Shop", 7]]), "/widgets/0/properties/metrics/0/1", "Should be string"),
        (widget(stacked="yes"), "/widgets/0/properties/stacked", "Should be boolean"),
        ({**widget(), "width": 25}, "/widgets/0/width", "<= 24"),
        ({**widget(), "x": "left"}, "/widgets/0/x", "Should be integer"),
        ({"type": "text", "properties": {}}, "/widgets/0/properties", "'markdown'"),
        ({"type": "alarm", "properties": {"alarms": "all"}}, "/widgets/0/properties/alarms", "Should be array"),
    ],
)
def test_bodies_that_are_refused(cloudwatch: Any, wrong: Any, path: str, words: str) -> None:
    with pytest.raises(ClientError, match="1 validation errors") as caught:
        put(cloudwatch, wrong)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidParameterInput"
    assert json.loads(error["Message"].partition("errors: ")[2])[0]["dataPath"] == path
    assert words in error["Message"]
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []


def test_what_is_only_odd_is_told_beside_the_success(cloudwatch: Any) -> None:
    odd = {"type": "metric", "properties": {"metrics": [["Shop", "errors"]]}}
    assert put(cloudwatch, odd) == [
        {"DataPath": "/widgets/0/properties", "Message": "Should have required property 'region'"}
    ]
    assert len(cloudwatch.list_dashboards()["DashboardEntries"]) == 1


@pytest.mark.parametrize("body", ["", "{", "[]", "7", "[" * 100_000, '{"widgets": "' + "x" * 2_000_000 + '"}'])
def test_hostile_bodies_are_sentences(cloudwatch: Any, body: str) -> None:
    with pytest.raises(ClientError, match=r"JSON object|bytes"):
        cloudwatch.put_dashboard(DashboardName="shop", DashboardBody=body)


def test_names_have_few_letters(cloudwatch: Any) -> None:
    with pytest.raises(ClientError, match="It can only contain alphanumerics"):
        put(cloudwatch, name="my shop")


def test_dashboards_come_in_pages(cloudwatch: Any) -> None:
    for number in range(1003):
        cloudwatch.put_dashboard(DashboardName=f"d{number:04}", DashboardBody='{"widgets": []}')
    pages = list(cloudwatch.get_paginator("list_dashboards").paginate())
    assert [len(page["DashboardEntries"]) for page in pages] == [1000, 3]


def test_tags_of_alarms_and_dashboards(cloudwatch: Any, backend: CheckedBackend) -> None:
    cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="FALSE", Tags=[{"Key": "team", "Value": "ops"}])
    put(cloudwatch)
    alarm = f"arn:aws:cloudwatch:us-east-1:{backend.account}:alarm:c"
    board = f"arn:aws:cloudwatch::{backend.account}:dashboard/shop"
    for arn in (alarm, board):
        cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["b"])
    listed = cloudwatch.list_tags_for_resource
    assert listed(ResourceARN=alarm)["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "team", "Value": "ops"}]
    assert listed(ResourceARN=board)["Tags"] == [{"Key": "a", "Value": "1"}]
    with pytest.raises(ClientError) as caught:
        listed(ResourceARN=alarm + "x")
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
    with pytest.raises(ClientError, match="at most 50"):
        cloudwatch.tag_resource(ResourceARN=alarm, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    with pytest.raises(ClientError, match="must not begin with aws:"):
        cloudwatch.tag_resource(ResourceARN=alarm, Tags=[{"Key": "aws:x", "Value": ""}])


def test_anomaly_detectors(cloudwatch: Any, clock: ManualClock) -> None:
    single = {"Namespace": "Shop", "MetricName": "load", "Dimensions": [], "Stat": "Average"}
    made = cloudwatch.put_anomaly_detector(SingleMetricAnomalyDetector=single)["AnomalyDetectorId"]
    (found,) = cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"]
    assert (found["AnomalyDetectorId"], found["StateValue"]) == (made, "PENDING_TRAINING")
    times = [clock.now() - timedelta(hours=4) + timedelta(minutes=5 * place) for place in range(36)]
    data = [{"MetricName": "load", "Value": 1.0, "Timestamp": time} for time in times]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    clock.advance(3600)
    (found,) = cloudwatch.describe_anomaly_detectors(Namespace="Shop")["AnomalyDetectors"]
    assert found["StateValue"] == "TRAINED"
    assert cloudwatch.describe_anomaly_detectors(Namespace="Other")["AnomalyDetectors"] == []
    cloudwatch.delete_anomaly_detector(SingleMetricAnomalyDetector=single)
    assert cloudwatch.describe_anomaly_detectors()["AnomalyDetectors"] == []
    with pytest.raises(ClientError, match="not built"):
        cloudwatch.put_anomaly_detector(MetricMathAnomalyDetector={"MetricDataQueries": []})
