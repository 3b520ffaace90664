"""Records as AWS shows them: plain dicts built straight from the structs."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from pointsman.local.codepipeline.declaration import ActionDeclaration, StageDeclaration
from pointsman.local.codepipeline.flow import (
    BEFORE_ENTRY,
    FAILED,
    IN_PROGRESS,
    ON_FAILURE,
    ON_SUCCESS,
    PARALLEL,
    Check,
    Gate,
    StageFlow,
    StageRun,
    Visitor,
)
from pointsman.local.codepipeline.shapes import (
    ActionRun,
    Artifact,
    Execution,
    Failure,
    Latest,
    Line,
    Pipeline,
    Revision,
    placed,
)

Json = dict[str, Any]

CONDITIONS = {
    BEFORE_ENTRY: "beforeEntryConditionState",
    ON_SUCCESS: "onSuccessConditionState",
    ON_FAILURE: "onFailureConditionState",
}
"""A condition's kind -> where a stage's state shows it."""


# -- GetPipelineState -----------------------------------------------------------------------------------------------


def state(pipeline: Pipeline, line: Line) -> Json:
    """A pipeline's live state."""
    flows = {flow.name: flow for flow in line.flow.stages}
    if pipeline.declaration.execution_mode == PARALLEL:
        flows = {name: replace(flow, run=line.shown.get(name, flow.run)) for name, flow in flows.items()}
    return {
        "pipelineName": pipeline.name,
        "pipelineVersion": pipeline.version,
        "stageStates": [_stage(stage, flows[stage.name], line) for stage in pipeline.declaration.stages],
        "created": pipeline.created,
        "updated": pipeline.updated,
    }


def _stage(stage: StageDeclaration, flow: StageFlow, line: Line) -> Json:
    shown: Json = {"stageName": stage.name}
    if flow.inbound:
        shown["inboundExecution"] = _visitor(flow.inbound[0], IN_PROGRESS)
        shown["inboundExecutions"] = [_visitor(one, IN_PROGRESS) for one in flow.inbound]
    shown["inboundTransitionState"] = _gate(flow.gate)
    actions = line.actions
    shown["actionStates"] = [_action(action, actions.get(placed(stage.name, action.name))) for action in stage.actions]
    run = flow.run
    if run is not None:
        shown["latestExecution"] = _visitor(run.visitor, run.status)
        if run.manual_retries or run.automatic_retries:
            shown["retryStageMetadata"] = _retries(run)
        for kind, member in CONDITIONS.items():
            if (check := run.check(kind)) is not None:
                shown[member] = _condition(stage, check, line)
    return shown


def _visitor(visitor: Visitor, status: str) -> Json:
    return {"pipelineExecutionId": visitor.id, "status": status, "type": visitor.kind}


def _retries(run: StageRun) -> Json:
    shown: Json = {"latestRetryTrigger": "ManualStageRetry" if run.last_retry_manual else "AutomatedStageRetry"}
    if run.manual_retries:
        shown["manualStageRetryAttempt"] = run.manual_retries
    if run.automatic_retries:
        shown["autoStageRetryAttempt"] = run.automatic_retries
    return shown


def _condition(stage: StageDeclaration, check: Check, line: Line) -> Json:
    state: Json = {"status": check.status}
    failed = [rule.name for rule in check.rules if rule.status == FAILED]
    if failed:
        state["summary"] = f"The rule {failed[0]} failed"
    rules = [_rule(rule.name, line.actions.get(placed(stage.name, rule.name, check.kind))) for rule in check.rules]
    changed = line.checked.get(placed(stage.name, check.kind))
    moved = {"lastStatusChange": changed} if changed is not None else {}
    return {"latestExecution": state, "conditionStates": [{"latestExecution": {**state, **moved}, "ruleStates": rules}]}


def _rule(name: str, latest: Latest | None) -> Json:
    shown: Json = {"ruleName": name}
    if latest is None:
        return shown
    if latest.entity_url:
        shown["entityUrl"] = latest.entity_url
    execution = {"ruleExecutionId": latest.id, **_latest(latest)}
    shown["latestExecution"] = {
        name: value for name, value in execution.items() if name not in ("percentComplete", "logStreamARN")
    }
    return shown


def _gate(gate: Gate) -> Json:
    shown: Json = {"enabled": gate.enabled}
    if gate.at is not None:
        shown["lastChangedBy"] = gate.by
        shown["lastChangedAt"] = gate.at
    if gate.reason:
        shown["disabledReason"] = gate.reason
    return shown


def _action(action: ActionDeclaration, latest: Latest | None) -> Json:
    shown: Json = {"actionName": action.name}
    if latest is None:
        return shown
    if latest.revision is not None:
        shown["currentRevision"] = {
            "revisionId": latest.revision.id,
            "revisionChangeId": latest.revision.change_id or latest.revision.id,
            "created": latest.revision.created,
        }
        if latest.revision.url:
            shown["revisionUrl"] = latest.revision.url
    if latest.entity_url:
        shown["entityUrl"] = latest.entity_url
    shown["latestExecution"] = {"actionExecutionId": latest.id, **_latest(latest)}
    return shown


def _latest(latest: Latest) -> Json:
    execution: Json = {
        "status": latest.status,
        "lastStatusChange": latest.changed,
    }
    if latest.summary:
        execution["summary"] = latest.summary[:2048]
    if latest.token and latest.status == IN_PROGRESS:
        execution["token"] = latest.token
    if latest.updated_by:
        execution["lastUpdatedBy"] = latest.updated_by
    if latest.external_id:
        execution["externalExecutionId"] = latest.external_id
    if latest.external_url:
        execution["externalExecutionUrl"] = latest.external_url
    if latest.percent is not None:
        execution["percentComplete"] = latest.percent
    if latest.failure is not None:
        execution["errorDetails"] = _failure(latest.failure)
    if latest.log_stream_arn:
        execution["logStreamARN"] = latest.log_stream_arn
    return execution


def _failure(failure: Failure) -> Json:
    return {"code": failure.code, "message": failure.message[:5000]}


# -- executions -----------------------------------------------------------------------------------------------------


def execution(one: Execution) -> Json:
    """GetPipelineExecution's answer."""
    shown = _common(one)
    shown |= {
        "pipelineName": one.pipeline,
        "pipelineVersion": one.version,
        "artifactRevisions": [_artifact_revision(revision) for revision in one.revisions],
    }
    if one.variables:
        shown["variables"] = [{"name": name, "resolvedValue": value} for name, value in one.variables.items()]
    return {"pipelineExecution": shown}


def summary(one: Execution) -> Json:
    """One entry of ListPipelineExecutions."""
    shown = _common(one)
    shown |= {
        "startTime": one.started,
        "lastUpdateTime": one.updated,
        "sourceRevisions": [_source_revision(revision) for revision in one.revisions],
    }
    if one.stop_reason is not None:
        shown["stopTrigger"] = {"reason": one.stop_reason}
    return shown


def _common(one: Execution) -> Json:
    shown: Json = {
        "pipelineExecutionId": one.id,
        "status": one.status,
        "trigger": {"triggerType": one.trigger, "triggerDetail": one.trigger_detail[:1024]},
        "executionMode": one.mode,
        "executionType": one.kind,
    }
    if one.summary:
        shown["statusSummary"] = one.summary
    if one.rollback_target:
        shown["rollbackMetadata"] = {"rollbackTargetPipelineExecutionId": one.rollback_target}
    return shown


def _source_revision(revision: Revision) -> Json:
    shown = {"actionName": revision.action, "revisionId": revision.id}
    if revision.summary:
        shown["revisionSummary"] = revision.summary
    if revision.url:
        shown["revisionUrl"] = revision.url
    return shown


def _artifact_revision(revision: Revision) -> Json:
    shown: Json = {"name": revision.artifact, "revisionId": revision.id, "created": revision.created}
    if revision.change_id:
        shown["revisionChangeIdentifier"] = revision.change_id
    if revision.summary:
        shown["revisionSummary"] = revision.summary
    if revision.url:
        shown["revisionUrl"] = revision.url
    return shown


# -- action executions ----------------------------------------------------------------------------------------------


def action_run(run: ActionRun, declaration: ActionDeclaration | None, region: str) -> Json:
    """One entry of ListActionExecutions."""
    shown: Json = {
        "pipelineExecutionId": run.execution,
        "actionExecutionId": run.id,
        "pipelineVersion": run.version,
        "stageName": run.stage,
        "actionName": run.action,
        "startTime": run.started,
        "lastUpdateTime": run.updated,
        "status": run.status,
        "output": _output(run),
    }
    if run.updated_by:
        shown["updatedBy"] = run.updated_by
    if declaration is not None:
        shown["input"] = _input(run, declaration, region)
    return shown


def rule_run(run: ActionRun, declaration: ActionDeclaration | None, region: str) -> Json:
    """One entry of ListRuleExecutions."""
    shown = action_run(run, declaration, region)
    shown["ruleExecutionId"] = shown.pop("actionExecutionId")
    shown["ruleName"] = shown.pop("actionName")
    result = shown["output"].get("executionResult", {})
    result.pop("logStreamARN", None)
    shown["output"] = {"executionResult": result} if result else {}
    if "input" in shown:
        shown["input"]["ruleTypeId"] = shown["input"].pop("actionTypeId")
    return shown


def _input(run: ActionRun, declaration: ActionDeclaration, region: str) -> Json:
    kind = declaration.action_type_id
    shown: Json = {
        "actionTypeId": {
            "category": kind.category,
            "owner": kind.owner,
            "provider": kind.provider,
            "version": kind.version,
        },
        "configuration": dict(declaration.configuration),
        "resolvedConfiguration": dict(run.configuration),
        "region": region if declaration.region is UNSET else declaration.region,
        "inputArtifacts": [artifact(one) for one in run.inputs],
    }
    if declaration.role_arn is not UNSET:
        shown["roleArn"] = declaration.role_arn
    if declaration.namespace is not UNSET:
        shown["namespace"] = declaration.namespace
    return shown


def _output(run: ActionRun) -> Json:
    shown: Json = {
        "outputArtifacts": [artifact(one) for one in run.outputs],
        "outputVariables": dict(run.variables),
    }
    result: Json = {}
    if run.external_id:
        result["externalExecutionId"] = run.external_id
    if run.summary:
        result["externalExecutionSummary"] = run.summary
    if run.external_url:
        result["externalExecutionUrl"] = run.external_url
    if run.failure is not None:
        result["errorDetails"] = _failure(run.failure)
    if run.log_stream_arn:
        result["logStreamARN"] = run.log_stream_arn
    if result:
        shown["executionResult"] = result
    return shown


def artifact(one: Artifact) -> Json:
    """An artifact, where it lies."""
    return {"name": one.name, "s3location": {"bucket": one.bucket, "key": one.key}}
