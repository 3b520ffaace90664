"""STS: who the caller is, and short-lived keys that open nothing."""

from pointsman.local.engines import Engine
from pointsman.local.sts import operations

ENGINE = Engine(name="sts", answers=(operations,))
