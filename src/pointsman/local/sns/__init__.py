"""SNS: topics, their subscriptions, and what is published to them."""

from pointsman.local.engines import Engine
from pointsman.local.sns import operations, topics

ENGINE = Engine(name="sns", answers=(operations,), install=topics.install)
