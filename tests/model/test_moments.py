"""When something was: each kind of thing by what tells it best."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from console import alarming, releases, samples, tracing
from pointsman.console.present.alarms import AlarmRow
from pointsman.console.present.deployments import DeploymentRow
from pointsman.model.alarms import Change
from pointsman.model.metrics import Release
from pointsman.model.moments import moment_of
from pointsman.model.neighbours import AROUND, BEFORE, MOST, nearest
from pointsman.model.pipelines import Action, PipelineRow, PipelineState, Stage
from pointsman.model.refs import ActionRef, AlarmRef, PipelineRef, StageRef
from pointsman.model.status import NOT_RUN, status

NOW = samples.NOW
HOUR = timedelta(hours=1)


def stage(name: str, at: Any, word: str = "Succeeded") -> Stage:
    action = Action(ActionRef("p", name, "a"), changed_at=at, status=status(word))
    return Stage(StageRef("p", name), actions=(action,), status=status(word))


def test_a_build_was_when_it_ended_or_began() -> None:
    build = samples.failed_build()
    assert build.ended is not None
    assert moment_of(build) == build.ended
    assert moment_of(replace(build, ended=None)) == build.started


def test_a_pipeline_was_when_the_worst_of_it_changed() -> None:
    whole = PipelineState(PipelineRef("p"), stages=(stage("A", NOW), stage("B", NOW - HOUR, "Failed")))
    assert moment_of(whole) == NOW - HOUR
    assert moment_of(PipelineRow(PipelineRef("p"), state=whole, updated=NOW)) == NOW - HOUR
    assert moment_of(replace(whole, stages=(stage("A", NOW), stage("C", NOW - HOUR)))) == NOW
    assert moment_of(PipelineRow(PipelineRef("p"), updated=NOW)) is None, "its definition's change is not its own"


def test_rows_are_what_they_hold() -> None:
    one = releases.listed().deployments[0]
    assert moment_of(DeploymentRow(one)) == (one.completed or one.started or one.created)
    alarm = alarming.CPU
    assert moment_of(AlarmRow(alarm, (), NOW)) == alarm.since
    assert moment_of(tracing.CHECKOUT) is None, "an id has no time"


@pytest.mark.parametrize("thing", [None, 3, "x", NOT_RUN, object()])
def test_what_has_no_time_has_none(thing: Any) -> None:
    assert moment_of(thing) is None


def test_neighbours_are_near_and_few_and_the_nearest_come_first() -> None:
    out = tuple(
        Release(NOW - timedelta(minutes=at), f"r{at}", "deployment") for at in (1, 5, 119, 121, -1, 7, 8, 9, 10)
    )
    changed = tuple(
        Change(AlarmRef(f"a{at}"), NOW + timedelta(minutes=at), "StateUpdate", "") for at in (-14, 3, 16, -1)
    )
    other = Change(AlarmRef("x"), NOW, "Action", "")
    found = nearest(NOW, out, (*changed, other, Change(AlarmRef("y"), None, "StateUpdate", "")))
    assert [one.name for one in found.released] == ["r1", "r5", "r7", "r8", "r9", "r10"]
    assert len(found.released) == MOST and BEFORE == 2 * HOUR
    assert [one.ref.name for one in found.changes] == ["a-1", "a3", "a-14"]
    assert all(abs(one.at - NOW) <= AROUND for one in found.changes if one.at is not None)
