"""One's place in a list survives whatever happens to the list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman.console.present.keyed import Place, keep, reveal

keys = st.lists(st.integers(0, 60), unique=True, max_size=40)


@given(keys, keys, st.integers(0, 39), st.integers(0, 39), st.integers(1, 12))
def test_cursor_stays_on_its_key_or_its_nearest_neighbour(
    old: list[int], new: list[int], cursor: int, top: int, height: int
) -> None:
    if not old:
        old = [1]
    cursor, top = cursor % len(old), top % len(old)
    index = {key: at for at, key in enumerate(new)}
    place = keep(old, new, index, Place(cursor, top), height)
    if not new:
        assert place == Place()
        return
    assert 0 <= place.cursor < len(new)
    assert 0 <= place.top <= max(0, len(new) - height)
    if old[cursor] in index:
        assert new[place.cursor] == old[cursor]
        later_top = len(new) - height
        on_line = cursor - top
        if top and 0 <= on_line < height and 0 <= place.cursor - on_line <= later_top:
            assert place.cursor - place.top == on_line
    elif following := [key for key in old[cursor:] if key in index]:
        assert new[place.cursor] == following[0]


def test_a_list_shown_from_its_top_stays_there_while_the_cursor_is_in_sight() -> None:
    old, new = ["b", "c"], ["a", "b", "c"]
    assert keep(old, new, {key: at for at, key in enumerate(new)}, Place(0, 0), 10) == Place(1, 0)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 20))
def test_revealing_scrolls_no_further_than_needed(cursor: int, top: int, height: int) -> None:
    shown = reveal(Place(cursor, top), height)
    assert shown.top <= cursor < shown.top + height
    if top <= cursor < top + height:
        assert shown.top == top
