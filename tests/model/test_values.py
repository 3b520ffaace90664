"""Values that are the same by some of their fields only."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pointsman.model.refs import DeploymentGroupRef, DeploymentRef, SavedQueryRef
from pointsman.values import same

BARE = DeploymentRef("d-ABC")
FULL = DeploymentRef("d-ABC", DeploymentGroupRef("shop", "prod"))
OTHER = DeploymentRef("d-ABD", DeploymentGroupRef("shop", "prod"))


def test_what_is_apart_makes_no_difference() -> None:
    assert BARE == FULL and not BARE != FULL and hash(BARE) == hash(FULL)  # noqa: SIM202
    assert FULL != OTHER and not FULL == OTHER  # noqa: SIM201
    assert len({BARE, FULL, OTHER}) == 2 and same(FULL) == ("d-ABC",)


def test_order_is_by_the_rest() -> None:
    assert sorted([OTHER, FULL]) == [FULL, OTHER] and max(FULL, OTHER) is OTHER and BARE <= OTHER


def test_another_kind_is_never_the_same() -> None:
    assert DeploymentRef("q") != SavedQueryRef("q") and SavedQueryRef("q") != "q"
    with pytest.raises(TypeError):
        _ = DeploymentRef("q") < SavedQueryRef("q")


def test_it_is_frozen_and_is_replaced() -> None:
    with pytest.raises(AttributeError):
        FULL.id = "d-X"  # type: ignore[misc]
    assert replace(FULL, id="d-ABD") == OTHER
