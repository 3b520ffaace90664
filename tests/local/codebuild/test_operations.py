"""CodeBuild's answers about projects and lists of builds."""

from __future__ import annotations

from typing import Any

import pytest

from support.builds import Builds

SPEC = "version: 0.2\nphases: {build: {commands: ['true']}}"


def test_a_project_is_made_changed_and_removed(builds: Builds) -> None:
    builds.project(SPEC, tags=[{"key": "team", "value": "web"}])
    [project] = builds.client.batch_get_projects(names=["web"])["projects"]
    assert project["arn"] == "arn:aws:codebuild:us-east-1:123456789012:project/web"
    assert (project["timeoutInMinutes"], project["queuedTimeoutInMinutes"]) == (60, 480)
    builds.clock.advance(60)
    changed = builds.client.update_project(name="web", description="the site")["project"]
    assert changed["source"] == project["source"]
    assert changed["lastModified"] > changed["created"]
    assert builds.client.batch_get_projects(names=[project["arn"]])["projects"] == [changed]
    builds.client.delete_project(name="web")
    builds.client.delete_project(name="web")
    assert builds.client.batch_get_projects(names=["web"]) | {"ResponseMetadata": 0} == {
        "projects": [],
        "projectsNotFound": ["web"],
        "ResponseMetadata": 0,
    }


def test_a_project_exists_once(builds: Builds) -> None:
    builds.project(SPEC)
    with pytest.raises(builds.client.exceptions.ResourceAlreadyExistsException):
        builds.project(SPEC)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": "no spaces"}, "Invalid project name"),
        ({"source": {"type": "NO_SOURCE"}}, "buildspec must be set"),
        ({"source": {"type": "S3"}}, "location must be set"),
        ({"source": {"type": "CODEPIPELINE"}}, "go together"),
        ({"artifacts": {"type": "S3"}}, "location must be set for the artifact type S3"),
        ({"timeoutInMinutes": 5000}, "Invalid timeoutInMinutes: 5000"),
    ],
)
def test_wrong_projects_are_refused(builds: Builds, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(builds.client.exceptions.InvalidInputException, match=words):
        builds.project(SPEC, **settings)


def test_reserved_names_are_refused(builds: Builds) -> None:
    builds.project(SPEC)
    with pytest.raises(builds.client.exceptions.InvalidInputException, match="CODEBUILD_X"):
        builds.start(environmentVariablesOverride=[{"name": "CODEBUILD_X", "value": "1"}])


def test_builds_are_numbered_by_project_and_listed_newest_first(builds: Builds) -> None:
    builds.project(SPEC)
    builds.project(SPEC, "api")
    first, other, second = builds.start(), builds.start("api"), builds.start()
    assert [builds.get(one)["buildNumber"] for one in (first, second, other)] == [1, 2, 1]
    assert builds.client.list_builds_for_project(projectName="web")["ids"] == [second, first]
    assert builds.client.list_builds_for_project(projectName="web", sortOrder="ASCENDING")["ids"] == [first, second]
    assert builds.client.list_builds()["ids"] == [second, other, first]
    assert builds.client.list_projects()["projects"] == ["api", "web"]
    assert builds.client.list_projects(sortBy="CREATED_TIME", sortOrder="DESCENDING")["projects"] == ["web", "api"]
    with pytest.raises(builds.client.exceptions.ResourceNotFoundException):
        builds.client.list_builds_for_project(projectName="gone")


def test_lists_come_in_pages_of_a_hundred(builds: Builds) -> None:
    from pointsman.local.runners.process import ProcessRunner

    builds.backend.world.tool(ProcessRunner).slots = 1000  # nothing is carried out before ``settle``
    builds.project(SPEC)
    ids = [builds.start() for _ in range(205)]
    pages = [page["ids"] for page in builds.client.get_paginator("list_builds_for_project").paginate(projectName="web")]
    assert [len(page) for page in pages] == [100, 100, 5]
    assert [one for page in pages for one in page] == ids[::-1]
    with pytest.raises(builds.client.exceptions.InvalidInputException, match="nextToken"):
        builds.client.list_builds(nextToken="nonsense")


def test_an_idempotency_token_starts_one_build_for_five_minutes(builds: Builds) -> None:
    builds.project(SPEC)
    first = builds.start(idempotencyToken="t")
    assert builds.start(idempotencyToken="t") == first
    with pytest.raises(builds.client.exceptions.InvalidInputException, match="idempotency token"):
        builds.start(idempotencyToken="t", sourceVersion="x")
    builds.clock.advance(300)
    assert builds.start(idempotencyToken="t") != first


def test_a_retry_is_a_new_build_with_the_same_overrides(builds: Builds) -> None:
    builds.project(SPEC)
    first = builds.start(environmentVariablesOverride=[{"name": "A", "value": "1"}], timeoutInMinutesOverride=7)
    again = builds.client.retry_build(id=first)["build"]
    assert again["id"] != first
    assert again["buildNumber"] == 2
    assert again["timeoutInMinutes"] == 7
    assert again["environment"]["environmentVariables"] == [{"name": "A", "value": "1", "type": "PLAINTEXT"}]


def test_a_concurrent_build_limit_throttles(builds: Builds) -> None:
    builds.project(SPEC, concurrentBuildLimit=1)
    builds.start()
    with pytest.raises(builds.client.exceptions.AccountLimitExceededException):
        builds.start()
    builds.backend.settle()
    builds.start()


def test_ended_builds_can_be_deleted_and_running_ones_cannot(builds: Builds) -> None:
    builds.project(SPEC)
    ended = builds.start()
    builds.backend.settle()
    running = builds.start()
    answer = builds.client.batch_delete_builds(ids=[ended, running])
    assert answer["buildsDeleted"] == [f"arn:aws:codebuild:us-east-1:123456789012:build/{ended}"]
    assert answer["buildsNotDeleted"] == [{"id": running, "statusCode": "BUILD_IN_PROGRESS"}]
    assert builds.client.batch_get_builds(ids=[ended, running])["buildsNotFound"] == [ended]
    assert builds.client.list_builds()["ids"] == [running]
