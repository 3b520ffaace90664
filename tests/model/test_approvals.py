"""The approvals inbox: what waits, what an answer ships, what became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from operations import states
from pointsman.clock import EPOCH
from pointsman.model.approvals import EXPIRED, KEPT, Entry, Pending, behind, fate, inbox, pending, running
from pointsman.model.pipelines import Board, PipelineRow, PipelineState
from pointsman.model.refs import PipelineRef
from pointsman.model.status import status


def board(*made: PipelineState) -> Board:
    return Board(tuple(PipelineRow(one.ref, state=one) for one in made))


def waiting(**changes: object) -> PipelineState:
    return states.with_action(states.waiting(), states.GATE, execution_id="ask-1", **changes)


def the_one(state: PipelineState) -> Pending:
    (found,) = pending(board(state))
    return found


def test_everything_that_waits_is_in_it_what_expires_first_first() -> None:
    late = replace(waiting(timeout_minutes=5), ref=PipelineRef("zzz"))
    quiet = states.pipeline()
    found = pending(board(waiting(), quiet, late))
    assert [one.state.name for one in found] == ["zzz", "checkout"]
    assert found[0].expires == EPOCH + timedelta(minutes=5)
    assert pending(None) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": status("Succeeded"), "updated_by": "arn:aws:sts::1:assumed-role/Ops/ada"}, "approved by ada"),
        ({"status": status("Failed"), "updated_by": "ada", "summary": "not on a Friday"}, "rejected by ada: not on"),
        ({"status": status("Failed"), "changed_at": EPOCH + timedelta(days=8)}, EXPIRED),
        ({"status": status("Abandoned")}, "abandoned"),
    ],
)
def test_what_became_of_it_is_said(changes: dict[str, object], words: str) -> None:
    assert fate(the_one(waiting()), waiting(**changes)).startswith(words)


def test_what_overtook_it_is_said() -> None:
    one = the_one(waiting())
    assert fate(one, None) == "its pipeline is gone"
    assert fate(one, replace(waiting(), stages=waiting().stages[:1])) == "it is not in the pipeline any more"
    newer = states.with_stage(waiting(), "Gate", execution_id=states.NEW)
    assert fate(one, newer) == "a newer run is in its stage"
    ended = states.with_run(newer, states.execution(states.MID, "Superseded"))
    assert fate(one, ended) == "its run superseded"


def test_what_was_seen_stays_with_its_fate_below_what_waits() -> None:
    first = inbox(board(waiting()), (), EPOCH)
    assert [entry.fate for entry in first] == [""]
    gone = inbox(board(waiting(status=status("Succeeded"))), first, EPOCH)
    assert [entry.fate for entry in gone] == ["approved"]
    again = inbox(board(states.with_action(waiting(), states.GATE, execution_id="ask-2")), gone, EPOCH)
    assert [entry.fate for entry in again] == ["", "approved"]


def test_what_could_not_be_read_keeps_what_was_known() -> None:
    first = inbox(board(waiting()), (), EPOCH)
    unread = Board((PipelineRow(states.PIPELINE),))
    assert inbox(unread, first, EPOCH) == first


def test_past_its_expiry_it_waits_no_more_whatever_aws_still_says() -> None:
    (entry,) = inbox(board(waiting(timeout_minutes=5)), (), EPOCH + timedelta(minutes=6))
    assert entry.fate == EXPIRED
    (entry,) = inbox(board(waiting(timeout_minutes=5)), (), EPOCH + timedelta(minutes=4))
    assert entry.fate == ""


def test_only_some_of_what_was_answered_is_kept() -> None:
    one = the_one(waiting())
    old = tuple(
        Entry(replace(one, action=replace(one.action, execution_id=f"ask-{at}")), "approved") for at in range(50)
    )
    assert len(inbox(board(states.pipeline()), old, EPOCH)) == KEPT


def test_what_an_answer_changes_is_the_next_stage_or_its_own() -> None:
    state = waiting()
    one = the_one(state)
    assert (found := behind(state, one.stage, one.action)) is not None
    assert found.name == "Deploy"
    assert running(state, one.stage, one.action) == states.OLD
    later = states.action("Gate", "Ship", "Deploy", "S3", run_order=2)
    own = states.with_stage(state, "Gate", actions=(*one.stage.actions, later))
    gate = own.stage("Gate")
    assert gate is not None
    assert behind(own, gate, one.action) == gate
    assert running(own, gate, one.action) == ""


def test_a_failed_stage_behind_the_gate_does_not_say_what_runs() -> None:
    state = states.with_stage(waiting(), "Deploy", status=status("Failed"))
    one = the_one(state)
    assert running(state, one.stage, one.action) == ""
    last = replace(state, stages=state.stages[:3])
    assert behind(last, one.stage, one.action) is None
