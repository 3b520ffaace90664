"""Windows of mute rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pointsman.semantics.metrics import mutes

SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "duration", "zone", "now", "hours"),
    [
        ("cron(0 2 * * SUN)", "PT4H", "", SUNDAY + timedelta(hours=3), 3),
        ("cron(0 2 * * SUN)", "PT4H", "", SUNDAY + timedelta(hours=6), None),
        ("cron(0 2 * * SUN)", "PT4H", "", SUNDAY + timedelta(hours=1.99), None),
        ("cron(0 2 * * SUN)", "PT4H", "America/New_York", SUNDAY + timedelta(hours=8), 3),
        ("cron(0 18 * * FRI)", "P2DT12H", "", SUNDAY, 30),
        ("at(2026-03-01T00:00)", "PT1H", "", SUNDAY, 1),
        ("at(2026-03-01T00:00)", "PT1H", "", SUNDAY - timedelta(seconds=1), None),
        ("cron(0,30 * * * *)", "PT10M", "", SUNDAY + timedelta(minutes=35), 5 / 60),
    ],
)
def test_a_window_is_open_or_not(expression: str, duration: str, zone: str, now: datetime, hours: float | None) -> None:
    end = mutes.read(expression, duration, zone).until(now)
    assert end == (None if hours is None else now + timedelta(hours=hours))
