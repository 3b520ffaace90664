"""From every screen to what was beside it at the same moment, and back."""

from __future__ import annotations

from datetime import datetime

import pytest

from console import logbook, samples, tracing
from console.driving import Driver, console, full
from console.fakes import world
from console.screens.test_pictures import PLACES
from pointsman.console.dialogs.pick import PickDialog
from pointsman.console.screens.alarm import AlarmPlace
from pointsman.console.screens.base import Place
from pointsman.console.screens.beside import SCREENS
from pointsman.console.screens.deployment import DeploymentPlace
from pointsman.console.screens.execution import ExecutionPlace
from pointsman.console.screens.insights import InsightsPlace
from pointsman.console.screens.logs import Logs
from pointsman.console.screens.metrics import Metrics
from pointsman.console.screens.traces import Traces

TIMELESS = {
    *("overview", "approval", "fleet", "insights", "map", "map-table", "sampling", "dashboards", "dashboard"),
    *("compare-traces", "logs", "log-group", "traces-groups", "trace-operations", "trace-map", "approvals", "builds"),
    *("browse", "browse-metrics"),
    *("metrics", "metric", "activity", "tail", "tail-json"),
}
"""Where what is selected may have no time of its own."""


async def into(user: Driver, place: str) -> Place:
    for key in PLACES[place]:
        await (user.obey(key[1:]) if key.startswith(":") else user.press(key))
    found = user.app.screen
    assert isinstance(found, Place)
    return found


@pytest.mark.parametrize("place", PLACES)
async def test_every_screen_leads_beside_itself(place: str) -> None:
    async with console(full(world())) as user:
        found = await into(user, place)
        at = found.moment()
        assert at is not None or place in TIMELESS
        await user.press("escape") if place == "insights" else None
        at = found.moment()
        await user.press("B")
        assert isinstance(user.app.screen, PickDialog)
        heading = f"At {found.look.zone.second(at)}" if at is not None else "Now: what is selected has no time"
        assert heading in user.text
        for name, said in SCREENS:
            assert name in user.text and said[:20] in user.text


@pytest.mark.parametrize(
    ("keys", "kind", "told"),
    [
        ((), Logs, lambda one: one.at),
        (("down",), InsightsPlace, lambda one: one.at),
        (("down", "down"), Traces, lambda one: one._moment),
        (("down", "down", "down"), Metrics, lambda one: one._moment),
    ],
)
async def test_each_screen_begins_at_the_moment_and_one_key_leads_back(
    keys: tuple[str, ...], kind: type[Place], told: object
) -> None:
    async with console(full(world())) as user:
        build = await into(user, "build")
        at = build.moment()
        await user.press("B", *keys, "enter")
        there = user.app.screen
        assert isinstance(there, kind)
        assert callable(told) and told(there) == at
        await user.press("escape" if kind is InsightsPlace else "minus")
        assert type(user.app.screen) is type(build)


async def test_what_went_out_and_the_alarm_that_changed_lead_into_themselves() -> None:
    async with console(full(world())) as user:
        alarm = await into(user, "alarm")
        at = alarm.moment()
        assert at is not None
        found = await user.world.services.beside(at)
        assert found.released and found.changes
        for number, kind, named in (
            (0, DeploymentPlace, found.released[0].name),
            (len(found.released), AlarmPlace, found.changes[0].ref.name),
        ):
            await user.press("B")
            assert named in user.text
            await user.press(*["down"] * (len(SCREENS) + number), "enter")
            assert isinstance(user.app.screen, kind | ExecutionPlace)
            if not isinstance(user.app.screen, AlarmPlace):
                await user.press("minus")


@pytest.mark.parametrize(
    ("place", "at"),
    [
        ("build", samples.failed_build().ended),
        ("trace", None),
        ("tail", None),
    ],
)
async def test_a_moment_is_that_of_what_the_cursor_is_on(place: str, at: datetime | None) -> None:
    async with console(full(world())) as user:
        found = await into(user, place)
        if place == "trace":
            opened = tracing.checkout()
            cursor = found.query_one("#waterfall").place  # type: ignore[attr-defined]
            moment = found.moment()
            assert moment is not None
            assert moment.timestamp() == pytest.approx(opened.trace.spans[cursor].start)
        elif place == "tail":
            await user.press("g")
            moment = found.moment()
            assert moment is not None and int(moment.timestamp() * 1000) == logbook.LINES[0].at
        else:
            view = found.query_one("#view")
            line = view.current_line  # type: ignore[attr-defined]
            assert found.moment() is not None and (view.has_focus or found.moment() == at)
            assert line is None or int(found.moment().timestamp() * 1000) == line.at  # type: ignore[union-attr]
