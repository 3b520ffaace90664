"""How executions move: the steps the rules of ``machine`` are made of. Pure."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pointsman.local.codepipeline.flow import (
    ABANDONED,
    BEFORE_ENTRY,
    CANCELLED,
    ERRORED,
    FAILED,
    IN_PROGRESS,
    ON_FAILURE,
    ON_SUCCESS,
    OVERRIDDEN,
    QUEUED,
    ROLLBACK,
    SKIPPED,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    SUPERSEDED,
    AbandonAction,
    AbandonRule,
    Again,
    Check,
    CheckIs,
    Effect,
    ExecutionIs,
    Flow,
    Mark,
    Refusal,
    RollBack,
    RuleMark,
    StageFlow,
    StageIs,
    StageRun,
    StartAction,
    StartRule,
    Visitor,
    Why,
)

_BAD = (FAILED, ABANDONED)
_PASSED = (SUCCEEDED, OVERRIDDEN)


class Moves:
    """A flow being changed, and the effects so far; lives for one step."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.effects: list[Effect] = []

    # -- looking and changing ---------------------------------------------------------------------------------------

    def put(self, at: int, stage: StageFlow) -> None:
        """Replace a stage."""
        stages = self.flow.stages
        self.flow = replace(self.flow, stages=(*stages[:at], stage, *stages[at + 1 :]))

    def put_run(self, at: int, run: StageRun) -> None:
        """Replace a stage's run."""
        self.put(at, replace(self.flow.stages[at], run=run))

    def find(self, stage: str) -> int:
        """Where a stage is, or the refusal that says there is none."""
        at = self.flow.index(stage)
        if at < 0:
            raise Refusal(Why.NO_STAGE)
        return at

    def run(self, at: int) -> StageRun:
        """The run of a stage that has one."""
        run = self.flow.stages[at].run
        assert run is not None
        return run

    def take_numbers(self, count: int) -> range:
        """The next numbers of action and rule executions."""
        first = self.flow.started + 1
        self.flow = replace(self.flow, started=self.flow.started + count)
        return range(first, first + count)

    # -- entrances --------------------------------------------------------------------------------------------------

    def arrive(self, at: int, visitor: Visitor) -> None:
        """Come to an entrance: take one's place in the line, or supersede who waits there. Then go in, if possible."""
        stage = self.flow.stages[at]
        inbound = stage.inbound
        if self.flow.mode == QUEUED:
            inbound = (*inbound, visitor)
        else:
            newest = max((*inbound, visitor), key=lambda one: one.number)
            self.effects += [ExecutionIs(one, SUPERSEDED) for one in (*inbound, visitor) if one != newest]
            inbound = (newest,)
        self.put(at, replace(stage, inbound=inbound))
        self.admit(at)

    def admit(self, at: int) -> None:
        """Let the first in line go in, if the gate is open and the stage is free."""
        while True:
            stage = self.flow.stages[at]
            if not stage.inbound or stage.locked or not stage.gate.enabled:
                return
            visitor, rest = stage.inbound[0], stage.inbound[1:]
            marks = tuple(Mark(name, order) for name, order in stage.plan)
            run = StageRun(visitor, IN_PROGRESS, self.flow.version, marks, policy=stage.policy)
            self.put(at, replace(stage, inbound=rest, run=run))
            self.effects.append(StageIs(visitor, stage.name, IN_PROGRESS))
            self.advance(at)

    # -- inside a stage ---------------------------------------------------------------------------------------------

    def advance(self, at: int) -> None:
        """Do what a stage's run calls for next: wait, check a condition, start the next run order, or end."""
        run = self.run(at)
        if run.checking is not None or any(mark.status == IN_PROGRESS for mark in run.marks):
            return
        if run.status == STOPPING:
            self.end(at, STOPPED)
        elif self.unchecked(at, BEFORE_ENTRY):
            self.check(at, BEFORE_ENTRY)
        elif any(mark.status in _BAD for mark in run.marks):
            self.actions_failed(at)
        elif rest := [mark.order for mark in run.marks if not mark.status]:
            order = min(rest)
            self.start(at, lambda mark: not mark.status and mark.order == order)
        elif self.unchecked(at, ON_SUCCESS):
            self.check(at, ON_SUCCESS)
        else:
            self.end(at, SUCCEEDED)

    def start(self, at: int, which: Callable[[Mark], bool]) -> None:
        """Start some actions of a stage's run."""
        stage, run = self.flow.stages[at], self.run(at)
        numbers = iter(self.take_numbers(sum(map(which, run.marks))))
        marks = []
        for mark in run.marks:
            if which(mark):
                number = next(numbers)
                self.effects.append(StartAction(run.visitor, stage.name, mark.name, number, run.version))
                marks.append(Mark(mark.name, mark.order, IN_PROGRESS, number))
            else:
                marks.append(mark)
        self.put_run(at, replace(run, marks=tuple(marks)))

    def actions_failed(self, at: int) -> None:
        """A stage's actions have failed: try again, check its condition, or end it."""
        run = self.run(at)
        if run.policy.retry and not run.automatic_retries:
            self.effects.append(StageIs(run.visitor, self.flow.stages[at].name, FAILED))
            self.again(at, everything=run.policy.retry == "ALL_ACTIONS", automatic=True)
            self.effects.append(StageIs(run.visitor, self.flow.stages[at].name, IN_PROGRESS, again=True))
            self.advance(at)
        elif self.unchecked(at, ON_FAILURE):
            self.check(at, ON_FAILURE)
        else:
            self.end(at, FAILED, roll_back=run.policy.rollback)

    def again(self, at: int, *, everything: bool, automatic: bool) -> None:
        """Make a stage's run ready for one more attempt."""
        stage, run = self.flow.stages[at], self.run(at)
        marks = tuple(Mark(mark.name, mark.order) if everything or mark.status in _BAD else mark for mark in run.marks)
        # Who begins again must pass the entrance again; who goes on has passed it already.
        kept = () if everything else run.checks
        checks = tuple(one for one in kept if one.kind == BEFORE_ENTRY and one.status in _PASSED)
        run = replace(
            run,
            status=IN_PROGRESS,
            marks=marks,
            checks=checks,
            manual_retries=run.manual_retries + (not automatic),
            automatic_retries=run.automatic_retries + automatic,
            last_retry_manual=not automatic,
        )
        self.put_run(at, run)
        if everything:
            self.effects.append(Again(run.visitor, stage.name))

    def end(self, at: int, status: str, *, roll_back: bool = False) -> None:
        """End a stage's run; the execution moves on, or ends with it; then the next in line may enter."""
        stage, run = self.flow.stages[at], self.run(at)
        self.put_run(at, replace(run, status=status))
        self.effects.append(StageIs(run.visitor, stage.name, status))
        last = at + 1 == len(self.flow.stages) or run.visitor.kind == ROLLBACK
        if status in (SUCCEEDED, SKIPPED) and not last:
            self.arrive(at + 1, run.visitor)
        else:
            self.effects.append(ExecutionIs(run.visitor, SUCCEEDED if status == SKIPPED else status))
        if roll_back and run.visitor.kind != ROLLBACK:
            self.effects.append(RollBack(run.visitor, stage.name))
        self.admit(at)

    def abandon(self, at: int, condition: str = ABANDONED) -> None:
        """Let go of every action and rule in flight in a stage's run.

        Args:
            at: Which stage.
            condition: What becomes of a condition that is being checked.
        """
        stage, run = self.flow.stages[at], self.run(at)
        marks = []
        for mark in run.marks:
            if mark.status == IN_PROGRESS:
                self.effects.append(AbandonAction(run.visitor, stage.name, mark.name, mark.number))
                mark = replace(mark, status=ABANDONED)
            marks.append(mark)
        self.put_run(at, replace(run, marks=tuple(marks)))
        if (check := run.checking) is not None:
            self.conclude(at, check, condition)

    # -- conditions -------------------------------------------------------------------------------------------------

    def unchecked(self, at: int, kind: str) -> bool:
        """Whether a stage's run has a condition of this kind that nobody has checked yet."""
        run = self.run(at)
        return run.policy.condition(kind) is not None and run.check(kind) is None

    def check(self, at: int, kind: str) -> None:
        """Start all rules of a condition."""
        stage, run = self.flow.stages[at], self.run(at)
        condition = run.policy.condition(kind)
        assert condition is not None
        numbers = self.take_numbers(len(condition.rules))
        rules = tuple(RuleMark(name, number) for name, number in zip(condition.rules, numbers, strict=True))
        self.put_run(at, replace(run, checks=(*run.checks, Check(kind, IN_PROGRESS, rules))))
        self.effects.append(CheckIs(run.visitor, stage.name, kind, IN_PROGRESS))
        self.effects += [
            StartRule(run.visitor, stage.name, kind, rule.name, rule.number, run.version) for rule in rules
        ]

    def rule_ended(self, at: int, check: Check, number: int, *, succeeded: bool, errored: bool) -> None:
        """A rule of the condition that is being checked has ended."""
        status = SUCCEEDED if succeeded else FAILED
        rules = tuple(replace(one, status=status) if one.number == number else one for one in check.rules)
        check = replace(check, rules=rules)
        self.keep(at, check)
        if not succeeded:
            self.conclude(at, check, ERRORED if errored else FAILED)
        elif all(one.status == SUCCEEDED for one in rules):
            self.conclude(at, check, SUCCEEDED)
        else:
            return
        self.follow(at, check.kind)

    def conclude(self, at: int, check: Check, status: str) -> None:
        """End the run of a condition; rules still in flight are abandoned."""
        stage, run = self.flow.stages[at], self.run(at)
        rules = []
        for rule in check.rules:
            if rule.status == IN_PROGRESS:
                self.effects.append(AbandonRule(run.visitor, stage.name, check.kind, rule.name, rule.number))
                rule = replace(rule, status=ABANDONED)
            rules.append(rule)
        self.keep(at, replace(check, status=status, rules=tuple(rules)))
        self.effects.append(CheckIs(run.visitor, stage.name, check.kind, status))

    def keep(self, at: int, check: Check) -> None:
        """Put a condition's run in the place of the one of its kind."""
        run = self.run(at)
        checks = tuple(check if one.kind == check.kind else one for one in run.checks)
        self.put_run(at, replace(run, checks=checks))

    def follow(self, at: int, kind: str) -> None:
        """Do what follows from a condition that has come to its end."""
        run = self.run(at)
        check, condition = run.check(kind), run.policy.condition(kind)
        assert check is not None
        assert condition is not None
        if run.status == STOPPING:
            self.end(at, STOPPED)
        elif kind == ON_FAILURE:
            # The stage has failed in any case; its condition decides only about what comes after.
            self.end(at, FAILED, roll_back=check.status not in _PASSED and condition.result == ROLLBACK)
        elif check.status in _PASSED:
            self.advance(at)
        elif condition.result == "SKIP":
            self.end(at, SKIPPED)
        else:
            self.end(at, FAILED, roll_back=condition.result == ROLLBACK)

    def cancel_check(self, at: int) -> None:
        """A person stops the execution: its condition is not waited for."""
        check = self.run(at).checking
        if check is not None:
            self.conclude(at, check, CANCELLED)
