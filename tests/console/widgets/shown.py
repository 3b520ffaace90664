"""Pipelines, builds and calls to draw, all around EPOCH; a one-widget app to draw them in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget

from pointsman.clock import EPOCH
from pointsman.console import themes, toolkit
from pointsman.model.builds import Build, Phase
from pointsman.model.pipelines import Action, Execution, PipelineRow, PipelineState, Revision, Stage, Transition
from pointsman.model.refs import ActionRef, BuildRef, PipelineRef, StageRef
from pointsman.model.status import status

NAME = "checkout"


def ago(**span: float) -> datetime:
    """A moment before EPOCH."""
    return EPOCH - timedelta(**span)


REVISION = Revision(
    "Source", "a41f9c2deadbeef0a41f9c2deadbeef0a41f9c2d", "fix [b]rounding[/b]", author="ana", created=ago(hours=3)
)


def action(stage: str, name: str, word: str, **more: Any) -> Action:
    """An action that changed four minutes ago."""
    return Action(ActionRef(NAME, stage, name), status=status(word), changed_at=ago(minutes=4), **more)


def stage(name: str, word: str, *actions: Action, run: str = "run-1", **more: Any) -> Stage:
    """A stage of the pipeline."""
    return Stage(StageRef(NAME, name), status(word), run if word else "", actions=actions, **more)


CLOSED = Transition(
    enabled=False,
    changed_by="arn:aws:sts::1:assumed-role/OnCall/oncall",
    changed_at=ago(days=2),
    reason="freeze until the 25th",
)


def pipeline(*stages: Stage) -> PipelineState:
    """The pipeline with these stages, or with one of everything."""
    latest = Execution(
        "run-1",
        status("Failed"),
        ago(hours=1),
        ago(minutes=4),
        "StartPipelineExecution",
        "arn:aws:iam::1:user/bob",
        (REVISION,),
    )
    waiting = Execution("run-2", status("InProgress"), ago(minutes=9), revisions=(REVISION,))
    return PipelineState(
        PipelineRef(NAME),
        stages=stages
        or (
            stage("Source", "Succeeded", action("Source", "Commit", "Succeeded", category="Source")),
            stage("Build", "Succeeded", action("Build", "Compile", "Succeeded", summary="ok")),
            stage("Test", "Failed", action("Test", "Unit", "Failed", error_message="exit 3")),
            stage("Ask", "InProgress", action("Ask", "Sign-off", "InProgress", category="Approval"), run="run-0"),
            stage("Deploy", "", action("Deploy", "Copy", ""), inbound_id="run-2", transition=CLOSED),
        ),
        latest=latest,
        executions=(waiting, latest),
    )


def row(name: str = NAME, state: PipelineState | None = None, **more: Any) -> PipelineRow:
    """A board row."""
    return PipelineRow(PipelineRef(name), state=state, fetched_at=EPOCH, **more)


def phase(name: str, begin: float, end: float | None, word: str = "SUCCEEDED", **more: Any) -> Phase:
    """A phase by seconds after the build's start, five minutes ago."""
    start = ago(minutes=5)
    ended = None if end is None else start + timedelta(seconds=end)
    return Phase(name, status(word), start + timedelta(seconds=begin), ended, **more)


def build(*phases: Phase, word: str = "FAILED", complete: bool = True, **more: Any) -> Build:
    """A build with these phases, or a failed one."""
    return Build(
        BuildRef("web:0a1b2c3d-4e5f"),
        number=12,
        status=status(word),
        phases=phases
        or (
            phase("SUBMITTED", 0, 0),
            phase("INSTALL", 0, 30),
            phase("BUILD", 30, 170, "FAILED", contexts=(("COMMAND_EXECUTION_ERROR", "make test exit 2"),)),
            phase("POST_BUILD", 170, 171),
        ),
        started=ago(minutes=5),
        ended=EPOCH if complete else None,
        complete=complete,
        **more,
    )


class Stage1(App[None]):
    """One widget on an empty screen, and every message it sends."""

    def __init__(self, make: Callable[[], Widget]) -> None:
        super().__init__()
        toolkit.quiet(self)
        self._make = make
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        """The widget."""
        yield self._make()

    def on_mount(self) -> None:
        """The house's own theme."""
        assert themes.register(self) == ()
        self.theme = themes.DEFAULT

    def said(self, kind: type[Message]) -> list[Any]:
        """The messages of one kind, in their order."""
        return [message for message in self.heard if isinstance(message, kind)]
