"""CodeBuild's answers: projects, and builds."""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codebuild import builds, caches, fleets, images, starting, webhooks
from pointsman.local.codebuild.paging import ordered, paged, some
from pointsman.local.codebuild.projects import name_of, project_of
from pointsman.local.codebuild.records import (
    Build,
    BuildOrder,
    CodeBuildProject,
)
from pointsman.local.codebuild.settings import QUEUED_TIMEOUT, TIMEOUT, check, invalid
from pointsman.local.codebuild.shapes import build_shape, project_shape
from pointsman.local.events import ways
from pointsman.local.events.ways import Given
from pointsman.local.world import Scope

# -- projects -------------------------------------------------------------------------------------------------------


@answers("codebuild", "CreateProject")
def createproject_of(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a project."""
    name = parameters.pop("name")
    settings = {
        "timeoutInMinutes": TIMEOUT,
        "queuedTimeoutInMinutes": QUEUED_TIMEOUT,
        "encryptionKey": scope.arn("kms", "alias/aws/s3"),
        "cache": {"type": "NO_CACHE"},
        **_settled(name, parameters),
    }
    check(name, settings)
    fleets.check(scope, settings)
    if scope.get(CodeBuildProject, name) is not None:
        arn = scope.arn("codebuild", f"project/{name}")
        raise AwsError("ResourceAlreadyExistsException", f"Project already exists: {arn}")
    project = CodeBuildProject(name, scope.arn("codebuild", f"project/{name}"), scope.now, scope.now, settings)
    scope.put(name, project)
    return {"project": project_shape(scope, project, webhooks.shape_of(scope, project.name))}


@answers("codebuild", "UpdateProject")
def updateproject_of(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change what is given of a project; the rest stays."""
    name = parameters.pop("name")
    project = project_of(scope, name)
    settings = {**project.settings, **_settled(name, parameters)}
    check(name, settings)
    fleets.check(scope, settings)
    project = msgspec.structs.replace(project, settings=settings, modified=scope.now)
    scope.put(name, project)
    return {"project": project_shape(scope, project, webhooks.shape_of(scope, project.name))}


@answers("codebuild", "DeleteProject")
def deleteproject_of(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a project; its builds stay. One that is not there is removed already."""
    name = name_of(parameters["name"])
    scope.delete(CodeBuildProject, name)
    webhooks.forget(scope, name)
    caches.invalidate(scope, name)
    return {}


@answers("codebuild", "BatchGetProjects")
def batch_get_projects(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Projects by name or ARN."""
    found, missing = [], []
    for name in dict.fromkeys(some(parameters["names"])):
        project = scope.get(CodeBuildProject, name_of(name))
        if project is None:
            missing.append(name)
        else:
            found.append(project_shape(scope, project, webhooks.shape_of(scope, project.name)))
    return {"projects": found, "projectsNotFound": missing}


@answers("codebuild", "ListProjects")
def list_projects(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Project names."""
    order = parameters.get("sortBy", "NAME")
    projects = [project for _, project in scope.scan(CodeBuildProject)]
    if order != "NAME":
        projects.sort(key=lambda one: (one.created if order == "CREATED_TIME" else one.modified, one.name))
    if parameters.get("sortOrder") == "DESCENDING":
        projects.reverse()
    return paged([project.name for project in projects], parameters, "projects")


@answers("codebuild", "InvalidateProjectCache")
def invalidate_project_cache(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Throw a project's cache away."""
    caches.invalidate(scope, project_of(scope, parameters["projectName"]).name)
    return {}


@answers("codebuild", "UpdateProjectVisibility")
def update_project_visibility(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep who may see a project's builds; here, nobody else can anyway."""
    project = project_of(scope, parameters["projectArn"])
    visibility = parameters["projectVisibility"]
    settings = {**project.settings, "projectVisibility": visibility}
    if visibility == "PUBLIC_READ":
        settings.setdefault("publicProjectAlias", scope.world.hex(32))
    if role := parameters.get("resourceAccessRole"):
        settings["resourceAccessRole"] = role
    scope.put(project.name, msgspec.structs.replace(project, settings=settings, modified=scope.now))
    answer = {"projectArn": project.arn, "projectVisibility": visibility}
    return {**answer, **({"publicProjectAlias": alias} if (alias := settings.get("publicProjectAlias")) else {})}


@answers("codebuild", "ListCuratedEnvironmentImages")
def list_curated_environment_images(_: Scope, __: Parameters) -> dict[str, Any]:
    """The images CodeBuild offers."""
    return {"platforms": images.platforms()}


def _settled(name: str, parameters: Parameters) -> dict[str, Any]:
    """Given settings with what CodeBuild fills in."""
    settings = dict(parameters)
    for key in ("artifacts", "secondaryArtifacts"):
        goals = [settings[key]] if key == "artifacts" and key in settings else settings.get(key, [])
        for goal in goals:
            if goal["type"] == "S3":
                goal.setdefault("name", name)
                goal.setdefault("packaging", "NONE")
                goal.setdefault("namespaceType", "NONE")
    for variable in settings.get("environment", {}).get("environmentVariables", []):
        variable.setdefault("type", "PLAINTEXT")
    return settings


# -- builds ---------------------------------------------------------------------------------------------------------


@answers("codebuild", "StartBuild")
def start_build(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Start a build."""
    request = starting.request_of(parameters)
    build = builds.start(scope, request, token=parameters.get("idempotencyToken", ""))
    return {"build": build_shape(scope, build)}


def from_rule(scope: Scope, arn: str, given: Given) -> None:
    """A rule of EventBridge has this project for a target; what it gives may say what differs in the build.

    Raises:
        AwsError: As StartBuild does.
    """
    project = arn.split(":", 5)[5].removeprefix("project/")
    parameters = ways.parameters(given, "codebuild", "StartBuild", projectName=project)
    request = msgspec.structs.replace(starting.request_of(parameters), initiator=f"rule/{given.rule}")
    builds.start(scope, request)


@answers("codebuild", "StopBuild")
def stop_build(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Stop a build; one that has ended is given back unchanged."""
    return {"build": build_shape(scope, builds.stop(scope, parameters["id"]))}


@answers("codebuild", "RetryBuild")
def retry_build(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Start a build like one that has been."""
    if "id" not in parameters:
        raise invalid("The id of the build to retry is missing")
    build = builds.retry(scope, parameters["id"], token=parameters.get("idempotencyToken", ""))
    return {"build": build_shape(scope, build)}


@answers("codebuild", "BatchGetBuilds")
def batch_get_builds(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Builds by id or ARN."""
    found, missing = [], []
    for build_id in dict.fromkeys(some(parameters["ids"])):
        build = builds.get(scope, build_id)
        if build is None:
            missing.append(build_id)
        else:
            found.append(build_shape(scope, build))
    return {"builds": found, "buildsNotFound": missing}


@answers("codebuild", "BatchDeleteBuilds")
def batch_delete_builds(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove builds that have ended; a running one is named with why it stays."""
    deleted: list[str] = []
    kept: list[dict[str, str]] = []
    for build_id in dict.fromkeys(some(parameters["ids"])):
        build = builds.get(scope, build_id)
        if build is None:
            continue
        if not build.complete:
            kept.append({"id": build_id, "statusCode": "BUILD_IN_PROGRESS"})
            continue
        delete_build(scope, build)
        deleted.append(build.arn)
    return {"buildsDeleted": deleted, "buildsNotDeleted": kept}


def delete_build(scope: Scope, build: Build) -> None:
    """Forget a build."""
    scope.delete(Build, build.id)
    scope.delete(BuildOrder, f"{build.project}/{build.number:09d}")


@answers("codebuild", "ListBuilds")
def list_builds(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Build ids of every project, newest first unless told otherwise."""
    return _listed(scope, "*/", parameters)


@answers("codebuild", "ListBuildsForProject")
def list_builds_forproject_of(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Build ids of one project, by build number, newest first unless told otherwise."""
    project = project_of(scope, parameters["projectName"])
    return _listed(scope, f"{project.name}/", parameters)


def _listed(scope: Scope, prefix: str, parameters: Parameters) -> dict[str, Any]:
    """Builds in order, those that were deleted left out."""

    def standing(order: BuildOrder) -> str | None:
        return order.build_id if scope.get(Build, order.build_id) is not None else None

    return ordered(scope, BuildOrder, prefix, parameters, "ids", standing)
