"""A thousand pipelines, a thousand targets, and the lines of a build, for the widgets to show."""

from __future__ import annotations

from datetime import timedelta

from pointsman.clock import EPOCH
from pointsman.model.deployments import LifecycleEvent, Target
from pointsman.model.logs import LogLine
from pointsman.model.pipelines import PipelineRow, PipelineState, Stage
from pointsman.model.refs import PipelineRef, StageRef, TargetRef
from pointsman.model.status import status

_WORDS = ("Succeeded", "Succeeded", "Failed", "InProgress", "Succeeded", "Stopped")
_STAGES = ("Source", "Build", "Test", "Release")


def pipelines(count: int) -> list[PipelineRow]:
    """Rows of the board, in every state."""
    return [_pipeline(number) for number in range(count)]


def _pipeline(number: int) -> PipelineRow:
    ref = PipelineRef(f"pipeline-{number:04d}")
    word = _WORDS[number % len(_WORDS)]
    stages = tuple(
        Stage(StageRef(ref.name, stage), status(word if stage == "Test" else "Succeeded"), f"e-{number:08d}")
        for stage in _STAGES
    )
    updated = EPOCH - timedelta(days=1 + number)
    state = PipelineState(ref, 3, "V2", stages=stages, updated=updated)
    return PipelineRow(ref, "V2", version=3, updated=updated, state=state, fetched_at=EPOCH)


_EVENTS = (
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)


def targets(count: int) -> list[Target]:
    """Targets of a deployment, each somewhere in its lifecycle."""
    return [target(number, number % 9) for number in range(count)]


def target(number: int, reached: int) -> Target:
    """A target that has come so far."""
    reached %= len(_EVENTS) + 2
    events = tuple(
        LifecycleEvent(
            name,
            status("Succeeded" if at < reached else "InProgress" if at == reached else "Pending"),
            EPOCH - timedelta(seconds=300 - 20 * at) if at <= reached else None,
            EPOCH - timedelta(seconds=290 - 20 * at - number % 7) if at < reached else None,
        )
        for at, name in enumerate(_EVENTS)
    )
    word = "Succeeded" if reached >= len(_EVENTS) else "InProgress" if reached else "Pending"
    return Target(TargetRef("d-BENCHMARK", f"i-{number:05}"), status(word), events=events)


def lines(first: int, count: int) -> list[LogLine]:
    """Lines of a build's log; one in a thousand has an error in it, one in five hundred a needle."""
    return [LogLine(1_767_000_000_000 + number, text(number)) for number in range(first, first + count)]


def text(number: int) -> str:
    """One line of a build's log."""
    if number % 1000 == 999:
        return f"ERROR tests/unit/test_{number:07d}.py: AssertionError: expected 200, got 504"
    if number % 500 == 250:
        return f"line {number:07d} has a needle in it"
    return f"line {number:07d} compiling src/checkout/module_{number % 97}.ts in {number % 53} ms, nothing to report"
