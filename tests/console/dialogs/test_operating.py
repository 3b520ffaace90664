"""From the menu to the outcome: what is offered, refused, asked, sent and followed."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from textual.widgets import Button, Input, TextArea

from console import dashing, logbook, releases, samples
from console.driving import Driver, console, full
from console.fakes import world
from operations import alarming, queried, states
from pointsman.console.dialogs.actions_menu import ActionsMenu, Choice, lettered
from pointsman.console.dialogs.confirm import ConfirmDialog
from pointsman.console.screens.base import Place
from pointsman.errors import FaultKind, Refused
from pointsman.model.activity import Deed
from pointsman.model.refs import ActionRef, ExecutionRef, PipelineRef
from pointsman.operations.registry import default_registry

APPROVAL = ActionRef("billing", "Release", "Approve")


async def approving(user: Driver) -> ConfirmDialog:
    """The dialog of an approval."""
    await user.press("2", "down", "enter", "enter", "y")
    dialog = user.app.screen
    assert isinstance(dialog, ConfirmDialog)
    return dialog


async def test_the_menu_greys_what_cannot_run_and_says_why() -> None:
    async with console() as user:
        await user.press("2", "G", "a")
        line = next(line for line in user.lines if "Stop and wait" in line)
        assert "not now: No run of gateway is in progress" in line
        await user.press("x")
        assert isinstance(user.app.screen, ActionsMenu)
        assert "No run of gateway is in progress" in user.toasts[-1]
        assert user.world.runner.ran == []


async def test_read_only_greys_everything_with_its_reason() -> None:
    made = full(world())
    made.services.cloud.guard.read_only = True
    async with console(made) as user:
        await user.press("2", "a", "s")
        assert "read-only" in user.toasts[-1]
        assert isinstance(user.app.screen, ActionsMenu)


async def test_what_is_not_known_of_a_row_is_read_before_its_menu_opens() -> None:
    made = full(world())
    made.services.pipelines.states["search"] = samples.simple("search", ("Succeeded",), samples.OLD, hours=1)
    async with console(made) as user:
        await user.press("2", "down", "down", "down", "a")
        assert "Actions: search" in user.text
        assert "Start pipeline" in user.text


def test_every_choice_gets_a_letter_of_its_own() -> None:
    operation = default_registry().get("pipeline.start")
    choices = lettered(Choice(operation, PipelineRef(name), None) for name in ("a", "b", "c", "d"))
    assert [one.letter for one in choices] == ["s", "S", "1", "2"]


async def test_the_dialog_names_account_region_role_the_call_and_its_line() -> None:
    async with console() as user:
        await approving(user)
        for words in (
            "Approve: billing / Release / Approve",
            "123456789012 eu-west-1 as OnCall",
            "Lets through 77e01bd",
            "codepipeline:PutApprovalResult",
            "aws codepipeline",
        ):
            assert words in user.text


async def test_cancel_has_the_keys_first_and_sends_nothing() -> None:
    async with console() as user:
        dialog = await approving(user)
        assert isinstance(dialog.focused, Button)
        assert dialog.focused.id == "cancel"
        await user.press("enter")
        assert isinstance(user.app.screen, Place)
        assert user.world.runner.ran == []


async def test_escape_sends_nothing() -> None:
    async with console() as user:
        await approving(user)
        await user.press("escape")
        assert user.world.runner.ran == []


async def test_typing_goes_into_the_form_and_the_answers_are_sent_once() -> None:
    async with console() as user:
        await approving(user)
        await user.type("looks good")
        assert user.app.screen.query_one(Input).value == "looks good"
        await user.press("tab")
        await user.press("tab")
        assert getattr(user.app.screen.focused, "id", "") == "go"
        await user.press("enter")
        assert user.world.runner.ran == [("approval.approve", APPROVAL, {"summary": "looks good"})]
        assert user.toasts[-1] == "approved billing / Release / Approve"


async def test_a_field_is_judged_at_each_key_and_the_button_stays_dark() -> None:
    async with console() as user:
        await user.press("2", "down", "enter", "enter", "n")
        dialog = user.app.screen
        assert dialog.query_one("#go", Button).disabled
        await user.type("no")
        assert not dialog.query_one("#go", Button).disabled
        await user.press("backspace", "backspace")
        assert dialog.query_one("#go", Button).disabled
        assert "Comment is needed" in user.text


async def test_lines_of_variables_are_judged_too() -> None:
    async with console() as user:
        await user.press("2", "a", "s")
        area = user.app.screen.query_one(TextArea)
        area.focus()
        await user.type("novalue")
        assert "is not NAME=value" in user.text
        assert user.app.screen.query_one("#go", Button).disabled


async def test_a_protected_name_is_typed() -> None:
    made = full(world())
    made.runner.protected = {"billing"}
    async with console(made) as user:
        dialog = await approving(user)
        assert "Type billing to confirm" in user.text
        assert "billing is protected" in user.text
        dialog.query_one("#name", Input).focus()
        await user.type("billin")
        assert dialog.query_one("#go", Button).disabled
        await user.type("g")
        assert not dialog.query_one("#go", Button).disabled


async def test_who_one_is_must_be_known_to_confirm() -> None:
    async with console() as user:
        user.world.services.cloud.identity = samples.EXPIRED
        dialog = await approving(user)
        assert "aws sso login --profile prod" in user.text
        assert dialog.query_one("#go", Button).disabled


async def test_the_line_is_copied_from_the_dialog(monkeypatch: pytest.MonkeyPatch) -> None:
    from pointsman.console import toolkit

    written: list[str] = []
    monkeypatch.setattr(toolkit, "write", lambda _app, control: written.append(control))
    async with console() as user:
        await approving(user)
        await user.press("ctrl+y")
        assert len(written) == 1
        assert user.toasts[-1] == "aws line sent to the clipboard"


async def _confirmed(user: Driver) -> None:
    await approving(user)
    user.app.screen.query_one("#go", Button).press()
    await user.settle()


async def test_a_refusal_after_the_dialog_is_said_and_kept() -> None:
    async with console() as user:
        user.world.runner.outcome = Refused("The revision has changed since you looked", "Look at it again")
        await _confirmed(user)
        assert "The revision has changed since you looked. Look at it again." in user.toasts[-1]
        assert len(user.app.desk.troubles) == 1


async def test_an_unknown_outcome_is_called_that_and_sticks() -> None:
    async with console() as user:
        deed = Deed("d", user.world.clock.now(), "", "", outcome="unknown", detail="no answer", hint="Look first.")
        user.world.runner.outcome = deed
        await _confirmed(user)
        assert "outcome unknown" in user.toasts[-1]
        assert "failed" not in user.toasts[-1]
        assert "OUTCOME UNKNOWN" in user.lines[0]


async def test_a_failure_is_a_failure_with_the_services_words() -> None:
    async with console() as user:
        fault = replace(samples.DENIED, kind=FaultKind.CONFLICT, sentence="ConcurrentModificationException: again")
        deed = Deed("d", user.world.clock.now(), "", "", outcome="failed", detail=fault.sentence, fault=fault)
        user.world.runner.outcome = deed
        await _confirmed(user)
        assert "failed. ConcurrentModificationException" in user.toasts[-1]


async def test_what_a_start_made_is_followed_to_its_pipeline() -> None:
    async with console() as user:
        user.world.runner.made = ExecutionRef("checkout", "aaaabbbb-1111-4444-8888-000000000009")
        await user.press("2", "a", "s")
        user.app.screen.query_one("#go", Button).press()
        await user.settle()
        assert getattr(user.app.screen, "ref", None) == PipelineRef("checkout")


async def test_nobody_who_has_gone_elsewhere_is_taken_back_to_what_was_made() -> None:
    async with console() as user:
        user.world.runner.made = ExecutionRef("checkout", "aaaabbbb-1111-4444-8888-000000000009")
        user.world.runner.gate = asyncio.Event()
        await user.press("2", "a", "s")
        user.app.screen.query_one("#go", Button).press()
        await user.pilot.pause()
        await user.pilot.press("8")
        user.world.runner.gate.set()
        await user.settle()
        assert user.toasts[-1] == "started checkout"
        assert user.app.screen.__class__.__name__ == "Activity"


@pytest.mark.parametrize("operation", list(default_registry()), ids=lambda one: one.id)
async def test_every_operation_has_a_dialog(operation: object) -> None:
    """Whatever a declaration says, its dialog can be drawn, or it refuses with a sentence."""
    from pointsman.model.dashboards import DashboardState
    from pointsman.model.deployments import DeploymentState
    from pointsman.model.refs import (
        AlarmRef,
        BatchRef,
        BuildRef,
        DashboardRef,
        DeploymentGroupRef,
        DeploymentRef,
        LogGroupRef,
        MetricFilterRef,
        MetricRef,
        ProjectRef,
        SamplingRuleRef,
        SavedQueryRef,
        StageRef,
    )

    build, state = samples.failed_build(), samples.checkout()
    deployment = releases.in_batches()
    group = next(one for one in releases.groups() if one.ref == deployment.group)
    targets = {
        PipelineRef: (state.ref, state),
        StageRef: (StageRef("checkout", "Test"), state),
        ActionRef: (APPROVAL, samples.billing()),
        ExecutionRef: (ExecutionRef("checkout", state.executions[1].id), state),
        BuildRef: (build.ref, build),
        ProjectRef: (ProjectRef("checkout-test"), samples.projects()[1]),
        BatchRef: (samples.BATCH, samples.batch()),
        DeploymentRef: (deployment.ref, DeploymentState(deployment, releases.history(group))),
        DeploymentGroupRef: (group.ref, releases.history(group)),
        AlarmRef: (alarming.REF, alarming.firing()),
        MetricRef: (alarming.METRIC, alarming.prospect()),
        SamplingRuleRef: (SamplingRuleRef("health"), states.sampling_rules()),
        SavedQueryRef: (queried.ERRORS, queried.CHANGED),
        DashboardRef: (dashing.MIXED, DashboardState(dashing.MIXED, '{"widgets": []}')),
        LogGroupRef: (LogGroupRef(logbook.API), logbook.detail()),
        MetricFilterRef: (MetricFilterRef(logbook.API, "errors"), logbook.detail()),
    }
    ref, known = targets[operation.target]  # type: ignore[attr-defined]
    async with console(size=(80, 24)) as user:
        user.app.operating.begin(Choice(operation, ref, known))  # type: ignore[arg-type]
        await user.settle()
        reason = operation.refuse(known, ref)  # type: ignore[attr-defined]
        assert reason or operation.calls[0] in user.text  # type: ignore[attr-defined]


async def test_control_c_twice_leaves_from_the_dialog() -> None:
    async with console() as user:
        await approving(user)
        await user.pilot.press("ctrl+c", "ctrl+c")
        assert user.app._exit
