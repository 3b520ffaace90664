"""Dashboards of two megabytes: drawn, gone through and described."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console import dashing
from console.driving import console
from pointsman.console.widgets.dashboard_canvas import DashboardCanvas

ARN = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"
METRICS = [["Shop", f"m{at}", "Host", "h" * 16] for at in range(50_000)]
TABLE = "|a|b|\n|-|-|\n|" + "x|" * 1_000_000
BODIES: dict[str, Any] = {
    "many widgets": [dashing.widget("text", 0, 0, 6, 6, markdown="x" * 100)] * 12_000,
    "many lines": [dashing.widget("text", 0, 0, 24, 6, markdown="# a [b]\n" * 250_000)],
    "a long line": [dashing.widget("text", 0, 0, 24, 6, markdown="**a** `b` [c](d) " * 130_000)],
    "a table": [dashing.widget("text", 0, 0, 24, 6, markdown=TABLE)],
    "a title": [dashing.widget("metric", 0, 0, 24, 6, metrics=METRICS[:2], title="[red]" * 400_000)],
    "many metrics": [dashing.widget("metric", 0, 0, 24, 6, metrics=METRICS, title="x")],
    "a query": [dashing.widget("log", 0, 0, 24, 6, query="SOURCE '/x' | " + "fields @message | " * 110_000)],
    "many alarms": [dashing.widget("alarm", 0, 0, 24, 6, alarms=[f"{ARN}{at}" for at in range(36_000)])],
}


@pytest.mark.parametrize("what", BODIES)
async def test_two_megabytes_are_drawn(what: str) -> None:
    text = json.dumps({"widgets": BODIES[what]})
    assert len(text) > 1_800_000
    async with console(size=(120, 40)) as user:
        user.world.fresh("dashboard", "mixed", None, None, value=dashing.of("mixed", text))
        await user.obey("dashboard mixed")
        shown = "500 widgets" if what == "many widgets" else "1 widget"
        assert shown in user.text
        assert user.app.screen.query_one("#canvas", DashboardCanvas).widget is not None
        await user.press("tab", "d")
        assert '"type"' in user.text
        assert [one.fault for one in user.app.desk.troubles.entries] == []
