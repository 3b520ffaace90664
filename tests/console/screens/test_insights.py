"""What the Logs Insights workbench does with keys, answers and refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console import asking, samples
from console.driving import Driver, console, full
from console.fakes import world
from pointsman.console.screens.insights import InsightsPlace
from pointsman.console.widgets.query_editor import QueryEditor
from pointsman.console.widgets.table import LineTable
from pointsman.errors import Fault, FaultKind
from pointsman.model.refs import LogRef, TraceRef


@asynccontextmanager
async def workbench(command: str = "insights in /shop/web", **options: Any) -> AsyncIterator[Driver]:
    """The console with the workbench open."""
    async with console(**options) as user:
        await user.press("colon")
        await user.type(command)
        await user.press("enter")
        yield user


def logs(user: Driver) -> asking.Logs:
    found: asking.Logs = user.world.services.insights_logs
    return found


def place(user: Driver) -> InsightsPlace:
    found = user.app.screen
    assert isinstance(found, InsightsPlace)
    return found


def editor(user: Driver) -> QueryEditor:
    return user.app.screen.query_one(QueryEditor)


async def write(user: Driver, text: str) -> None:
    editor(user).use("")
    editor(user).focus()
    await user.type(text)


async def run(user: Driver, *rows: dict[str, str]) -> None:
    """Run what is written; these come of it."""
    if rows:
        logs(user).rows = list(rows)
    await user.press("ctrl+r")
    if logs(user).forever:
        for _ in range(20):
            await user.settle()
        return
    async with asyncio.timeout(20):
        while place(user).running:
            await asyncio.sleep(0.001)
    await user.settle()


def rows(user: Driver) -> list[tuple[str, ...]]:
    return [row.values for row in user.app.screen.query_one("#rows", LineTable).rows]


# --- running


async def test_it_runs_over_its_groups_and_says_what_that_cost() -> None:
    async with workbench() as user:
        assert "ctrl+r runs the query" in user.text
        await run(user)
        (given,) = logs(user).called("StartQuery")
        assert given["logGroupNames"] == ["/shop/web"]
        assert given["endTime"] - given["startTime"] == 3600
        assert given["queryString"].startswith("fields @timestamp, @message")
        for words in ("Complete", "1,204,332 records, 3.8 GB scanned", "about $0.0178 at $0.005 a GB", "40 rows"):
            assert words in user.text
        assert len(rows(user)) == 40


async def test_a_mistake_is_shown_where_it_is_and_sends_nothing_until_asked_again() -> None:
    async with workbench() as user:
        await write(user, "fields a | sorted b")
        await run(user)
        assert "line 1, column 12: unexpected 'sorted'; expected" in user.text
        assert editor(user).cursor_location == (0, 11)
        assert logs(user).called("StartQuery") == []
        await run(user)
        assert len(logs(user).called("StartQuery")) == 1
        await user.type("x")
        assert "column 12" not in user.text


async def test_without_log_groups_they_are_asked_for_first() -> None:
    async with workbench("insights errors") as user:
        assert "no log groups" in user.text
        await user.press("ctrl+r")
        assert logs(user).called("StartQuery") == []
        await user.type("web")
        assert "1 of 4" in user.text
        await user.press("space", "enter")
        assert "/shop/web" in user.lines[2]
        await run(user)
        assert logs(user).called("StartQuery")[0]["logGroupNames"] == ["/shop/web"]


async def test_several_groups_are_chosen_by_typing() -> None:
    async with workbench() as user:
        await user.press("ctrl+g")
        await user.type("work")
        await user.press("space", "enter")
        assert "2 log groups  /shop/web, /shop/worker" in user.text
        await user.press("ctrl+g", "escape")
        assert "2 log groups" in user.text


async def test_names_that_may_not_be_read_say_so() -> None:
    async with workbench() as user:
        logs(user).faults["DescribeLogGroups"] = samples.DENIED
        await user.press("ctrl+g")
        assert samples.DENIED.sentence[:30] in user.text


async def test_source_needs_no_groups() -> None:
    async with workbench("insights") as user:
        await write(user, "SOURCE '/a' | limit 1")
        await run(user)
        assert "logGroupNames" not in logs(user).called("StartQuery")[0]


# --- ending


async def test_escape_stops_a_query_and_leaving_does_too() -> None:
    async with workbench() as user:
        logs(user).forever = True
        await user.press("ctrl+r")
        assert "Running" in user.text and "900.0 MB scanned" in user.text
        await user.press("escape")
        assert "stopped by you" in user.text
        assert len(logs(user).called("StopQuery")) == 1
        await user.press("ctrl+r", "escape", "escape")
        assert not isinstance(user.app.screen, InsightsPlace)
        assert len(logs(user).called("StopQuery")) == 2


async def test_another_screen_stops_it_and_coming_back_says_so_without_asking_again() -> None:
    async with workbench() as user:
        await run(user)
        logs(user).forever = True
        user.app.screen.query_one("#rows").focus()
        await user.press("ctrl+r", "2")
        assert len(logs(user).called("StopQuery")) == 1
        await user.press("colon")
        await user.type("insights")
        await user.press("enter")
        assert "the screen was left" in user.text
        assert len(logs(user).called("StartQuery")) == 2


async def test_a_dialog_over_it_is_no_leaving() -> None:
    async with workbench() as user:
        logs(user).forever = True
        await user.press("ctrl+r", "ctrl+g", "escape")
        assert logs(user).called("StopQuery") == []
        assert place(user).running


async def test_the_end_of_the_console_stops_it() -> None:
    made = full(world())
    async with workbench(made=made) as user:
        logs(user).forever = True
        await user.press("ctrl+r")
    assert len(made.services.insights_logs.called("StopQuery")) == 1


async def test_what_was_found_stays_on_the_bench() -> None:
    async with workbench() as user:
        await run(user)
        await user.press("escape", "escape")
        assert not isinstance(user.app.screen, InsightsPlace)
        await user.press("colon")
        await user.type("insights")
        await user.press("enter")
        assert len(rows(user)) == 40
        assert len(logs(user).called("StartQuery")) == 1


# --- refusals


@pytest.mark.parametrize(
    ("operation", "fault", "words"),
    [
        ("StartQuery", samples.DENIED, "access denied"),
        (
            "StartQuery",
            Fault(FaultKind.INVALID, "LimitExceededException: Account maximum query concurrency"),
            "concurrency",
        ),
        ("StartQuery", Fault(FaultKind.NOT_FOUND, "Log group 'x' does not exist"), "does not exist"),
        ("GetQueryResults", samples.DENIED, "access denied"),
    ],
)
async def test_a_refusal_stands_in_the_place_of_the_rows(operation: str, fault: Fault, words: str) -> None:
    async with workbench() as user:
        logs(user).faults[operation] = fault
        await run(user)
        assert words in user.text
        assert "Failed" in user.text or "Unknown" in user.text


async def test_what_aws_does_not_understand_is_pointed_at() -> None:
    sentence = "MalformedQueryException: unexpected symbol found foo at line 2 and position 3"
    async with workbench() as user:
        logs(user).faults["StartQuery"] = Fault(FaultKind.INVALID, sentence, code="MalformedQueryException")
        await run(user)
        assert "unexpected symbol found foo" in user.text
        assert editor(user).cursor_location == (1, 2)


async def test_throttling_is_said_while_it_is_waited_out() -> None:
    async with workbench() as user:
        logs(user).faults["GetQueryResults"] = samples.THROTTLED
        logs(user).forever = True
        await user.press("ctrl+r")
        assert "throttled" in user.text
        assert place(user).running


# --- completion


async def test_tab_takes_what_a_word_could_become() -> None:
    async with workbench() as user:
        await write(user, "fil")
        assert "filter CONDITION: only events" in user.text
        await user.press("tab")
        assert editor(user).text == "filter "
        await user.type("lev")
        assert "in 91% of the events" in user.text
        await user.press("tab")
        assert editor(user).text == "filter level"
        assert "in 91%" not in user.text


async def test_up_and_down_choose_and_escape_puts_it_away() -> None:
    async with workbench() as user:
        await write(user, "fi")
        await user.press("down", "tab")
        assert editor(user).text == "filter "
        await user.press("ctrl+n")
        assert editor(user).offers
        await user.press("escape")
        assert not editor(user).offers
        assert editor(user).has_focus
        await user.press("ctrl+n", "enter")
        assert not editor(user).offers
        assert editor(user).text == "filter \n"


async def test_digits_colons_and_slashes_are_text_in_the_editor() -> None:
    async with workbench() as user:
        await write(user, "filter a like /x:1/ | limit 25?q")
        assert editor(user).text == "filter a like /x:1/ | limit 25?q"
        assert isinstance(user.app.screen, InsightsPlace)


# --- rows


async def test_a_row_leads_to_its_log_and_its_trace_at_its_moment() -> None:
    opened: list[tuple[Any, Any]] = []
    async with workbench() as user:
        user.app.router.open = lambda ref, at=None: opened.append((ref, at))  # type: ignore[method-assign]
        await run(user)
        await user.press("escape", "down", "l", "T")
        moment = samples.ago(minutes=1)
        assert opened == [(LogRef("/shop/web", "web-1"), moment), (TraceRef(asking.TRACE), moment)]


async def test_a_row_in_full_shows_what_else_is_known() -> None:
    async with workbench() as user:
        await run(user)
        await user.press("escape", "enter")
        for words in ('"level": "ERROR"', "also known of this event", "@xrayTraceId", f"trace {asking.TRACE}"):
            assert words in user.text


async def test_rows_are_filtered_and_sorted() -> None:
    async with workbench() as user:
        await run(user)
        await user.press("escape", "slash")
        await user.type("error")
        await user.press("enter")
        assert len(rows(user)) == 10
        assert "10 of 40 rows" in user.text
        await user.press("escape", "o")
        assert rows(user)[0][0] == asking.moment(39)


async def test_columns_are_chosen_resized_hidden_and_shown() -> None:
    async with workbench() as user:
        await run(user)
        await user.press("escape", "H")
        assert any("choose a column first" in one for one in user.toasts)
        await user.press("right", "right", "less_than_sign")
        table = user.app.screen.query_one("#rows", LineTable)
        before = {one.column.key: one.width for one in table.placed}
        await user.press("less_than_sign")
        after = {one.column.key: one.width for one in table.placed}
        assert after["@message"] == before["@message"] - 8
        await user.press("H")
        assert [one.column.key for one in table.placed] == ["@timestamp"]
        assert "1 column hidden" in user.text
        await user.press("H")
        assert [one.column.key for one in table.placed] == ["@timestamp"], "the last one stays"
        await user.press("U")
        assert [one.column.key for one in table.placed] == ["@timestamp", "@message"]


async def test_the_chosen_column_shows_however_many_there_are() -> None:
    async with workbench(size=(80, 24)) as user:
        await run(user, *[{f"field{at:02d}": "x" * 20 for at in range(30)} | {"@ptr": "ptr-1"}])
        await user.press("escape", *["right"] * 26)
        assert "[field25]" in user.text


async def test_rows_become_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with workbench() as user:
        await run(user)
        await user.press("escape", "ctrl+s", "enter")
        file = next((tmp_path / "pointsman" / "saved").glob("*.csv"))
        assert len(file.read_text().splitlines()) == 41
        assert any("saved 40 rows" in one for one in user.toasts)
        await user.press("ctrl+s", "down", "down", "enter")
        assert next((tmp_path / "pointsman" / "saved").glob("*.md")).read_text().startswith("| @timestamp | @message |")


async def test_what_shows_is_saved_and_everything_is_offered_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with workbench() as user:
        await run(user)
        await user.press("escape", "right", "H", "slash", *"error", "enter", "ctrl+s")
        assert "10 rows, 1 column" in user.text and "everything: 40 rows, 2 columns" in user.text
        await user.press("enter")
        file = next((tmp_path / "pointsman" / "saved").glob("*.csv"))
        assert len(file.read_text().splitlines()) == 11
        assert file.read_text().startswith("@message\n") and "INFO" not in file.read_text()


async def test_f2_saves_the_query_from_the_editor() -> None:
    async with workbench() as user:
        await write(user, "")
        await user.press("f2")
        assert any("there is no query to save" in one for one in user.toasts)
        await write(user, "filter took > 9")
        await user.press("f2")
        assert "Save as a new query" in user.text
        await user.type("carts/slow")
        await user.press("tab", "tab", "enter")
        (ran,) = user.world.runner.ran
        assert ran[0] == "query.save" and ran[2]["name"] == "carts/slow"


async def test_f2_changes_the_saved_query_that_is_on_the_bench() -> None:
    async with workbench("insights team/errors") as user:
        await user.press("f2")
        assert any("team/errors is saved as it is" in one for one in user.toasts)
        await user.press("end")
        await user.type(" # and more")
        await user.press("f2")
        assert "Save changes" in user.text and "team/errors" in user.text


async def test_a_row_is_copied_as_text_json_and_command() -> None:
    async with workbench() as user:
        await run(user)
        await user.press("escape", "C")
        for words in ("row as JSON", "@ptr", "aws logs start-query --region eu-west-1 --log-group-names /shop/web"):
            assert words in user.text


# --- pictures


async def test_bins_are_columns_and_v_changes_the_view() -> None:
    async with workbench() as user:
        await run(user, *asking.bins())
        assert place(user).has_class("pictured")
        assert (
            "█" in user.text and "31" in user.text and "@" not in user.app.screen.query_one("#rows", LineTable).text()
        )
        await user.press("escape", "v")
        assert not user.app.screen.query_one("#rows").display
        await user.press("v")
        assert "█" not in user.text
        await user.press("v")
        assert "█" in user.text


async def test_several_series_get_common_axes_and_a_legend_where_there_is_room() -> None:
    async with workbench(size=(120, 50)) as user:
        await run(user, *asking.levels())
        assert "max 16" in user.text, "a line each beside the rows"
        await user.press("escape", "v")
        chart = user.app.screen.query_one("#chart")
        lines = "\n".join(user.lines[chart.region.y : chart.region.bottom])
        for words in ("1 ERROR", "2 INFO", "3 WARN", "min 0  max 16", "│", "08:00"):
            assert words in lines, lines


async def test_rows_of_events_are_no_picture() -> None:
    async with workbench() as user:
        await run(user)
        await user.press("escape", "v")
        assert any("no picture" in one for one in user.toasts)


# --- opening and saving


async def test_a_saved_query_opens_by_its_name_with_its_groups() -> None:
    async with workbench("insights team/errors") as user:
        assert "bin(5m)" in editor(user).text
        assert "team/errors" in user.lines[2] and "/shop/web" in user.lines[2]
        await user.press("end")
        await user.type(" # and more")
        assert "team/errors, changed" in user.lines[2]


async def test_a_name_that_nobody_knows_is_said() -> None:
    async with workbench("insights nonsense") as user:
        assert any("no saved query 'nonsense'" in one for one in user.toasts)


async def test_saved_earlier_and_sample_queries_are_listed() -> None:
    async with workbench() as user:
        await run(user)
        await user.press("ctrl+o")
        for words in ("saved  team/errors", "asked  ", "sample slowest"):
            assert words in user.text
        await user.press("enter")
        assert "level = 'ERROR'" in editor(user).text


async def test_the_range_is_chosen_and_a_moment_is_kept() -> None:
    async with workbench() as user:
        await user.press("f4", "down", "enter")
        assert "last 15m" in user.text
        await user.press("escape")
        user.app.screen.post_message(InsightsPlace.CommandAsked("insights", "in /shop/worker", samples.ago(hours=2)))
        await user.settle()
        assert "/shop/worker" in user.text
        assert "06:45 to 07:15" in user.text
        await run(user)
        given = logs(user).called("StartQuery")[-1]
        assert given["endTime"] - given["startTime"] == 1800


async def test_a_query_is_saved_changed_and_deleted_from_the_menu() -> None:
    async with workbench() as user:
        await run(user)
        await user.press("escape", "a", "s")
        await user.type("team/new")
        await user.press("tab", "tab", "enter")
        (ran,) = user.world.runner.ran
        assert ran[0] == "query.save"
        assert ran[2]["name"] == "team/new"


async def test_the_history_is_of_this_account_and_in_order() -> None:
    async with workbench() as user:
        await run(user)
        await write(user, "limit 3")
        await run(user)
        entries = user.world.services.insights.history.entries
        assert next(one.text for one in entries) in (
            "limit 3",
            "fields @timestamp, @message\n| sort @timestamp desc\n| limit 200",
        )
        assert {one.place for one in entries} == {"123456789012 eu-west-1"}


# --- hostile


async def test_hostile_names_and_values_are_text() -> None:
    nasty = "\x1b[31m[bold]=1+1\u202e\x9b2J"
    async with workbench() as user:
        await run(user, {nasty: nasty, "b": "\n\t" + "x" * 5000, "@ptr": "ptr-1"}, {nasty: "", "@ptr": "ptr-2"})
        await user.press("escape", "enter")
        for character in ("\x1b", "\x9b", "\u202e"):
            assert character not in user.text
        assert "[bold]" in user.text


async def test_a_saved_query_with_control_characters_is_clean_in_the_editor() -> None:
    async with workbench() as user:
        editor(user).use("fields a\x1b[2J\n| limit \u202e1")
        assert "\x1b" not in editor(user).text and "\u202e" not in editor(user).text


async def test_ten_thousand_rows_are_shown_at_once() -> None:
    async with workbench() as user:
        many = [{"@timestamp": asking.moment(at / 100), "n": str(at), "@ptr": f"ptr-{at}"} for at in range(10_000)]
        await run(user, *many)
        assert "10,000 rows" in user.text
        await user.press("escape", "G")
        assert rows(user)[-1][1] == "9999"
