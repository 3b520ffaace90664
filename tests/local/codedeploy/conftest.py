"""A client of CodeDeploy on a checked backend."""

from __future__ import annotations

from typing import Any

import pytest

from support.backend import CheckedBackend


@pytest.fixture
def codedeploy(backend: CheckedBackend) -> Any:
    return backend.session().client("codedeploy")
