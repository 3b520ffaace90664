"""STS as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.sts import operations

ENGINE = Engine(name="sts", answers=(operations,))
