"""How long an action or a rule may take."""

from __future__ import annotations

from typing import Final

from pointsman.local.codepipeline.runs import timer_key
from pointsman.local.codepipeline.shapes import Ticket
from pointsman.local.world import Scope

TIMEOUT_TOPIC: Final = "codepipeline.timeout"
"""Delivered with a ticket and what is ``said`` when the time is over."""


def give_time(scope: Scope, ticket: Ticket, minutes: int, said: str = "") -> None:
    """Have an action or rule fail unless it has ended in so many minutes from now.

    Args:
        scope: The pipeline's.
        ticket: The action execution's.
        minutes: How many.
        said: Its failure then; a sentence with the minutes unless given.
    """
    payload = {**ticket.payload(), "said": said or f"The action did not end within {minutes} minutes."}
    scope.after(minutes * 60, TIMEOUT_TOPIC, payload, key=timer_key(ticket))
