"""How many builds may run and wait, and which are tried again."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from pointsman.local.runners.process import ProcessRunner
from support.builds import Builds

GOOD = "version: 0.2\nphases: {build: {commands: ['true']}}"
BAD = "version: 0.2\nphases: {build: {commands: ['false']}}"


def test_the_queue_has_an_end(builds: Builds) -> None:
    builds.backend.world.tool(ProcessRunner).slots = 1
    builds.project(GOOD)
    ids = [builds.start() for _ in range(5)]
    with pytest.raises(ClientError, match=r"AccountLimitExceeded.*Cannot have more than 5 builds in queue"):
        builds.start()
    builds.backend.settle()
    assert {builds.get(one)["buildStatus"] for one in ids} == {"SUCCEEDED"}


def test_a_projects_own_limit_refuses_builds_and_has_its_batches_wait(builds: Builds) -> None:
    text = "version: 0.2\nbatch: {build-fanout: {parallelism: 3}}\nphases: {build: {commands: ['true']}}"
    builds.project(text, concurrentBuildLimit=1, buildBatchConfig={"serviceRole": "r"})
    builds.start()
    with pytest.raises(ClientError, match="Cannot have more than 1 concurrent builds for the project web"):
        builds.start()
    batch_id = builds.client.start_build_batch(projectName="web")["buildBatch"]["id"]
    builds.backend.settle()
    batch = builds.client.batch_get_build_batches(ids=[batch_id])["buildBatches"][0]
    assert batch["buildBatchStatus"] == "SUCCEEDED"


def test_a_failed_build_is_tried_again_as_often_as_its_project_says(builds: Builds) -> None:
    builds.project(BAD, autoRetryLimit=2)
    first = builds.start()
    builds.backend.settle()
    found = builds.client.batch_get_builds(ids=builds.client.list_builds(sortOrder="ASCENDING")["ids"])["builds"]
    assert [build["autoRetryConfig"]["autoRetryNumber"] for build in found] == [0, 1, 2]
    assert found[0]["id"] == first
    assert [build["autoRetryConfig"].get("nextAutoRetry") for build in found] == [
        found[1]["arn"],
        found[2]["arn"],
        None,
    ]
    assert [build["autoRetryConfig"].get("previousAutoRetry") for build in found] == [
        None,
        found[0]["arn"],
        found[1]["arn"],
    ]
    assert all(build["buildStatus"] == "FAILED" for build in found)


def test_a_build_that_was_stopped_or_passed_is_not_tried_again(builds: Builds) -> None:
    builds.project(GOOD, autoRetryLimit=2)
    builds.start()
    builds.backend.settle()
    builds.client.stop_build(id=builds.start())
    builds.backend.settle()
    assert len(builds.client.list_builds()["ids"]) == 2
