"""What CodeBuild keeps: projects, builds, and the order they come in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from pointsman.local.codebuild.buildspec import Buildspec
from pointsman.local.codebuild.machine import Phase, Progress


class CodeBuildProject(msgspec.Struct, frozen=True):
    """A build project; ``settings`` is what CreateProject and UpdateProject were given, in AWS's shape."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    settings: dict[str, Any]


class EnvironmentVariable(msgspec.Struct, frozen=True):
    """A variable of a build; ``value`` is a name to look up unless the type is PLAINTEXT."""

    name: str
    value: str
    type: str = "PLAINTEXT"


class PipelineSource(msgspec.Struct, frozen=True):
    """An input artifact of a pipeline: a zip among the blobs."""

    name: str
    digest: str


class StartRequest(msgspec.Struct, frozen=True):
    """A build to start: StartBuild's overrides, and what a pipeline gives beside them."""

    project: str
    source_version: str | None = None
    environment: list[EnvironmentVariable] = []
    buildspec_override: str | None = None
    initiator: str = ""
    overrides: dict[str, Any] = {}
    """Every other override of StartBuild, by its name there (``timeoutInMinutesOverride``)."""
    sources: list[PipelineSource] = []
    """For projects whose source is CODEPIPELINE: the pipeline's input artifacts."""
    primary_source: str = ""
    """The input artifact with the buildspec; the first when empty."""
    artifact_names: list[str] = []
    """The output artifacts the pipeline waits for."""
    resolved_version: str = ""
    """The revision of the primary input artifact."""
    batch: str = ""
    """The ARN of the batch it is part of."""
    group: str = ""
    """Its identifier in the batch."""
    webhook: list[EnvironmentVariable] = []
    """What CodeBuild itself tells a build that a webhook has started."""
    shard: str = ""
    """Which build of a fan-out it is: ``2/5``; empty for any other."""
    hold: bool = False
    """Whether its artifacts are left for the batch to bring together."""


class BuildArtifact(msgspec.Struct, frozen=True):
    """Where an artifact of a build has come to."""

    location: str = ""
    identifier: str = ""
    md5: str = ""
    sha256: str = ""


class HeldFile(msgspec.Struct, frozen=True):
    """A file of an artifact among the blobs, for a batch to bring together with those of its other builds."""

    identifier: str
    """Of the secondary artifact; empty for the primary one."""
    name: str
    digest: str
    md5: str
    size: int


class Build(msgspec.Struct, frozen=True):
    """A build."""

    id: str
    arn: str
    project: str
    number: int
    started: datetime
    progress: Progress
    request: StartRequest
    settings: dict[str, Any]
    """The project as this build sees it: its settings with the overrides in place, in AWS's shape."""
    log_group: str = ""
    """Empty when CloudWatch Logs are disabled."""
    log_stream: str = ""
    ended: datetime | None = None
    resolved_version: str = ""
    exported: list[tuple[str, str]] = []
    output_artifacts: dict[str, str] = {}
    """For a pipeline: output artifact name -> digest of its zip among the blobs."""
    artifacts: list[BuildArtifact] = []
    retry_of: str = ""
    reports: list[str] = []
    """The ARNs of the reports it has made, or is making."""
    auto_retry: int = 0
    """Which automatic retry this is; 0 for none."""
    next_auto_retry: str = ""
    """The ARN of the build that tries it again."""
    held: list[HeldFile] = []
    """What it has left for its batch to bring together."""

    @property
    def status(self) -> str:
        """IN_PROGRESS, SUCCEEDED, FAILED, FAULT, STOPPED or TIMED_OUT."""
        return self.progress.status

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases entered so far."""
        return self.progress.phases

    @property
    def complete(self) -> bool:
        """Whether the build has ended."""
        return self.progress.complete

    @property
    def uuid(self) -> str:
        """The part of the id behind the project's name."""
        return self.id.rpartition(":")[2]

    @property
    def failure(self) -> str:
        """Why the build did not succeed, in a sentence; empty when nothing went wrong."""
        for phase in self.phases:
            if phase.status not in ("", "SUCCEEDED"):
                told = [context.message for context in phase.contexts if context.message]
                return f"{phase.type} {phase.status.lower().replace('_', ' ')}" + (f": {told[0]}" if told else "")
        return ""


class BuildPlan(msgspec.Struct, frozen=True):
    """What a running build carries out; gone when it has ended."""

    spec: Buildspec
    directory: str = ""
    """CODEBUILD_SRC_DIR."""
    words: tuple[str, ...] = ()
    """What was asked of the build's shell before the artifacts are collected."""
    values: tuple[str, ...] | None = None
    """What it answered."""
    cache_keys: tuple[str, ...] | None = None
    """The cache's key and its fallback keys, as the shell expanded them; None until it has."""


class RunningBuild(msgspec.Struct, frozen=True):
    """A build or sandbox that has not ended; its key sorts them by their start."""

    build_id: str
    started: bool = False
    """False while it waits in the queue."""


class Sandbox(Build, frozen=True):
    """A project's source and environment without its buildspec, for commands one by one; in all else as a build."""


class CommandExecution(msgspec.Struct, frozen=True):
    """A command of a sandbox; key: the sandbox's id and the command's number."""

    id: str
    sandbox_id: str
    number: int
    """1, 2, 3 … in its sandbox."""
    command: str
    submitted: datetime
    started: datetime | None = None
    ended: datetime | None = None
    status: str = "SUBMITTED"
    """SUBMITTED, IN_PROGRESS, SUCCEEDED, FAILED, STOPPED, TIMED_OUT or FAULT."""
    exit: int | None = None
    output: str = ""
    errors: str = ""

    @property
    def key(self) -> str:
        """Where it is kept."""
        return f"{self.sandbox_id}/{self.number:06d}"


class SandboxOrder(msgspec.Struct, frozen=True):
    """A sandbox's place among all (``*/000000000012``) or those of its project (``NAME/000000000012``)."""

    sandbox_id: str


class BuildOrder(msgspec.Struct, frozen=True):
    """A build's place among all builds (``*/000000000012``) or those of its project (``NAME/000000012``)."""

    build_id: str


class StartToken(msgspec.Struct, frozen=True):
    """An idempotency token that was used."""

    build_id: str
    request: StartRequest
    used: datetime
