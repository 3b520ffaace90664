"""What a project may say, and what a build makes of it with the overrides of its start. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any

from pointsman.local.answers import AwsError
from pointsman.local.codebuild.records import EnvironmentVariable, StartRequest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,149}")
TIMEOUT = 60
QUEUED_TIMEOUT = 480

_RANGES = {"timeoutInMinutes": (5, 2160), "queuedTimeoutInMinutes": (5, 480)}
_INTO_SOURCE = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "sourceAuthOverride": "auth",
    "gitCloneDepthOverride": "gitCloneDepth",
    "gitSubmodulesConfigOverride": "gitSubmodulesConfig",
    "insecureSslOverride": "insecureSsl",
    "reportBuildStatusOverride": "reportBuildStatus",
    "reportBuildBatchStatusOverride": "reportBuildStatus",
    "buildStatusConfigOverride": "buildStatusConfig",
}
_INTO_ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "certificateOverride": "certificate",
    "privilegedModeOverride": "privilegedMode",
    "registryCredentialOverride": "registryCredential",
    "imagePullCredentialsTypeOverride": "imagePullCredentialsType",
    "fleetOverride": "fleet",
    "hostKernelOverride": "hostKernel",
}
_WHOLE = {
    "secondarySourcesOverride": "secondarySources",
    "secondarySourcesVersionOverride": "secondarySourceVersions",
    "artifactsOverride": "artifacts",
    "secondaryArtifactsOverride": "secondaryArtifacts",
    "cacheOverride": "cache",
    "serviceRoleOverride": "serviceRole",
    "timeoutInMinutesOverride": "timeoutInMinutes",
    "queuedTimeoutInMinutesOverride": "queuedTimeoutInMinutes",
    "encryptionKeyOverride": "encryptionKey",
    "logsConfigOverride": "logsConfig",
    "autoRetryLimitOverride": "autoRetryLimit",
    "buildTimeoutInMinutesOverride": "timeoutInMinutes",
    "buildBatchConfigOverride": "buildBatchConfig",
}


def invalid(message: str) -> AwsError:
    """The error every wrong setting is answered with."""
    return AwsError("InvalidInputException", message)


def check(name: str, settings: dict[str, Any]) -> None:
    """Refuse what CodeBuild refuses of a project.

    Raises:
        AwsError: InvalidInputException.
    """
    if not NAME.fullmatch(name):
        raise invalid(f"Invalid project name: {name}. It must match {NAME.pattern}")
    source, artifacts = settings["source"], settings["artifacts"]
    for one in [source, *settings.get("secondarySources", [])]:
        _check_source(one)
    for one in settings.get("secondarySources", []):
        if not one.get("sourceIdentifier"):
            raise invalid("Secondary sources must have a sourceIdentifier")
    for one in settings.get("secondaryArtifacts", []):
        if not one.get("artifactIdentifier"):
            raise invalid("Secondary artifacts must have an artifactIdentifier")
    if (source["type"] == "CODEPIPELINE") != (artifacts["type"] == "CODEPIPELINE"):
        raise invalid("Invalid artifacts: artifact type CODEPIPELINE and source type CODEPIPELINE go together")
    for one in [artifacts, *settings.get("secondaryArtifacts", [])]:
        if one["type"] == "S3" and not one.get("location"):
            raise invalid("Invalid artifacts: location must be set for the artifact type S3")
    check_minutes(settings)
    check_names(one["name"] for one in settings.get("environment", {}).get("environmentVariables", []))


def _check_source(source: dict[str, Any]) -> None:
    kind, location = source["type"], source.get("location")
    if kind == "NO_SOURCE":
        if location:
            raise invalid("Invalid project source: location must be empty for source type NO_SOURCE")
        if "sourceIdentifier" not in source and not source.get("buildspec"):
            raise invalid("Invalid project source: buildspec must be set for source type NO_SOURCE")
    elif kind != "CODEPIPELINE" and not location:
        raise invalid(f"Invalid project source: location must be set for source type {kind}")
    if kind == "S3" and "/" not in str(location):
        raise invalid("Invalid project source: location must be bucket/key for source type S3")


def check_minutes(settings: dict[str, Any]) -> None:
    """Refuse time-outs out of range."""
    for name, (least, most) in _RANGES.items():
        value = settings.get(name)
        if value is not None and not least <= value <= most:
            raise invalid(f"Invalid {name}: {value}. It must be from {least} to {most}")


def check_names(names: Iterable[str]) -> None:
    """Refuse names that CodeBuild keeps for itself."""
    for name in names:
        if name.startswith("CODEBUILD_"):
            raise invalid(f"Invalid environment variable name: {name}. Names that begin with CODEBUILD_ are reserved")


def effective(project: dict[str, Any], request: StartRequest) -> dict[str, Any]:
    """A project's settings with the overrides of a start in place.

    Raises:
        AwsError: InvalidInputException.
    """
    settings = copy.deepcopy(project)
    source = settings.setdefault("source", {})
    environment = settings.setdefault("environment", {})
    for name, value in request.overrides.items():
        if name in _INTO_SOURCE:
            source[_INTO_SOURCE[name]] = value
        elif name in _INTO_ENVIRONMENT:
            environment[_INTO_ENVIRONMENT[name]] = value
        elif name in _WHOLE:
            settings[_WHOLE[name]] = value
    if request.buildspec_override is not None:
        source["buildspec"] = request.buildspec_override
    if request.source_version is not None:
        settings["sourceVersion"] = request.source_version
    environment["environmentVariables"] = _merged(environment.get("environmentVariables", []), request.environment)
    settings.setdefault("timeoutInMinutes", TIMEOUT)
    settings.setdefault("queuedTimeoutInMinutes", QUEUED_TIMEOUT)
    check_minutes(settings)
    check_names(variable.name for variable in request.environment)
    return settings


def _merged(project: list[dict[str, Any]], start: list[EnvironmentVariable]) -> list[dict[str, Any]]:
    found = {one["name"]: {"type": "PLAINTEXT", **one} for one in project}
    found |= {one.name: {"name": one.name, "value": one.value, "type": one.type} for one in start}
    return list(found.values())


def log_place(settings: dict[str, Any], project: str, uuid: str) -> tuple[str, str]:
    """Log group and stream of a build; empty when CloudWatch Logs are disabled."""
    config = settings.get("logsConfig", {}).get("cloudWatchLogs", {})
    if config.get("status") == "DISABLED":
        return "", ""
    prefix = config.get("streamName", "")
    return config.get("groupName") or f"/aws/codebuild/{project}", f"{prefix}/{uuid}" if prefix else uuid
