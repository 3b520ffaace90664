"""IAM: roles, kept as names. Their policies are stored and given back, and never judged."""

from pointsman.local.engines import Engine
from pointsman.local.iam import operations

ENGINE = Engine(name="iam", answers=(operations,))
