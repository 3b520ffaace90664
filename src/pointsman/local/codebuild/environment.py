"""The environment of a build: CodeBuild's own variables, the user's in their order of precedence, and the secrets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from pointsman.local.codebuild import image_tools
from pointsman.local.codebuild.buildspec import Buildspec
from pointsman.local.codebuild.machine import Context
from pointsman.local.codebuild.records import Build, EnvironmentVariable
from pointsman.local.secretsmanager import secrets
from pointsman.local.ssm import parameters
from pointsman.local.world import Scope


class Unresolved(Exception):
    """A variable has no value; carries the context DOWNLOAD_SOURCE fails with."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.message)
        self.context = context


class Variables(msgspec.Struct, frozen=True):
    """Resolved variables."""

    values: dict[str, str]
    secrets: tuple[str, ...]
    """Values that logs must not show."""
    hidden: frozenset[str]
    """Names whose values are secrets and so cannot be exported."""


def variables_of(settings: dict[str, Any]) -> list[EnvironmentVariable]:
    """The variables of a project or build in AWS's shape."""
    return [
        EnvironmentVariable(one["name"], one["value"], one.get("type", "PLAINTEXT"))
        for one in settings.get("environment", {}).get("environmentVariables", [])
    ]


def declared(spec: Buildspec, given: Iterable[EnvironmentVariable]) -> list[EnvironmentVariable]:
    """Every variable once: the buildspec's, and over them those given by the project and the start."""
    found = {name: EnvironmentVariable(name, value) for name, value in spec.variables}
    found |= {name: EnvironmentVariable(name, value, "PARAMETER_STORE") for name, value in spec.parameters}
    found |= {name: EnvironmentVariable(name, value, "SECRETS_MANAGER") for name, value in spec.secrets}
    found |= {variable.name: variable for variable in given}
    return list(found.values())


def resolve(scope: Scope, variables: Iterable[EnvironmentVariable]) -> Variables:
    """Look up what is kept in the parameter store and in Secrets Manager.

    Raises:
        Unresolved: A parameter, a secret or its key is not there.
    """
    values: dict[str, str] = {}
    hidden: dict[str, str] = {}
    for variable in variables:
        if variable.type == "PLAINTEXT":
            values[variable.name] = variable.value
        else:
            found = _parameter(scope, variable) if variable.type == "PARAMETER_STORE" else _secret(scope, variable)
            values[variable.name] = hidden[variable.name] = found
    return Variables(values, tuple(hidden.values()), frozenset(hidden))


def _parameter(scope: Scope, variable: EnvironmentVariable) -> str:
    value = parameters.value(scope, variable.value)
    if value is None:
        message = f"Parameter does not exist: {variable.value} (for the variable {variable.name})"
        raise Unresolved(Context("Decrypted Variables Error", message))
    return value


def secret_parts(reference: str) -> tuple[str, str, str, str]:
    """``secret-id:json-key:version-stage:version-id`` in its parts; an ARN's own colons belong to the id."""
    head, tail = "", reference
    if reference.startswith("arn:"):
        pieces = reference.split(":")
        head, tail = ":".join(pieces[:6]) + ":", ":".join(pieces[6:])
    first, key, stage, version = [*tail.split(":"), "", "", ""][:4]
    return head + first, key, stage, version


def _secret(scope: Scope, variable: EnvironmentVariable) -> str:
    secret_id, key, stage, version = secret_parts(variable.value)
    try:
        value = secrets.value(scope, secret_id, key, stage, version)
    except LookupError as error:
        told = str(error.args[0]) if error.args else variable.value
        context = Context("Secrets Manager Error Message", f"{told} (for the variable {variable.name})")
        raise Unresolved(context) from None
    if value is None:
        message = f"Secrets Manager can't find the specified secret: {secret_id} (for the variable {variable.name})"
        raise Unresolved(Context("Secrets Manager Error Message", message))
    return value


def own_variables(scope: Scope, build: Build, directory: Path, secondary: dict[str, Path]) -> dict[str, str]:
    """The variables CodeBuild itself gives a build.

    Args:
        scope: Where the build runs.
        build: The build.
        directory: Where its primary source is.
        secondary: Secondary sources by identifier.
    """
    settings = build.settings
    source = settings.get("source", {})
    found = {
        "AWS_DEFAULT_REGION": scope.region,
        "AWS_REGION": scope.region,
        "CI": "true",
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_IMAGE": settings.get("environment", {}).get("image", ""),
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_BUILD_URL": build_url(scope.region, scope.account, build),
        "CODEBUILD_INITIATOR": build.request.initiator,
        "CODEBUILD_KMS_KEY_ID": settings.get("encryptionKey", ""),
        "CODEBUILD_LOG_PATH": build.log_stream,
        "CODEBUILD_PROJECT_ARN": scope.arn("codebuild", f"project/{build.project}"),
        "CODEBUILD_SOURCE_REPO_URL": _url(source),
        "CODEBUILD_SRC_DIR": str(directory),
        "CODEBUILD_START_TIME": str(int(build.started.timestamp() * 1000)),
    }
    if version := settings.get("sourceVersion", ""):
        found["CODEBUILD_SOURCE_VERSION"] = version
    if build.resolved_version and source.get("type") != "S3":
        found["CODEBUILD_RESOLVED_SOURCE_VERSION"] = build.resolved_version
    if build.request.group:
        found["CODEBUILD_BATCH_BUILD_IDENTIFIER"] = build.request.group
    if build.request.shard:
        found[image_tools.SHARD] = build.request.shard
    found |= {one.name: one.value for one in build.request.webhook}
    versions = {one["sourceIdentifier"]: one["sourceVersion"] for one in settings.get("secondarySourceVersions", [])}
    for one in settings.get("secondarySources", []):
        identifier = one.get("sourceIdentifier", "")
        found[f"CODEBUILD_SOURCE_REPO_URL_{identifier}"] = _url(one)
        if identifier in versions:
            found[f"CODEBUILD_SOURCE_VERSION_{identifier}"] = versions[identifier]
    for identifier, path in secondary.items():
        found[f"CODEBUILD_SRC_DIR_{identifier}"] = str(path)
    return found


def build_url(region: str, account: str, build: Build) -> str:
    """Where AWS's console would show the build."""
    return (
        f"https://{region}.console.aws.amazon.com/codesuite/codebuild/{account}/projects/{build.project}"
        f"/build/{build.id}/?region={region}"
    )


def _url(source: dict[str, Any]) -> str:
    location = str(source.get("location", ""))
    return f"s3://{location}" if source.get("type") == "S3" and location else location
