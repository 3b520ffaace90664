"""Pipelines as text."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from console.widgets.shown import CLOSED, ago, pipeline, row, stage
from pointsman.clock import EPOCH
from pointsman.console.present import pipelines
from pointsman.console.present.attention import from_board, line
from pointsman.console.present.cells import Columns, place, plain, status_cell, width
from pointsman.console.present.glyphs import ASCII, UNICODE, Glyphs, glyphs_for
from pointsman.console.present.history import HISTORY, RUNS
from pointsman.console.present.look import Draw
from pointsman.console.present.pipelines import BOARD, gate_sentence, strip, strip_width
from pointsman.errors import Fault, FaultKind
from pointsman.model.pipelines import ActionRun, Execution, Transition
from pointsman.model.refs import ActionRef, PipelineRef
from pointsman.model.status import Tone, status


def draw(glyphs: Glyphs = UNICODE) -> Draw:
    return Draw(EPOCH, glyphs)


def cells_of(columns: Columns, one: object) -> dict[str, str]:
    return {column.key: plain(column.cell(one, draw())) for column in columns}


def test_a_strip_draws_the_gate_between_stages_and_the_revision_behind_it() -> None:
    state = pipeline(
        stage("A", "Succeeded"),
        stage("B", "Succeeded"),
        stage("C", "Succeeded"),
        stage("D", "Succeeded", transition=CLOSED, inbound_id="run-2"),
    )
    assert plain(strip(state, draw())) == "✓━━✓━━✓━┿╳──✓"
    assert plain(strip(state, draw(ASCII))) == "+==+==+=!X--+"
    assert width(strip(state, draw())) == strip_width(state)


def test_a_strip_tells_open_closed_queued_and_unreached_apart() -> None:
    state = pipeline(
        stage("A", "Succeeded"),
        stage("B", "Failed", transition=Transition(enabled=False)),
        stage("C", "", inbound_id="run-2"),
        stage("D", ""),
    )
    assert plain(strip(state, draw())) == "✓━╳──✗━┿──○──○"
    assert width(strip(state, draw())) == strip_width(state)


def test_what_an_older_run_left_behind_is_dim_and_not_joined() -> None:
    state = pipeline(
        stage("A", "Succeeded", run="run-3"),
        stage("B", "Failed", run="run-3"),
        stage("C", "Succeeded", run="run-1"),
        stage("D", "Succeeded", run="run-1"),
    )
    drawn = strip(state, draw())
    assert plain(drawn) == "✓━━✗──✓━━✓"
    assert [style for text, style in drawn if text == "✓"] == ["tone.ok", "dim", "dim"]


def test_the_first_stage_has_a_gate_too() -> None:
    state = pipeline(stage("A", "Succeeded", transition=CLOSED), stage("B", "Succeeded"))
    assert plain(strip(state, draw())) == "╳─✓━━✓"
    assert width(strip(state, draw())) == strip_width(state)


@pytest.mark.parametrize("room", range(3, 40))
def test_a_strip_fits_its_room(room: int) -> None:
    state = pipeline(*(stage(f"S{at}", "Succeeded") for at in range(12)))
    assert width(strip(state, draw(), room)) <= room


def test_a_waiting_approval_makes_its_stage_wait() -> None:
    assert plain(strip(pipeline(), draw())) == "✓━━✓━━✗──⏸━┿╳──○"


def test_a_gate_says_who_when_and_why_and_what_waits() -> None:
    state = pipeline()
    said = plain(gate_sentence(state.stages[-1], draw(), state))
    assert said == (
        '╳ closed by oncall 2d ago: "freeze until the 25th"  behind it: a41f9c2 “fix [b]rounding[/b]” by ana 3h'
    )
    assert plain(gate_sentence(state.stages[0], draw(), state)) == "open"


def test_a_board_row_says_what_when_and_why() -> None:
    said = cells_of(BOARD, row(state=pipeline()))
    assert said == {
        "name": "checkout",
        "status": "✗ Failed",
        "stages": "✓━━✓━━✗──⏸━┿╳──○",
        "revision": "a41f9c2",
        "age": "4m",
        "why": "Test/Unit failed",
        "trigger": "start bob",
    }


def test_a_row_that_was_not_read_is_no_idle_row() -> None:
    assert cells_of(BOARD, row())["status"] == "? not read"


def test_a_denied_row_says_so_in_its_own_line() -> None:
    said = cells_of(BOARD, row(fault=Fault(FaultKind.DENIED, "no codepipeline:GetPipelineState", "ask for it")))
    assert said["status"] == "? access denied"
    assert said["why"] == "✗ access denied: no codepipeline:GetPipelineState  → ask for it"


def test_a_row_with_old_data_marks_its_age() -> None:
    assert cells_of(BOARD, row(state=pipeline(), fault=Fault(FaultKind.THROTTLED, "Rate exceeded")))["age"] == "4m?"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (pipeline(stage("A", "Succeeded"), stage("B", "", transition=CLOSED)), "gate into B closed"),
        (pipeline(stage("A", "Succeeded"), stage("B", "", inbound_id="run-9")), "a revision waits to enter B"),
        (pipeline(stage("A", "InProgress")), "in A"),
        (pipeline(stage("A", "Succeeded")), ""),
    ],
)
def test_why_names_the_next_thing_to_know(state: object, said: str) -> None:
    assert plain(pipelines.why(row(state=state), draw())) == said  # type: ignore[arg-type]


def test_history_shows_rollbacks_and_times() -> None:
    run = Execution(
        "0123456789",
        status("Succeeded"),
        ago(hours=2),
        ago(hours=1),
        "ManualRollback",
        kind="ROLLBACK",
        rollback_target="fedcba98765",
    )
    said = cells_of(HISTORY, run)
    assert said["id"] == "01234567"
    assert said["status"] == "✓ Succeeded rollback to fedcba98"
    assert (said["started"], said["lasted"], said["trigger"]) == ("2h", "1h00m", "rollback")


def test_a_failed_action_run_says_its_error() -> None:
    run = ActionRun(
        "1", "run-1", ActionRef("checkout", "Test", "Unit"), status("Failed"), error_message="exit \x1b[31m3"
    )
    assert cells_of(RUNS, run)["said"] == "exit 3"


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_every_status_has_glyph_word_and_tone(glyphs: Glyphs) -> None:
    assert len({glyphs.of(tone) for tone in Tone}) == len(Tone)
    assert status_cell(status("Succeeded"), draw(glyphs)) == ((f"{glyphs.ok} Succeeded", "tone.ok"),)


def test_ascii_glyphs_are_ascii_and_bars_scale() -> None:
    assert glyphs_for("UTF-8") is UNICODE
    assert glyphs_for("utf8", ascii_only=True) is ASCII
    assert glyphs_for("ascii") is ASCII
    assert UNICODE.bar_of(2.5) == "██▌"
    assert ASCII.bar_of(2.6) == "###"
    assert UNICODE.spark([0, 1, 2]) == "▁▅█"


def test_attention_is_worst_first_and_says_until_when() -> None:
    items = from_board([row(state=pipeline())])
    assert [item.tone for item in items] == [Tone.FAILED, Tone.WAITING, Tone.WAITING]
    text, spots = line(items, draw(), 120)
    assert plain(text).startswith(" ▲ 3 need you:  ✗ checkout/Test failed 4m")
    assert plain(text)[spots[0].start : spots[0].end].strip() == "✗ checkout/Test failed 4m"


@pytest.mark.parametrize("room", [20, 40, 60, 80, 120])
@pytest.mark.parametrize("selected", [None, 0, 1, 2])
def test_the_attention_line_fits_and_shows_the_selected_item(room: int, selected: int | None) -> None:
    items = from_board([row(state=pipeline())])
    _, spots = line(items, draw(), room, selected)
    assert spots
    if selected is not None:
        assert items[selected] in [spot.item for spot in spots]


def test_a_long_name_gives_way_before_the_stages_do() -> None:
    state = pipeline()
    rows = [replace(row(state=state), ref=PipelineRef("a-pipeline-with-a-name-of-more-than-forty-cells"))]
    whole = plain(strip(state, draw()))
    for room in (76, 96):
        placed = {one.column.key: one.width for one in place(BOARD, room, rows)}
        assert placed["stages"] >= len(whole)
        assert placed["name"] >= 12
        assert sum(placed.values()) + len(placed) - 1 <= room


def test_stages_that_do_not_fit_shorten_their_joints_first() -> None:
    state = pipeline()
    stages = next(one for one in BOARD if one.key == "stages")
    whole = plain(strip(state, draw()))
    short = plain(stages.drawn(row(state=state), draw(), len(whole) - 2))
    assert "…" not in short


def test_nothing_to_do_is_said() -> None:
    assert plain(line((), draw(), 80)[0]) == " ✓ nothing needs you"


def test_an_approval_expires_in_the_board_and_on_the_line() -> None:
    state = pipeline(*(pipeline().stages[3:4]))
    assert plain(pipelines.why(row(state=state), draw())) == "Ask/Sign-off expires in 6d"
    later = Draw(EPOCH + timedelta(days=6, hours=23, minutes=55, seconds=30))
    assert plain(line(from_board([row(state=state)]), later, 80)[0]).endswith("expires in 30s")
