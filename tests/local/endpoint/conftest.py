"""An endpoint over a fresh backend, and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from pointsman.clock import ManualClock
from pointsman.local.endpoint import Endpoint
from support.backend import CheckedBackend
from support.endpoint import KEY


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    """A signed endpoint on a port of its own."""
    backend = CheckedBackend(state=tmp_path / "state", clock=ManualClock())
    with backend, Endpoint(backend, keys=KEY) as made:
        yield made


@pytest.fixture
def client(endpoint: Endpoint) -> Callable[..., Any]:
    """``client("s3")``: a boto3 client of the endpoint."""
    session = boto3.Session(KEY.access_key_id, KEY.secret_access_key, region_name="eu-west-1")
    once = Config(retries={"total_max_attempts": 1})

    def make(service: str, **options: Any) -> Any:
        options.setdefault("config", once)
        return session.client(service, endpoint_url=endpoint.address, **options)

    return make
