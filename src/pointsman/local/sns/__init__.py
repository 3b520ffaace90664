"""SNS: topics, their subscriptions, and what is published to them."""

from pointsman.local.engines import Engine
from pointsman.local.sns import operations, outlets, topics

ENGINE = Engine(
    name="sns",
    answers=(operations,),
    install=topics.install,
    resume=outlets.resume,
    stop=outlets.stop,
    folders=(outlets.FOLDER,),
)
