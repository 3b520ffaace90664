"""How long a stage usually takes, from earlier runs, and whether the run in it is overdue. Pure.

Only work counts: what an approval waited for a person is left out, and so is the pause before a retry.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from pointsman.model.attempts import latest, worst
from pointsman.model.pipelines import ActionRun, Stage
from pointsman.model.status import Tone

ENOUGH = 5
"""With fewer earlier runs than this nothing is called overdue."""
_NONE = timedelta()
_GRACE = timedelta(seconds=5)
"""AWS's own times are no more exact than this."""

Span = tuple[datetime, datetime]


class Estimate(Struct, frozen=True):
    """How long earlier runs took."""

    samples: int
    p50: timedelta
    p90: timedelta


class Under(Struct, frozen=True):
    """A run that is at work in a stage."""

    execution_id: str
    stage: str
    done: timedelta = _NONE
    """The work behind it."""
    since: datetime | None = None
    """When the work under way began; None when a person is what it waits for."""

    def worked(self, now: datetime) -> timedelta:
        """All of its work so far."""
        return self.done if self.since is None else self.done + max(_NONE, now - self.since)


class Forecast(Struct, frozen=True):
    """What earlier runs tell of a pipeline's stages."""

    stages: tuple[tuple[str, Estimate], ...] = ()
    under: tuple[Under, ...] = ()

    def stage(self, name: str) -> Estimate | None:
        """The estimate of a stage; None where no earlier run tells."""
        return dict(self.stages).get(name)

    def at_work(self, stage: Stage) -> Under | None:
        """The run at work in a stage."""
        if stage.status.tone is not Tone.MOVING:
            return None
        return next(
            (one for one in self.under if one.stage == stage.name and one.execution_id == stage.execution_id), None
        )

    def ends(self, stage: Stage) -> datetime | None:
        """When the run in a stage should be through, by the median; None where that cannot be said."""
        estimate, under = self.stage(stage.name), self.at_work(stage)
        if estimate is None or under is None or under.since is None:
            return None
        return under.since + estimate.p50 - under.done

    def late_from(self, stage: Stage) -> datetime | None:
        """From when on the run in a stage is overdue: nine of ten earlier runs had been through by then."""
        estimate, under = self.stage(stage.name), self.at_work(stage)
        if estimate is None or estimate.samples < ENOUGH or under is None or under.since is None:
            return None
        return under.since + estimate.p90 + _GRACE - under.done

    def overdue(self, stage: Stage, now: datetime) -> bool:
        """Whether the run in a stage is overdue."""
        late = self.late_from(stage)
        return late is not None and now >= late


def percentile(values: Sequence[timedelta], part: float) -> timedelta:
    """The smallest value that at least this part of the values does not exceed (nearest rank).

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("no values have no percentile")
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def estimate(values: Sequence[timedelta]) -> Estimate | None:
    """Median and ninth decile; None without values."""
    return Estimate(len(values), percentile(values, 0.5), percentile(values, 0.9)) if values else None


def covered(spans: Iterable[Span]) -> timedelta:
    """The time that spans cover together, overlaps once and gaps not at all."""
    total, end = _NONE, None
    for start, stop in sorted(spans):
        if end is None or start > end:
            total += max(_NONE, stop - start)
            end = max(start, stop)
        elif stop > end:
            total += stop - end
            end = stop
    return total


def forecast(
    runs: Iterable[ActionRun], shape: Mapping[str, frozenset[str]], *, cut: str = "", most: int = 50
) -> Forecast:
    """What action executions tell.

    Args:
        runs: Action executions of any pipeline executions, in any order.
        shape: Stage -> the actions it has now: a run that did not pass all of them is no sample.
        cut: A pipeline execution of which some action executions are not there.
        most: How many samples of a stage count: the newest.
    """
    groups: dict[tuple[str, str], list[ActionRun]] = {}
    for run in runs:
        if run.pipeline_execution_id != cut:
            groups.setdefault((run.pipeline_execution_id, run.ref.stage), []).append(run)
    samples: dict[str, list[tuple[datetime, timedelta]]] = {}
    under: list[Under] = []
    for (execution_id, stage), group in groups.items():
        last = latest(group)
        if any(run.status.tone is Tone.MOVING for run in last.values()):
            under.append(_under(execution_id, stage, list(last.values())))
        elif (sample := _sample(last.values(), shape.get(stage, frozenset()))) is not None:
            samples.setdefault(stage, []).append(sample)
    estimates = []
    for stage in shape:
        newest = sorted(samples.get(stage, ()), reverse=True)[:most]
        if (found := estimate([took for _, took in newest])) is not None:
            estimates.append((stage, found))
    return Forecast(tuple(estimates), tuple(sorted(under, key=lambda one: (one.stage, one.execution_id))))


def _sample(last: Collection[ActionRun], wanted: frozenset[str]) -> tuple[datetime, timedelta] | None:
    """When and how long a stage was at work in a run that passed it; None when it did not, or nothing works in it."""
    if not wanted <= {run.ref.action for run in last} or any(run.status.tone is not Tone.OK for run in last):
        return None
    spans = [
        (run.started, run.updated)
        for run in last
        if run.category != "Approval" and run.started is not None and run.updated is not None
    ]
    return (min(spans)[0], covered(spans)) if spans else None


def _under(execution_id: str, stage: str, runs: Sequence[ActionRun]) -> Under:
    working = [run for run in runs if run.category != "Approval" and run.started is not None]
    since = min((run.started for run in working if run.status.tone is Tone.MOVING and run.started), default=None)
    closed = [
        (run.started, min(run.updated, since) if since is not None else run.updated)
        for run in working
        if run.status.tone is not Tone.MOVING
        and run.started is not None
        and run.updated is not None
        and (since is None or run.started < since)
    ]
    return Under(execution_id, stage, covered(closed), since)


class StageTime(Struct, frozen=True):
    """A stage in one run: how it ended, and its work."""

    name: str
    word: str = ""
    took: timedelta | None = None


def stage_times(runs: Iterable[ActionRun], order: Sequence[str]) -> tuple[StageTime, ...]:
    """What the stages of one run took, in the pipeline's order; a stage it has not come to is left out."""
    groups: dict[str, list[ActionRun]] = {}
    for run in runs:
        groups.setdefault(run.ref.stage, []).append(run)
    made = []
    for name in [*order, *(one for one in groups if one not in order)]:
        group = groups.get(name)
        if not group:
            continue
        last = latest(group).values()
        spans = [
            (run.started, run.updated)
            for run in group
            if run.category != "Approval" and run.started is not None and run.updated is not None
        ]
        moving = any(run.status.tone is Tone.MOVING for run in last)
        made.append(
            StageTime(name, worst(run.status for run in last).word, covered(spans) if spans and not moving else None)
        )
    return tuple(made)
