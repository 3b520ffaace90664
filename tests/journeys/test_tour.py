"""The demo's tour, taken with keys; and that it shows only where it was asked for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from journeys.driving import Scene, at_the_console
from pointsman import bootstrap
from pointsman.config.launch import Launch, World
from pointsman.console.widgets.tour_panel import TourPanel

OVER = "That was the tour."


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_whole_tour_goes_on_only_when_each_step_is_done(floor: Scene, size: tuple[int, int]) -> None:
    async with at_the_console(floor, size, tour=True) as user:
        user.sees("Tour 1/4 Find the failure", "Move to checkout and press enter.", "ctrl+t leaves the tour")
        await user.presses("down", "a", "escape", "2")
        user.sees("Tour 1/4")  # looking about does no step, and it goes along
        await user.presses("1", "up", "enter")
        await user.rests()
        user.sees("Tour 2/4 Read its log", "In checkout, move to Integration in Test and press enter.")
        await user.presses("enter")
        await user.rests()
        user.sees("checkout-test", "Tour 2/4 Read its log", "Press e: it goes to the first line")
        await user.presses("e")
        user.sees("FAIL tests/", "Tour 3/4 Open the gate", "1, into gateway, to the gate before Release: enter, e,")
        await user.presses("1", "1", "down", "down", "enter")
        await user.rests()
        await user.presses("enter", "e")
        assert user.asked == "Open gate: gateway / Release"
        await user.presses("escape")
        user.sees("Tour 3/4")  # thought better of it
        await user.presses("enter", "e")
        await user.confirms()
        user.sees("Tour 4/4 Approve", "A lists what waits. Move to billing: enter, y, then confirm.")
        await user.presses("A")
        await user.rests()
        await user.presses("enter", "y")
        await user.types("the numbers add up")
        await user.confirms()
        user.hears(OVER)
        user.misses("Tour 4/4", "leaves the tour")
        await user.goes_to("overview")
        user.misses("leaves the tour")
        assert all(len(line) <= size[0] for line in user.lines)


async def test_it_is_left_at_a_key_everywhere_and_begun_again_by_its_name(floor: Scene) -> None:
    async with at_the_console(floor, tour=True) as user:
        await user.goes_to("builds")
        user.sees("Tour 1/4")
        await user.presses("ctrl+t")
        user.misses("leaves the tour")
        await user.goes_to("overview")
        user.misses("leaves the tour")
        assert not user.app.query(TourPanel)
        await user.presses("ctrl+t")  # nothing to leave
        await user.commands("tour")
        user.sees("Tour 1/4 Find the failure")
        await user.commands("tour")
        assert len(user.app.screen.query(TourPanel)) == 1
        assert OVER not in " ".join(user.app.said)


async def test_what_was_done_already_is_not_asked_for(floor: Scene) -> None:
    async with at_the_console(floor, tour=True) as user:
        await user.opens("billing")
        await user.approves("early")
        await user.opens("gateway")
        await user.chooses("Open gate", "gateway / Release")
        await user.confirms()
        await user.opens("checkout")
        await user.rests()
        user.sees("Tour 2/4")
        await user.points_at("Integration", "action")
        await user.presses("enter")
        await user.rests()
        await user.presses("e")
        user.hears(OVER)
        await user.goes_to("overview")
        await user.waits(10)
        await user.commands("tour")  # the gate is open and nothing waits: two steps are left
        user.sees("Tour 1/4 Find the failure")


async def test_read_only_has_no_steps_that_write(guarded_floor: Scene) -> None:
    async with at_the_console(guarded_floor, tour=True) as user:
        await user.presses("enter")
        await user.rests()
        await user.presses("enter")
        await user.rests()
        user.sees("Tour 2/4")
        await user.presses("e")
        user.hears(OVER)
        user.misses("leaves the tour")


async def test_a_persons_own_keys_are_the_ones_it_names(floor: Scene) -> None:
    async with at_the_console(floor, tour=True, keys={"go-overview": "f2", "leave-tour": "f9"}) as user:
        user.sees("The board (f2) has the worst at its top.", "f9 leaves the tour")
        await user.presses("f9")
        user.misses("leaves the tour")


async def test_without_being_asked_for_there_is_none(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        assert not user.app.query(TourPanel)
        assert user.app.tour is None


async def test_only_a_demo_has_one(floor: Scene) -> None:
    floor.world = World.LOCAL
    async with at_the_console(floor) as user:
        await user.commands("tour")
        user.hears("the tour goes through the demo")
        assert not user.app.query(TourPanel)


@pytest.mark.parametrize("told", [{"at": 1.0}, {"paused": True}, {"scenario": "floor"}, {"world": World.LOCAL}])
def test_it_opens_by_itself_only_in_a_demo_that_was_asked_for_nothing_in_particular(told: dict[str, object]) -> None:
    plain = Launch(world=World.DEMO, seed=7, speed=3.0)
    assert bootstrap._touring(plain)
    assert not bootstrap._touring(replace(plain, **told))
