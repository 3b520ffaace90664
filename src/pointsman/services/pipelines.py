"""CodePipeline for the screens: the board, one pipeline's state, its history and its runs."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection
from typing import Any

from msgspec.structs import replace

from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.comparison import Comparison
from pointsman.model.pipelines import ActionRun, Board, Execution, PipelineRow, PipelineState
from pointsman.model.refs import PipelineRef
from pointsman.model.sightings import Past
from pointsman.model.status import Tone
from pointsman.services import sweep
from pointsman.services.ask import Asks, Meter
from pointsman.services.changes import Changes
from pointsman.services.feeds import Report, Source
from pointsman.services.long_runs import Behind, LongRuns
from pointsman.services.pace import Budget
from pointsman.services.questions import Questions
from pointsman.services.reads import pipelines as reader
from pointsman.services.reads.pipelines import Structure
from pointsman.services.reads.values import Answer, when, whole
from pointsman.services.releases import Releases

SERVICE = "codepipeline"
HISTORY = 25
"""How much history a state is merged with."""
OLDER = 6
"""How many older executions are looked up one by one, because a stage still holds them."""
FAR = 5
"""How many pages of runs are looked through for what they started."""
_RAISED = (FaultKind.NO_CREDENTIALS, FaultKind.EXPIRED)


def cadence(state: PipelineState) -> float:
    """Seconds a state is good for: moving 2, waiting for a person 5, at rest 20."""
    shown = {stage.shown_status.tone for stage in (*state.stages, *state.beside)}
    if Tone.MOVING in shown:
        return 2.0
    if Tone.WAITING in shown or any(stage.inbound_id for stage in state.stages):
        return 5.0
    return 2.0 if state.latest is not None and state.latest.status.moving else 20.0


def history_cadence(executions: tuple[Execution, ...]) -> float:
    """Seconds a page of history is good for."""
    return 5.0 if any(one.status.moving for one in executions) else 20.0


def runs_cadence(runs: tuple[ActionRun, ...]) -> float:
    """Seconds an execution's actions are good for; an ended one may still be retried."""
    return 2.0 if any(one.status.moving for one in runs) else 20.0


def lacking(state: PipelineState) -> str:
    """What a state lacks, in words."""
    return "; ".join(f"{what} could not be read: {fault.kind.value}" for what, fault in state.missing)


class Pipelines:
    """Use cases over CodePipeline.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls of feeds; None limits nothing.
    """

    def __init__(self, cloud: Asks, clock: Clock, budget: Budget | None = None) -> None:
        budget = budget or Budget.unlimited(clock)
        self._meter = Meter(cloud, SERVICE, budget)
        self._sweep = sweep.Sweep(clock, self._rows, self._row_state)
        self._changes = Changes(self._meter, Meter(cloud, "codecommit", budget))
        self._questions = Questions(self._meter)
        self._long_runs = LongRuns(self._meter)
        self.releases = Releases(self._meter, self._declared, self.changes)
        self._structures: dict[str, tuple[object, Structure]] = {}
        self._histories: dict[str, tuple[Execution, ...]] = {}
        self._older: OrderedDict[tuple[str, str], Execution] = OrderedDict()

    # -- sources ------------------------------------------------------------------------------------------------------

    def board(self) -> Source[Board]:
        """Every pipeline, one row each."""
        return Source(
            key=("board",),
            read=self._sweep.round,
            cadence=sweep.cadence,
            service=SERVICE,
            cost=0,
            partial=sweep.partial,
        )

    def state(self, ref: PipelineRef) -> Source[PipelineState]:
        """One pipeline: its structure, its state, its newest history."""

        async def read(_: Report[PipelineState]) -> PipelineState:
            found = await self._state(ref)
            self._sweep.learn(found)
            return found

        return Source(key=("pipeline", ref.name), read=read, cadence=cadence, service=SERVICE, cost=0, partial=lacking)

    def history(self, ref: PipelineRef, pages: int = 1) -> Source[tuple[Execution, ...]]:
        """Executions, newest first.

        Args:
            ref: The pipeline.
            pages: How many pages of 100 at most.
        """

        async def read(report: Report[tuple[Execution, ...]]) -> tuple[Execution, ...]:
            found: tuple[Execution, ...] = ()
            answers = self._meter.pages("ListPipelineExecutions", most=pages, pipelineName=ref.name, maxResults=100)
            async for page in answers:
                if found:
                    report(found, f"{len(found):,} read so far")
                found += reader.executions(page)
            return found

        return Source(("history", ref.name), read, history_cadence, SERVICE, cost=0)

    def past(self, refs: tuple[PipelineRef, ...], pages: int) -> Source[Past]:
        """The histories of many pipelines, so many pages of 100 of each; read once.

        Args:
            refs: The pipelines.
            pages: How far back.
        """

        async def read(report: Report[Past]) -> Past:
            found: list[tuple[str, tuple[Execution, ...]]] = []
            more, unread = False, []
            for ref in refs:
                runs: tuple[Execution, ...] = ()
                answers = self._meter.pages("ListPipelineExecutions", most=pages, pipelineName=ref.name, maxResults=100)
                try:
                    page: Answer = {}
                    async for page in answers:
                        runs += reader.executions(page)
                    more = more or bool(page.get("nextToken"))
                except CallFailed as error:
                    if error.fault.kind in _RAISED:
                        raise
                    unread.append(ref.name)
                found.append((ref.name, runs))
                report(Past(tuple(found), True, tuple(unread)), f"{len(found):,} of {len(refs):,} pipelines read")
            return Past(tuple(found), more, tuple(unread))

        return Source(("past", tuple(ref.name for ref in refs), pages), read, lambda _: None, SERVICE, cost=0)

    def runs(self, ref: PipelineRef, execution_id: str) -> Source[tuple[ActionRun, ...]]:
        """The action executions of one pipeline execution, newest first."""

        async def read(_: Report[tuple[ActionRun, ...]]) -> tuple[ActionRun, ...]:
            found: tuple[ActionRun, ...] = ()
            only = {"pipelineExecutionId": execution_id}
            async for page in self._meter.pages("ListActionExecutions", pipelineName=ref.name, filter=only):
                found += reader.action_runs(ref, page)
            return found

        return Source(("runs", ref.name, execution_id), read, runs_cadence, SERVICE, cost=0)

    def execution(self, ref: PipelineRef, execution_id: str) -> Source[Execution]:
        """One execution by itself: the only answer that tells its variables."""

        async def read(_: Report[Execution]) -> Execution:
            return await self._changes.execution(ref, execution_id, await self._declared(ref), urgent=False)

        def good(run: Execution) -> float | None:
            return 5.0 if run.status.moving else None

        return Source(("execution", ref.name, execution_id), read, good, SERVICE, cost=0)

    # -- once ---------------------------------------------------------------------------------------------------------

    async def fresh(self, ref: PipelineRef) -> PipelineState:
        """The state as it is now, past every cache and budget: what an operation judges.

        Raises:
            CallFailed: It cannot be read.
        """
        self._structures.pop(ref.name, None)
        found = await self._state(ref, urgent=True)
        self._sweep.learn(found)
        return found

    async def changes(self, ref: PipelineRef, older: str, newer: str) -> Comparison:
        """What changed between two executions: revisions, and commits where the source is CodeCommit.

        Args:
            ref: The pipeline.
            older: An execution's id.
            newer: Another's.

        Raises:
            CallFailed: One of the executions cannot be read.
        """
        declared = await self._declared(ref)
        before, after = await asyncio.gather(
            self._changes.execution(ref, older, declared), self._changes.execution(ref, newer, declared)
        )
        order = tuple(name for name, _ in declared.stages) if declared is not None else ()
        plain, first, second = await asyncio.gather(
            self._changes.between(ref, before, after, declared),
            self.releases.times(ref, older, order),
            self.releases.times(ref, newer, order),
        )
        return replace(plain, older_times=first, newer_times=second)

    async def runs_of(self, ref: PipelineRef, external_ids: Collection[str]) -> dict[str, str]:
        """The executions in which builds or deployments were started, by their ids; those not found are left out.

        Args:
            ref: The pipeline.
            external_ids: Ids in the services that carry the actions out.

        Raises:
            CallFailed: The newest runs cannot be read.
        """
        found: dict[str, str] = {}
        pages = self._meter.pages("ListActionExecutions", most=FAR, urgent=True, pipelineName=ref.name, maxResults=100)
        async for page in pages:
            for run in reader.action_runs(ref, page):
                if run.external_id in external_ids:
                    found.setdefault(run.external_id, run.pipeline_execution_id)
            if len(found) == len(external_ids):
                break
        return found

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _rows(self) -> AsyncIterator[tuple[PipelineRow, ...]]:
        async for page in self._meter.pages("ListPipelines"):
            yield reader.rows(page)

    async def _row_state(self, ref: PipelineRef, known: PipelineState | None) -> PipelineState:
        """A row's state; history is left as it is known while the stages have not changed and nothing runs."""
        answer = await self._meter.ask("GetPipelineState", name=ref.name)
        if known is not None and known.latest is not None and not known.latest.status.moving:
            declared, missing = await self._structure(ref, answer, urgent=False)
            same = await self._questions.filled(reader.state(ref, answer, declared, known.executions, missing))
            if same.stages == known.stages and same.beside == known.beside:
                return same
        return await self._state(ref, answer)

    async def _state(
        self, ref: PipelineRef, answer: dict[str, Any] | None = None, *, urgent: bool = False
    ) -> PipelineState:
        ask = self._meter.ask
        history = asyncio.ensure_future(self._history(ref, urgent=urgent))
        try:
            if answer is None:
                answer = await ask("GetPipelineState", urgent=urgent, name=ref.name)
            declared, missing = await self._structure(ref, answer, urgent=urgent)
            executions, fault = await history
        finally:
            history.cancel()
        if fault is not None:
            missing = (*missing, ("history", fault))
        found = reader.state(ref, answer, declared, executions, missing)
        older = await self._older_executions(found, declared, urgent=urgent) if fault is None else ()
        behind = Behind()
        if found.mode == "PARALLEL" and fault is None:
            full = len(executions) >= HISTORY
            behind = await self._long_runs.behind(ref, executions, declared, full=full, urgent=urgent)
            known = {one.id for one in (*executions, *older)}
            older = (*older, *(one for one in behind.runs if one.id not in known))
        if older:
            found = reader.state(ref, answer, declared, (*executions, *older), missing)
        return await self._questions.filled(found, whole=behind.whole, urgent=urgent)

    async def _history(self, ref: PipelineRef, *, urgent: bool) -> tuple[tuple[Execution, ...], Fault | None]:
        """The newest page of history; where it cannot be read, what was read before, and why."""
        try:
            answer = await self._meter.ask(
                "ListPipelineExecutions", urgent=urgent, pipelineName=ref.name, maxResults=HISTORY
            )
        except CallFailed as error:
            if error.fault.kind in _RAISED:
                raise
            return self._histories.get(ref.name, ()), sweep.steady(error.fault)
        found = self._histories[ref.name] = reader.executions(answer)
        return found, None

    async def _structure(
        self, ref: PipelineRef, answer: Answer, *, urgent: bool
    ) -> tuple[Structure | None, tuple[tuple[str, Fault], ...]]:
        """The definition that belongs to a state; read again when the state's version has moved."""
        mark = (whole(answer, "pipelineVersion"), when(answer, "created"), when(answer, "updated"))
        known = self._structures.get(ref.name)
        if known is not None and known[0] == mark:
            return known[1], ()
        try:
            found = reader.structure(await self._meter.ask("GetPipeline", urgent=urgent, name=ref.name))
        except CallFailed as error:
            if error.fault.kind in _RAISED:
                raise
            return (known[1] if known else None), (("definition", sweep.steady(error.fault)),)
        self._structures[ref.name] = (mark, found)
        return found, ()

    async def _declared(self, ref: PipelineRef) -> Structure | None:
        known = self._structures.get(ref.name)
        if known is not None:
            return known[1]
        try:
            return reader.structure(await self._meter.ask("GetPipeline", urgent=True, name=ref.name))
        except CallFailed as error:
            if error.fault.kind is FaultKind.DENIED:
                return None
            raise

    async def _older_executions(
        self, state: PipelineState, declared: Structure | None, *, urgent: bool
    ) -> tuple[Execution, ...]:
        """Executions that are in a stage but not on the newest page of history. Ended ones are remembered."""
        held = [one for stage in state.stages for one in (stage.execution_id, stage.inbound_id) if one]
        wanted = [one for one in dict.fromkeys(reversed(held)) if state.execution(one) is None]
        found: list[Execution] = []
        for execution_id in wanted[:OLDER]:
            key = (state.name, execution_id)
            run = self._older.get(key)
            if run is None:
                try:
                    answer = await self._meter.ask(
                        "GetPipelineExecution",
                        urgent=urgent,
                        pipelineName=state.name,
                        pipelineExecutionId=execution_id,
                    )
                except CallFailed as error:
                    if error.fault.kind in _RAISED:
                        raise
                    continue  # the stage then shows its execution's id instead of its revision
                run = reader.execution(answer, declared)
                if run is None:
                    continue
                if not run.status.moving:
                    self._older[key] = run
                    if len(self._older) > 2000:
                        self._older.popitem(last=False)
            found.append(run)
        return tuple(found)
