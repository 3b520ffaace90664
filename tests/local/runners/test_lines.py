"""From bytes to lines of a log."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pointsman.local.runners.lines import LONGEST, LineCutter, Mask


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_however_the_bytes_come_the_lines_are_the_same(data: bytes, cuts: list[int]) -> None:
    whole = LineCutter(50)
    expected = whole.feed(data) + whole.flush()
    pieces, found, last = LineCutter(50), [], 0
    for cut in [*sorted(cut for cut in cuts if cut <= len(data)), len(data)]:
        found += pieces.feed(data[last:cut])
        last = cut
    assert "".join(found + pieces.flush()) == "".join(expected)


@given(st.binary(max_size=400))
def test_no_line_is_longer_than_allowed(data: bytes) -> None:
    cutter = LineCutter(30)
    for line in cutter.feed(data) + cutter.flush():
        assert len(line.encode()) <= 30
        assert "\n" not in line


def test_a_very_long_line_is_cut_between_characters_and_nothing_is_lost() -> None:
    text = "é" * LONGEST
    cutter = LineCutter()
    found = cutter.feed(text.encode()) + cutter.flush()
    assert len(found) > 1
    assert "".join(found) == text


def test_what_is_not_utf8_is_replaced_and_carriage_returns_end_nothing() -> None:
    assert LineCutter().feed(b"a\xffb\r\nnext\n") == ["a\ufffdb", "next"]


def test_secrets_are_masked_the_longest_first_and_line_by_line() -> None:
    mask = Mask(["abc", "abcdef", "", " ", "-----BEGIN-----\nMIIEabc\nx"])
    assert mask("abcdef abc") == "*** ***"
    assert mask("MIIEabc x") == "*** x"
    assert not Mask([""])
