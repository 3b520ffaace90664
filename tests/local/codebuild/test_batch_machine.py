"""The batch machine: every graph, every outcome, and nothing out of order."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pointsman.local.codebuild.batch_machine import (
    BatchEnd,
    BatchEvent,
    BatchFailed,
    BatchProgress,
    BatchRetried,
    BatchStopped,
    BatchTimedOut,
    Combine,
    Combined,
    Group,
    GroupEnded,
    ReadSpec,
    SpecRead,
    StartGroup,
    StopGroup,
    step,
    submit,
)
from pointsman.local.codebuild.machine import Context

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ENDS = ("SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Group, ...]:
    count = draw(st.integers(1, 7))
    found = []
    for number in range(count):
        needs = draw(st.lists(st.integers(0, number - 1), unique=True, max_size=3)) if number else []
        found.append(Group(f"g{number}", tuple(f"g{one}" for one in needs), draw(st.booleans())))
    return tuple(draw(st.permutations(found)))


def check(before: BatchProgress, after: BatchProgress, effects: tuple[object, ...]) -> None:
    """What holds for every step."""
    assert all(phase.end is not None and phase.status for phase in after.phases[:-1])
    assert after.phases[-1].end is None
    known = {group.identifier: group for group in before.groups} or {one.identifier: one for one in after.groups}
    for effect in effects:
        if isinstance(effect, StartGroup):
            group = after.group(effect.identifier)
            assert group is not None
            needed = [after.group(name) for name in group.depends_on]
            assert all(one is not None and one.passed for one in needed), "started before what it depends on"
        if isinstance(effect, StopGroup):
            assert known[effect.identifier].status == "IN_PROGRESS", "stopped what did not run"
    assert after.complete == (after.phase in ("SUCCEEDED", "FAILED", "STOPPED"))
    assert sum(isinstance(effect, BatchEnd) for effect in effects) == (after.complete and not before.complete)


@given(graphs(), st.booleans(), st.data())
def test_any_graph_comes_to_its_end_in_order(groups: tuple[Group, ...], fast_fail: bool, data: st.DataObject) -> None:
    progress, effects = submit(NOW)
    assert effects == (ReadSpec(),)
    running: set[str] = set()
    started: list[str] = []
    cut = False
    event: BatchEvent = SpecRead(groups, fast_fail)
    for _ in range(40):
        before = progress
        progress, effects = step(progress, event, NOW)
        check(before, progress, effects)
        for effect in effects:
            if isinstance(effect, StartGroup):
                assert effect.identifier not in started, "started twice"
                started.append(effect.identifier)
                running.add(effect.identifier)
            elif isinstance(effect, StopGroup):
                running.discard(effect.identifier)
        if progress.complete:
            break
        if Combine() in effects:
            results: list[BatchEvent] = [Combined(), BatchFailed(Context("CLIENT_ERROR", "no bucket"))]
            event = data.draw(st.sampled_from(results))
        elif data.draw(st.integers(0, 20)) == 0:
            cuts: list[BatchEvent] = [BatchStopped(), BatchTimedOut()]
            event, cut = data.draw(st.sampled_from(cuts)), True
        else:
            assert running, "nothing runs and the batch is not over"
            ended = data.draw(st.sampled_from(sorted(running)))
            running.discard(ended)
            event = GroupEnded(ended, data.draw(st.sampled_from(ENDS)))
    assert progress.complete
    assert not running
    assert all(group.over for group in progress.groups)
    if progress.status == "SUCCEEDED":
        assert all(group.passed for group in progress.groups)
    elif not cut and progress.phases[-2].type == "IN_PROGRESS":
        assert not all(group.passed for group in progress.groups)
    if not fast_fail and not cut:
        lost = {group.identifier for group in progress.groups if group.identifier not in started}
        for identifier in lost:
            group = progress.group(identifier)
            assert group is not None
            assert group.status == "STOPPED"
            needed = [progress.group(name) for name in group.depends_on]
            assert any(one is not None and not one.passed for one in needed), "left out for no reason"


@given(graphs(), st.data())
def test_a_retry_runs_what_did_not_succeed_and_nothing_else(groups: tuple[Group, ...], data: st.DataObject) -> None:
    progress, _ = submit(NOW)
    progress, effects = step(progress, SpecRead(groups), NOW)
    while not progress.complete:
        if Combine() in effects:
            progress, effects = step(progress, Combined(), NOW)
            continue
        running = [group.identifier for group in progress.groups if group.status == "IN_PROGRESS"]
        ended = GroupEnded(running[0], data.draw(st.sampled_from(ENDS)))
        progress, effects = step(progress, ended, NOW)
    again, effects = step(progress, BatchRetried(), NOW)
    if progress.status == "SUCCEEDED":
        assert (again, effects) == (progress, ())
        return
    assert again.status == "IN_PROGRESS"
    assert [phase.type for phase in again.phases[len(progress.phases) :]][:2] == ["SUBMITTED", "IN_PROGRESS"]
    before = {group.identifier: group.status for group in progress.groups}
    for group in again.groups:
        assert (group.status == "SUCCEEDED") == (before[group.identifier] == "SUCCEEDED")
    everything, effects = step(progress, BatchRetried(all=True), NOW)
    assert effects == (ReadSpec(),)
    assert everything.groups == ()


def test_what_comes_too_late_changes_nothing() -> None:
    progress, _ = submit(NOW)
    progress, _ = step(progress, SpecRead((Group("a"),)), NOW)
    stopped, effects = step(progress, BatchStopped(Context("", "enough")), NOW)
    assert effects == (StopGroup("a"), BatchEnd("STOPPED"))
    for event in (GroupEnded("a", "SUCCEEDED"), Combined(), BatchTimedOut(), BatchRetried(), SpecRead((Group("b"),))):
        assert step(stopped, event, NOW) == (stopped, ())
