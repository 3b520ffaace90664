"""Answers about executions: start, stop, get, list; and the history of actions."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codepipeline import wire
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.declaration import ActionDeclaration, PipelineDeclaration
from pointsman.local.codepipeline.driver import begin, drive_execution
from pointsman.local.codepipeline.flow import Refusal, Stop, Why
from pointsman.local.codepipeline.history import executions, page_of_runs
from pointsman.local.codepipeline.lookup import caller, execution_of, line_of, number_of, paged, pipeline_of, room_for
from pointsman.local.codepipeline.masking import masked_run
from pointsman.local.codepipeline.runs import find_execution
from pointsman.local.codepipeline.shapes import (
    ActionRun,
    Execution,
    Override,
    Pipeline,
    RequestToken,
    numbered,
)
from pointsman.local.events import ways
from pointsman.local.events.ways import Given
from pointsman.local.world import Scope


@answers("codepipeline", "StartPipelineExecution")
def start_pipeline_execution(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Start an execution; a client token that was used before gives the execution it started."""
    check("StartPipelineExecution", parameters)
    pipeline = pipeline_of(scope, parameters["name"])
    client = parameters.get("clientRequestToken")
    if client is not None and (used := scope.get(RequestToken, f"{pipeline.name}/{client}")) is not None:
        return {"pipelineExecutionId": used.execution}
    started = _start(scope, pipeline, parameters, "StartPipelineExecution", caller(scope))
    if client is not None:
        scope.put(f"{pipeline.name}/{client}", RequestToken(started.id))
    return {"pipelineExecutionId": started.id}


def _start(scope: Scope, pipeline: Pipeline, parameters: Parameters, trigger: str, detail: str) -> Execution:
    variables = _variables(pipeline.declaration, parameters.get("variables", []))
    overrides = _overrides(pipeline.declaration, parameters.get("sourceRevisions", []))
    room_for(scope, pipeline)
    return begin(scope, pipeline, trigger, detail, variables=variables, overrides=overrides)


def from_rule(scope: Scope, arn: str, given: Given) -> None:
    """A rule of EventBridge has this pipeline for a target; what it gives may name variables and source revisions.

    Raises:
        AwsError: As StartPipelineExecution does.
    """
    name = arn.split(":", 5)[5]
    parameters = ways.parameters(given, "codepipeline", "StartPipelineExecution", name=name)
    _start(scope, pipeline_of(scope, name), parameters, "CloudWatchEvent", given.rule_arn)


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


def _variables(pipeline: PipelineDeclaration, given: list[dict[str, str]]) -> dict[str, str]:
    values = {one["name"]: one["value"] for one in given}
    if given and pipeline.pipeline_type != "V2":
        raise _invalid("Pipeline variables are only supported for pipelines of type V2")
    declared = {one.name for one in pipeline.declared_variables}
    if unknown := sorted(values.keys() - declared):
        raise _invalid(f"The pipeline does not declare the variable(s): {', '.join(unknown)}")
    if missing := [name for name in pipeline.undefaulted if name not in values]:
        raise _invalid(f"The variable(s) {', '.join(missing)} have no default value and were not given one")
    return values


_OVERRIDES = {
    "CodeCommit": ("COMMIT_ID",),
    "CodeStarSourceConnection": ("COMMIT_ID",),
    "S3": ("S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"),
}


def _overrides(pipeline: PipelineDeclaration, given: list[dict[str, str]]) -> dict[str, Override]:
    if given and pipeline.pipeline_type != "V2":
        raise _invalid("Source revision overrides are only supported for pipelines of type V2")
    sources = {action.name: action for action in pipeline.stages[0].actions}
    overrides: dict[str, Override] = {}
    for one in given:
        name, kind = one["actionName"], one["revisionType"]
        action = sources.get(name)
        if action is None:
            raise _invalid(f"The pipeline has no source action with the name {name}")
        if name in overrides:
            raise _invalid(f"The source action {name} is overridden more than once")
        provider = action.action_type_id.provider
        if kind not in _OVERRIDES.get(provider, (kind,)):
            raise _invalid(f"Revision type {kind} does not fit the source provider {provider} of action {name}")
        allowed = action.configuration.get("AllowOverrideForS3ObjectKey", "false").lower() == "true"
        if kind == "S3_OBJECT_KEY" and not allowed:
            raise _invalid(f"The action {name} does not allow its object key to be overridden")
        overrides[name] = Override(kind, one["revisionValue"])
    return overrides


@answers("codepipeline", "StopPipelineExecution")
def stop_pipeline_execution(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Stop an execution: wait for its actions in progress, or abandon them."""
    check("StopPipelineExecution", parameters)
    pipeline = pipeline_of(scope, parameters["pipelineName"])
    execution_id = parameters["pipelineExecutionId"]
    execution = find_execution(scope, pipeline.name, execution_id)
    if execution is not None:
        # Before the machine moves, for what it tells has the reason in it; a refusal takes it back.
        reason = parameters.get("reason", execution.stop_reason or "")
        scope.put(numbered(pipeline.name, execution.number), replace(execution, stop_reason=reason))
    try:
        drive_execution(scope, pipeline.name, execution_id, Stop(execution_id, parameters.get("abandon", False)))
    except Refusal as refusal:
        if refusal.why is Why.STOPPED_ALREADY:
            raise AwsError(
                "DuplicatedStopRequestException",
                f"The pipeline execution {execution_id} is already in a Stopping state",
            ) from None
        raise AwsError(
            "PipelineExecutionNotStoppableException",
            f"The pipeline execution {execution_id} cannot be stopped: it is not in progress",
        ) from None
    return {"pipelineExecutionId": execution_id}


@answers("codepipeline", "GetPipelineState")
def get_pipeline_state(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Where everything is now."""
    name = parameters["name"]
    return wire.state(pipeline_of(scope, name), line_of(scope, name))


@answers("codepipeline", "GetPipelineExecution")
def get_pipeline_execution(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One execution."""
    check("GetPipelineExecution", parameters)
    pipeline = pipeline_of(scope, parameters["pipelineName"])
    return wire.execution(execution_of(scope, pipeline, parameters["pipelineExecutionId"]))


@answers("codepipeline", "ListPipelineExecutions")
def list_pipeline_executions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A pipeline's executions, newest first."""
    check("ListPipelineExecutions", parameters)
    pipeline = pipeline_of(scope, parameters["pipelineName"])
    most = parameters.get("maxResults", 100)
    stage = parameters.get("filter", {}).get("succeededInStage", {}).get("stageName")
    found: list[Execution] = []
    for one in executions(scope, pipeline, number_of(parameters)):
        if stage is None or stage in one.succeeded_in:
            found.append(one)
            if len(found) > most:
                break
    shown = [wire.summary(one) for one in found[:most]]
    return paged({"pipelineExecutionSummaries": shown}, found[most - 1].number if len(found) > most else None)


@answers("codepipeline", "ListActionExecutions")
def list_action_executions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Action executions, newest first: of the pipeline, of one execution, or of its latest attempt."""
    check("ListActionExecutions", parameters)
    pipeline = pipeline_of(scope, parameters["pipelineName"])

    def shown(run: ActionRun, declaration: ActionDeclaration | None, region: str) -> dict[str, Any]:
        return masked_run(scope, wire.action_run(run, declaration, region))

    return page_of_runs(scope, pipeline, parameters, execution_of, "actionExecutionDetails", shown, rules=False)
