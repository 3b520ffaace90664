"""The same console when calls fail: what was known stays, the pane says why, and it recovers by itself."""

from __future__ import annotations

import pytest

from journeys.driving import Scene, at_the_console
from pointsman.console.widgets.log_view import LogView

DENIED = ("AccessDeniedException", "User: ann is not authorized to perform: codepipeline:GetPipelineState")
EXPIRED = ("ExpiredTokenException", "The security token included in the request is expired")
THROTTLED = ("ThrottlingException", "Rate exceeded")


async def test_one_pipeline_that_may_not_be_read_says_so_in_its_row_and_the_others_live_on(floor: Scene) -> None:
    with floor.weather.fails("GetPipelineState", *DENIED, when=lambda given: given["name"] == "checkout"):
        async with at_the_console(floor, (160, 40)) as user:
            assert "access denied" in user.row("checkout ")
            user.sees("7 of 8 read")
            assert "⏸ Waiting" in user.row("billing ")
            await user.goes_to("pipelines")
            assert "access denied: AccessDeniedException: User: ann is not au" in user.row("checkout ")
            await user.commands("pipeline checkout")
            user.sees("access denied", "not authorized to perform: codepipeline:GetPipelineState")
            user.sees("✗ Failed")  # its history may still be read
            await user.commands("pipeline billing")
            user.sees("⏸ Sign-off")


async def test_a_denied_row_comes_back_once_it_may_be_read(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        with floor.weather.fails("GetPipelineState", *DENIED, when=lambda given: given["name"] == "search"):
            await user.waits(30)
            row = user.row("search ")
            assert "● InProgress" in row, "the last good value stays"
            assert "m?" in row, "and its age is in doubt"
        await user.waits(120, step=10)
        assert "?" not in user.row("search ")


@pytest.mark.parametrize(("trouble", "word"), [(EXPIRED, "credentials expired"), (THROTTLED, "throttled")])
async def test_what_was_known_stays_while_nothing_answers_and_comes_alive_again(
    floor: Scene, trouble: tuple[str, str], word: str
) -> None:
    async with at_the_console(floor) as user:
        before = [user.row(f" {name} ") for name in ("billing", "catalog", "gateway")]
        with floor.weather.fails("*", *trouble):
            await user.waits(45)
            user.sees(word, "stale")
            assert [user.row(f" {name} ")[:33] for name in ("billing", "catalog", "gateway")] == [
                line[:33] for line in before
            ]
            await user.opens("billing")
            user.sees(word)
            assert "Traceback" not in user.screen
        await user.waits(60)
        user.sees("⏸ Sign-off", "within 35m")
        user.misses(word, "stale")
        await user.goes_to("overview")
        user.misses(word, "stale")
        assert "✓ Succeeded" in user.row("search ") or "● InProgress" in user.row("search ")


async def test_credentials_that_are_gone_say_what_to_run_and_are_picked_up_without_a_restart(floor: Scene) -> None:
    with floor.weather.fails("*", *EXPIRED):
        async with at_the_console(floor) as user:
            user.sees("credentials expired", "run in another terminal", "picked up here by itself")
            await user.goes_to("builds")
            user.sees("credentials expired")
            floor.weather.clears_up()
            await user.waits(30)
            user.sees("search-build", "IN_PROGRESS")
            await user.goes_to("overview")
            user.sees("5 need you", "✗ Failed")
            assert "role local" in user.lines[0]


async def test_another_persons_credentials_do_not_inherit_the_arming(guarded_floor: Scene) -> None:
    async with at_the_console(guarded_floor) as user:
        await user.commands("arm 15")
        user.sees("ARMED")
        with guarded_floor.weather.fails("*", *EXPIRED):
            await user.waits(20)
        await user.waits(20)
        await user.opens("billing")
        await user.presses("a")
        assert "not now: this console is read-only" in user.offer("Approve")[0]


async def test_slow_answers_leave_the_keys_alive(floor: Scene) -> None:
    with floor.weather.holds("ListPipelines") as release:
        async with at_the_console(floor) as user:
            user.sees("loading pipelines")
            await user.goes_to("builds")
            user.sees("search-build")
            await user.presses("question_mark")
            user.sees("Keys everywhere")
            await user.presses("escape", "1")
            user.sees("loading pipelines")
            release()
            await user.rests()
            user.sees("✗ Failed", "5 need you")


async def test_leaving_while_a_write_is_on_its_way_waits_for_its_outcome(floor: Scene) -> None:
    with floor.weather.holds("PutApprovalResult") as release:
        async with at_the_console(floor) as user:
            await user.opens("billing")
            await user.approves(because="fine")
            await user.goes_to("overview")
            await user.presses("q")
            user.sees("1 write is on the way")
            await user.presses("y")
            assert user.app.is_running and not user.app._exit
            release()
            await user.rests()
            assert user.app._exit
            assert user.app.desk.connection is not None
            assert [one.outcome for one in user.app.desk.connection.runner.deeds] == ["done"]


async def test_a_write_whose_answer_is_lost_is_unknown_and_not_failed_and_is_sent_once(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        with floor.weather.fails("PutApprovalResult", "InternalFailure", "it broke", 500):
            await user.opens("billing")
            await user.approves(because="fine")
        user.hears("outcome unknown")
        user.hears("Look at action billing / Approve / Sign-off before you try again")
        assert floor.weather.asked.count("PutApprovalResult") == 1
        assert "OUTCOME UNKNOWN" in user.lines[0]
        await user.goes_to("activity")
        assert "outcome unkn" in user.row("pprove: billing / Approve / Sign-off")
        assert "OUTCOME UNKNOWN" not in user.lines[0]
        await user.opens("billing")
        await user.chooses("Approve")
        user.sees("its outcome stayed unknown", "Sending it again is harmless")


async def test_a_write_that_is_throttled_was_not_done_and_is_not_sent_again_by_itself(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        with floor.weather.fails("PutApprovalResult", *THROTTLED):
            await user.opens("billing")
            await user.approves(because="fine")
        user.hears("Nothing was done: try again in a moment.")
        assert floor.weather.asked.count("PutApprovalResult") == 1
        await user.approves(because="fine")
        user.hears("approved billing")


async def test_a_log_goes_on_where_it_was_after_its_reader_was_throttled(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("search")
        await user.points_at("Compile", "action")
        await user.presses("l")
        view = user.app.screen.query_one(LogView)
        before = view.line_count
        with floor.weather.fails("GetLogEvents", *THROTTLED):
            await user.waits(20)
            assert view.line_count == before
            user.sees("throttled")
        await user.waits(20)
        lines = [line for line in view.text().split("\n") if line]
        assert len(lines) > before
        assert len(set(lines)) > len(lines) * 0.9
        user.misses("throttled")
