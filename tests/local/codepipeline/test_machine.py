"""The state machine: its rules one by one, and what no sequence of events may break."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from pointsman.local.codepipeline.flow import (
    ABANDONED,
    CANCELLED,
    FAILED,
    IN_PROGRESS,
    QUEUED,
    ROLLBACK,
    SKIPPED,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    SUPERSEDED,
    AbandonAction,
    AbandonRule,
    Arrive,
    CheckIs,
    Condition,
    Effect,
    Ended,
    Event,
    ExecutionIs,
    Flow,
    Gate,
    Override,
    Plan,
    Policy,
    Redefine,
    Refusal,
    Retry,
    RollBack,
    RuleEnded,
    SetGate,
    StageIs,
    StageRun,
    StartAction,
    StartRule,
    Stop,
    Visitor,
    Why,
)
from pointsman.local.codepipeline.machine import new, step

PLAN = (("Source", (("s", 1),)), ("Build", (("a", 1), ("b", 1), ("c", 2))), ("Deploy", (("d", 1),)))
WHEN = datetime(2026, 1, 5, tzinfo=UTC)
MODES = st.sampled_from(["SUPERSEDED", QUEUED])
CLOSED = Gate(False, "me", WHEN, "why")


class Walk:
    """A flow, and everything its effects have said."""

    def __init__(self) -> None:
        self.flow: Flow = new(1, PLAN)
        self.status: dict[str, str] = {}
        self.running: dict[int, StartAction] = {}
        self.judging: dict[int, StartRule] = {}
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
                case StartRule():
                    self.judging[effect.number] = effect
                case AbandonRule():
                    del self.judging[effect.number]
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

    def judge(self, rule: str, ok: bool = True) -> list[Effect]:
        number = max(number for number, started in self.judging.items() if started.rule == rule)
        started = self.judging.pop(number)
        return self.do(RuleEnded(started.stage, started.kind, number, ok))

    def rules(self) -> set[str]:
        return {started.rule for started in self.judging.values()}

    def run(self, stage: str) -> StageRun:
        run = self.flow.stages[self.flow.index(stage)].run
        assert run is not None
        return run

    def names(self) -> set[str]:
        return {started.action for started in self.running.values()}

    def waiting(self, stage: str) -> str | None:
        inbound = self.flow.stages[self.flow.index(stage)].inbound
        return inbound[0].id if inbound else None


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


ENTRY, SUCCESS, FAILURE = "BEFORE_ENTRY", "ON_SUCCESS", "ON_FAILURE"


def checked(stage: str = "Build", **policy: Any) -> Walk:
    """A walk whose stage has conditions."""
    walk = Walk()
    walk.flow = new(1, PLAN, {stage: Policy(**policy)})
    return walk


def test_a_queue_keeps_everybody_in_the_order_of_arrival() -> None:
    walk = Walk()
    walk.flow = new(1, PLAN, mode=QUEUED)
    names = [walk.arrive() for _ in range(3)]
    assert [visitor.id for visitor in walk.flow.stages[0].inbound] == names[1:]
    walk.end("s")
    walk.end("s")
    assert (walk.waiting("Build"), walk.names()) == (names[1], {"a", "b", "s"})
    walk.end("a", ok=False)
    walk.end("b")
    run = walk.flow.stages[1].run
    assert run is not None
    assert (run.visitor.id, walk.status[names[0]], walk.status[names[1]]) == (names[1], FAILED, IN_PROGRESS)


def test_an_entry_condition_is_checked_inside_the_stage_before_its_actions() -> None:
    walk = checked(before_entry=Condition(("r1", "r2")))
    one = walk.arrive()
    walk.end("s")
    assert (walk.names(), walk.rules()) == (set(), {"r1", "r2"})
    walk.judge("r1")
    walk.judge("r2")
    assert (walk.names(), walk.status[one]) == ({"a", "b"}, IN_PROGRESS)


def test_the_first_rule_that_fails_decides_and_the_others_are_abandoned() -> None:
    walk = checked(before_entry=Condition(("r1", "r2")))
    one = walk.arrive()
    walk.end("s")
    walk.judge("r1", ok=False)
    assert (walk.rules(), walk.status[one]) == (set(), FAILED)
    check = walk.run("Build").check(ENTRY)
    assert check is not None
    assert (check.status, [rule.status for rule in check.rules]) == (FAILED, [FAILED, ABANDONED])


def test_a_failed_entry_condition_may_skip_the_stage() -> None:
    walk = checked(before_entry=Condition(("r",), "SKIP"))
    one = walk.arrive()
    walk.end("s")
    walk.judge("r", ok=False)
    assert (walk.run("Build").status, walk.names()) == (SKIPPED, {"d"})
    walk.end("d")
    assert walk.status[one] == SUCCEEDED


def test_overriding_a_failed_condition_lets_the_execution_go_on() -> None:
    walk = checked(before_entry=Condition(("r",)), on_success=Condition(("q",)))
    one = walk.arrive()
    walk.end("s")
    with pytest.raises(Refusal):
        walk.do(Override("Build", one, ENTRY))
    walk.judge("r", ok=False)
    walk.do(Override("Build", one, ENTRY))
    assert (walk.names(), walk.status[one]) == ({"a", "b"}, IN_PROGRESS)
    for action in "abc":
        walk.end(action)
    walk.judge("q", ok=False)
    assert walk.status[one] == FAILED
    walk.do(Override("Build", one, SUCCESS))
    assert (walk.names(), walk.status[one]) == ({"d"}, IN_PROGRESS)


def test_what_rolls_back_cannot_be_overridden_nor_what_a_later_execution_has_entered() -> None:
    walk = checked(on_success=Condition(("q",), "ROLLBACK"), before_entry=Condition(("r",)))
    one = walk.arrive()
    walk.end("s")
    walk.judge("r")
    for action in "abc":
        walk.end(action)
    effects = walk.judge("q", ok=False)
    assert any(isinstance(effect, RollBack) for effect in effects)
    with pytest.raises(Refusal) as refused:
        walk.do(Override("Build", one, SUCCESS))
    assert refused.value.why is Why.NOT_OVERRIDABLE
    walk.arrive()
    walk.end("s")
    with pytest.raises(Refusal) as refused:
        walk.do(Override("Build", one, SUCCESS))
    assert refused.value.why is Why.NOT_LATEST


def test_a_failure_condition_decides_whether_the_stage_is_rolled_back() -> None:
    for ok in (True, False):
        walk = checked(on_failure=Condition(("q",), "ROLLBACK"))
        one = walk.arrive()
        walk.end("s")
        walk.end("a", ok=False)
        walk.end("b")
        assert (walk.rules(), walk.status[one]) == ({"q"}, IN_PROGRESS)
        effects = walk.judge("q", ok=ok)
        assert walk.status[one] == FAILED
        assert any(isinstance(effect, RollBack) for effect in effects) is not ok


def test_stopping_does_not_wait_for_a_condition() -> None:
    walk = checked(before_entry=Condition(("r",)))
    one = walk.arrive()
    walk.end("s")
    walk.do(Stop(one))
    check = walk.run("Build").check(ENTRY)
    assert check is not None
    assert (check.status, walk.rules(), walk.status[one]) == (CANCELLED, set(), STOPPED)


def test_a_stage_whose_condition_failed_is_retried_whole_and_checked_again() -> None:
    walk = checked(before_entry=Condition(("r",)))
    one = walk.arrive()
    walk.end("s")
    walk.judge("r", ok=False)
    with pytest.raises(Refusal):
        walk.do(Retry("Build", one, everything=False))
    walk.do(Retry("Build", one, everything=True))
    assert (walk.rules(), walk.names()) == ({"r"}, set())


def test_an_automatic_retry_keeps_the_stage_and_happens_once() -> None:
    walk = checked(retry="FAILED_ACTIONS")
    one = walk.arrive()
    walk.end("s")
    two = walk.arrive()
    walk.end("s")
    walk.end("a", ok=False)
    walk.end("b")
    assert (walk.names(), walk.status[one], walk.waiting("Build")) == ({"a"}, IN_PROGRESS, two)
    walk.end("a", ok=False)
    assert walk.status[one] == FAILED
    assert walk.run("Build").visitor.id == two


CONDITIONS = st.none() | st.builds(
    Condition, st.sampled_from([("r1",), ("r1", "r2"), ("r1", "r2", "r3")]), st.sampled_from(["FAIL", "ROLLBACK"])
)
POLICIES = st.builds(
    Policy,
    before_entry=CONDITIONS.map(lambda one: one and replace(one, result="SKIP" if len(one.rules) == 2 else "FAIL")),
    on_success=CONDITIONS,
    on_failure=CONDITIONS,
    retry=st.sampled_from(["", "FAILED_ACTIONS", "ALL_ACTIONS"]),
    rollback=st.booleans(),
)
ACTIONS = st.lists(st.integers(1, 3), min_size=1, max_size=4).map(
    lambda orders: tuple((f"x{at}", order) for at, order in enumerate(orders))
)
NAMES = ("Source", "Build", "Test", "Deploy")
PLANS = st.lists(ACTIONS, min_size=2, max_size=4).map(lambda given: tuple(zip(NAMES, given, strict=False)))
EXECUTION_STATUSES = {IN_PROGRESS, SUCCEEDED, FAILED, STOPPING, STOPPED, SUPERSEDED, CANCELLED}
STAGE_STATUSES = {IN_PROGRESS, SUCCEEDED, FAILED, STOPPING, STOPPED, CANCELLED, SKIPPED}
CHECK_STATUSES = {IN_PROGRESS, FAILED, "Errored", SUCCEEDED, CANCELLED, ABANDONED, "Overridden"}
NEXT = {
    None: {IN_PROGRESS},
    IN_PROGRESS: {SUCCEEDED, FAILED, STOPPING, STOPPED, SUPERSEDED, CANCELLED},
    STOPPING: {STOPPED, CANCELLED},
    FAILED: {IN_PROGRESS},
    STOPPED: {IN_PROGRESS},
    SUCCEEDED: set(),
    SUPERSEDED: set(),
    CANCELLED: set(),
}
"""What an execution may become: FAILED and STOPPED ones go on by a retry or an override."""


class Anything(RuleBasedStateMachine):
    """Any definition, every event at any time: what must always hold."""

    @initialize(plan=PLANS, policies=st.dictionaries(st.sampled_from(NAMES), POLICIES), mode=MODES)
    def begin(self, plan: Plan, policies: dict[str, Policy], mode: str) -> None:
        self.walk = Walk()
        self.walk.flow = new(1, plan, policies, mode)

    def stage(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([stage.name for stage in self.walk.flow.stages]))

    def execution(self, data: st.DataObject) -> str:
        return f"e{data.draw(st.integers(max(1, self.walk.arrived - 4), max(1, self.walk.arrived)))}"

    def do(self, event: Event) -> None:
        before, statuses = self.walk.flow, dict(self.walk.status)
        inside = {stage.run.visitor.id for stage in before.stages if stage.run is not None and stage.run.active}
        try:
            effects = self.walk.do(event)
        except Refusal:
            assert self.walk.flow is before
            return
        for effect in effects:
            match effect:
                case ExecutionIs(execution, status):
                    assert status in EXECUTION_STATUSES
                    assert status in NEXT[statuses.get(execution.id)] or status == statuses.get(execution.id) == FAILED
                    statuses[execution.id] = status
                    if status == SUPERSEDED:
                        assert self.walk.flow.mode != QUEUED
                        assert execution.id not in inside or self._left(execution.id)
                case StageIs(status=status):
                    assert status in STAGE_STATUSES
                case CheckIs(status=status):
                    assert status in CHECK_STATUSES

    def _left(self, execution: str) -> bool:
        """Whether the execution had come out of its stage within this step before it was superseded."""
        return all(
            stage.run is None or not stage.run.active or stage.run.visitor.id != execution
            for stage in self.walk.flow.stages
        )

    @rule()
    def arrive(self) -> None:
        self.walk.arrived += 1
        self.do(Arrive(Visitor(f"e{self.walk.arrived}", self.walk.arrived)))

    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        self.walk.arrived += 1
        self.do(Arrive(Visitor(f"e{self.walk.arrived}", self.walk.arrived, ROLLBACK), self.stage(data)))

    @precondition(lambda self: self.walk.running)
    @rule(data=st.data(), ok=st.booleans())
    def finish(self, data: st.DataObject, ok: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.walk.running)))
        started = self.walk.running.pop(number)
        self.do(Ended(started.stage, started.action, number, ok))

    @precondition(lambda self: self.walk.judging)
    @rule(data=st.data(), ok=st.booleans(), errored=st.booleans())
    def judge(self, data: st.DataObject, ok: bool, errored: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.walk.judging)))
        started = self.walk.judging.pop(number)
        self.do(RuleEnded(started.stage, started.kind, number, ok, errored and not ok))

    @rule(data=st.data(), number=st.integers(1, 200), ok=st.booleans())
    def finish_what_is_over(self, data: st.DataObject, number: int, ok: bool) -> None:
        if number not in self.walk.running and number not in self.walk.judging:
            before = self.walk.flow
            self.do(Ended(self.stage(data), "x0", number, ok))
            self.do(RuleEnded(self.stage(data), ENTRY, number, ok))
            assert self.walk.flow == before

    @rule(data=st.data(), is_open=st.booleans())
    def gate(self, data: st.DataObject, is_open: bool) -> None:
        self.do(SetGate(self.stage(data), Gate(is_open, "me", WHEN, "" if is_open else "why")))

    @rule(data=st.data(), abandon=st.booleans())
    def stop(self, data: st.DataObject, abandon: bool) -> None:
        self.do(Stop(self.execution(data), abandon))

    @rule(data=st.data(), everything=st.booleans())
    def retry(self, data: st.DataObject, everything: bool) -> None:
        self.do(Retry(self.stage(data), self.execution(data), everything))

    @precondition(lambda self: any(stage.run is not None and not stage.run.active for stage in self.walk.flow.stages))
    @rule(data=st.data(), everything=st.booleans())
    def retry_what_is_over(self, data: st.DataObject, everything: bool) -> None:
        over = [stage for stage in self.walk.flow.stages if stage.run is not None and not stage.run.active]
        stage = data.draw(st.sampled_from(over))
        assert stage.run is not None
        self.do(Retry(stage.name, stage.run.visitor.id, everything))

    @rule(data=st.data(), kind=st.sampled_from([ENTRY, SUCCESS]))
    def override(self, data: st.DataObject, kind: str) -> None:
        self.do(Override(self.stage(data), self.execution(data), kind))

    @rule(plan=PLANS, policies=st.dictionaries(st.sampled_from(NAMES), POLICIES), mode=MODES, same=st.booleans())
    def redefine(self, plan: Plan, policies: dict[str, Policy], mode: str, same: bool) -> None:
        flow = self.walk.flow
        if same:
            plan = tuple((stage.name, stage.plan) for stage in flow.stages)
            policies = {stage.name: stage.policy for stage in flow.stages}
        self.do(Redefine(flow.version + 1, plan, policies, mode))

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
                assert stage.run.checking or any(mark.status == IN_PROGRESS for mark in stage.run.marks)

    @invariant()
    def actions_and_conditions_do_not_run_together(self) -> None:
        for stage in self.walk.flow.stages:
            run = stage.run
            if run is not None and (check := run.checking) is not None:
                assert run.active
                assert not any(mark.status == IN_PROGRESS for mark in run.marks)
                assert any(one.status == IN_PROGRESS for one in check.rules)

    @invariant()
    def a_stage_retries_itself_once_at_most(self) -> None:
        assert all(stage.run is None or stage.run.automatic_retries <= 1 for stage in self.walk.flow.stages)

    @invariant()
    def nobody_acts_without_having_passed_the_entrance(self) -> None:
        for stage in self.walk.flow.stages:
            run = stage.run
            if run is not None and run.policy.before_entry and any(mark.status == IN_PROGRESS for mark in run.marks):
                entry = run.check(ENTRY)
                assert entry is not None
                assert entry.status in (SUCCEEDED, "Overridden")

    @invariant()
    def only_a_closed_gate_or_somebody_inside_holds(self) -> None:
        for stage in self.walk.flow.stages:
            if stage.inbound:
                assert stage.locked or not stage.gate.enabled
                assert len(stage.inbound) == 1 or self.walk.flow.mode == QUEUED

    @invariant()
    def what_runs_is_what_the_machine_thinks_runs(self) -> None:
        runs = [stage.run for stage in self.walk.flow.stages if stage.run is not None]
        marks = {mark.number for run in runs for mark in run.marks if mark.status == IN_PROGRESS}
        assert marks == set(self.walk.running)
        rules = {one.number for run in runs for check in run.checks for one in check.rules if one.status == IN_PROGRESS}
        assert rules == set(self.walk.judging)


Anything.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestAnything = Anything.TestCase
