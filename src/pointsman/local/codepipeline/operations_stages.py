"""Answers about stages: their gates, their approvals, retry and rollback."""

from __future__ import annotations

from typing import Any

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codepipeline.actions.approval import answered
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.driver import begin_rollback, drive, drive_execution, finish
from pointsman.local.codepipeline.flow import PARALLEL, ROLLBACK, Gate, Refusal, Retry, SetGate, Why
from pointsman.local.codepipeline.lookup import caller, execution_of, line_of, pipeline_of, room_for, stage_of
from pointsman.local.codepipeline.shapes import ApprovalOf, Pipeline, Ticket, placed
from pointsman.local.world import Scope
from pointsman.semantics.transitions import reason_problem


@answers("codepipeline", "DisableStageTransition")
def disable_stage_transition(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Close a gate; executions wait before it."""
    check("DisableStageTransition", parameters)
    if (problem := reason_problem(parameters["reason"])) is not None:
        raise AwsError("ValidationException", problem)
    _set_gate(scope, parameters, Gate(False, caller(scope), scope.now, parameters["reason"]))
    return {}


@answers("codepipeline", "EnableStageTransition")
def enable_stage_transition(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Open a gate; the execution that waits before it goes on. Opening an open one is no error."""
    check("EnableStageTransition", parameters)
    _set_gate(scope, parameters, Gate(True, caller(scope), scope.now))
    return {}


def _set_gate(scope: Scope, parameters: Parameters, gate: Gate) -> None:
    pipeline = pipeline_of(scope, parameters["pipelineName"])
    stage = stage_of(scope, pipeline, parameters["stageName"])
    names = [one.name for one in pipeline.declaration.stages]
    at = names.index(stage.name)
    if parameters["transitionType"] == "Outbound":
        at += 1
    if at == len(names):
        raise AwsError("ValidationException", f"Stage {stage.name} is the last one: it has no outbound transition")
    drive(scope, pipeline.name, SetGate(names[at], gate))


@answers("codepipeline", "PutApprovalResult")
def put_approval_result(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Approve or reject; only the token of the approval that waits now is good."""
    check("PutApprovalResult", parameters)
    pipeline = pipeline_of(scope, parameters["pipelineName"])
    stage = stage_of(scope, pipeline, parameters["stageName"])
    action = stage.action(parameters["actionName"])
    if action is None or action.action_type_id.category != "Approval":
        raise AwsError(
            "ActionNotFoundException",
            f"Stage '{stage.name}' of pipeline '{pipeline.name}' does not have an approval action with name"
            f" '{parameters['actionName']}'",
        )
    ticket = _approval(scope, pipeline, placed(stage.name, action.name), parameters["token"])
    if ticket is None:
        raise AwsError(
            "InvalidApprovalTokenException", "The approval request already received a response or has expired"
        )
    result = parameters["result"]
    outcome = answered(result["status"] == "Approved", result["summary"], caller(scope))
    if not finish(scope, ticket, outcome):
        raise AwsError("ApprovalAlreadyCompletedException", "The approval action has already been approved or rejected")
    return {"approvedAt": scope.now}


def _approval(scope: Scope, pipeline: Pipeline, place: str, token: str) -> Ticket | None:
    """The approval of a token: what the pipeline's state shows there, or that of a PARALLEL execution."""
    latest = line_of(scope, pipeline.name).actions.get(place)
    if latest is not None and latest.token == token:
        return Ticket(pipeline.name, latest.number, latest.id)
    parallel = scope.get(ApprovalOf, f"{pipeline.name}/{token}")
    return parallel.ticket if parallel is not None and placed(parallel.stage, parallel.action) == place else None


@answers("codepipeline", "RetryStageExecution")
def retry_stage_execution(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Run a failed or stopped stage again: what failed in it, or all of it."""
    check("RetryStageExecution", parameters)
    pipeline = pipeline_of(scope, parameters["pipelineName"])
    stage = stage_of(scope, pipeline, parameters["stageName"])
    execution_id = parameters["pipelineExecutionId"]
    room_for(scope, pipeline, execution_id)
    try:
        event = Retry(stage.name, execution_id, parameters["retryMode"] == "ALL_ACTIONS")
        drive_execution(scope, pipeline.name, execution_id, event)
    except Refusal as refusal:
        if refusal.why is Why.NOT_LATEST:
            raise AwsError(
                "NotLatestPipelineExecutionException",
                f"The pipeline execution {execution_id} is not the latest one in stage '{stage.name}'",
            ) from None
        said = {
            Why.REDEFINED: "The pipeline structure has changed since the stage was entered",
        }.get(refusal.why, f"The stage '{stage.name}' has no failed actions that can be retried now")
        raise AwsError("StageNotRetryableException", f"Unable to retry. {said}") from None
    return {"pipelineExecutionId": execution_id}


@answers("codepipeline", "RollbackStage")
def rollback_stage(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Run one stage again with what an earlier execution had there; a new execution of type ROLLBACK."""
    check("RollbackStage", parameters)
    pipeline = pipeline_of(scope, parameters["pipelineName"])
    stage = stage_of(scope, pipeline, parameters["stageName"])
    target = execution_of(scope, pipeline, parameters["targetPipelineExecutionId"])
    if (problem := _no_rollback(pipeline, stage.name)) is not None:
        raise _unable(problem)
    if target.kind == ROLLBACK:
        raise _unable(f"The execution {target.id} is itself a rollback")
    if stage.name not in target.succeeded_in:
        raise _unable(f"The execution {target.id} has not succeeded in stage {stage.name}")
    if target.version != pipeline.version:
        raise _unable(f"The pipeline structure has changed since the execution {target.id}")
    room_for(scope, pipeline)
    try:
        execution = begin_rollback(scope, pipeline, stage.name, target, "ManualRollback", caller(scope))
    except Refusal:
        raise _unable(f"The stage {stage.name} is currently running") from None
    return {"pipelineExecutionId": execution.id}


def _unable(said: str) -> AwsError:
    return AwsError("UnableToRollbackStageException", f"Unable to roll back the stage. {said}")


def _no_rollback(pipeline: Pipeline, stage: str) -> str | None:
    if pipeline.declaration.pipeline_type != "V2":
        return "Rollback is only supported for pipelines of type V2"
    if pipeline.declaration.stages[0].name == stage:
        return f"The source stage {stage} cannot be rolled back"
    if pipeline.declaration.execution_mode == PARALLEL:
        return "Rollback is not available for pipelines in PARALLEL mode"
    return None
