"""A question put to the logs from the keyboard: written, run, drawn, and followed into a log."""

from __future__ import annotations

from journeys.driving import Scene, User, at_the_console
from pointsman.console.screens.tail import TailPlace
from pointsman.console.widgets.query_editor import QueryEditor
from pointsman.local.scenarios import Demo

TRACE = "1-5759e988-bd862e3fe1be46a994272793"


def fill(demo: Demo) -> None:
    """An hour of a shop's log: an error every fourth line."""
    logs = demo.session_factory().client("logs")
    logs.create_log_group(logGroupName="/shop/web")
    logs.create_log_stream(logGroupName="/shop/web", logStreamName="web-1")
    now = int(demo.clock.now().timestamp() * 1000)
    lines = [
        f'{{"level": "{"ERROR" if at % 4 == 0 else "INFO"}", "took": {at}, "path": "/cart/{at}", "trace": "{TRACE}"}}'
        for at in range(60)
    ]
    events = [{"timestamp": now - 60_000 * (60 - at), "message": line} for at, line in enumerate(lines)]
    logs.put_log_events(logGroupName="/shop/web", logStreamName="web-1", logEvents=events)


async def ran(user: User) -> None:
    """Run what is written and wait for what comes of it."""
    await user.presses("ctrl+r")
    await user.waits_for("Complete", most=60, step=1)


async def test_from_a_question_to_its_picture_and_into_a_row(floor: Scene, demo: Demo) -> None:
    fill(demo)
    async with at_the_console(floor) as user:
        await user.commands("insights in /shop/web")
        await ran(user)
        user.sees("60 rows")
        user.app.screen.query_one(QueryEditor).use("")
        await user.types("stats count(*) as n by bin(5m)")
        await ran(user)
        user.sees("n", "bin(5m)")
        user.app.screen.query_one(QueryEditor).use("")
        await user.types("filter level = 'ERROR' | sort @timestamp desc | limit 3")
        await ran(user)
        user.sees("3 rows", "/cart/56")
        await user.presses("escape", "l")
        await user.waits_for("/cart/56", most=30, step=1)
        assert isinstance(user.app.screen, TailPlace)
