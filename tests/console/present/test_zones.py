"""Moments in a zone."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from pointsman.console.present.zones import UTC_ZONE, zone

SUMMER = datetime(2026, 7, 1, 12, 2, 7, 123_000, tzinfo=UTC)
WINTER = datetime(2026, 12, 1, 12, 2, 7, tzinfo=UTC)


def test_utc_is_said_shortly() -> None:
    assert zone("utc") is UTC_ZONE
    assert zone("") is UTC_ZONE
    assert UTC_ZONE.minute(SUMMER) == "12:02Z"
    assert UTC_ZONE.full(SUMMER) == "2026-07-01 12:02:07 UTC"
    assert UTC_ZONE.milli(SUMMER) == "12:02:07.123"


def test_a_named_zone_changes_over_the_year() -> None:
    berlin = zone("Europe/Berlin")
    assert berlin.minute(SUMMER) == "14:02 CEST"
    assert berlin.minute(WINTER) == "13:02 CET"
    assert berlin.second(SUMMER) == "14:02:07"
    assert berlin.marked(SUMMER, "%H:%M") == "14:02 CEST"


def test_a_zone_without_a_name_says_its_distance() -> None:
    assert zone("Asia/Dubai").minute(SUMMER) == "16:02 +0400"


def test_the_machines_own_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert zone("local").minute(SUMMER) == "08:02 EDT"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("name", ["Europe/Nowhere", "Europe", "../etc/passwd", "/etc/localtime", "x\0y"])
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        zone(name)
