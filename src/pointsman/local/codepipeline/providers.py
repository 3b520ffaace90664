"""What carries actions out: the protocol of a provider, and which provider answers which action type.

A provider is told to start an action and says how it ended, at once by returning an ``Outcome`` or later through
``driver.finish``. The registry is a tool of the world: an engine that joins later adds its provider to it, a test
brings a registry of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec
from msgspec import UNSET, Struct

from pointsman.local.codepipeline.declaration import ActionDeclaration, ActionTypeId, PipelineDeclaration
from pointsman.local.codepipeline.shapes import Artifact, Execution, Failure, Override, Revision, Ticket
from pointsman.local.world import Scope, World

CONFIGURATION_ERROR = "ConfigurationError"
JOB_FAILED = "JobFailed"
REVISION_UNAVAILABLE = "RevisionUnavailable"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How an action ended."""

    failure: Failure | None = None
    """None when it succeeded."""
    summary: str = ""
    artifacts: tuple[Artifact, ...] = ()
    variables: dict[str, str] = {}
    revision: Revision | None = None
    external_id: str = ""
    external_url: str = ""
    updated_by: str = ""


def failed(code: str, message: str, summary: str = "") -> Outcome:
    """The outcome of a failure.

    Args:
        code: One of AWS's: ConfigurationError, JobFailed, …
        message: A sentence.
        summary: What the action's summary shows; the message unless given.
    """
    return Outcome(failure=Failure(code, message), summary=summary or message)


class ActionCall(msgspec.Struct, frozen=True):
    """Everything a provider may know of the action it carries out."""

    ticket: Ticket
    pipeline: PipelineDeclaration
    execution: Execution
    stage: str
    declaration: ActionDeclaration
    configuration: dict[str, str]
    """Resolved: variables filled in."""
    inputs: tuple[Artifact, ...]
    region: str
    """Where the action runs: the pipeline's region unless it declares another."""
    started: datetime
    external_id: str = ""
    """What the provider reported when it began: a build's id."""

    @property
    def action(self) -> str:
        """The action's name."""
        return self.declaration.name

    @property
    def override(self) -> Override | None:
        """The revision this execution was told to take from this source action."""
        return self.execution.overrides.get(self.action)

    @property
    def timeout_minutes(self) -> int | None:
        """The declared time-out."""
        declared = self.declaration.timeout_in_minutes
        return None if declared is UNSET else declared


class Provider(Protocol):
    """Carries out one type of action."""

    def install(self, world: World) -> None:
        """Subscribe to what the provider must hear of."""
        ...

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Begin; what blocks goes into a job. Returns the outcome when it is known at once."""
        ...

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """After a restart of the backend: pick up, begin again, or say how it ended meanwhile."""
        ...

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """Nobody waits for the action any more; AWS lets what runs elsewhere run on."""
        ...


@runtime_checkable
class Source(Protocol):
    """A provider of source actions that can be polled."""

    def newest(self, scope: Scope, declaration: ActionDeclaration) -> str | Callable[[], str] | None:
        """The newest revision's id ("" when there is none), or blocking work that finds it, or None: no change."""
        ...


class Pushed(Struct, frozen=True):
    """What a git repository's branches and tags stand at.

    Attributes:
        path: Where it lies.
        refs: Full name -> commit.
    """

    path: Path
    refs: dict[str, str]


@runtime_checkable
class PushedSource(Protocol):
    """A provider of source actions whose triggers judge pushes."""

    def pushed(self, scope: Scope, declaration: ActionDeclaration) -> Pushed | Callable[[], Pushed]:
        """The refs now, or blocking work that finds them."""
        ...


def _place(kind: ActionTypeId) -> tuple[str, str, str]:
    return kind.category, kind.owner, kind.provider


ANY = "*"
"""In place of a category or a provider's name: every one of an owner."""


class Providers:
    """The registry: one provider per (category, owner, provider)."""

    def __init__(self) -> None:
        self._providers: dict[tuple[str, str, str], Provider] = {}

    def add(self, category: str, owner: str, name: str, provider: Provider) -> None:
        """Have this provider carry out the actions of a type, in place of who did before."""
        self._providers[category, owner, name] = provider

    def find(self, kind: ActionTypeId) -> Provider | None:
        """Who carries out actions (or, in the category Rule, rules) of this type; None when that is not built."""
        return self._providers.get(_place(kind)) or self._providers.get((ANY, kind.owner, ANY))

    def install(self, world: World) -> None:
        """Install every provider, once each."""
        for provider in {id(one): one for one in self._providers.values()}.values():
            provider.install(world)
