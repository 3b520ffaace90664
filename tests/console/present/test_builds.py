"""Builds as text."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.widgets.shown import ago, build, phase
from pointsman.clock import EPOCH
from pointsman.console.present.builds import BUILDS, PROJECTS, failure_line, phase_lines, slow_phase, summary
from pointsman.console.present.cells import plain, width
from pointsman.console.present.look import Draw
from pointsman.model.builds import Project
from pointsman.model.refs import ProjectRef


def lines(made: object, room: int = 100, now: float = 0) -> list[str]:
    draw = Draw(EPOCH + timedelta(seconds=now))
    return [plain(one).rstrip() for one in phase_lines(made, draw, room)]  # type: ignore[arg-type]


def test_phases_lie_in_time_and_the_slow_one_is_named() -> None:
    shown = lines(build())
    assert shown[0].startswith("SUBMITTED        ✓ SUCCEEDED         0s")
    assert shown[2].endswith("slow")
    assert "▓" in shown[2]
    assert shown[3] == "  → COMMAND_EXECUTION_ERROR: make test exit 2"
    bars = [one.index("█") if "█" in one else one.index("▓") for one in shown[1:3]]
    assert bars[0] < bars[1]


@pytest.mark.parametrize("room", [40, 60, 80, 120, 200])
def test_phase_lines_fit(room: int) -> None:
    for one in phase_lines(build(), Draw(EPOCH), room)[:3]:
        assert width(one) <= max(room, 47)


def test_a_moving_phase_grows_only_when_its_shown_age_steps() -> None:
    moving = build(phase("INSTALL", 0, 30), phase("BUILD", 30, None, "IN_PROGRESS"), word="IN_PROGRESS", complete=False)
    assert lines(moving, now=5) == lines(moving, now=20)
    assert lines(moving, now=5) != lines(moving, now=65)


def test_completed_is_a_moment_however_long_ago() -> None:
    ended = build(phase("BUILD", 0, 30), phase("COMPLETED", 30, None, ""))
    assert lines(ended, now=40) == lines(ended, now=4000)
    assert "█" not in lines(ended, now=4000)[1]


def test_no_phase_is_slow_when_all_are_short() -> None:
    assert slow_phase(build(phase("A", 0, 1), phase("B", 1, 1))) is None
    assert slow_phase(build(phase("A", 0, 5), phase("B", 5, 10), phase("C", 10, 15))) is None


def test_a_build_without_phases_says_so() -> None:
    from msgspec.structs import replace

    assert lines(replace(build(), phases=())) == ["no phase has begun"]


def test_a_failure_names_phase_and_reason() -> None:
    assert plain(failure_line(build(), Draw(EPOCH))) == "✗ BUILD: make test exit 2"


def test_a_row_names_number_source_and_pipeline() -> None:
    made = build(initiator="codepipeline/checkout", resolved_version="a" * 40)
    said = {column.key: plain(column.cell(made, Draw(EPOCH))) for column in BUILDS}
    assert (said["number"], said["source"], said["by"], said["age"], said["took"]) == (
        "#12", "aaaaaaa", "checkout", "5m", "5m00s",
    )  # fmt: skip
    assert said["status"] == "✗ FAILED"


def test_a_summary_is_one_line() -> None:
    assert plain(summary(build(source_version="main"), Draw(EPOCH))) == "web #12  ✗ FAILED  main  5m00s"


def test_a_project_shows_its_latest_build() -> None:
    project = Project(ProjectRef("web"), source_type="CODEPIPELINE", latest=build(), updated=ago(days=3))
    said = {column.key: plain(column.cell(project, Draw(EPOCH))) for column in PROJECTS}
    assert (said["latest"], said["age"], said["what"]) == ("✗ FAILED", "5m", "✗ BUILD: make test exit 2")
    none = {column.key: plain(column.cell(Project(ProjectRef("web")), Draw(EPOCH))) for column in PROJECTS}
    assert none["latest"] == "no builds"
