"""What the alarm screens do with snapshots and keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from console import alarming, metering, releases
from console.driving import console
from pointsman.clock import EPOCH
from pointsman.console.screens.alarm import AlarmPlace
from pointsman.console.screens.deployment import DeploymentPlace
from pointsman.console.screens.metric import MetricPlace
from pointsman.console.widgets.table import LineTable
from pointsman.model.alarms import Alarm, AlarmHistory, AlarmList, Change
from pointsman.model.deployments import DeploymentGroup
from pointsman.model.refs import AlarmRef, DeploymentGroupRef, DeploymentRef


def names(user: Any) -> list[str]:
    return [row.alarm.ref.name for row in user.app.screen.query_one("#alarm-table", LineTable).rows]


async def alarms(user: Any) -> None:
    await user.press("6", "m")


async def test_worst_first_each_with_what_its_state_rests_on() -> None:
    async with console(size=(160, 40)) as user:
        await alarms(user)
        assert names(user) == ["shop-is-ill", "checkout-cpu", "nightly [red]batch[/]", "refunds", "no-orders"]
        line = next(line for line in user.lines if "checkout-cpu" in line and "CPUUtil" in line)
        for words in ("ALARM", "12m", "CPUUtilization 92% > 80%, 3 of 3 points"):
            assert words in line
        assert "muted 2h" in next(line for line in user.lines if "nightly" in line)
        assert "actions off" in next(line for line in user.lines if "no-orders" in line)
        assert "tells nobody" in next(line for line in user.lines if "refunds" in line)


async def test_problems_only_and_words_narrow_the_list() -> None:
    async with console() as user:
        await alarms(user)
        await user.press("ctrl+z")
        assert "no-orders" not in names(user)
        await user.press("slash")
        await user.type("batch")
        assert names(user) == ["nightly [red]batch[/]"]


async def test_a_composite_shows_its_rule_and_what_makes_it_fire() -> None:
    async with console(size=(120, 50)) as user:
        user.app.router.open(alarming.SHOP.ref)
        await user.settle()
        text = user.text
        assert "→ checkout-cpu" in text
        assert "gone  not known" in text
        assert text.index("OR") < text.index("AND") < text.index("NOT")
        assert "suppressed by" in text


async def test_one_alarm_shows_its_metric_its_history_and_what_went_out_before() -> None:
    async with console(size=(120, 50)) as user:
        user.app.router.open(alarming.CPU.ref)
        await user.settle()
        place = user.app.place
        assert isinstance(place, AlarmPlace)
        query = place._query()
        assert query is not None
        user.world.fresh("wall", query, value=metering.wall(query))
        await user.settle()
        assert "fires when" in user.text
        assert "> 80% in 3 of 3 periods of 1 min" in user.text
        assert "Successfully executed action" in user.text
        assert "93.4%" in user.text, "the plot's bound"


async def test_it_leads_to_its_metric_at_the_minute_it_fired() -> None:
    async with console() as user:
        user.app.router.open(alarming.CPU.ref)
        await user.settle()
        await user.press("p")
        place = user.app.place
        assert isinstance(place, MetricPlace)
        assert place.ref == metering.CPU
        assert place._moment == alarming.FIRED


async def test_the_release_before_it_is_opened_and_can_be_rolled_back_from_here() -> None:
    async with console() as user:
        user.app.router.open(alarming.CPU.ref)
        await user.settle()
        place = user.app.place
        assert isinstance(place, AlarmPlace)
        release = place._release()
        assert release is not None
        assert isinstance(release.ref, DeploymentRef)
        assert release.at <= alarming.FIRED
        assert release.ref in [ref for ref, _ in place.targets()]
        await user.press("r")
        assert isinstance(user.app.place, DeploymentPlace)


async def test_an_alarm_that_is_gone_says_so() -> None:
    async with console() as user:
        user.app.router.open(AlarmRef("gone"))
        await user.settle()
        assert "there is no alarm gone (any more)" in user.text


async def test_the_overview_and_the_attention_line_say_what_fires_once() -> None:
    async with console(size=(200, 50)) as user:
        assert "alarm shop-is-ill" in user.text
        assert "alarm checkout-cpu" not in user.lines[1], "the composite one tells of it"
        assert "nightly" not in user.lines[1], "it is muted"
    async with console(size=(80, 24)) as user:
        assert "6 Alarms: 2 in ALARM" in user.text


async def test_five_thousand_alarms_are_a_list_like_another() -> None:
    many = tuple(
        replace(alarming.ORDERS, ref=AlarmRef(f"alarm-{at:04d}"), since=EPOCH - timedelta(minutes=at))
        for at in range(5000)
    )
    async with console() as user:
        user.world.fresh("alarms", value=AlarmList(many))
        await alarms(user)
        assert "5,000" in user.text
        assert names(user)[0] == "alarm-0000"


async def test_an_alarm_of_which_little_is_known_is_shown() -> None:
    async with console() as user:
        user.world.fresh(
            "alarms", value=AlarmList((Alarm(AlarmRef("bare")), Alarm(AlarmRef("odd"), data="[1]", state="?")))
        )
        await alarms(user)
        assert sorted(names(user)) == ["bare", "odd"]
        await user.press("enter")
        assert isinstance(user.app.place, AlarmPlace)


async def test_older_history_is_said_not_to_be_read_and_read_on_demand() -> None:
    async with console(size=(120, 50)) as user:
        user.app.router.open(alarming.CPU.ref)
        await user.settle()
        assert "older not read" in user.text
        old = Change(alarming.CPU.ref, EPOCH - timedelta(days=20), "StateUpdate", "long ago", "OK", "ALARM")
        user.world.services.alarms.past = [AlarmHistory((alarming.history().changes[-1], old), more=False)]
        await user.press("o")
        assert "long ago" in user.text
        assert "older not read" not in user.text
        assert "nothing older" in user.text
        user.world.fresh("alarm-history", "checkout-cpu", value=alarming.history())
        await user.settle()
        assert "long ago" in user.text, "reading the newest again keeps what was read"
        await user.press("o")
        assert "there is no older history" in user.text


async def test_an_action_that_failed_says_why() -> None:
    async with console(size=(120, 50)) as user:
        user.app.router.open(alarming.CPU.ref)
        await user.settle()
        assert "Failed: Failed to execute action" in user.text
        assert "not authorized to perform: SNS:Publish" in user.text


async def test_what_it_guards_are_the_groups_that_name_it_read_when_somebody_asks() -> None:
    async with console(size=(120, 50)) as user:
        user.app.router.open(alarming.CPU.ref)
        await user.settle()
        assert ("deployment-groups",) not in user.world.feeds.heard()
        user.world.feeds.snapshots.pop(("deployment-groups",), None)
        await user.press("w")
        assert ("deployment-groups",) in user.world.feeds.heard()
        group = DeploymentGroup(DeploymentGroupRef("shop", "quiet"), alarms=("checkout-cpu",))
        user.world.fresh("deployment-groups", value=(group, *releases.groups()))
        await user.settle()
        assert "What it guards" in user.text
        assert "shop/quiet" in user.text
        await user.press("escape")
        user.world.fresh("deployment-groups", value=())
        await user.settle()
        assert "What it guards" not in user.text, "it was asked once"
        await user.press("w")
        assert "no deployment group names it" in user.text
