"""Text from outside: nothing that controls a terminal survives, and every cut is exact in cells."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.console.present import text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("\x9d0;title\x9cafter", "after"),
        ("a\u202eb\u2066c\u200bd\ufeff", "abcd"),
        ("one\r\ntwo\tthree", "one two three"),
        ("bell\x07 null\x00 del\x7f", "bell null del"),
        ("\x1bPq#0\x1b\\gone", "gone"),
        ("tag\U000e0041s", "tags"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
        ("grüße 日本 ✓", "grüße 日本 ✓"),
    ],
)
def test_clean_takes_out_what_controls_or_deceives(raw: str, shown: str) -> None:
    assert text.clean(raw) == shown


@given(st.text())
def test_clean_leaves_no_control_or_format_character(raw: str) -> None:
    cleaned = text.clean(raw)
    assert "\x1b" not in cleaned
    assert not [one for one in cleaned if unicodedata.category(one) == "Cc"]
    assert not [
        one for one in cleaned if unicodedata.bidirectional(one) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI")
    ]
    assert text.clean(cleaned) == cleaned


@given(st.text(alphabet="ab 日本é✓", max_size=40), st.integers(0, 30))
def test_cuts_never_exceed_their_width(raw: str, width: int) -> None:
    assert text.cells(text.truncate(raw, width)) <= max(width, 0)
    assert text.cells(text.middle(raw, width)) <= max(width, 0)
    if text.cells(raw) <= width:
        assert text.truncate(raw, width) == raw == text.middle(raw, width)


@given(st.text(alphabet="ab 日本é✓", max_size=80), st.integers(2, 20))
def test_wrapping_loses_nothing(raw: str, width: int) -> None:
    pieces = text.wrap(raw, width)
    assert "".join(pieces) == raw
    assert all(text.cells(piece) <= width for piece in pieces)


def test_a_block_keeps_its_lines_and_tabs_their_columns() -> None:
    assert text.clean_block("a\tb\r\n\x1b[1mc") == "a       b\nc"


def test_middle_keeps_both_ends() -> None:
    assert text.middle("arn:aws:codebuild:eu", 9) == "arn:…d:eu"


def test_ascii_is_as_wide_as_what_it_stands_for() -> None:
    assert text.in_ascii("José “x” 日本") == "Jose ?x? ????"
