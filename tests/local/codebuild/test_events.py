"""What EventBridge would hear of builds, and what projects say of themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.local.codebuild.events import told
from pointsman.local.events import bus
from support.builds import Builds

SPEC = "version: 0.2\nphases: {build: {commands: ['%s']}}"


def test_builds_tell_of_their_states_and_phases(builds: Builds) -> None:
    heard: list[dict[str, Any]] = []
    builds.backend.world.on(bus.TOPIC, lambda _, payload: heard.append(payload))
    builds.backend.world.tool(bus.Interest).add(lambda _: True)
    build = builds.run(SPEC % "false")
    assert {event["source"] for event in heard} == {"aws.codebuild"}
    assert all(event["resources"] == [build["arn"]] for event in heard)
    states = [event["detail"] for event in heard if event["detail-type"] == "CodeBuild Build State Change"]
    assert [(one["build-status"], one["current-phase"]) for one in states] == [
        ("IN_PROGRESS", "QUEUED"),
        ("FAILED", "COMPLETED"),
    ]
    assert states[1]["build-id"] == build["arn"]
    information = states[1]["additional-information"]
    assert information["build-complete"] is True
    assert information["logs"]["group-name"] == "/aws/codebuild/web"
    assert information["phases"][-1] == {"phase-type": "COMPLETED", "start-time": "Jan 5, 2026 9:00:00 AM"}
    phases = [event["detail"] for event in heard if event["detail-type"] == "CodeBuild Build Phase Change"]
    assert [(one["completed-phase"], one["completed-phase-status"]) for one in phases] == [
        ("QUEUED", "SUCCEEDED"),
        ("PROVISIONING", "SUCCEEDED"),
        ("DOWNLOAD_SOURCE", "SUCCEEDED"),
        ("INSTALL", "SUCCEEDED"),
        ("PRE_BUILD", "SUCCEEDED"),
        ("BUILD", "FAILED"),
        ("POST_BUILD", "SUCCEEDED"),
        ("UPLOAD_ARTIFACTS", "SUCCEEDED"),
        ("FINALIZING", "SUCCEEDED"),
    ]
    assert phases[5]["completed-phase-context"].startswith("[COMMAND_EXECUTION_ERROR: Error while executing command")


def test_times_are_written_as_aws_does() -> None:
    assert told(datetime(2017, 9, 1, 16, 12, 29, tzinfo=UTC)) == "Sep 1, 2017 4:12:29 PM"
    assert told(datetime(2017, 9, 1, 0, 2, 9, tzinfo=UTC)) == "Sep 1, 2017 12:02:09 AM"


def test_a_badge_has_one_address_for_ever(builds: Builds) -> None:
    builds.project(SPEC % "true", badgeEnabled=True)

    def badge() -> Any:
        return builds.client.batch_get_projects(names=["web"])["projects"][0]["badge"]

    first = badge()
    assert first["badgeEnabled"] is True
    assert first["badgeRequestUrl"].startswith("https://codebuild.us-east-1.amazonaws.com/badges?uuid=")
    builds.client.update_project(name="web", description="other")
    assert badge() == first
    builds.client.update_project(name="web", badgeEnabled=False)
    assert badge() == {"badgeEnabled": False}


def test_visibility_is_kept(builds: Builds) -> None:
    builds.project(SPEC % "true")
    arn = builds.client.batch_get_projects(names=["web"])["projects"][0]["arn"]
    public = builds.client.update_project_visibility(
        projectArn=arn, projectVisibility="PUBLIC_READ", resourceAccessRole="arn:aws:iam::123456789012:role/public"
    )
    project = builds.client.batch_get_projects(names=["web"])["projects"][0]
    assert project["projectVisibility"] == "PUBLIC_READ"
    assert project["publicProjectAlias"] == public["publicProjectAlias"]
    assert project["resourceAccessRole"] == "arn:aws:iam::123456789012:role/public"
    builds.client.update_project_visibility(projectArn=arn, projectVisibility="PRIVATE")
    assert builds.client.batch_get_projects(names=["web"])["projects"][0]["projectVisibility"] == "PRIVATE"
    with pytest.raises(ClientError, match="ResourceNotFound"):
        builds.client.update_project_visibility(projectArn=arn + "x", projectVisibility="PRIVATE")


def test_curated_images(builds: Builds) -> None:
    found = builds.client.list_curated_environment_images()["platforms"]
    names = [image["name"] for one in found for language in one["languages"] for image in language["images"]]
    assert "aws/codebuild/standard:7.0" in names


def test_debug_sessions_are_refused_by_name(builds: Builds) -> None:
    builds.project(SPEC % "true")
    with pytest.raises(ClientError, match=r"NotImplemented.*debugSessionEnabled"):
        builds.start(debugSessionEnabled=True)
