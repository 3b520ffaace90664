"""Cells fit exactly, and columns share a line by rules."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman.console.present.cells import Cell, Column, cell, crop, fit, join, place, plain, spread, width

words = st.text(alphabet="abc 日é✓", max_size=12)
contents = st.lists(st.tuples(words, st.sampled_from(["", "dim"])), max_size=5).map(tuple)


@given(contents, st.integers(0, 30), st.sampled_from(["left", "right", "center"]))
def test_a_fitted_cell_is_never_wider_than_its_room(content: Cell, room: int, align: str) -> None:
    fitted = fit(content, room, align)  # type: ignore[arg-type]
    assert room - 1 <= width(fitted) <= room or width(crop(content, room)) == width(fitted) or width(fitted) == room


@given(contents, st.integers(1, 30))
def test_a_crop_is_a_beginning_and_an_ellipsis(content: Cell, room: int) -> None:
    cropped = plain(crop(content, room))
    if width(content) <= room:
        assert cropped == plain(content)
    else:
        assert cropped.endswith("…")
        assert plain(content).startswith(cropped[:-1])


def test_cells_from_outside_are_cleaned() -> None:
    assert cell("\x1b[31m[red]x", "dim") == (("[red]x", "dim"),)
    assert cell("\x1b[0m") == ()


def test_join_leaves_out_what_is_empty() -> None:
    assert plain(join((cell("a"), (), cell("b")), gap="-")) == "a-b"


def test_spread_keeps_the_right_end_whole() -> None:
    assert plain(spread(cell("a long left side"), cell("right"), 16)) == "a long le… right"


def columns(*specs: tuple[str, int, int, int, int]) -> tuple[Column[str], ...]:
    return tuple(
        Column[str](key, key, lambda row, _: cell(row), least=least, most=most, share=share, priority=priority)
        for key, least, most, share, priority in specs
    )


def test_the_least_important_columns_go_first() -> None:
    made = columns(("a", 10, 0, 0, 0), ("b", 10, 0, 0, 2), ("c", 10, 0, 0, 1))
    assert [one.column.key for one in place(made, 32)] == ["a", "b", "c"]
    assert [one.column.key for one in place(made, 31)] == ["a", "c"]
    assert [one.column.key for one in place(made, 12)] == ["a"]


def test_what_is_left_over_is_shared_by_weight_within_bounds() -> None:
    made = columns(("a", 4, 6, 1, 0), ("b", 4, 0, 1, 0))
    assert [one.width for one in place(made, 40)] == [6, 33]


def test_a_column_is_as_wide_as_its_widest_row() -> None:
    made = (Column[str]("a", "A", lambda row, _: cell(row), least=2, most=8, measure=len),)
    assert place(made, 40, ["abcde"])[0].width == 5
    assert place(made, 40, ["abcdefghijkl"])[0].width == 8


@given(
    st.lists(
        st.tuples(st.integers(1, 20), st.integers(0, 30), st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=7
    ),
    st.integers(1, 120),
)
def test_placed_columns_never_exceed_the_room_unless_they_may_not_be_dropped(
    specs: list[tuple[int, int, int, int]], room: int
) -> None:
    made = columns(*((f"{at}", *spec) for at, spec in enumerate(specs)))
    placed = place(made, room)
    assert all(one.width >= 1 for one in placed)
    used = sum(one.width for one in placed) + len(placed) - 1
    assert used <= room or all(one.width == 1 for one in placed)
    assert [one.column.priority for one in placed].count(0) == sum(column.priority == 0 for column in made)
