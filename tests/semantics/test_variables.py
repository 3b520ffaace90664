"""``#{namespace.name}``: what is a reference, and how it is filled in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.variables import Reference, Unresolved, references, resolve

NAMESPACES = {"Src": {"CommitId": "abc", "Odd": "#{Src.CommitId}"}}


def test_every_reference_is_found_in_order() -> None:
    assert list(references("x #{a.b} #{c-d.e_f} ${no.t} #{no}")) == [Reference("a", "b"), Reference("c-d", "e_f")]


def test_values_are_filled_in_and_not_looked_into_again() -> None:
    assert resolve("v-#{Src.CommitId}-#{Src.Odd}", NAMESPACES) == "v-abc-#{Src.CommitId}"


@pytest.mark.parametrize("text", ["#{Src.Nope}", "#{Nope.CommitId}"])
def test_a_reference_without_a_value_is_named(text: str) -> None:
    with pytest.raises(Unresolved, match="could not be resolved") as problem:
        resolve(text, NAMESPACES)
    assert str(problem.value.reference) == text


@given(st.text().filter(lambda text: "#{" not in text))
def test_text_without_references_is_left_alone(text: str) -> None:
    assert resolve(text, {}) == text
