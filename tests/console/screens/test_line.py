"""The screens of the whole line: snapshots and keys in, text and calls out."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from console import samples
from console.driving import console, full
from console.fakes import world
from pointsman.console import toolkit
from pointsman.console.screens.approvals import Approvals
from pointsman.console.screens.reports import ReportsPlace
from pointsman.console.widgets.attention_line import AttentionLine
from pointsman.console.widgets.table import LineTable
from pointsman.model.builds import BuildList, EnvironmentVariable
from pointsman.model.forecast import Forecast
from pointsman.model.pipelines import Board, Execution, PipelineRow, PipelineState, Revision
from pointsman.model.refs import ActionRef, BatchRef, BuildRef, CommitRef, ExecutionRef, PipelineRef, StageRef
from pointsman.model.sightings import Past
from pointsman.model.snapshot import Snapshot
from pointsman.model.status import status

APPROVAL = ActionRef("billing", "Release", "Approve")
BUILD = samples.failed_build()


def board(*made: PipelineState) -> Board:
    return Board(tuple(PipelineRow(one.ref, state=one) for one in made))


def answered(word: str = "Succeeded", **changes: object) -> PipelineState:
    state = samples.billing()
    stage = state.stages[2]
    action = replace(stage.actions[0], status=status(word), **changes)
    return replace(state, stages=(*state.stages[:2], replace(stage, actions=(action,)), state.stages[3]))


# --- approvals


async def test_the_inbox_is_reached_by_its_key_its_name_and_from_the_attention_line() -> None:
    async with console() as user:
        await user.press("A")
        assert isinstance(user.app.screen, Approvals)
        await user.press("escape", "colon")
        await user.type("approvals")
        await user.press("enter")
        assert isinstance(user.app.screen, Approvals)
        await user.press("A")
        assert len(user.app.screen_stack) == 2, "it is not opened twice"
        await user.press("escape", "1", "shift+tab")
        line = user.app.screen.query_one(AttentionLine)
        at = [item.ref for item in line.items].index(APPROVAL)
        await user.press(*["right"] * at, "enter")
        assert isinstance(user.app.screen, Approvals)
        assert user.app.screen.selected() == APPROVAL


async def test_what_an_answer_ships_is_shown_and_enter_offers_the_two_answers() -> None:
    async with console() as user:
        await user.press("A")
        for words in ("38m left", "Check the invoice footers", "https://example.com/preview", "55aa10b → 77e01bd"):
            assert words in user.text
        assert "3 commits" in user.text
        await user.press("enter", "y")
        assert "Lets through 77e01bd" in user.text
        await user.type("fine")
        await user.press("tab", "tab", "enter")
        assert [(one[0], one[1]) for one in user.world.runner.ran] == [("approval.approve", APPROVAL)]


async def test_an_answered_approval_stays_says_so_and_cannot_be_answered_again() -> None:
    async with console() as user:
        await user.press("A")
        user.world.fresh("board", value=board(answered(updated_by="arn:aws:iam::1:user/grace", summary="go")))
        await user.settle()
        assert "approved by grace: go" in user.text
        await user.press("enter")
        assert "does not wait any more" in user.toasts[-1]
        assert isinstance(user.app.screen, Approvals)
        await user.press("p")
        assert getattr(user.app.screen, "ref", None) == PipelineRef("billing")


async def test_an_expired_and_an_overtaken_approval_say_so() -> None:
    async with console() as user:
        await user.press("A")
        late = answered("Failed", changed_at=samples.NOW + timedelta(hours=1))
        user.world.fresh("board", value=board(late))
        await user.settle()
        assert "expired" in user.text
    async with console() as user:
        await user.press("A")
        state = samples.billing()
        action = replace(state.stages[2].actions[0], token="another")
        other = replace(state.stages[2], execution_id=state.executions[1].id, actions=(action,))
        user.world.fresh("board", value=board(replace(state, stages=(*state.stages[:2], other, state.stages[3]))))
        await user.settle()
        assert "a newer run is in its stage" in user.text


async def test_the_inbox_is_called_empty_only_when_everything_has_been_read() -> None:
    made = world()
    green = samples.simple("gateway", ("Succeeded",), samples.OBE)
    made.fresh("board", value=board(green), partial="1 of 2 read")
    async with console(made) as user:
        await user.press("A")
        assert "no approvals" not in user.text
        made.fresh("board", value=board(green))
        await user.settle()
        assert "no approvals waiting" in user.text
        await user.press("enter", "p", "d", "c", "a")
        assert len(user.app.desk.troubles) == 0


async def test_a_shipment_that_may_not_be_read_says_so_under_the_approval() -> None:
    async with console() as user:
        user.world.feeds.push("shipment", str(APPROVAL), snapshot=Snapshot(fault=samples.DENIED, failures=1))
        await user.press("A")
        assert "Check the invoice footers" in user.text
        assert "access denied" in user.text


# --- pipelines


async def test_conditions_retries_the_queue_and_the_forecast_stand_with_their_stages() -> None:
    async with console(size=(160, 50)) as user:
        user.app.router.open(PipelineRef("orders"))
        await user.settle()
        for words in (
            "✗ Failed before entry Quiet",
            "77e01bd waits +1",
            "then a41f9c2",
            "overdue 2m  tried again",
            "usually 40s (2 runs)",
            "the alarm checkout-5xx is in ALARM",
            "else the stage is rolled back",
            "V2 QUEUED: 2 wait",
        ):
            assert words in user.text, words
        await user.press("v")
        for words in ("TICKET  has no default", "push of branches main release/*, paths but not docs/**"):
            assert words in user.text, words


async def test_a_stage_becomes_overdue_by_itself() -> None:
    async with console(size=(160, 50)) as user:
        found = samples.orders_forecast()
        begun = replace(found.under[0], since=samples.NOW)
        user.world.fresh("forecast", "orders", value=Forecast(found.stages, (begun,)))
        user.app.router.open(PipelineRef("orders"))
        await user.settle()
        assert "about 4m to go" in user.text
        for seconds, words in ((260, "longer than usual"), (140, "overdue")):
            user.world.clock.advance(seconds)
            user.app.standing.refresh()
            toolkit.clock_moved(user.app)
            await user.settle()
            assert words in user.text


async def test_a_condition_is_overridden_from_the_menu() -> None:
    async with console() as user:
        user.app.router.open(StageRef("orders", "Deploy"))
        await user.settle()
        await user.press("a", "o")
        assert "Not met: Quiet: the alarm checkout-5xx is in ALARM" in user.text
        await user.type("orders")
        await user.press("tab", "tab", "enter")
        assert user.world.runner.ran[0][0] == "condition.override"


async def test_runs_side_by_side_show_their_own_stages() -> None:
    async with console() as user:
        user.app.router.open(PipelineRef("matrix"))
        await user.settle()
        assert "3 runs side by side, the stages show the newest only" in user.text
        rows = [line for line in user.lines if "a77000" in line]
        strips = ["✓━━●──○", "✓━━✗──○", "✓━━✓━━●", "✓━━✓━━✓"]
        assert all(strip in row for strip, row in zip(strips, rows, strict=True))
        assert ("strips", "matrix") in user.world.feeds.heard()
        await user.press("w")
        assert "c9d8821  Deploy" in user.text


async def test_strips_are_read_only_of_runs_side_by_side() -> None:
    async with console() as user:
        await user.press("2", "enter")
        assert ("strips", "checkout") not in user.world.feeds.heard()


async def test_a_run_shows_the_variables_it_has() -> None:
    made = full(world())
    run = samples.checkout().executions[0]
    made.fresh("execution", "checkout", run.id, value=replace(run, variables=(("REGION", "eu-west-1"),)))
    async with console(made) as user:
        user.app.router.open(ExecutionRef("checkout", run.id))
        await user.settle()
        assert "#{variables.REGION}" in user.text


async def test_marked_pipelines_are_worked_one_confirmed_after_the_other() -> None:
    async with console() as user:
        await user.press("2", "space", "space", "a")
        assert "2 pipelines marked" in user.text
        await user.press("enter")
        assert "Close gate: checkout / Source  (1 of 2)" in user.text
        await user.type("freeze")
        await user.press("tab", "tab", "enter")
        assert "Close gate: billing / Source  (2 of 2)" in user.text
        await user.press("tab", "enter")
        assert [(one[0], one[1], one[2]) for one in user.world.runner.ran] == [
            ("transition.disable", StageRef("checkout", "Source"), {"reason": "freeze"}),
            ("transition.disable", StageRef("billing", "Source"), {"reason": "freeze"}),
        ]
        assert "2 of 2 done" in user.toasts[-1]


async def test_a_no_ends_a_series_and_says_how_far_it_came() -> None:
    async with console() as user:
        await user.press("2", "space", "space", "a", "enter", "escape")
        assert user.world.runner.ran == []
        assert "0 of 2 done" in user.toasts[-1]


async def test_what_cannot_run_any_more_is_passed_over_and_said() -> None:
    async with console() as user:
        await user.press("2", "space", "space", "a")
        state = samples.checkout()
        source = state.stages[0]
        closed = replace(source, transition=replace(source.transition, enabled=False))
        user.world.services.pipelines.states["checkout"] = replace(state, stages=(closed, *state.stages[1:]))
        await user.press("enter")
        assert "closed already" in "".join(user.toasts)
        assert "Close gate: billing / Source  (2 of 2)" in user.text


# --- builds


async def test_a_build_s_reports_its_failed_cases_and_what_they_said() -> None:
    async with console() as user:
        user.app.router.open(BUILD.ref)
        await user.settle()
        await user.press("r")
        assert isinstance(user.app.screen, ReportsPlace)
        for words in ("2 of 43 failed", "1 skipped", "test_half", "assert total(2.5) == 3", "-4.8 points"):
            assert words in user.text, words
        await user.press("down")
        assert "KeyError: 'JPY'" in user.text
        await user.press("shift+tab", "down")
        assert "12.5 %" in user.text
        assert ("findings", samples.LINES.arn) in user.world.feeds.heard()
        assert ("findings", samples.TESTS.arn) not in user.world.feeds.heard()


async def test_a_build_without_reports_or_a_batch_says_so() -> None:
    async with console() as user:
        user.app.router.open(samples.running_build().ref)
        await user.settle()
        await user.press("r", "b")
        assert user.toasts[-2:] == ["the build has no reports", "the build belongs to no batch"]


async def test_a_build_leads_to_its_batch_and_the_batch_to_its_builds() -> None:
    async with console() as user:
        user.app.router.open(BUILD.ref)
        await user.settle()
        await user.press("b")
        assert getattr(user.app.screen, "ref", None) == samples.BATCH
        for words in ("└ package", "after lint", "try 2", "may fail"):
            assert words in user.text, words
        await user.press("G", "enter")
        assert user.toasts[-1] == "deploy has not begun"
        await user.press("k", "enter")
        assert isinstance(getattr(user.app.screen, "ref", None), BuildRef)


async def test_the_batches_of_a_project_are_asked_for_by_name() -> None:
    async with console() as user:
        await user.press("3", "down", "b")
        assert ("batches", "checkout-test") in user.world.feeds.heard()
        user.world.fresh("batches", "checkout-test", value=samples.batches())
        await user.settle()
        assert "Batches of checkout-test" in user.text
        await user.press("enter")
        assert isinstance(getattr(user.app.screen, "ref", None), BatchRef)


async def test_two_builds_are_compared_phase_by_phase() -> None:
    async with console() as user:
        await user.press("3", "tab", "space", "space", "x")
        for words in ("INSTALL", "1m38s → 15s", "-1m23s", "not reached"):
            assert words in user.text, words
    async with console() as user:
        await user.press("3", "tab", "x")
        assert "no older build of reports" in user.toasts[-1]
        await user.press("space", "x")
        assert "1 marked" in user.toasts[-1]


async def test_a_build_that_waits_says_its_place() -> None:
    made = full(world())
    one = replace(samples.running_build(), phase="QUEUED")
    waits = [replace(one, ref=BuildRef(f"reports:{at}"), started=samples.ago(minutes=9 - at)) for at in (1, 2)]
    made.fresh("builds", "", value=BuildList((*waits, samples.running_build())))
    async with console(made, size=(148, 40)) as user:
        await user.press("3")
        assert "1st of 2 waiting, 1 runs" in user.text
        assert "2nd of 2 waiting, 1 runs" in user.text


async def test_a_variable_that_looks_secret_is_not_shown() -> None:
    async with console() as user:
        build = replace(BUILD, environment=(EnvironmentVariable("API_TOKEN", "hunter22"),))
        user.world.fresh("build", build.ref.id, value=build)
        user.app.router.open(build.ref)
        await user.settle()
        await user.press("d")
        assert "hunter22" not in user.text
        assert "plain text, though its name says" in user.text


# --- commits


async def test_a_commit_leads_to_its_runs_and_builds_and_says_what_was_looked_through() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("commit a41f9c2")
        await user.press("enter")
        for words in (
            "round half to even",
            "checkout e1c2a41f",
            "Source, Test",
            "checkout / Test / Unit",
            "5 of 7 pipelines",
        ):
            assert words in user.text, words
        await user.press("enter")
        assert isinstance(getattr(user.app.screen, "ref", None), ExecutionRef)


async def test_a_commit_is_looked_for_further_back_when_that_is_asked() -> None:
    made = full(world())
    old = replace(samples.builds().builds[0], ref=BuildRef("attic:00000000-aaaa-bbbb-cccc-1234567890ab"))
    old = replace(old, resolved_version="feedbeef" * 5, started=samples.ago(days=200))
    gone = Execution(
        "0ldrun11-0000", status("Superseded"), samples.ago(days=300), revisions=(Revision("S", "feedbeef" * 5),)
    )

    def whole(text: str) -> str:
        return " ".join(text.split())

    async with console(made) as user:
        made.fresh("board", value=samples.board())
        user.app.router.open(CommitRef("feedbeef"))
        await user.settle()
        assert "f looks further back" in whole(user.text)
        await user.press("f")
        made.fresh("past", 1, value=Past((("checkout", (gone,)),), True), partial="1 of 7 pipelines read")
        made.fresh("past-builds", 2, value=BuildList((old,), more=True))
        await user.settle()
        assert "1 of 7 pipelines read" in whole(user.text)
        await user.press("f")
        assert user.toasts[-1].endswith("it is being read")
        made.fresh("past", 1, value=Past((("checkout", (gone,)),), True, ("billing",)))
        await user.settle()
        for words in ("checkout 0ldrun11", "in no stage any more", "attic:00000000", "back to 2025-03-"):
            assert words in whole(user.text), words
        assert "the histories of 1 pipelines could not be read" in whole(user.text)
        await user.press("f")
        assert "attic:00000000" in whole(user.text), "what was read stays while more is read"
        made.fresh("past", 2, value=Past((("checkout", (gone,)),)))
        made.fresh("past-builds", 3, value=BuildList((old,)))
        await user.settle()
        assert "that is all there is" in whole(user.text)
        await user.press("f")
        assert "everything has been looked through" in user.toasts[-1]


async def test_what_is_no_commit_is_refused_where_it_is_typed() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("commit zz")
        await user.press("enter")
        assert "at least four hexadecimal digits" in user.text


async def test_a_commit_that_is_nowhere_says_so_only_once_everything_was_read() -> None:
    made = full(world())
    async with console(made) as user:
        user.app.router.open(CommitRef("feedbeef"))
        await user.settle()
        assert "no places" not in user.text
        made.fresh("board", value=samples.board())
        await user.settle()
        assert "no places" in user.text
        table = user.app.screen.query_one(LineTable)
        assert table.cursor_ref is None
        await user.press("enter", "a", "d", "c")
        assert len(user.app.desk.troubles) == 0
