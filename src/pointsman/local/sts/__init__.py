"""STS: who the caller is, and short-lived keys."""

from pointsman.local.engines import Engine
from pointsman.local.sts import operations

ENGINE = Engine(name="sts", answers=(operations,))
