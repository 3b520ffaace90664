"""The sample application's release line, run for real: git, processes, artifacts, an approval, a site."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from pointsman.local.codedeploy.balancing import TargetGroup
from support.backend import CheckedBackend

SAMPLE = Path(__file__).parents[3] / "sample_config" / "webapp"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("git") is None, reason="CodeCommit repositories need git"),
]


@pytest.fixture
def line(backend: CheckedBackend, tmp_path: Path) -> CheckedBackend:
    """The sample's world, from a copy of its folder, with the first execution waiting for its approval."""
    copy = tmp_path / "webapp"
    shutil.copytree(SAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", "dist", "bundle"))
    backend.load(copy)
    backend.settle()
    return backend


def stages(backend: CheckedBackend) -> dict[str, str]:
    state = backend.session().client("codepipeline").get_pipeline_state(name="webapp")
    return {
        stage["stageName"]: stage["latestExecution"]["status"] if "latestExecution" in stage else ""
        for stage in state["stageStates"]
    }


def build_log(backend: CheckedBackend) -> str:
    """What the newest build printed: a failed assertion should say why."""
    codebuild, logs = (backend.session().client(name) for name in ("codebuild", "logs"))
    ids = codebuild.list_builds_for_project(projectName="webapp-build")["ids"]
    if not ids:
        return "no build"
    about = codebuild.batch_get_builds(ids=ids[:1])["builds"][0]["logs"]
    answer = logs.get_log_events(logGroupName=about["groupName"], logStreamName=about["streamName"], startFromHead=True)
    return "".join(event["message"] for event in answer["events"])


def approve(backend: CheckedBackend) -> None:
    client = backend.session().client("codepipeline")
    state = client.get_pipeline_state(name="webapp")
    action = next(stage for stage in state["stageStates"] if stage["stageName"] == "Approve")["actionStates"][0]
    client.put_approval_result(
        pipelineName="webapp",
        stageName="Approve",
        actionName="Release",
        token=action["latestExecution"]["token"],
        result={"summary": "looks good", "status": "Approved"},
    )
    backend.settle()


def released(backend: CheckedBackend) -> Any:
    body = backend.session().client("s3").get_object(Bucket="webapp-site", Key="site/build.json")["Body"]
    return json.loads(body.read())


def tip(backend: CheckedBackend) -> str:
    client = backend.session().client("codecommit")
    return str(client.get_branch(repositoryName="webapp", branchName="main")["branch"]["commitId"])


def test_the_samples_own_tests_pass() -> None:
    done = subprocess.run(
        ["python3", "-B", "-m", "unittest", "discover"], cwd=SAMPLE, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_commit_goes_from_source_to_site(line: CheckedBackend) -> None:
    expected = {"Source": "Succeeded", "Build": "Succeeded", "Approve": "InProgress", "Release": "", "Deploy": ""}
    assert stages(line) == expected, build_log(line)
    log = build_log(line)
    assert "Ran 5 tests" in log and "OK" in log
    actions = line.session().client("codepipeline").list_action_executions(pipelineName="webapp")
    details = {item["actionName"]: item for item in actions["actionExecutionDetails"]}
    variables = details["TestAndBuild"]["output"]["outputVariables"]
    assert variables == {"BUILD_NUMBER": "1", "COMMIT": tip(line)}
    asked = details["Release"]["input"]["resolvedConfiguration"]["CustomData"]
    assert asked == f"build 1 of {tip(line)} to be released"
    approve(line)
    assert stages(line)["Release"] == "Succeeded"
    assert released(line) == {"commit": tip(line), "build": "1", "stage": "production"}
    s3 = line.session().client("s3")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="webapp-site")["Contents"]]
    assert keys == [
        "site/build.json",
        "site/index.html",
        *(f"site/webapp/{n}.py" for n in ("__init__", "__main__", "app")),
    ]


def served(backend: CheckedBackend) -> Any:
    """What the target group of the three instances answers."""
    group = backend.world.scope(backend.account, "us-east-1").get(TargetGroup, "webapp")
    assert group is not None
    assert sorted(group.members) == ["web-1", "web-2", "web-3"]
    with urllib.request.urlopen(f"http://127.0.0.1:{group.port}/version", timeout=10) as answer:
        return json.loads(answer.read())


def test_the_release_is_deployed_onto_three_instances_and_serves(line: CheckedBackend) -> None:
    approve(line)
    codepipeline, codedeploy = (line.session().client(name) for name in ("codepipeline", "codedeploy"))
    stage = codepipeline.get_pipeline_state(name="webapp")["stageStates"][-1]
    latest = stage["actionStates"][0]["latestExecution"]
    assert latest["status"] == "Succeeded", latest
    deployment = latest["externalExecutionId"]
    info = codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
    assert info["deploymentOverview"]["Succeeded"] == 3
    execution = stage["latestExecution"]["pipelineExecutionId"]
    assert info["externalId"] == execution
    assert codedeploy.list_deployments(externalId=execution)["deployments"] == [deployment]
    assert f"deployments/{deployment}" in latest["externalExecutionUrl"]
    details = codepipeline.list_action_executions(pipelineName="webapp")["actionExecutionDetails"]
    assert details[0]["output"]["outputVariables"] == {"DeploymentId": deployment}
    assert served(line) == {"commit": tip(line), "build": "1", "stage": "production"}


def test_loading_again_starts_nothing(line: CheckedBackend, tmp_path: Path) -> None:
    line.load(tmp_path / "webapp")
    line.settle()
    client = line.session().client("codepipeline")
    assert len(client.list_pipeline_executions(pipelineName="webapp")["pipelineExecutionSummaries"]) == 1
    assert client.get_pipeline(name="webapp")["pipeline"]["version"] == 1


def test_a_push_is_noticed_and_a_broken_test_stops_it(line: CheckedBackend, clock: Any, tmp_path: Path) -> None:
    approve(line)
    bare = tmp_path / "state" / "repositories" / "123456789012" / "us-east-1" / "webapp.git"
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", bare, clone], check=True)
    source = clone / "webapp" / "app.py"
    source.write_text(source.read_text().replace("Hello, ", "Goodbye, "))
    commit = ["-c", "user.name=dev", "-c", "user.email=dev@example.com", "commit", "--quiet", "-am", "say goodbye"]
    for arguments in (commit, ["push", "--quiet"]):
        subprocess.run(["git", *arguments], cwd=clone, check=True)
    clock.advance(120)
    state = stages(line)
    assert (state["Source"], state["Build"]) == ("Succeeded", "Failed"), build_log(line)
    assert "Hello, world!" in build_log(line)
    assert released(line)["build"] == "1"
