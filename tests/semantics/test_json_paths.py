"""JSON paths of webhooks' filters."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.json_paths import BadPath, select

PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "it's": 1,
    "repository": {"name": "shop", "owner": {"name": "acme"}},
    "commits": [
        {"id": "a", "added": ["x"], "author": {"name": "Ann"}, "size": 3},
        {"id": "b", "added": ["y", "z"], "size": 9},
    ],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", [PUSH]),
        ("$.ref", ["refs/heads/main"]),
        ("$['ref']", ["refs/heads/main"]),
        ('$["repository"]["name"]', ["shop"]),
        ("$['it\\'s']", [1]),
        ("$.repository['name','owner']", ["shop", {"name": "acme"}]),
        ("$.repository.*", ["shop", {"name": "acme"}]),
        ("$.commits[0].id", ["a"]),
        ("$.commits[-1].id", ["b"]),
        ("$.commits[0,1].id", ["a", "b"]),
        ("$.commits[1:].id", ["b"]),
        ("$.commits[*].added[*]", ["x", "y", "z"]),
        ("$..name", ["shop", "acme", "Ann"]),
        ("$..added[0]", ["x", "y"]),
        ("$.commits[?(@.author)].id", ["a"]),
        ("$.commits[?(@.id == 'b')].size", [9]),
        ("$.commits[?(@.size > 3)].id", ["b"]),
        ("$.commits[?(@.size != 3)].id", ["b"]),
        ('$.commits[?(@.author.name == "Ann")].id', ["a"]),
        ("$.commits[?(@.id > 3)].id", []),
        ("$.commits[7]", []),
        ("$.ref.none", []),
        ("$.none", []),
    ],
)
def test_a_path_selects(path: str, found: list[Any]) -> None:
    assert select(path, PUSH) == found


@pytest.mark.parametrize("path", ["", "ref", "$ref", "$.", "$..", "$[", "$[x]", "$.a[?(@.b == )]", "$.a[?(@.b == c)]"])
def test_a_path_that_cannot_be_read_says_so(path: str) -> None:
    with pytest.raises(BadPath):
        select(path, PUSH)


@given(st.text(alphabet="$.[]*?()@'\"ab0:,-=!<> \\", max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(BadPath):
        assert isinstance(select(f"${text}", PUSH), list)
