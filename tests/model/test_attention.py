from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from pointsman.clock import EPOCH
from pointsman.model.attention import Urgency, attention
from pointsman.model.builds import Build, Phase
from pointsman.model.pipelines import Action, Board, Execution, PipelineRow, PipelineState, Revision, Stage, Transition
from pointsman.model.refs import ActionRef, BuildRef, PipelineRef, StageRef
from pointsman.model.status import status

HOUR = timedelta(hours=1)


def action(word: str, at: datetime = EPOCH, **more: object) -> Action:
    return replace(Action(ActionRef("p", "S", "A"), status=status(word), changed_at=at), **more)


def stage(word: str, *actions: Action, **more: object) -> Stage:
    return replace(Stage(StageRef("p", "S"), status=status(word), actions=actions), **more)


def board(*stages: Stage, executions: tuple[Execution, ...] = ()) -> Board:
    ref = PipelineRef("p")
    return Board((PipelineRow(ref, state=PipelineState(ref, stages=stages, executions=executions)),))


def test_a_quiet_floor_needs_nobody() -> None:
    assert attention(board(stage("Succeeded", action("Succeeded"))), (), EPOCH) == ()
    assert attention(None, (), EPOCH) == ()


def test_a_failed_stage_names_its_action_since_when_and_why() -> None:
    failed = action("Failed", EPOCH - HOUR, error_message="exit status 1")
    (item,) = attention(board(stage("Failed", failed)), (), EPOCH)
    assert (item.urgency, item.ref, item.since) == (Urgency.FAILED, failed.ref, EPOCH - HOUR)
    assert item.detail == "exit status 1"
    assert item.sentence == "p / S / A Failed"


def test_an_approval_that_expires_soon_is_more_urgent_than_one_that_does_not() -> None:
    late = action("InProgress", category="Approval", timeout_minutes=60)
    (item,) = attention(board(stage("InProgress", late)), (), EPOCH)
    assert (item.urgency, item.expires) == (Urgency.EXPIRING, EPOCH + HOUR)
    (item,) = attention(board(stage("InProgress", action("InProgress", category="Approval"))), (), EPOCH)
    assert (item.urgency, item.expires) == (Urgency.APPROVAL, EPOCH + timedelta(days=7))


def test_a_closed_gate_counts_only_with_something_queued_behind_it() -> None:
    closed = Transition(enabled=False, reason="freeze")
    assert attention(board(stage("Succeeded", transition=closed)), (), EPOCH) == ()
    run = Execution("e1", status("InProgress"), revisions=(Revision("Code", "0123456789"),))
    (item,) = attention(board(stage("Succeeded", transition=closed, inbound_id="e1"), executions=(run,)), (), EPOCH)
    assert item.urgency is Urgency.GATE
    assert item.sentence.startswith("0123456 is queued")
    assert item.detail == "freeze"


def test_what_moves_for_more_than_two_hours_is_stuck() -> None:
    moving = board(stage("InProgress", action("InProgress", EPOCH - 2 * HOUR)))
    assert [item.urgency for item in attention(moving, (), EPOCH)] == [Urgency.STUCK]
    assert attention(moving, (), EPOCH - HOUR) == ()


def build(number: int, word: str, **more: object) -> Build:
    made = Build(BuildRef(f"app:{number}"), status=status(word), started=EPOCH - 3 * HOUR, ended=EPOCH)
    return replace(made, **more)


def test_only_a_project_s_newest_build_counts() -> None:
    phase = Phase("BUILD", status("FAILED"), contexts=(("COMMAND_EXECUTION_ERROR", "exit status 1"),))
    failed = build(1, "FAILED", phases=(phase,))
    assert attention(None, (build(2, "SUCCEEDED"), failed), EPOCH) == ()
    (item,) = attention(None, (failed, build(0, "FAILED")), EPOCH)
    assert (item.urgency, item.ref, item.detail) == (Urgency.BUILD_FAILED, failed.ref, "exit status 1")
    (item,) = attention(None, (build(3, "IN_PROGRESS", ended=None),), EPOCH)
    assert item.urgency is Urgency.STUCK


def test_a_build_that_a_failed_action_tells_of_is_told_once() -> None:
    failed = action("Failed", external_id="app:1")
    items = attention(board(stage("Failed", failed)), (build(1, "FAILED"),), EPOCH)
    assert [item.urgency for item in items] == [Urgency.FAILED]


def test_the_worst_comes_first_and_of_equals_the_newest() -> None:
    floor = board(
        stage("InProgress", action("InProgress", category="Approval")),
        stage("Failed", action("Failed", EPOCH - HOUR)),
        stage("Failed", action("Failed", EPOCH)),
    )
    items = attention(floor, (build(1, "FAILED"),), EPOCH)
    assert [item.urgency for item in items] == [
        Urgency.FAILED,
        Urgency.FAILED,
        Urgency.BUILD_FAILED,
        Urgency.APPROVAL,
    ]
    assert items[0].since == EPOCH
