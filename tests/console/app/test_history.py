"""Where one has been: the pure line of places, and the keys that go along it."""

from __future__ import annotations

from console.driving import console
from pointsman.console.history import History
from pointsman.model.refs import PipelineRef


def test_back_and_forward() -> None:
    line: History[str] = History()
    assert line.here is None
    assert line.step(-1) is None
    for place in ("a", "b", "b", "c"):
        line.visit(place)
    assert [line.step(-1) for _ in range(3)] == ["b", "a", None]
    assert line.step(1) == line.here == "b"
    assert line.before == "a"
    line.visit("d")
    assert line.step(1) is None, "a new place forgets what lay ahead"
    assert line.step(-1) == "b"


def test_the_place_before_changes_sides() -> None:
    line: History[str] = History()
    line.visit("a")
    line.visit("b")
    assert line.before == "a"
    line.visit("a")
    assert line.before == "b"


async def test_the_keys_go_back_on_and_to_the_place_before() -> None:
    async with console() as user:
        await user.press("2", "enter")
        assert getattr(user.app.place, "ref", None) == PipelineRef("checkout")
        await user.press("3")
        assert user.app.current_mode == "builds"
        await user.press("left_square_bracket")
        assert getattr(user.app.place, "ref", None) == PipelineRef("checkout")
        await user.press("left_square_bracket")
        assert (user.app.current_mode, len(user.app.screen_stack)) == ("pipelines", 1)
        await user.press("right_square_bracket", "right_square_bracket")
        assert user.app.current_mode == "builds"
        await user.press("minus")
        assert getattr(user.app.place, "ref", None) == PipelineRef("checkout")
        await user.press("minus")
        assert user.app.current_mode == "builds"
        await user.press("right_square_bracket")
        assert user.toasts[-1] == "there is nothing further on"


async def test_raw_json_of_the_selection() -> None:
    async with console() as user:
        ref = PipelineRef("checkout")
        user.world.services.raw.documents[ref] = {"pipeline": {"name": "checkout", "version": 7}}
        await user.press("2", "J")
        assert "pipeline checkout" in user.text
        assert '"version": 7' in user.text
