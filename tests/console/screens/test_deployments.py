"""What the deployment screens do with snapshots and keys."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from console import releases, samples
from console.driving import console, full
from console.fakes import World, world
from pointsman.console.screens.alarm import AlarmPlace
from pointsman.console.screens.deployment import DeploymentPlace
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.matrix import Matrix
from pointsman.console.widgets.table import LineTable
from pointsman.model.activity import Deed
from pointsman.model.deployments import DeploymentList, Rollout
from pointsman.model.pipelines import Board
from pointsman.model.refs import (
    AlarmRef,
    ApplicationRef,
    DeploymentGroupRef,
    DeploymentRef,
    ExecutionRef,
    PipelineRef,
    TargetRef,
)
from pointsman.model.snapshot import Snapshot
from pointsman.model.status import status

REF = DeploymentRef("d-8KQ2XW1AA")
CHECKOUT = ("deployment", REF.id)


def ids(user: Any) -> list[str]:
    return [row.deployment.id for row in user.app.screen.query_one("#list", LineTable).rows]


def from_pipeline(made: World, word: str = "Succeeded") -> World:
    """Checkout's Deploy action is the deployment d-8KQ2XW1AA."""
    state = samples.checkout()
    stages = list(state.stages)
    deploy = stages[2]
    action = replace(
        deploy.actions[0], provider="CodeDeploy", external_id=REF.id, status=status(word), ref=deploy.actions[0].ref
    )
    stages[2] = replace(deploy, actions=(action,))
    changed = replace(state, stages=tuple(stages))
    rows = tuple(replace(row, state=changed) if row.ref == state.ref else row for row in samples.board().rows)
    made.fresh("board", value=Board(rows, True))
    made.fresh("pipeline", "checkout", value=changed)
    return made


# --- the list


async def test_the_list_has_every_deployment_and_says_how_far_each_is() -> None:
    async with console() as user:
        await user.press("4")
        assert ids(user)[:3] == ["d-1ZP9ASRCH", "d-8KQ2XW1AA", "d-BLUEGREEN"]
        line = next(line for line in user.lines if "d-8KQ2XW1AA" in line)
        assert "█████✗▓▓░░ 4/9" in line
        assert "waits for Continue" in user.text or "waits for Conti" in user.text


async def test_the_filter_asks_for_words_groups_and_states() -> None:
    async with console() as user:
        await user.press("4")
        place = user.app.screen
        for words, wanted in (
            ("@failed", ["d-5TTR0BILL"]),
            ("@waiting", ["d-BLUEGREEN"]),
            ("billing/prod @rollback", ["d-9QWE1BILL", "d-5TTR0BILL"]),
            ("checkout @moving", ["d-8KQ2XW1AA"]),
            ("lambda", ["d-1ZP9ASRCH"]),
            ("alarm_active", ["d-ALARMSTOP"]),
            ("no such thing", []),
        ):
            place.use_filter(words)  # type: ignore[attr-defined]
            assert ids(user) == wanted, words


async def test_the_command_line_filters_and_completes() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("deployments billing @failed")
        await user.press("enter")
        assert ids(user) == ["d-5TTR0BILL"]
        assert "/billing @failed" in user.text
        await user.press("colon")
        await user.type("deployment d-1ZP9ASRCH")
        await user.press("enter")
        assert getattr(user.app.screen, "ref", None) == DeploymentRef("d-1ZP9ASRCH")


async def test_a_filter_from_the_command_line_is_for_the_list_whatever_was_opened_from_it() -> None:
    async with console() as user:
        await user.press("4", "enter", "2", "colon")
        await user.type("deployments @failed")
        await user.press("enter")
        assert ids(user) == ["d-5TTR0BILL"]
        assert len(user.app.screen_stack) == 1


async def test_problems_only_shows_what_failed_was_taken_back_or_waits() -> None:
    async with console() as user:
        await user.press("4", "ctrl+z")
        assert ids(user) == ["d-BLUEGREEN", "d-5TTR0BILL"]


async def test_an_application_opens_its_deployments() -> None:
    async with console() as user:
        user.app.router.open(ApplicationRef("billing"))
        await user.settle()
        assert {one.rpartition("BILL")[1] for one in ids(user)} == {"BILL"}


async def test_what_can_be_done_is_read_when_somebody_asks() -> None:
    async with console() as user:
        await user.press("4", "down", "a")
        for words in ("Stop and roll back", "Deploy a revision", "Skip the wait"):
            assert words in user.text
        assert len(user.app.desk.troubles) == 0


async def test_overdue_is_marked_when_the_time_has_come() -> None:
    made = full(world())
    slow = replace(releases.in_batches(), created=samples.ago(minutes=9), started=samples.ago(minutes=9))
    rest = tuple(one for one in releases.listed().deployments if one.id != slow.id)
    made.fresh("deployments", "", "", value=DeploymentList((slow, *rest)))
    async with console(made) as user:
        await user.press("4")
        line = next(line for line in user.lines if slow.id in line)
        assert "overdue" in line
        user.app.screen.use_filter("@overdue")  # type: ignore[attr-defined]
        assert ids(user) == [slow.id]


# --- one deployment


async def test_the_cursor_is_on_what_failed_and_its_log_is_under_it() -> None:
    async with console() as user:
        user.app.router.open(REF)
        await user.settle()
        matrix = user.app.screen.query_one(Matrix)
        assert (matrix.cursor_ref, matrix.cursor_column) == (TargetRef(REF.id, "web-3"), "BeforeInstall")
        spot = user.app.screen.query_one("#spot", CellLines).text()
        assert "scripts/deps.sh" in spot
        assert "ScriptFailed" in spot
        assert "deps.sh: giving up" in spot
        assert "\x1b" not in spot


async def test_the_next_failure_comes_round() -> None:
    async with console() as user:
        user.app.router.open(DeploymentRef("d-5TTR0BILL"))
        await user.settle()
        matrix = user.app.screen.query_one(Matrix)
        seen = []
        for _ in range(3):
            seen.append(matrix.cursor_ref.target)
            await user.press("e")
        assert seen == ["till-1", "till-2", "till-1"]


async def test_the_matrix_moves_on_while_the_cursor_stays_on_its_target() -> None:
    async with console() as user:
        user.app.router.open(REF)
        await user.settle()
        before = releases.rollouts()[0]
        await user.press("down", "right")
        matrix = user.app.screen.query_one(Matrix)
        spot = (matrix.cursor_ref, matrix.cursor_column)
        moved = tuple(
            releases.target(REF.id, one.name, "Succeeded", 7) if one.name == "web-6" else one
            for one in before.targets[1:]
        )
        user.world.fresh(*CHECKOUT, value=replace(before, targets=moved))
        await user.settle()
        assert (matrix.cursor_ref, matrix.cursor_column) == spot
        line = next(line for line in user.lines if "web-6" in line and "▸" not in line)
        assert line.count("✓") == 8


async def test_enter_shows_all_events_of_a_target_and_l_a_hook_s_log() -> None:
    async with console() as user:
        user.app.router.open(REF)
        await user.settle()
        await user.press("enter")
        assert "ApplicationStart" in user.text
        assert "d-8KQ2XW1AA web-3" in user.text
        await user.press("escape", "l")
        assert "web-3 ▸ BeforeInstall ▸ scripts/deps.sh" in user.text
        assert "libfoo2" in user.text


async def test_both_sides_of_a_rollback_lead_to_each_other() -> None:
    async with console() as user:
        user.app.router.open(DeploymentRef("d-5TTR0BILL"))
        await user.settle()
        assert "r rolled back by d-9QWE1BILL" in user.text
        await user.press("r")
        assert getattr(user.app.screen, "ref", None) == DeploymentRef("d-9QWE1BILL")
        assert "r rolls back d-5TTR0BILL" in user.text
        await user.press("r")
        assert getattr(user.app.screen, "ref", None) == DeploymentRef("d-5TTR0BILL")


async def test_a_pipeline_s_action_leads_to_its_deployment_and_back() -> None:
    async with console(from_pipeline(full(world()))) as user:
        user.app.router.open(PipelineRef("checkout"))
        await user.settle()
        from pointsman.console.widgets.stage_columns import StageColumns

        state = samples.checkout()
        user.app.screen.query_one(StageColumns).move_to(state.stages[2].actions[0].ref, "action")
        await user.press("enter")
        assert getattr(user.app.screen, "ref", None) == REF
        assert "p checkout / Deploy / Site" in user.text
        assert "by checkout" in user.text
        await user.press("p")
        assert getattr(user.app.screen, "ref", None) == ExecutionRef("checkout", state.stages[2].execution_id)


async def test_a_run_s_action_leads_to_its_deployment() -> None:
    made = full(world())
    run = samples.checkout().executions[0]
    first = replace(samples.action_runs()[0], provider="CodeDeploy", external_id=REF.id)
    made.fresh("runs", "checkout", run.id, value=(first,))
    async with console(made) as user:
        user.app.router.open(ExecutionRef("checkout", run.id))
        await user.settle()
        await user.press("enter")
        assert getattr(user.app.screen, "ref", None) == REF


async def test_what_changed_has_the_commits_where_a_pipeline_brought_both() -> None:
    made = from_pipeline(full(world()))
    runs = samples.checkout().executions
    made.services.pipelines.started = {REF.id: runs[0].id, "d-CHECOLD00": runs[3].id}
    async with console(made) as user:
        user.app.router.open(REF)
        await user.settle()
        await user.press("x")
        assert "the last good one before it" in user.text
        assert "s3://artifacts/checkout/Bundle.zip@6e1a2b3c" in user.text
        assert "a41f9c2" in user.text
        assert "55aa10b" in user.text


async def test_traffic_steps_and_waits_are_said() -> None:
    async with console() as user:
        user.app.router.open(DeploymentRef("d-1ZP9ASRCH"))
        await user.settle()
        assert "10% to 42, 90% to 41  step 1/2  100% in 3m" in user.text
        user.app.router.open(DeploymentRef("d-BLUEGREEN"))
        await user.settle()
        assert "0 of 3 replacements serve, 3 of 3 originals" in user.text
        assert "Continue moves the traffic; else it stops in 59m" in user.text


async def test_a_countdown_goes_on_by_itself() -> None:
    async with console() as user:
        user.app.router.open(DeploymentRef("d-1ZP9ASRCH"))
        await user.settle()
        user.world.clock.advance(seconds=120)
        from pointsman.console import toolkit

        toolkit.clock_moved(user.app)
        await user.settle()
        assert "100% in 1m" in user.text


async def test_after_a_stop_with_rollback_the_screen_goes_on_to_what_comes_back() -> None:
    async with console() as user:
        user.app.router.open(REF)
        await user.settle()
        user.world.runner.deeds.append(
            Deed("1", samples.NOW, "deployment.stop-roll-back", "stopped", outcome="done", target=REF)
        )
        before = releases.rollouts()[0]
        ended = replace(before.deployment, status=status("Stopped"), completed=samples.NOW, rollback_id="d-9QWE1BILL")
        user.world.fresh(*CHECKOUT, value=replace(before, deployment=ended))
        await user.settle()
        assert getattr(user.app.screen, "ref", None) == DeploymentRef("d-9QWE1BILL")
        await user.press("escape")
        user.world.fresh(*CHECKOUT, value=replace(before, deployment=replace(ended, rollback_message="done")))
        await user.settle()
        assert getattr(user.app.screen, "ref", None) == REF
        await user.press("escape")
        user.app.router.open(REF)
        await user.settle()
        assert getattr(user.app.screen, "ref", None) == REF, "once is enough"


async def test_a_rollback_that_nobody_asked_for_here_takes_nobody_away() -> None:
    async with console() as user:
        user.app.router.open(REF)
        await user.settle()
        before = releases.rollouts()[0]
        ended = replace(before.deployment, status=status("Failed"), completed=samples.NOW, rollback_id="d-9QWE1BILL")
        user.world.fresh(*CHECKOUT, value=replace(before, deployment=ended))
        await user.settle()
        assert getattr(user.app.screen, "ref", None) == REF


async def test_what_was_deployed_is_followed() -> None:
    async with console() as user:
        user.world.runner.made = DeploymentRef("d-9QWE1BILL")
        await user.press("4", "down", "down", "down", "f", "a", "s")
        from textual.widgets import Button

        user.app.screen.query_one("#go", Button).press()
        await user.settle()
        assert user.world.runner.ran[-1][0] == "group.deploy"
        assert getattr(user.app.screen, "ref", None) == DeploymentRef("d-9QWE1BILL")


async def test_targets_are_filtered_by_name_and_state() -> None:
    async with console() as user:
        user.app.router.open(REF)
        await user.settle()
        await user.press("ctrl+z")
        matrix = user.app.screen.query_one(Matrix)
        assert [one.name for one in matrix.rows] == ["web-3"]
        await user.press("ctrl+z", "slash")
        await user.type("@pending")
        await user.press("enter")
        assert [one.name for one in matrix.rows] == ["web-8", "web-9"]
        assert "2 of 9 shown" in user.text


async def test_a_deployment_without_targets_says_so() -> None:
    async with console() as user:
        user.app.router.open(DeploymentRef("d-ALARMSTOP"))
        await user.settle()
        assert "it ended before it had any target" in user.text
        assert "ALARM_ACTIVE: One or more alarms have been activated" in user.text
        assert "w stopped by the alarm reports-latency" in user.text
        await user.press("e", "l", "enter", "right", "down", "x", "escape", "d")
        assert "Traceback" not in user.text


async def test_what_an_alarm_stopped_leads_to_the_alarm_and_back() -> None:
    made = full(world())
    named = replace(releases.alarmed(), error_message="stopped. Activated alarms: <checkout-cpu>")
    made.feeds.push("deployment", "d-ALARMSTOP", snapshot=Snapshot(Rollout(named, (), 0)))
    made.feeds.push("deployments", "", "", snapshot=Snapshot(DeploymentList((named,))))
    async with console(made, size=(120, 50)) as user:
        user.app.router.open(DeploymentRef("d-ALARMSTOP"))
        await user.settle()
        await user.press("w")
        place = user.app.place
        assert isinstance(place, AlarmPlace)
        assert place.ref == AlarmRef("checkout-cpu")
        assert "s d-ALARMSTOP" in user.text
        await user.press("s")
        assert isinstance(user.app.place, DeploymentPlace)


async def test_of_several_alarms_one_is_chosen_and_without_any_it_says_so() -> None:
    made = full(world())
    named = replace(releases.alarmed(), error_message="stopped. Activated alarms: <a, b> <checkout-cpu>")
    made.feeds.push("deployment", "d-ALARMSTOP", snapshot=Snapshot(Rollout(named, (), 0)))
    async with console(made) as user:
        user.app.router.open(DeploymentRef("d-ALARMSTOP"))
        await user.settle()
        await user.press("w")
        assert "a, b" in user.text
        await user.press("down", "enter")
        place = user.app.place
        assert isinstance(place, AlarmPlace)
        assert place.ref == AlarmRef("checkout-cpu")
    async with console() as user:
        user.app.router.open(releases.rollback().ref)
        await user.settle()
        await user.press("w")
        assert isinstance(user.app.place, DeploymentPlace)
        assert "no alarm" in user.text or "has not been read" in user.text


async def test_a_deployment_that_vanished_says_so_and_stays_usable() -> None:
    made = world()
    made.feeds.push("deployment", "d-GONE", snapshot=Snapshot(fault=samples.DENIED))
    async with console(made) as user:
        user.app.router.open(DeploymentRef("d-GONE"))
        await user.settle()
        assert "access denied" in user.text
        await user.press("e", "l", "r", "p", "x", "f", "a", "c", "enter", "right", "G")
        assert "Traceback" not in user.text


async def test_its_group_s_history_is_read_once_the_group_is_known() -> None:
    async with console() as user:
        user.app.router.open(REF)
        await user.settle()
        assert ("group", "checkout", "prod") in user.world.feeds.heard()
        assert "after 6e1a2b3" in user.text or "after 6e1a2b3" in user.app.screen.query_one("#about", CellLines).text()


async def test_a_thousand_targets_scroll_both_ways() -> None:
    made = full(world())
    made.fresh(*CHECKOUT, value=releases.many(1000))
    async with console(made, size=(80, 24)) as user:
        user.app.router.open(REF)
        await user.settle()
        await user.press("G", "end")
        matrix = user.app.screen.query_one(Matrix)
        assert matrix.cursor_ref == TargetRef(REF.id, "i-00999")
        assert matrix.cursor_column == "note"
        assert "What failed" in user.text
        assert "i-00999" in user.text, "the first column stays in sight"
        await user.press("home", "g")
        assert "i-00000" in user.text


# --- fleet


async def test_the_fleet_says_what_runs_where_and_what_drifted() -> None:
    async with console() as user:
        await user.press("4", "down", "f")
        assert "Fleet of checkout/prod wants 6e1a2b3" in user.text
        table = user.app.screen.query_one("#target-table", LineTable)
        states = {row.name: (row.revision.short, bool(row.drift), row.moving) for row in table.rows}
        assert states["web-1"] == ("7f3c2d1", True, "")
        assert states["web-6"] == ("6e1a2b3", False, REF.id)
        assert states["web-8"] == ("6e1a2b3", False, "")
        await user.press("ctrl+z")
        assert [row.name for row in table.rows] == ["web-1", "web-2", "web-4", "web-5"]
        await user.press("enter")
        assert getattr(user.app.screen, "ref", None) == REF


async def test_enter_on_a_group_shows_its_targets_and_d_what_it_is() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("fleet")
        await user.press("enter")
        assert "enter on a group shows its targets" in user.text
        assert user.app.screen.query_one("#group-table").has_focus
        await user.press("down", "down", "enter")
        assert ("fleet", "billing", "prod") in user.world.feeds.heard()
        assert "Fleet of billing/prod" in user.text
        await user.press("d")
        assert "deployment group billing/prod" in user.text


async def test_a_group_is_written_with_its_application() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("fleet nonsense")
        await user.press("enter")
        assert "write APPLICATION/GROUP" in user.toasts[-1]
        user.app.router.open(DeploymentGroupRef("shop", "web"))
        await user.settle()
        assert "Fleet of shop/web" in user.text


# --- the overview


async def test_the_overview_s_pane_is_alive() -> None:
    async with console() as user:
        table = user.app.screen.query_one("#rollouts", LineTable)
        assert table.rows[1].deployment.id == REF.id
        table.focus()
        await user.press("down", "enter")
        assert getattr(user.app.screen, "ref", None) == REF


async def test_a_small_overview_counts_deployments_in_a_line() -> None:
    async with console(size=(80, 24)) as user:
        assert "4 Deployments: 1 waits, 2 in progress" in user.text


async def test_a_failed_deployment_is_told_once() -> None:
    made = from_pipeline(full(world()), "Failed")
    failed = replace(releases.in_batches(), status=status("Failed"), completed=samples.NOW)
    rest = tuple(one for one in releases.listed().deployments if one.id != failed.id)
    made.fresh("deployments", "", "", value=DeploymentList((failed, *rest)))
    async with console(made, size=(200, 50)) as user:
        assert "checkout/prod d-8KQ2XW1AA failed" not in user.lines[1]
    made = full(world())
    made.fresh("deployments", "", "", value=DeploymentList((failed, *rest)))
    async with console(made, size=(200, 50)) as user:
        assert "checkout/prod d-8KQ2XW1AA failed" in user.lines[1]


async def test_partial_values_break_nothing() -> None:
    made = world()
    bare = replace(releases.in_batches(), created=None, started=None, counts=type(releases.in_batches().counts)())
    made.fresh("deployments", "", "", value=DeploymentList((bare,)))
    made.fresh("deployment", bare.id, value=Rollout(bare))
    async with console(made) as user:
        await user.press("4", "enter", "e", "l", "r", "p", "x", "escape", "enter", "c", "right", "down")
        assert user.app.screen.__class__.__name__ == "DeploymentPlace"
        assert len(user.app.desk.troubles) == 0
