"""The state machine: its rules one by one, and what no sequence of events may break."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pointsman.local.codepipeline.flow import (
    ABANDONED,
    CANCELLED,
    FAILED,
    IN_PROGRESS,
    ROLLBACK,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    SUPERSEDED,
    AbandonAction,
    Arrive,
    Effect,
    Ended,
    Event,
    ExecutionIs,
    Flow,
    Gate,
    Redefine,
    Refusal,
    Retry,
    SetGate,
    StartAction,
    Stop,
    Visitor,
    Why,
)
from pointsman.local.codepipeline.machine import new, step

PLAN = (("Source", (("s", 1),)), ("Build", (("a", 1), ("b", 1), ("c", 2))), ("Deploy", (("d", 1),)))
WHEN = datetime(2026, 1, 5, tzinfo=UTC)
CLOSED = Gate(False, "me", WHEN, "why")


class Walk:
    """A flow, and everything its effects have said."""

    def __init__(self) -> None:
        self.flow: Flow = new(1, PLAN)
        self.status: dict[str, str] = {}
        self.running: dict[int, StartAction] = {}
        self.arrived = 0

    def do(self, event: Event) -> list[Effect]:
        self.flow, effects = step(self.flow, event)
        for effect in effects:
            match effect:
                case ExecutionIs(execution, status):
                    self.status[execution.id] = status
                case StartAction():
                    self.running[effect.number] = effect
                case AbandonAction():
                    del self.running[effect.number]
        return effects

    def arrive(self, stage: str = "", kind: str = "STANDARD") -> str:
        self.arrived += 1
        name = f"e{self.arrived}"
        self.do(Arrive(Visitor(name, self.arrived, kind), stage))
        return name

    def end(self, action: str, ok: bool = True) -> list[Effect]:
        number = max(number for number, started in self.running.items() if started.action == action)
        started = self.running.pop(number)
        return self.do(Ended(started.stage, action, number, ok))

    def names(self) -> set[str]:
        return {started.action for started in self.running.values()}

    def waiting(self, stage: str) -> str | None:
        waiting = self.flow.stages[self.flow.index(stage)].waiting
        return waiting.id if waiting is not None else None


def test_an_execution_runs_through_to_its_end() -> None:
    walk = Walk()
    one = walk.arrive()
    for action in "sabcd":
        walk.end(action)
    assert walk.status[one] == SUCCEEDED
    assert walk.flow.active() == []


def test_a_run_order_begins_when_all_of_the_one_before_have_succeeded() -> None:
    walk = Walk()
    walk.arrive()
    walk.end("s")
    assert walk.names() == {"a", "b"}
    walk.end("a")
    assert walk.names() == {"b"}
    walk.end("b")
    assert walk.names() == {"c"}


def test_siblings_of_a_failed_action_finish_and_nothing_later_starts() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s")
    walk.end("a", ok=False)
    assert walk.status[one] == IN_PROGRESS
    walk.end("b")
    assert walk.names() == set()
    assert walk.status[one] == FAILED


def test_a_locked_stage_holds_the_newest_arrival_and_supersedes_the_older() -> None:
    walk = Walk()
    names = []
    for _ in range(3):
        names.append(walk.arrive())
        walk.end("s")
    assert walk.status == {names[0]: IN_PROGRESS, names[1]: SUPERSEDED, names[2]: IN_PROGRESS}
    assert walk.waiting("Build") == names[2]


def test_who_is_inside_a_stage_is_never_superseded() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s")
    for _ in range(4):
        walk.arrive()
        walk.end("s")
    assert walk.status[one] == IN_PROGRESS


def test_a_failed_stage_lets_the_next_one_in() -> None:
    walk = Walk()
    walk.arrive()
    walk.end("s")
    two = walk.arrive()
    walk.end("s")
    walk.end("a", ok=False)
    walk.end("b")
    run = walk.flow.stages[1].run
    assert run is not None
    assert run.visitor.id == two


def test_a_closed_gate_holds_and_opening_it_lets_only_the_newest_through() -> None:
    walk = Walk()
    walk.do(SetGate("Build", CLOSED))
    one = walk.arrive()
    walk.end("s")
    assert (walk.waiting("Build"), walk.status[one]) == (one, IN_PROGRESS)
    two = walk.arrive()
    walk.end("s")
    assert walk.status[one] == SUPERSEDED
    walk.do(SetGate("Build", Gate(True, "me", WHEN)))
    run = walk.flow.stages[1].run
    assert run is not None
    assert run.visitor.id == two


def test_the_first_stages_gate_holds_new_executions() -> None:
    walk = Walk()
    walk.do(SetGate("Source", CLOSED))
    one = walk.arrive()
    assert (walk.waiting("Source"), walk.names(), walk.status[one]) == ("e1", set(), IN_PROGRESS)


def test_stop_and_wait_lets_what_is_in_progress_finish_and_starts_nothing() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s")
    walk.do(Stop(one))
    assert walk.status[one] == STOPPING
    with pytest.raises(Refusal) as refused:
        walk.do(Stop(one))
    assert refused.value.why is Why.STOPPED_ALREADY
    walk.end("a")
    walk.end("b")
    assert (walk.status[one], walk.names()) == (STOPPED, set())


def test_stop_and_abandon_may_follow_stop_and_wait_and_ends_at_once() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s")
    walk.do(Stop(one))
    walk.do(Stop(one, abandon=True))
    assert (walk.status[one], walk.names()) == (STOPPED, set())
    run = walk.flow.stages[1].run
    assert run is not None
    assert [mark.status for mark in run.marks] == [ABANDONED, ABANDONED, ""]


def test_an_execution_that_waits_stops_at_once() -> None:
    walk = Walk()
    walk.do(SetGate("Build", CLOSED))
    one = walk.arrive()
    walk.end("s")
    walk.do(Stop(one))
    assert (walk.status[one], walk.waiting("Build")) == (STOPPED, None)


def test_an_ended_execution_cannot_be_stopped() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s", ok=False)
    with pytest.raises(Refusal) as refused:
        walk.do(Stop(one))
    assert refused.value.why is Why.NOT_RUNNING


def test_the_end_of_an_abandoned_action_is_not_heard() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.do(Stop(one, abandon=True))
    assert walk.do(Ended("Source", "s", 1, True)) == []


def test_retrying_failed_actions_keeps_what_succeeded() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s")
    walk.end("a", ok=False)
    walk.end("b")
    walk.do(Retry("Build", one, everything=False))
    assert walk.names() == {"a"}
    walk.end("a")
    assert walk.names() == {"c"}


def test_retrying_all_actions_begins_the_stage_again() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s")
    walk.end("a")
    walk.end("b", ok=False)
    walk.do(Retry("Build", one, everything=True))
    assert (walk.names(), walk.status[one]) == ({"a", "b"}, IN_PROGRESS)


def test_failed_actions_may_be_retried_while_their_siblings_run_all_actions_may_not() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s")
    with pytest.raises(Refusal):
        walk.do(Retry("Build", one, everything=False))
    walk.end("a", ok=False)
    with pytest.raises(Refusal):
        walk.do(Retry("Build", one, everything=True))
    walk.do(Retry("Build", one, everything=False))
    assert walk.names() == {"a", "b"}


def test_a_stage_that_a_later_execution_has_entered_cannot_be_retried() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s", ok=False)
    walk.arrive()
    with pytest.raises(Refusal) as refused:
        walk.do(Retry("Source", one, everything=False))
    assert refused.value.why is Why.NOT_LATEST


def test_a_stopped_stage_can_be_retried_and_goes_on() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.do(Stop(one))
    walk.end("s")
    walk.do(Retry("Source", one, everything=False))
    assert walk.names() == {"a", "b"}


def test_a_redefined_pipeline_refuses_to_retry_what_ran_before() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s", ok=False)
    walk.do(Redefine(2, PLAN))
    with pytest.raises(Refusal) as refused:
        walk.do(Retry("Source", one, everything=False))
    assert refused.value.why is Why.REDEFINED


def test_a_rollback_runs_its_stage_only() -> None:
    walk = Walk()
    two = walk.arrive("Build", ROLLBACK)
    for action in "abc":
        walk.end(action)
    assert (walk.status[two], walk.names()) == (SUCCEEDED, set())


def test_a_stage_that_runs_refuses_a_rollback() -> None:
    walk = Walk()
    walk.arrive()
    walk.end("s")
    with pytest.raises(Refusal) as refused:
        walk.do(Arrive(Visitor("r", 9, ROLLBACK), "Build"))
    assert refused.value.why is Why.STAGE_BUSY


def test_removing_a_stage_cancels_who_is_in_it_and_nobody_else() -> None:
    walk = Walk()
    one = walk.arrive()
    walk.end("s")
    two = walk.arrive()
    walk.do(Redefine(2, (PLAN[0], PLAN[2])))
    assert walk.status == {one: CANCELLED, two: IN_PROGRESS}
    assert walk.names() == {"s"}
    walk.end("s")
    assert walk.names() == {"d"}


class Anything(RuleBasedStateMachine):
    """Every event at any time: what must always hold."""

    def __init__(self) -> None:
        super().__init__()
        self.walk = Walk()
        self.ended: set[str] = set()

    def do(self, event: Event) -> None:
        before = self.walk.flow
        inside = {stage.run.visitor.id for stage in before.stages if stage.run is not None and stage.run.active}
        try:
            effects = self.walk.do(event)
        except Refusal:
            assert self.walk.flow is before
            return
        for effect in effects:
            if isinstance(effect, ExecutionIs) and effect.status == SUPERSEDED:
                moved = any(isinstance(one, ExecutionIs) and one.execution == effect.execution for one in effects)
                assert moved
                assert effect.execution.id not in inside or self._left(effects, effect.execution.id)

    def _left(self, effects: list[Effect], execution: str) -> bool:
        """Whether the execution had come out of its stage within this step before it was superseded."""
        return all(
            stage.run is None or not stage.run.active or stage.run.visitor.id != execution
            for stage in self.walk.flow.stages
        )

    @rule()
    def arrive(self) -> None:
        self.walk.arrive()

    @rule(stage=st.sampled_from(["Build", "Deploy"]))
    def roll_back(self, stage: str) -> None:
        self.walk.arrived += 1
        self.do(Arrive(Visitor(f"e{self.walk.arrived}", self.walk.arrived, ROLLBACK), stage))

    @precondition(lambda self: self.walk.running)
    @rule(data=st.data(), ok=st.booleans())
    def finish(self, data: st.DataObject, ok: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.walk.running)))
        started = self.walk.running.pop(number)
        self.do(Ended(started.stage, started.action, number, ok))

    @rule(stage=st.sampled_from(["Source", "Build", "Deploy"]), is_open=st.booleans())
    def gate(self, stage: str, is_open: bool) -> None:
        self.do(SetGate(stage, Gate(is_open, "me", WHEN, "" if is_open else "why")))

    @rule(data=st.data(), abandon=st.booleans())
    def stop(self, data: st.DataObject, abandon: bool) -> None:
        if self.walk.arrived:
            at = data.draw(st.integers(1, self.walk.arrived))
            self.do(Stop(f"e{at}", abandon))

    @rule(data=st.data(), stage=st.sampled_from(["Source", "Build", "Deploy"]), everything=st.booleans())
    def retry(self, data: st.DataObject, stage: str, everything: bool) -> None:
        if self.walk.arrived:
            at = data.draw(st.integers(max(1, self.walk.arrived - 2), self.walk.arrived))
            self.do(Retry(stage, f"e{at}", everything))

    @rule(keep=st.booleans())
    def redefine(self, keep: bool) -> None:
        plan = PLAN if keep else (PLAN[0], ("Build", (("a", 1),)), ("Extra", (("x", 1),)), PLAN[2])
        self.do(Redefine(self.walk.flow.version + 1, plan))

    @invariant()
    def nobody_is_lost_or_in_two_places(self) -> None:
        active = [visitor.id for visitor in self.walk.flow.active()]
        assert len(active) == len(set(active))
        moving = {name for name, status in self.walk.status.items() if status in (IN_PROGRESS, STOPPING)}
        assert moving == set(active)

    @invariant()
    def an_active_stage_has_something_in_progress(self) -> None:
        for stage in self.walk.flow.stages:
            if stage.run is not None and stage.run.active:
                assert any(mark.status == IN_PROGRESS for mark in stage.run.marks)

    @invariant()
    def a_gate_holds_nobody_without_a_reason(self) -> None:
        for stage in self.walk.flow.stages:
            if stage.waiting is not None:
                assert stage.locked or not stage.gate.enabled

    @invariant()
    def what_runs_is_what_the_machine_thinks_runs(self) -> None:
        marks = {
            mark.number
            for stage in self.walk.flow.stages
            if stage.run is not None
            for mark in stage.run.marks
            if mark.status == IN_PROGRESS
        }
        assert marks == set(self.walk.running)


Anything.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnything = Anything.TestCase
