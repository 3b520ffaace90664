"""The bell, the toast and the title of an alarm that fires."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from console import alarming
from console.driving import console, full
from console.fakes import world
from pointsman.config.settings import Settings
from pointsman.console import toolkit
from pointsman.console.alerting import KEEP, LONGEST, RESTORE, title_of
from pointsman.console.app import ConsoleApp
from pointsman.console.output.frames import keeps_cells
from pointsman.model.alarms import Alarm, AlarmList
from pointsman.model.refs import AlarmRef

LOUD = Settings(ascii=False, alarm_bell=True, alarm_title=True)
QUIET = AlarmList((replace(alarming.CPU, state="OK"), alarming.NIGHTLY))
FIRES = AlarmList((alarming.CPU, alarming.NIGHTLY))


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    rung: list[str] = []
    monkeypatch.setattr(ConsoleApp, "bell", lambda _: rung.append("rung"))
    return rung


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    sent: list[str] = []
    monkeypatch.setattr(toolkit, "write", lambda _, control: sent.append(control))
    yield sent
    assert all(keeps_cells(one) for one in sent), "the output stage knows that these move no cell"


async def tell(user: Any, found: AlarmList) -> None:
    user.world.fresh("alarms", value=found)
    await user.settle()


async def test_only_what_comes_into_alarm_rings_and_is_named(bells: list[str], written: list[str]) -> None:
    async with console(settings=LOUD) as user:
        assert bells == [], "the first reading is no news"
        await tell(user, QUIET)
        await tell(user, FIRES)
        assert bells == ["rung"]
        assert "in ALARM now: checkout-cpu" in user.text
        await tell(user, replace(FIRES, changes=alarming.CHANGES))
        assert bells == ["rung"], "it still is in ALARM: nothing new"
        await user.press("2")
        await tell(user, QUIET)
        await tell(user, FIRES)
        assert bells == ["rung", "rung"], "on every screen"


async def test_a_list_on_its_way_is_no_news(bells: list[str], written: list[str]) -> None:
    async with console(settings=LOUD) as user:
        await tell(user, QUIET)
        await tell(user, AlarmList((alarming.NIGHTLY,), more=True))
        await tell(user, replace(FIRES, more=True))
        assert bells == []
        await tell(user, FIRES)
        assert bells == ["rung"]


async def test_another_connection_begins_anew(bells: list[str], written: list[str]) -> None:
    async with console(settings=LOUD) as user:
        await tell(user, QUIET)
        user.world.feeds.snapshots.pop(("alarms",))
        user.app.alerting.disconnected()
        user.app.alerting.connected()
        await user.settle()
        await tell(user, FIRES)
        assert bells == []


async def test_without_being_wished_for_nothing_rings_or_is_read(bells: list[str], written: list[str]) -> None:
    async with console(full(world())) as user:
        await user.press("2")
        assert ("alarms",) not in user.world.feeds.heard()
        await tell(user, QUIET)
        await tell(user, FIRES)
    assert (bells, written) == ([], [])


async def test_the_title_counts_and_the_old_one_comes_back(bells: list[str], written: list[str]) -> None:
    async with console(settings=replace(LOUD, alarm_bell=False)) as user:
        await tell(user, QUIET)
        assert written[0].startswith(KEEP)
        assert written[-1] == "\x1b]2;pointsman prod-eu\x07"
        await tell(user, FIRES)
        assert written[-1] == "\x1b]2;1 in ALARM: checkout-cpu - pointsman prod-eu\x07"
        count = len(written)
        await tell(user, replace(FIRES, changes=alarming.CHANGES))
        assert len(written) == count, "it says this already"
        assert bells == []
    assert written[-1] == RESTORE
    assert sum(KEEP in one for one in written) == 1


@pytest.mark.parametrize("name", ["a\x07b\x1b]2;evil\x07", "\x1b[2J", "x" * 500, "\u202egnp", "\x9c\x9d0;x\x9c", "é"])
def test_a_title_holds_no_control_sequence_however_an_alarm_is_called(name: str) -> None:
    found = AlarmList((Alarm(AlarmRef(name), state="ALARM"),))
    for ascii_only in (False, True):
        said = title_of(found, "prod\x1b", ascii_only=ascii_only)
        assert said.startswith("1 in ALARM: ")
        assert said.isprintable()
        assert len(said) <= LONGEST
        assert said.isascii() or not ascii_only


def test_the_title_leaves_out_what_is_muted_or_suppressed() -> None:
    assert title_of(None, "", ascii_only=False) == "pointsman"
    quiet = AlarmList((alarming.NIGHTLY, replace(alarming.SHOP, suppressed_by="Alarm")))
    assert title_of(quiet, "demo", ascii_only=False) == "pointsman demo"
