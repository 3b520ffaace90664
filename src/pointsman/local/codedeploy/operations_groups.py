"""CodeDeploy's answers about deployment groups."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import Parameters, answers
from pointsman.local.codedeploy import errors, groups, ids, shapes
from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.lookup import PAGE, application, busy_deployment, group
from pointsman.local.codedeploy.records import DeploymentGroup, Order
from pointsman.local.world import Scope


@answers("codedeploy", "CreateDeploymentGroup")
def create_deployment_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a deployment group."""
    home = application(scope, parameters.get("applicationName"))
    name = errors.name("DeploymentGroup", parameters.get("deploymentGroupName"))
    if not parameters.get("serviceRoleArn"):
        raise refused("RoleRequired", "The service role ARN is required")
    if scope.get(DeploymentGroup, f"{home.name}/{name}") is not None:
        raise refused("DeploymentGroupAlreadyExists", f"Deployment group name {name} already exists")
    tags = errors.tags(parameters.get("tags", []))
    settings = groups.settled(scope, home.platform, groups.own(parameters))
    made = DeploymentGroup(home.name, name, ids.uuid(scope), settings, tags)
    groups.check_services(scope, made)
    scope.put(made.key, made)
    return {"deploymentGroupId": made.id}


@answers("codedeploy", "GetDeploymentGroup")
def get_deployment_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One group."""
    home = application(scope, parameters.get("applicationName"))
    found = group(scope, home.name, parameters.get("deploymentGroupName"))
    return {"deploymentGroupInfo": shapes.group(found, home.platform)}


@answers("codedeploy", "BatchGetDeploymentGroups")
def batch_get_deployment_groups(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Groups of one application; those that are not there are named in errorMessage."""
    home = application(scope, parameters.get("applicationName"))
    names = errors.batch(parameters["deploymentGroupNames"], "DeploymentGroupNameRequired")
    found, missing = [], []
    for name in names:
        one = scope.get(DeploymentGroup, f"{home.name}/{errors.name('DeploymentGroup', name)}")
        if one is None:
            missing.append(name)
        else:
            found.append(shapes.group(one, home.platform))
    answer: dict[str, Any] = {"deploymentGroupsInfo": found}
    if missing:
        answer["errorMessage"] = f"No Deployment Group found for name: {', '.join(missing)}"
    return answer


@answers("codedeploy", "ListDeploymentGroups")
def list_deployment_groups(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Names of an application's groups."""
    home = application(scope, parameters.get("applicationName"))
    prefix, after = f"{home.name}/", errors.place(parameters.get("nextToken"))
    rows = scope.scan(DeploymentGroup, prefix, after=prefix + after if after else None, limit=PAGE + 1)
    names = [one.name for _, one in rows]
    return {
        "applicationName": home.name,
        **errors.page("deploymentGroups", names[:PAGE], len(names) > PAGE),
    }


@answers("codedeploy", "UpdateDeploymentGroup")
def update_deployment_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change what is given of a group; an empty list takes away, the rest stays."""
    home = application(scope, parameters.get("applicationName"))
    former = group(scope, home.name, parameters.get("currentDeploymentGroupName"))
    changes = groups.own(parameters)
    kept = {name: value for name, value in former.settings.items() if name not in groups.replaced_by(changes)}
    settings = groups.settled(scope, home.platform, {**kept, **changes})
    changed = replace(former, settings=settings)
    if new := parameters.get("newDeploymentGroupName"):
        changed = _renamed(scope, changed, errors.name("DeploymentGroup", new))
    groups.check_services(scope, changed)
    scope.put(changed.key, changed)
    return {}


def _renamed(scope: Scope, one: DeploymentGroup, name: str) -> DeploymentGroup:
    if name == one.name:
        return one
    renamed = replace(one, name=name)
    if scope.get(DeploymentGroup, renamed.key) is not None:
        raise refused("DeploymentGroupAlreadyExists", f"Deployment group name {name} already exists")
    if (running := busy_deployment(scope, one)) is not None:
        raise refused(
            "InvalidDeploymentGroupName",
            f"{one.name} cannot be renamed while its deployment {running} is in progress",
        )
    scope.delete(DeploymentGroup, one.key)
    for key, order in list(scope.scan(Order, f"{one.key}/")):
        scope.delete(Order, key)
        scope.put(f"{renamed.key}/{key.rpartition('/')[2]}", order)
    return renamed


@answers("codedeploy", "DeleteDeploymentGroup")
def delete_deployment_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a group; one that is not there is removed already. What was installed stays."""
    home = errors.name("Application", parameters.get("applicationName"))
    name = errors.name("DeploymentGroup", parameters.get("deploymentGroupName"))
    scope.delete(DeploymentGroup, f"{home}/{name}")
    return {"hooksNotCleanedUp": []}
