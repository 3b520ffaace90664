"""The machine of a build: which failure skips what, and what can never happen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH
from pointsman.local.codebuild.buildspec import Buildspec, OnFailure, PhaseSpec
from pointsman.local.codebuild.machine import (
    PHASES,
    Collect,
    CommandEnded,
    Context,
    Dequeued,
    Effect,
    End,
    Event,
    Failed,
    Fetched,
    Lost,
    Progress,
    Provisioned,
    Run,
    Stopped,
    TimedOut,
    Uploaded,
    step,
    submit,
)

BAD = Context("COMMAND_EXECUTION_ERROR", "Error")


def play(spec: Buildspec, fails: set[str], upload_fails: bool = False) -> tuple[Progress, list[Run]]:
    """A whole build in which some commands fail."""
    progress, runs = submit(EPOCH), []
    waiting: list[Event] = [Dequeued(), Provisioned(), Fetched()]
    while waiting:
        progress, effects = step(progress, waiting.pop(0), EPOCH, spec)
        for effect in effects:
            if isinstance(effect, Run):
                runs.append(effect)
                waiting.append(CommandEnded(effect.number, effect.command in fails, BAD, "out"))
            elif isinstance(effect, Collect):
                waiting.append(Failed(BAD) if upload_fails else Uploaded())
    assert progress.complete
    return progress, runs


def simple(**on_failure: str) -> Buildspec:
    def one(name: str) -> PhaseSpec:
        action = on_failure.get(name)
        return PhaseSpec((name,), (f"{name}.finally",), OnFailure(action) if action else None)

    return Buildspec(phases={name: one(name) for name in ("install", "pre_build", "build", "post_build")})


def entered(progress: Progress) -> list[str]:
    return [phase.type for phase in progress.phases[4:]]


ALL = ["INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"]


@pytest.mark.parametrize(
    ("fails", "on_failure", "expected"),
    [
        ("install", {}, ["INSTALL", "FINALIZING", "COMPLETED"]),
        ("install", {"install": "CONTINUE"}, ALL),
        ("pre_build", {}, ["INSTALL", "PRE_BUILD", "FINALIZING", "COMPLETED"]),
        ("build", {}, ALL),
        ("build", {"build": "ABORT"}, ["INSTALL", "PRE_BUILD", "BUILD", "FINALIZING", "COMPLETED"]),
        ("post_build", {}, ALL),
        ("install.finally", {}, ["INSTALL", "FINALIZING", "COMPLETED"]),
    ],
)
def test_which_failure_skips_what(fails: str, on_failure: dict[str, str], expected: list[str]) -> None:
    progress, _ = play(simple(**on_failure), {fails})
    assert entered(progress) == expected
    assert progress.status == "FAILED"


def test_finally_runs_after_a_failure_which_skips_the_rest_of_the_commands() -> None:
    spec = Buildspec(phases={"build": PhaseSpec(("a", "b"), ("f", "g"))})
    _, runs = play(spec, {"a", "f"})
    assert [run.command for run in runs] == ["a", "f"]


def test_commands_know_whether_the_build_is_succeeding() -> None:
    _, runs = play(simple(), {"build"})
    assert {run.phase: run.succeeding for run in runs} == {
        "INSTALL": True,
        "PRE_BUILD": True,
        "BUILD": True,
        "POST_BUILD": False,
    }


def test_retry_begins_the_phase_again_so_often() -> None:
    spec = Buildspec(phases={"build": PhaseSpec(("a", "b"), (), OnFailure("RETRY", 2))})
    progress, runs = play(spec, {"b"})
    assert [run.command for run in runs] == ["a", "b"] * 3
    assert progress.status == "FAILED"


@pytest.mark.parametrize(("pattern", "times"), [("^Error", 2), ("out", 2), ("other", 1)])
def test_retry_looks_at_the_message_and_the_output(pattern: str, times: int) -> None:
    spec = Buildspec(phases={"build": PhaseSpec(("a",), (), OnFailure("RETRY", 1, pattern))})
    _, runs = play(spec, {"a"})
    assert len(runs) == times


def test_a_failed_source_leads_straight_to_the_end() -> None:
    progress = submit(EPOCH)
    for event in (Dequeued(), Provisioned(), Failed(Context("YAML_FILE_ERROR", "x"))):
        progress, _ = step(progress, event, EPOCH)
    assert [phase.type for phase in progress.phases[3:]] == ["DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED"]
    assert progress.phases[3].contexts == (Context("YAML_FILE_ERROR", "x"),)


def test_a_failed_upload_fails_the_build() -> None:
    progress, _ = play(simple(), set(), upload_fails=True)
    assert (progress.status, entered(progress)) == ("FAILED", ALL)


events = st.one_of(
    st.sampled_from([Dequeued(), Provisioned(), Fetched(), Uploaded(), Stopped(), TimedOut(), Lost(BAD), Failed(BAD)]),
    st.builds(CommandEnded, st.integers(0, 12), st.booleans(), st.just(BAD)),
)


@given(st.lists(events, max_size=40))
def test_any_events_in_any_order_keep_a_build_whole(happening: list[Event]) -> None:
    progress, now = submit(EPOCH), EPOCH
    ends: list[Effect] = []
    for event in happening:
        before, now = progress, now + timedelta(seconds=1)
        progress, effects = step(progress, event, now, simple())
        ends += [effect for effect in effects if isinstance(effect, End)]
        assert before.phases[:-1] == progress.phases[: len(before.phases) - 1]
        order = [PHASES.index(phase.type) for phase in progress.phases]
        assert order == sorted(set(order))
        assert all(phase.status and phase.end for phase in progress.phases[:-1])
        assert not progress.phases[-1].status
        if before.complete:
            assert (progress, effects) == (before, ())
    assert len(ends) == (1 if progress.complete else 0)
    assert (progress.status == "IN_PROGRESS") != progress.complete
