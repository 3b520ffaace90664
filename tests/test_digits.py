"""What is taken for a whole number is one that ``int`` reads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.digits import digits


@given(st.text(st.characters(categories=["Nd", "No", "Nl", "Zs"], include_characters="-+_."), max_size=30))
def test_what_is_taken_is_read(text: str) -> None:
    if digits(text):
        assert str(int(text)) == (text.lstrip("0") or "0")


@pytest.mark.parametrize("text", ["", "²", "٣", "1 ", "-1", "1_0", "9" * 19, "9" * 5000])
def test_what_only_looks_like_one_is_not_taken(text: str) -> None:
    assert not digits(text)


def test_a_length_is_the_most() -> None:
    assert digits("00012", 5)
    assert not digits("000012", 5)
