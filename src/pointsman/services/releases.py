"""What a pipeline's history tells beyond its state: what an approval ships, how long stages take, each run's stages.

Action executions that have ended change no more, so they are read once and kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from pointsman.errors import CallFailed, FaultKind
from pointsman.model.approvals import Pending, Shipment, behind, running
from pointsman.model.comparison import Comparison
from pointsman.model.forecast import Forecast, StageTime, forecast, stage_times
from pointsman.model.pipelines import ActionRun, Execution
from pointsman.model.refs import PipelineRef
from pointsman.model.strips import RunStages, run_stages
from pointsman.services.ask import Meter
from pointsman.services.feeds import Report, Source
from pointsman.services.reads import pipelines as reader
from pointsman.services.reads.pipelines import Structure

SERVICE = "codepipeline"
PAGE = 100
BACK = 3
"""Pages of action executions a forecast begins with."""
APART = 16
"""Runs whose own stages are read at most: those that have not ended first."""
_KEEP = 20_000
_RUNS_KEPT = 500
_RAISED = (FaultKind.NO_CREDENTIALS, FaultKind.EXPIRED)

Declared = Callable[[PipelineRef], Awaitable[Structure | None]]
Compare = Callable[[PipelineRef, str, str], Awaitable[Comparison]]


def forecast_cadence(found: Forecast) -> float:
    """Seconds a forecast is good for: what is at work moves on, earlier runs do not."""
    return 15.0 if found.under else 60.0


def strips_cadence(found: tuple[RunStages, ...]) -> float:
    """Seconds the stages of single runs are good for."""
    return 5.0 if any(status.moving for one in found for _, status in one.stages) else 20.0


class Releases:
    """Use cases over a pipeline's history.

    Args:
        meter: Asks CodePipeline.
        declared: Gives a pipeline's definition, None where it may not be read.
        compare: Compares two executions.
    """

    def __init__(self, meter: Meter, declared: Declared, compare: Compare) -> None:
        self._meter = meter
        self._declared = declared
        self._compare = compare
        self._ended: OrderedDict[tuple[str, str], dict[str, ActionRun]] = OrderedDict()
        """(pipeline, execution) -> its ended action executions."""
        self._whole: dict[str, str] = {}
        """Pipeline -> the execution of which older action executions were not read."""
        self._closed: OrderedDict[tuple[str, str], tuple[ActionRun, ...]] = OrderedDict()
        """(pipeline, execution) -> its action executions, of executions that had ended when they were read."""

    # -- what an approval ships ---------------------------------------------------------------------------------------

    def shipment(self, pending: Pending) -> Source[Shipment]:
        """What an answer to an approval would let through."""
        hint = running(pending.state, pending.stage, pending.action)

        async def read(_: Report[Shipment]) -> Shipment:
            return await self._shipment(pending, hint)

        key = ("shipment", str(pending.ref), pending.execution_id, hint)
        return Source(key, read, lambda _: None, SERVICE, cost=0)

    async def _shipment(self, pending: Pending, known: str) -> Shipment:
        ref, waiting = PipelineRef(pending.ref.pipeline), pending.execution_id
        target = behind(pending.state, pending.stage, pending.action)
        before = known
        if not before and target is not None:
            answer = await self._meter.ask(
                "ListPipelineExecutions",
                pipelineName=ref.name,
                maxResults=10,
                filter={"succeededInStage": {"stageName": target.name}},
            )
            before = next((one.id for one in reader.executions(answer) if one.id != waiting), "")
        if target is None:
            return Shipment(pending.ref, waiting, note="nothing follows it: the run ends here")
        if not before:
            return Shipment(pending.ref, waiting, note=f"no run has been through {target.name} yet: all of it is new")
        return Shipment(pending.ref, waiting, before, await self._compare(ref, before, waiting))

    # -- how long stages take -----------------------------------------------------------------------------------------

    def forecast(self, ref: PipelineRef) -> Source[Forecast]:
        """How long the stages of a pipeline usually take, and the runs at work in them."""

        async def read(_: Report[Forecast]) -> Forecast:
            return await self._forecast(ref)

        return Source(("forecast", ref.name), read, forecast_cadence, SERVICE, cost=0)

    async def _forecast(self, ref: PipelineRef) -> Forecast:
        most = 1 if ref.name in self._whole else BACK
        moving: list[ActionRun] = []
        oldest, more = "", False
        async for page in self._meter.pages("ListActionExecutions", most=most, pipelineName=ref.name, maxResults=PAGE):
            found = reader.action_runs(ref, page)
            moving += [run for run in found if run.status.moving]
            self._remember(ref, found)
            oldest = found[-1].pipeline_execution_id if found else oldest
            more = bool(page.get("nextToken"))
        self._whole.setdefault(ref.name, oldest if more else "")
        declared = await self._declared(ref)
        shape = {name: frozenset(one.name for one in actions) for name, actions in declared.stages} if declared else {}
        ended = [run for (name, _), runs in self._ended.items() if name == ref.name for run in runs.values()]
        if declared is None:
            for run in (*ended, *moving):
                shape[run.ref.stage] = shape.get(run.ref.stage, frozenset()) | {run.ref.action}
        return forecast((*ended, *moving), shape, cut=self._whole[ref.name])

    def _remember(self, ref: PipelineRef, found: tuple[ActionRun, ...]) -> None:
        for run in found:
            if not run.status.moving:
                self._ended.setdefault((ref.name, run.pipeline_execution_id), {})[run.id] = run
        while sum(len(runs) for runs in self._ended.values()) > _KEEP:
            self._ended.popitem(last=False)

    async def times(self, ref: PipelineRef, execution_id: str, order: tuple[str, ...]) -> tuple[StageTime, ...]:
        """What the stages of one execution took; empty where that may not be read."""
        try:
            return stage_times(await self._runs(ref, execution_id, urgent=True), order)
        except CallFailed as error:
            if error.fault.kind in _RAISED:
                raise
            return ()

    # -- each run's own stages ----------------------------------------------------------------------------------------

    def strips(self, ref: PipelineRef, executions: tuple[Execution, ...]) -> Source[tuple[RunStages, ...]]:
        """The stages of single runs: of those that have not ended, then of the newest.

        Args:
            ref: The pipeline.
            executions: Its executions, newest first.
        """
        chosen = [one for one in executions if one.status.moving]
        chosen += [one for one in executions if not one.status.moving]
        wanted = tuple((one.id, one.status.moving) for one in chosen[:APART])

        async def read(_: Report[tuple[RunStages, ...]]) -> tuple[RunStages, ...]:
            declared = await self._declared(ref)
            order = tuple(name for name, _ in declared.stages) if declared is not None else ()
            found = []
            for execution_id, moving in wanted:
                runs = self._closed.get((ref.name, execution_id), ()) if not moving else ()
                if not runs:
                    runs = await self._runs(ref, execution_id)
                    self._close(ref, execution_id, runs if not moving else ())
                found.append(run_stages(execution_id, runs, order))
            return tuple(found)

        return Source(("strips", ref.name, wanted), read, strips_cadence, SERVICE, cost=0)

    def _close(self, ref: PipelineRef, execution_id: str, runs: tuple[ActionRun, ...]) -> None:
        """Keep what an ended execution did; of one that moves (again) nothing is kept."""
        self._closed.pop((ref.name, execution_id), None)
        if runs:
            self._closed[ref.name, execution_id] = runs
            if len(self._closed) > _RUNS_KEPT:
                self._closed.popitem(last=False)

    async def _runs(self, ref: PipelineRef, execution_id: str, *, urgent: bool = False) -> tuple[ActionRun, ...]:
        """The action executions of one execution."""
        found: tuple[ActionRun, ...] = ()
        token: str | None = None
        while True:
            page = await self._meter.ask(
                "ListActionExecutions",
                urgent=urgent,
                pipelineName=ref.name,
                maxResults=PAGE,
                filter={"pipelineExecutionId": execution_id},
                nextToken=token,
            )
            found += reader.action_runs(ref, page)
            following = page.get("nextToken")
            if not following or following == token:
                break
            token = str(following)
        self._remember(ref, found)
        return found
