"""Stages side by side when wide, in a list when narrow; everything that can be selected has a place."""

from __future__ import annotations

import pytest

from console.widgets.shown import pipeline, stage
from pointsman.clock import EPOCH
from pointsman.console.present.cells import plain, width
from pointsman.console.present.look import Draw
from pointsman.console.present.stages import Item, sheet, step
from pointsman.model.refs import ActionRef, StageRef


@pytest.mark.parametrize(("room", "columns"), [(80, False), (120, False), (140, True), (200, True)])
def test_the_room_decides(room: int, columns: bool) -> None:
    drawn = sheet(pipeline(), Draw(EPOCH), room)
    assert drawn.columns is columns
    assert all(width(line) <= room for line in drawn.lines)


@pytest.mark.parametrize("room", [60, 80, 140, 200])
def test_every_stage_gate_and_action_can_be_selected_where_it_is_drawn(room: int) -> None:
    state = pipeline()
    drawn = sheet(state, Draw(EPOCH), room)
    wanted = [str((one.ref, part)) for one in state.stages for part in ("gate", "stage")]
    wanted += [str((one.ref, "action")) for each in state.stages for one in each.actions]
    assert sorted(wanted) == sorted(str(item.key) for item in drawn.items)
    for item in drawn.items:
        text = plain(drawn.lines[item.line])[item.start : item.end]
        name = item.ref.action if isinstance(item.ref, ActionRef) else item.ref.stage
        assert item.part == "gate" or name in text


def test_a_wide_sheet_tells_closed_gates_in_full() -> None:
    text = "\n".join(plain(line) for line in sheet(pipeline(), Draw(EPOCH), 160).lines)
    assert "╳ closed ┿ a41f9c2 waits" in text
    assert 'Deploy  ╳ closed by oncall 2d ago: "freeze until the 25th"' in text
    assert "[b]rounding[/b]" in text


def test_stepping_moves_within_and_between_stages() -> None:
    drawn = sheet(pipeline(), Draw(EPOCH), 160)
    first = step(drawn, None, 0, 0)
    assert first is not None and (first.part, first.stage) == ("gate", 0)
    down = step(drawn, first, 0, 1)
    assert down is not None and down.key == (StageRef("checkout", "Source"), "stage")
    right = step(drawn, down, 1, 0)
    assert right is not None and right.key == (StageRef("checkout", "Build"), "stage")
    assert step(drawn, first, -1, 0) == first


@pytest.mark.parametrize("room", [60, 160])
def test_every_item_is_reached_by_stepping(room: int) -> None:
    drawn = sheet(pipeline(), Draw(EPOCH), room)
    seen: set[object] = set()
    frontier: list[Item | None] = [step(drawn, None, 0, 0)]
    while frontier:
        item = frontier.pop()
        if item is None or item.key in seen:
            continue
        seen.add(item.key)
        frontier += [step(drawn, item, dx, dy) for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))]
    assert len(seen) == len(drawn.items)


def test_a_pipeline_without_stages_says_so() -> None:
    from msgspec.structs import replace

    assert plain(sheet(replace(pipeline(), stages=()), Draw(EPOCH), 80).lines[0]) == "this pipeline has no stages"
    assert sheet(pipeline(stage("A", "")), Draw(EPOCH), 80).columns
