"""The attempts of a run's actions: the last one of each, and which of several states is told. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pointsman.model.pipelines import ActionRun
from pointsman.model.status import Status, Tone

_WORST = (Tone.FAILED, Tone.WAITING, Tone.MOVING, Tone.STOPPED, Tone.UNKNOWN, Tone.OK, Tone.IDLE)


def latest(runs: Iterable[ActionRun]) -> dict[tuple[str, str], ActionRun]:
    """(stage, action) -> its last attempt, of action executions of one run."""
    found: dict[tuple[str, str], ActionRun] = {}
    for run in runs:
        key = (run.ref.stage, run.ref.action)
        known = found.get(key)
        if known is None or _begun(run) > _begun(known):
            found[key] = run
    return found


def worst(found: Iterable[Status]) -> Status:
    """The state that is told of several: the worst news first."""
    return min(found, key=lambda status: _WORST.index(status.tone))


def _begun(run: ActionRun) -> float:
    return run.started.timestamp() if run.started is not None else 0.0
