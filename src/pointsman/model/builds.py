"""Builds as the screens see them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from msgspec import Struct

from pointsman.model.refs import BatchRef, BuildRef, LogRef, ProjectRef
from pointsman.model.status import NOT_RUN, Status


class Phase(Struct, frozen=True, gc=False):
    """One phase of a build."""

    name: str
    """AWS's word: ``PRE_BUILD``."""
    status: Status = NOT_RUN
    started: datetime | None = None
    ended: datetime | None = None
    seconds: int | None = None
    """As CodeBuild says; whole seconds."""
    contexts: tuple[tuple[str, str], ...] = ()
    """(status code, message) of what went wrong; empty ones left out."""

    def lasted(self, now: datetime) -> timedelta | None:
        """How long it took, or has taken so far."""
        if self.started is None:
            return None
        if self.ended is not None:
            return self.ended - self.started
        return max(timedelta(0), now - self.started)


class EnvironmentVariable(Struct, frozen=True):
    """A build's variable; values of secrets are never read."""

    name: str
    value: str
    kind: str = "PLAINTEXT"


R = TypeVar("R", BuildRef, BatchRef)


class Run(Struct, Generic[R], frozen=True):
    """What a project runs, a build or a batch of them: where it is, how it went, of what."""

    ref: R
    arn: str = ""
    number: int | None = None
    status: Status = NOT_RUN
    phase: str = ""
    phases: tuple[Phase, ...] = ()
    started: datetime | None = None
    ended: datetime | None = None
    complete: bool = False
    initiator: str = ""
    source_version: str = ""
    resolved_version: str = ""
    environment: tuple[EnvironmentVariable, ...] = ()
    reports: tuple[str, ...] = ()
    """The ARNs of its reports."""

    @property
    def project(self) -> str:
        """The project's name."""
        return self.ref.project

    @property
    def version(self) -> str:
        """The version it is of: as it was resolved, else as it was asked for."""
        return self.resolved_version or self.source_version

    @property
    def failure(self) -> str:
        """The first thing that went wrong, in CodeBuild's words; empty when nothing did."""
        for phase in self.phases:
            if phase.status.failed:
                for code, message in phase.contexts:
                    return message or code
                return f"{phase.name} {phase.status.word}"
        return ""


class Build(Run[BuildRef], frozen=True):
    """One build."""

    source_type: str = ""
    source_location: str = ""
    log: LogRef | None = None
    log_url: str = ""
    artifacts: str = ""
    """Where the artifacts went, as an ARN or path; empty when there are none."""
    exported: tuple[tuple[str, str], ...] = ()
    image: str = ""
    compute: str = ""
    timeout_minutes: int | None = None
    batch: str = ""
    """The id of the batch it belongs to; empty when it stands alone."""
    queued_minutes: int | None = None
    """How long it may wait for its turn."""
    privileged: bool = False
    secondary: tuple[tuple[str, str], ...] = ()
    """(identifier, resolved version) of its secondary sources."""
    cache: str = ""
    retries_left: int | None = None
    """How often CodeBuild may still try it again by itself."""

    @property
    def queued(self) -> bool:
        """Whether it waits for its turn."""
        return not self.complete and self.phase in ("SUBMITTED", "QUEUED")

    @property
    def pipeline(self) -> str:
        """The pipeline that started it; empty when a person or something else did."""
        head, _, tail = self.initiator.partition("/")
        return tail if head == "codepipeline" else ""

    @property
    def slowest(self) -> Phase | None:
        """The finished phase that took longest, when one stands out at all."""
        timed = [phase for phase in self.phases if phase.started and phase.ended]
        return max(timed, key=lambda phase: phase.ended - phase.started, default=None)  # type: ignore[operator]


class Project(Struct, frozen=True):
    """A build project."""

    ref: ProjectRef
    arn: str = ""
    description: str = ""
    source_type: str = ""
    source_location: str = ""
    image: str = ""
    updated: datetime | None = None
    latest: Build | None = None
    """Its newest build, where it could be read."""
    variables: tuple[EnvironmentVariable, ...] = ()
    compute: str = ""
    timeout_minutes: int | None = None
    concurrent_limit: int | None = None
    """How many of its builds run at a time; None when that is not limited."""
    queued_minutes: int | None = None
    """How long a build of it may wait for its turn."""
    privileged: bool = False
    cache: str = ""
    """``NO_CACHE``, ``S3 bucket/prefix`` or ``LOCAL`` with its modes."""
    artifacts: str = ""
    """Where its artifacts go: ``NO_ARTIFACTS`` or ``s3://bucket/path``."""
    batches: bool = False
    """Whether it is set up for batches."""

    @property
    def name(self) -> str:
        """The project's name."""
        return self.ref.name


class BuildList(Struct, frozen=True):
    """Builds, newest first, and whether there are older ones."""

    builds: tuple[Build, ...] = ()
    more: bool = False

    def __len__(self) -> int:
        return len(self.builds)


class Turn(Struct, frozen=True):
    """A build's place among those that wait."""

    place: int
    """From 1: the next to begin."""
    waiting: int
    """How many wait."""
    running: int
    """How many of the project run now."""


def turns(builds: Iterable[Build]) -> dict[BuildRef, Turn]:
    """The place of every build that waits, project by project, the oldest first.

    Args:
        builds: What is known of the builds; those that are not among them are not counted.
    """
    waiting: dict[str, list[Build]] = {}
    running: dict[str, int] = {}
    for build in builds:
        if build.queued:
            waiting.setdefault(build.project, []).append(build)
        elif not build.complete:
            running[build.project] = running.get(build.project, 0) + 1
    found: dict[BuildRef, Turn] = {}
    for project, queue in waiting.items():
        queue.sort(key=lambda one: (one.started.timestamp() if one.started else float("inf"), one.number or 0))
        for at, build in enumerate(queue, 1):
            found[build.ref] = Turn(at, len(queue), running.get(project, 0))
    return found
