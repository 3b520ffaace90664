"""Lines are kept as they came; folds, wraps and searches find every one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.console.present.cells import plain
from pointsman.console.present.logs import Kind, classify
from pointsman.console.present.text import clean_line, wrap
from pointsman.console.widgets.log_layout import LogLayout
from pointsman.console.widgets.log_rows import LogRows
from pointsman.console.widgets.log_search import LogSearch
from pointsman.console.widgets.log_store import LogStore
from pointsman.model.logs import LogLine

STAMP = "[Container] 2026/01/05 09:00:00.000000 "
texts = st.one_of(
    st.text(alphabet="abc error:FAIL\t日é", max_size=30),
    st.sampled_from([STAMP + "Entering phase BUILD", STAMP + "Entering phase INSTALL", "error: bad", "warning: x", ""]),
)
batches = st.lists(st.lists(texts, max_size=12), max_size=6)


def stored(parts: list[list[str]]) -> LogStore:
    store = LogStore()
    for part in parts:
        store.append([LogLine(at, text) for at, text in enumerate(part)])
    return store


@given(batches)
def test_no_line_is_lost_repeated_or_judged_by_its_batch(parts: list[list[str]]) -> None:
    store = stored(parts)
    wanted = [clean_line(text) for part in parts for text in part]
    assert store.texts == wanted
    assert len(store.times) == len(store.widths) == len(store.kinds) == len(wanted)
    assert [Kind(kind) for kind in store.kinds] == [classify(text) for text in wanted]
    assert list(store.errors) == [at for at, text in enumerate(wanted) if classify(text).bad]
    assert store.text() == "".join(f"{text}\n" for text in wanted)


def test_an_event_of_several_lines_is_several_lines() -> None:
    store = LogStore()
    assert store.append([LogLine(5, "one\r\ntwo\n"), LogLine(6, "\x1b[31mred\x1b[0m")]) == 3
    assert store.texts == ["one", "two", "red"]
    assert list(store.times) == [5, 5, 6]


@given(batches, st.sampled_from([0, 5, 9]), st.sets(st.integers(0, 6)), st.integers(0, 4))
def test_rows_and_lines_are_each_others_inverse(parts: list[list[str]], width: int, folds: set[int], late: int) -> None:
    store = LogStore()
    layout = LogLayout(store)
    layout.wrap_at = width
    for at, part in enumerate(parts):
        store.append([LogLine(0, text) for text in part])
        if at == late:
            for fold in folds:
                if fold < len(store.sections):
                    layout.fold(fold, True)
        layout.extend()
    whole = LogLayout(store)
    whole.wrap_at, whole.folded = width, layout.folded
    whole.rebuild()
    heights = [layout.height_of(line) for line in range(len(store))]
    assert heights == [whole.height_of(line) for line in range(len(store))]
    assert layout.rows == sum(heights)
    rows = [(line, part) for line, height in enumerate(heights) for part in range(height)]
    assert [layout.line_at(row) for row in range(layout.rows)] == rows
    for line, height in enumerate(heights):
        if height:
            assert layout.line_at(layout.row_of(line)) == (line, 0)
            if width and height > 1:
                assert height == len(wrap(store.texts[line], width))


def test_folding_hides_a_phase_behind_its_heading() -> None:
    store = stored([["before", STAMP + "Entering phase BUILD", "a", "b", STAMP + "Entering phase POST_BUILD", "c"]])
    layout = LogLayout(store)
    layout.extend()
    assert [section.name for section in store.sections] == ["", "BUILD", "POST_BUILD"]
    layout.fold(1, True)
    assert [layout.line_at(row)[0] for row in range(layout.rows)] == [0, 1, 4, 5]
    assert layout.hidden(2)
    assert "2 lines" in plain(LogRows(store, layout).cell(1, 0, 120))
    layout.fold_all(True)
    assert [layout.line_at(row)[0] for row in range(layout.rows)] == [0, 1, 4]
    layout.fold_all(False)
    assert layout.rows == 6


@given(st.text(alphabet="ab 日é[]", max_size=60), st.integers(3, 20))
def test_the_rows_of_a_wrapped_line_are_its_text(text: str, width: int) -> None:
    store = stored([[STAMP + text]])
    layout = LogLayout(store)
    layout.wrap_at = width
    layout.rebuild()
    rows = LogRows(store, layout)
    shown = "".join("".join(piece for piece, _ in rows.cell(0, part, 80)[2:]) for part in range(layout.rows))
    assert shown == store.texts[0]


@given(batches, st.sampled_from(["error", "FAIL", "é", "日", "abc", "zzz"]))
def test_a_search_finds_what_a_plain_look_finds(parts: list[list[str]], needle: str) -> None:
    store = LogStore()
    search = LogSearch(store, needle)
    for part in parts:
        store.append([LogLine(0, text) for text in part])
        search.scan(0.0, lambda: 0.0)
    while not search.complete:
        search.scan(0.0, lambda: 0.0)
    wanted = [at for at, text in enumerate(store.texts) if needle.lower() in text.lower()]
    assert list(search.matches) == wanted
    for line in range(len(store)):
        assert search.index_of(line) == (wanted.index(line) + 1 if line in wanted else 0)
        if wanted:
            assert search.after(line) == next((one for one in wanted if one > line), wanted[0])
            assert search.before(line) == next((one for one in reversed(wanted) if one < line), wanted[-1])


def test_errors_are_found_in_both_directions_and_lines_by_time() -> None:
    store = LogStore()
    store.append([LogLine(at * 10, text) for at, text in enumerate(["a", "error: b", "c", "error: d"])])
    assert (store.next_error(-1), store.next_error(1), store.next_error(3)) == (1, 3, None)
    assert (store.previous_error(4), store.previous_error(1)) == (3, None)
    assert (store.at_time(10), store.at_time(11), store.at_time(99)) == (1, 2, 4)


@pytest.mark.parametrize(("height", "rows"), [(10, 5), (10, 100), (3, 100_000)])
def test_the_bar_has_a_cell_for_each_line_and_a_thumb(height: int, rows: int) -> None:
    store = stored([["x"] * 50 + ["error: y"] + ["x"] * 49])
    layout = LogLayout(store)
    layout.extend()
    bar = LogRows(store, layout).bar(height, 0, rows)
    assert len(bar) == height
    assert (bar[0][0] == "█") is (rows > height)
    assert any(cell == "✗" for cell, _ in bar) is (rows > height)


@given(
    rows=st.lists(st.integers(0, 4), max_size=30),
    wrap=st.booleans(),
    data=st.data(),
)
def test_unfolded_lines_are_laid_out_as_counting_would(rows: list[int], wrap: bool, data: st.DataObject) -> None:
    store = LogStore()
    store.append([LogLine(at, "x" * 9) for at in range(len(rows))])
    layout = LogLayout(store)
    layout.wrap_at = 4 if wrap else 0
    layout.extend()
    for line in data.draw(st.permutations(range(len(rows)))):
        layout.unfold(line, rows[line])
    heights = [1 + extra if extra or not wrap else 3 for extra in rows]
    assert layout.rows == sum(heights)
    expected = [(line, part) for line, height in enumerate(heights) for part in range(height)]
    assert [layout.line_at(row) for row in range(layout.rows)] == expected
    assert [layout.row_of(line) for line in range(len(rows))] == [sum(heights[:line]) for line in range(len(rows))]
    assert [layout.height_of(line) for line in range(len(rows))] == heights


@given(times=st.lists(st.integers(0, 50), min_size=1), cut=st.integers(0, 60), batches=st.integers(1, 5))
def test_what_is_kept_of_a_trimmed_log_is_what_was_there(times: list[int], cut: int, batches: int) -> None:
    texts = [f"ERROR {at}" if at % 7 == 0 else f"fine {at} é" if at % 5 == 0 else f"fine {at}" for at in times]
    store, whole = LogStore(), LogStore()
    size = max(1, len(times) // batches)
    for at in range(0, len(times), size):
        events = [LogLine(*one) for one in zip(times[at : at + size], texts[at : at + size], strict=True)]
        sources = [number % 3 for number in times[at : at + size]]
        store.append(events, sources)
        whole.append(events, sources)
    store.trim(cut)
    assert store.texts == texts[cut:] and list(store.times) == times[cut:]
    assert list(store.errors) == [line - cut for line in whole.errors if line >= cut]
    assert store.odd == {line - cut for line in whole.odd if line >= cut}
    assert list(store.sources) == [number % 3 for number in times[cut:]]
    assert list(whole.highs) == [max(times[: at + 1]) for at in range(len(times))]
