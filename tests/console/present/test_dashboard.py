"""A dashboard on a terminal: where widgets stand, what charts draw, Markdown as text."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import dashing
from pointsman.clock import EPOCH
from pointsman.console.present import markdown
from pointsman.console.present.cells import Cell, plain, width
from pointsman.console.present.dashboard import panel
from pointsman.console.present.dashboard_layout import Spot, place
from pointsman.console.present.dashboard_plots import Span, chart, number
from pointsman.console.present.glyphs import ASCII, UNICODE
from pointsman.console.present.look import Draw
from pointsman.console.widgets.palette import STYLE_NAMES
from pointsman.model.dashboards import (
    Axis,
    DashboardView,
    Found,
    Line,
    Mark,
    MetricAsked,
    MetricLine,
    TextAsked,
    Widget,
)
from pointsman.services.reads import dashboards as reader

DRAW = Draw(EPOCH)
PLAIN = Draw(EPOCH, ASCII)
START, END = EPOCH.timestamp() - 3600, EPOCH.timestamp()


def text_of(lines: list[Cell]) -> str:
    return "\n".join(plain(line) for line in lines)


# --- where widgets stand

PLACES = st.none() | st.integers(0, 23)
WIDGETS = st.lists(
    st.builds(
        lambda x, y, width, height, text: (x, y, width, height, text),
        PLACES,
        st.none() | st.integers(0, 60) | st.just(10**6),
        st.integers(1, 24),
        st.integers(1, 30),
        st.booleans(),
    ),
    max_size=14,
).map(
    lambda given: tuple(
        Widget(number, TextAsked("x") if text else MetricAsked(), "", x, y, width, height)
        for number, (x, y, width, height, text) in enumerate(given)
    )
)


@given(WIDGETS, st.integers(24, 260))
def test_widgets_neither_overlap_nor_leave_the_terminal(widgets: tuple[Widget, ...], room: int) -> None:
    spots = place(widgets, room)
    assert sorted(spot.widget.number for spot in spots) == [one.number for one in widgets]
    for spot in spots:
        assert spot.x >= 0 and spot.y >= 0 and spot.width >= 1 and spot.height >= 1
        assert spot.x + spot.width <= room
    for at, one in enumerate(spots):
        for other in spots[at + 1 :]:
            apart = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    assert max((spot.y + spot.height for spot in spots), default=0) <= 100 * len(widgets), "empty rows take no lines"


def test_a_wide_terminal_keeps_the_bodys_places_and_a_narrow_one_flows() -> None:
    widgets = tuple(Widget(at, MetricAsked(), "", 6 * at, 0, 6, 6) for at in range(4))
    wide = place(widgets, 120)
    assert [(spot.x, spot.y, spot.width) for spot in wide] == [(0, 0, 29), (30, 0, 29), (60, 0, 29), (90, 0, 30)]
    narrow = place(widgets, 79)
    assert [(spot.x, spot.y) for spot in narrow] == [(0, 0), (39, 0), (0, 9), (39, 9)]


def test_five_hundred_widgets_on_one_another_are_placed_soon() -> None:
    widgets = tuple(Widget(at, MetricAsked(), "", 0, 0, 24, 1000) for at in range(500))
    spots = place(widgets, 120)
    assert len({spot.y for spot in spots}) == 500


# --- panels


@pytest.mark.parametrize("draw", [DRAW, PLAIN], ids=["unicode", "ascii"])
@pytest.mark.parametrize("room", [24, 79, 119, 199])
def test_every_panel_fills_its_spot_exactly(draw: Draw, room: int) -> None:
    for view in dashing.views():
        for spot in place(view.body.widgets, room):
            for selected in (False, True):
                lines = panel(spot, view, draw, selected=selected)
                assert [width(line) for line in lines] == [spot.width] * spot.height, spot.widget.title
                assert {style for line in lines for _, style in line} <= STYLE_NAMES | {""}


VALUES = st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.lists(st.tuples(st.floats(START - 100, END + 100), VALUES), max_size=12).map(lambda one: tuple(sorted(one)))
LINES = st.lists(st.builds(Line, st.text(max_size=6), POINTS, st.booleans(), st.booleans()), max_size=4).map(tuple)
AXES = st.builds(Axis, st.none() | VALUES, st.none() | VALUES, st.text(max_size=3))


@given(
    st.builds(
        MetricAsked,
        lines=st.just((MetricLine("m", name="m"),)),
        view=st.sampled_from(["timeSeries", "singleValue", "gauge", "bar", "pie", "table"]),
        stacked=st.booleans(),
        left=AXES,
        right=AXES,
        marks=st.lists(st.builds(Mark, VALUES, st.text(max_size=4), st.booleans()), max_size=2).map(tuple),
        sparkline=st.booleans(),
    ),
    LINES,
    st.integers(1, 60),
    st.integers(1, 14),
    st.sampled_from([DRAW, PLAIN]),
)
def test_any_data_is_drawn_in_exactly_its_room(
    asked: MetricAsked, lines: tuple[Line, ...], across: int, down: int, draw: Draw
) -> None:
    body = reader.body('{"widgets": []}')
    view = DashboardView(dashing.MIXED, "", body, EPOCH - timedelta(hours=1), EPOCH, {0: Found(lines)})
    made = panel(Spot(Widget(0, asked), 0, 0, across, down), view, draw)
    assert [width(line) for line in made] == [across] * down


def test_markup_and_escapes_of_a_body_are_text() -> None:
    body = {
        "widgets": [
            {"type": "text", "properties": {"markdown": "[red]no[/red] \x1b[31m**b**\u202e"}},
            {"type": "metric", "properties": {"title": "[b]t[/b]\x1b]0;x\x07", "metrics": [["N", "m"]]}},
            {"type": "\x1b[2J[x]", "properties": {}},
        ]
    }
    view = dashing.of("x", json.dumps(body))
    said = "\n".join(text_of(panel(spot, view, DRAW)) for spot in place(view.body.widgets, 119))
    assert "\x1b" not in said and "\u202e" not in said and "\x07" not in said
    assert "[red]no[/red] b" in said
    assert "[b]t[/b]" in said


def test_a_widget_that_was_not_read_yet_says_so() -> None:
    view = dashing.mixed()
    bare = DashboardView(view.ref, view.text, view.body, view.start, view.end)
    spot = next(one for one in place(view.body.widgets, 119) if one.widget.title == "bar")
    assert "reading…" in text_of(panel(spot, bare, DRAW))


# --- charts


def drawn(*lines: Line, marks: tuple[Mark, ...] = (), stacked: bool = False, draw: Draw = DRAW) -> list[str]:
    axes = (Axis(0.0, 10.0), Axis())
    return [plain(one) for one in chart(lines, marks, Span(START, END), axes, draw, (44, 9), stacked=stacked)]


def flat(value: float, *, gap: bool = False) -> Line:
    points = [(START + 60 * at, value) for at in range(60) if not (gap and 20 <= at < 40)]
    return Line("flat", tuple(points))


def test_a_gap_is_a_gap() -> None:
    whole, gapped = drawn(flat(5.0)), drawn(flat(5.0, gap=True))
    row = next(at for at, line in enumerate(whole) if "⠤" in line or "⠒" in line or "⠉" in line or "⣀" in line)
    assert " " not in whole[row].strip("5 ").rstrip()
    middle = gapped[row][3:].strip()
    assert 12 <= middle.count(" ") <= 16, "a third of it is empty"


def test_a_threshold_is_dashes_across_at_its_height() -> None:
    lines = drawn(flat(2.0), marks=(Mark(10.0),))
    assert lines[0].count("─") >= 15
    assert not any("─" in line for line in lines[1:])


def test_ends_of_the_axes_are_said() -> None:
    lines = drawn(flat(5.0))
    assert lines[0].startswith("10 ")
    assert lines[-2].startswith(" 0 ")
    assert lines[-1].split() == ["08:00", "08:30", "09:00"]


def test_lines_carry_their_numbers_where_there_are_several() -> None:
    text = "\n".join(drawn(flat(2.0), flat(8.0))[:-1])
    assert text.count("1") == 2 and "2" in text  # the axis' 10, and the line's own


def test_areas_stand_on_one_another() -> None:
    lines = chart((flat(2.0), flat(6.0)), (), Span(START, END), (Axis(0.0, 8.0), Axis()), DRAW, (44, 9), stacked=True)
    column = [next((style for text, style in line if "█" in text or "▇" in text), "") for line in lines[:-1]]
    assert column == ["tone.ok"] * 6 + ["bar"] * 2


def test_ascii_has_no_braille() -> None:
    assert all(line.isascii() for line in drawn(flat(2.0), flat(8.0, gap=True), draw=PLAIN))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "-"),
        (0.0, "0"),
        (0.25, "0.25"),
        (12.5, "12.5"),
        (99.96, "100"),
        (1234.0, "1.2k"),
        (999_950.0, "1.0M"),
        (4.2e6, "4.2M"),
        (-3.1e9, "-3.1G"),
        (5e-7, "5e-07"),
        (1e300, "1.0e+300"),
    ],
)
def test_a_number_is_short(value: float | None, said: str) -> None:
    assert number(value) == said


# --- markdown


def test_markdown_is_lines() -> None:
    head = ("# Head", "Some **bold** [link](https://x.y)", "", "* one", "* two", "  1. in", "", "> said", "")
    source = "\n".join((*head, "| A | B |", "|---|---|", "| 1 | 2 |", "", "```", "code", "```", ""))
    lines = [plain(line).rstrip() for line in markdown.lines(source, DRAW, 30)]
    assert lines == [
        "Head",
        "─" * 30,
        "Some bold link (https://x.y)",
        "",
        "· one",
        "· two",
        "  1. in",
        "",
        "| said",
        "",
        "A  B",
        "1  2",
        "",
        "code",
    ]


@given(st.text("#*_`[]()<>|-\n ab1.!\\&\t", max_size=200), st.integers(1, 60))
def test_any_markdown_fits(source: str, room: int) -> None:
    for line in markdown.lines(source, DRAW, room):
        assert width(line) <= max(8, room)


def test_much_markdown_is_cut() -> None:
    lines = markdown.lines("> " * 500 + "x\n" + "word " * 200_000, DRAW, 40)
    assert plain(lines[-1]) == UNICODE.ellipsis
    assert len(lines) <= 401


def test_words_that_are_longer_than_a_line_are_broken() -> None:
    found: list[Any] = list(markdown.wrapped((("a" * 25, ""),), 10))
    assert [plain(line) for line in found] == ["a" * 10, "a" * 10, "a" * 5]
