"""Windows, rulers, bars and lines of a waterfall."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import tracing
from pointsman.clock import EPOCH
from pointsman.console.present.cells import plain, width
from pointsman.console.present.glyphs import ASCII, UNICODE
from pointsman.console.present.look import Draw
from pointsman.console.present.waterfall import (
    SHORTEST,
    Window,
    bar,
    layout,
    line,
    matching,
    minimap,
    ruler,
    visible,
    whole,
)
from pointsman.services.reads.traces import opened

TEN = Window(0.0, 10.0)
CHECKOUT = tracing.checkout()


def drawn(start: float, end: float | None, window: Window = TEN, room: int = 10, glyphs: object = UNICODE) -> str:
    before, cells = bar(start, end, window, room, glyphs)  # type: ignore[arg-type]
    return " " * before + cells


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (0, 10, "██████████"),
        (0, 5, "█████"),
        (0, 2.5, "██▌"),
        (0, 2.125, "██▏"),
        (1.5, 4, " ▐██"),
        (1.9, 4, " ▕██"),
        (1.1, 4, " ███"),
        (3, 3.01, "   ▏"),
        (3.9, 3.95, "   ▕"),
        (3, 3.5, "   ▌"),
        (3, 4, "   █"),
        (7, None, "       ██→"),
        (-5, 2, "██"),
        (8, 20, "        ██"),
        (11, 12, ""),
        (-3, -1, ""),
        (10, 10, "         ▕"),
    ],
)
def test_bars_end_within_a_cell(start: float, end: float | None, said: str) -> None:
    assert drawn(start, end) == said


def test_bars_in_ascii() -> None:
    assert drawn(0, 2.5, glyphs=ASCII) == "###"
    assert drawn(3, 3.01, glyphs=ASCII) == "   |"
    assert drawn(7, None, glyphs=ASCII) == "       ##>"


def test_the_critical_path_is_a_heavy_rule() -> None:
    before, cells = bar(1, 9, TEN, 10, UNICODE, ((1, 3), (6, 9)))
    assert (before, cells) == (1, "━━███━━━")


@given(
    st.floats(0, 1e4),
    st.none() | st.floats(0, 1e4),
    st.floats(0, 1e4),
    st.floats(SHORTEST, 1e4),
    st.integers(1, 200),
    st.sampled_from([UNICODE, ASCII]),
)
def test_a_bar_never_leaves_its_room(
    start: float, end: float | None, since: float, length: float, room: int, glyphs: object
) -> None:
    window = Window(since, length)
    late = None if end is None else max(start, end)
    before, cells = bar(start, late, window, room, glyphs, ((start, late or start + 1),))  # type: ignore[arg-type]
    assert before + len(cells) <= room
    in_sight = start <= window.end and (late is None or late >= window.start)
    assert bool(cells) == in_sight


@given(st.floats(0.01, 4), st.floats(-5, 15), st.floats(-2, 2))
def test_a_window_stays_within_the_trace(factor: float, around: float, share: float) -> None:
    found = TEN.zoomed(factor, around, TEN).panned(share, TEN)
    assert found.start >= 0
    assert found.end <= 10 + 1e-9
    assert found.length >= SHORTEST


def test_zooming_keeps_its_middle_and_ends_at_the_shortest() -> None:
    found = TEN.zoomed(0.5, 4.0, TEN)
    assert found == Window(2.0, 5.0)
    for _ in range(60):
        found = found.zoomed(0.5, 4.0, TEN)
    assert found.length == SHORTEST
    assert found.start <= 4.0 <= found.end


@pytest.mark.parametrize(
    ("window", "room", "said"),
    [
        (Window(0, 0.812), 44, "0          200ms      400ms      600ms"),
        (Window(0, 10), 40, "0                   5s"),
        (Window(0, 0.0004), 40, "0         0.1ms     0.2ms     0.3ms"),
        (Window(0, 3600), 40, "0          16m40      33m20      50m00"),
    ],
)
def test_a_ruler_has_round_times(window: Window, room: int, said: str) -> None:
    found = ruler(window, 0.0, room)
    assert len(found) == room
    assert found.rstrip() == said


@given(st.floats(0, 1e5), st.floats(SHORTEST, 1e5), st.integers(4, 300))
def test_a_ruler_is_as_wide_as_it_shall_be(start: float, length: float, room: int) -> None:
    assert len(ruler(Window(start, length), 0.0, room)) == room


def test_folds_hide_what_is_below() -> None:
    trace = CHECKOUT.trace
    names = [trace.spans[place].name for place in visible(trace, {3, 16})]
    assert names == ["gateway", "checkout", "checkout", "inventory", "payments", "mailer"]
    assert list(visible(trace, set())) == list(range(len(trace.spans)))


def test_a_search_takes_words_and_leaves_out_words() -> None:
    def names(query: str) -> list[str]:
        return [CHECKOUT.trace.spans[place].name for place in matching(CHECKOUT.words, query)]

    assert names("tenant=gold") == ["checkout"]
    assert names("BANKERROR") == ["bank.example"]
    assert names("payments") == ["payments", "payments"]
    assert names("select -items") == []
    assert names("bank -select") == ["bank.example"]
    assert names(" ") == names("-") == []


def test_the_minimap_marks_where_it_began() -> None:
    said = plain(minimap(CHECKOUT, whole(CHECKOUT.trace), whole(CHECKOUT.trace), 80, UNICODE))
    assert len(said) == 80
    assert said.index("!") == int(150 / 812 * 80)
    assert said.index("✗") == int(365 / 812 * 80)
    assert said.count("✗") == 1, "what only failed because of something below it is not marked"


def test_the_minimap_shows_where_the_window_is() -> None:
    everything = whole(CHECKOUT.trace)
    half = Window(everything.start + everything.length / 4, everything.length / 2)
    said = plain(minimap(CHECKOUT, whole(CHECKOUT.trace), half, 80, UNICODE))
    assert (len(said), said.index("["), said.index("]")) == (80, 20, 59)
    assert "[" not in plain(minimap(CHECKOUT, whole(CHECKOUT.trace), everything, 80, UNICODE))


def lines(room: int, **more: object) -> list[str]:
    shares, draw = layout(room), Draw(EPOCH, more.pop("glyphs", UNICODE))  # type: ignore[arg-type]
    window = whole(CHECKOUT.trace)
    return [plain(line(CHECKOUT, at, shares, window, draw)) for at in range(len(CHECKOUT.trace.spans))]


def test_lines_say_what_there_is_to_say() -> None:
    found = {text.split("  ")[0].strip(): text for text in lines(120)}
    by = {name: next(text for text in lines(120) if name in text) for name in ("DynamoDB", "bank", "receipt", "mailer")}
    assert "▼ gateway" in found
    assert "→ DynamoDB UpdateItem" in by["DynamoDB"]
    assert "T   210ms" in by["DynamoDB"]
    assert "400 throttled" in by["DynamoDB"]
    assert "✗◆  300ms" in by["bank"]
    assert "━━━━" in by["bank"], "it is what the request waited for"
    assert "●" in by["receipt"]
    assert by["receipt"].rstrip().endswith("→")
    assert "?" in by["mailer"]


@pytest.mark.parametrize("room", [20, 40, 80, 109, 110, 200])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_lines_fit(room: int, glyphs: object) -> None:
    shares, draw = layout(room), Draw(EPOCH, glyphs)  # type: ignore[arg-type]
    everything = whole(CHECKOUT.trace)
    for window in (everything, everything.zoomed(0.01, everything.start, everything)):
        for place in range(len(CHECKOUT.trace.spans)):
            content = line(CHECKOUT, place, shares, window, draw, folded=place == 3, matched=place == 4)
            assert width(content) == room - 1
            if glyphs is ASCII:
                assert plain(content).isascii()


def test_a_trace_without_anything_to_read_and_one_without_time_are_drawn() -> None:
    nothing = opened(tracing.CHECKOUT, ["{"], limit_exceeded=True, settled=True)
    assert list(visible(nothing.trace, set())) == []
    assert plain(minimap(nothing, whole(nothing.trace), whole(nothing.trace), 10, UNICODE)) == " " * 10
    piece = {"trace_id": tracing.CHECKOUT.id, "id": "a" * 16, "name": "x", "start_time": 5.0, "end_time": 5.0}
    point = opened(tracing.CHECKOUT, [json.dumps(piece)], limit_exceeded=False, settled=True)
    content = plain(line(point, 0, layout(80), whole(point.trace), Draw(EPOCH)))
    assert "0ms" in content
    assert len(plain(minimap(point, whole(point.trace), whole(point.trace), 10, UNICODE))) == 10
