"""Records in AWS's shapes: what the answers give back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pointsman.local.codebuild import badges
from pointsman.local.codebuild.batch_machine import BatchPhase
from pointsman.local.codebuild.machine import Phase
from pointsman.local.codebuild.records import Build, BuildArtifact, CodeBuildProject
from pointsman.local.world import Scope

_ARTIFACT_FLAGS = ("overrideArtifactName", "encryptionDisabled", "bucketOwnerAccess")
_FROM_SETTINGS = (
    "secondarySources",
    "secondarySourceVersions",
    "cache",
    "environment",
    "serviceRole",
    "timeoutInMinutes",
    "queuedTimeoutInMinutes",
    "vpcConfig",
    "encryptionKey",
    "fileSystemLocations",
)


def project_shape(scope: Scope, project: CodeBuildProject, webhook: dict[str, Any] | None = None) -> dict[str, Any]:
    """A project as BatchGetProjects gives it, with its webhook in AWS's shape."""
    settings = dict(project.settings)
    badge: dict[str, Any] = {"badgeEnabled": settings.pop("badgeEnabled", False)}
    if badge["badgeEnabled"]:
        badge["badgeRequestUrl"] = badges.url(scope, project)
    return {
        "name": project.name,
        "arn": project.arn,
        "created": project.created,
        "lastModified": project.modified,
        "badge": badge,
        "projectVisibility": "PRIVATE",
        **settings,
        **({"webhook": webhook} if webhook is not None else {}),
    }


def build_shape(scope: Scope, build: Build) -> dict[str, Any]:
    """A build as BatchGetBuilds gives it."""
    settings = build.settings
    shape: dict[str, Any] = {
        "id": build.id,
        "arn": build.arn,
        "buildNumber": build.number,
        "startTime": build.started,
        "currentPhase": build.progress.phase,
        "buildStatus": build.status,
        "projectName": build.project,
        "phases": [phase_shape(phase) for phase in build.phases],
        "source": settings["source"],
        "artifacts": _artifact(settings.get("artifacts", {}), build, ""),
        "logs": logs_shape(scope, build),
        "buildComplete": build.complete,
        "initiator": build.request.initiator,
        "exportedEnvironmentVariables": [{"name": name, "value": value} for name, value in build.exported],
    }
    shape |= {name: settings[name] for name in _FROM_SETTINGS if name in settings}
    if secondary := settings.get("secondaryArtifacts"):
        shape["secondaryArtifacts"] = [_artifact(one, build, one.get("artifactIdentifier", "")) for one in secondary]
    if build.ended is not None:
        shape["endTime"] = build.ended
    if version := settings.get("sourceVersion"):
        shape["sourceVersion"] = version
    if limit := settings.get("autoRetryLimit"):
        shape["autoRetryConfig"] = _auto_retry(scope, build, limit)
    if build.reports:
        shape["reportArns"] = build.reports
    if build.request.batch:
        shape["buildBatchArn"] = build.request.batch
    if build.resolved_version:
        shape["resolvedSourceVersion"] = build.resolved_version
    return shape


def _auto_retry(scope: Scope, build: Build, limit: int) -> dict[str, Any]:
    shape: dict[str, Any] = {"autoRetryLimit": limit, "autoRetryNumber": build.auto_retry}
    if build.next_auto_retry:
        shape["nextAutoRetry"] = build.next_auto_retry
    if build.auto_retry:
        shape["previousAutoRetry"] = scope.arn("codebuild", f"build/{build.retry_of}")
    return shape


def phase_shape(phase: Phase | BatchPhase) -> dict[str, Any]:
    """A phase of a build or of a batch."""
    shape: dict[str, Any] = {"phaseType": phase.type, "startTime": phase.start}
    if phase.end is not None:
        shape["endTime"] = phase.end
        shape["durationInSeconds"] = int((phase.end - phase.start).total_seconds())
    if phase.status:
        shape["phaseStatus"] = phase.status
        shape["contexts"] = [{"statusCode": one.code, "message": one.message} for one in phase.contexts]
    return shape


def _artifact(goal: dict[str, Any], build: Build, identifier: str) -> dict[str, Any]:
    shape = {name: goal[name] for name in _ARTIFACT_FLAGS if name in goal}
    if identifier:
        shape["artifactIdentifier"] = identifier
    brought = next((one for one in build.artifacts if one.identifier == identifier), BuildArtifact())
    shape["location"] = brought.location or artifact_location(goal)
    if brought.md5:
        shape |= {"md5sum": brought.md5, "sha256sum": brought.sha256}
    return shape


def artifact_location(goal: dict[str, Any]) -> str:
    """Where an artifact goes, before it has come there."""
    location = goal.get("location", "")
    return f"arn:aws:s3:::{location}" if location and not location.startswith("arn:") else location


def logs_shape(scope: Scope, build: Build) -> dict[str, Any]:
    """Where a build's log is."""
    if not build.log_group:
        return {"cloudWatchLogs": {"status": "DISABLED"}}
    group, stream = build.log_group, build.log_stream
    config = build.settings.get("logsConfig", {}).get("cloudWatchLogs", {})
    console = f"https://console.aws.amazon.com/cloudwatch/home?region={scope.region}#logsV2:log-groups/log-group"
    return {
        "groupName": group,
        "streamName": stream,
        "deepLink": f"{console}/{quote(quote(group, safe=''), safe='').replace('%', '$')}"
        f"/log-events/{quote(quote(stream, safe=''), safe='').replace('%', '$')}",
        "cloudWatchLogsArn": scope.arn("logs", f"log-group:{group}:log-stream:{stream}"),
        "cloudWatchLogs": {"status": "ENABLED", **config},
    }
