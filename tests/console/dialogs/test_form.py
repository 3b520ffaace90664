"""The form of a start: its groups open and close, fit a small screen, and say what was changed and what is wrong."""

from __future__ import annotations

import pytest
from textual.widgets import Button, Input, OptionList

from console.driving import Driver, console
from pointsman.console.dialogs.confirm import ConfirmDialog
from pointsman.console.dialogs.groups import GroupHead
from pointsman.model.refs import ProjectRef

REPORTS = ProjectRef("reports")


async def starting(user: Driver, key: str = "s") -> ConfirmDialog:
    """The form of a build or a batch of the project ``reports``."""
    await user.press("3", "G", "a", key)
    dialog = user.app.screen
    assert isinstance(dialog, ConfirmDialog)
    return dialog


def group(dialog: ConfirmDialog, title: str) -> GroupHead:
    return next(one for one in dialog.query(GroupHead) if one.title == title)


async def opened(user: Driver, dialog: ConfirmDialog, title: str) -> None:
    dialog.set_focus(group(dialog, title))
    await user.press("enter")


def field(dialog: ConfirmDialog, name: str) -> str:
    """The selector of a field."""
    return f"#field-{[one.name for one in dialog._fields].index(name)}"


async def test_groups_are_closed_until_they_are_opened() -> None:
    async with console(size=(80, 24)) as user:
        dialog = await starting(user)
        assert [one.title for one in dialog.query(GroupHead)] == [
            "Machine and time",
            "Sources",
            "Cache, artifacts and logs",
            "Role, key and retries",
        ]
        image = dialog.query_one(field(dialog, "image"), Input)
        assert not image.display
        for _ in range(12):
            await user.press("tab")
            assert dialog.focused is not image, "what is closed has no keys"
        await opened(user, dialog, "Machine and time")
        assert image.display
        await user.press("tab")
        assert dialog.focused is image
        await opened(user, dialog, "Machine and time")
        assert not image.display


async def test_a_closed_group_says_what_was_changed_and_what_is_wrong() -> None:
    async with console(size=(80, 24)) as user:
        dialog = await starting(user)
        await opened(user, dialog, "Machine and time")
        dialog.set_focus(dialog.query_one(field(dialog, "timeout"), Input))
        await user.type("3")
        await user.settle()
        await opened(user, dialog, "Machine and time")
        assert dialog.query_one("#go", Button).disabled
        dialog.set_focus(dialog.query_one(field(dialog, "source_version"), Input))
        await user.settle()
        assert "Machine and time  1 changed, 1 wrong" in "\n".join(str(one.render()) for one in dialog.query(GroupHead))


@pytest.mark.parametrize(("key", "operation"), [("s", "project.start-build"), ("b", "project.start-batch")])
async def test_what_was_filled_in_is_sent(key: str, operation: str) -> None:
    async with console() as user:
        dialog = await starting(user, key)
        await opened(user, dialog, "Cache, artifacts and logs")
        dialog.set_focus(dialog.query_one(field(dialog, "cache"), Input))
        await user.type("local docker")
        await opened(user, dialog, "Machine and time")
        privileged = dialog.query_one(field(dialog, "privileged"), OptionList)
        dialog.set_focus(privileged)
        privileged.highlighted = 1
        await user.settle()
        dialog.set_focus(dialog.query_one("#go", Button))
        await user.press("enter")
        [(ran, ref, answers)] = user.world.runner.ran
        assert (ran, ref) == (operation, REPORTS)
        assert {name: text for name, text in answers.items() if text} == {"cache": "local docker", "privileged": "true"}


async def test_a_project_without_batches_starts_none() -> None:
    async with console() as user:
        await user.press("3", "up", "a", "b")
        assert "not set up for batches" in user.toasts[-1]


async def test_the_field_that_has_the_keys_stays_on_the_screen() -> None:
    async with console(size=(80, 24)) as user:
        dialog = await starting(user)
        await opened(user, dialog, "Machine and time")
        await user.press("tab", "tab")
        await user.type("huge")
        await user.settle()
        assert "Compute type" in user.text
        assert " huge" in user.text, "what is said above it has grown"
        assert "That is no compute type of CodeBuild" in user.text
