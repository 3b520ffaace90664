"""Answers that go on: an event stream as the backend makes it, taken up under boto3 and by the endpoint alike.

A flow holds what is there to be sent; whoever serves it takes it, and asks again when more may be there. So nothing
waits inside the backend, and one flow does for a thread that blocks and for a loop that must not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

Event = dict[str, Any]
"""One event of a stream: the member's name -> its value, as in botocore's event stream shape."""


class Flow(ABC):
    """An event stream under way."""

    over = False
    """Whether nothing comes any more."""

    @abstractmethod
    def take(self) -> tuple[Event, ...]:
        """What is to be sent by now, in order; nothing more comes once ``over`` is true afterwards."""

    @abstractmethod
    def pause(self) -> float:
        """Seconds of real time after which it is worth asking again."""

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Block for so long, or until the flow is over."""

    @abstractmethod
    def close(self) -> None:
        """Whoever took from it has gone."""


def failure(event: Event) -> tuple[str, str] | None:
    """(code, message) of an event that is an exception; None for any other."""
    for name, value in event.items():
        if name.endswith("Exception"):
            return name, str(value.get("message", ""))
    return None
