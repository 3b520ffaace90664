"""The forms of alarms: what is read for them while they show, and that nothing of an alarm is lost by them."""

from __future__ import annotations

import json

from msgspec.structs import replace
from textual.widgets import Button, Input, TextArea

from console import alarming
from console.dialogs.test_form import field, opened
from console.driving import Driver, console, full
from console.fakes import World, world
from operations import alarming as operated
from pointsman.config.settings import Settings
from pointsman.console.dialogs.confirm import ConfirmDialog
from pointsman.model.alarms import Alarm, AlarmList
from pointsman.operations.alarm_settings import settings_of


def known(*alarms: Alarm) -> World:
    made = full(world())
    made.fresh("alarms", value=AlarmList(alarms or (alarming.CPU, alarming.SHOP)))
    made.services.alarms.values = operated.values()
    return made


async def editing(user: Driver, alarm: Alarm, key: str = "u") -> ConfirmDialog:
    user.app.router.open(alarm.ref)
    await user.settle()
    await user.press("a", key)
    dialog = user.app.screen
    assert isinstance(dialog, ConfirmDialog), user.text
    return dialog


async def test_the_menu_of_an_alarm_has_what_can_be_done_with_its_metric_too() -> None:
    async with console(known(), size=(120, 50)) as user:
        user.app.router.open(alarming.CPU.ref)
        await user.settle()
        await user.press("a")
        for title in ("Edit alarm", "Mute for a time", "Create composite alarm", "Create math alarm", "Put a value"):
            assert title in user.text


async def test_a_preview_is_read_for_the_settings_that_show_and_said_in_the_zone() -> None:
    made = known()
    async with console(made, size=(120, 50), settings=Settings(ascii=False, time_zone="Europe/Berlin")) as user:
        dialog = await editing(user, alarming.CPU)
        asked = made.services.alarms.questions
        assert [one.period for one in asked] == [60]
        assert "It would not have fired in the last 24 hours" in user.text
        threshold = dialog.query_one(field(dialog, "threshold"), Input)
        threshold.value = "5"
        await user.settle()
        assert "fired once in the last 24 hours: 20:03-20:12 CET" in " ".join(user.text.split())
        assert len(asked) == 1, "another threshold asks for no other values"
        dialog.query_one(field(dialog, "period"), Input).value = "300"
        await user.settle()
        assert [one.period for one in asked] == [60, 300]
        dialog.query_one(field(dialog, "period"), Input).value = "45"
        await user.settle()
        assert len(asked) == 2, "what is wrong is not asked for"


async def test_what_nobody_changes_goes_out_as_it_is_unseen_characters_included() -> None:
    odd = "warn \u26a0\ufe0f\tand \x1b[2J more"
    shown = replace(alarming.CPU, description=odd)
    settings = json.dumps({**settings_of(shown), "AlarmDescription": odd})
    made = known(replace(shown, settings=settings))
    async with console(made, size=(120, 50)) as user:
        dialog = await editing(user, shown)
        assert dialog._preview is not None
        dialog.query_one(field(dialog, "threshold"), Input).value = "90"
        await user.settle()
        await opened(user, dialog, "Description and actions")
        area = dialog.query_one(field(dialog, "description"), TextArea)
        assert "\x1b" not in area.text
        assert dialog._answers["description"] == odd
        area.text = "another"
        await user.settle()
        assert dialog._answers["description"] == "another"


async def test_a_rule_that_is_wrong_says_where_and_a_good_one_how_it_would_stand() -> None:
    made = known()
    made.services.alarms.standing = {"checkout-cpu": "ALARM"}
    async with console(made, size=(120, 50)) as user:
        dialog = await editing(user, alarming.SHOP, "U")
        area = dialog.query_one(field(dialog, "rule"), TextArea)
        area.text = "ALARM(a)\nORR OK(b)"
        await user.settle()
        assert "line 2, column 1" in user.text
        assert dialog.query_one("#go", Button).disabled
        area.text = 'ALARM("checkout-cpu")'
        await user.settle()
        assert "it would be in ALARM" in user.text
        assert not dialog.query_one("#go", Button).disabled
