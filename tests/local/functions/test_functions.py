"""Functions: named commands in Lambda's place, as actions, as rules and as the ends of events."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pointsman.clock import ManualClock
from pointsman.errors import ConfigError
from pointsman.local import Backend
from pointsman.local.codepipeline.shapes import ActionRun
from pointsman.local.runners.commands import ProcessCommands
from support.backend import CheckedBackend
from support.pipelines import action, condition, newest, pipeline, rule, stages_of

SOURCE = {
    "name": "Source",
    "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
    "configuration": {"S3Bucket": "sources", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"},
    "outputArtifacts": [{"name": "src"}],
}


def function(name: str = "work", **more: Any) -> dict[str, Any]:
    given = action(
        "Call", "Invoke", "Lambda", inputs=(), configuration={"FunctionName": name, "UserParameters": "p"}, **more
    )
    given["inputArtifacts"] = [{"name": "src"}]
    return given


class Bench:
    """A backend with functions made of shell lines."""

    def __init__(self, backend: Backend, folder: Path) -> None:
        self.backend, self.folder = backend, folder
        session = backend.session("us-east-1")
        self.codepipeline: Any = session.client("codepipeline")
        self.logs: Any = session.client("logs")
        self.s3: Any = session.client("s3")
        self.s3.create_bucket(Bucket="sources")
        self.s3.put_bucket_versioning(Bucket="sources", VersioningConfiguration={"Status": "Enabled"})
        self.s3.put_object(Bucket="sources", Key="app.zip", Body=b"PK\x05\x06" + b"\0" * 18)

    def load(self, **functions: Any) -> None:
        world = self.folder / "world.yml"
        world.write_text(json.dumps({"local": {"functions": functions}}))
        self.backend.load(world)

    def run(self, *actions: dict[str, Any], **stage: Any) -> dict[str, Any]:
        given = pipeline(("Source", [SOURCE]), ("Act", list(actions)), pipelineType="V2")
        given["stages"][1].update(stage)
        self.codepipeline.create_pipeline(pipeline=given)
        self.backend.settle()
        found: dict[str, Any] = stages_of(self.codepipeline)["Act"]
        return found


@pytest.fixture
def bench(backend: CheckedBackend, tmp_path: Path) -> Bench:
    return Bench(backend, tmp_path)


def test_a_function_gets_awss_event_and_its_output_becomes_variables(bench: Bench) -> None:
    said = json.dumps(
        {"outputVariables": {"Version": "1.2", "Count": 3}, "summary": "fine", "externalExecutionId": "x1"}
    )
    bench.load(work=f"cat > event.json; pwd >&2; echo progress; echo '{said}'")
    after = action(
        "Approve", "Approval", "Manual", order=2, configuration={"CustomData": "#{Called.Version} #{Called.Count}"}
    )
    bench.run(function(namespace="Called"), after)
    runs = bench.codepipeline.list_action_executions(pipelineName="web")["actionExecutionDetails"]
    assert runs[0]["input"]["resolvedConfiguration"] == {"CustomData": "1.2 3"}
    assert runs[1]["output"]["outputVariables"] == {"Version": "1.2", "Count": "3"}
    assert runs[1]["output"]["executionResult"] == {"externalExecutionId": "x1", "externalExecutionSummary": "fine"}
    event = json.loads((bench.folder / "event.json").read_text())["CodePipeline.job"]
    assert event["accountId"] == "123456789012"
    data = event["data"]
    assert data["actionConfiguration"]["configuration"] == {"FunctionName": "work", "UserParameters": "p"}
    assert data["inputArtifacts"][0]["location"]["s3Location"]["bucketName"] == "store-bucket"
    assert set(data["artifactCredentials"]) == {"accessKeyId", "secretAccessKey", "sessionToken"}
    stream = bench.logs.describe_log_streams(logGroupName="/aws/lambda/work")["logStreams"][0]["logStreamName"]
    events = bench.logs.get_log_events(logGroupName="/aws/lambda/work", logStreamName=stream)["events"]
    lines = [one["message"] for one in events]
    assert lines[0] == str(bench.folder)
    assert lines[1] == "progress"


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("echo no luck >&2; exit 3", "JobFailed", "exit status 3: no luck"),
        ('echo \'{"errorMessage": "told"}\'; exit 1', "JobFailed", "exit status 1: told"),
        (["./not-there"], "JobFailed", "exit status 127"),
        ("kill -9 $$", "JobFailed", "exit status 137"),
    ],
)
def test_a_function_that_fails_fails_its_action(bench: Bench, command: Any, code: str, said: str) -> None:
    bench.load(work=command)
    shown = bench.run(function())["actionStates"][0]["latestExecution"]
    assert (shown["status"], shown["errorDetails"]["code"]) == ("Failed", code)
    assert said in shown["errorDetails"]["message"]


def test_a_function_that_no_world_file_names_is_a_configuration_error(bench: Bench) -> None:
    shown = bench.run(function("arn:aws:lambda:us-east-1:123456789012:function:nobody:prod"))
    failed = shown["actionStates"][0]["latestExecution"]["errorDetails"]
    assert failed["code"] == "ConfigurationError"
    assert "nobody" in failed["message"]


def test_a_function_goes_on_with_a_continuation_token(bench: Bench, clock: ManualClock) -> None:
    token = 'if grep -q continuationToken event.json; then echo "{}"; else echo \'{"continuationToken": "t1"}\'; fi'
    bench.load(work=f"cat > event.json; {token}")
    assert bench.run(function())["actionStates"][0]["latestExecution"]["status"] == "InProgress"
    clock.advance(30)
    assert stages_of(bench.codepipeline)["Act"]["latestExecution"]["status"] == "Succeeded"
    data = json.loads((bench.folder / "event.json").read_text())["CodePipeline.job"]["data"]
    assert data["continuationToken"] == "t1"


def test_each_word_gives_a_function_twenty_minutes_more(bench: Bench, clock: ManualClock) -> None:
    bench.load(work='echo x >> calls; test $(wc -l < calls) -gt 41 && sleep 300; echo \'{"continuationToken": "t"}\'')
    bench.backend.world.patience = 0.5
    bench.run(function())
    for _ in range(41):
        clock.advance(30)
    shown = stages_of(bench.codepipeline)["Act"]["actionStates"][0]["latestExecution"]
    assert shown["status"] == "InProgress", "20 minutes have passed, but it has said something meanwhile"
    clock.advance(20 * 60)
    failed = stages_of(bench.codepipeline)["Act"]["actionStates"][0]["latestExecution"]
    assert "20 minutes" in failed["errorDetails"]["message"]


def test_a_function_that_always_goes_on_has_a_day(bench: Bench, clock: ManualClock) -> None:
    bench.load(work='echo \'{"continuationToken": "t"}\'')
    bench.run(function())
    with bench.backend.world.transaction():
        scope = bench.backend.world.scope("123456789012", "us-east-1")
        key, run = next((key, run) for key, run in scope.scan(ActionRun) if run.action == "Call")
        scope.put(key, replace(run, started=run.started - timedelta(hours=23, minutes=55)))
    for _ in range(11):
        clock.advance(30)
    failed = stages_of(bench.codepipeline)["Act"]["actionStates"][0]["latestExecution"]
    assert failed["status"] == "Failed"
    assert failed["errorDetails"]["message"] == "The function did not end within 24 hours."


def test_a_function_may_answer_by_itself(bench: Bench) -> None:
    bench.load(work="cat > event.json; echo started > started; while test ! -e go; do sleep 0.01; done; exit 1")
    given = pipeline(("Source", [SOURCE]), ("Act", [function()]))
    bench.codepipeline.create_pipeline(pipeline=given)
    bench.backend.world.run_due()
    for _ in range(2000):
        bench.backend.world.run_due()
        if (bench.folder / "started").exists():
            break
        bench.backend.world.wait(0.01)
    job = json.loads((bench.folder / "event.json").read_text())["CodePipeline.job"]["id"]
    bench.codepipeline.put_job_success_result(jobId=job, executionDetails={"summary": "said by the call"})
    shown = stages_of(bench.codepipeline)["Act"]["actionStates"][0]["latestExecution"]
    assert (shown["status"], shown["summary"]) == ("Succeeded", "said by the call")
    (bench.folder / "go").touch()
    bench.backend.settle()
    assert newest(bench.codepipeline)["status"] == "Succeeded"


def test_a_function_brings_its_output_artifact_where_the_event_says(bench: Bench) -> None:
    bench.load(work="true")
    shown = bench.run(function(outputs=("built",)))["actionStates"][0]["latestExecution"]
    assert "The output artifact built was not uploaded" in shown["errorDetails"]["message"]


def test_a_function_is_a_rule(bench: Bench) -> None:
    bench.load(good="exit 0", bad="echo closed >&2; exit 1")
    approve = action("Approve", "Approval", "Manual")
    gate = condition(rule("ask", "LambdaInvoke", {"FunctionName": "good"}), result="FAIL")
    state = bench.run(approve, beforeEntry=gate)
    assert state["beforeEntryConditionState"]["latestExecution"]["status"] == "Succeeded"
    given = pipeline(("Source", [SOURCE]), ("Act", [approve]), pipelineType="V2", name="other")
    given["stages"][1]["beforeEntry"] = condition(rule("ask", "LambdaInvoke", {"FunctionName": "bad"}))
    bench.codepipeline.create_pipeline(pipeline=given)
    bench.backend.settle()
    state = stages_of(bench.codepipeline, "other")["Act"]
    judged = state["beforeEntryConditionState"]["conditionStates"][0]["ruleStates"][0]["latestExecution"]
    assert "closed" in judged["errorDetails"]["message"]


def test_its_environment_is_made_from_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATORS_SECRET", "hush")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nowhere")
    bench.load(work={"command": "env > env.txt", "environment": {"MINE": "yes"}, "timeout": 20})
    bench.run(function())
    found = dict(line.split("=", 1) for line in (bench.folder / "env.txt").read_text().splitlines() if "=" in line)
    assert not {"OPERATORS_SECRET", "SSH_AUTH_SOCK"} & set(found)
    assert (found["MINE"], found["AWS_REGION"], found["AWS_LAMBDA_FUNCTION_NAME"]) == ("yes", "us-east-1", "work")
    assert found["HOME"] != os.environ["HOME"]
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def gone(process: int) -> bool:
    until = time.monotonic() + 10
    while alive(process) and time.monotonic() < until:
        os.sched_yield()
    return not alive(process)


def test_a_command_ends_with_its_time_and_takes_its_children_along(tmp_path: Path) -> None:
    runner = ProcessCommands()
    line = "setsid sleep 300 & echo $! > child; echo out; sleep 300"
    ended = runner.run(("/bin/sh", "-c", line), tmp_path, b"", {}, 0.7)
    assert (ended.status, ended.output, ended.lost) == (None, "out\n", False)
    assert gone(int((tmp_path / "child").read_text()))


def test_a_child_left_behind_ends_with_its_command(tmp_path: Path) -> None:
    line = "setsid sleep 300 > /dev/null 2>&1 & echo $! > child"
    ended = ProcessCommands().run(("/bin/sh", "-c", line), tmp_path, b"", {}, 20)
    assert ended.status == 0
    assert gone(int((tmp_path / "child").read_text()))


def test_a_great_deal_of_output_is_read_and_not_kept(tmp_path: Path) -> None:
    ended = ProcessCommands().run(("/bin/sh", "-c", "head -c 5000000 /dev/zero; cat >&2"), tmp_path, b"in", {}, 20)
    assert (ended.status, len(ended.output), ended.errors) == (0, 1 << 20, "in")


def test_a_function_that_ran_when_the_backend_closed_is_called_again(tmp_path: Path, clock: ManualClock) -> None:
    line = "echo x >> calls; test $(wc -l < calls) -gt 1 || { echo $$ > pid; sleep 300; }"
    with CheckedBackend(state=tmp_path / "state", clock=clock, patience=0.2) as first:
        bench = Bench(first, tmp_path)
        bench.load(work=line)
        bench.run(function())
        until = time.monotonic() + 10
        while not (tmp_path / "pid").exists() and time.monotonic() < until:
            first.world.wait(0.01)
    assert gone(int((tmp_path / "pid").read_text()))
    with CheckedBackend(state=tmp_path / "state", clock=clock) as second:
        second.settle()
        client = second.session("us-east-1").client("codepipeline")
        assert newest(client)["status"] == "Succeeded"
        runs = [run for _, run in second.world.scope(second.account, "us-east-1").scan(ActionRun)]
        assert len(runs) == 2
    assert (tmp_path / "calls").read_text() == "x\nx\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"work": {"folder": "."}}, "command is missing"),
        ({"work": []}, "the command is empty"),
        ({"work": {"command": "x", "timeout": 901}}, "1 to 900"),
        ({"work": {"command": "x", "timeout": "soon"}}, "1 to 900"),
        ({"work": {"command": "x", "comand": "y"}}, "unknown key"),
        ({"work": {"command": "x", "folder": "nowhere"}}, "there is no folder"),
    ],
)
def test_mistakes_name_their_place(bench: Bench, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        bench.load(**given)
    assert "world.yml:1: local.functions.work" in str(caught.value)


def test_a_command_nobody_trusts_is_not_run(tmp_path: Path) -> None:
    class Nobody:
        def allows(self, command: str) -> bool:
            assert command.startswith("touch ran (in ")
            return False

    with CheckedBackend(clock=ManualClock(), tools=[Nobody()]) as backend:
        bench = Bench(backend, tmp_path)
        bench.load(work="touch ran")
        stage = bench.run(function())
        assert stage["latestExecution"]["status"] == "Failed"
        assert "work was not run: touch ran" in json.dumps(stage, default=str)
    assert not (tmp_path / "ran").exists()
