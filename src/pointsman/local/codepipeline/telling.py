"""What an execution and its stages have come to: written down, and told to whoever listens."""

from __future__ import annotations

from msgspec.structs import replace

from pointsman.local.codepipeline.flow import IN_PROGRESS, STANDARD, SUCCEEDED, ExecutionIs, RollBack, StageIs
from pointsman.local.codepipeline.runs import execution_of
from pointsman.local.codepipeline.shapes import Execution, Pipeline, numbered
from pointsman.local.world import Scope

EXECUTION_TOPIC = "codepipeline.execution"
STAGE_TOPIC = "codepipeline.stage"
ROLLBACK_TOPIC = "codepipeline.rollback"


def execution_is(scope: Scope, pipeline: str, effect: ExecutionIs) -> None:
    """An execution has another status."""
    execution = execution_of(scope, pipeline, effect.execution)
    again = effect.status == IN_PROGRESS and execution.status != IN_PROGRESS
    retried = execution.retried + again
    execution = replace(execution, status=effect.status, updated=scope.now, retried=retried)
    scope.put(numbered(pipeline, execution.number), execution)
    scope.emit(
        EXECUTION_TOPIC,
        {
            "pipeline": pipeline,
            "execution": execution.id,
            "version": execution.version,
            "status": effect.status,
            "trigger": execution.trigger,
            "kind": execution.kind,
        },
    )


def stage_is(scope: Scope, pipeline: str, effect: StageIs) -> None:
    """A stage has another status in an execution; where one has succeeded it can be rolled back to."""
    scope.emit(
        STAGE_TOPIC,
        {
            "pipeline": pipeline,
            "execution": effect.execution.id,
            "stage": effect.stage,
            "status": effect.status,
            "again": effect.again,
        },
    )
    if effect.status == SUCCEEDED:
        execution = execution_of(scope, pipeline, effect.execution)
        if effect.stage not in execution.succeeded_in:
            execution = replace(execution, succeeded_in=(*execution.succeeded_in, effect.stage))
            scope.put(numbered(pipeline, execution.number), execution)


def automatic_rollback(scope: Scope, name: str, effect: RollBack) -> None:
    """Ask for the newest execution that a failed stage can be rolled back to, if there is one."""
    pipeline = scope.get(Pipeline, name)
    if pipeline is None or effect.execution.kind != STANDARD:
        return
    for _, target in scope.scan(Execution, f"{name}/", reverse=True):
        if target.number >= effect.execution.number or target.kind != STANDARD or target.version != pipeline.version:
            continue
        if effect.stage in target.succeeded_in:
            payload = {"pipeline": name, "stage": effect.stage, "target": target.id}
            scope.after(0, ROLLBACK_TOPIC, {**payload, "failed": effect.execution.id})
            return
