"""kill -9 at any moment, start again: no acknowledged write lost, running work resumed or marked failed in words."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pointsman.local import Backend
from pointsman.local.state import StateFolder

VICTIM = Path(__file__).with_name("victim.py")
ROUNDS = int(os.environ.get("POINTSMAN_KILLS", "8"))
"""How often it is killed; 300 take a quarter of an hour."""

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not Path("/proc/self/environ").exists(), reason="needs git and /proc"
)


def processes(folder: Path) -> dict[int, str]:
    """Living processes, other than this one, that work in a folder or carry its name in their environment."""
    mark, found = str(folder).encode(), {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes()
            inside = (
                mark in line
                or mark in (entry / "environ").read_bytes()
                or mark in os.fsencode((entry / "cwd").readlink())
            )
        except OSError:
            continue
        if inside and line:
            found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace")
    return found


def until(true: Callable[[], Any], seconds: float, otherwise: Callable[[], str]) -> None:
    """Look again until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, otherwise()
        select.select([], [], [], 0.02)


def is_free(folder: Path) -> bool:
    """Whether nobody holds a state folder."""
    with (folder / "owner.json").open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


class Survivors:
    """A state folder that a victim has worked in, and what the victim was told."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self._acks = folder / "acks"
        self._acks.touch()
        self._turn = 0

    def acks(self) -> list[list[Any]]:
        """What was answered, in order; a line that a kill has cut off was not."""
        whole = self._acks.read_bytes().rpartition(b"\n")[0]
        return [json.loads(line) for line in whole.splitlines()]

    def live_and_die(self, seconds: float, *, ready: bool = True) -> None:
        """Let a victim work for so long after it is ready, or after it was begun, and kill it."""
        turn = str(self._turn)
        self._turn += 1
        command = [sys.executable, "-W", "ignore", str(VICTIM), str(self.state), str(self._acks), turn]
        with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE) as victim:
            try:
                if ready:
                    until(
                        lambda: ["ready", turn] in self.acks() or victim.poll() is not None,
                        20,
                        lambda: "the victim never got ready",
                    )
                assert victim.stderr is not None
                with contextlib.suppress(subprocess.TimeoutExpired):
                    victim.wait(seconds)
                assert victim.poll() is None, victim.stderr.read().decode()
            finally:
                victim.send_signal(signal.SIGKILL)
                victim.wait(10)


@pytest.fixture(scope="module")
def survivors(tmp_path_factory: pytest.TempPathFactory) -> Survivors:
    """A folder whose backend was killed again and again, at moments that differ from run to run."""
    made = Survivors(tmp_path_factory.mktemp("survival"))
    dice = random.Random(seed := random.randrange(1 << 32))
    made.live_and_die(1.0)
    for turn in range(1, ROUNDS):
        if turn % 4 == 0:
            made.live_and_die(dice.uniform(0.1, 1.0), ready=False)
        else:
            made.live_and_die(dice.uniform(0.05, 1.4))
        nobody_left(made.state, f"round {turn}, seed {seed}")
    return made


def nobody_left(state: Path, when: str) -> None:
    """No process works for a state folder any more, and nobody holds it."""
    until(lambda: not processes(state), 10, lambda: f"{when}: orphans {processes(state)}")
    assert is_free(state), f"{when}: the folder is still held"


@pytest.fixture(scope="module")
def after(survivors: Survivors) -> Iterator[Backend]:
    """The backend started once more, and what was going on in it come to its end."""
    with Backend(state=survivors.state) as backend:
        build = backend.session().client("codebuild")
        ids = [ack[1] for ack in survivors.acks() if ack[0] == "build"]

        def ended() -> bool:
            everything = all(
                one["buildComplete"] for part in chunks(ids) for one in build.batch_get_builds(ids=part)["builds"]
            )
            return everything and not moving(backend) and not unfinished(backend)

        until(ended, 120, lambda: f"something is in progress for ever: {moving(backend)} {unfinished(backend)}")
        yield backend


def chunks(ids: list[str]) -> list[list[str]]:
    return [ids[at : at + 100] for at in range(0, len(ids), 100)]


def unfinished(backend: Backend) -> list[tuple[str, str]]:
    """Deployments, targets and batches that have not ended."""
    deploy, build = backend.session().client("codedeploy"), backend.session().client("codebuild")
    found: list[tuple[str, str]] = []
    for page in deploy.get_paginator("list_deployments").paginate():
        for one in page["deployments"]:
            status = deploy.get_deployment(deploymentId=one)["deploymentInfo"]["status"]
            if status not in ("Succeeded", "Failed", "Stopped"):
                found.append((one, status))
                continue
            ids = deploy.list_deployment_targets(deploymentId=one)["targetIds"]
            targets = deploy.batch_get_deployment_targets(deploymentId=one, targetIds=ids)["deploymentTargets"]
            found += [
                (f"{one} {target['instanceTarget']['targetId']}", target["instanceTarget"]["status"])
                for target in targets
                if target["instanceTarget"]["status"] == "InProgress"
            ]
    for page in build.get_paginator("list_build_batches").paginate():
        for batch in build.batch_get_build_batches(ids=page["ids"])["buildBatches"] if page["ids"] else ():
            if not batch["complete"]:
                found.append((batch["id"], batch["buildBatchStatus"]))
    return found


def moving(backend: Backend) -> list[tuple[str, str]]:
    """Executions and stages that have not ended."""
    pipeline = backend.session().client("codepipeline")
    pages = pipeline.get_paginator("list_pipeline_executions").paginate(pipelineName="line")
    runs = [one for page in pages for one in page["pipelineExecutionSummaries"]]
    found = [(one["pipelineExecutionId"], one["status"]) for one in runs if one["status"] in ("InProgress", "Stopping")]
    for stage in pipeline.get_pipeline_state(name="line")["stageStates"]:
        for action in stage["actionStates"]:
            status = action.get("latestExecution", {}).get("status", "")
            found += [(action["actionName"], status)] if status == "InProgress" else []
    return found


@pytest.mark.slow
@pytest.mark.timeout(max(180, 10 * ROUNDS))
@pytest.mark.xdist_group("survival")
class TestKilledAtManyMoments:
    def test_every_answered_write_is_there(self, survivors: Survivors, after: Backend) -> None:
        said: defaultdict[str, list[list[Any]]] = defaultdict(list)
        for ack in survivors.acks():
            said[ack[0]].append(ack[1:])
        counts = {kind: len(answers) for kind, answers in said.items()}
        assert all(counts[kind] > 3 for kind in ("parameter", "object", "lines", "commit", "seen", "build")), counts
        ssm, s3 = after.session().client("ssm"), after.session().client("s3")
        for name, value in said["parameter"]:
            assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == value
        for key, etag in said["object"]:
            answer = s3.get_object(Bucket="things", Key=key)
            body = answer["Body"].read()
            assert answer["ETag"] == etag
            assert body == f"body {key.partition('/')[2]} ".encode() * 2000

    def test_every_answered_commit_is_in_the_branch_and_git_finds_no_fault(
        self, survivors: Survivors, after: Backend
    ) -> None:
        bare = survivors.state / "repositories" / "123456789012" / "us-east-1" / "notes.git"
        log = subprocess.run(["git", "rev-list", "main"], cwd=bare, capture_output=True, text=True, check=True).stdout
        assert {ack[1] for ack in survivors.acks() if ack[0] == "commit"} <= set(log.split())
        subprocess.run(["git", "fsck", "--connectivity-only"], cwd=bare, capture_output=True, check=True)

    def test_no_answered_log_line_is_lost_and_none_is_there_twice(self, survivors: Survivors, after: Backend) -> None:
        logs = after.session().client("logs")
        least: dict[str, int] = {}
        for ack in survivors.acks():
            if ack[0] == "lines":
                least[ack[1]] = ack[2]
        for stream, count in least.items():
            messages = whole(logs, "/survival", stream)
            assert len(messages) >= count
            assert messages == [str(n) for n in range(len(messages))]
            assert len(messages) - count <= 3, "a call that was never answered may stand, no more"

    def test_what_a_reader_has_seen_of_a_build_log_stays_and_nothing_comes_twice(
        self, survivors: Survivors, after: Backend
    ) -> None:
        logs = after.session().client("logs")
        seen: dict[tuple[str, str], list[str]] = {}
        for ack in survivors.acks():
            if ack[0] == "seen":
                seen[ack[1], ack[2]] = ack[3]
        for (group, stream), last in seen.items():
            messages = whole(logs, group, stream)
            assert any(messages[at : at + len(last)] == last for at in range(len(messages))), (stream, last, messages)
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        for group in groups:
            if not group.startswith("/aws/codebuild/"):
                continue
            for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
                for about in page["logStreams"]:
                    printed = [one for one in whole(logs, group, about["logStreamName"]) if one.startswith("line ")]
                    numbers = [int(one.split()[1]) for one in printed]
                    assert numbers == sorted(set(numbers)), (group, about["logStreamName"], numbers)

    def test_every_build_has_ended_and_one_that_failed_says_why(self, survivors: Survivors, after: Backend) -> None:
        client = after.session().client("codebuild")
        ids = [one for page in client.get_paginator("list_builds").paginate() for one in page["ids"]]
        assert {ack[1] for ack in survivors.acks() if ack[0] == "build"} <= set(ids)
        statuses = set()
        for part in chunks(ids):
            for build in client.batch_get_builds(ids=part)["builds"]:
                statuses.add(build["buildStatus"])
                assert build["buildComplete"]
                assert build["phases"][-1]["phaseType"] == "COMPLETED"
                if build["buildStatus"] != "SUCCEEDED":
                    told = [context["message"] for phase in build["phases"] for context in phase.get("contexts", ())]
                    assert any(told), build
        assert statuses & {"FAILED", "FAULT"}, "no build was hit"

    def test_every_execution_has_ended_and_one_that_failed_says_why(self, survivors: Survivors, after: Backend) -> None:
        client = after.session().client("codepipeline")
        pages = client.get_paginator("list_pipeline_executions").paginate(pipelineName="line")
        runs = {one["pipelineExecutionId"]: one for page in pages for one in page["pipelineExecutionSummaries"]}
        assert {ack[1] for ack in survivors.acks() if ack[0] == "execution"} <= set(runs)
        pages = client.get_paginator("list_action_executions").paginate(pipelineName="line")
        for action in (one for page in pages for one in page["actionExecutionDetails"]):
            assert action["status"] in ("Succeeded", "Failed", "Abandoned"), action
            if action["status"] == "Failed":
                assert action["output"]["executionResult"]["errorDetails"]["message"], action

    def test_every_deployment_and_batch_is_there_and_one_that_failed_says_why(
        self, survivors: Survivors, after: Backend
    ) -> None:
        deploy, build = after.session().client("codedeploy"), after.session().client("codebuild")
        told = {kind: [ack[1] for ack in survivors.acks() if ack[0] == kind] for kind in ("deployment", "batch")}
        assert len(told["deployment"]) > 1, told
        for one in told["deployment"]:
            info = deploy.get_deployment(deploymentId=one)["deploymentInfo"]
            assert info["status"] == "Succeeded" or info["errorInformation"]["message"], info
        for part in chunks(told["batch"]):
            answer = build.batch_get_build_batches(ids=part)
            assert answer["buildBatchesNotFound"] == []

    def test_pull_requests_webhooks_and_waiting_runs_are_there(self, survivors: Survivors, after: Backend) -> None:
        git, pipeline = after.session().client("codecommit"), after.session().client("codepipeline")
        acks = survivors.acks()
        for _, number, title in (ack for ack in acks if ack[0] == "request"):
            assert git.get_pull_request(pullRequestId=number)["pullRequest"]["title"] == title
        for _, number in (ack for ack in acks if ack[0] == "closed"):
            assert git.get_pull_request(pullRequestId=number)["pullRequest"]["pullRequestStatus"] == "CLOSED"
        hooks = {
            one["definition"]["name"]: one["url"]
            for page in pipeline.get_paginator("list_webhooks").paginate()
            for one in page["webhooks"]
        }
        told = {ack[1]: ack[2] for ack in acks if ack[0] == "webhook"}
        assert told.items() <= hooks.items()
        waiting = {
            one["pipelineExecutionId"]: one["output"]["executionResult"]["externalExecutionId"]
            for page in pipeline.get_paginator("list_action_executions").paginate(pipelineName="beside")
            for one in page["actionExecutionDetails"]
            if one["stageName"] == "Gate" and one["status"] == "InProgress"
        }
        failed = {
            one["pipelineExecutionId"]
            for page in pipeline.get_paginator("list_pipeline_executions").paginate(pipelineName="beside")
            for one in page["pipelineExecutionSummaries"]
            if one["status"] != "InProgress"
        }
        for _, run in (ack for ack in acks if ack[0] == "beside"):
            assert run in waiting or run in failed
        for run, token in waiting.items():
            verdict = {"status": "Approved", "summary": ""}
            pipeline.put_approval_result(
                pipelineName="beside", stageName="Gate", actionName="Manual", token=token, result=verdict
            )
            answer = pipeline.get_pipeline_execution(pipelineName="beside", pipelineExecutionId=run)
            assert answer["pipelineExecution"]["status"] == "Succeeded"

    def test_the_line_still_works(self, survivors: Survivors, after: Backend) -> None:
        client = after.session().client("codepipeline")
        run = client.start_pipeline_execution(name="line")["pipelineExecutionId"]

        def status() -> str:
            answer = client.get_pipeline_execution(pipelineName="line", pipelineExecutionId=run)
            return str(answer["pipelineExecution"]["status"])

        until(lambda: status() != "InProgress", 30, lambda: f"a new execution does not end: {moving(after)}")
        while status() == "Superseded":  # a commit that was pushed just before the last kill is seen only now
            newest = client.list_pipeline_executions(pipelineName="line")["pipelineExecutionSummaries"][0]
            assert newest["pipelineExecutionId"] != run
            run = newest["pipelineExecutionId"]
            until(lambda: status() != "InProgress", 30, lambda: f"a new execution does not end: {moving(after)}")
        assert status() == "Succeeded"
        until(lambda: not of_builds(survivors.state), 10, lambda: f"left behind: {of_builds(survivors.state)}")


def of_builds(folder: Path) -> list[str]:
    """What builds have started and lives; a deployment's hook may leave a server running, and here it does."""
    found = []
    for number, line in processes(folder).items():
        with contextlib.suppress(OSError):
            if b"CODEBUILD_BUILD_ID=" in Path(f"/proc/{number}/environ").read_bytes():
                found.append(line)
    return found


def whole(logs: Any, group: str, stream: str) -> list[str]:
    """Every message of a stream, in order."""
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **token)
        found += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token.get("nextToken"):
            return found
        token = {"nextToken": page["nextForwardToken"]}


SLOW = """
version: 0.2
phases:
  build:
    commands:
      - (setsid sh -c 'exec sleep 300' &)
      - echo begun
      - sleep 300
"""


def running(backend: Backend) -> str:
    """A build whose shell sleeps."""
    client = backend.session().client("codebuild")
    client.create_project(
        name="slow",
        source={"type": "NO_SOURCE", "buildspec": SLOW},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/r",
    )
    build: dict[str, Any] = client.start_build(projectName="slow")["build"]
    until(lambda: "begun\n" in log_of(backend, build["id"]), 20, lambda: "the build never began")
    return str(build["id"])


def log_of(backend: Backend, build_id: str) -> list[str]:
    about = backend.session().client("codebuild").batch_get_builds(ids=[build_id])["builds"][0].get("logs", {})
    if not about.get("streamName"):
        return []
    return whole(backend.session().client("logs"), about["groupName"], about["streamName"])


def test_a_clean_close_stops_a_running_build_and_says_so(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Backend(state=state) as backend:
        build_id = running(backend)
        assert processes(state)
    nobody_left(state, "after the close")
    with Backend(state=state) as again:
        build = again.session().client("codebuild").batch_get_builds(ids=[build_id])["builds"][0]
        assert (build["buildStatus"], build["buildComplete"]) == ("STOPPED", True)
        assert "closed while this build ran" in "".join(log_of(again, build_id))


def test_a_state_folder_is_free_for_the_next_owner_after_a_kill(tmp_path: Path) -> None:
    survivors = Survivors(tmp_path)
    survivors.live_and_die(0.1)
    StateFolder.claim(survivors.state).release()
    nobody_left(survivors.state, "after the kill")
