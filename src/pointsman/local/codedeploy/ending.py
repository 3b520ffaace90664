"""The end of a deployment: its status, what its group remembers, its rollback, and whoever waited for it."""

from __future__ import annotations

from msgspec.structs import replace

from pointsman.local import granting
from pointsman.local.codedeploy import deployments, locations, notices
from pointsman.local.codedeploy.machine import FAILED, STOPPED, SUCCEEDED, Halt
from pointsman.local.codedeploy.records import Busy, Deployment, DeploymentGroup, LastDeployment, Roster
from pointsman.local.codedeploy.sides import Sides
from pointsman.local.codedeploy.watch import ROLLBACK
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules

TIMEOUT = "codedeploy.timeout"
WAIT = "codedeploy.wait"

_STATES = {SUCCEEDED: "SUCCESS", FAILED: "FAILURE", STOPPED: "STOP"}


def finish(scope: Scope, one: Deployment, status: str, halt: Halt | None) -> Deployment:
    """Give a deployment its final status; when it failed or was stopped, see to its rollback."""
    one = replace(
        one,
        status=status,
        completed=scope.now,
        error_code=halt.code if halt else "",
        error_message=halt.message if halt else "",
    )
    scope.put(one.id, one)
    for topic in (TIMEOUT, WAIT):
        scope.cancel(f"{topic}/{one.id}")
    _remember(scope, one)
    if status == SUCCEEDED and deployments.is_rollback(one):
        _tell_rolled_back(scope, one, f"Deployment {one.rolls_back} was rolled back by deployment {one.id}.")
    elif deployments.is_rollback(one):
        _tell_rolled_back(
            scope, one, f"The rollback of deployment {one.rolls_back}, deployment {one.id}, {status.lower()}."
        )
    elif halt is not None:
        one = _roll_back(scope, one, halt)
    notices.deployment(scope, one, _STATES[status])
    about = {"id": one.id, "status": status, "application": one.application, "group": one.group}
    scope.emit(notices.ENDED, about)
    return one


def release(scope: Scope, one: Deployment) -> None:
    """Nothing of a deployment is being worked on any more: the group's next one may begin."""
    busy = scope.get(Busy, one.id)
    if busy is None:
        return
    scope.delete(Busy, one.id)
    granting.revoke(scope, one.id)
    for key, other in list(scope.scan(Busy)):
        if other.group == busy.group:
            scope.after(0, deployments.BEGIN, {"deployment": key}, key=f"{deployments.BEGIN}/{key}")


def _remember(scope: Scope, one: Deployment) -> None:
    found = scope.get(DeploymentGroup, f"{one.application}/{one.group}")
    if found is None or found.id != one.group_id:
        return
    last = LastDeployment(one.id, one.status, one.created, one.completed)
    found = replace(found, last_attempted=last)
    if one.status == SUCCEEDED:
        found = replace(found, last_successful=last)
        if one.blue_green and one.platform == rules.SERVER and not deployments.is_rollback(one):
            found = replace(found, settings=_moved(one, found))
    scope.put(found.key, found)


def _moved(one: Deployment, found: DeploymentGroup) -> dict[str, object]:
    """A group's settings after its green instances have taken the place of the blue ones."""
    settings = dict(found.settings)
    if (fleet := one.request.get("greenFleet")) is not None:
        return {**settings, "autoScalingGroups": [fleet]}
    given = one.request.get("targetInstances", {})
    if "tagFilters" in given:
        settings.pop("ec2TagSet", None)
        settings["ec2TagFilters"] = given["tagFilters"]
    elif "ec2TagSet" in given:
        settings.pop("ec2TagFilters", None)
        settings["ec2TagSet"] = given["ec2TagSet"]
    if "autoScalingGroups" in given:
        settings["autoScalingGroups"] = given["autoScalingGroups"]
    return settings


# -- rollback -------------------------------------------------------------------------------------------------------


def _tell_rolled_back(scope: Scope, one: Deployment, message: str) -> None:
    first = scope.get(Deployment, one.rolls_back)
    if first is not None:
        scope.put(first.id, replace(first, rollback_message=message))
    scope.put(one.id, replace(one, rollback_message=message))


def wants_rollback(one: Deployment, halt: Halt) -> bool:
    """Whether a halt is one that the deployment is taken back for."""
    if one.stop_with_rollback and halt.rollback == "DEPLOYMENT_STOP_ON_REQUEST":
        return True
    given = one.settings.get("autoRollbackConfiguration", {})
    return bool(given.get("enabled") and halt.rollback in given.get("events", ()))


def _roll_back(scope: Scope, one: Deployment, halt: Halt) -> Deployment:
    if not wants_rollback(one, halt):
        return one
    found = scope.get(DeploymentGroup, f"{one.application}/{one.group}")
    good = scope.get(Deployment, found.last_successful.id) if found and found.last_successful else None
    sentence = _cannot(scope, one, found, good)
    revision = good.revision if good else one.revision
    if sentence or found is None or revision is None:
        one = replace(one, rollback_message=sentence)
        scope.put(one.id, one)
        return one
    # What was there when the good revision was deployed decides about files once more.
    kept = good.request if good else {}
    request = {key: kept[key] for key in ("fileExistsBehavior",) if key in kept}
    request["description"] = f"Rollback of {one.id} to {locations.words(revision)}"
    if (fleet := one.request.get("greenFleet")) is not None:
        request["greenFleet"] = fleet
    made = deployments.keep(
        scope,
        found,
        one.platform,
        revision,
        one.config,
        one.settings,
        request,
        ROLLBACK,
        rolls_back=one.id,
        rollback_message=f"Deployment {one.id} is being rolled back by this deployment.",
    )
    one = replace(
        one,
        rolled_back_by=made.id,
        rollback_message=f"Deployment {one.id} is being rolled back by deployment {made.id}.",
    )
    scope.put(one.id, one)
    notices.rolled_back(scope, one)
    return one


def _cannot(scope: Scope, one: Deployment, found: DeploymentGroup | None, good: Deployment | None) -> str:
    """Why there is nothing to roll back to; empty when there is."""
    if found is None:
        return "The deployment was not rolled back: its deployment group is gone."
    if one.platform != rules.SERVER:
        old = scope.get(Sides, one.id)
        if old is None or not (old.alias or old.blue):
            return "The deployment was not rolled back: there is no original side to go back to."
        return ""
    if good is None:
        return "The deployment was not rolled back: the deployment group has no previous successful revision."
    if one.platform == rules.SERVER and one.blue_green:
        if one.run is None or scope.get(Roster, one.id) is None or not _rerouted(one):
            return "No traffic had been rerouted: the original instances go on serving, and nothing was rolled back."
        if one.note:
            return "The deployment was not rolled back: its original instances are terminated."
    return ""


def _rerouted(one: Deployment) -> bool:
    """Whether a blue/green deployment had begun to send traffic to the green instances."""
    return one.run is not None and one.run.at > 0
