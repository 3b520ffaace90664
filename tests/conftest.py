"""Fixtures for every ring: no user configuration, no AWS environment, a clock that stands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from pointsman.clock import ManualClock

if TYPE_CHECKING:
    from support.backend import CheckedBackend


# A property holds or it does not: how long an example takes on a busy machine is no part of it.
settings.register_profile("pointsman", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pointsman")


@pytest.fixture(autouse=True)
def _no_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A developer's home, AWS files and terminal cannot decide a test."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name.startswith("TEXTUAL_SNAPSHOT"):
            continue  # the snapshot plugin's own
        if name.startswith(("AWS_", "POINTSMAN_", "TEXTUAL_", "XDG_")) or name in ("NO_COLOR", "TMUX", "SSH_TTY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / ".state"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at EPOCH."""
    return ManualClock()


@pytest.fixture
def backend(clock: ManualClock, tmp_path: Path) -> Iterator[CheckedBackend]:
    """A backend with a state folder under a manual clock, its answers checked."""
    from support.backend import CheckedBackend

    with CheckedBackend(state=tmp_path / "state", clock=clock) as made:
        yield made
