"""SSM Parameter Store: named values with versions; a SecureString is kept like the others, and says what it is."""

from pointsman.local.engines import Engine
from pointsman.local.ssm import operations, reading

ENGINE = Engine(name="ssm", answers=(operations, reading))
