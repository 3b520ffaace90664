"""The metrics that builds publish."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from support.builds import Builds

SPEC = "version: 0.2\nphases: {build: {commands: ['%s']}}"


def test_builds_are_counted_for_their_project_and_for_all(builds: Builds) -> None:
    builds.run(SPEC % "true")
    builds.start(buildspecOverride=SPEC % "false")
    builds.backend.settle()
    client = builds.backend.session().client("cloudwatch")
    now = builds.clock.now()

    def points(name: str, dimensions: list[dict[str, str]]) -> dict[str, Any]:
        (point,) = client.get_metric_statistics(
            Namespace="AWS/CodeBuild",
            MetricName=name,
            Dimensions=dimensions,
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
            Period=3600 * 2,
            Statistics=["Sum", "SampleCount"],
        )["Datapoints"]
        return dict(point)

    for dimensions in ([], [{"Name": "ProjectName", "Value": "web"}]):
        assert [points(name, dimensions)["Sum"] for name in ("Builds", "SucceededBuilds", "FailedBuilds")] == [2, 1, 1]
        duration = points("Duration", dimensions)
        assert (duration["Unit"], duration["SampleCount"]) == ("Seconds", 2)
    names = {one["MetricName"] for one in client.list_metrics(Namespace="AWS/CodeBuild")["Metrics"]}
    assert {"BuildDuration", "QueuedDuration", "DownloadSourceDuration"} <= names
