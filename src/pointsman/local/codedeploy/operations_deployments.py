"""CodeDeploy's answers about deployments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import Parameters, answers
from pointsman.local.codedeploy import deployments, errors, halting, shapes, shifting_driver
from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.lookup import PAGE, deployment, group
from pointsman.local.codedeploy.machine import ENDED, READY_WAIT, STOPPED, TERMINATION_WAIT, Halt
from pointsman.local.codedeploy.records import Busy, Deployment, Order
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules

_LOOKED = 5000
"""Deployments that are looked at for one page, whatever its filters leave of them."""
_STATUSES = ("Created", "Queued", "InProgress", "Baking", "Succeeded", "Failed", "Stopped", "Ready")


@answers("codedeploy", "CreateDeployment")
def create_deployment(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Deploy a revision."""
    return {"deploymentId": deployments.create(scope, parameters).id}


@answers("codedeploy", "GetDeployment")
def get_deployment(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One deployment."""
    return {"deploymentInfo": shapes.deployment(deployment(scope, parameters.get("deploymentId")))}


@answers("codedeploy", "BatchGetDeployments")
def batch_get_deployments(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Deployments by id; those that are not there are left out."""
    ids = errors.batch(parameters["deploymentIds"], "DeploymentIdRequired")
    found = [one for key in ids if (one := scope.get(Deployment, errors.deployment_id(key))) is not None]
    return {"deploymentsInfo": [shapes.deployment(one) for one in found]}


@answers("codedeploy", "ListDeployments")
def list_deployments(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Deployment ids, newest first, of everything or of one group."""
    app, name = parameters.get("applicationName"), parameters.get("deploymentGroupName")
    if app and not name:
        raise refused("DeploymentGroupNameRequired", "With an application name, a deployment group name is required")
    if name and not app:
        raise refused("ApplicationNameRequired", "With a deployment group name, an application name is required")
    external = parameters.get("externalId")
    if external and app:
        raise refused("InvalidInput", "externalId and a deployment group exclude each other")
    prefix = f"{group(scope, app, name).key}/" if app else f"{external}//" if external else "*/"
    statuses = parameters.get("includeOnlyStatuses", [])
    if unknown := [one for one in statuses if one not in _STATUSES]:
        raise refused("InvalidDeploymentStatus", f"{unknown[0]} is not the status of a deployment")
    start, end = _range(parameters.get("createTimeRange", {}))
    place = errors.place(parameters.get("nextToken"))
    found: list[str] = []
    last, looked = "", 0
    for key, one in _newest_first(scope, prefix, f"{prefix}{place}" if place else None, statuses):
        if start is not None and one.created < start:
            break
        if len(found) == PAGE or looked == _LOOKED:
            return {"deployments": found, "nextToken": errors.token(last)}
        last, looked = key.removeprefix(prefix), looked + 1
        if (end is None or one.created <= end) and (not statuses or one.status in statuses):
            found.append(one.id)
    return {"deployments": found}


def _range(given: dict[str, datetime]) -> tuple[datetime | None, datetime | None]:
    start, end = given.get("start"), given.get("end")
    if start is not None and end is not None and start > end:
        raise refused("InvalidTimeRange", "The time range ends before it starts")
    return start, end


def _newest_first(
    scope: Scope, prefix: str, after: str | None, statuses: list[str]
) -> Iterator[tuple[str, Deployment]]:
    """Deployments in order, read in pieces; when only some that are not over are wanted, those alone."""
    if statuses and not set(statuses) & ENDED:
        yield from _under_way(scope, prefix, after)
        return
    while True:
        rows = list(scope.scan(Order, prefix, reverse=True, after=after, limit=PAGE + 1))
        for key, order in rows:
            one = scope.get(Deployment, order.id)
            if one is not None:
                yield key, one
        if len(rows) <= PAGE:
            return
        after = rows[-1][0]


def _under_way(scope: Scope, prefix: str, after: str | None) -> Iterator[tuple[str, Deployment]]:
    busy = [one for key, _ in scope.scan(Busy) if (one := scope.get(Deployment, key)) is not None]
    for one in sorted(busy, key=lambda it: it.number, reverse=True):
        key = f"{prefix}{one.number:09d}"
        if scope.get(Order, key) is not None and (after is None or key < after):
            yield key, one


@answers("codedeploy", "StopDeployment")
def stop_deployment(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Stop a deployment: at once, or as soon as the scripts that run have ended."""
    one = deployment(scope, parameters.get("deploymentId"))
    _not_over(one)
    wish = parameters.get("autoRollbackEnabled")
    wanted = "DEPLOYMENT_STOP_ON_REQUEST" if wish is not False else ""
    if wish:
        one = replace(one, stop_with_rollback=True)
        scope.put(one.id, one)
    halting.halt(scope, one, Halt(STOPPED, "MANUAL_STOP", "The deployment was stopped by a user.", wanted))
    now = scope.get(Deployment, one.id)
    if now is not None and now.over:
        return {"status": "Succeeded", "statusMessage": "No more lifecycle events will run for this deployment."}
    sentence = "Stopping: the lifecycle events that are in progress are ended first."
    return {"status": "Pending", "statusMessage": sentence}


def _not_over(one: Deployment) -> None:
    if one.over:
        raise refused("DeploymentAlreadyCompleted", f"The deployment {one.id} is already complete: {one.status}")


@answers("codedeploy", "ContinueDeployment")
def continue_deployment(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """End a wait: reroute traffic now, or terminate the original side now."""
    one = deployment(scope, parameters.get("deploymentId"))
    kind = parameters.get("deploymentWaitType", READY_WAIT)
    if kind not in (READY_WAIT, TERMINATION_WAIT):
        raise refused("InvalidDeploymentWaitType", f"A wait is {READY_WAIT} or {TERMINATION_WAIT}, not {kind}")
    _not_over(one)
    _blue_green_only(one)
    if _wait(one) != kind:
        if kind == READY_WAIT:
            raise refused("DeploymentIsNotInReadyState", f"The deployment {one.id} does not wait to reroute traffic")
        raise refused(
            "InvalidDeploymentStatus", f"The deployment {one.id} does not wait to terminate its original side"
        )
    halting.go_on(scope, one, kind)
    return {}


@answers("codedeploy", "SkipWaitTimeForInstanceTermination")
def skip_wait_time(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Terminate the original side now."""
    one = deployment(scope, parameters.get("deploymentId"))
    _not_over(one)
    _blue_green_only(one)
    if _wait(one) != TERMINATION_WAIT:
        raise refused("DeploymentNotStarted", f"The deployment {one.id} does not wait to terminate its original side")
    halting.go_on(scope, one, TERMINATION_WAIT)
    return {}


def _blue_green_only(one: Deployment) -> None:
    if not one.blue_green or one.platform == rules.LAMBDA:
        raise refused(
            "UnsupportedActionForDeploymentType", f"The deployment {one.id} is no blue/green deployment that waits"
        )


def _wait(one: Deployment) -> str:
    if one.run is not None:
        return one.run.wait
    return one.shift.wait if one.shift is not None else ""


@answers("codedeploy", "PutLifecycleEventHookExecutionStatus")
def put_hook_status(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A hook function tells how its validation went."""
    one = deployment(scope, parameters.get("deploymentId"))
    status, execution = parameters.get("status", ""), parameters.get("lifecycleEventHookExecutionId", "")
    if one.platform == rules.SERVER:
        raise refused("UnsupportedActionForDeploymentType", "A deployment to servers has scripts, not hook functions")
    if status not in ("Succeeded", "Failed"):
        raise refused("InvalidLifecycleEventHookExecutionStatus", f"The status is Succeeded or Failed, not {status}")
    shifting_driver.hook_answered(scope, one, execution, status)
    return {"lifecycleEventHookExecutionId": execution}
