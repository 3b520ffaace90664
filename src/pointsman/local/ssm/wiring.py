"""SSM Parameter Store as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.engines import Engine
from pointsman.local.ssm import operations, reading

ENGINE = Engine(name="ssm", answers=(operations, reading))
