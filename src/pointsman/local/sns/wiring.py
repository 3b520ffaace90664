"""SNS as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

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
