"""History in pages: action and rule executions of a pipeline, newest first, as long as AWS keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, TypeVar

from pointsman.local.answers import AwsError, Parameters
from pointsman.local.codepipeline.declaration import ActionDeclaration
from pointsman.local.codepipeline.lookup import number_of, paged
from pointsman.local.codepipeline.runs import definition
from pointsman.local.codepipeline.shapes import ActionRun, Execution, Pipeline, numbered
from pointsman.local.world import Scope

KEPT: Final = timedelta(days=365)
"""How long AWS keeps the history of an execution, from its start."""
_PAGE: Final = 128

R = TypeVar("R", Execution, ActionRun)
Shown = Callable[[ActionRun, ActionDeclaration | None, str], dict[str, Any]]


def horizon(scope: Scope) -> datetime:
    """What started before this is history no more."""
    return scope.now - KEPT


def executions(scope: Scope, pipeline: Pipeline, before: int | None) -> Iterator[Execution]:
    """A pipeline's executions, newest first, from behind a number on."""
    return _newest_first(scope, Execution, pipeline, before)


def action_runs(scope: Scope, pipeline: Pipeline) -> Iterator[ActionRun]:
    """A pipeline's action executions, and those of its conditions' rules, newest first."""
    return _newest_first(scope, ActionRun, pipeline, None)


def _newest_first(scope: Scope, kind: type[R], pipeline: Pipeline, before: int | None) -> Iterator[R]:
    """A pipeline's numbered records of a kind, page by page, until they are history no more."""
    oldest = horizon(scope)
    after = None if before is None else numbered(pipeline.name, before)
    while True:
        page = list(scope.scan(kind, f"{pipeline.name}/", reverse=True, after=after, limit=_PAGE))
        for _, one in page:
            if one.started < oldest:
                return
            yield one
        if len(page) < _PAGE:
            return
        after = page[-1][0]


def page_of_runs(
    scope: Scope,
    pipeline: Pipeline,
    parameters: Parameters,
    execution_of: Callable[[Scope, Pipeline, str], Execution],
    member: str,
    shown: Shown,
    *,
    rules: bool,
) -> dict[str, Any]:
    """A page of action or rule executions.

    Args:
        scope: Where.
        pipeline: Whose.
        parameters: ``maxResults``, ``nextToken`` and ``filter``.
        execution_of: Finds an execution, or raises AWS's error.
        member: What the answer calls the list.
        shown: One of them as AWS shows it.
        rules: Rules rather than actions.
    """
    most, before = parameters.get("maxResults", 100), number_of(parameters)
    found = list(islice(_runs(scope, pipeline, parameters.get("filter", {}), execution_of, before, rules), most + 1))
    details = [shown(run, _declared(scope, run), scope.region) for run in found[:most]]
    return paged({member: details}, found[most - 1].number if len(found) > most else None)


def _runs(
    scope: Scope,
    pipeline: Pipeline,
    given: dict[str, Any],
    execution_of: Callable[[Scope, Pipeline, str], Execution],
    before: int | None,
    rules: bool,
) -> Iterator[ActionRun]:
    numbers = _numbers(scope, pipeline, given, execution_of, rules)
    if numbers is not None:
        for number in sorted(numbers, reverse=True):
            run = scope.get(ActionRun, numbered(pipeline.name, number)) if before is None or number < before else None
            if run is not None:
                yield run
        return
    for run in _newest_first(scope, ActionRun, pipeline, before):
        if bool(run.condition) == rules:
            yield run


def _numbers(
    scope: Scope,
    pipeline: Pipeline,
    given: dict[str, Any],
    execution_of: Callable[[Scope, Pipeline, str], Execution],
    rules: bool,
) -> tuple[int, ...] | None:
    """The numbers a filter asks for; None without one."""
    latest = given.get("latestInPipelineExecution")
    if latest is None and "pipelineExecutionId" not in given:
        return None
    named = {one for one in (given.get("pipelineExecutionId"), (latest or {}).get("pipelineExecutionId")) if one}
    if len(named) > 1:
        raise AwsError("ValidationException", "The filter names two different pipeline executions")
    execution = execution_of(scope, pipeline, named.pop())
    if latest is not None and latest["startTimeRange"] == "Latest":
        return execution.current_rules if rules else execution.current_runs
    return execution.rules if rules else execution.runs


def _declared(scope: Scope, run: ActionRun) -> ActionDeclaration | None:
    declared = definition(scope, run.pipeline, run.version)
    stage = declared.stage(run.stage) if declared is not None else None
    return stage.work(run.action, run.condition) if stage is not None else None
