"""Strip, columns, bars, attention, header, footer, pane, filter bar."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input

from console.widgets.shown import Stage1, ago, build, pipeline, row
from pointsman.clock import EPOCH, ManualClock
from pointsman.console import toolkit
from pointsman.console.present.attention import from_board
from pointsman.console.present.cells import cell
from pointsman.console.present.header import HeaderFacts
from pointsman.console.present.keys import KeyHint
from pointsman.console.present.look import Draw, Look
from pointsman.console.widgets.attention_line import AttentionLine
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.footer import Footer
from pointsman.console.widgets.header import Header
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.pane import Pane
from pointsman.console.widgets.phase_bars import PhaseBars
from pointsman.console.widgets.stage_columns import StageColumns
from pointsman.console.widgets.stage_strip import StageStrip
from pointsman.model.refs import ActionRef, StageRef
from pointsman.model.snapshot import Snapshot


async def drawn(app: App[Any], pilot: Any) -> list[str]:
    await toolkit.settle(pilot)
    return toolkit.screen_lines(app)


async def test_a_strip_is_one_line(clock: ManualClock) -> None:
    app = Stage1(lambda: StageStrip(Look(clock.now)))
    async with app.run_test(size=(80, 3)) as pilot:
        app.query_one(StageStrip).show(pipeline())
        assert (await drawn(app, pilot))[0] == "✓━━✓━━✗──⏸━┿╳──○"


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_stages_start_at_what_failed_and_say_what_is_chosen(clock: ManualClock, width: int) -> None:
    app = Stage1(lambda: StageColumns(Look(clock.now)))
    async with app.run_test(size=(width, 24), message_hook=app.heard.append) as pilot:
        stages = app.query_one(StageColumns)
        stages.show(pipeline())
        await pilot.press("enter")
        text = "\n".join(await drawn(app, pilot))
        assert stages.selection is not None
        chosen = app.said(StageColumns.Selected)[-1]
        assert (chosen.ref, chosen.part) == (ActionRef("checkout", "Test", "Unit"), "action")
        assert "✗ Failed" in text
        assert "closed by oncall 2d ago" in text
        await pilot.press("G", "enter")
        await toolkit.settle(pilot)
        assert app.said(StageColumns.Selected)[-1].ref == ActionRef("checkout", "Deploy", "Copy")
        assert stages.move_to(StageRef("checkout", "Deploy"), "gate")
        await pilot.press("enter")
        await toolkit.settle(pilot)
        assert app.said(StageColumns.Selected)[-1].part == "gate"
        stages.show(pipeline())
        assert stages.selection.part == "gate"


async def test_stages_not_read_yet_say_so(clock: ManualClock) -> None:
    app = Stage1(lambda: StageColumns(Look(clock.now)))
    async with app.run_test(size=(80, 6)) as pilot:
        assert (await drawn(app, pilot))[0] == "loading pipeline…"


async def test_phase_bars_are_as_high_as_they_have_lines(clock: ManualClock) -> None:
    app = Stage1(lambda: PhaseBars(Look(clock.now)))
    async with app.run_test(size=(100, 12)) as pilot:
        bars = app.query_one(PhaseBars)
        bars.show(build())
        lines = await drawn(app, pilot)
        assert bars.size.height == 5
        assert lines[2].endswith("slow")


async def test_attention_goes_to_what_is_chosen(clock: ManualClock) -> None:
    app = Stage1(lambda: AttentionLine(Look(clock.now)))
    async with app.run_test(size=(120, 3), message_hook=app.heard.append) as pilot:
        line = app.query_one(AttentionLine)
        line.show(from_board([row(state=pipeline())]))
        line.focus()
        await pilot.press("right", "enter")
        assert "3 need you" in (await drawn(app, pilot))[0]
        assert app.said(AttentionLine.Selected)[-1].ref == line.items[1].ref


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_header_and_footer(clock: ManualClock, width: int) -> None:
    class Both(App[None]):
        def compose(self) -> ComposeResult:
            yield Header(Look(clock.now))
            yield Footer(Look(clock.now))

    app = Both()
    heard: list[Any] = []
    async with app.run_test(size=(width, 6), message_hook=heard.append) as pilot:
        app.query_one(Header).show(HeaderFacts("demo", "prod", "123456789012", "eu-west-1", "OnCall"))
        app.query_one(Footer).show([KeyHint("a", "actions"), KeyHint("R", "retry", "the stage runs")])
        lines = await drawn(app, pilot)
        assert lines[0].startswith(" pointsman  demo  prod ▸ 123456789012 ▸ eu-west-1")
        assert lines[0].rstrip().endswith("READ-ONLY  09:00Z")
        assert lines[-1] == " a actions  (R retry)"
        await pilot.click(Footer, offset=(15, 0))
        await toolkit.settle(pilot)
        pressed = next(one for one in heard if isinstance(one, Footer.Pressed))
        assert (pressed.key, pressed.why_not) == ("R", "the stage runs")


async def test_a_pane_tells_its_age_its_focus_and_zooms(clock: ManualClock) -> None:
    look = Look(clock.now)
    app = Stage1(lambda: Pane(look, "Pipelines", CellLines(look, lambda _, __: (cell("inside"),)), number="2"))
    async with app.run_test(size=(80, 6), message_hook=app.heard.append) as pilot:
        pane = app.query_one(Pane)
        pane.freshen(Snapshot(["a"], ago(seconds=6)))
        pane.title_text(extra="12")
        lines = await drawn(app, pilot)
        assert lines[0].startswith("━ 2 Pipelines 12 ━━")
        assert lines[0].endswith(" 5s ━")
        assert lines[1] == "inside"
        assert toolkit.ages(pane, clock.now).next_due == EPOCH + timedelta(seconds=4)
        clock.advance(4)
        toolkit.clock_moved(app)
        assert (await drawn(app, pilot))[0].endswith(" 10s ━")
        await pilot.press("z")
        await toolkit.settle(pilot)
        assert pane.zoomed
        await pilot.press("z")
        assert not pane.zoomed
        app.screen.set_focus(None)
        assert (await drawn(app, pilot))[0].startswith("─ 2 Pipelines 12 ──")


async def test_the_filter_bar_opens_reports_and_closes(clock: ManualClock) -> None:
    app = Stage1(FilterBar)
    async with app.run_test(size=(80, 4), message_hook=app.heard.append) as pilot:
        bar = app.query_one(FilterBar)
        assert not bar.display
        bar.open("x")
        bar.count("3 of 12")
        await pilot.press("end", "y")  # what stood there is selected: a word takes its place
        lines = await drawn(app, pilot)
        assert lines[0].startswith(" / xy")
        assert lines[0].rstrip().endswith("3 of 12")
        assert [one.value for one in dict.fromkeys(app.said(FilterBar.Changed))] == ["xy"]
        await pilot.press("enter")
        await toolkit.settle(pilot)
        assert app.said(FilterBar.Submitted)[-1].value == "xy"
        assert not bar.is_open
        bar.open("z")
        await pilot.press("escape")
        await toolkit.settle(pilot)
        assert app.said(FilterBar.Cancelled)
        assert not bar.is_open
        assert not app.query_one(Input).cursor_blink


async def test_lines_repaint_only_what_changed(clock: ManualClock) -> None:
    app = Stage1(lambda: CellLines(Look(clock.now)))
    async with app.run_test(size=(80, 6)) as pilot:
        lines = app.query_one(CellLines)
        words = ["one", "two", "three"]
        lines.show(lambda _draw, _width: [cell(word) for word in words])
        assert (await drawn(app, pilot))[:3] == words
        painted: list[Any] = []
        lines.refresh = lambda *regions, **_: painted.extend(regions)  # type: ignore[assignment, method-assign]
        words[1] = "zwei"
        lines.redraw()
        assert [region.y for region in painted] == [1]
        painted.clear()
        lines.redraw()
        assert painted == []


async def test_no_timer_runs_while_no_age_is_shown(clock: ManualClock) -> None:
    app = Stage1(lambda: CellLines(Look(clock.now), lambda _, __: (cell("still"),)))
    async with app.run_test(size=(80, 6)) as pilot:
        await toolkit.settle(pilot)
        ages = toolkit.ages(app.query_one(CellLines), clock.now)
        assert ages.next_due is None
        moving = app.query_one(CellLines)

        def aged(draw: Draw, _width: int) -> tuple[Any, ...]:
            return (cell(draw.age(EPOCH)),)

        moving.show(aged)
        assert ages.next_due == EPOCH + timedelta(seconds=2)
        clock.advance(7)
        toolkit.clock_moved(app)
        assert (await drawn(app, pilot))[0] == "5s"


async def test_without_colour_glyphs_and_words_still_tell(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Stage1(lambda: StageColumns(Look(clock.now)))
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(StageColumns).show(pipeline())
        text = "\n".join(await drawn(app, pilot))
        assert "✗ Failed" in text
        for strip in app.screen._compositor.render_strips():
            for segment in strip:
                colour = segment.style.color if segment.style else None
                assert colour is None or colour.triplet is None or len(set(colour.triplet)) == 1
