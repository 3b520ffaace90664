"""What each screen does with snapshots and keys; messages and calls first, text second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from console import samples
from console.driving import console, full
from console.fakes import world
from pointsman.console.widgets.log_view import LogView
from pointsman.console.widgets.stage_columns import StageColumns
from pointsman.console.widgets.table import LineTable
from pointsman.model.alarms import AlarmList
from pointsman.model.builds import BuildList
from pointsman.model.deployments import DeploymentList
from pointsman.model.pipelines import Board, PipelineRow, PipelineState
from pointsman.model.refs import ActionRef, BuildRef, ExecutionRef, PipelineRef, ProjectRef, StageRef
from pointsman.model.snapshot import Snapshot
from pointsman.services.feeds import Source

BUILD = BuildRef("checkout-test:9f1c2d3e-aaaa-bbbb-cccc-1234567890ab")


# --- the overview


async def test_the_cursor_is_on_the_first_row_of_the_first_pane_at_once() -> None:
    async with console() as user:
        table = user.app.screen.query_one("#board", LineTable)
        assert table.has_focus
        assert table.cursor_ref == PipelineRef("checkout")


async def test_the_attention_line_says_what_needs_a_person_worst_first() -> None:
    async with console() as user:
        line = user.lines[1]
        assert line.index("checkout/Test failed") < line.index("shop/web waits for Continue")
        await user.press("shift+tab", "enter")
        assert getattr(user.app.screen, "ref", None) == PipelineRef("checkout")


async def test_builds_are_read_only_where_their_pane_shows() -> None:
    async with console(size=(80, 16)) as user:
        assert ("builds", "") not in user.world.feeds.heard()
    async with console(size=(80, 24)) as user:
        assert ("builds", "") in user.world.feeds.heard()
        recent = user.app.screen.query_one("#recent", LineTable)
        assert recent.size.height >= 4
        assert len(recent.rows) >= 1


# --- the board


async def test_failed_comes_first_and_the_cursor_stays_on_its_row_when_the_order_changes() -> None:
    async with console() as user:
        await user.press("2", "down", "down")
        table = user.app.screen.query_one("#board", LineTable)
        assert table.cursor_ref == PipelineRef("reports")
        rows = [
            replace(row, state=samples.simple("aaa", ("Failed",), samples.OLD, hours=1))
            if row.ref.name == "gateway"
            else row
            for row in samples.board().rows
        ]
        user.world.fresh("board", value=Board(tuple(rows)))
        await user.settle()
        assert [row.ref.name for row in table.rows][:3] == ["checkout", "gateway", "billing"]
        assert table.cursor_ref == PipelineRef("reports")


async def test_a_filter_keeps_rows_with_every_word_and_escape_takes_it_away() -> None:
    async with console() as user:
        await user.press("2", "slash")
        await user.type("waiting bill")
        table = user.app.screen.query_one("#board", LineTable)
        assert [row.ref.name for row in table.rows] == ["billing"]
        await user.press("enter")
        assert table.has_focus
        assert "1 of 7 shown" in user.text
        await user.press("escape")
        assert len(table.rows) == 7
        assert user.app.screen.__class__.__name__ == "Pipelines"


async def test_problems_only() -> None:
    async with console() as user:
        await user.press("2", "ctrl+z")
        table = user.app.screen.query_one("#board", LineTable)
        assert [row.ref.name for row in table.rows] == ["checkout", "billing", "search"]
        await user.press("ctrl+z")
        assert len(table.rows) == 7


async def test_what_was_not_read_yet_is_said() -> None:
    made = world()
    rows = tuple(PipelineRow(PipelineRef(f"p{number:04}")) for number in range(1000))
    made.fresh("board", value=Board(rows, False), partial="312 of 1,000 read")
    async with console(made) as user:
        await user.press("2")
        assert "312 of 1,000 read" in user.text


async def test_a_fault_keeps_the_last_rows_and_says_why_they_are_old() -> None:
    async with console() as user:
        await user.press("2")
        user.world.clock.advance(300)
        user.world.feeds.push(
            "board", snapshot=Snapshot(samples.board(), samples.NOW, fault=samples.THROTTLED, failures=2)
        )
        await user.settle()
        assert "checkout" in user.text
        assert "stale 5m: throttled" in user.text


async def test_a_row_that_may_not_be_read_says_so_itself() -> None:
    async with console(size=(160, 40)) as user:
        await user.press("2")
        line = next(line for line in user.lines if "search" in line)
        assert "access de" in line


# --- a pipeline


async def test_enter_on_a_build_action_opens_its_build_and_l_does_too() -> None:
    for key in ("enter", "l"):
        async with console() as user:
            await user.press("2", "enter", key)
            assert getattr(user.app.screen, "ref", None) == BUILD


async def test_enter_on_a_waiting_approval_offers_the_answers_with_what_would_ship() -> None:
    async with console() as user:
        await user.press("2", "down", "enter")
        assert "77e01bd invoice footer" in user.text
        assert "Check the invoice footers" in user.text
        await user.press("enter")
        assert "Approve" in user.text
        await user.press("y")
        assert "Lets through 77e01bd" in user.text


async def test_enter_on_a_gate_offers_to_open_it_and_says_what_would_be_released() -> None:
    async with console() as user:
        user.app.router.open(StageRef("checkout", "Deploy"))
        await user.settle()
        sheet = user.app.screen.query_one("#sheet")
        sheet.move_to(StageRef("checkout", "Deploy"), "gate")  # type: ignore[attr-defined]
        await user.settle()
        assert "freeze until the 25th" in user.text
        assert "lets it into Deploy at once" in user.text
        await user.press("enter")
        assert "Open gate" in user.text


async def test_a_link_to_an_action_puts_the_cursor_on_it() -> None:
    async with console() as user:
        ref = ActionRef("checkout", "Test", "Lint")
        user.app.router.open(ref)
        await user.settle()
        assert user.app.screen.selected() == ref  # type: ignore[attr-defined]


async def test_enter_on_a_run_shows_its_actions() -> None:
    async with console() as user:
        await user.press("2", "enter", "tab", "enter")
        assert isinstance(user.app.screen.ref, ExecutionRef)  # type: ignore[attr-defined]
        assert "Test/Unit" in user.text
        await user.press("enter")
        assert getattr(user.app.screen, "ref", None) == BUILD


async def test_two_marked_runs_are_compared() -> None:
    async with console() as user:
        await user.press("2", "enter", "tab", "space", "down", "space", "x")
        assert "e1c2a41f" in user.text
        assert "c0ffee00" in user.text
        assert "77e01bd invoice footer in two languages" in user.text


async def test_one_marked_run_is_too_few() -> None:
    async with console() as user:
        await user.press("2", "enter", "tab", "space", "x")
        assert "mark two runs" in user.toasts[-1]


async def test_a_closed_gate_is_told_once_in_full() -> None:
    async with console() as user:
        await user.press("2", "enter")
        state = samples.checkout()
        gate = state.closed_gates[0]
        user.app.screen.query_one(StageColumns).move_to(gate.ref, "gate")
        await user.settle()
        assert user.text.count("closed by") == 2  # the sentence among the stages, the label among the facts
        assert f"the gate into {gate.name} is closed" in user.text
        assert user.text.count(f'"{gate.transition.reason}"') == 1


async def test_older_runs_are_read_when_the_cursor_comes_to_the_end() -> None:
    made = full(world())
    first = samples.checkout().executions[0]
    runs = tuple(replace(first, id=f"{at:08d}-{first.id}") for at in range(150))
    made.fresh("history", "checkout", value=runs[:100])
    asked: list[int] = []
    history = made.services.pipelines.history

    def noting(ref: PipelineRef, pages: int = 1) -> Source[Any]:
        asked.append(pages)
        return history(ref, pages)

    made.services.pipelines.history = noting  # type: ignore[method-assign]
    async with console(made) as user:
        await user.press("2", "enter", "tab", "G")
        assert asked[-1] == 2
        assert ("history", "checkout") in made.feeds.poked
        made.fresh("history", "checkout", value=runs)
        await user.settle()
        assert user.app.screen.query_one("#runs", LineTable).cursor_index == 99
        await user.press("G")
        assert asked[-1] == 2  # the second page was not full: there is no third


async def test_which_revision_is_where() -> None:
    async with console(size=(80, 24)) as user:
        await user.press("2", "enter", "w")
        line = next(line for line in user.lines if "waits before Deploy" in line)
        assert "c9d8821" in line


async def test_d_shows_what_aws_says() -> None:
    made = full(world())
    async with console(made) as user:
        await user.press("2", "enter")
        ref = user.app.place.selected() if user.app.place is not None else None
        assert ref is not None
        made.services.raw.documents[ref] = {"pipeline": {"name": "checkout", "odd": "[bold]text[/]"}}
        await user.press("d")
        assert '"odd": "[bold]text[/]"' in user.text


async def test_a_pipeline_that_vanished_says_so_and_stays_usable() -> None:
    made = world()
    made.feeds.push("pipeline", "gone", snapshot=Snapshot(fault=samples.DENIED))
    made.feeds.push("history", "gone", snapshot=Snapshot(fault=samples.DENIED))
    async with console(made) as user:
        user.app.router.open(PipelineRef("gone"))
        await user.settle()
        assert "access denied" in user.text
        await user.press("x", "l", "w", "a", "c")
        assert "Traceback" not in user.text


async def test_partial_values_break_nothing() -> None:
    made = world()
    bare = PipelineState(PipelineRef("bare"))
    made.fresh("board", value=Board((PipelineRow(PipelineRef("bare"), state=bare),)))
    made.fresh("pipeline", "bare", value=bare)
    made.fresh("history", "bare", value=())
    async with console(made) as user:
        await user.press("2", "enter", "x", "l", "w", "escape", "c", "tab", "enter")
        assert user.app.screen.__class__.__name__ == "Pipeline"
        assert len(user.app.desk.troubles) == 0


# --- builds


async def test_enter_on_a_project_shows_only_its_builds_and_escape_all_again() -> None:
    async with console() as user:
        await user.press("3", "down", "enter")
        assert ("builds", "checkout-test") in user.world.feeds.heard()
        assert ("builds", "") not in user.world.feeds.heard()
        assert "Builds of checkout-test" in user.text
        await user.press("escape")
        assert ("builds", "") in user.world.feeds.heard()


async def test_l_on_a_project_opens_its_newest_build() -> None:
    async with console() as user:
        await user.press("3", "down", "l")
        assert getattr(user.app.screen, "ref", None) == BUILD


async def test_a_build_shows_its_phases_its_failure_and_follows_its_log_once() -> None:
    async with console() as user:
        user.app.router.open(BUILD)
        await user.settle()
        assert "slow" in user.text
        assert "Error while executing command: pytest -q" in user.text
        assert user.app.screen.query_one(LogView).line_count == 12
        user.world.fresh("build", BUILD.id, value=replace(samples.failed_build(), timeout_minutes=61))
        await user.settle()
        assert len(user.world.services.logs.followed) == 1


async def test_a_log_is_not_begun_again_when_one_comes_back_to_it() -> None:
    async with console() as user:
        user.app.router.open(BUILD)
        await user.settle()
        await user.press("3", "1")
        assert user.app.screen.query_one(LogView).line_count == 12
        assert len(user.world.services.logs.followed) == 1


async def test_a_build_without_a_log_says_so() -> None:
    made = world()
    made.fresh("build", BUILD.id, value=replace(samples.running_build(), ref=BUILD, log=None))
    async with console(made) as user:
        user.app.router.open(BUILD)
        await user.settle()
        assert "no log yet" in user.text


async def test_a_log_that_may_not_be_read_says_so_under_the_build() -> None:
    made = full(world())
    log = samples.failed_build().log
    assert log is not None
    made.services.logs.chunks[log] = [samples.DENIED]
    async with console(made) as user:
        user.app.router.open(BUILD)
        await user.settle()
        assert "access denied" in user.text
        assert "INSTALL" in user.text


async def test_the_whole_log_is_saved_for_its_owner_without_control_sequences() -> None:
    async with console() as user:
        user.app.router.open(BUILD)
        await user.settle()
        await user.press("ctrl+s")
        assert "saved 12 lines" in user.toasts[-1]
        path = Path(user.toasts[-1].partition(": ")[2])
        text = path.read_text()
        assert len(text.splitlines()) == 12
        assert "\x1b" not in text
        assert path.stat().st_mode & 0o077 == 0


async def test_the_log_is_searched_with_slash_and_n() -> None:
    async with console() as user:
        user.app.router.open(BUILD)
        await user.settle()
        await user.press("slash")
        await user.type("pytest")
        await user.press("enter", "n")
        assert " of 5" in user.text or " of 4" in user.text
        assert user.app.screen.query_one(LogView).has_focus


async def test_a_build_leads_to_its_pipeline_and_to_its_environment() -> None:
    async with console() as user:
        user.app.router.open(BUILD)
        await user.settle()
        await user.press("d")
        assert "from PARAMETER_STORE" in user.text
        assert "1.4.41" in user.text
        await user.press("escape", "p")
        assert getattr(user.app.screen, "ref", None) == PipelineRef("checkout")


async def test_projects_and_builds_may_be_empty() -> None:
    made = world()
    made.fresh("projects", value=())
    made.fresh("builds", "", value=BuildList())
    async with console(made) as user:
        await user.press("3")
        assert "no projects" in user.text
        assert "no builds" in user.text
        await user.press("enter", "l", "d", "c", "a")
        assert len(user.app.desk.troubles) == 0


# --- activity


async def test_activity_shows_deeds_of_this_session_and_of_earlier_ones_and_every_call() -> None:
    async with console() as user:
        user.world.runner.deeds.append(replace(samples.deeds()[0], id="9", said="started reports"))
        await user.press("8")
        for words in ("started reports", "approved billing", "outcome un", "codepipeline:PutApprovalResult"):
            assert words in user.text


async def test_a_new_deed_appears_by_itself() -> None:
    async with console() as user:
        await user.press("8")
        user.world.runner.deeds.append(replace(samples.deeds()[0], id="9", said="started reports"))
        user.world.runner._tell(user.world.runner.deeds[-1])
        await user.pilot.pause(1.2)
        assert "started reports" in user.text


async def test_enter_on_a_deed_goes_to_what_it_made() -> None:
    made = full(world())
    made.audit.deeds = (replace(samples.deeds()[0], result=BUILD),)
    async with console(made) as user:
        await user.press("8", "enter")
        assert getattr(user.app.screen, "ref", None) == BUILD


async def test_problems_only_shows_calls_and_deeds_that_did_not_go_well() -> None:
    async with console() as user:
        await user.press("8", "ctrl+z")
        assert "AccessDeniedException" in user.text
        assert "PutApprovalResult" not in user.text


async def test_a_project_ref_opens_its_builds() -> None:
    async with console() as user:
        user.app.router.open(ProjectRef("checkout-test"))
        await user.settle()
        assert "Builds of checkout-test" in user.text


async def test_nothing_needs_you_is_said_only_when_everything_has_been_read() -> None:
    green = Board((PipelineRow(PipelineRef("gateway"), state=samples.simple("gateway", ("Succeeded",), samples.OBE)),))
    made = world()
    async with console(made) as user:
        assert "nothing needs you" not in user.text
        made.feeds.push("board", snapshot=Snapshot(fault=samples.EXPIRED, failures=1))
        await user.settle()
        assert "what needs you is not known: credentials expired" in user.text
        made.fresh("board", value=green, partial="1 of 2 read")
        await user.settle()
        assert "nothing needs you" not in user.text
        made.fresh("board", value=green)
        await user.settle()
        assert "nothing needs you" not in user.text
        made.fresh("alarms", value=AlarmList(()))
        await user.settle()
        assert "nothing needs you" not in user.text
        made.feeds.push("deployments", "", "", snapshot=Snapshot(fault=samples.DENIED, failures=1))
        await user.settle()
        assert "what needs you is not known: deployments could not be read" in user.text
        made.fresh("deployments", "", "", value=DeploymentList())
        await user.settle()
        assert "nothing needs you" in user.text
        made.feeds.push("board", snapshot=Snapshot(green, samples.NOW, samples.EXPIRED, 1))
        await user.settle()
        assert "nothing needs you" not in user.text
