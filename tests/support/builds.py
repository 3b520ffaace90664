"""The shortest way to a build and its log."""

from __future__ import annotations

from typing import Any

from pointsman.clock import ManualClock
from pointsman.local import Backend


class Builds:
    """A backend with the shortest way to a build and its log."""

    def __init__(self, backend: Backend, clock: ManualClock) -> None:
        self.backend = backend
        self.clock = clock
        self.client: Any = backend.session().client("codebuild")

    def project(self, buildspec: str, name: str = "web", **settings: Any) -> None:
        self.client.create_project(
            **{
                "name": name,
                "source": {"type": "NO_SOURCE", "buildspec": buildspec},
                "artifacts": {"type": "NO_ARTIFACTS"},
                "environment": {
                    "type": "LINUX_CONTAINER",
                    "image": "aws/codebuild/standard:7.0",
                    "computeType": "BUILD_GENERAL1_SMALL",
                },
                "serviceRole": "arn:aws:iam::123456789012:role/build",
                **settings,
            }
        )

    def start(self, name: str = "web", **overrides: Any) -> str:
        build_id: str = self.client.start_build(projectName=name, **overrides)["build"]["id"]
        return build_id

    def get(self, build_id: str) -> Any:
        return self.client.batch_get_builds(ids=[build_id])["builds"][0]

    def run(self, buildspec: str, **overrides: Any) -> Any:
        """Build a buildspec to its end."""
        self.project(buildspec)
        build_id = self.start(**overrides)
        self.backend.settle()
        return self.get(build_id)

    def lines(self, build: Any) -> list[str]:
        """The build's whole log, without the line ends."""
        logs: Any = self.backend.session().client("logs")
        page = logs.get_log_events(
            logGroupName=build["logs"]["groupName"], logStreamName=build["logs"]["streamName"], startFromHead=True
        )
        return [event["message"].rstrip("\n") for event in page["events"]]

    def printed(self, build: Any) -> list[str]:
        """What the commands themselves printed."""
        return [line for line in self.lines(build) if line and not line.startswith("[Container]")]

    @staticmethod
    def phases(build: Any) -> dict[str, str]:
        """Phase -> status."""
        return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}

    @staticmethod
    def contexts(build: Any, phase: str) -> list[tuple[str, str]]:
        """What is told of a phase."""
        found = next(one for one in build["phases"] if one["phaseType"] == phase)
        return [(one["statusCode"], one["message"]) for one in found["contexts"]]
