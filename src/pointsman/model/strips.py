"""The stages of one run by themselves: what a PARALLEL pipeline's own state does not say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from pointsman.model.attempts import latest, worst
from pointsman.model.pipelines import ActionRun
from pointsman.model.status import NOT_RUN, WAITING, Status, Tone


class RunStages(Struct, frozen=True):
    """One run, stage by stage."""

    execution_id: str
    stages: tuple[tuple[str, Status], ...] = ()
    """(stage, how it stands in this run), in the pipeline's order."""

    @property
    def place(self) -> str:
        """The stage it is in: the last it has come to; empty when it has come to none."""
        return next((name for name, status in reversed(self.stages) if status.tone is not Tone.IDLE), "")


def run_stages(execution_id: str, runs: Iterable[ActionRun], order: Sequence[str]) -> RunStages:
    """How each stage stands in one run, from its action executions."""
    shown: dict[str, list[Status]] = {}
    for (stage, _), run in latest(runs).items():
        waits = run.category == "Approval" and run.status.tone is Tone.MOVING
        shown.setdefault(stage, []).append(WAITING if waits else run.status)
    names = [*order, *(name for name in shown if name not in order)]
    return RunStages(execution_id, tuple((name, worst(shown[name]) if name in shown else NOT_RUN) for name in names))
