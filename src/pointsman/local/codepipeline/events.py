"""State changes as CodePipeline tells EventBridge of them: of executions, stages and actions."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET

from pointsman.local.codepipeline import wire
from pointsman.local.codepipeline.flow import IN_PROGRESS
from pointsman.local.codepipeline.runs import ACTION_TOPIC, definition, find_execution
from pointsman.local.codepipeline.shapes import ActionRun, Execution, numbered
from pointsman.local.codepipeline.telling import EXECUTION_TOPIC, STAGE_TOPIC
from pointsman.local.events import bus
from pointsman.local.world import Payload, Scope, World

SOURCE: Final = "aws.codepipeline"


def install(world: World) -> None:
    """Hear of everything that changes."""
    world.on(EXECUTION_TOPIC, _on_execution)
    world.on(STAGE_TOPIC, _on_stage)
    world.on(ACTION_TOPIC, _on_action)


def _state(status: str, *, again: bool = False) -> str:
    """EventBridge's word for a status: an execution that goes on after it had ended is RESUMED."""
    if status == IN_PROGRESS:
        return "RESUMED" if again else "STARTED"
    return {"Cancelled": "CANCELED"}.get(status, status.upper())


def _put(scope: Scope, what: str, detail: dict[str, Any]) -> None:
    arn = scope.arn("codepipeline", detail["pipeline"])
    bus.put(scope, SOURCE, f"CodePipeline {what} Execution State Change", detail, [arn])


def _execution(scope: Scope, payload: Payload) -> Execution | None:
    """The execution something is told of; None when nobody wants to hear it."""
    return find_execution(scope, payload["pipeline"], payload["execution"]) if bus.wanted(scope) else None


def _on_execution(scope: Scope, payload: Payload) -> None:
    execution = _execution(scope, payload)
    if execution is None:
        return
    state = _state(payload["status"], again=execution.retried > 0)
    detail: dict[str, Any] = {
        "pipeline": execution.pipeline,
        "execution-id": execution.id,
        "state": state,
        "version": execution.version,
        "pipeline-execution-attempt": 1 + execution.retried,
    }
    if state == "STARTED":
        detail["execution-trigger"] = {"trigger-type": execution.trigger, "trigger-detail": execution.trigger_detail}
    if state in ("STOPPING", "STOPPED") and execution.stop_reason:
        detail["stop-execution-comments"] = execution.stop_reason
    _put(scope, "Pipeline", detail)


def _on_stage(scope: Scope, payload: Payload) -> None:
    execution = _execution(scope, payload)
    if execution is None:
        return
    detail = {
        "pipeline": execution.pipeline,
        "execution-id": execution.id,
        "stage": payload["stage"],
        "state": _state(payload["status"], again=payload["again"]),
        "version": execution.version,
        "pipeline-execution-attempt": 1 + execution.retried,
    }
    _put(scope, "Stage", detail)


def _on_action(scope: Scope, payload: Payload) -> None:
    execution = _execution(scope, payload)
    if execution is None:
        return
    run = scope.get(ActionRun, numbered(payload["pipeline"], payload["number"]))
    pipeline = definition(scope, run.pipeline, run.version) if run is not None else None
    stage = pipeline.stage(run.stage) if run is not None and pipeline is not None else None
    declaration = stage.action(run.action) if run is not None and stage is not None else None
    if run is None or declaration is None:
        return
    kind = declaration.action_type_id
    detail: dict[str, Any] = {
        "pipeline": run.pipeline,
        "execution-id": run.execution,
        "stage": run.stage,
        "action": run.action,
        "action-execution-id": run.id,
        "state": _state(run.status),
        "region": scope.region if declaration.region is UNSET else declaration.region,
        "type": {
            "owner": kind.owner,
            "provider": kind.provider,
            "category": kind.category,
            "version": kind.version,
        },
        "version": run.version,
        "pipeline-execution-attempt": 1 + execution.retried,
    }
    if run.inputs:
        detail["input-artifacts"] = [wire.artifact(one) for one in run.inputs]
    if run.outputs:
        detail["output-artifacts"] = [wire.artifact(one) for one in run.outputs]
    if run.status != IN_PROGRESS and (result := _result(run)):
        detail["execution-result"] = result
    _put(scope, "Action", detail)


def _result(run: ActionRun) -> dict[str, str]:
    found = {
        "external-execution-url": run.external_url,
        "external-execution-summary": run.summary,
        "external-execution-id": run.external_id,
        "error-code": run.failure.code if run.failure is not None else "",
    }
    return {name: value for name, value in found.items() if value}
