"""The browser of metrics: down, up, searched on every level, pinned to the board."""

from __future__ import annotations

from console import metering
from console.driving import Driver, console
from pointsman.console.screens.metric import MetricPlace
from pointsman.console.screens.metric_browser import MetricBrowser
from pointsman.console.widgets.table import LineTable
from pointsman.model.metrics import MetricList
from pointsman.model.refs import MetricRef
from pointsman.model.snapshot import Snapshot


def titles(user: Driver) -> list[str]:
    return [one.shelf.title for one in user.app.screen.query_one("#shelf-table", LineTable).rows]


def place(user: Driver) -> MetricBrowser:
    found = user.app.screen
    assert isinstance(found, MetricBrowser)
    return found


async def test_down_to_a_metric_and_up_again() -> None:
    async with console() as user:
        await user.press("6", "N")
        assert titles(user) == sorted({one.namespace for one in metering.LISTED})
        await user.press(*["down"] * titles(user).index("Shop"), "enter")
        assert titles(user) == ["no dimensions", "Region"]
        await user.press("down", "enter")
        assert titles(user) == ["Orders"] and "Region=eu" in user.text
        await user.press("enter")
        assert isinstance(user.app.screen, MetricPlace) and user.app.screen.refs == (metering.ORDERS,)
        await user.press("escape", "escape")
        assert titles(user) == ["no dimensions", "Region"]
        await user.press("left")
        assert "Shop" in titles(user)
        await user.press("escape")
        assert not isinstance(user.app.screen, MetricBrowser)


async def test_a_search_counts_on_every_level() -> None:
    async with console() as user:
        await user.obey("browse")
        await user.press("slash", *"eu", "enter")
        assert titles(user) == ["Shop"] and "1 of 5" in user.text
        await user.press("enter")
        assert titles(user) == ["Region"]


async def test_a_pin_goes_to_the_board_and_a_configured_one_stays() -> None:
    async with console() as user:
        user.world.services.metrics.pinned = (metering.CPU,)
        user.world.fresh("metrics", True, "Shop", value=metering.listed())
        await user.obey("browse Shop")
        await user.press("p")
        assert any("only a metric can be pinned" in one for one in user.toasts)
        await user.press("down", "enter", "p")
        assert "pinned" in user.text
        await user.press("6")
        rows = user.app.screen.query_one("#metrics-table", LineTable).rows
        assert [one.ref for one in rows if one.pinned] == [metering.CPU, metering.ORDERS]
        await user.press("p")
        assert any("pinned in the configuration (watch.pins)" in one for one in user.toasts)


async def test_pins_are_moved_among_themselves_and_come_back() -> None:
    async with console() as user:
        await user.press("6")
        table = user.app.screen.query_one("#metrics-table", LineTable)
        for ref in (metering.ORDERS, metering.DURATION):
            table.move_to(ref)
            await user.press("p")

        def kept() -> list[MetricRef]:
            return [one.ref for one in table.rows if one.pinned]

        assert kept() == [metering.ORDERS, metering.DURATION]
        table.move_to(metering.DURATION)
        await user.press("less_than_sign")
        assert kept() == [metering.DURATION, metering.ORDERS]
        table.move_to(metering.SILENT)
        await user.press("greater_than_sign")
        assert any("only what you have pinned" in one for one in user.toasts)


async def test_the_board_is_grouped_by_namespace() -> None:
    async with console() as user:
        await user.press("6", "w")
        rows = user.app.screen.query_one("#metrics-table", LineTable).rows
        spaces = [one.ref.namespace for one in rows]
        assert [one.follows for one in rows] == [at > 0 and spaces[at - 1] == one for at, one in enumerate(spaces)]
        firsts = [one.ref.namespace for one in rows if not one.follows]
        assert len(firsts) == len(set(spaces)), "the metrics of one namespace stand together"


async def test_of_too_many_metrics_a_namespace_is_read_by_itself() -> None:
    async with console() as user:
        cut = MetricList(tuple(sorted(metering.LISTED)), more=True)
        user.world.feeds.snapshots["metrics", True] = Snapshot(cut, partial="the first 20,000 metrics")
        await user.obey("browse")
        assert "the first 20,000 metrics" in user.text
        more = MetricList((*sorted(metering.LISTED), MetricRef("Shop", "Zebra", (("Region", "us"),))))
        user.world.fresh("metrics", True, "Shop", value=more)
        await user.press(*["down"] * titles(user).index("Shop"), "enter", "down", "enter")
        assert titles(user) == ["Orders", "Zebra"]


async def test_names_from_outside_are_text() -> None:
    async with console() as user:
        await user.obey("browse")
        assert "[red]Shop[/]" in user.text and "\x1b" not in user.text
        assert place(user).seen() == []
