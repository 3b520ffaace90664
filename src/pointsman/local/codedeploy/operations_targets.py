"""CodeDeploy's answers about the targets of a deployment, in today's shapes and in the older ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from pointsman.digits import digits
from pointsman.local.answers import Parameters, answers
from pointsman.local.codedeploy import errors, shapes, shifting_driver
from pointsman.local.codedeploy.driver import crew_of
from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.lookup import PAGE, deployment, target_key, targets_of
from pointsman.local.codedeploy.machine import PENDING, Target
from pointsman.local.codedeploy.records import Deployment, Roster
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules

_STATUSES = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Unknown", "Ready")


def _started(scope: Scope, given: Any) -> Deployment:
    one = deployment(scope, given)
    if scope.get(Roster, one.id) is None:
        raise refused("DeploymentNotStarted", f"The deployment {one.id} has not started")
    return one


def _wanted(scope: Scope, one: Deployment, statuses: list[str], labels: list[str]) -> Iterator[Target]:
    if unknown := [status for status in statuses if status not in _STATUSES]:
        raise refused("InvalidInstanceStatus", f"{unknown[0]} is not the status of a target")
    if unknown := [label for label in labels if label not in ("Blue", "Green")]:
        raise refused("InvalidInstanceType", f"An instance is Blue or Green, not {unknown[0]}")
    if labels and not one.blue_green:
        raise refused(
            "InvalidDeploymentInstanceType", "Only the instances of a blue/green deployment are Blue or Green"
        )
    for target in targets_of(scope, one.id):
        if (not statuses or target.status in statuses) and (not labels or target.label in labels):
            yield target


def _page(name: str, ids: Iterator[str], given: str | None) -> dict[str, Any]:
    place = errors.place(given)
    if place is not None and not digits(place):
        raise refused("InvalidNextToken", "The next token is not valid")
    start = int(place or 0)
    found = list(itertools.islice(ids, start, start + PAGE + 1))
    answer: dict[str, Any] = {name: found[:PAGE]}
    if len(found) > PAGE:
        answer["nextToken"] = errors.token(str(start + PAGE))
    return answer


@answers("codedeploy", "ListDeploymentTargets")
def list_deployment_targets(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Target ids, in the order they are worked on."""
    one = _started(scope, parameters.get("deploymentId"))
    filters = parameters.get("targetFilters", {})
    if unknown := [name for name in filters if name not in ("TargetStatus", "ServerInstanceLabel")]:
        raise refused("InvalidTargetFilterName", f"A filter is TargetStatus or ServerInstanceLabel, not {unknown[0]}")
    targets = _wanted(scope, one, filters.get("TargetStatus", []), filters.get("ServerInstanceLabel", []))
    return _page("targetIds", (target.id for target in targets), parameters.get("nextToken"))


@answers("codedeploy", "GetDeploymentTarget")
def get_deployment_target(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One target."""
    one = _started(scope, parameters.get("deploymentId"))
    return {"deploymentTarget": _shape(scope, one, _target(scope, one, parameters.get("targetId")), _queue(scope, one))}


@answers("codedeploy", "BatchGetDeploymentTargets")
def batch_get_deployment_targets(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Targets by id."""
    one = _started(scope, parameters.get("deploymentId"))
    given = parameters["targetIds"]
    ids = errors.batch(given, "DeploymentTargetIdRequired", PAGE, "DeploymentTargetListSizeExceeded")
    queue = _queue(scope, one)
    return {"deploymentTargets": [_shape(scope, one, _target(scope, one, key), queue) for key in ids]}


def _target(scope: Scope, one: Deployment, key: Any) -> Target:
    if not key:
        raise refused("DeploymentTargetIdRequired", "A deployment target ID is required")
    name = str(key).rpartition("/")[2] if str(key).startswith("arn:") else str(key)
    found = scope.get(Target, target_key(one.id, name))
    if found is None:
        raise refused("DeploymentTargetDoesNotExist", f"The deployment {one.id} has no target {key}")
    return found


def _queue(scope: Scope, one: Deployment) -> dict[str, int]:
    """Target -> how many are before it, of this deployment's targets whose events queue."""
    if one.platform != rules.SERVER or one.over:
        return {}
    return {target: place for place, (owner, target) in enumerate(crew_of(scope.world).queue()) if owner == one.id}


def shapes_of(scope: Scope, one: Deployment) -> Iterator[dict[str, Any]]:
    """The targets of a deployment in AWS's shape, in the order they are worked on; none before it has started."""
    queue = _queue(scope, one)
    if scope.get(Roster, one.id) is not None:
        yield from (_shape(scope, one, target, queue) for target in targets_of(scope, one.id))


def _shape(scope: Scope, one: Deployment, target: Target, queue: dict[str, int]) -> dict[str, Any]:
    if one.platform != rules.SERVER:
        return shifting_driver.target_shape(scope, one, target)
    shape = shapes.instance_target(scope, target)
    if target.id in queue and target.event is not None and target.event.status == PENDING:
        before = queue[target.id]
        event = shape["instanceTarget"]["lifecycleEvents"][target.at]
        event["diagnostics"] = {"message": f"Waits for its turn on this machine: {before} before it."}
    return shape


# -- the older calls ------------------------------------------------------------------------------------------------


def _server(scope: Scope, given: Any) -> Deployment:
    one = _started(scope, given)
    if one.platform != rules.SERVER:
        raise refused("InvalidComputePlatform", f"A {one.platform} deployment has targets, not instances")
    return one


@answers("codedeploy", "ListDeploymentInstances")
def list_deployment_instances(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Instance ids."""
    one = _server(scope, parameters.get("deploymentId"))
    statuses, labels = parameters.get("instanceStatusFilter", []), parameters.get("instanceTypeFilter", [])
    targets = _wanted(scope, one, statuses, labels)
    return _page("instancesList", (target.id for target in targets), parameters.get("nextToken"))


@answers("codedeploy", "GetDeploymentInstance")
def get_deployment_instance(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One instance."""
    one = _server(scope, parameters.get("deploymentId"))
    return {"instanceSummary": shapes.instance_summary(scope, _instance(scope, one, parameters.get("instanceId")))}


@answers("codedeploy", "BatchGetDeploymentInstances")
def batch_get_deployment_instances(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Instances by id."""
    one = _server(scope, parameters.get("deploymentId"))
    ids = errors.batch(parameters["instanceIds"], "InstanceIdRequired")
    return {"instancesSummary": [shapes.instance_summary(scope, _instance(scope, one, key)) for key in ids]}


def _instance(scope: Scope, one: Deployment, key: Any) -> Target:
    if not key:
        raise refused("InstanceIdRequired", "An instance ID is required")
    name = str(key).rpartition("/")[2] if str(key).startswith("arn:") else str(key)
    found = scope.get(Target, target_key(one.id, name))
    if found is None:
        raise refused("InstanceDoesNotExist", f"The deployment {one.id} has no instance {key}")
    return found
