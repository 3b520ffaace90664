"""What each dialog must say, because AWS does it and a person might not expect it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from operations import states
from operations.test_registry import REGISTRY
from pointsman.errors import Fault, FaultKind
from pointsman.model.pipelines import PipelineState, Variable
from pointsman.model.refs import ActionRef, Ref
from pointsman.model.status import status
from pointsman.operations.declare import Confirm
from pointsman.operations.preview import answer_problems
from pointsman.operations.stages import rollback_targets

DEPLOY, BUILD = states.stage_ref("Deploy"), states.stage_ref("Build")
REVIEW = ActionRef(states.NAME, "Gate", "Review")


def said(operation: str, state: PipelineState, ref: Ref, **answers: str) -> str:
    return "\n".join(REGISTRY.get(operation).consequences(state, ref, answers))


# -- gates


def test_opening_a_gate_says_what_it_releases_and_what_gave_way() -> None:
    text = said("transition.enable", states.held(), DEPLOY)
    assert 'Releases 3333333 "Speed up search" (Ada) into Deploy at once.' in text
    assert "1 older run gave way" in text
    assert "Closed since 2026-01-05 09:00 UTC by arn:aws:iam::123456789012:user/ops: freeze until Monday" in text
    assert "more than 30 days" in text


def test_opening_a_gate_before_a_busy_stage_waits_for_it() -> None:
    state = states.with_stage(states.held(), "Deploy", status=status("InProgress"))
    assert "as soon as the run in it has ended" in said("transition.enable", state, DEPLOY)


def test_opening_a_gate_of_a_queue_lets_everything_in() -> None:
    text = said("transition.enable", replace(states.held(), mode="QUEUED"), DEPLOY)
    assert "the oldest first" in text and "newest run only" not in text


def test_opening_a_gate_where_nothing_waits_says_so() -> None:
    state = states.with_stage(states.held(), "Deploy", inbound_id="")
    assert "Nothing waits before Deploy" in said("transition.enable", state, DEPLOY)


def test_closing_a_gate_says_who_is_held_and_who_goes_on() -> None:
    text = said("transition.disable", states.waiting(), DEPLOY)
    assert '2222222 "Fix the rounding" (Ada) is on its way and will be held.' in text
    busy = states.with_stage(states.pipeline(), "Deploy", status=status("InProgress"))
    assert "is in Deploy already and goes on" in said("transition.disable", busy, DEPLOY)
    assert "only the newest goes on later" in text


# -- approvals


def test_approving_says_what_ships_and_where_to() -> None:
    state = states.with_action(
        states.waiting(), states.GATE, configuration=(("CustomData", "Check\nthe <b>graphs</b>"),)
    )
    text = said("approval.approve", state, states.GATE)
    assert 'Lets through 2222222 "Fix the rounding" (Ada).' in text
    assert "It goes on to Deploy at once: Ship (S3)." in text
    assert "Asked: Check the <b>graphs</b>" in text
    assert "Unanswered, it fails at 2026-01-12 09:00 UTC." in text


def test_approving_before_a_closed_gate_says_that_it_stops_there() -> None:
    state = states.with_stage(states.waiting(), "Deploy", transition=states.closed())
    assert "waits before Deploy: that gate is closed" in said("approval.approve", state, states.GATE)


def test_approving_names_the_rest_of_the_stage_first() -> None:
    state = states.waiting()
    gate = state.stage("Gate")
    assert gate is not None
    later = states.action("Gate", "Smoke", "Test", "CodeBuild", "", run_order=2)
    assert "Then runs in Gate: Smoke (CodeBuild)." in said(
        "approval.approve", states.with_stage(state, "Gate", actions=(*gate.actions, later)), states.GATE
    )
    beside = states.action("Gate", "Review", "Approval", "Manual", "InProgress", token=states.OLD)
    assert "Review must be approved as well" in said(
        "approval.approve", states.with_stage(state, "Gate", actions=(*gate.actions, beside)), states.GATE
    )


def test_a_newer_run_behind_an_approval_is_named() -> None:
    state = states.with_run(states.waiting(), states.execution(states.NEW, "InProgress"))
    state = states.with_stage(state, "Gate", inbound_id=states.NEW)
    assert "A newer run, 3333333" in said("approval.approve", state, states.GATE)
    assert "enters Gate next" in said("approval.reject", state, states.GATE)


def test_rejecting_needs_a_comment_and_says_that_the_stage_fails() -> None:
    reject = REGISTRY.get("approval.reject")
    assert answer_problems(reject.fields(states.waiting(), states.GATE), {}) == (("summary", "Comment is needed."),)
    assert "Gate fails" in said("approval.reject", states.waiting(), states.GATE)


def test_a_comment_is_no_longer_than_aws_takes() -> None:
    approve = REGISTRY.get("approval.approve")
    fields = approve.fields(states.waiting(), states.GATE)
    assert answer_problems(fields, {"summary": "x" * 512}) == ()
    assert "at most 512" in answer_problems(fields, {"summary": "x" * 513})[0][1]


# -- stop


def test_stopping_says_what_finishes_and_advises_the_gate() -> None:
    text = said("execution.stop", states.building(), states.execution_ref(states.NEW))
    assert "Unit may finish first" in text
    assert "close the gate before it to prevent that" in text


def test_stopping_at_an_approval_says_that_it_counts_as_running() -> None:
    text = said("execution.stop", states.waiting(), states.execution_ref(states.MID))
    assert "A waiting approval counts as running" in text


def test_abandoning_says_what_is_left_behind_and_asks_for_the_name() -> None:
    ref = states.execution_ref(states.NEW)
    text = said("execution.abandon", states.building(), ref)
    assert "unwatched" in text and "out of sequence" in text
    assert REGISTRY.get("execution.abandon").confirm(states.building(), ref) is Confirm.TYPE_NAME


def test_stopping_what_waits_at_a_gate_stops_at_once() -> None:
    text = said("execution.stop", states.held(), states.execution_ref(states.NEW))
    assert "waiting before Deploy" in text and "stops at once" in text


def test_one_of_several_runs_is_chosen() -> None:
    state = states.with_run(states.building(), states.execution(states.MID, "InProgress"))
    stop = REGISTRY.get("pipeline.stop")
    run = stop.fields(state, states.PIPELINE)[0]
    assert [choice.value for choice in run.choices] == [states.NEW, states.MID]
    assert run.default == states.NEW and "in Build" in run.choices[0].label
    call = stop.plan(state, states.PIPELINE, {"execution": states.MID})
    assert call.parameters["pipelineExecutionId"] == states.MID and call.parameters["abandon"] is False


def test_a_run_that_stops_already_is_no_choice_but_can_be_abandoned() -> None:
    state = states.building("Stopping")
    assert REGISTRY.get("pipeline.stop").fields(state, states.PIPELINE)[0].choices == ()
    assert REGISTRY.get("pipeline.abandon").fields(state, states.PIPELINE)[0].default == states.NEW


# -- start


def test_starting_says_what_it_replaces_and_where_it_is_held() -> None:
    text = said("pipeline.start", states.held(), states.PIPELINE)
    assert "1 run has not ended: the new one replaces any that waits" in text
    assert "held at the closed gate before Deploy" in text


@pytest.mark.parametrize(("mode", "words"), [("QUEUED", "queues behind 1 run"), ("PARALLEL", "runs beside 1 run")])
def test_starting_in_other_modes(mode: str, words: str) -> None:
    assert words in said("pipeline.start", replace(states.building(), mode=mode), states.PIPELINE)


def test_a_v1_pipeline_has_no_form() -> None:
    start = REGISTRY.get("pipeline.start")
    state = replace(states.pipeline(), kind="V1")
    assert start.fields(state, states.PIPELINE) == ()
    assert start.plan(state, states.PIPELINE, {"variables": "A=1"}).parameters == {"name": "checkout"}


@pytest.mark.parametrize(
    ("provider", "text", "sent"),
    [
        ("CodeCommit", "a" * 40, ("COMMIT_ID", "a" * 40)),
        ("CodeCommit", "main", None),
        ("S3", "v1", ("S3_OBJECT_VERSION_ID", "v1")),
        ("S3", "key:a/b.zip", ("S3_OBJECT_KEY", "a/b.zip")),
        ("ECR", "sha256:" + "0" * 64, ("IMAGE_DIGEST", "sha256:" + "0" * 64)),
        ("ECR", "latest", None),
    ],
)
def test_a_source_revision_is_typed_by_its_provider(provider: str, text: str, sent: tuple[str, str] | None) -> None:
    state = states.with_action(states.pipeline(), ActionRef(states.NAME, "Source", "Checkout"), provider=provider)
    start = REGISTRY.get("pipeline.start")
    answers = {"revision:Checkout": text}
    revisions = start.plan(state, states.PIPELINE, answers).parameters.get("sourceRevisions")
    assert revisions == (
        None if sent is None else [{"actionName": "Checkout", "revisionType": sent[0], "revisionValue": sent[1]}]
    )
    assert (answer_problems(start.fields(state, states.PIPELINE), answers) == ()) == (sent is not None)


# -- retry and roll back


def test_retrying_says_that_nothing_newer_is_fetched_and_what_is_repeated() -> None:
    assert "Runs again: Ship." in said("stage.retry-failed", states.failed(), DEPLOY)
    state = states.failed()
    deploy = state.stage("Deploy")
    assert deploy is not None
    state = states.with_stage(state, "Deploy", actions=(*deploy.actions, states.action("Deploy", "DB", "Deploy", "S3")))
    text = said("stage.retry-all", state, DEPLOY)
    assert "fetches nothing newer" in text and "had succeeded: DB." in text


def test_rolling_back_is_a_new_run_of_that_stage_only() -> None:
    text = said("stage.roll-back", states.failed(), DEPLOY, target=states.MID)
    assert "A new run goes through Deploy only" in text and "2222222" in text and "3333333" in text
    assert "close the gate before it" in text


def test_the_choices_to_roll_back_to_succeeded_in_that_stage() -> None:
    state = states.failed()
    deploy = state.stage("Deploy")
    assert deploy is not None
    assert [run.id for run in rollback_targets(state, deploy)] == [states.MID, states.OLD]
    rolled = states.with_run(state, states.execution(states.MID, kind="ROLLBACK"))
    assert [run.id for run in rollback_targets(rolled, deploy)] == [states.OLD]
    built = states.waiting().stage("Build")
    assert built is not None
    assert [run.id for run in rollback_targets(states.waiting(), built)] == [states.OLD], "MID is what Build runs now"


def test_without_history_the_target_is_typed() -> None:
    (field,) = REGISTRY.get("stage.roll-back").fields(replace(states.failed(), executions=(), latest=None), DEPLOY)
    assert field.choices == () and field.check("yesterday") is not None and field.check(states.OLD) is None


# -- what could not be read


DENIED = Fault(FaultKind.DENIED, "not allowed to read it")


def test_without_the_definition_nothing_is_rolled_back() -> None:
    state = replace(states.failed(), kind="V1", missing=(("definition", DENIED),))
    assert "not allowed to read it" in (REGISTRY.get("stage.roll-back").refuse(state, DEPLOY) or "")
    assert "variables and revisions cannot be given" in said("pipeline.start", state, states.PIPELINE)


def test_old_history_does_not_decide_what_moves() -> None:
    """When history could not be read now, the stages say whether a run goes on."""
    old = states.with_run(states.failed(), states.execution(states.NEW, "InProgress"))
    ref = states.execution_ref(states.NEW)
    assert REGISTRY.get("execution.stop").refuse(old, ref) is None
    stale = replace(old, missing=(("history", DENIED),))
    assert "has ended (Failed)" in (REGISTRY.get("execution.stop").refuse(stale, ref) or "")


# -- builds


def test_a_plain_secret_is_warned_of() -> None:
    lines = REGISTRY.get("project.start-build").consequences(
        states.project(latest=states.build()), states.PROJECT, {"environment": "API_TOKEN=x\nA=1", "buildspec": "b.yml"}
    )
    text = "\n".join(lines)
    assert "API_TOKEN goes as plain text" in text and "prefer secrets-manager:API_TOKEN=…" in text
    assert "side by side" in text and "buildspec is not used" in text


def test_stopping_a_pipelines_build_says_that_the_stage_fails() -> None:
    lines = REGISTRY.get("build.stop").consequences(states.build(initiator="codepipeline/checkout"), states.BUILD, {})
    assert any("checkout started it" in line and "fails" in line for line in lines)


def test_the_start_form_offers_the_declared_variables_and_refuses_what_aws_would() -> None:
    required = Variable("TICKET", None, "why")
    state = replace(states.pipeline(), variables=(*states.pipeline().variables, required))
    (variables, *_) = REGISTRY.get("pipeline.start").fields(state, states.PIPELINE)
    assert variables.default == "REGION=us\nDB_PASSWORD=none\nTICKET="
    assert variables.check("REGION=eu\nTICKET=OPS-1") is None
    assert "TICKET has no default" in (variables.check("REGION=eu") or "")
    assert "declares no variable REGOIN" in (variables.check("TICKET=1\nREGOIN=eu") or "")
