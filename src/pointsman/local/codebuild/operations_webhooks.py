"""CodeBuild's answers about webhooks."""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codebuild import webhooks
from pointsman.local.codebuild.projects import project_of
from pointsman.local.codebuild.records import CodeBuildProject
from pointsman.local.codebuild.settings import invalid
from pointsman.local.codebuild.webhooks import Webhook
from pointsman.local.world import Scope
from pointsman.semantics.webhooks import problem

_SECRET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@answers("codebuild", "CreateWebhook")
def create_webhook(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a project's webhook; what its repository has now starts nothing."""
    project = project_of(scope, parameters["projectName"])
    kind = project.settings["source"]["type"]
    if kind not in webhooks.TYPES:
        raise invalid(f"A project with a source of type {kind} has no webhook")
    if scope.get(Webhook, project.name) is not None:
        raise AwsError("ResourceAlreadyExistsException", f"Webhook already exists for the project {project.name}")
    hook = Webhook(
        project=project.name,
        secret=scope.world.letters(_SECRET, 32),
        modified=scope.now,
        groups=_groups(parameters),
        branch_filter=parameters.get("branchFilter", ""),
        build_type=_type(parameters.get("buildType", "BUILD"), project),
        manual=parameters.get("manualCreation", False),
        policy=parameters.get("pullRequestBuildPolicy", {}),
        scope=parameters.get("scopeConfiguration", {}),
    )
    scope.put(project.name, hook)
    webhooks.begin(scope, project)
    return {"webhook": webhooks.shape(scope, project, hook, told=hook.manual)}


@answers("codebuild", "UpdateWebhook")
def update_webhook(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change a project's webhook."""
    project, hook = _hook(scope, parameters["projectName"])
    changes: dict[str, Any] = {}
    if "filterGroups" in parameters:
        changes |= {"groups": _groups(parameters), "branch_filter": ""}
    if "branchFilter" in parameters:
        changes["branch_filter"] = parameters["branchFilter"]
    if "buildType" in parameters:
        changes["build_type"] = _type(parameters["buildType"], project)
    if "pullRequestBuildPolicy" in parameters:
        changes["policy"] = parameters["pullRequestBuildPolicy"]
    if parameters.get("rotateSecret"):
        changes |= {"secret": scope.world.letters(_SECRET, 32), "modified": scope.now}
    hook = msgspec.structs.replace(hook, **changes)
    scope.put(project.name, hook)
    return {"webhook": webhooks.shape(scope, project, hook, told=bool(parameters.get("rotateSecret")))}


@answers("codebuild", "DeleteWebhook")
def delete_webhook(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a project's webhook."""
    project, _ = _hook(scope, parameters["projectName"])
    webhooks.forget(scope, project.name)
    return {}


def _hook(scope: Scope, name: str) -> tuple[CodeBuildProject, Webhook]:
    project = project_of(scope, name)
    hook = scope.get(Webhook, project.name)
    if hook is None:
        raise AwsError("ResourceNotFoundException", f"Webhook cannot be found for the project {project.name}")
    return project, hook


def _groups(parameters: Parameters) -> list[list[dict[str, Any]]]:
    groups = [
        [{"excludeMatchedPattern": False, **one} for one in group] for group in parameters.get("filterGroups", [])
    ]
    if wrong := problem(webhooks.filters_of(groups)):
        raise invalid(f"Invalid filter groups: {wrong}")
    return groups


def _type(kind: str, project: CodeBuildProject) -> str:
    if kind == "RUNNER_BUILDKITE_BUILD":
        raise AwsError("NotImplemented", "Pointsman's backend has no Buildkite runners (RUNNER_BUILDKITE_BUILD)", 501)
    if kind == "BUILD_BATCH" and not project.settings.get("buildBatchConfig"):
        raise invalid(f"The project {project.name} has no buildBatchConfig, which a webhook of type BUILD_BATCH needs")
    return kind
