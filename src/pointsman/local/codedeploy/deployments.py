"""Deployments, for other engines and for the answers: to create one, and what of it is kept where."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from pointsman.local.codedeploy import groups, ids, locations, notices
from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.lookup import application, busy_deployment, config, group
from pointsman.local.codedeploy.machine import Run, Target
from pointsman.local.codedeploy.operations_revisions import register
from pointsman.local.codedeploy.records import (
    Busy,
    Deployment,
    DeploymentGroup,
    LastDeployment,
    Order,
    Revision,
    Shape,
)
from pointsman.local.codedeploy.shapes import overview
from pointsman.local.codedeploy.watch import ROLLBACK
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules

BEGIN: Final = "codedeploy.begin"

REQUEST: Final = (
    "description",
    "ignoreApplicationStopFailures",
    "targetInstances",
    "updateOutdatedInstancesOnly",
    "fileExistsBehavior",
    "deploymentMode",
    "overrideAlarmConfiguration",
    "ec2DeploymentOptions",
)


def get(scope: Scope, deployment_id: str) -> Deployment | None:
    """A deployment by its id."""
    return scope.get(Deployment, deployment_id)


def create(scope: Scope, parameters: Shape, *, external_id: str = "") -> Deployment:
    """Create a deployment, as CreateDeployment does; it begins at once.

    Args:
        scope: Where.
        parameters: In AWS's shape.
        external_id: Whose deployment it is, when not a person's: a pipeline execution.

    Raises:
        AwsError: CodeDeploy's refusal.
    """
    home = application(scope, parameters.get("applicationName"))
    found = group(scope, home.name, parameters.get("deploymentGroupName"))
    request = {name: parameters[name] for name in REQUEST if parameters.get(name) is not None}
    settings = dict(found.settings)
    _check(home.platform, settings, request)
    name = parameters.get("deploymentConfigName") or settings["deploymentConfigName"]
    chosen = config(scope, name)
    if chosen.platform != home.platform:
        raise refused(
            "InvalidDeploymentConfigName",
            f"The deployment configuration {name} is for the compute platform {chosen.platform}, not {home.platform}",
        )
    if (override := parameters.get("autoRollbackConfiguration")) is not None:
        groups.check_rollback(override)
        settings["autoRollbackConfiguration"] = override
    revision = _revision(scope, home.platform, found, parameters, request)
    if (running := busy_deployment(scope, found)) is not None:
        raise refused(
            "DeploymentLimitExceeded",
            f"The Deployment Group '{found.name}' already has an active Deployment '{running}'",
        )
    return keep(scope, found, home.platform, revision, name, settings, request, "user", external_id=external_id)


def _check(platform: str, settings: Shape, request: Shape) -> None:
    if len(request.get("description", "")) > 256:
        raise refused("DescriptionTooLong", "A description has at most 256 characters")
    behavior = request.get("fileExistsBehavior", "DISALLOW")
    if behavior not in ("DISALLOW", "OVERWRITE", "RETAIN"):
        raise refused(
            "InvalidFileExistsBehavior", f"fileExistsBehavior is DISALLOW, OVERWRITE or RETAIN, not {behavior}"
        )
    server = platform == rules.SERVER
    if not server and request.get("updateOutdatedInstancesOnly"):
        raise refused(
            "InvalidUpdateOutdatedInstancesOnlyValue", f"A {platform} deployment cannot be for some instances"
        )
    if not server and request.get("ignoreApplicationStopFailures"):
        raise refused("InvalidIgnoreApplicationStopFailuresValue", f"A {platform} deployment stops no application")
    groups.check_alarms(request.get("overrideAlarmConfiguration"))
    blue_green = settings["deploymentStyle"]["deploymentType"] == "BLUE_GREEN"
    if request.get("targetInstances") and not (server and blue_green):
        raise refused("InvalidTargetInstances", "targetInstances belong to a blue/green deployment to servers")
    if request.get("deploymentMode") == "RESTART":
        if not server or blue_green:
            raise refused("InvalidInput", "deploymentMode RESTART is for in-place deployments to servers")
        if request.get("updateOutdatedInstancesOnly"):
            raise refused("InvalidInput", "deploymentMode RESTART and updateOutdatedInstancesOnly exclude each other")


def _revision(scope: Scope, platform: str, found: DeploymentGroup, parameters: Shape, request: Shape) -> Shape:
    given = parameters.get("revision")
    if request.get("deploymentMode") == "RESTART":
        last = found.last_successful
        before = scope.get(Deployment, last.id) if last else None
        if given:
            raise refused("InvalidInput", "deploymentMode RESTART takes the revision that was deployed last; give none")
        if before is None or before.revision is None:
            raise refused("RevisionDoesNotExist", f"The deployment group {found.name} has no successful deployment yet")
        return before.revision
    if not given and found.revision is not None:
        return found.revision
    return locations.check(given, platform)


def keep(
    scope: Scope,
    found: DeploymentGroup,
    platform: str,
    revision: Shape,
    config_name: str,
    settings: Shape,
    request: Shape,
    creator: str,
    **more: Any,
) -> Deployment:
    """Write a new deployment down, and have it begin."""
    number = scope.next_number("codedeploy.deployments")
    previous = scope.get(Deployment, found.last_successful.id) if found.last_successful else None
    one = Deployment(
        id=ids.deployment(scope),
        number=number,
        application=found.application,
        group=found.name,
        group_id=found.id,
        config=config_name,
        platform=platform,
        creator=creator,
        created=scope.now,
        revision=revision,
        previous_revision=previous.revision if previous else None,
        request=request,
        settings=settings,
        **more,
    )
    scope.put(one.id, one)
    scope.put(f"*/{number:09d}", Order(one.id))
    scope.put(f"{found.key}/{number:09d}", Order(one.id))
    if one.external_id:
        scope.put(f"{one.external_id}//{number:09d}", Order(one.id))
    scope.put(one.id, Busy(found.key))
    registered = register(scope, found.application, revision)
    key = f"{found.application}/{locations.digest(revision)}"
    scope.put(key, replace(registered, first_used=registered.first_used or scope.now, last_used=scope.now))
    _retarget(scope, found, revision)
    attempt = LastDeployment(one.id, one.status, one.created)
    scope.put(found.key, replace(found, revision=revision, last_attempted=attempt))
    scope.after(0, BEGIN, {"deployment": one.id}, key=f"{BEGIN}/{one.id}")
    return one


def _retarget(scope: Scope, found: DeploymentGroup, revision: Shape) -> None:
    """The revision becomes the group's target revision, in place of the one that was."""
    for location, wanted in ((found.revision, False), (revision, True)):
        if location is None:
            continue
        key = f"{found.application}/{locations.digest(location)}"
        one = scope.get(Revision, key)
        if one is not None and (found.name in one.groups) != wanted:
            names = {*one.groups, found.name} if wanted else {*one.groups} - {found.name}
            scope.put(key, replace(one, groups=tuple(sorted(names))))


def put_target(scope: Scope, deployment_id: str, before: Target | None, after: Target) -> Deployment:
    """Write a target down, and count it in its deployment; tells of a status that is another."""
    scope.put(f"{deployment_id}/{after.id}", after)
    one = scope.get(Deployment, deployment_id)
    assert one is not None
    former = before.status if before else ""
    if former != after.status:
        one = replace(one, overview=overview(one.overview, former, after.status))
        scope.put(one.id, one)
        notices.target(scope, one, after)
    return one


def put_run(scope: Scope, one: Deployment, run: Run) -> Deployment:
    """Write down where a deployment's run stands, and its status with it."""
    changed = replace(one, run=run)
    if not one.over:
        changed = replace(changed, status=run.status)
    scope.put(one.id, changed)
    return changed


def is_rollback(one: Deployment) -> bool:
    """Whether a deployment takes another one back."""
    return one.creator == ROLLBACK
