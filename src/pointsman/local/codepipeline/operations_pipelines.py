"""Answers about definitions: create, get, update, delete, list; and their tags."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codepipeline import jobs, machine, polling, structure, wire
from pointsman.local.codepipeline.action_types import custom_type
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.declaration import PipelineDeclaration, parse
from pointsman.local.codepipeline.driver import begin, redefine
from pointsman.local.codepipeline.flow import IN_PROGRESS, Flow
from pointsman.local.codepipeline.github_pushes import CalledRefs
from pointsman.local.codepipeline.lookup import caller, line_of, paged, pipeline_of, place_of, tag_list, tags_of
from pointsman.local.codepipeline.masking import masked_pipeline, unmasked
from pointsman.local.codepipeline.runs import timer_keys
from pointsman.local.codepipeline.shapes import (
    ActionRun,
    ApprovalOf,
    Execution,
    ExecutionNumber,
    Lane,
    Line,
    Pipeline,
    PipelineVersion,
    RequestToken,
    Watched,
    WatchedRefs,
    numbered,
    placed,
)
from pointsman.local.world import Scope


@answers("codepipeline", "CreatePipeline")
def create_pipeline(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep the definition as version 1 and start one execution."""
    check("CreatePipeline", parameters)
    declaration = replace(parse(parameters["pipeline"]), version=1)
    if scope.get(Pipeline, declaration.name) is not None:
        raise AwsError("PipelineNameInUseException", f"A pipeline with the name '{declaration.name}' already exists")
    structure.check(declaration, scope.region, custom_type(scope))
    tags = tags_of({}, parameters.get("tags", []))
    pipeline = Pipeline(declaration, created=scope.now, updated=scope.now, tags=tags)
    scope.put(pipeline.name, pipeline)
    scope.put(numbered(pipeline.name, 1), PipelineVersion(declaration, scope.now))
    scope.put(pipeline.name, Line(_flow(declaration)))
    polling.watch(scope, declaration)
    if not declaration.undefaulted:
        begin(scope, pipeline, "CreatePipeline", caller(scope))
    answer: dict[str, Any] = {"pipeline": masked_pipeline(scope, declaration.to_wire())}
    if tags:
        answer["tags"] = tag_list(tags)
    return answer


_OF_A_PIPELINE = (
    PipelineVersion,
    Execution,
    ExecutionNumber,
    RequestToken,
    ActionRun,
    ApprovalOf,
    Lane,
    Watched,
    WatchedRefs,
    CalledRefs,
)
"""The records whose keys begin with a pipeline's name and a slash."""


def _flow(declaration: PipelineDeclaration) -> Flow:
    """The common flow of a new pipeline; PARALLEL executions never enter it."""
    return machine.new(1, declaration.plan, declaration.policies, declaration.flow_mode or "SUPERSEDED")


@answers("codepipeline", "GetPipeline")
def get_pipeline(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The definition, the current one unless a version is named."""
    pipeline = pipeline_of(scope, parameters["name"])
    declaration, updated = pipeline.declaration, pipeline.updated
    if (version := parameters.get("version", pipeline.version)) != pipeline.version:
        past = scope.get(PipelineVersion, numbered(pipeline.name, version))
        if past is None:
            raise AwsError(
                "PipelineVersionNotFoundException", f"Pipeline '{pipeline.name}' does not have version {version}"
            )
        declaration, updated = past.declaration, past.updated
    return {
        "pipeline": masked_pipeline(scope, declaration.to_wire()),
        "metadata": {
            "pipelineArn": scope.arn("codepipeline", pipeline.name),
            "created": pipeline.created,
            "updated": updated,
        },
    }


@answers("codepipeline", "UpdatePipeline")
def update_pipeline(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep the definition as the next version; starts nothing, and cancels only what is in a removed stage."""
    check("UpdatePipeline", parameters)
    given = parse(parameters["pipeline"])
    pipeline = pipeline_of(scope, given.name)
    before = pipeline.declaration
    declaration = replace(unmasked(scope, given, before), version=pipeline.version + 1)
    structure.check(declaration, scope.region, custom_type(scope))
    pipeline = replace(pipeline, declaration=declaration, updated=scope.now)
    scope.put(pipeline.name, pipeline)
    scope.put(numbered(pipeline.name, declaration.version), PipelineVersion(declaration, scope.now))
    redefine(scope, pipeline)
    line = line_of(scope, pipeline.name)
    there = {placed(stage.name, action.name) for stage in declaration.stages for action in stage.actions}
    there |= {
        placed(stage.name, rule, kind)
        for stage in declaration.stages
        for kind in wire.CONDITIONS
        if (condition := stage.policy.condition(kind)) is not None
        for rule in condition.rules
    }
    if gone := line.actions.keys() - there:
        kept = {place: latest for place, latest in line.actions.items() if place not in gone}
        scope.put(pipeline.name, replace(line, actions=kept))
    polling.watch(scope, declaration, before)
    return {"pipeline": masked_pipeline(scope, declaration.to_wire())}


@answers("codepipeline", "DeletePipeline")
def delete_pipeline(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget the pipeline and its history; deleting what is not there is no error."""
    name = parameters["name"]
    if (pipeline := scope.get(Pipeline, name)) is None:
        return {}
    for stage, action in polling.polled(pipeline.declaration):
        polling.unwatch(scope, name, stage, action.name)
    for _, run in list(scope.scan(ActionRun, f"{name}/")):
        if run.status == IN_PROGRESS:
            for key in timer_keys(run.ticket):
                scope.cancel(key)
        jobs.forget(scope, run.ticket)
    for kind in _OF_A_PIPELINE:
        for key, _ in list(scope.scan(kind, f"{name}/")):
            scope.delete(kind, key)
    scope.delete(Line, name)
    scope.delete(Pipeline, name)
    return {}


@answers("codepipeline", "ListPipelines")
def list_pipelines(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Every pipeline of the region, by name."""
    check("ListPipelines", parameters)
    most = parameters.get("maxResults", 1000)
    found = [one for _, one in scope.scan(Pipeline, after=place_of(parameters), limit=most + 1)]
    answer = {
        "pipelines": [
            {
                "name": one.name,
                "version": one.version,
                "pipelineType": one.declaration.pipeline_type,
                "executionMode": one.declaration.execution_mode,
                "created": one.created,
                "updated": one.updated,
            }
            for one in found[:most]
        ]
    }
    return paged(answer, found[most - 1].name if len(found) > most else None)


# -- tags -----------------------------------------------------------------------------------------------------------
