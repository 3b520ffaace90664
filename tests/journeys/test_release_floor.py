"""The release floor worked from the keyboard: what needs a person, and what a person does about it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from journeys.driving import Scene, at_the_console
from pointsman.console.widgets.table import LineTable
from pointsman.local.scenarios import Demo
from pointsman.model.refs import PipelineRef


def client(demo: Demo) -> Any:
    return demo.session_factory().client("codepipeline")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_newcomer_sees_at_once_what_needs_somebody(floor: Scene, size: tuple[int, int]) -> None:
    async with at_the_console(floor, size) as user:
        board = user.app.focused
        assert isinstance(board, LineTable)
        assert board.id == "board"
        assert board.cursor_ref == PipelineRef("checkout")
        rows = [line[2:].split()[0] for line in user.lines if re.match(r"[ ▌] [a-z-]+ +[✗⏸●⊘✓] [A-Z]", line)]
        worst_first = "checkout billing gateway search mobile-api catalog notifications profiles"
        assert " ".join(rows[:8]) == worst_first
        user.sees("5 need you", "checkout/Test failed 4m", "✗ Failed", "⏸ Waiting", "● InProgress", "✓ Succeeded")
        assert "demo" in user.lines[0] and "123456789012" in user.lines[0] and "eu-west-1" in user.lines[0]
        assert len(user.lines) == size[1]
        assert all(len(line) <= size[0] for line in user.lines)


async def test_an_approval_is_given_and_the_release_goes_on(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("billing")
        user.sees("⏸ Sign-off", "waits for an answer", "within 36m", "ee74dc2")
        await user.chooses("Approve")
        user.sees("Lets through ee74dc2", "It goes on to Release at once", "codepipeline:PutApprovalResult")
        await user.types("the numbers add up")
        user.sees("summary=the numbers add up,status=Approved")
        await user.confirms()
        user.hears("approved billing / Approve / Sign-off")
        user.sees("Approve ✓ Succeeded", "Release ● InProgress")
        await user.waits(10)
        user.sees("billing ✓ Succeeded", "Release ✓ Succeeded", "ee74dc2 Source, Build, Approve, Release")
        await user.points_at("Sign-off", "action")
        user.sees("summary the numbers add up", "by arn:aws:iam::123456789012:user/local")


async def test_enter_on_a_waiting_approval_offers_the_two_answers_and_no_needs_a_reason(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("billing")
        await user.presses("enter")
        user.sees("Approve", "Reject")
        user.misses("Start pipeline")
        await user.presses("n")
        assert not user.can_confirm()
        await user.types("wrong table")
        assert user.can_confirm()
        user.sees("Turns away ee74dc2", "Approve fails, nothing after it")
        await user.confirms()
        user.hears("rejected billing / Approve / Sign-off")
        user.sees("billing ✗ Failed", "Approve ✗ Failed", "wrong table")
        await user.goes_to("overview")
        user.sees("billing/Approve failed")


async def test_opening_a_gate_names_everything_and_lets_the_newest_revision_in(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("gateway")
        await user.points_at("Release", "gate")
        user.sees("freeze until the 25th", "7172cf9")
        await user.presses("enter")
        await user.presses("e")
        assert user.asked == "Open gate: gateway / Release"
        user.sees(
            "in 123456789012 eu-west-1 as local",
            "freeze until the 25th",
            "Releases 7172cf9",
            "into Release at once",
            "1 older run gave way to newer ones",
            "codepipeline:EnableStageTransition",
            "aws codepipeline enable-stage-transition --pipeline-name gateway --stage-name Release",
            "--transition-type Inbound --region eu-west-1",
        )
        await user.confirms()
        user.hears("opened the gate before gateway / Release")
        user.sees("Release ● InProgress")
        await user.waits(10)
        user.sees("gateway ✓ Succeeded", "7172cf9 Source, Build, Test, Release")


async def test_a_dialog_that_is_left_sends_nothing(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("gateway")
        await user.chooses("Open gate")
        await user.presses("enter")  # the button that has the keys first cancels
        assert user.asked == ""
        await user.chooses("Open gate")
        await user.presses("escape")
        assert "EnableStageTransition" not in floor.weather.asked
        user.sees("freeze until the 25th")


async def test_a_gate_is_closed_with_a_reason_that_aws_takes(floor: Scene, demo: Demo) -> None:
    async with at_the_console(floor) as user:
        await user.opens("catalog")
        await user.points_at("Release", "gate")
        await user.chooses("Close gate", "catalog / Release")
        assert not user.can_confirm()
        await user.types("freeze: ops")
        user.sees("AWS accepts only letters, digits, spaces", "remove ':'")
        assert not user.can_confirm()
        await user.presses(*["backspace"] * 11)
        user.sees("Reason is needed")
        await user.types("freeze! ask ops (ann)")
        user.misses("AWS accepts only", "Reason is needed")
        await user.confirms()
        user.hears("closed the gate before catalog / Release")
        user.sees("freeze! ask ops (ann)")
    gate = client(demo).get_pipeline_state(name="catalog")["stageStates"][-1]["inboundTransitionState"]
    assert (gate["enabled"], gate["disabledReason"]) == (False, "freeze! ask ops (ann)")
    assert "DisableStageTransition" in floor.weather.asked


async def test_a_failed_stage_is_retried_in_the_same_run(floor: Scene, demo: Demo) -> None:
    before = client(demo).list_pipeline_executions(pipelineName="checkout")["pipelineExecutionSummaries"]
    async with at_the_console(floor) as user:
        await user.opens("checkout")
        user.sees("Test ✗ Failed")
        await user.chooses("Retry failed actions", "checkout / Test")
        user.sees("The same run goes on with e55b88a", "Runs again: Integration", "--retry-mode FAILED_ACTIONS")
        await user.confirms()
        user.hears("retried the failed actions of checkout / Test")
        user.sees("Test ● InProgress", "checkout ● InProgress")
        await user.waits_for("checkout ✗ Failed")
    after = client(demo).list_pipeline_executions(pipelineName="checkout")["pipelineExecutionSummaries"]
    assert [one["pipelineExecutionId"] for one in before] == [one["pipelineExecutionId"] for one in after]


async def test_a_run_is_stopped_once_what_it_began_has_finished(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("search")
        await user.chooses("Stop and wait", "search ")
        user.sees("Compile may finish first", "codepipeline:StopPipelineExecution", "--no-abandon")
        await user.types("wrong branch")
        await user.confirms()
        user.hears("stopped")
        user.sees("Stopping", "Compile")
        await user.waits_for("⊘ Stopped")
        user.sees("search ⊘ Stopped", "Build ⊘ Stopped")


async def test_a_run_is_abandoned_only_once_its_name_is_typed(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("search")
        await user.chooses("Stop and abandon", "search ")
        user.sees("Type search to confirm", "is abandoned", "--abandon")
        assert not user.can_confirm()
        await user.presses("tab", "tab")
        for _ in range(6):
            if user.app.focused is not None and user.app.focused.id == "name":
                break
            await user.presses("tab")
        await user.types("searc")
        assert not user.can_confirm()
        await user.types("h")
        await user.confirms()
        user.hears("abandoned")
        user.sees("search ⊘ Stopped", "Abandoned")


async def test_a_stage_is_rolled_back_to_an_earlier_revision(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("profiles")
        await user.points_at("Release")
        await user.chooses("Roll back stage", "profiles / Release")
        user.sees("Back to", "first import", "A new run goes through Release only", "Type profiles to confirm")
        assert not user.can_confirm()
        await user.presses("tab")
        for _ in range(6):
            if user.app.focused is not None and user.app.focused.id == "name":
                break
            await user.presses("tab")
        await user.types("profiles")
        await user.confirms()
        user.hears("rolled back profiles / Release")
        await user.waits(10)
        user.sees("Release ✓ Succeeded", "rollback", "in it 33dfd22 first import")


async def test_a_pipeline_is_started_from_the_board_and_followed(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.goes_to("pipelines")
        await user.presses("slash")
        await user.types("notif")
        await user.presses("enter")
        await user.chooses("Start pipeline", "notifications")
        user.sees(
            "codepipeline:StartPipelineExecution", "aws codepipeline start-pipeline-execution --name notifications"
        )
        await user.confirms()
        user.hears("started notifications")
        user.sees("notifications ● InProgress", "Source")
        await user.waits_for("notifications ✓ Succeeded", step=10)
        user.sees("Release ✓ Succeeded")


async def test_what_changed_between_two_runs(floor: Scene) -> None:
    async with at_the_console(floor) as user:
        await user.opens("checkout")
        await user.presses("x")
        user.sees("checkout:", "e55b88a")
        await user.presses("escape", "w")
        user.sees("which revision is where")


async def test_a_decision_on_a_revision_that_has_changed_is_refused(floor: Scene, demo: Demo) -> None:
    async with at_the_console(floor) as user:
        await user.opens("gateway")
        await user.chooses("Open gate", "gateway / Release")
        user.sees("Releases 7172cf9")
        demo.floor.push("gateway")
        floor.clock.advance(240)
        await user.rests()
        await user.confirms()
        user.hears("Look at it again, and decide again.")
        assert "EnableStageTransition" not in floor.weather.asked
