"""Columns hidden and shown: what says which row is which stays, whatever is asked."""

from __future__ import annotations

import importlib
import pkgutil

from hypothesis import given
from hypothesis import strategies as st

from pointsman.console import present
from pointsman.console.present.cells import Column, Columns, cell
from pointsman.console.present.chosen_columns import choices, naming, showing

NAMES = ("mark", "name", "age", "what")
COLUMNS: Columns = tuple(
    Column[str](key, key.title() if key != "mark" else "", lambda one, _: cell(one)) for key in NAMES
)


def test_the_first_column_with_a_header_says_which_row_it_is_unless_another_one_does() -> None:
    assert naming(COLUMNS) == {"name"}
    own = (*COLUMNS[:2], Column[str]("age", "Age", lambda one, _: cell(one), names=True))
    assert naming(own) == {"age"}
    assert naming(COLUMNS[:1]) == {"mark"}
    assert naming(()) == frozenset()


def test_in_every_table_there_is_something_to_hide_and_something_that_stays() -> None:
    found = 0
    for module in pkgutil.iter_modules(present.__path__):
        loaded = importlib.import_module(f"{present.__name__}.{module.name}")
        for value in vars(loaded).values():
            if isinstance(value, tuple) and value and all(isinstance(one, Column) for one in value):
                found += 1
                always = naming(value)
                assert always < {one.key for one in value}, module.name
                assert all(one.header or len(value) > 2 for one in value if one.key in always)
    assert found > 20


@given(st.frozensets(st.sampled_from([*NAMES, "gone"])), st.frozensets(st.sampled_from(NAMES)), st.sampled_from(NAMES))
def test_what_the_picker_says_is_what_shows(hidden: frozenset[str], placed: frozenset[str], sort: str) -> None:
    shown = [one.key for one in showing(COLUMNS, hidden)]
    assert "name" in shown
    assert shown == [key for key in NAMES if key not in hidden or key == "name"]
    told = choices(COLUMNS, hidden, placed, sort)
    assert [one.key for one in told if one.shown] == shown
    assert [one.key for one in told if one.fixed] == ["name"]
    for one in told:
        assert ("no room" in one.note) == (one.shown and one.key not in placed)
        assert ("sorts the rows" in one.note) == (one.key == sort)
        assert ("always shows" in one.note) == one.fixed
    assert told[0].title == "(mark)"
