"""What a waiting approval really asks: its custom data with the variables filled in.

``GetPipelineState`` does not say; ``ListActionExecutions`` does. It is read once per approval, and only where the
declaration has variables at all.
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


class Questions:
    """Resolved configurations of approvals that wait.

    Args:
        meter: What asks CodePipeline.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._known: OrderedDict[str, Configuration] = OrderedDict()

    async def filled(self, state: PipelineState, *, urgent: bool = False) -> PipelineState:
        """The state with what its waiting approvals ask; as declared where that cannot be read."""
        asked: dict[str, Configuration] = {}
        for stage in state.stages:
            for action in filter(_open, stage.actions):
                found = await self._asked(state, stage.execution_id, action, urgent=urgent)
                if found is not None:
                    asked[action.execution_id] = found
        if not asked:
            return state

        def fill(action: Action) -> Action:
            return replace(action, configuration=asked.get(action.execution_id, action.configuration))

        stages = (replace(stage, actions=tuple(map(fill, stage.actions))) for stage in state.stages)
        return replace(state, stages=tuple(stages))

    async def _asked(self, state: PipelineState, run: str, action: Action, *, urgent: bool) -> Configuration | None:
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
            if one.id == action.execution_id and one.configuration:
                self._known[one.id] = one.configuration
                if len(self._known) > _KEPT:
                    self._known.popitem(last=False)
                return one.configuration
        return None


def _open(action: Action) -> bool:
    """Whether it waits for a person with variables in what it asks."""
    return action.waiting and bool(action.execution_id) and any("#{" in value for _, value in action.configuration)
