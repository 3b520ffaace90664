"""Git triggers: glob patterns, and which pushes start a pipeline; and the check of a variable."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.globs import matches, problem
from pointsman.semantics.pushes import Push, accepted, starts
from pointsman.semantics.variable_check import judge


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("main", "main", True),
        ("main", "maintenance", False),
        ("feature/*", "feature/a", True),
        ("feature/*", "feature/a/b", False),
        ("feature/**", "feature/a/b", True),
        ("**", "any/thing", True),
        ("**/README.md", "docs/a/README.md", True),
        ("*.{js,ts}", "a.ts", True),
        ("*.{js,ts}", "a.py", False),
        ("v?", "v1", True),
        ("v?", "v/", False),
        ("v[0-9]", "v5", True),
        ("v[!0-9]", "v5", False),
        ("v[!0-9]", "vx", True),
        ("a[*]b", "a*b", True),
        ("a.b", "axb", False),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("release-(1)", "release-(1)", True),
        ("x,y", "x,y", True),
        ("x}", "x}", True),
        ("[-a]x", "-x", True),
    ],
)
def test_a_glob_fits_whole_names(pattern: str, name: str, fits: bool) -> None:
    assert matches(pattern, name) is fits


@pytest.mark.parametrize("pattern", ["a[b", "{a,{b}}", "{a", "a\\", "[!]x"])
def test_a_pattern_that_cannot_be_read_fits_nothing_and_says_so(pattern: str) -> None:
    assert problem(pattern) is not None
    assert not matches(pattern, pattern)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_pattern_is_too_strange(pattern: str, name: str) -> None:
    assert matches(pattern, name) in (True, False)


@given(st.text(st.characters(exclude_characters="*?[]{}\\"), min_size=1, max_size=20))
def test_a_name_without_special_characters_fits_itself(name: str) -> None:
    assert matches(name, name)


def paths(*names: str) -> Any:
    return lambda: names


@pytest.mark.parametrize(
    ("filters", "push", "goes"),
    [
        ([{"branches": {"includes": ["main", "release/**"]}}], Push(branch="release/1/2"), True),
        ([{"branches": {"includes": ["main"]}}], Push(branch="other"), False),
        ([{"branches": {"excludes": ["wip/**"]}}], Push(branch="main"), True),
        ([{"branches": {"includes": ["**"], "excludes": ["wip/**"]}}], Push(branch="wip/a"), False),
        ([{"branches": {"includes": ["**"]}}], Push(tag="v1"), False),
        ([{"tags": {"includes": ["v*"]}}], Push(tag="v1"), True),
        ([{"tags": {"includes": ["v*"]}}], Push(branch="v1"), False),
        ([{"tags": {"includes": ["v*"], "excludes": ["v2*"]}}], Push(tag="v2.0"), False),
        ([{"branches": {"includes": ["main"]}, "filePaths": {"includes": ["src/**"]}}],
         Push(branch="main", paths=paths("docs/a", "src/b")), True),
        ([{"branches": {"includes": ["main"]}, "filePaths": {"includes": ["src/**"]}}],
         Push(branch="main", paths=paths("docs/a")), False),
        ([{"branches": {"includes": ["main"]}, "filePaths": {"excludes": ["**/README.md"]}}],
         Push(branch="main", paths=paths("docs/README.md")), False),
        ([{"branches": {"includes": ["main"]}, "filePaths": {"excludes": ["**/README.md"]}}],
         Push(branch="main", paths=paths("docs/README.md", "a")), True),
        ([{"tags": {"includes": ["v*"]}}, {"branches": {"includes": ["main"]}}], Push(branch="main"), True),
        ([{"tags": {"includes": ["v*"]}, "branches": {"includes": ["main"]}}], Push(branch="main"), True),
        ([{"tags": {"includes": ["v*"]}, "branches": {"includes": ["main"]}}], Push(tag="x"), False),
        ([{"tags": {"includes": ["v*"]}, "filePaths": {"includes": ["**"]}}], Push("main", paths=paths("a")), False),
        ([], Push(branch="main"), False),
    ],
)  # fmt: skip
def test_which_pushes_start_a_pipeline(filters: list[dict[str, Any]], push: Push, goes: bool) -> None:
    assert starts(filters, push) is goes


@given(st.lists(st.text(max_size=5), max_size=3), st.text(max_size=5))
def test_exclusion_wins(includes: list[str], name: str) -> None:
    assert not accepted({"includes": [*includes, "**"], "excludes": ["**"]}, name)


def test_changed_files_are_asked_for_only_when_a_filter_wants_them() -> None:
    def never() -> list[str]:
        raise AssertionError("nobody should ask")

    assert not starts([{"branches": {"includes": ["x"]}, "filePaths": {"includes": ["**"]}}], Push("main", paths=never))


@pytest.mark.parametrize(
    ("operator", "variable", "value", "passes"),
    [
        ("EQ", "a", "a", True),
        ("EQ", "a", "A", False),
        ("NE", "a", "b", True),
        ("CONTAINS", "update the docs", "update", True),
        ("CONTAINS", "docs", "update", False),
        ("MATCHES", "v1.22", r"v\d+\.\d+", True),
        ("MATCHES", "v1.22-rc", r"v\d+\.\d+", False),
    ],
)
def test_a_variable_is_checked(operator: str, variable: str, value: str, passes: bool) -> None:
    assert judge(operator, variable, value) is passes


@pytest.mark.parametrize(("operator", "value"), [("MATCHES", "("), ("GT", "1"), ("MATCHES", "(?:a|a|a)+x")])
def test_what_cannot_be_judged_says_why(operator: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"regular expression|Operator"):
        judge(operator, "a" * 5000 + "!", value)
