"""The doctor's screen: what it found, on what that rests, and where it leads."""

from __future__ import annotations

from typing import Any

import pytest

from console.doctoring import FOUND
from console.driving import console
from pointsman.console.screens.doctor import DoctorPlace
from pointsman.console.widgets.table import LineTable
from pointsman.model.doctor import Diagnosis
from pointsman.model.refs import BuildRef, DeploymentRef, MetricRef, PipelineRef


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the doctor was asked; it finds ``FOUND``."""
    told: list[Any] = []

    async def look(self: Any, wanted: Any, tell: Any = None) -> Diagnosis:
        del self, tell
        told.append(wanted)
        return FOUND

    monkeypatch.setattr("pointsman.services.doctor.Doctor.look", look)
    return told


async def test_what_is_broken_is_first_with_its_evidence_and_its_step(asked: list[Any]) -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("doctor")
        await user.press("enter")
        assert asked == [None]
        rows = user.app.screen.query_one(LineTable).rows
        assert [row.finding.grave for row in rows] == [True, False]
        for words in ("1 broken, 1 to know", "the gate into checkout/Deploy", "[red]freeze[/]", "enable transition"):
            assert words in user.text
        await user.press("enter")
        assert "checkout" in user.lines[0]


async def test_one_thing_is_asked_about_and_looked_at_again(asked: list[Any]) -> None:
    async with console() as user:
        user.app.router.obey("doctor", "pipeline checkout")
        await user.settle()
        assert asked == [PipelineRef("checkout")]
        await user.press("ctrl+r")
        assert asked == [PipelineRef("checkout")] * 2


@pytest.mark.parametrize(
    ("keys", "meant"),
    [
        (("2", "D"), PipelineRef("checkout")),
        (("3", "tab", "D"), BuildRef),
        (("4", "D"), DeploymentRef),
        (("5", "D"), "traces"),
        (("6", "D"), MetricRef),
    ],
)
async def test_a_key_asks_about_what_is_selected(asked: list[Any], keys: tuple[str, ...], meant: Any) -> None:
    async with console() as user:
        await user.press(*keys)
        (found,) = asked
        assert found == meant or (isinstance(meant, type) and isinstance(found, meant))


async def test_what_is_not_understood_says_what_may_be_asked(asked: list[Any]) -> None:
    async with console() as user:
        user.app.router.obey("doctor", "nonsense")
        await user.settle()
        assert asked == []
        assert isinstance(user.app.screen, DoctorPlace)
        assert "nonsense is nothing to look at" in user.text


async def test_a_finding_about_nothing_that_has_a_screen_says_so(asked: list[Any]) -> None:
    async with console() as user:
        user.app.router.obey("doctor", "")
        await user.settle()
        await user.press("down", "enter")
        assert "there is no screen for it" in user.toasts
    assert asked
