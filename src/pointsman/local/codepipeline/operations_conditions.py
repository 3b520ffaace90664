"""Answers about conditions: override one that failed, and the history of rules."""

from __future__ import annotations

from typing import Any

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codepipeline import wire
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.driver import drive_execution
from pointsman.local.codepipeline.flow import Override, Refusal, Why
from pointsman.local.codepipeline.history import page_of_runs
from pointsman.local.codepipeline.lookup import execution_of, pipeline_of, room_for, stage_of
from pointsman.local.world import Scope


@answers("codepipeline", "OverrideStageCondition")
def override_stage_condition(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Let an execution pass a condition that failed; not one whose result was to skip or to roll back."""
    check("OverrideStageCondition", parameters)
    pipeline = pipeline_of(scope, parameters["pipelineName"])
    stage = stage_of(scope, pipeline, parameters["stageName"])
    execution_id, kind = parameters["pipelineExecutionId"], parameters["conditionType"]
    room_for(scope, pipeline, execution_id)
    try:
        drive_execution(scope, pipeline.name, execution_id, Override(stage.name, execution_id, kind))
    except Refusal as refusal:
        if refusal.why is Why.NOT_LATEST:
            raise AwsError(
                "NotLatestPipelineExecutionException",
                f"The pipeline execution {execution_id} is not the latest one in stage '{stage.name}'",
            ) from None
        said = {
            Why.REDEFINED: "the pipeline structure has changed since the stage was entered",
        }.get(refusal.why, "it has not failed, or its result cannot be overridden")
        raise AwsError(
            "ConditionNotOverridableException",
            f"Unable to override the condition {kind} of stage '{stage.name}': {said}",
        ) from None
    return {}


@answers("codepipeline", "ListRuleExecutions")
def list_rule_executions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Rule executions, newest first: of the pipeline, of one execution, or of its latest attempt."""
    check("ListRuleExecutions", parameters)
    pipeline = pipeline_of(scope, parameters["pipelineName"])
    return page_of_runs(scope, pipeline, parameters, execution_of, "ruleExecutionDetails", wire.rule_run, rules=True)
