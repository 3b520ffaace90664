"""Builds compared, queued, batched, reported, and found by their commit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from operations import states
from pointsman.clock import EPOCH
from pointsman.model.batches import Batch, Member, tree
from pointsman.model.build_comparison import compare
from pointsman.model.builds import Build, EnvironmentVariable, Phase, turns
from pointsman.model.pipelines import Board, PipelineRow
from pointsman.model.refs import ActionRef, BatchRef, BuildRef, CommitRef, ReportRef
from pointsman.model.reports import Report, Trend, worst_first
from pointsman.model.sightings import sightings
from pointsman.model.status import status


def phase(name: str, start: float, took: float | None, word: str = "SUCCEEDED") -> Phase:
    begun = EPOCH + timedelta(seconds=start)
    return Phase(name, status(word), begun, begun + timedelta(seconds=took) if took is not None else None)


def build(number: int, *phases: Phase, project: str = "app", **changes: object) -> Build:
    made = Build(
        BuildRef(f"{project}:{number}"),
        number=number,
        status=status("SUCCEEDED"),
        phases=phases,
        started=EPOCH + timedelta(minutes=number),
        complete=True,
    )
    return replace(made, **changes)


# -- compared


def test_the_older_build_comes_first_and_the_phase_that_costs_most_is_named() -> None:
    one = build(1, phase("INSTALL", 0, 10), phase("BUILD", 10, 20))
    two = build(2, phase("INSTALL", 0, 70), phase("BUILD", 70, 25), phase("POST_BUILD", 95, 1))
    found = compare(two, one)
    assert (found.older.number, found.newer.number) == (1, 2)
    assert [(pair.name, pair.slower) for pair in found.phases] == [
        ("INSTALL", timedelta(seconds=60)),
        ("BUILD", timedelta(seconds=5)),
        ("POST_BUILD", None),
    ]
    assert found.slowest is not None
    assert found.slowest.name == "INSTALL"
    assert compare(one, replace(one, ref=BuildRef("app:9"))).slowest is None


def test_only_what_differs_is_told_and_of_a_secret_only_its_name() -> None:
    before = (EnvironmentVariable("A", "1"), EnvironmentVariable("KEY", "app/key", "SECRETS_MANAGER"))
    after = (EnvironmentVariable("A", "1"), EnvironmentVariable("KEY", "plain"), EnvironmentVariable("NEW", "x"))
    found = compare(build(1, environment=before, image="a"), build(2, environment=after, image="b"))
    assert found.facts == (("image", "a", "b"),)
    assert found.variables == (("KEY", "app/key (from SECRETS_MANAGER)", "plain"), ("NEW", "", "x"))


# -- queued


def test_what_waits_has_its_place_project_by_project_the_oldest_first() -> None:
    waits: dict[str, Any] = {"complete": False, "phase": "QUEUED"}
    found = turns(
        (
            build(5, **waits),
            build(4, **waits),
            build(3, complete=False, phase="BUILD"),
            build(2),
            build(9, project="other", **waits),
        )
    )
    told = {ref.id: (turn.place, turn.waiting, turn.running) for ref, turn in found.items()}
    assert told == {"app:4": (1, 2, 1), "app:5": (2, 2, 1), "other:9": (1, 1, 0)}


# -- batched

NAMES = [f"m{at}" for at in range(8)]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.lists(st.sampled_from([*NAMES, "gone"]), max_size=3)), max_size=8))
def test_every_member_is_in_the_tree_once_whatever_waits_for_what(graph: list[tuple[str, list[str]]]) -> None:
    """Circles, members that wait for themselves or for nothing that is there: none is lost, none comes twice."""
    members = {name: Member(name, tuple(waits)) for name, waits in graph}
    branches = tree(Batch(BatchRef("app:1"), members=tuple(members.values())))
    assert sorted(one.member.identifier for one in branches) == sorted(members)
    depth = -1
    for one in branches:
        assert 0 <= one.depth <= depth + 1
        depth = one.depth


def test_a_member_hangs_under_the_last_of_the_deepest_it_waits_for() -> None:
    members = (Member("a"), Member("b"), Member("c", ("a", "b")), Member("d", ("c", "a")))
    told = [(one.member.identifier, one.depth, one.also) for one in tree(Batch(BatchRef("app:1"), members=members))]
    assert told == [("a", 0, ()), ("b", 0, ()), ("c", 1, ("a",)), ("d", 2, ("a",))]


# -- reported


def report(at: int, passed: int, failed: int) -> Report:
    counts = (("SUCCEEDED", passed), ("FAILED", failed), ("SKIPPED", 3))
    return Report(ReportRef(f"arn:report/unit:{at}"), "TEST", f"r{at}", counts=counts)


def test_what_was_skipped_is_no_failure_and_no_pass() -> None:
    assert report(1, 9, 1).measure == 90.0
    assert report(1, 0, 0).measure is None
    assert [one.name for one in worst_first((report(1, 9, 0), report(2, 8, 1), report(3, 1, 5)))] == ["r3", "r2", "r1"]


def test_a_trend_compares_with_the_report_before_that_says_something() -> None:
    trend = Trend("unit", (report(1, 9, 1), report(2, 0, 0), report(3, 10, 0)))
    assert trend.values == (90.0, 100.0)
    before = trend.before(report(3, 1, 1).ref)
    assert before is not None
    assert before.name == "r1"
    assert trend.before(report(1, 1, 1).ref) is None


# -- found by their commit


def test_a_commit_leads_to_its_runs_stages_gates_and_builds() -> None:
    unit = ActionRef(states.NAME, "Build", "Unit")
    state = states.with_action(states.held(), unit, external_id="app:7")
    built = build(3, resolved_version="3" * 40)
    other = build(4, resolved_version="4" * 40)
    found = sightings(CommitRef("3" * 9), Board((PipelineRow(state.ref, state=state),)), (built, other))
    assert [str(one.ref) for one in found.found] == ["checkout 33333333", "app:3", "app:7"]
    assert (found.found[0].stages, found.found[0].gates) == (("Source", "Build", "Gate"), ("Deploy",))
    assert found.found[2].stage == str(unit)
    assert (found.pipelines, found.of, found.builds, found.ids) == (1, 1, 2, ("3" * 40,))


def test_an_ambiguous_beginning_says_which_commits_begin_so() -> None:
    builds = (build(1, resolved_version="abcd1" + "0" * 35), build(2, source_version="ABCD2" + "0" * 35))
    assert len(sightings(CommitRef("abcd"), None, builds).ids) == 2


def test_nothing_is_found_of_nothing() -> None:
    assert len(sightings(CommitRef(""), None, (build(1, resolved_version="a"),))) == 0
