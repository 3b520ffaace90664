"""Columns are hidden and shown by a person, and stay so in the next session."""

from __future__ import annotations

import msgspec

from console.app.test_sessions import Views, opened, table
from console.driving import console
from pointsman.console.dialogs.columns import ColumnsDialog
from pointsman.console.widgets.table import LineTable
from pointsman.model.views import Session, TableView


async def test_space_hides_enter_takes_over_and_the_name_stays() -> None:
    async with console(size=(160, 40)) as user:
        await user.press("2", "V")
        dialog = user.app.screen
        assert isinstance(dialog, ColumnsDialog)
        assert "always shows" in user.text
        await user.press("space")
        assert "Pipeline says which row is which: it always shows" in user.text
        await user.press("down", "space", "space")
        assert "2 hidden" in user.text
        await user.press("enter")
        assert table(user, "board").hidden == {"status", "stages"}
        header = next(line for line in user.lines if "Pipeline " in line and "Age" in line)
        assert "Status" not in header
        assert "Stages" not in header
        assert "Revision" in header
        assert "checkout" in user.text
        await user.press("V", "down", "space", "escape")
        assert table(user, "board").hidden == {"status", "stages"}, "esc takes nothing over"
        await user.press("V", "down", "space", "space", "enter")
        assert table(user, "board").hidden == frozenset()
        assert any("Status" in line and "Stages" in line for line in user.lines)


async def test_hidden_columns_come_back_in_the_next_session_and_only_in_their_view() -> None:
    views = Views()
    async with opened(views, size=(160, 40)) as user:
        await user.press("2", "V", "down", "space", "enter")
    assert views.session.places["pipelines"].tables["board"].hidden == ("status",)
    kept = msgspec.json.decode(msgspec.json.encode(views.session), type=Session)
    async with opened(Views(kept), size=(160, 40)) as user:
        await user.press("3")
        assert any("Status" in line for line in user.lines)
        await user.press("2")
        assert table(user, "board").hidden == {"status"}
        assert not any("Status" in line for line in user.lines)


def test_a_state_of_before_there_was_a_choice_loads() -> None:
    old = b'{"screen":"pipelines","places":{"pipelines":{"tables":{"board":{"sort":"age","reverse":true}}}}}'
    view = msgspec.json.decode(old, type=Session).places["pipelines"].tables["board"]
    assert view == TableView(sort="age", reverse=True)
    assert view.hidden == ()


async def test_rows_stay_sorted_by_a_column_that_is_hidden_and_the_picker_says_so() -> None:
    async with console(size=(160, 40)) as user:
        await user.press("2", "o", "o")
        board = table(user, "board")
        assert board.order.column == "status"
        rows = [row.ref for row in board.rows]
        await user.press("V", "down")
        assert "sorts the rows" in user.text
        await user.press("space", "enter")
        assert [row.ref for row in board.rows] == rows
        assert board.order.column == "status"
        await user.press("o")
        assert board.order.column == "name", "from there on by what shows"


async def test_where_the_columns_are_not_the_tables_it_says_so() -> None:
    async with console() as user:
        await user.press("2", "V", "V")
        assert isinstance(user.app.screen, ColumnsDialog)
        assert any("this is where they are chosen" in toast for toast in user.toasts)


async def test_columns_that_are_not_there_any_more_and_the_name_itself_do_no_harm() -> None:
    async with console() as user:
        await user.press("2")
        board: LineTable[object] = table(user, "board")
        board.hide({"name", "no such column", *(one.key for one in board.columns)})
        await user.settle()
        assert [one.column.key for one in board.placed] == ["name"]
        assert "checkout" in user.text
