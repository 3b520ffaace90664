"""What a waiting approval really asks, and by which token it is answered.

``GetPipelineState`` shows custom data as declared, its variables not filled in; and of a PARALLEL pipeline it shows no
token. ``ListActionExecutions`` tells both: the second is the external id there. It is read once per approval, and only
where something is missing.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from pointsman.errors import CallFailed, FaultKind
from pointsman.model.pipelines import Action, PipelineState
from pointsman.services.ask import Meter
from pointsman.services.reads import pipelines as reader

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

    async def filled(self, state: PipelineState, *, urgent: bool = False) -> PipelineState:
        """The state with what its waiting approvals ask; as declared where that cannot be read."""
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
            page = await self._meter.ask(
                "ListActionExecutions",
                urgent=urgent,
                pipelineName=state.name,
                filter={"pipelineExecutionId": run},
                maxResults=100,
            )
        except CallFailed as error:
            if error.fault.kind in _RAISED:
                raise
            return None
        for one in reader.action_runs(state.ref, page):
            if one.id == action.execution_id and (one.configuration or one.external_id):
                self._known[one.id] = (one.configuration, one.external_id)
                if len(self._known) > _KEPT:
                    self._known.popitem(last=False)
                return self._known[one.id]
        return None


def _open(action: Action, *, apart: bool) -> bool:
    """Whether it waits for a person with variables in what it asks, or without the token it is answered by."""
    unfilled = any("#{" in value for _, value in action.configuration) or (apart and not action.token)
    return action.waiting and bool(action.execution_id) and unfilled
