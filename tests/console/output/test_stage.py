"""What the terminal shows is what it would show had every frame been written as it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from console.output import frames
from pointsman.console.output.stage import Stage
from pointsman.console.output.terminals import Abilities
from support.emulator import Emulator

COLUMNS, ROWS = 24, 9
ABLE = Abilities(scrolls=True, erases=True)
UNABLE = Abilities(scrolls=False, erases=False)


class Pair:
    """The same frames on two terminals: as they are, and through the stage."""

    def __init__(self, abilities: Abilities = ABLE, columns: int = COLUMNS, rows: int = ROWS) -> None:
        self.columns, self.rows = columns, rows
        self.stock, self.ours = Emulator(columns, rows), Emulator(columns, rows)
        for one in (self.stock, self.ours):
            one.feed(b"\x1b[?1049h\x1b[?7l")
        self.stage = Stage(abilities)
        self.last = ""

    def take(self, data: str) -> None:
        self.stock.feed(data.encode())
        assert self.stage.take(data, self.columns, self.rows)

    def pass_through(self, data: str) -> None:
        self.give()
        for one in (self.stock, self.ours):
            one.feed(data.encode())
        self.stage.foreign = True

    def give(self) -> str:
        self.last = self.stage.give()
        self.ours.feed(self.last.encode())
        return self.last

    def check(self) -> None:
        assert self.ours.unknown == self.stock.unknown == []
        assert self.ours.seen() == self.stock.seen()
        assert (self.ours.y, self.ours.x) == (self.stock.y, self.stock.x)


steps = st.sampled_from(("take", "take", "take and give", "lost", "foreign"))


@settings(max_examples=100, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(data=st.data(), abilities=st.sampled_from((ABLE, UNABLE, Abilities(scrolls=True, erases=False))))
def test_any_frames_end_in_the_same_screen(data: st.DataObject, abilities: Abilities) -> None:
    pair = Pair(abilities)
    pool = data.draw(frames.pool(COLUMNS))
    for step in data.draw(st.lists(steps, min_size=1, max_size=8)):
        if step == "lost":
            pair.stage.lost = True
            if not pair.stage.foreign and pair.stage._wanted.known:  # whatever the terminal shows, it is all sent again
                pair.ours.feed(b"\x1b[3;1H\x1b[31mgarbage\x1b[2;5H")
                pair.give()
        elif step == "foreign":
            pair.pass_through("\x1b[2;3H\x1b[1mforeign\x1b[0m\x1b[4;1H")
        else:
            pair.take(data.draw(frames.frame(COLUMNS, ROWS, pool)))
            if step == "take and give":
                pair.give()
                pair.check()
    pair.take(data.draw(frames.frame(COLUMNS, ROWS, pool)))
    pair.give()
    pair.check()


def lines(*texts: str, cursor: tuple[int, int] = (1, 1)) -> str:
    rows = [f"\x1b[{y};1H{text:<{COLUMNS}}" for y, text in enumerate(texts, 1)]
    return "\n".join(rows) + f"\x1b[{cursor[0]};{cursor[1]}H"


def numbered(first: int) -> str:
    return lines("title", *(chr(ord("A") + first + y) * 20 for y in range(ROWS - 2)), "status")


def test_a_line_that_scrolls_is_moved_by_the_terminal() -> None:
    pair = Pair()
    pair.take(numbered(10))
    pair.give()
    pair.take(numbered(11))
    sent = pair.give()
    pair.check()
    assert pair.ours.scrolled == 1
    assert "\x1b[2;8r" in sent
    assert "RRR" in sent
    assert "QQ" not in sent


def test_frames_that_were_never_sent_scroll_with_the_next() -> None:
    pair = Pair()
    pair.take(numbered(10))
    pair.give()
    for first in (11, 12, 13):
        pair.take(numbered(first))
    sent = pair.give()
    pair.check()
    assert pair.ours.scrolled == 1
    assert "QQ" not in sent


def test_nothing_is_scrolled_on_a_terminal_that_may_not_know_how() -> None:
    pair = Pair(UNABLE)
    pair.take(numbered(10))
    pair.give()
    pair.take(numbered(11))
    assert re.findall(r"\x1b\[[\d;]*[^H\d;m]", pair.give()) == []
    assert pair.ours.scrolled == 0
    pair.check()


def test_the_same_frame_again_costs_nothing() -> None:
    pair = Pair()
    pair.take(numbered(10))
    pair.give()
    pair.take(numbered(10))
    assert pair.give() == ""


def test_a_cursor_that_moved_is_placed() -> None:
    pair = Pair()
    pair.take(lines("a", cursor=(1, 1)))
    pair.give()
    pair.take(lines("a", cursor=(2, 5)))
    assert pair.give() == "\x1b[2;5H"


def test_a_changed_cell_costs_little() -> None:
    pair = Pair()
    pair.take(numbered(10))
    pair.give()
    pair.take(numbered(10).replace("MMM", "MxM", 1))
    assert len(pair.give()) <= 16
    pair.check()


@pytest.mark.parametrize("cluster", ["👩\u200d🚀", "e\u0301", "❤\ufe0f", "\U0001fae8"])
def test_where_terminals_disagree_on_a_width_the_rest_of_the_line_stays_in_place(cluster: str) -> None:
    pair = Pair()
    pair.take(lines("plain"))
    pair.give()
    pair.take(f"\x1b[2;1H{cluster}|rest\x1b[1;1H")
    sent = pair.give()
    # A terminal of any opinion is told where the text behind begins.
    assert sent.index(cluster) < sent.rindex("H|rest")
    pair.check()


def test_a_row_longer_than_the_screen_ends_as_on_a_terminal_that_does_not_wrap() -> None:
    pair = Pair()
    pair.take(lines("before"))
    pair.take(f"\x1b[1;1H{'x' * COLUMNS}yz\x1b[1;1H")
    pair.give()
    pair.check()
    assert pair.ours.text().splitlines()[0].endswith("xz")


@pytest.mark.parametrize(
    "data",
    [
        "\x1b[1;1Htext\x1b[5C\x1b[1;1H",  # a move of another kind
        "\x1b[1;1H\x1b[31mtext\x1b[1;1H",  # a style left behind
        "\x1b[1;1H\u0301\x1b[1;1H",  # joins what is not there
        f"\x1b[{ROWS + 1};1Htext\x1b[1;1H",  # beyond the screen
        f"\x1b[{ROWS};1Htext\n\x1b[1;1H",  # would scroll the screen
        f"\x1b[1;{COLUMNS}H日\x1b[1;1H",  # a half in the last column
        "\x1b[1;1H\x1b_Gf=24;AAAA\x1b\\\x1b[1;1H",  # an image
        "\x1b[1;1Hta\tb\x1b[1;1H",
    ],
)
def test_what_is_not_known_is_refused_and_changes_nothing(data: str) -> None:
    pair = Pair()
    pair.take(numbered(1))
    pair.give()
    assert not pair.stage.take(data, COLUMNS, ROWS)
    assert pair.give() == ""
    # The frame that follows is drawn with the terminal's own pen on both.
    pair.pass_through("" if "_G" in data or data.startswith(f"\x1b[{ROWS};1Htext") else f"{data}\x1b[0m")
    pair.take(numbered(5))
    assert pair.give()
    assert pair.ours.seen() == pair.stock.seen()


def test_a_resize_forgets() -> None:
    pair = Pair()
    pair.take(numbered(1))
    pair.give()
    pair.columns, pair.rows = COLUMNS + 6, ROWS + 2
    for one in (pair.stock, pair.ours):
        one.resize(pair.columns, pair.rows)
    rows = [f"\x1b[{y};1H{'row':<{pair.columns}}" for y in range(1, pair.rows + 1)]
    pair.take("\n".join(rows) + "\x1b[3;3H")
    pair.give()
    pair.check()


def test_a_full_screen_begins_with_a_clean_page_and_a_part_of_one_does_not() -> None:
    pair = Pair()
    pair.take("\x1b[2;1Hsome\x1b[1;1H")
    assert "\x1b[2J" not in pair.give()
    pair.check()
    pair.take(numbered(3))
    pair.stage.lost = True
    assert pair.give().startswith("\x1b[m\x1b[H\x1b[2J")
    pair.check()
