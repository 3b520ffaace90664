"""What CodeBuild keeps of batches, and what the builds of a batch are started with. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from pointsman.local.codebuild import combining
from pointsman.local.codebuild.batch_machine import BatchProgress
from pointsman.local.codebuild.batchspec import MOST, BatchSpec, GroupSpec
from pointsman.local.codebuild.machine import Context
from pointsman.local.codebuild.records import BuildArtifact, EnvironmentVariable, StartRequest

_GIT = ("CODECOMMIT", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET")


class GroupBuild(msgspec.Struct, frozen=True):
    """A build that was started for a group; the last one of a group counts."""

    identifier: str
    build_id: str
    at: datetime


class BuildBatch(msgspec.Struct, frozen=True):
    """A batch; key: its id."""

    id: str
    arn: str
    project: str
    number: int
    order: int
    started: datetime
    progress: BatchProgress
    request: StartRequest
    settings: dict[str, Any]
    spec: BatchSpec | None = None
    builds: tuple[GroupBuild, ...] = ()
    ended: datetime | None = None
    resolved_version: str = ""
    artifacts: list[BuildArtifact] = []
    reports: list[str] = []
    """The ARNs of the reports made out of those of a fan-out's builds."""
    output_artifacts: dict[str, str] = {}
    """For a pipeline: output artifact name -> digest of its zip among the blobs."""

    @property
    def status(self) -> str:
        """IN_PROGRESS, SUCCEEDED, FAILED, STOPPED or TIMED_OUT."""
        return self.progress.status

    @property
    def complete(self) -> bool:
        """Whether the batch has ended."""
        return self.progress.complete

    @property
    def failure(self) -> str:
        """Why the batch did not succeed, in a sentence; empty when nothing went wrong."""
        for phase in reversed(self.progress.phases):
            for context in phase.contexts:
                if context.message:
                    return f"{phase.type} {phase.status.lower().replace('_', ' ')}: {context.message}"
        return ""

    @property
    def uuid(self) -> str:
        """The part of the id behind the project's name."""
        return self.id.rpartition(":")[2]

    @property
    def config(self) -> dict[str, Any]:
        """Its ``buildBatchConfig``."""
        config: dict[str, Any] = self.settings.get("buildBatchConfig", {})
        return config

    def of(self, identifier: str) -> list[GroupBuild]:
        """The builds of a group, the current one last."""
        return [one for one in self.builds if one.identifier == identifier]


class BatchOrder(msgspec.Struct, frozen=True):
    """A batch's place among all (``*/000000000012``) or those of its project (``NAME/000000012``)."""

    batch_id: str


class RunningBatch(msgspec.Struct, frozen=True):
    """A batch that has not ended; key: its id."""

    batch_id: str


def shared(batch: BuildBatch, identifier: str) -> StartRequest:
    """What every build of a batch is started with."""
    own = ("buildBatchConfigOverride", "idempotencyToken")
    overrides = {name: value for name, value in batch.request.overrides.items() if name not in own}
    return msgspec.structs.replace(
        batch.request, overrides=overrides, batch=batch.arn, group=identifier, artifact_names=[]
    )


def request_of(batch: BuildBatch, spec: GroupSpec) -> StartRequest:
    """What the build of a group is started with."""
    request = shared(batch, spec.identifier)
    names = ("computeType", "image", "type", "privilegedMode")
    overrides = dict(request.overrides)
    for name in names:
        if name in spec.environment:
            overrides["environmentTypeOverride" if name == "type" else f"{name}Override"] = spec.environment[name]
    given = {one.name: one for one in request.environment}
    given |= {name: EnvironmentVariable(name, value) for name, value in spec.variables}
    git = batch.settings.get("source", {}).get("type") in _GIT
    outputs = batch.request.artifact_names
    prefix = f"{spec.identifier}_"
    return msgspec.structs.replace(
        request,
        overrides=overrides,
        environment=list(given.values()),
        buildspec_override=spec.buildspec or request.buildspec_override,
        source_version=batch.resolved_version if git and batch.resolved_version else request.source_version,
        artifact_names=[name for name in outputs if name == spec.identifier or name.startswith(prefix)],
        shard=_shard(batch, spec),
        hold=combining.wanted(batch.settings),
    )


def _shard(batch: BuildBatch, spec: GroupSpec) -> str:
    if batch.spec is None or batch.spec.kind != "build-fanout":
        return ""
    return f"{batch.spec.groups.index(spec) + 1}/{len(batch.spec.groups)}"


def refusal(batch: BuildBatch) -> Context | None:
    """Why a batch may not be built as its buildspec says; None when it may."""
    if batch.spec is None:
        return Context("YAML_FILE_ERROR", "the buildspec has no batch section, which a batch build needs")
    limits = batch.config.get("restrictions", {})
    most = limits.get("maximumBuildsAllowed") or MOST
    count = len(batch.spec.groups)
    if count > most:
        return Context("CLIENT_ERROR", f"the batch has {count} builds; the project's restrictions allow {most}")
    allowed = limits.get("computeTypesAllowed", [])
    default = batch.settings.get("environment", {}).get("computeType", "")
    for group in batch.spec.groups:
        kind = group.environment.get("computeType", default)
        if allowed and kind not in allowed:
            message = f"{group.identifier} wants the compute type {kind}; the project's restrictions do not allow it"
            return Context("CLIENT_ERROR", message)
    return None
