"""The answer about what a deploy action deploys to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codedeploy import deployments
from pointsman.local.codedeploy.operations_targets import shapes_of
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.history import action_runs
from pointsman.local.codepipeline.lookup import number_of, paged, pipeline_of
from pointsman.local.codepipeline.runs import call_of
from pointsman.local.codepipeline.shapes import ActionRun, Pipeline
from pointsman.local.world import Scope

_KINDS: Final = {"InstanceTarget": "instanceTarget", "LambdaTarget": "lambdaTarget", "ECSTarget": "ecsTarget"}


@answers("codepipeline", "ListDeployActionExecutionTargets")
def list_targets(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The targets of a deploy action's deployment, in the order they are worked on; of other deploy actions, none."""
    check("ListDeployActionExecutionTargets", parameters)
    run = _run(scope, parameters)
    call = call_of(scope, run)
    if call is None or call.declaration.action_type_id.category != "Deploy":
        raise AwsError("ValidationException", f"The action {run.action} is not a deploy action")
    place = scope.world.scope(scope.account, call.region)
    one = deployments.get(place, run.external_id) if run.external_id else None
    found = [_target(shape) for shape in shapes_of(place, one)] if one is not None else []
    for wanted in parameters.get("filters", []):
        found = [target for target in found if target["status"] in wanted.get("values", [])]
    most, start = parameters.get("maxResults", 100), number_of(parameters) or 0
    page = found[start : start + most]
    return paged({"targets": page}, start + most if start + most < len(found) else None)


def _run(scope: Scope, parameters: Parameters) -> ActionRun:
    wanted = parameters["actionExecutionId"]
    for pipeline in _pipelines(scope, parameters):
        found = next((run for run in action_runs(scope, pipeline) if run.id == wanted and not run.condition), None)
        if found is not None:
            return found
    raise AwsError("ActionExecutionNotFoundException", f"There is no action execution with id '{wanted}'")


def _pipelines(scope: Scope, parameters: Parameters) -> Iterator[Pipeline]:
    if "pipelineName" in parameters:
        yield pipeline_of(scope, parameters["pipelineName"])
    else:
        yield from (pipeline for _, pipeline in scope.scan(Pipeline))


def _target(shape: dict[str, Any]) -> dict[str, Any]:
    """A target of a deployment as CodePipeline shows it."""
    kind = shape["deploymentTargetType"]
    target = shape[_KINDS[kind]]
    events = [_event(one) for one in target.get("lifecycleEvents", [])]
    shown: dict[str, Any] = {
        "targetId": target["targetId"],
        "targetType": kind,
        "status": target["status"],
        "events": events,
    }
    started = [one["startTime"] for one in events if "startTime" in one]
    if started:
        shown["startTime"] = min(started)
    if target["status"] in ("Succeeded", "Failed", "Skipped") and "lastUpdatedAt" in target:
        shown["endTime"] = target["lastUpdatedAt"]
    return shown


def _event(one: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": one["lifecycleEventName"], "status": one["status"]}
    shown |= {name: one[name] for name in ("startTime", "endTime") if name in one}
    if message := one.get("diagnostics", {}).get("message"):
        shown["context"] = {"message": message}
    return shown
