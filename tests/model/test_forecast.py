"""How long a stage usually takes, from earlier runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH
from pointsman.model.forecast import Forecast, covered, forecast, percentile, stage_times
from pointsman.model.pipelines import ActionRun, Stage
from pointsman.model.refs import ActionRef, StageRef
from pointsman.model.status import status
from pointsman.model.strips import run_stages

SECONDS = st.integers(0, 10_000).map(lambda one: timedelta(seconds=one))
SHAPE = {"Build": frozenset({"Package"})}


def run(
    execution: str,
    start: float,
    end: float | None,
    word: str = "Succeeded",
    *,
    stage: str = "Build",
    action: str = "Package",
    category: str = "Build",
    attempt: str = "",
) -> ActionRun:
    """An action execution that began so many seconds after the epoch."""
    return ActionRun(
        f"{execution}-{stage}-{action}{attempt}",
        execution,
        ActionRef("p", stage, action),
        status(word),
        EPOCH + timedelta(seconds=start),
        EPOCH + timedelta(seconds=end) if end is not None else None,
        category=category,
    )


def build_stage(execution: str, word: str = "InProgress") -> Stage:
    return Stage(StageRef("p", "Build"), status(word), execution)


def earlier(*took: float) -> list[ActionRun]:
    return [run(f"e{at}", at * 1000, at * 1000 + one) for at, one in enumerate(took)]


@given(st.lists(SECONDS, min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values_and_enough_do_not_exceed_it(values: list[timedelta], part: float) -> None:
    found = percentile(values, part)
    assert found in values
    assert sum(one <= found for one in values) >= part * len(values) - 1e-9
    assert sum(one < found for one in values) <= part * len(values)


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 0.5)


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 100))))
def test_time_covered_counts_each_second_once(spans: list[tuple[int, int]]) -> None:
    seconds = {second for start, length in spans for second in range(start, start + length)}
    made = [(EPOCH + timedelta(seconds=start), EPOCH + timedelta(seconds=start + length)) for start, length in spans]
    assert covered(made) == timedelta(seconds=len(seconds))


def test_the_median_and_the_ninth_decile_come_from_runs_that_passed_the_whole_stage() -> None:
    runs = earlier(*range(10, 110, 10))
    runs += [run("failed", 20_000, 20_500, "Failed"), run("stopped", 21_000, 21_900, "Abandoned")]
    found = forecast(runs, SHAPE).stage("Build")
    assert found is not None
    assert (found.samples, found.p50, found.p90) == (10, timedelta(seconds=50), timedelta(seconds=90))


def test_a_run_of_which_some_actions_are_not_there_is_no_sample() -> None:
    shape = {"Build": frozenset({"Package", "Lint"})}
    whole = [run("a", 0, 30), run("a", 0, 40, action="Lint")]
    assert forecast([*whole, run("b", 100, 110)], shape).stages[0][1].samples == 1
    assert forecast(whole, shape, cut="a").stages == ()


def test_an_approval_s_wait_is_no_work_and_a_retry_counts_its_last_attempt() -> None:
    runs = [
        run("a", 0, 86_400, category="Approval", action="Sign-off"),
        run("a", 86_400, 86_430, "Failed", attempt="1"),
        run("a", 90_000, 90_060, attempt="2"),
    ]
    found = forecast(runs, {"Build": frozenset({"Sign-off", "Package"})}).stage("Build")
    assert found is not None
    assert found.p50 == timedelta(seconds=60)


def test_a_stage_in_which_only_a_person_acts_has_no_forecast() -> None:
    runs = [run("a", 0, 86_400, category="Approval", action="Sign-off")]
    assert forecast(runs, {"Build": frozenset({"Sign-off"})}).stages == ()


def test_a_run_is_overdue_once_nine_of_ten_had_been_through() -> None:
    stage = build_stage("now")
    found = forecast([*earlier(50, 50, 50, 50, 90), run("now", 9_000, None, "InProgress")], SHAPE)
    begun = EPOCH + timedelta(seconds=9_000)
    assert found.ends(stage) == begun + timedelta(seconds=50)
    assert not found.overdue(stage, begun + timedelta(seconds=94))
    assert found.overdue(stage, begun + timedelta(seconds=95))
    assert not found.overdue(build_stage("now", "Succeeded"), begun + timedelta(days=1))
    assert not found.overdue(build_stage("another"), begun + timedelta(days=1))


def test_too_few_runs_call_nothing_overdue() -> None:
    found = forecast([*earlier(50, 50), run("now", 9_000, None, "InProgress")], SHAPE)
    assert found.stage("Build") is not None
    assert not found.overdue(build_stage("now"), EPOCH + timedelta(days=9))


def test_what_was_done_before_the_action_under_way_counts() -> None:
    runs = [run("now", 0, 40, action="Lint"), run("now", 40, None, "InProgress")]
    (under,) = forecast(runs, SHAPE).under
    assert under.worked(EPOCH + timedelta(seconds=100)) == timedelta(seconds=100)


def test_while_a_person_is_awaited_no_time_passes() -> None:
    runs = [run("now", 0, 40), run("now", 40, None, "InProgress", action="Sign-off", category="Approval")]
    found = forecast(runs, SHAPE)
    assert found.under[0].worked(EPOCH + timedelta(days=3)) == timedelta(seconds=40)
    assert found.ends(build_stage("now")) is None


def test_nothing_is_known_of_nothing() -> None:
    assert forecast((), {}) == Forecast()
    assert Forecast().ends(build_stage("x")) is None


def test_the_stages_of_a_run_take_the_time_of_their_work() -> None:
    runs = [
        run("a", 0, 10, stage="Source"),
        run("a", 10, 40),
        run("a", 30, 60, action="Lint"),
        run("a", 70, None, "InProgress", stage="Deploy"),
    ]
    told = [(one.name, one.word, one.took) for one in stage_times(runs, ("Source", "Build", "Gate", "Deploy"))]
    assert told == [
        ("Source", "Succeeded", timedelta(seconds=10)),
        ("Build", "Succeeded", timedelta(seconds=50)),
        ("Deploy", "InProgress", None),
    ]


def test_each_run_by_itself_shows_its_own_stages() -> None:
    runs = [
        run("a", 0, 10, stage="Source"),
        run("a", 10, 20, "Failed", attempt="1"),
        run("a", 30, 40, attempt="2"),
        run("a", 50, None, "InProgress", stage="Gate", category="Approval"),
    ]
    found = run_stages("a", runs, ("Source", "Build", "Gate", "Deploy"))
    assert [one.word for _, one in found.stages] == ["Succeeded", "Succeeded", "Waiting", ""]
    assert found.place == "Gate"
    assert run_stages("a", (), ("Source",)).place == ""
