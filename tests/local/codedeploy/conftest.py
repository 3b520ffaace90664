"""A client of CodeDeploy on a checked backend, and the shortest way to a deployment."""

from __future__ import annotations

from typing import Any

import pytest

from pointsman.clock import ManualClock
from support.backend import CheckedBackend
from support.deploying import Deploying


@pytest.fixture
def codedeploy(backend: CheckedBackend) -> Any:
    return backend.session().client("codedeploy")


@pytest.fixture
def shop(backend: CheckedBackend, clock: ManualClock) -> Deploying:
    return Deploying(backend, clock)
