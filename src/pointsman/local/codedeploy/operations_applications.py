"""CodeDeploy's answers about applications, and tags of whatever has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import Parameters, answers
from pointsman.local.codedeploy import errors, ids, shapes
from pointsman.local.codedeploy.errors import refused
from pointsman.local.codedeploy.lookup import PAGE, application, busy_deployment, groups_of
from pointsman.local.codedeploy.records import DeployApplication, DeploymentGroup, Order, Revision
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules

Retag = Callable[[dict[str, str]], dict[str, str]]


@answers("codedeploy", "CreateApplication")
def create_application(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make an application."""
    name = errors.name("Application", parameters.get("applicationName"))
    platform = parameters.get("computePlatform", rules.SERVER)
    if platform not in (rules.SERVER, rules.LAMBDA, rules.ECS):
        raise refused("InvalidComputePlatform", f"The compute platform {platform} is not Server, Lambda or ECS")
    if scope.get(DeployApplication, name) is not None:
        raise refused("ApplicationAlreadyExists", f"Application {name} already exists")
    tags = errors.tags(parameters.get("tags", []))
    made = DeployApplication(name, ids.uuid(scope), platform, scope.now, tags)
    scope.put(name, made)
    return {"applicationId": made.id}


@answers("codedeploy", "GetApplication")
def get_application(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One application."""
    return {"application": shapes.application(application(scope, parameters.get("applicationName")))}


@answers("codedeploy", "BatchGetApplications")
def batch_get_applications(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Applications by name; AWS refuses the call when one of them is not there."""
    names = errors.batch(parameters["applicationNames"], "ApplicationNameRequired")
    return {"applicationsInfo": [shapes.application(application(scope, name)) for name in names]}


@answers("codedeploy", "ListApplications")
def list_applications(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Application names."""
    after = errors.place(parameters.get("nextToken"))
    names = [name for name, _ in scope.scan(DeployApplication, after=after, limit=PAGE + 1)]
    return errors.page("applications", names[:PAGE], len(names) > PAGE)


@answers("codedeploy", "UpdateApplication")
def update_application(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Give an application another name; its groups, revisions and deployments go with it."""
    former = application(scope, parameters.get("applicationName"))
    if not parameters.get("newApplicationName"):
        return {}
    name = errors.name("Application", parameters["newApplicationName"])
    if name == former.name:
        return {}
    if scope.get(DeployApplication, name) is not None:
        raise refused("ApplicationAlreadyExists", f"Application {name} already exists")
    for group in groups_of(scope, former.name):
        if (running := busy_deployment(scope, group)) is not None:
            raise refused(
                "InvalidApplicationName",
                f"{former.name} cannot be renamed while its deployment {running} is in progress",
            )
    scope.delete(DeployApplication, former.name)
    scope.put(name, replace(former, name=name))
    for group in groups_of(scope, former.name):
        scope.delete(DeploymentGroup, group.key)
        moved = replace(group, application=name)
        scope.put(moved.key, moved)
    for key, revision in list(scope.scan(Revision, f"{former.name}/")):
        scope.delete(Revision, key)
        scope.put(f"{name}/{key.partition('/')[2]}", replace(revision, application=name))
    for key, order in list(scope.scan(Order, f"{former.name}/")):
        scope.delete(Order, key)
        scope.put(f"{name}/{key.partition('/')[2]}", order)
    return {}


@answers("codedeploy", "DeleteApplication")
def delete_application(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove an application, its groups and its revisions; one that is not there is removed already."""
    name = errors.name("Application", parameters.get("applicationName"))
    for group in groups_of(scope, name):
        scope.delete(DeploymentGroup, group.key)
    for key, _ in list(scope.scan(Revision, f"{name}/")):
        scope.delete(Revision, key)
    scope.delete(DeployApplication, name)
    return {}


# -- tags -----------------------------------------------------------------------------------------------------------


@answers("codedeploy", "ListTagsForResource")
def list_tags(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The tags of an application or a group."""
    return {"Tags": shapes.tag_list(_tagged(scope, parameters.get("ResourceArn"), None))}


@answers("codedeploy", "TagResource")
def tag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add or replace tags."""
    if not parameters["Tags"]:
        raise refused("TagRequired", "A tag is required")
    added = errors.tags(parameters["Tags"])
    _tagged(scope, parameters.get("ResourceArn"), lambda tags: {**tags, **added})
    return {}


@answers("codedeploy", "UntagResource")
def untag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take tags away."""
    if not parameters["TagKeys"]:
        raise refused("TagRequired", "A tag key is required")
    gone = set(parameters["TagKeys"])
    change: Retag = lambda tags: {key: value for key, value in tags.items() if key not in gone}  # noqa: E731
    _tagged(scope, parameters.get("ResourceArn"), change)
    return {}


def _tagged(scope: Scope, arn: str | None, change: Retag | None) -> dict[str, str]:
    """The tags of what an ARN names, changed first when that is wanted."""
    if not arn:
        raise refused("ResourceArnRequired", "The ARN of a resource is required")
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[:3] != ["arn", "aws", "codedeploy"] or parts[4] != scope.account:
        raise refused("InvalidArn", f"The ARN {arn} is not one of CodeDeploy's in this account")
    scope = scope.world.scope(scope.account, parts[3])
    kind, name = parts[5], parts[6]
    if kind == "application":
        one = application(scope, name)
        if change is not None:
            one = replace(one, tags=change(one.tags))
            scope.put(one.name, one)
        return one.tags
    if kind == "deploymentgroup":
        group = scope.get(DeploymentGroup, name)
        if group is None:
            raise refused("DeploymentGroupDoesNotExist", f"No Deployment Group found for name: {name}")
        if change is not None:
            group = replace(group, tags=change(group.tags))
            scope.put(group.key, group)
        return group.tags
    raise refused("ArnNotSupported", f"Resources of the kind {kind} have no tags")
