"""Lambda as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pointsman.local.awslambda import operations
from pointsman.local.engines import Engine

ENGINE = Engine(name="lambda", answers=(operations,))
