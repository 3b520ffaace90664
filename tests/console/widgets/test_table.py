"""The table keeps one's place, paints little, and says what was chosen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.widgets.shown import Stage1, ago
from pointsman.clock import EPOCH, ManualClock
from pointsman.console import toolkit
from pointsman.console.present.cells import Column, cell
from pointsman.console.present.glyphs import ASCII, Glyphs
from pointsman.console.present.look import Look
from pointsman.console.present.order import PART, RowOrder
from pointsman.console.widgets import table_order
from pointsman.console.widgets.table import LineTable
from pointsman.errors import Fault, FaultKind
from pointsman.model.snapshot import Snapshot
from pointsman.model.status import Tone

Row = tuple[str, float]
COLUMNS = (
    Column[Row]("name", "Name", lambda row, _: cell(row[0]), least=8, share=1, most=30),
    Column[Row]("status", "Status", lambda _, draw: ((f"{draw.glyphs.of(Tone.OK)} ok", "tone.ok"),), least=6),
    Column[Row]("age", "Age", lambda row, draw: cell(draw.age(ago(seconds=row[1]))), least=4, align="right"),
    Column[Row]("extra", "Extra", lambda _, __: cell("more"), least=40, priority=1),
)


def table(clock: ManualClock, glyphs: Glyphs | None = None) -> LineTable[Row]:
    look = Look(clock.now, glyphs) if glyphs else Look(clock.now)
    return LineTable(look, COLUMNS, key=lambda row: row[0], noun="pipelines")


def rows(*numbers: int) -> list[Row]:
    return [(f"row-{number:04d}", 7200.0) for number in numbers]


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_header_rows_and_marker_at_every_width(clock: ManualClock, width: int) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(width, 8)) as pilot:
        app.query_one(LineTable).show(rows(1, 2))
        await toolkit.settle(pilot)
        lines = toolkit.screen_lines(app)
        assert lines[0].split() == ["Name", "Status", "Age", "Extra"]
        assert lines[1].split() == ["▌", "row-0001", "✓", "ok", "2h", "more"]
        assert lines[2].split() == ["row-0002", "✓", "ok", "2h", "more"]


async def test_narrow_screens_drop_the_least_important_column(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock, ASCII))
    async with app.run_test(size=(40, 8)) as pilot:
        app.query_one(LineTable).show(rows(1))
        await toolkit.settle(pilot)
        assert toolkit.screen_lines(app)[0].split() == ["Name", "Status", "Age"]
        assert "\n".join(toolkit.screen_lines(app)).isascii()


async def test_the_scroll_bar_covers_nothing(clock: ManualClock) -> None:
    long = (Column[Row]("all", "All", lambda row, _: cell(row[0] * 30), least=8, share=1),)
    made = LineTable[Row](Look(clock.now), long, key=lambda row: row[0], noun="rows")
    app = Stage1(lambda: made)
    async with app.run_test(size=(40, 5)) as pilot:
        made.show(rows(*range(20)))
        await toolkit.settle(pilot)
        assert toolkit.screen_lines(app)[1][38] == "…"
        made.show(rows(1))
        await toolkit.settle(pilot)
        assert toolkit.screen_lines(app)[1][39] == "…"


async def test_keys_move_and_messages_name_the_row(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 12), message_hook=app.heard.append) as pilot:
        shown = app.query_one(LineTable)
        shown.show(rows(*range(100)))
        await pilot.press("j", "j", "k", "enter")
        await toolkit.settle(pilot)
        assert shown.cursor_ref == "row-0001"
        assert {one.ref for one in app.said(LineTable.Selected)} == {"row-0001"}
        await pilot.press("G")
        assert shown.cursor_ref == "row-0099"
        await pilot.press("pageup")
        assert shown.cursor_ref == "row-0089"
        await pilot.press("g")
        await toolkit.settle(pilot)
        assert app.said(LineTable.Highlighted)[-1].ref == "row-0000"
        assert toolkit.screen_lines(app)[1].startswith("▌ row-0000")


async def test_cursor_and_scroll_stay_on_the_same_key(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 12)) as pilot:
        shown = app.query_one(LineTable)
        shown.show(rows(*range(100)))
        shown.move_to("row-0050")
        await toolkit.settle(pilot)
        at = next(y for y, line in enumerate(toolkit.screen_lines(app)) if "row-0050" in line)
        shown.show(rows(*range(20), *range(40, 100)))
        await toolkit.settle(pilot)
        assert shown.cursor_ref == "row-0050"
        assert "▌ row-0050" in toolkit.screen_lines(app)[at]
        shown.show(rows(*range(20), *range(55, 100)))
        assert shown.cursor_ref == "row-0055"
        shown.show(rows())
        assert shown.cursor_ref is None


async def test_a_moved_cursor_paints_two_lines(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 30)) as pilot:
        shown = app.query_one(LineTable)
        shown.show(rows(*range(1000)))
        await pilot.press("j")
        await toolkit.settle(pilot)
        drawn: list[int] = []
        original = LineTable._row_strip

        def counted(self: LineTable[Row], index: int, width: int, colours: object) -> object:
            drawn.append(index)
            return original(self, index, width, colours)  # type: ignore[arg-type]

        monkeypatch.setattr(LineTable, "_row_strip", counted)
        await pilot.press("j")
        await toolkit.settle(pilot)
        assert sorted(set(drawn)) == [1, 2]


async def test_space_marks_and_marks_of_vanished_rows_are_forgotten(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 12)) as pilot:
        shown = app.query_one(LineTable)
        shown.show(rows(1, 2, 3))
        await pilot.press("space", "space")
        await toolkit.settle(pilot)
        assert shown.marked == {"row-0001", "row-0002"}
        assert " ◆row-0001" in toolkit.screen_lines(app)[1]
        shown.show(rows(2, 3))
        assert shown.marked == {"row-0002"}
        shown.clear_marks()
        assert shown.marked == frozenset()


async def test_the_five_states_are_said(clock: ManualClock) -> None:
    fault = Fault(FaultKind.EXPIRED, "the token is old", "aws sso login")
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(100, 8)) as pilot:
        shown = app.query_one(LineTable)
        await toolkit.settle(pilot)
        assert "loading pipelines…" in toolkit.screen_lines(app)[1]
        states: list[tuple[Snapshot[list[int]], str]] = [
            (Snapshot([], EPOCH), "no pipelines"),
            (Snapshot(fault=fault), "✗ credentials expired: the token is old  → aws sso login"),
        ]
        for snapshot, said in states:
            shown.show((), snapshot=snapshot)
            await toolkit.settle(pilot)
            assert said in toolkit.screen_lines(app)[1]
        shown.show(rows(1), snapshot=Snapshot([1], ago(minutes=3), fault))
        await toolkit.settle(pilot)
        lines = toolkit.screen_lines(app)
        assert "row-0001" in lines[1]
        assert "as of 3m ago  ✗ credentials expired" in lines[-1]
        shown.show(rows(1), snapshot=Snapshot([1], EPOCH))
        await toolkit.settle(pilot)
        assert toolkit.screen_lines(app)[-1] == ""


async def test_ages_repaint_when_their_text_changes_and_not_before(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 8)) as pilot:
        shown = app.query_one(LineTable)
        shown.show([("young", 3.0), ("old", 86400 * 3.5)])
        await toolkit.settle(pilot)
        assert toolkit.ages(shown, clock.now).next_due == EPOCH + timedelta(seconds=2)
        painted: list[object] = []
        shown.refresh = lambda *regions, **_: painted.extend(regions)  # type: ignore[assignment, method-assign]
        clock.advance(1)
        toolkit.clock_moved(app)
        assert painted == []
        clock.advance(1)
        toolkit.clock_moved(app)
        assert [region.y for region in painted] == [1]  # type: ignore[attr-defined]


async def test_strings_from_outside_are_no_markup_and_matches_are_marked(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 8)) as pilot:
        shown = app.query_one(LineTable)
        shown.show([("[bold]x[/bold]\x1b[31m", 1.0)])
        shown.highlight("BOLD")
        await toolkit.settle(pilot)
        assert "[bold]x[/bold]" in toolkit.screen_lines(app)[1]
        strip = shown.render_line(1)
        assert any(segment.text == "bold" and segment.style and segment.style.underline for segment in strip)


async def test_clicks_select_and_double_clicks_open(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 8), message_hook=app.heard.append) as pilot:
        shown = app.query_one(LineTable)
        shown.show(rows(1, 2, 3))
        await toolkit.settle(pilot)
        await pilot.click(LineTable, offset=(5, 2))
        assert shown.cursor_ref == "row-0002"
        await pilot.click(LineTable, offset=(5, 3), times=2)
        await toolkit.settle(pilot)
        assert app.said(LineTable.Selected)[-1].ref == "row-0003"


async def test_a_hundred_thousand_rows_render_only_what_is_seen(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed = 0
    original = LineTable._compose_row

    def counted(self: LineTable[Row], row: Row, draw: object, key: object) -> object:
        nonlocal composed
        composed += 1
        return original(self, row, draw, key)  # type: ignore[arg-type]

    monkeypatch.setattr(LineTable, "_compose_row", counted)
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 24)) as pilot:
        shown = app.query_one(LineTable)
        shown.show(rows(*range(100_000)))
        await pilot.press("G", "g")
        await toolkit.settle(pilot)
        assert composed < 200


async def test_the_selected_line_is_reversed_not_only_coloured(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 8)) as pilot:
        shown = app.query_one(LineTable)
        shown.show(rows(1, 2))
        await toolkit.settle(pilot)
        assert all(segment.style is not None and segment.style.reverse for segment in shown.render_line(1))
        assert not any(segment.style is not None and segment.style.reverse for segment in shown.render_line(2))


async def test_the_cursor_stays_on_the_first_row_while_the_first_rows_are_still_being_read(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 12)) as pilot:
        shown = app.query_one(LineTable)
        part: Snapshot[list[Row]] = Snapshot(rows(1), fetched_at=clock.now(), partial="1 of 2 read")
        shown.show(rows(1), snapshot=part)
        shown.show(rows(2, 1), snapshot=Snapshot(rows(2, 1), fetched_at=clock.now()))
        await toolkit.settle(pilot)
        assert shown.cursor_ref == "row-0002"
        shown.show(rows(1, 2), snapshot=Snapshot(rows(1, 2), fetched_at=clock.now()))
        assert shown.cursor_ref == "row-0002"


async def test_an_empty_table_says_in_full_what_is_wrong_and_what_to_do(clock: ManualClock) -> None:
    fault = Fault(
        FaultKind.NO_CREDENTIALS, "no AWS credentials were found " * 3, "run in another terminal: aws configure"
    )
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(60, 10)) as pilot:
        app.query_one(LineTable).show([], snapshot=Snapshot(fault=fault, failures=1))
        await toolkit.settle(pilot)
        shown = " ".join(" ".join(toolkit.screen_lines(app)).split())
        assert "were found no AWS credentials were found" in shown
        assert "run in another terminal: aws configure" in shown


async def test_o_sorts_by_the_next_column_and_the_cursor_stays_on_its_row(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(120, 8), message_hook=app.heard.append) as pilot:
        shown = app.query_one(LineTable)
        given = [("c", 60.0), ("a10", 7200.0), ("a9", 5.0)]
        shown.show(given)
        await pilot.press("o")
        await toolkit.settle(pilot)
        assert [row[0] for row in shown.rows] == ["a9", "a10", "c"]
        assert shown.cursor_ref == "c"
        assert toolkit.screen_lines(app)[0].split()[0] == "Name↑"
        await pilot.press("O")
        await toolkit.settle(pilot)
        assert [row[0] for row in shown.rows] == ["c", "a10", "a9"]
        assert toolkit.screen_lines(app)[0].split()[0] == "Name↓"
        await pilot.press("o", "o")
        assert [row[0] for row in shown.rows] == ["a9", "c", "a10"], "ages by time, not by letters"
        shown.show([*given, ("b", 1.0)])
        assert [row[0] for row in shown.rows] == ["b", "a9", "c", "a10"], "what comes later is sorted too"
        await pilot.press("o", "o")
        assert shown.order == RowOrder()
        assert [row[0] for row in shown.rows] == ["c", "a10", "a9", "b"]
        assert [one.order for one in app.said(LineTable.Ordered)][-1] == RowOrder()


async def test_an_order_by_a_column_that_is_gone_is_the_callers(clock: ManualClock) -> None:
    app = Stage1(lambda: table(clock))
    async with app.run_test(size=(80, 8)):
        shown = app.query_one(LineTable)
        shown.show(rows(2, 1))
        shown.order_by(RowOrder("nonsense", True))
        assert shown.order == RowOrder()
        assert [row[0] for row in shown.rows] == ["row-0002", "row-0001"]


async def test_what_takes_longer_than_a_frame_to_sort_is_looked_at_over_several(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_order, "FRAME", -1.0)  # tired at the first look at the clock
    app = Stage1(lambda: table(clock))
    count = 4 * PART
    async with app.run_test(size=(120, 8)) as pilot:
        shown = app.query_one(LineTable)
        given = rows(*range(count))
        shown.show(given)
        shown.order_by(RowOrder("name", True))
        assert shown.working
        assert shown.rows[0] == given[0], "nothing moves before all is known"
        await toolkit.settle(pilot)
        assert not shown.working
        assert list(shown.rows) == given[::-1]
        assert shown.cursor_ref == "row-0000", "the cursor goes with its row"
        changed = [*given[:-3], ("row-9999", 5.0)]
        shown.show(changed)
        assert not shown.working, "what is known is not looked at again"
        assert shown.rows[0] == ("row-9999", 5.0)
        other = [(f"row-{number:04d}", 10.0) for number in range(count)]
        shown.show(other)
        assert shown.working
        shown.order_by(RowOrder())
        assert not shown.working
        assert shown.rows == other
        await toolkit.settle(pilot)
        assert shown.rows == other


async def test_rows_shown_before_the_table_is_there_are_sorted_once_it_is(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_order, "FRAME", -1.0)

    def sorted_already() -> LineTable[Row]:
        made = table(clock)
        made.order_by(RowOrder("name", True))
        made.show(rows(*range(4 * PART)))
        return made

    app = Stage1(sorted_already)
    async with app.run_test(size=(120, 8)) as pilot:
        await toolkit.settle(pilot)
        shown = app.query_one(LineTable)
        assert shown.rows[0][0] == f"row-{4 * PART - 1:04d}"
        assert shown.cursor_index == 0, "nobody has moved it"
