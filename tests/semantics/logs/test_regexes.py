"""What needs no time-out, and what every match contains."""

from __future__ import annotations

import time

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.semantics.logs import regexes

_PIECES = st.sampled_from(["a", "b", "ab", ".", "[ab]", r"\d", "(a|b)", "(?:ab)", r"\."])
_GROUPS = st.sampled_from(["(a|b)", "(?:ab|1)", "(a|(b|1))", "(?=a|b)", "(?!a|b)", "a", ".", "|", "(a|)", "[(a|b)]"])
_COUNTS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{0,2}", "*?"])
_EXPRESSIONS = st.lists(st.tuples(_PIECES, _COUNTS), min_size=1, max_size=5).map(
    lambda parts: "".join(piece + count for piece, count in parts)
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("(WARN|ERROR).*item.[0-4]", "item"),
        (r"timeout after \d+ms", "timeout after "),
        ("colou?r", "colo"),
        ("ab*", "a"),
        ("a|b", ""),
        ("(?i)error", ""),
        (r"\berror", "error"),
        ("ab{0,2}c", "a"),
    ],
)
def test_what_every_match_contains(text: str, plain: str) -> None:
    assert regexes.required(text) == plain


@given(_EXPRESSIONS, st.text(alphabet="ab1.", max_size=12))
def test_what_is_required_is_in_every_match(text: str, line: str) -> None:
    if regex.search(text, line):
        assert regexes.required(text) in line


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("(WARN|ERROR).*item.[0-4]", [("WARN", "ERROR")]),
        ("(?:a|b)+x(?P<level>WARN|ERROR) (c)", [("a", "b"), ("WARN", "ERROR"), ("c",)]),
        ("(a|b)*(c|d)?(e|f){0,2}", []),
        ("(a|)b", []),
        ("((a|b)|c)", []),
        ("(a|b)|c", []),
        ("(?im)(a|b)", []),
        ("(?!a|b)(?i:a|b)x", []),
        (r"(a\||b)", []),
        ("[(a|b)]", []),
    ],
)
def test_of_which_texts_a_match_has_one(text: str, choices: list[tuple[str, ...]]) -> None:
    assert regexes.alternatives(text) == choices


@given(st.lists(st.tuples(_GROUPS, _COUNTS), min_size=1, max_size=4), st.text(alphabet="ab1.", max_size=12))
def test_one_of_the_choices_is_in_every_match(parts: list[tuple[str, str]], line: str) -> None:
    text = "".join(piece + count for piece, count in parts)
    try:
        expression = regexes.UserRegex(text)
    except regexes.RegexError:
        return
    if expression.search(line):
        assert all(any(one in line for one in choice) for choice in regexes.alternatives(text))
        assert regexes.required(text) in line


@pytest.mark.parametrize("text", ["(?im)error", "(?i)error", "(?-i)error"])
def test_nothing_is_required_where_case_may_not_count(text: str) -> None:
    assert regexes.required(text) == ""


@pytest.mark.parametrize("text", ["(a+)+b", "(a|a)*b", r"(a)\1", "(?=a)b", "(ab)?", "(a{1,9}){1,9}"])
def test_what_cannot_be_told_has_a_time_out(text: str) -> None:
    assert regexes.safe_length(text) == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["[ab]*", "a+", "a?", ".*", "(a|a)", "a{0,9}"]), min_size=1, max_size=6))
def test_what_is_called_safe_is_short(pieces: list[str]) -> None:
    expression = regexes.UserRegex("".join(pieces) + "[cd]")
    begun = time.process_time()
    assert expression.search("a" * min(expression.safe, 100_000)) is None
    assert time.process_time() - begun < 3
