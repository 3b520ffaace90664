"""A log follows, stands still, folds, searches, and never loses a line."""

from __future__ import annotations

import pytest
from textual.geometry import Region
from textual.widget import Widget

from console.widgets.shown import Stage1
from pointsman.clock import ManualClock
from pointsman.console import toolkit
from pointsman.console.present.look import Look
from pointsman.console.widgets import log_canvas
from pointsman.console.widgets.log_view import LogView
from pointsman.model.logs import LogLine

STAMP = "[Container] 2026/01/05 09:00:00.000000 "


def lines(*texts: str) -> list[LogLine]:
    return [LogLine(1767603600000 + at, text) for at, text in enumerate(texts)]


def numbered(first: int, last: int) -> list[LogLine]:
    return lines(*(f"line {number:06d}" for number in range(first, last)))


def stage(clock: ManualClock) -> Stage1:
    return Stage1(lambda: LogView(Look(clock.now)))


def shown(app: Stage1) -> list[str]:
    """The lines in sight, without the gutter and the bar."""
    return [
        line[2:-1].rstrip() if len(line) == app.size.width else line[2:].rstrip() for line in toolkit.screen_lines(app)
    ]


@pytest.mark.parametrize("width", [80, 120, 200])
async def test_it_follows_the_end(clock: ManualClock, width: int) -> None:
    app = stage(clock)
    async with app.run_test(size=(width, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(numbered(0, 500))
        await toolkit.settle(pilot)
        view.append(numbered(500, 1000))
        await toolkit.settle(pilot)
        assert shown(app) == [f"line {number:06d}" for number in range(990, 1000)]
        assert view.following


async def test_a_pause_moves_nothing_while_lines_arrive(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10), message_hook=app.heard.append) as pilot:
        view = app.query_one(LogView)
        view.append(numbered(0, 500))
        await toolkit.settle(pilot)
        await pilot.press("space")
        before = shown(app)
        for first in range(500, 2000, 100):
            view.append(numbered(first, first + 100))
        await toolkit.settle(pilot)
        assert shown(app) == before
        assert view.line_count == 2000
        assert view.below == 1500
        await pilot.press("space")
        await toolkit.settle(pilot)
        assert shown(app)[-1] == "line 001999"
        assert [one.following for one in dict.fromkeys(app.said(LogView.FollowChanged))] == [False, True]


async def test_a_short_paused_log_grows_into_the_free_lines(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(numbered(0, 3))
        await toolkit.settle(pilot)
        view.follow(False)
        view.append(numbered(3, 20))
        await toolkit.settle(pilot)
        assert shown(app) == [f"line {number:06d}" for number in range(10)]


async def test_moving_up_stops_following_and_the_end_resumes_it(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(numbered(0, 100))
        await toolkit.settle(pilot)
        await pilot.press("k", "k")
        assert not view.following
        assert view.current_line == numbered(97, 98)[0]._replace(at=view.store.times[97])
        await pilot.press("g")
        assert shown(app)[0] == "line 000000"
        await pilot.press("G")
        await toolkit.settle(pilot)
        assert view.following
        assert shown(app)[-1] == "line 000099"


async def test_the_wheel_back_stops_following(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(numbered(0, 100))
        await toolkit.settle(pilot)
        view.scroll_to(y=40, animate=False)
        await toolkit.settle(pilot)
        assert not view.following
        assert shown(app)[0] == "line 000040"


async def test_errors_are_jumped_to_and_folds_opened_for_them(clock: ManualClock) -> None:
    app = stage(clock)
    body = [
        STAMP + "Entering phase INSTALL",
        *("ok" for _ in range(40)),
        "error: first",
        STAMP + "Entering phase BUILD",
    ]
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(lines(*body, *("ok" for _ in range(40)), "ValueError: second", "ok"))
        await toolkit.settle(pilot)
        assert view.errors == 2
        await pilot.press("F")
        await toolkit.settle(pilot)
        text = "\n".join(shown(app))
        assert "41 lines" in text
        assert "42 lines" in text
        await pilot.press("e")
        await toolkit.settle(pilot)
        assert view.current_line is not None and view.current_line.text == "error: first"
        assert any("✗ error: first" in line or "▌✗error: first" in line for line in toolkit.screen_lines(app))
        await pilot.press("e")
        assert view.current_line.text == "ValueError: second"
        await pilot.press("E")
        assert view.current_line.text == "error: first"


async def test_one_phase_folds_and_unfolds(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(lines("pre", STAMP + "Entering phase BUILD", "a", "b", "c"))
        await toolkit.settle(pilot)
        await pilot.press("f")
        await toolkit.settle(pilot)
        assert [line for line in shown(app) if line] == ["pre", STAMP + "Entering phase BUILD  … 3 lines"]
        view.append(lines("d"))
        await toolkit.settle(pilot)
        assert "4 lines" in shown(app)[1]
        await pilot.press("f")
        await toolkit.settle(pilot)
        assert [line for line in shown(app) if line][-1] == "d"


async def test_search_counts_and_walks_in_both_directions(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10), message_hook=app.heard.append) as pilot:
        view = app.query_one(LogView)
        view.append(lines(*("needle" if number % 1000 == 500 else f"hay {number}" for number in range(20_000))))
        await toolkit.settle(pilot)
        view.follow(False)
        await pilot.press("g")
        view.search("NEEDLE")
        await toolkit.settle(pilot)
        last = app.said(LogView.SearchChanged)[-1]
        assert (last.count, last.index, last.complete) == (20, 1, True)
        await pilot.press("n", "n", "N")
        await toolkit.settle(pilot)
        assert app.said(LogView.SearchChanged)[-1].index == 2
        await pilot.press("N", "N")
        await toolkit.settle(pilot)
        assert app.said(LogView.SearchChanged)[-1].index == 20
        assert "needle" in "\n".join(shown(app))
        view.append(lines("another needle"))
        await toolkit.settle(pilot)
        assert app.said(LogView.SearchChanged)[-1].count == 21
        view.search("")
        await toolkit.settle(pilot)
        assert app.said(LogView.SearchChanged)[-1].count == 0


async def test_a_search_without_a_match_says_so(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10), message_hook=app.heard.append) as pilot:
        view = app.query_one(LogView)
        view.append(numbered(0, 50))
        view.search("nowhere")
        await toolkit.settle(pilot)
        last = app.said(LogView.SearchChanged)[-1]
        assert (last.needle, last.count, last.index, last.complete) == ("nowhere", 0, 0, True)
        await pilot.press("n", "slash")
        await toolkit.settle(pilot)
        assert app.said(LogView.SearchAsked)


async def test_wrapping_times_and_looking_aside(clock: ManualClock) -> None:
    app = stage(clock)
    text = "".join(f"{number:03d}." for number in range(40))
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(lines(text, "next"))
        await toolkit.settle(pilot)
        assert shown(app)[1] == "next"
        await pilot.press("right")
        await toolkit.settle(pilot)
        assert shown(app)[0].startswith("002.")
        await pilot.press("left", "w")
        await toolkit.settle(pilot)
        assert "".join(shown(app)[:3]) == text
        assert shown(app)[3] == "next"
        await pilot.press("t")
        await toolkit.settle(pilot)
        assert shown(app)[0].startswith("09:00:00.000 000.")
        await pilot.press("w", "t", "t")
        await toolkit.settle(pilot)
        assert shown(app)[1].split() == ["+0.001s", "next"]
        await pilot.press("t")
        await toolkit.settle(pilot)
        assert shown(app)[1] == "next"


async def test_lines_are_marked_and_the_whole_is_saved(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(lines("a", "\x1b[31mb\x1b[0m", "[c]"))
        await toolkit.settle(pilot)
        await pilot.press("k", "m")
        await toolkit.settle(pilot)
        assert view.marks == {1}
        assert any(line.startswith("▌◆b") for line in toolkit.screen_lines(app))
        assert view.text() == "a\nb\n[c]\n"


async def test_a_note_stands_under_the_log_and_is_no_line_of_it(clock: ManualClock) -> None:
    app = Stage1(lambda: LogView(Look(clock.now), note="waiting for the first line"))
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        await toolkit.settle(pilot)
        assert shown(app)[0] == "waiting for the first line"
        view.append(lines("a"))
        view.note("the build has ended")
        await toolkit.settle(pilot)
        assert shown(app)[:2] == ["a", "the build has ended"]
        assert view.text() == "a\n"
        view.clear()
        await toolkit.settle(pilot)
        assert view.line_count == 0
        assert shown(app)[0] == "the build has ended"


async def test_lines_before_the_first_paint_are_shown(clock: ManualClock) -> None:
    view = LogView(Look(clock.now))
    view.append(numbered(0, 3))
    app = Stage1(lambda: view)
    async with app.run_test(size=(80, 10)) as pilot:
        await toolkit.settle(pilot)
        assert shown(app)[:3] == ["line 000000", "line 000001", "line 000002"]


async def test_at_rest_nothing_is_repainted(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(numbered(0, 3))
        await toolkit.settle(pilot)
        assert not view.working
        painted: list[object] = []
        view.refresh = lambda *regions, **_: painted.append(regions)  # type: ignore[assignment, method-assign]
        await toolkit.settle(pilot)
        assert painted == []


REQUEST = '{"level":"error","msg":"no route","http":{"status":502,"path":"/cart"},"n":1}'


async def test_json_is_unfolded_and_folded_again(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 12)) as pilot:
        view = app.query_one(LogView)
        view.append(lines("before", REQUEST, "after"))
        await pilot.press("g", "j", "f")
        await toolkit.settle(pilot)
        text = shown(app)
        assert text[0] == "before" and text[1] == "{" and '  "level": "error",' in text and text[10] == "after"
        assert view.layout_of_lines.rows == 12 - 1
        await pilot.press("f")
        await toolkit.settle(pilot)
        assert shown(app)[:3] == ["before", REQUEST, "after"]
        await pilot.press("F")
        await toolkit.settle(pilot)
        assert '    "path": "/cart"' in shown(app)
        await pilot.press("F")
        await toolkit.settle(pilot)
        assert shown(app)[:3] == ["before", REQUEST, "after"]


async def test_json_is_shown_in_columns(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(lines(REQUEST, '{"msg":"fine","http":{"status":200}}', "plain", '{"other":1}'))
        view.show_columns(("http.status", "msg", "http.path"))
        await toolkit.settle(pilot)
        assert [line.split() for line in shown(app)[:4]] == [
            ["502", "no", "route", "/cart"],
            ["200", "fine", "·"],
            ["plain"],
            ['{"other":1}'],
        ]
        view.show_columns(())
        await toolkit.settle(pilot)
        assert shown(app)[0] == REQUEST


async def test_sources_stand_before_their_lines(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(lines("one", "two\nmore of two", "three"), [0, 1, 0])
        view.name_sources(("api", "worker"))
        await toolkit.settle(pilot)
        assert [line.split(maxsplit=1) for line in shown(app)[:4]] == [
            ["api", "one"],
            ["worker", "two"],
            ["worker", "more of two"],
            ["api", "three"],
        ]


async def test_marks_span_and_are_gone_to(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(numbered(0, 100))
        await pilot.press("g", "j", "m", "j", "j", "M", "G")
        assert view.marked_text() == "line 000001\nline 000002\nline 000003\n"
        await pilot.press("quotation_mark")
        await toolkit.settle(pilot)
        assert view.current_index == 1
        assert any(text == "◆" for text, _ in view.ink.bar(10, 0, 100))


async def test_matches_and_errors_are_in_the_bar(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append([*numbered(0, 50), *lines("ERROR: no"), *numbered(51, 80), *lines("needle"), *numbered(81, 100)])
        view.search("needle")
        await toolkit.settle(pilot)
        bar = [style for _, style in view.ink.bar(10, 0, 100)]
        assert bar[5].endswith("log.error") and bar[8].endswith("match")


async def test_too_many_lines_let_the_oldest_go_and_nothing_in_sight_moves(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_canvas, "MOST", 1000)
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append([*numbered(0, 900), *lines(REQUEST), *numbered(901, 1000)])
        view.search("000990")
        await toolkit.settle(pilot)
        view.go_to(950)
        await pilot.press("m")
        await toolkit.settle(pilot)
        before = shown(app)
        view.append(numbered(1000, 1200))
        await toolkit.settle(pilot)
        assert shown(app) == before
        assert (view.dropped, view.line_count) == (300, 900)
        assert view.store.errors.tolist() == [600] and view.marks == {650}
        view.next_match()
        await toolkit.settle(pilot)
        assert view.current_line is not None and view.current_line.text == "line 000990"
        await pilot.press("G")
        await toolkit.settle(pilot)
        assert shown(app)[-1] == "line 001199"


async def test_a_moment_is_found_among_lines_out_of_order(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 10)) as pilot:
        view = app.query_one(LogView)
        view.append([LogLine(at, f"t{at}") for at in (10, 30, 20, 5, 40, 35)])
        await toolkit.settle(pilot)
        view.at_time(25)
        assert view.current_line is not None and view.current_line.text == "t30"
        view.at_time(36)
        assert view.current_line.text == "t40"


async def test_another_size_leaves_what_is_looked_at_in_sight(clock: ManualClock) -> None:
    """A line wrapped over a hundred rows is larger than the screen: its first row is no place to go back to."""
    app = stage(clock)
    async with app.run_test(size=(80, 12)) as pilot:
        view = app.query_one(LogView)
        view.append(lines("".join(f"{number:06d}-" for number in range(1000)), "after", "end"))
        await toolkit.settle(pilot)
        view.action_wrap()
        view.follow(False)
        view.scroll_to(y=40, animate=False, immediate=True)
        await toolkit.settle(pilot)
        before = shown(app)
        view.styles.height = 8
        await toolkit.settle(pilot)
        assert shown(app)[:8] == before[:8], "the row at the top stays"
        view.go_to(1)
        await toolkit.settle(pilot)
        assert any(row.endswith("after") for row in shown(app))
        for height, width in ((4, 80), (12, 80), (12, 50), (3, 70)):
            view.styles.height, view.styles.width = height, width
            await toolkit.settle(pilot)
            assert any("after" in row for row in shown(app)[:height]), (height, width)


async def test_a_search_that_is_over_before_the_screen_is_laid_out_keeps_its_match_in_sight(clock: ManualClock) -> None:
    app = stage(clock)
    async with app.run_test(size=(80, 12)) as pilot:
        view = app.query_one(LogView)
        view.append(lines("x" * 50_000, "same", "end"))
        view.action_wrap()
        view.follow(False)
        view.styles.height = 9
        await toolkit.settle(pilot)
        view.search("same")
        view._scan()
        view.styles.height = 12  # the field in which it was typed goes
        await toolkit.settle(pilot)
        assert any(row.endswith("same") for row in shown(app))


@pytest.mark.parametrize(
    "rule", ["padding: 1 2", "border: solid red", "tint: red 50%", "opacity: 50%", "outline: solid red"]
)
async def test_styles_around_and_over_the_rows_are_drawn(clock: ManualClock, rule: str) -> None:
    app = stage(clock)
    async with app.run_test(size=(60, 10)) as pilot:
        view = app.query_one(LogView)
        view.append(lines("an error: no", "warning: so", "line " * 30))
        await toolkit.settle(pilot)
        rows = view.size.region
        theirs = [list(strip) for strip in Widget.render_lines(view, rows)]
        assert [list(strip) for strip in view.render_lines(rows)] == theirs
        part = Region(3, 1, 20, 2)
        assert [strip.text for strip in view.render_lines(part)] == [
            strip.text for strip in Widget.render_lines(view, part)
        ]
        name, _, value = rule.partition(": ")
        view.set_styles(f"{name}: {value};")
        await toolkit.settle(pilot)
        view.refresh()
        await toolkit.settle(pilot)
        rows = view.region.reset_offset
        styled = [list(strip) for strip in view.render_lines(rows)]
        view._styles_cache.clear()
        assert styled == [list(strip) for strip in Widget.render_lines(view, rows)]
        assert styled != theirs
