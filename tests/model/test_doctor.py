"""What follows from what was read: one fault, one finding; a thing that is well, none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from console import releases, samples
from pointsman.clock import EPOCH
from pointsman.errors import Fault, FaultKind
from pointsman.model import doctor
from pointsman.model.builds import Build, Phase
from pointsman.model.deployments import LifecycleEvent, Rollout
from pointsman.model.pipelines import Action
from pointsman.model.refs import ActionRef, BuildRef, DeploymentRef
from pointsman.model.status import status

REF = BuildRef("web:1")


def build(phase: str, context: tuple[str, str], **more: object) -> Build:
    failed = Phase(phase, status("FAILED"), contexts=(context,))
    made = Build(REF, status=status("FAILED"), phases=(failed,), complete=True)
    return replace(made, **more)


@pytest.mark.parametrize(
    ("phase", "context", "step"),
    [
        ("DOWNLOAD_SOURCE", ("YAML_FILE_ERROR", "stat buildspec.yml: no such file"), "mend the buildspec"),
        ("DOWNLOAD_SOURCE", ("CLIENT_ERROR", "authorization failed"), "may read it"),
        ("PROVISIONING", ("BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE", "unable to pull"), "image could not be started"),
        ("BUILD", ("COMMAND_EXECUTION_ERROR", "exit status 1"), "at the first error"),
        ("BUILD", ("BUILD_TIMED_OUT", "Build has timed out."), "raise its time-out"),
        ("UPLOAD_ARTIFACTS", ("CLIENT_ERROR", "no matching artifact paths found"), "look at artifacts"),
    ],
)
def test_a_failed_build_has_the_step_of_its_phase(phase: str, context: tuple[str, str], step: str) -> None:
    (found,) = doctor.of_build(build(phase, context), ["all well", "Error: kaboom"], EPOCH)
    assert f"failed in {phase}" in found.what
    assert found.evidence == (": ".join(context), "Error: kaboom")
    assert step in found.step


def test_a_build_that_is_well_or_has_just_been_queued_has_none() -> None:
    assert doctor.of_build(Build(REF, status=status("SUCCEEDED"), complete=True), (), EPOCH) == ()
    young = Build(REF, status=status("QUEUED"), started=EPOCH - timedelta(minutes=5))
    assert doctor.of_build(young, (), EPOCH) == ()
    (found,) = doctor.of_build(replace(young, started=EPOCH - timedelta(hours=2)), (), EPOCH)
    assert "queued for 2 h 00 min" in found.what


@pytest.mark.parametrize(
    ("code", "message", "cause"),
    [
        ("PermissionError", "The role is not authorized to perform s3:GetObject", "a role lacks a permission"),
        ("ConfigurationError", "The project web does not exist", "something it names is not there"),
        ("ActionTimedOut", "The action timed out", "it ran out of time"),
        ("JobFailed", "exit status 1", ""),
    ],
)
def test_a_failed_action_says_its_cause_where_it_is_known(code: str, message: str, cause: str) -> None:
    state = samples.checkout()
    stage = state.stages[0]
    action = Action(
        ActionRef("checkout", stage.name, "Do"),
        category="Invoke",
        provider="Lambda",
        status=status("Failed"),
        error_code=code,
        error_message=message,
    )
    only = replace(state, stages=(replace(stage, actions=(action,), inbound_id=""),), missing=())
    (found,) = doctor.of_pipeline(only, EPOCH)
    assert found.what.endswith(cause) if cause else found.what.endswith("failed")
    assert found.evidence[0] == f"{code} {message}"


def test_what_could_not_be_read_is_a_finding() -> None:
    denied = Fault(FaultKind.DENIED, "no permission", call="codepipeline:ListPipelineExecutions")
    state = replace(samples.checkout(), missing=(("history", denied),))
    found = doctor.of_pipeline(state, EPOCH)[-1]
    assert "the history of checkout cannot be read" in found.what
    assert "iam-policy" in found.step


def rollout(event: LifecycleEvent | None, word: str) -> Rollout:
    one = next(one for one in releases.rollouts() if one.targets)
    target = replace(one.targets[0], status=status(word), events=(event,) if event is not None else ())
    deployment = replace(one.deployment, started=EPOCH - timedelta(minutes=9), completed=None, error_message="")
    return replace(one, deployment=deployment, targets=(target,))


def test_a_hook_that_ran_out_of_time_is_told_from_one_that_failed() -> None:
    slow = LifecycleEvent(
        "AfterInstall", status("Failed"), EPOCH, EPOCH, "ScriptTimedOut", "wait.sh", "timed out after 60"
    )
    bad = replace(slow, error_code="ScriptFailed", message="exit code 1", log_tail="[stderr]boom")
    (timed,) = doctor.of_deployment(rollout(slow, "Failed"), EPOCH)
    (failed,) = doctor.of_deployment(rollout(bad, "Failed"), EPOCH)
    assert "timeout in appspec.yml" in timed.step
    assert failed.step == "mend the hook's script"
    assert "[stderr]boom" in failed.evidence


def test_targets_that_never_began_are_an_agents_silence() -> None:
    (found,) = doctor.of_deployment(rollout(None, "InProgress"), EPOCH)
    assert "have not begun for 9 minutes" in found.what
    assert "agent" in found.step


def test_a_failed_deployment_without_targets_says_codedeploys_reason() -> None:
    one = rollout(None, "Failed")
    none = replace(
        one,
        targets=(),
        deployment=replace(
            one.deployment, status=status("Failed"), error_message="No instances found", completed=EPOCH
        ),
    )
    (found,) = doctor.of_deployment(none, EPOCH)
    assert found.step == "no instance has the group's tags"
    assert isinstance(found.ref, DeploymentRef)
