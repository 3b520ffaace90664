"""The tour's steps: what there is to do is read off the board, and what is done is what was really done."""

from __future__ import annotations

from msgspec.structs import replace

from console import samples
from pointsman.clock import EPOCH
from pointsman.console.present import tour
from pointsman.console.present.cells import plain, width
from pointsman.console.present.tour import OPEN, STEPS, Sight, onward, stop, tour_lines
from pointsman.model.activity import Deed
from pointsman.model.pipelines import Board, PipelineRow, PipelineState, Transition
from pointsman.model.refs import BuildRef, PipelineRef
from pointsman.model.status import status


def board(*states: PipelineState) -> Board:
    return Board(tuple(PipelineRow(state.ref, state=state) for state in states))


def failing() -> PipelineState:
    """A pipeline whose first stage failed in a CodeBuild action."""
    state = samples.checkout()
    stage = state.stages[1]
    action = replace(stage.actions[0], status=status("Failed"), provider="CodeBuild", external_id="checkout-test:1")
    return replace(state, stages=(replace(stage, status=status("Failed"), actions=(action,)),))


def gated() -> PipelineState:
    state = samples.checkout()
    stage = replace(state.stages[1], inbound_id="run", transition=Transition(enabled=False, reason="freeze"))
    return replace(state, stages=(replace(stage, status=status("Succeeded"), actions=()),))


def test_nothing_to_do_is_a_tour_that_is_over() -> None:
    assert onward(0, Sight(Board())) == len(STEPS)
    assert onward(0, Sight(Board((PipelineRow(PipelineRef("unread")),)))) == len(STEPS)


def test_a_failure_is_found_on_its_pipeline_and_read_at_its_error() -> None:
    known, build = board(failing()), BuildRef("checkout-test:1")
    assert onward(0, Sight(known)) == 0
    assert "checkout" in stop(0, Sight(known)).how
    assert onward(0, Sight(known, PipelineRef("another"))) == 0
    assert onward(0, Sight(known, PipelineRef("checkout"))) == 1
    assert onward(0, Sight(known, BuildRef("checkout-test:2"))) == 0
    at_log = Sight(known, build)
    assert onward(0, at_log) == 1  # a log that shows has not been read
    assert stop(1, at_log).how.startswith("Press e:")
    assert onward(1, replace(at_log, read=frozenset({"another:1"}))) == 1
    assert onward(1, replace(at_log, read=frozenset({build.id}))) == len(STEPS)


def test_a_gate_is_open_once_the_write_is_done_and_not_before() -> None:
    sight = Sight(board(gated()))
    assert onward(0, sight) == 2
    assert "gate before" in stop(2, sight).how
    deed = Deed("1", EPOCH, OPEN, "open")
    for outcome in ("running", "refused", "failed", "unknown"):
        assert onward(2, replace(sight, deeds=(replace(deed, outcome=outcome),))) == 2
    assert onward(2, replace(sight, deeds=(replace(deed, outcome="done"),))) == len(STEPS)
    assert onward(0, replace(sight, writes=False)) == len(STEPS)


def test_either_answer_is_an_answer() -> None:
    sight = Sight(board(samples.billing()))
    assert onward(2, sight) == 3
    assert "billing" in stop(3, sight).how
    for operation in tour.ANSWERED:
        assert onward(3, replace(sight, deeds=(Deed("1", EPOCH, operation, "", outcome="done"),))) == len(STEPS)


def test_the_panel_is_two_lines_that_name_the_way_out() -> None:
    lines = tour_lines(stop(0, Sight(board(failing()))), "ctrl+t", 80)
    assert len(lines) == 2
    assert plain(lines[0]).startswith(" Tour 1/4  Find the failure")
    assert plain(lines[0]).rstrip().endswith("ctrl+t leaves the tour")
    assert all(width(line) <= 80 for line in lines)
