"""CodePipeline's answers -> the model. Every member may be missing; an unknown word is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from pointsman.errors import Fault
from pointsman.model.conditions import Condition, Trigger
from pointsman.model.pipelines import (
    Action,
    ActionRun,
    Execution,
    PipelineRow,
    PipelineState,
    Revision,
    Stage,
    Transition,
    Variable,
)
from pointsman.model.refs import ActionRef, PipelineRef, StageRef
from pointsman.model.status import status
from pointsman.services.reads import conditions
from pointsman.services.reads.values import Answer, first_line, pairs, part, parts, text, when, whole


class DeclaredAction(Struct, frozen=True):
    """An action as the definition has it."""

    name: str
    category: str = ""
    provider: str = ""
    run_order: int = 1
    configuration: tuple[tuple[str, str], ...] = ()
    namespace: str = ""
    timeout_minutes: int | None = None
    outputs: tuple[str, ...] = ()

    def option(self, name: str) -> str:
        """One configuration value; empty when it is not there."""
        return dict(self.configuration).get(name, "")


class Structure(Struct, frozen=True):
    """A pipeline's definition: what its state does not say."""

    version: int = 0
    kind: str = "V1"
    mode: str = "SUPERSEDED"
    stages: tuple[tuple[str, tuple[DeclaredAction, ...]], ...] = ()
    updated: datetime | None = None
    sources: tuple[tuple[str, str], ...] = ()
    """(output artifact, the source action that makes it)."""
    variables: tuple[Variable, ...] = ()
    conditions: tuple[tuple[str, tuple[Condition, ...]], ...] = ()
    """(stage, its conditions) of the stages that have any."""
    on_failure: tuple[tuple[str, str], ...] = ()
    """(stage, what to do when it fails) of the stages that say so."""
    triggers: tuple[Trigger, ...] = ()

    def source(self, action: str) -> DeclaredAction | None:
        """The source action of this name."""
        for _, actions in self.stages:
            for one in actions:
                if one.name == action and one.category == "Source":
                    return one
        return None


def rows(page: Answer) -> tuple[PipelineRow, ...]:
    """ListPipelines, one page."""
    return tuple(
        PipelineRow(
            ref=PipelineRef(text(one, "name")),
            kind=text(one, "pipelineType") or "V1",
            mode=text(one, "executionMode") or "SUPERSEDED",
            version=whole(one, "version") or 0,
            updated=when(one, "updated"),
        )
        for one in parts(page, "pipelines")
        if text(one, "name")
    )


def structure(answer: Answer) -> Structure:
    """GetPipeline."""
    pipeline = part(answer, "pipeline")
    stages = tuple(
        (text(stage, "name"), tuple(_declared(action) for action in parts(stage, "actions")))
        for stage in parts(pipeline, "stages")
    )
    return Structure(
        version=whole(pipeline, "version") or 0,
        kind=text(pipeline, "pipelineType") or "V1",
        mode=text(pipeline, "executionMode") or "SUPERSEDED",
        stages=stages,
        updated=when(part(answer, "metadata"), "updated"),
        sources=tuple(
            (output, action.name)
            for _, actions in stages
            for action in actions
            if action.category == "Source"
            for output in action.outputs
        ),
        variables=tuple(
            Variable(text(one, "name"), one.get("defaultValue"), text(one, "description"))
            for one in parts(pipeline, "variables")
            if text(one, "name")
        ),
        conditions=tuple(
            (text(stage, "name"), guards)
            for stage in parts(pipeline, "stages")
            if (guards := conditions.declared(stage))
        ),
        on_failure=tuple(
            (text(stage, "name"), word) for stage in parts(pipeline, "stages") if (word := conditions.on_failure(stage))
        ),
        triggers=conditions.triggers(pipeline),
    )


def _declared(action: Any) -> DeclaredAction:
    kind = part(action, "actionTypeId")
    return DeclaredAction(
        name=text(action, "name"),
        category=text(kind, "category"),
        provider=text(kind, "provider"),
        run_order=whole(action, "runOrder") or 1,
        configuration=pairs(action, "configuration"),
        namespace=text(action, "namespace"),
        timeout_minutes=whole(action, "timeoutInMinutes"),
        outputs=tuple(text(one, "name") for one in parts(action, "outputArtifacts")),
    )


def state(
    ref: PipelineRef,
    answer: Answer,
    declared: Structure | None = None,
    executions: tuple[Execution, ...] = (),
    missing: tuple[tuple[str, Fault], ...] = (),
) -> PipelineState:
    """GetPipelineState, merged with the definition and the newest history.

    Args:
        ref: The pipeline.
        answer: GetPipelineState's answer.
        declared: Its definition; None where it could not be read, and then the order is the state's.
        executions: The newest page of history.
        missing: What could not be read, and why.
    """
    structure = declared or Structure()
    structured = dict(structure.stages)
    conditioned, failing = dict(structure.conditions), dict(structure.on_failure)
    order = {one.id: at for at, one in enumerate(executions)}
    shown = {text(stage, "stageName"): stage for stage in parts(answer, "stageStates")}
    names = [*structured, *(name for name in shown if name not in structured)]
    return PipelineState(
        ref=ref,
        version=whole(answer, "pipelineVersion") or structure.version,
        kind=structure.kind,
        mode=structure.mode,
        stages=tuple(
            replace(
                _stage(ref, name, shown.get(name, {}), structured.get(name, ()), structure.mode, order),
                conditions=conditions.merged(shown.get(name, {}), conditioned.get(name, ())),
                on_failure=failing.get(name, ""),
            )
            for name in names
        ),
        created=when(answer, "created"),
        updated=when(answer, "updated"),
        latest=executions[0] if executions else None,
        executions=executions,
        missing=missing,
        variables=structure.variables,
        triggers=structure.triggers,
    )


def _queue(shown: Any, mode: str, order: Mapping[str, int]) -> tuple[str, ...]:
    """The executions at an entrance as they enter: a QUEUED pipeline's oldest first, another's as the answer has them.

    Args:
        shown: The stage's state.
        mode: The pipeline's execution mode.
        order: Execution id -> its place in history, the newest 0.
    """
    found = [text(one, "pipelineExecutionId") for one in parts(shown, "inboundExecutions")]
    found.append(text(part(shown, "inboundExecution"), "pipelineExecutionId"))
    queue = list(dict.fromkeys(one for one in found if one))
    if mode == "QUEUED" and all(one in order for one in queue):
        queue.sort(key=lambda one: -order[one])
    return tuple(queue)


def _next(shown: Any, mode: str, queue: tuple[str, ...]) -> str:
    """The execution that enters next: the oldest of a queue, else the newest."""
    single = text(part(shown, "inboundExecution"), "pipelineExecutionId")
    if mode == "QUEUED":
        return queue[0] if queue else ""
    return single or (queue[-1] if queue else "")


def _stage(
    ref: PipelineRef,
    name: str,
    shown: Any,
    declared: Iterable[DeclaredAction],
    mode: str,
    order: Mapping[str, int],
) -> Stage:
    latest = part(shown, "latestExecution")
    queue = _queue(shown, mode, order)
    states = {text(action, "actionName"): action for action in parts(shown, "actionStates")}
    structured = {action.name: action for action in declared}
    names = [*structured, *(one for one in states if one not in structured)]
    return Stage(
        ref=StageRef(ref.name, name),
        status=status(text(latest, "status")),
        execution_id=text(latest, "pipelineExecutionId"),
        inbound_id=_next(shown, mode, queue),
        transition=_transition(part(shown, "inboundTransitionState")),
        queue=queue,
        retries=conditions.retries(shown),
        actions=tuple(
            _action(ActionRef(ref.name, name, one), states.get(one, {}), structured.get(one)) for one in names
        ),
    )


def _transition(answer: Answer) -> Transition:
    return Transition(
        enabled=answer.get("enabled") is not False,
        changed_by=text(answer, "lastChangedBy"),
        changed_at=when(answer, "lastChangedAt"),
        reason=text(answer, "disabledReason"),
    )


def _action(ref: ActionRef, shown: Any, declared: DeclaredAction | None) -> Action:
    latest = part(shown, "latestExecution")
    current = part(shown, "currentRevision")
    error = part(latest, "errorDetails")
    token = text(latest, "token")
    plain = declared or DeclaredAction(ref.action, category="Approval" if token else "")
    revision = None
    if text(current, "revisionId"):
        revision = Revision(
            action=ref.action,
            id=text(current, "revisionId"),
            summary=_summary(text(latest, "summary")) if plain.category == "Source" else "",
            url=text(shown, "revisionUrl"),
            created=when(current, "created"),
        )
    return Action(
        ref=ref,
        category=plain.category,
        provider=plain.provider,
        run_order=plain.run_order,
        status=status(text(latest, "status")),
        execution_id=text(latest, "actionExecutionId"),
        summary=text(latest, "summary"),
        changed_at=when(latest, "lastStatusChange"),
        updated_by=text(latest, "lastUpdatedBy"),
        token=token,
        external_id=text(latest, "externalExecutionId"),
        external_url=text(latest, "externalExecutionUrl") or text(shown, "entityUrl"),
        percent=whole(latest, "percentComplete"),
        error_code=text(error, "code"),
        error_message=text(error, "message"),
        revision=revision,
        revision_url=text(shown, "revisionUrl"),
        configuration=plain.configuration,
        namespace=plain.namespace,
        timeout_minutes=plain.timeout_minutes,
    )


def executions(page: Answer) -> tuple[Execution, ...]:
    """ListPipelineExecutions, one page."""
    return tuple(
        Execution(
            id=text(one, "pipelineExecutionId"),
            status=status(text(one, "status")),
            started=when(one, "startTime"),
            updated=when(one, "lastUpdateTime"),
            revisions=tuple(
                Revision(
                    action=text(revision, "actionName"),
                    id=text(revision, "revisionId"),
                    summary=_summary(text(revision, "revisionSummary")),
                    url=text(revision, "revisionUrl"),
                )
                for revision in parts(one, "sourceRevisions")
            ),
            stop_reason=text(part(one, "stopTrigger"), "reason"),
            **_common(one),
        )
        for one in parts(page, "pipelineExecutionSummaries")
        if text(one, "pipelineExecutionId")
    )


def execution(answer: Answer, declared: Structure | None = None) -> Execution | None:
    """GetPipelineExecution; its revisions are named by artifact, which the definition leads back to an action."""
    one = part(answer, "pipelineExecution")
    if not text(one, "pipelineExecutionId"):
        return None
    sources = dict(declared.sources) if declared is not None else {}
    return Execution(
        id=text(one, "pipelineExecutionId"),
        status=status(text(one, "status")),
        revisions=tuple(
            Revision(
                action=sources.get(text(revision, "name"), text(revision, "name")),
                id=text(revision, "revisionId"),
                summary=_summary(text(revision, "revisionSummary")),
                url=text(revision, "revisionUrl"),
                created=when(revision, "created"),
            )
            for revision in parts(one, "artifactRevisions")
        ),
        variables=tuple(
            (text(variable, "name"), text(variable, "resolvedValue"))
            for variable in parts(one, "variables")
            if text(variable, "name")
        ),
        **_common(one),
    )


def _common(one: Any) -> dict[str, Any]:
    trigger = part(one, "trigger")
    return {
        "trigger": text(trigger, "triggerType"),
        "trigger_detail": text(trigger, "triggerDetail"),
        "mode": text(one, "executionMode") or "SUPERSEDED",
        "kind": text(one, "executionType") or "STANDARD",
        "rollback_target": text(part(one, "rollbackMetadata"), "rollbackTargetPipelineExecutionId"),
        "status_summary": text(one, "statusSummary"),
    }


def action_runs(ref: PipelineRef, page: Answer) -> tuple[ActionRun, ...]:
    """ListActionExecutions, one page."""
    return tuple(_run(ref, one) for one in parts(page, "actionExecutionDetails"))


def _run(ref: PipelineRef, one: Any) -> ActionRun:
    given, made = part(one, "input"), part(one, "output")
    kind, result = part(given, "actionTypeId"), part(made, "executionResult")
    error = part(result, "errorDetails")
    return ActionRun(
        id=text(one, "actionExecutionId"),
        pipeline_execution_id=text(one, "pipelineExecutionId"),
        ref=ActionRef(ref.name, text(one, "stageName"), text(one, "actionName")),
        status=status(text(one, "status")),
        started=when(one, "startTime"),
        updated=when(one, "lastUpdateTime"),
        provider=text(kind, "provider"),
        category=text(kind, "category"),
        summary=text(result, "externalExecutionSummary"),
        external_id=text(result, "externalExecutionId"),
        external_url=text(result, "externalExecutionUrl"),
        updated_by=text(one, "updatedBy"),
        error_code=text(error, "code"),
        error_message=text(error, "message"),
        inputs=tuple(text(artifact, "name") for artifact in parts(given, "inputArtifacts")),
        outputs=tuple(text(artifact, "name") for artifact in parts(made, "outputArtifacts")),
        variables=pairs(made, "outputVariables"),
        configuration=pairs(given, "resolvedConfiguration") or pairs(given, "configuration"),
    )


def _summary(words: str) -> str:
    """A revision's summary in one line; connections wrap the commit message in JSON."""
    if words.lstrip().startswith("{"):
        try:
            inner = json.loads(words)
        except ValueError:
            inner = None
        if isinstance(inner, dict):
            words = str(inner.get("CommitMessage") or inner.get("commitMessage") or words)
    return first_line(words)
