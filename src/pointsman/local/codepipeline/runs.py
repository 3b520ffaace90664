"""The records of action executions: made when one starts, shown while it runs, kept when it has ended.

Every change of an ``ActionRun`` goes through here, together with what the pipeline's ``Line`` shows of it and what the
``Execution`` gathers from it (artifacts, variables, revisions).
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from pointsman.local.codepipeline.declaration import ActionDeclaration, PipelineDeclaration
from pointsman.local.codepipeline.flow import (
    ABANDONED,
    FAILED,
    IN_PROGRESS,
    SUCCEEDED,
    CheckIs,
    StartAction,
    StartRule,
    Visitor,
)
from pointsman.local.codepipeline.providers import ActionCall, Outcome
from pointsman.local.codepipeline.shapes import (
    ActionRun,
    Artifact,
    Execution,
    ExecutionNumber,
    Latest,
    Line,
    Pipeline,
    PipelineVersion,
    Ticket,
    numbered,
    placed,
)
from pointsman.local.world import Scope
from pointsman.semantics.variables import Unresolved, resolve

ACTION_TOPIC = "codepipeline.action"


def progress(
    scope: Scope,
    ticket: Ticket,
    *,
    summary: str | None = None,
    token: str | None = None,
    external_id: str | None = None,
    external_url: str | None = None,
    percent: int | None = None,
    log_stream_arn: str | None = None,
    entity_url: str | None = None,
) -> bool:
    """Record how an action in progress is getting on; what is None stays as it is."""
    run = running(scope, ticket)
    if run is None:
        return False
    given = {
        "summary": summary,
        "external_id": external_id,
        "external_url": external_url,
        "log_stream_arn": log_stream_arn,
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if changes:
        run = replace(run, **changes, updated=scope.now)
        scope.put(numbered(run.pipeline, run.number), run)
    shown = {"token": token, "percent": percent, "entity_url": entity_url}
    changes |= {name: value for name, value in shown.items() if value is not None}
    _show(scope, run, changes)
    return True


def running(scope: Scope, ticket: Ticket) -> ActionRun | None:
    """The action execution of a ticket while it is in progress."""
    run = scope.get(ActionRun, numbered(ticket.pipeline, ticket.number))
    return run if run is not None and run.id == ticket.id and run.status == IN_PROGRESS else None


def call_of(scope: Scope, run: ActionRun) -> ActionCall | None:
    """The call of an action execution; None when its definition is gone."""
    pipeline = definition(scope, run.pipeline, run.version)
    execution = scope.get(Execution, numbered(run.pipeline, run.execution_number))
    stage = pipeline.stage(run.stage) if pipeline is not None else None
    declaration = stage.work(run.action, run.condition) if stage is not None else None
    if pipeline is None or execution is None or declaration is None:
        return None
    return ActionCall(
        run.ticket,
        pipeline,
        execution,
        run.stage,
        declaration,
        run.configuration,
        run.inputs,
        region_of(scope, declaration),
        run.started,
        run.external_id,
    )


def definition(scope: Scope, pipeline: str, version: int) -> PipelineDeclaration | None:
    """A pipeline's definition, current or past."""
    now = scope.get(Pipeline, pipeline)
    if now is not None and now.version == version:
        return now.declaration
    past = scope.get(PipelineVersion, numbered(pipeline, version))
    return None if past is None else past.declaration


def find_execution(scope: Scope, pipeline: str, execution_id: str) -> Execution | None:
    """The execution of this id."""
    place = scope.get(ExecutionNumber, f"{pipeline}/{execution_id}")
    return None if place is None else scope.get(Execution, numbered(pipeline, place.number))


def timer_key(ticket: Ticket) -> str:
    """The key of the timer an action execution may have; it is taken back when the action ends."""
    return f"codepipeline/run/{ticket.id}"


def wait_key(ticket: Ticket) -> str:
    """The key of the timer by which a rule looks again."""
    return f"codepipeline/rule/{ticket.id}"


def timer_keys(ticket: Ticket) -> tuple[str, str]:
    """Every key of a timer that an action execution may have."""
    return timer_key(ticket), wait_key(ticket)


def open_run(scope: Scope, name: str, effect: StartAction | StartRule) -> ActionRun:
    """Record that an action or a rule begins, its configuration not resolved yet."""
    execution = execution_of(scope, name, effect.execution)
    run = ActionRun(
        id=scope.world.uuid(),
        number=effect.number,
        pipeline=name,
        version=effect.version,
        execution=execution.id,
        execution_number=execution.number,
        stage=effect.stage,
        action=effect.action if isinstance(effect, StartAction) else effect.rule,
        started=scope.now,
        updated=scope.now,
        condition="" if isinstance(effect, StartAction) else effect.kind,
    )
    _record_start(scope, execution, run)
    return run


def prepare(scope: Scope, run: ActionRun) -> ActionCall:
    """Fill in an action's variables and find its input artifacts.

    Raises:
        NotReady: A variable has no value, or an artifact was not made; says which.
    """
    call = call_of(scope, run)
    if call is None:
        raise NotReady(f"The definition of action {run.action} is gone.")
    run = replace(
        run,
        configuration=_resolve(call.declaration, call.execution),
        inputs=_inputs(call.declaration, call.execution),
    )
    scope.put(numbered(run.pipeline, run.number), run)
    return replace(call, configuration=run.configuration, inputs=run.inputs)


def abandon(scope: Scope, run: ActionRun) -> None:
    """Record that nobody waits for an action execution any more."""
    run = replace(run, status=ABANDONED, updated=scope.now)
    scope.put(numbered(run.pipeline, run.number), run)
    _show(scope, run, {"status": ABANDONED})
    scope.cancel(timer_key(run.ticket))
    tell_action(scope, run)


def forget_attempt(scope: Scope, pipeline: str, execution: Execution, stage: str) -> None:
    """A stage is run again from its beginning: what ran in it before is no part of the latest attempt."""

    def kept(numbers: tuple[int, ...]) -> tuple[int, ...]:
        runs = [scope.get(ActionRun, numbered(pipeline, number)) for number in numbers]
        return tuple(run.number for run in runs if run is not None and run.stage != stage)

    execution = replace(
        execution, current_runs=kept(execution.current_runs), current_rules=kept(execution.current_rules)
    )
    scope.put(numbered(pipeline, execution.number), execution)


def note_check(scope: Scope, pipeline: str, effect: CheckIs) -> None:
    """Remember when a condition's status changed."""
    line = scope.get(Line, pipeline)
    if line is not None:
        scope.put(pipeline, replace(line, checked={**line.checked, placed(effect.stage, effect.kind): scope.now}))


class NotReady(Exception):
    """An action that cannot start: the sentence is its failure."""


def _resolve(declaration: ActionDeclaration, execution: Execution) -> dict[str, str]:
    namespaces = {
        **execution.outputs,
        "codepipeline": {"PipelineExecutionId": execution.id},
        "variables": execution.variables,
    }
    try:
        return {name: resolve(value, namespaces) for name, value in declaration.configuration.items()}
    except Unresolved as problem:
        raise NotReady(
            "An action in this pipeline failed because one or more variables could not be resolved:"
            f" Action name={declaration.name}. {problem}. This can result when a variable is referenced that does"
            " not exist. Validate the pipeline configuration and any variables."
        ) from None


def _inputs(declaration: ActionDeclaration, execution: Execution) -> tuple[Artifact, ...]:
    missing = [name for name in declaration.inputs if name not in execution.artifacts]
    if missing:
        raise NotReady(
            f"The input artifact {missing[0]} of action {declaration.name} was not produced in this execution."
        )
    return tuple(execution.artifacts[name] for name in declaration.inputs)


def _record_start(scope: Scope, execution: Execution, run: ActionRun) -> None:
    if run.condition:
        execution = replace(execution, **_joined(scope, run, "rules", execution.rules, execution.current_rules))
    else:
        execution = replace(execution, **_joined(scope, run, "runs", execution.runs, execution.current_runs))
    execution = replace(execution, updated=scope.now)
    scope.put(numbered(execution.pipeline, execution.number), execution)
    scope.put(numbered(run.pipeline, run.number), run)
    line = scope.get(Line, run.pipeline)
    assert line is not None
    place = run.place
    before = line.actions.get(place)
    latest = Latest(
        run.id,
        run.number,
        run.status,
        scope.now,
        entity_url=before.entity_url if before else "",
        revision=before.revision if before else None,
    )
    scope.put(run.pipeline, replace(line, actions={**line.actions, place: latest}))


def _joined(
    scope: Scope, run: ActionRun, name: str, every: tuple[int, ...], current: tuple[int, ...]
) -> dict[str, tuple[int, ...]]:
    """An execution's numbers with one more; in the latest attempt it takes the place of its namesake."""
    earlier = [scope.get(ActionRun, numbered(run.pipeline, number)) for number in current]
    kept = [one.number for one in earlier if one and one.place != run.place]
    return {name: (*every, run.number), f"current_{name}": (*kept, run.number)}


def conclude(scope: Scope, run: ActionRun, outcome: Outcome) -> None:
    """Record the end of an action execution, and gather what it made into its execution."""
    status = SUCCEEDED if outcome.failure is None else FAILED
    given = {
        name: value
        for name in ("summary", "external_id", "external_url", "updated_by")
        if (value := getattr(outcome, name))
    }
    run = replace(
        run,
        **given,
        status=status,
        updated=scope.now,
        failure=outcome.failure,
        outputs=outcome.artifacts,
        variables=outcome.variables,
    )
    scope.put(numbered(run.pipeline, run.number), run)
    scope.cancel(timer_key(run.ticket))
    shown: dict[str, Any] = {**given, "status": status, "failure": outcome.failure}
    if outcome.revision is not None:
        shown["revision"] = outcome.revision
    _show(scope, run, shown)
    if status == SUCCEEDED and not run.condition:
        _collect(scope, run, outcome)
    tell_action(scope, run)


def _collect(scope: Scope, run: ActionRun, outcome: Outcome) -> None:
    """Add an action's artifacts, variables and revision to its execution."""
    execution = scope.get(Execution, numbered(run.pipeline, run.execution_number))
    pipeline = definition(scope, run.pipeline, run.version)
    stage = pipeline.stage(run.stage) if pipeline is not None else None
    declaration = stage.action(run.action) if stage is not None else None
    if execution is None or declaration is None:
        return
    outputs, revisions = execution.outputs, execution.revisions
    if declaration.namespace is not UNSET:
        outputs = {**outputs, declaration.namespace: outcome.variables}
    if outcome.revision is not None:
        revisions = (*(one for one in revisions if one.action != run.action), outcome.revision)
    execution = replace(
        execution,
        updated=scope.now,
        artifacts={**execution.artifacts, **{one.name: one for one in outcome.artifacts}},
        outputs=outputs,
        revisions=revisions,
    )
    scope.put(numbered(run.pipeline, execution.number), execution)


def _show(scope: Scope, run: ActionRun, changes: dict[str, Any]) -> None:
    """Change what ``GetPipelineState`` shows of an action, unless a later run of it stands there already."""
    line = scope.get(Line, run.pipeline)
    place = run.place
    latest = line.actions.get(place) if line is not None else None
    if line is None or latest is None or latest.number != run.number:
        return
    moved = {"changed": scope.now} if "status" in changes else {}
    scope.put(run.pipeline, replace(line, actions={**line.actions, place: replace(latest, **changes, **moved)}))


def region_of(scope: Scope, declaration: ActionDeclaration) -> str:
    """Where an action runs: the pipeline's region unless it declares another."""
    return scope.region if declaration.region is UNSET else declaration.region


def execution_of(scope: Scope, pipeline: str, visitor: Visitor) -> Execution:
    """The record of an execution that the machine speaks of."""
    execution = scope.get(Execution, numbered(pipeline, visitor.number))
    assert execution is not None
    return execution


def tell_action(scope: Scope, run: ActionRun) -> None:
    """Say what an action has come to; of rules nothing is told."""
    if run.condition:
        return
    scope.emit(
        ACTION_TOPIC,
        {
            "pipeline": run.pipeline,
            "execution": run.execution,
            "stage": run.stage,
            "action": run.action,
            "id": run.id,
            "number": run.number,
            "status": run.status,
            "started": run.started.isoformat(),
        },
    )
