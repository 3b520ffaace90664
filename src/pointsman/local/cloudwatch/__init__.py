"""CloudWatch's alarms: kept, described, and set by hand. What evaluates them is not built yet, and says so by name."""

from pointsman.local.cloudwatch import operations
from pointsman.local.engines import Engine

ENGINE = Engine(name="cloudwatch", answers=(operations,))
