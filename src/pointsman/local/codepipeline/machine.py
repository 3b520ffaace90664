"""The state machine of one pipeline: executions moving through stages. Pure: no I/O, no clock, no database.

``step(flow, event) -> (flow, effects)``. An execution is always in exactly one place: waiting at a stage's entrance
(``StageFlow.waiting``), inside a stage (``StageFlow.run`` while that is active), or at its end. Rules, as AWS has them
for the SUPERSEDED mode:

* A stage with an active run is locked. A failed or stopped run holds no lock.
* Who cannot enter waits at the entrance; a newer arrival supersedes who waits there, never who is inside.
* A closed gate (``Gate.enabled`` False) holds arrivals in the same way.
* All actions of the lowest run order start together; the next order starts when all of the previous succeeded.
* After a failure siblings in flight finish and nothing later starts.

A request the rules do not allow raises ``Refusal`` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

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
    Mark,
    Redefine,
    Refusal,
    Retry,
    SetGate,
    StageFlow,
    StageIs,
    StageRun,
    StartAction,
    Stop,
    Visitor,
    Why,
)

# -- rules ----------------------------------------------------------------------------------------------------------


def new(version: int, plan: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]) -> Flow:
    """A pipeline in which nothing has happened yet."""
    return Flow(version, tuple(StageFlow(name, actions) for name, actions in plan))


def step(flow: Flow, event: Event) -> tuple[Flow, list[Effect]]:
    """What follows from an event.

    Raises:
        Refusal: The rules do not allow it.
    """
    line = _Line(flow)
    match event:
        case Arrive():
            _arrive(line, event)
        case Ended():
            _ended(line, event)
        case SetGate():
            _set_gate(line, event)
        case Stop():
            _stop(line, event)
        case Retry():
            _retry(line, event)
        case Redefine():
            _redefine(line, event)
    return line.flow, line.effects


class _Line:
    """A flow being changed, and the effects so far; lives for one step."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.effects: list[Effect] = []

    # changing

    def put(self, at: int, stage: StageFlow) -> None:
        stages = self.flow.stages
        self.flow = replace(self.flow, stages=(*stages[:at], stage, *stages[at + 1 :]))

    def put_run(self, at: int, run: StageRun) -> None:
        self.put(at, replace(self.flow.stages[at], run=run))

    def find(self, stage: str) -> int:
        at = self.flow.index(stage)
        if at < 0:
            raise Refusal(Why.NO_STAGE)
        return at

    # moving

    def arrive(self, at: int, visitor: Visitor) -> None:
        """Come to an entrance: of two who wait there the newer stays. Then go in, if the way is free."""
        stage = self.flow.stages[at]
        if (other := stage.waiting) is not None:
            older, visitor = (other, visitor) if other.number < visitor.number else (visitor, other)
            self.effects.append(ExecutionIs(older, SUPERSEDED))
        self.put(at, replace(stage, waiting=visitor))
        self.admit(at)

    def admit(self, at: int) -> None:
        """Let who waits at a stage go in, if the gate is open and the stage is free."""
        stage = self.flow.stages[at]
        if stage.waiting is None or stage.locked or not stage.gate.enabled:
            return
        marks = tuple(Mark(name, order) for name, order in stage.plan)
        run = StageRun(stage.waiting, IN_PROGRESS, self.flow.version, marks)
        self.put(at, replace(stage, waiting=None, run=run))
        self.effects.append(StageIs(run.visitor, stage.name, IN_PROGRESS))
        self.advance(at)

    def advance(self, at: int) -> None:
        """Do what a stage's run calls for next: wait, start the next run order, or end."""
        run = self.flow.stages[at].run
        assert run is not None
        if any(mark.status == IN_PROGRESS for mark in run.marks):
            return
        if run.status == STOPPING:
            self.end(at, STOPPED)
        elif any(mark.status in (FAILED, ABANDONED) for mark in run.marks):
            self.end(at, FAILED)
        elif rest := [mark.order for mark in run.marks if not mark.status]:
            order = min(rest)
            self.start(at, lambda mark: not mark.status and mark.order == order)
        else:
            self.end(at, SUCCEEDED)

    def start(self, at: int, which: Callable[[Mark], bool]) -> None:
        """Start some actions of a stage's run."""
        stage = self.flow.stages[at]
        run = stage.run
        assert run is not None
        number, marks = self.flow.started, []
        for mark in run.marks:
            if which(mark):
                number += 1
                self.effects.append(StartAction(run.visitor, stage.name, mark.name, number, run.version))
                marks.append(Mark(mark.name, mark.order, IN_PROGRESS, number))
            else:
                marks.append(mark)
        self.flow = replace(self.flow, started=number)
        self.put_run(at, replace(run, marks=tuple(marks)))

    def end(self, at: int, status: str) -> None:
        """End a stage's run; the execution moves on, or ends with it; then the next in line may enter."""
        stage = self.flow.stages[at]
        run = stage.run
        assert run is not None
        self.put_run(at, replace(run, status=status))
        self.effects.append(StageIs(run.visitor, stage.name, status))
        last = at + 1 == len(self.flow.stages) or run.visitor.kind == ROLLBACK
        if status == SUCCEEDED and not last:
            self.arrive(at + 1, run.visitor)
        else:
            self.effects.append(ExecutionIs(run.visitor, status))
        self.admit(at)

    def abandon(self, at: int) -> None:
        """Let go of every action in flight in a stage's run."""
        stage = self.flow.stages[at]
        run = stage.run
        assert run is not None
        marks = []
        for mark in run.marks:
            if mark.status == IN_PROGRESS:
                self.effects.append(AbandonAction(run.visitor, stage.name, mark.name, mark.number))
                mark = replace(mark, status=ABANDONED)
            marks.append(mark)
        self.put_run(at, replace(run, marks=tuple(marks)))


def _arrive(line: _Line, event: Arrive) -> None:
    at = line.find(event.stage) if event.stage else 0
    if event.visitor.kind == ROLLBACK and line.flow.stages[at].locked:
        raise Refusal(Why.STAGE_BUSY)
    line.effects.append(ExecutionIs(event.visitor, IN_PROGRESS))
    line.arrive(at, event.visitor)


def _ended(line: _Line, event: Ended) -> None:
    at = line.flow.index(event.stage)
    run = line.flow.stages[at].run if at >= 0 else None
    if run is None:
        return
    hit = [mark for mark in run.marks if mark.number == event.number and mark.status == IN_PROGRESS]
    if not hit:
        return
    done = replace(hit[0], status=SUCCEEDED if event.succeeded else FAILED)
    line.put_run(at, replace(run, marks=tuple(done if mark is hit[0] else mark for mark in run.marks)))
    line.advance(at)


def _set_gate(line: _Line, event: SetGate) -> None:
    at = line.find(event.stage)
    line.put(at, replace(line.flow.stages[at], gate=event.gate))
    line.admit(at)


def _stop(line: _Line, event: Stop) -> None:
    for at, stage in enumerate(line.flow.stages):
        if stage.waiting is not None and stage.waiting.id == event.execution:
            line.put(at, replace(stage, waiting=None))
            line.effects.append(ExecutionIs(stage.waiting, STOPPED))
            return
        run = stage.run
        if run is None or not run.active or run.visitor.id != event.execution:
            continue
        if event.abandon:
            line.abandon(at)
            line.end(at, STOPPED)
            return
        if run.status == STOPPING:
            raise Refusal(Why.STOPPED_ALREADY)
        line.put_run(at, replace(run, status=STOPPING))
        line.effects += [StageIs(run.visitor, stage.name, STOPPING), ExecutionIs(run.visitor, STOPPING)]
        return
    raise Refusal(Why.NOT_RUNNING)


def _retry(line: _Line, event: Retry) -> None:
    at = line.find(event.stage)
    run = line.flow.stages[at].run
    if run is None or run.visitor.id != event.execution:
        raise Refusal(Why.NOT_LATEST)
    in_flight = any(mark.status == IN_PROGRESS for mark in run.marks)
    failed = any(mark.status in (FAILED, ABANDONED) for mark in run.marks)
    over = run.status in (FAILED, STOPPED)
    if not over and not (failed and run.status == IN_PROGRESS and not event.everything):
        raise Refusal(Why.NOT_RETRYABLE)
    if run.version != line.flow.version:
        raise Refusal(Why.REDEFINED)

    def again(mark: Mark) -> bool:
        return event.everything or mark.status in (FAILED, ABANDONED)

    run = replace(
        run,
        status=IN_PROGRESS,
        marks=tuple(Mark(mark.name, mark.order) if again(mark) else mark for mark in run.marks),
        manual_retries=run.manual_retries + (not event.automatic),
        automatic_retries=run.automatic_retries + event.automatic,
    )
    line.put_run(at, run)
    if over:
        line.effects += [ExecutionIs(run.visitor, IN_PROGRESS), StageIs(run.visitor, event.stage, IN_PROGRESS)]
    if in_flight:
        order = min(mark.order for mark in run.marks if not mark.status)
        line.start(at, lambda mark: not mark.status and mark.order == order)
    else:
        line.advance(at)


def _redefine(line: _Line, event: Redefine) -> None:
    kept = {name for name, _ in event.plan}
    for at, stage in enumerate(line.flow.stages):
        if stage.name in kept:
            continue
        if stage.waiting is not None:
            line.effects.append(ExecutionIs(stage.waiting, CANCELLED))
        if stage.run is not None and stage.run.active:
            line.abandon(at)
            line.effects += [
                StageIs(stage.run.visitor, stage.name, CANCELLED),
                ExecutionIs(stage.run.visitor, CANCELLED),
            ]
    old = {stage.name: stage for stage in line.flow.stages}
    stages = tuple(replace(old[name], plan=plan) if name in old else StageFlow(name, plan) for name, plan in event.plan)
    line.flow = replace(line.flow, version=event.version, stages=stages)
    for at in range(len(stages)):
        line.admit(at)
