"""What keeps a hand from slipping: read-only, arming, the record of what was done, and leaving."""

from __future__ import annotations

import pytest

from journeys.driving import Scene, at_the_console
from pointsman.console.dialogs.quit import QuitDialog
from pointsman.local.scenarios import Demo

WRITES = [
    ("billing", "Sign-off", "action", "Approve"),
    ("billing", "Sign-off", "action", "Reject"),
    ("gateway", "Release", "gate", "Open gate"),
    ("catalog", "Release", "gate", "Close gate"),
    ("checkout", "Test", "stage", "Retry failed actions"),
    ("checkout", "Test", "stage", "Retry all actions"),
    ("profiles", "Release", "stage", "Roll back stage"),
    ("search", "Build", "stage", "Stop and wait"),
    ("search", "Build", "stage", "Stop and abandon"),
    ("notifications", "Build", "stage", "Start pipeline"),
]


async def test_a_read_only_world_refuses_every_write_and_says_the_way_out(guarded_floor: Scene) -> None:
    async with at_the_console(guarded_floor, (220, 70)) as user:  # room for the toasts beside the menu
        user.sees("READ-ONLY")
        pipeline = ""
        for name, place, part, title in WRITES:
            if name != pipeline:
                await user.opens(name)
                pipeline = name
            await user.points_at(place, part)
            await user.presses("a")
            assert "not now: this console is read-only" in user.offer(title)[0]
            await user.presses("escape")
            said = len(user.app.said)
            await user.chooses(title)
            assert ":arm MINUTES" in user.app.said[said]
            await user.presses("escape")
    written = {"Put", "Enable", "Disable", "Retry", "Rollback", "Stop", "Start"}
    assert not [one for one in guarded_floor.weather.asked if one.startswith(tuple(written))]


async def test_arming_allows_writes_for_its_minutes_and_no_longer(guarded_floor: Scene) -> None:
    async with at_the_console(guarded_floor) as user:
        await user.commands("arm 90")
        user.sees("1 to 60 minutes")
        await user.presses("escape")
        await user.commands("arm 15")
        user.hears("allowed writes for 15 minutes")
        user.sees("ARMED")
        await user.opens("billing")
        await user.approves(because="looked at it")
        user.hears("approved billing / Approve / Sign-off")
        await user.waits(15 * 60 + 1, step=300)
        user.sees("READ-ONLY")
        await user.opens("gateway")
        await user.points_at("Release", "gate")
        await user.presses("a")
        assert "not now" in user.offer("Open gate")[0]


async def test_arming_that_ends_while_a_dialog_stands_stops_the_write(guarded_floor: Scene) -> None:
    async with at_the_console(guarded_floor) as user:
        await user.commands("arm 1")
        await user.opens("gateway")
        await user.points_at("Release", "gate")
        await user.chooses("Open gate")
        await user.waits(61, step=61)
        await user.confirms()
        user.hears("the arming has ended")
        assert "EnableStageTransition" not in guarded_floor.weather.asked


async def test_a_world_that_is_not_guarded_has_nothing_to_arm(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        user.misses("READ-ONLY")
        await user.commands("arm 15")
        user.hears("there is nothing to arm")


async def test_the_activity_shows_what_was_done_and_every_call(floor: Scene) -> None:
    async with at_the_console(floor, (160, 50)) as user:
        await user.opens("billing")
        await user.approves(because="looked at it")
        with floor.weather.fails("EnableStageTransition", "AccessDeniedException", "not you"):
            await user.opens("gateway")
            await user.points_at("Release", "gate")
            await user.chooses("Open gate")
            await user.confirms()
        user.hears("not you")
        await user.goes_to("activity")
        assert "done" in user.row("approved billing / Approve / Sign-off")
        assert "failed" in user.row("pen gate: gateway / Release")
        assert "ok" in user.row("PutApprovalResult")
        assert "AccessDenied" in user.row("EnableStageTransition") or "denied" in user.row("EnableStageTransition")
        user.sees("GetPipelineState")
        calls = floor.cloud.trail.calls
        assert [one.operation for one in calls if "Approval" in one.operation] == ["PutApprovalResult"]
        assert len([one for one in calls if one.operation == "EnableStageTransition"]) == 1


@pytest.mark.parametrize("keys", [("q", "enter"), ("q", "y"), ("ctrl+c", "ctrl+c")])
async def test_one_leaves_with_q(floor: Scene, keys: tuple[str, str]) -> None:
    async with at_the_console(floor) as user:
        await user.opens("billing")
        await user.presses("q")
        await user.goes_to("overview")
        await user.presses(keys[0])
        if keys[0] == "q":
            assert isinstance(user.app.screen, QuitDialog)
        await user.presses(keys[1])
        assert user.app._exit
    assert floor.cloud.under_way == 0


async def test_everything_on_the_way_is_text_and_never_markup(demo: Demo, floor: Scene) -> None:
    client = demo.session_factory().client("codepipeline")
    client.disable_stage_transition(
        pipelineName="catalog", stageName="Release", transitionType="Inbound", reason="(ask) *ann* @home!"
    )
    demo.floor.repositories.push("catalog", "main", "[red]boo[/] \x1b[31m\u202egnihtemos", "Eve [b]", demo.clock.now())
    client.start_pipeline_execution(name="catalog")
    demo.pace.step(30)
    async with at_the_console(floor) as user:
        await user.opens("catalog")
        user.sees("[red]boo[/]", "(ask) *ann* @home!")
        assert "\x1b" not in "".join(user.lines)
        assert "\u202e" not in "".join(user.lines)
