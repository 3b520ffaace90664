"""Sandboxes: a project's environment for commands one by one, with a build's place, shell, log and clean-up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.answers import AwsError
from pointsman.local.scenarios import open_demo
from support.backend import CheckedBackend
from support.builds import Builds
from support.processes import alive, killed
from support.scenes import ask

GOOD = "version: 0.2\nphases: {build: {commands: ['true']}}"


class Sandboxes:
    """The shortest way to a sandbox and its commands."""

    def __init__(self, builds: Builds) -> None:
        self.builds = builds
        self.client = builds.client
        self.backend = builds.backend

    def start(self, name: str = "web", **more: Any) -> str:
        sandbox_id: str = self.client.start_sandbox(projectName=name, **more)["sandbox"]["id"]
        return sandbox_id

    def get(self, sandbox_id: str) -> Any:
        return self.client.batch_get_sandboxes(ids=[sandbox_id])["sandboxes"][0]

    def phases(self, sandbox_id: str) -> dict[str, str]:
        return {
            one["phaseType"]: one.get("phaseStatus", "") for one in self.get(sandbox_id)["currentSession"]["phases"]
        }

    def give(self, sandbox_id: str, command: str) -> str:
        answer = self.client.start_command_execution(sandboxId=sandbox_id, command=command, type="SHELL")
        command_id: str = answer["commandExecution"]["id"]
        return command_id

    def command(self, sandbox_id: str, command_id: str) -> Any:
        found = self.client.batch_get_command_executions(sandboxId=sandbox_id, commandExecutionIds=[command_id])
        return found["commandExecutions"][0]

    def do(self, sandbox_id: str, command: str) -> Any:
        command_id = self.give(sandbox_id, command)
        self.backend.settle()
        return self.command(sandbox_id, command_id)

    def until_printed(self, sandbox_id: str, command_id: str, word: str) -> None:
        for _ in range(300):
            self.backend.settle()
            if word in self.command(sandbox_id, command_id).get("standardOutputContent", ""):
                return
        raise AssertionError(f"{word} was never printed: {self.command(sandbox_id, command_id)}")


@pytest.fixture
def sandboxes(builds: Builds) -> Sandboxes:
    builds.project(GOOD)
    return Sandboxes(builds)


@pytest.fixture
def hasty(sandboxes: Sandboxes) -> Sandboxes:
    """The backend does not wait long for a process that sleeps."""
    sandboxes.backend.world.patience = 0.05
    return sandboxes


def test_a_sandbox_runs_commands_in_one_shell_and_keeps_their_two_streams(sandboxes: Sandboxes) -> None:
    sandbox_id = sandboxes.start()
    assert sandboxes.get(sandbox_id)["status"] == "QUEUED"
    sandboxes.backend.settle()
    shown = sandboxes.get(sandbox_id)
    assert (shown["status"], shown["currentSession"]["currentPhase"]) == ("RUN_SANDBOX", "RUN_SANDBOX")
    assert shown["arn"].endswith(f":sandbox/{sandbox_id}")
    assert list(sandboxes.phases(sandbox_id).values())[:-1] == ["SUCCEEDED"] * 4
    first = sandboxes.do(sandbox_id, "export A=kept; mkdir on; cd on; echo out; echo bad >&2")
    assert (first["status"], first["exitCode"]) == ("SUCCEEDED", "0")
    assert (first["standardOutputContent"], first["standardErrContent"]) == ("out\n", "bad\n")
    second = sandboxes.do(sandbox_id, "echo $A; basename $PWD; exit 4")
    assert (second["status"], second["exitCode"], second["standardOutputContent"]) == ("FAILED", "4", "kept\non\n")
    assert "standardErrContent" not in second
    third = sandboxes.do(sandbox_id, "nope")
    assert third["exitCode"] == "127" and "nope" in third["standardErrContent"]
    log = sandboxes.builds.lines(shown["currentSession"])
    assert {"out", "bad", "kept"} <= set(log)
    assert any(line.endswith("Running command nope") for line in log)


def test_commands_wait_for_the_sandbox_and_for_one_another(hasty: Sandboxes) -> None:
    sandbox_id = hasty.start()
    ids = [hasty.give(sandbox_id, one) for one in ("echo one", "echo two; sleep 600", "echo three")]
    assert [hasty.command(sandbox_id, one)["status"] for one in ids] == ["SUBMITTED"] * 3
    hasty.until_printed(sandbox_id, ids[1], "two")
    assert [hasty.command(sandbox_id, one)["status"] for one in ids] == ["SUCCEEDED", "IN_PROGRESS", "SUBMITTED"]
    ask = hasty.client.list_command_executions_for_sandbox
    assert [one["id"] for one in ask(sandboxId=sandbox_id)["commandExecutions"]] == ids[::-1]
    page = ask(sandboxId=sandbox_id, sortOrder="ASCENDING", maxResults=2)
    rest = ask(sandboxId=sandbox_id, sortOrder="ASCENDING", maxResults=2, nextToken=page["nextToken"])
    assert [one["id"] for one in page["commandExecutions"] + rest["commandExecutions"]] == ids
    hasty.client.stop_sandbox(id=sandbox_id)
    assert [hasty.command(sandbox_id, one)["status"] for one in ids] == ["SUCCEEDED", "STOPPED", "STOPPED"]


ORPHANS = "setsid sleep 600 & sleep 601 & (trap '' TERM HUP INT; sleep 602; sleep 603) & echo ready; sleep 605"


def test_a_stop_leaves_no_orphan_and_no_folder(hasty: Sandboxes, tmp_path: Path) -> None:
    sandbox_id = hasty.start()
    command_id = hasty.give(sandbox_id, f"export MARKER={tmp_path.name}; {ORPHANS}")
    hasty.until_printed(sandbox_id, command_id, "ready")
    assert len(alive(tmp_path.name)) >= 4
    stopped = hasty.client.stop_sandbox(id=hasty.get(sandbox_id)["arn"])["sandbox"]
    assert stopped["status"] == "STOPPED"
    hasty.backend.world.patience = 30
    hasty.backend.settle()
    assert alive(tmp_path.name) == []
    assert hasty.phases(sandbox_id) | {"COMPLETED": "", "RUN_SANDBOX": "STOPPED"} == hasty.phases(sandbox_id)
    assert not (hasty.backend.root / "builds" / sandbox_id.partition(":")[2]).exists()
    assert hasty.client.stop_sandbox(id=sandbox_id)["sandbox"] == hasty.get(sandbox_id)
    with pytest.raises(ClientError, match="has ended"):
        hasty.give(sandbox_id, "true")


def test_its_time_is_its_projects(hasty: Sandboxes) -> None:
    hasty.builds.project(GOOD, "short", timeoutInMinutes=5)
    sandbox_id = hasty.start("short")
    command_id = hasty.give(sandbox_id, "echo ready; sleep 600")
    hasty.until_printed(sandbox_id, command_id, "ready")
    hasty.builds.clock.advance(300)
    shown = hasty.get(sandbox_id)
    assert (shown["status"], hasty.phases(sandbox_id)["RUN_SANDBOX"]) == ("STOPPED", "TIMED_OUT")
    assert hasty.command(sandbox_id, command_id)["status"] == "TIMED_OUT"


def test_it_takes_a_place_of_its_fleet_and_of_its_project(hasty: Sandboxes) -> None:
    kind = {"environmentType": "LINUX_CONTAINER", "computeType": "BUILD_GENERAL1_SMALL"}
    arn = hasty.client.create_fleet(name="pool", baseCapacity=1, **kind)["fleet"]["arn"]
    environment = {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"}
    hasty.builds.project(GOOD, "fleeted", environment={**environment, "fleet": {"fleetArn": arn}})
    first, second = hasty.start("fleeted"), hasty.start("fleeted")
    hasty.backend.settle()
    assert [hasty.get(one)["status"] for one in (first, second)] == ["RUN_SANDBOX", "QUEUED"]
    build = hasty.builds.start("fleeted")
    hasty.backend.settle()
    assert hasty.builds.get(build)["currentPhase"] == "QUEUED"
    hasty.client.stop_sandbox(id=first)
    hasty.backend.settle()
    assert hasty.get(second)["status"] == "RUN_SANDBOX"
    hasty.builds.project(GOOD, "narrow", concurrentBuildLimit=1)
    hasty.start("narrow")
    with pytest.raises(ClientError, match="AccountLimitExceededException"):
        hasty.start("narrow")


def test_a_source_and_secrets_are_as_in_a_build(sandboxes: Sandboxes) -> None:
    git: Any = sandboxes.backend.session().client("codecommit")
    git.create_repository(repositoryName="code")
    commit = git.put_file(repositoryName="code", branchName="main", filePath="a.txt", fileContent=b"hello")["commitId"]
    ssm: Any = sandboxes.backend.session().client("ssm")
    ssm.put_parameter(Name="token", Value="s3cret-word", Type="SecureString")
    location = "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/code"
    variable = {"name": "TOKEN", "value": "token", "type": "PARAMETER_STORE"}
    environment = {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"}
    sandboxes.builds.project(
        "", "code", source={"type": "CODECOMMIT", "location": location},
        environment={**environment, "environmentVariables": [variable]},
    )  # fmt: skip
    sandbox_id = sandboxes.start("code")
    done = sandboxes.do(sandbox_id, "cat a.txt; echo; echo $TOKEN; echo ${#TOKEN}")
    assert done["standardOutputContent"] == "hello\n***\n11\n"
    assert sandboxes.get(sandbox_id)["currentSession"]["resolvedSourceVersion"] == commit
    git.delete_repository(repositoryName="code")
    failed = sandboxes.start("code")
    command_id = sandboxes.give(failed, "true")
    sandboxes.backend.settle()
    shown = sandboxes.get(failed)
    assert (shown["status"], sandboxes.phases(failed)["DOWNLOAD_SOURCE"]) == ("FAILED", "FAILED")
    assert sandboxes.command(failed, command_id)["status"] == "FAILED"


def test_long_output_is_kept_by_its_end_and_whole_in_the_log(sandboxes: Sandboxes) -> None:
    sandbox_id = sandboxes.start()
    done = sandboxes.do(sandbox_id, "i=0; while [ $i -lt 9000 ]; do echo line-$i; i=$((i+1)); done; echo no >&2")
    assert 60_000 < len(done["standardOutputContent"]) <= 64 * 1024
    assert done["standardOutputContent"].endswith("line-8999\n")
    assert done["standardErrContent"] == "no\n"


def test_sandboxes_are_listed_newest_first(sandboxes: Sandboxes) -> None:
    sandboxes.builds.project(GOOD, "other")
    ids = [sandboxes.start(), sandboxes.start("other"), sandboxes.start()]
    assert sandboxes.client.list_sandboxes()["ids"] == ids[::-1]
    mine = sandboxes.client.list_sandboxes_for_project(projectName="web", sortOrder="ASCENDING")["ids"]
    assert mine == [ids[0], ids[2]]
    assert sandboxes.client.batch_get_sandboxes(ids=["web:none"])["sandboxesNotFound"] == ["web:none"]
    assert sandboxes.builds.client.list_builds()["ids"] == []
    sandboxes.backend.settle()


def test_a_token_starts_one_sandbox(sandboxes: Sandboxes) -> None:
    assert sandboxes.start(idempotencyToken="t") == sandboxes.start(idempotencyToken="t")
    assert sandboxes.start(idempotencyToken="u") != sandboxes.start(idempotencyToken="t")


@pytest.mark.parametrize(
    ("call", "given", "said"),
    [
        ("start_sandbox", {"projectName": "none"}, "ResourceNotFoundException.*project/none"),
        ("start_sandbox", {}, "InvalidInputException.*project"),
        ("stop_sandbox", {"id": "web:none"}, "ResourceNotFoundException.*web:none"),
        ("list_sandboxes_for_project", {"projectName": "none"}, "ResourceNotFoundException"),
        ("start_command_execution", {"sandboxId": "web:none", "command": "x"}, "ResourceNotFoundException"),
        ("batch_get_command_executions", {"sandboxId": "web:x", "commandExecutionIds": ["a"]}, "InvalidInputException"),
        ("list_command_executions_for_sandbox", {"sandboxId": "web:none"}, "ResourceNotFoundException"),
    ],
)
def test_what_is_not_there_is_said(sandboxes: Sandboxes, call: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        getattr(sandboxes.client, call)(**given)


def test_a_connection_is_refused_by_name_with_another_way(sandboxes: Sandboxes) -> None:
    with pytest.raises(ClientError, match=r"no Session Manager.*StartCommandExecution"):
        sandboxes.client.start_sandbox_connection(sandboxId=sandboxes.start())


def test_closing_the_backend_stops_its_sandboxes_and_says_so(
    hasty: Sandboxes, clock: ManualClock, tmp_path: Path
) -> None:
    sandbox_id = hasty.start()
    command_id = hasty.give(sandbox_id, f"export MARKER={tmp_path.name}; echo ready; sleep 600")
    hasty.until_printed(sandbox_id, command_id, "ready")
    hasty.backend.close()
    assert alive(tmp_path.name) == []
    with CheckedBackend(state=tmp_path / "state", clock=clock) as again:
        session = Sandboxes(Builds(again, clock)).get(sandbox_id)["currentSession"]
        assert session["status"] == "STOPPED"
        told = [one["contexts"][0]["message"] for one in session["phases"] if one["phaseType"] == "RUN_SANDBOX"]
        assert told == ["the backend was closed while this sandbox ran"]


BEGIN = """
sandbox = client.start_sandbox(projectName="web")["sandbox"]["id"]
client.start_command_execution(sandboxId=sandbox, command={command!r})
print(sandbox, flush=True)
"""


def test_after_kill_9_a_running_sandbox_has_ended_with_a_sentence_and_without_orphans(tmp_path: Path) -> None:
    state, flag = tmp_path / "state", tmp_path / "flag"
    text = f"export MARKER={tmp_path.name}; setsid sleep 600 & touch {flag}; sleep 600"
    sandbox_id = killed(state, flag, GOOD, BEGIN.format(command=text))
    clock = ManualClock()
    with CheckedBackend(state=state, clock=clock) as backend:
        backend.settle()
        again = Sandboxes(Builds(backend, clock))
        session = again.get(sandbox_id)["currentSession"]
        assert (session["status"], session["currentPhase"]) == ("FAULT", "COMPLETED")
        assert (
            again.client.list_command_executions_for_sandbox(sandboxId=sandbox_id)["commandExecutions"][0]["status"]
            == "FAULT"
        )
        assert alive(tmp_path.name) == []
        assert not (state / "builds" / sandbox_id.partition(":")[2]).exists()


def test_a_demonstration_has_none_and_says_so() -> None:
    demo = open_demo("calm", paused=True)
    try:
        project = ask(demo, "codebuild", "ListProjects")["projects"][0]
        with pytest.raises(AwsError, match="executes nothing"):
            ask(demo, "codebuild", "StartSandbox", projectName=project)
        assert ask(demo, "codebuild", "ListSandboxes") == {"ids": []}
    finally:
        demo.close()
