"""What a waiting approval really asks, and by which token it is answered.

``GetPipelineState`` shows custom data as declared, its variables not filled in; and of a PARALLEL pipeline it shows no
token. ``ListActionExecutions`` tells both: the second is the external id there. It is read once per approval, and only
where something is missing.

The state of a PARALLEL pipeline shows one run of many in each stage, the latest to come there. Which approvals the
other runs wait in stands in their action executions alone: the newest page of those, then run by run.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence

from msgspec.structs import replace

from pointsman.errors import CallFailed, FaultKind
from pointsman.model.pipelines import Action, ActionRun, PipelineState, Stage
from pointsman.model.status import status
from pointsman.services.ask import Meter
from pointsman.services.reads import pipelines as reader
from pointsman.services.reads.values import Answer

APART = 10
"""Runs that are asked for one by one in a reading, because the newest page does not reach back to them: those first
that were never asked for, then in turn."""
_KEPT = 500
_RAISED = (FaultKind.NO_CREDENTIALS, FaultKind.EXPIRED)

Configuration = tuple[tuple[str, str], ...]
Answered = tuple[Configuration, str]
"""(resolved configuration, external id)."""


class Questions:
    """Resolved configurations of approvals that wait.

    Args:
        meter: What asks CodePipeline.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._known: OrderedDict[str, Answered] = OrderedDict()
        self._looked: dict[str, dict[str, list[ActionRun]]] = {}
        """By pipeline and run, what was read of it by itself; whoever was read last is last."""

    async def filled(self, state: PipelineState, *, whole: bool = True, urgent: bool = False) -> PipelineState:
        """The state with what its waiting approvals ask; as declared where that cannot be read.

        Args:
            state: The pipeline.
            whole: Whether every run of it that moves is among its executions; asked of a PARALLEL one only.
            urgent: Whether a person waits for it.
        """
        if state.mode == "PARALLEL":
            state = await self._beside(state, whole=whole, urgent=urgent)
        return await self._filled(state, urgent=urgent)

    async def _beside(self, state: PipelineState, *, whole: bool, urgent: bool) -> PipelineState:
        """The state with the stages in which other runs wait for a person."""
        moving = [one.id for one in state.executions if one.status.moving]
        if not any(action.is_approval for stage in state.stages for action in stage.actions) or not moving:
            return state
        try:
            page = await self._page(state, urgent=urgent)
            runs = list(reader.action_runs(state.ref, page))
            if page.get("nextToken"):
                # The oldest run on the page may have begun before it.
                known = {run.pipeline_execution_id for run in runs} - {runs[-1].pipeline_execution_id if runs else ""}
                older = [one for one in moving if one not in known]
                apart = await self._apart(state, older, urgent=urgent)
                runs = [run for run in runs if run.pipeline_execution_id not in apart]
                runs += [run for one in older for run in apart.get(one, ())]
                moving = [one for one in moving if one not in older or one in apart]
        except CallFailed as error:
            if error.fault.kind in _RAISED:
                raise
            said = f"the approvals of its other runs could not be read: {error.fault.sentence}"
            return replace(state, unseen=said)
        waiting = {action.execution_id for stage in state.stages for action in stage.actions if action.waiting}
        for run in runs:
            if run.id in waiting:
                self._learn(run)
        return waits(state, runs, moving, whole=whole)

    async def _apart(self, state: PipelineState, wanted: Sequence[str], *, urgent: bool) -> dict[str, list[ActionRun]]:
        """The action executions of runs, each as it was when its turn came last."""
        kept = self._looked.get(state.name, {})
        kept = self._looked[state.name] = {one: runs for one, runs in kept.items() if one in wanted}
        turn = [one for one in wanted if one not in kept] + list(kept)
        for one in turn[:APART]:
            page = await self._page(state, one, urgent=urgent)
            kept.pop(one, None)
            kept[one] = list(reader.action_runs(state.ref, page))
        return kept

    async def _page(self, state: PipelineState, run: str = "", *, urgent: bool) -> Answer:
        only = {"filter": {"pipelineExecutionId": run}} if run else {}
        return await self._meter.ask(
            "ListActionExecutions", urgent=urgent, pipelineName=state.name, maxResults=100, **only
        )

    async def _filled(self, state: PipelineState, *, urgent: bool) -> PipelineState:
        asked: dict[str, Answered] = {}
        apart = state.mode == "PARALLEL"
        for stage in state.stages:
            for action in (one for one in stage.actions if _open(one, apart=apart)):
                found = await self._asked(state, stage.execution_id, action, urgent=urgent)
                if found is not None:
                    asked[action.execution_id] = found
        if not asked:
            return state

        def fill(action: Action) -> Action:
            found = asked.get(action.execution_id)
            if found is None:
                return action
            token = action.token or (found[1] if apart else "")
            return replace(action, configuration=found[0] or action.configuration, token=token)

        stages = (replace(stage, actions=tuple(map(fill, stage.actions))) for stage in state.stages)
        return replace(state, stages=tuple(stages))

    async def _asked(self, state: PipelineState, run: str, action: Action, *, urgent: bool) -> Answered | None:
        known = self._known.get(action.execution_id)
        if known is not None:
            return known
        try:
            page = await self._page(state, run, urgent=urgent)
        except CallFailed as error:
            if error.fault.kind in _RAISED:
                raise
            return None
        for one in reader.action_runs(state.ref, page):
            if one.id == action.execution_id and (one.configuration or one.external_id):
                return self._learn(one)
        return None

    def _learn(self, run: ActionRun) -> Answered:
        self._known[run.id] = (run.configuration, run.external_id)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return self._known[run.id]


def waits(
    state: PipelineState, runs: Sequence[ActionRun], seen: Collection[str], *, whole: bool = True
) -> PipelineState:
    """The state of a PARALLEL pipeline with the stages in which runs that it does not show wait for a person. Pure.

    Args:
        state: The pipeline.
        runs: Action executions, newest first.
        seen: The runs that were looked through.
        whole: Whether there are no further runs that move.
    """
    wanted = [run for run in runs if run.category == "Approval" and run.status.moving and run.external_id]
    found: dict[tuple[str, str], Stage] = {}
    for run in wanted:
        stage = state.stage(run.ref.stage)
        shown = stage is None or stage.execution_id == run.pipeline_execution_id
        if stage is not None and not shown and run.pipeline_execution_id in seen:
            found.setdefault((run.pipeline_execution_id, stage.name), _as_seen(stage, run.pipeline_execution_id, runs))
    moving = [one.id for one in state.executions if one.status.moving]
    left = sum(one not in seen for one in moving)
    unseen = f"{left} of its {len(moving)} runs were not looked through" if left else ""
    if not left and not whole:
        unseen = f"its older runs were not looked through: {len(moving)} that move are known"
    return replace(state, beside=tuple(found.values()), unseen=unseen)


def _as_seen(stage: Stage, execution_id: str, runs: Sequence[ActionRun]) -> Stage:
    """A stage as one run sees it: its own action executions, and nobody at the entrance."""
    own: dict[str, ActionRun] = {}
    for run in runs:
        if (run.pipeline_execution_id, run.ref.stage) == (execution_id, stage.name):
            own.setdefault(run.ref.action, run)

    def action(one: Action) -> Action:
        run = own.get(one.ref.action)
        plain = Action(one.ref, one.category, one.provider, one.run_order, configuration=one.configuration)
        if run is None:
            return plain
        return replace(
            plain,
            status=run.status,
            execution_id=run.id,
            summary=run.summary,
            changed_at=run.started if run.status.moving else run.updated,
            updated_by=run.updated_by,
            token=run.external_id if one.is_approval and run.status.moving else "",
            external_id="" if one.is_approval else run.external_id,
            external_url=run.external_url,
            configuration=run.configuration or one.configuration,
            timeout_minutes=one.timeout_minutes,
        )

    return Stage(
        stage.ref,
        status("InProgress"),
        execution_id,
        transition=stage.transition,
        actions=tuple(action(one) for one in stage.actions),
    )


def _open(action: Action, *, apart: bool) -> bool:
    """Whether it waits for a person with variables in what it asks, or without the token it is answered by."""
    unfilled = any("#{" in value for _, value in action.configuration) or (apart and not action.token)
    return action.waiting and bool(action.execution_id) and unfilled
