"""A metric in words."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.metrics.written import metric_written

words = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("AWS/CodeBuild/Builds", ("AWS/CodeBuild", "Builds", ())),
        ("Shop/Orders b=2 a=1", ("Shop", "Orders", (("a", "1"), ("b", "2")))),
        ("Shop/Orders Path='/a b' Q=x=y", ("Shop", "Orders", (("Path", "/a b"), ("Q", "x=y")))),
    ],
)
def test_what_is_meant(text: str, meant: object) -> None:
    assert metric_written(text) == meant


@pytest.mark.parametrize(
    "text", ["", "Orders", "/Orders", "Shop/", "Shop/Orders a", "Shop/Orders a=", "Shop/Orders =b", "'"]
)
def test_what_is_no_metric(text: str) -> None:
    assert metric_written(text) is None


@given(
    words, words.filter(lambda one: "/" not in one), st.dictionaries(words.filter(lambda one: "=" not in one), words)
)
def test_what_was_quoted_is_read_back(namespace: str, name: str, dimensions: dict[str, str]) -> None:
    text = shlex.join([f"{namespace}/{name}", *(f"{key}={value}" for key, value in dimensions.items())])
    assert metric_written(text) == (namespace, name, tuple(sorted(dimensions.items())))
