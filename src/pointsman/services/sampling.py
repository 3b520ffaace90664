"""Sampling rules for the screens and the operations: what they say, and what samplers did by them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from pointsman.clock import Clock
from pointsman.model.sampling import SamplingRule
from pointsman.model.sampling import SamplingRules as Listed
from pointsman.services.ask import Asks, Meter
from pointsman.services.feeds import Report, Source
from pointsman.services.pace import Budget
from pointsman.services.reads import sampling as reader

__all__ = ["SamplingRules"]

SERVICE = "xray"
PAGES = 20
EVERY = 30.0
"""Seconds the rules are good for: samplers report every ten."""


class SamplingRules:
    """Use cases over X-Ray's sampling rules.

    Args:
        cloud: What answers.
        clock: The time.
        budget: What limits the calls of feeds; None limits nothing.
    """

    def __init__(self, cloud: Asks, clock: Clock, budget: Budget | None = None) -> None:
        self._meter = Meter(cloud, SERVICE, budget or Budget.unlimited(clock))

    def rules(self) -> Source[Listed]:
        """Every rule with its statistics, as they are asked."""

        async def read(_: Report[Listed]) -> Listed:
            found = await self._rules()
            told = [reader.statistics(page) async for page in self._pages("GetSamplingStatisticSummaries")]
            return reader.together(found, told)

        return Source(("sampling-rules",), read, lambda _: EVERY, SERVICE, cost=0)

    async def fresh(self) -> Listed:
        """Every rule as it is now, past every cache, without statistics."""
        return reader.together(await self._rules(urgent=True), ())

    async def _rules(self, *, urgent: bool = False) -> list[SamplingRule]:
        return [one async for page in self._pages("GetSamplingRules", urgent=urgent) for one in reader.rules(page)]

    async def _pages(self, operation: str, *, urgent: bool = False) -> AsyncIterator[dict[str, Any]]:
        token = ""
        for _ in range(PAGES):
            answer = await self._meter.ask(operation, urgent=urgent, NextToken=token or None)
            yield answer
            following = str(answer.get("NextToken") or "")
            if not following or following == token:
                return
            token = following
