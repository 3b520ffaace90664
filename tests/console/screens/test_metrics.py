"""What the metric screens do with snapshots and keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from console import metering
from console.driving import console
from pointsman.console.screens.metric import MetricPlace
from pointsman.console.widgets.table import LineTable
from pointsman.model.metrics import MetricList, MetricQuery, Wall, WallQuery
from pointsman.model.refs import MetricRef


def shown(user: Any) -> list[MetricRef]:
    return [row.ref for row in user.app.screen.query_one("#metrics-table", LineTable).rows]


def walls(user: Any) -> list[WallQuery]:
    """What values are read of now."""
    return [key[1] for key in user.world.feeds.heard() if key[0] == "wall"]


async def test_what_is_in_alarm_is_first_and_every_row_says_how_much() -> None:
    async with console() as user:
        await user.press("6")
        assert shown(user)[0] == metering.CPU
        line = next(line for line in user.lines if "CPUUtil" in line)
        for words in ("✗", "86.2%", "22%", "93.4%", "> 80%"):
            assert words in line
        assert "no data" in next(line for line in user.lines if "Refunds" in line)


async def test_markup_in_names_is_text_and_control_sequences_are_gone() -> None:
    async with console(size=(160, 40)) as user:
        await user.press("6")
        assert "[@click=app.quit]x[/]" in user.text
        assert "\x1b" not in user.text
        assert "\u202e" not in user.text


async def test_left_and_right_read_values_and_lead_to_that_moment() -> None:
    async with console() as user:
        await user.press("6", "left", "left")
        assert "Average of CPUUtilization" in user.lines[-2]
        assert "> 80% of checkout-cpu" in user.lines[-2]
        await user.press("right", "right", "right")
        assert "Average of" not in user.lines[-2]


async def test_problems_only_and_words_narrow_the_list() -> None:
    async with console() as user:
        await user.press("6", "ctrl+z")
        assert shown(user) == [metering.CPU]
        await user.press("ctrl+z", "slash")
        await user.type("refunds")
        await user.press("enter")
        assert shown(user) == [metering.SILENT]


async def test_values_are_asked_of_what_is_listed_only() -> None:
    async with console() as user:
        await user.press("6", "slash")
        await user.type("orders")
        await user.press("enter")
        assert ("wall", WallQuery((MetricQuery(metering.ORDERS),))) in user.world.feeds.heard()


async def test_what_is_not_watched_is_there_when_everything_is_asked_for_and_a_pin_keeps_it() -> None:
    quiet = MetricRef("Quiet", "Hum")
    async with console() as user:
        user.world.fresh("metrics", True, value=MetricList((*sorted(metering.LISTED), quiet)))
        await user.press("6")
        assert quiet not in shown(user)
        await user.press("b", "slash")
        await user.type("hum")
        await user.press("enter", "p", "slash")
        await user.press("escape")
        await user.press("b")
        assert quiet in shown(user)
        assert dict(user.app.place.chosen())["pins"] == '[["Quiet", "Hum"]]'  # type: ignore[union-attr]


async def test_another_statistic_and_range_are_other_feeds() -> None:
    async with console() as user:
        await user.press("6", "s", "down", "enter")
        assert ("wall", metering.board_query(stat="Sum")) in user.world.feeds.heard()
        await user.press("t", "enter")
        assert ("wall", metering.board_query(timedelta(minutes=30), "Sum")) in user.world.feeds.heard()


async def test_marked_rows_are_drawn_together_and_math_adds_a_series() -> None:
    async with console() as user:
        await user.press("6", "space", "space", "enter")
        place = user.app.place
        assert isinstance(place, MetricPlace)
        assert len(place.refs) == 2
        await user.press("slash")
        await user.type("m1/m2")
        await user.press("enter")
        asked = WallQuery((*(MetricQuery(one) for one in place.refs), MetricQuery(None, expression="m1/m2")))
        assert ("wall", asked) in user.world.feeds.heard()


async def test_y_gives_series_an_axis_of_their_own() -> None:
    async with console() as user:
        await user.press("6", "space", "space", "enter")
        place = user.app.place
        assert isinstance(place, MetricPlace) and len(place.refs) == 2
        queries = tuple(MetricQuery(one) for one in place.refs)
        found = tuple(metering.series(one) for one in queries)
        wall = Wall(WallQuery(queries), found, metering.NOW - timedelta(hours=3), metering.NOW)
        user.world.fresh("wall", WallQuery(queries), value=wall)
        await user.settle()
        for shown in (True, False, True):
            await user.press("y")
            assert ("right axis" in user.text) == shown
        assert "103s" in user.text, "each series has its own unit"
        await user.press("escape")
        user.app.place.query_one("#metrics-table", LineTable).clear_marks()  # type: ignore[union-attr]
        await user.press("enter", "y")
        assert any("there is one series" in one for one in user.toasts)


async def test_a_plot_zooms_around_the_moment_it_reads_and_comes_back_to_now() -> None:
    async with console() as user:
        await user.press("6", "enter", *["left"] * 40, "plus", "plus")
        place = user.app.place
        assert isinstance(place, MetricPlace)
        assert place.span == timedelta(minutes=45)
        assert any(one.end is not None for one in walls(user))
        await user.press("0")
        assert ("wall", WallQuery((MetricQuery(metering.CPU),), place.span)) in user.world.feeds.heard()


async def test_a_hundred_thousand_metrics_are_listed_and_five_hundred_read() -> None:
    many = tuple(MetricRef("Shop", f"metric-{at:06d}") for at in range(100_000))
    async with console() as user:
        user.world.fresh("metrics", True, value=MetricList(many))
        await user.press("6")
        assert "100,000" in user.text
        assert [len(one.queries) for one in walls(user)] == [500]
