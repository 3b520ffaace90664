"""How fast AWS may be asked: waiting on a clock, and a token bucket per service."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from pointsman.clock import Clock, ManualClock

Sleep = Callable[[float], Awaitable[None]]


def sleeper(clock: Clock) -> Sleep:
    """How to wait on a clock: on the loop's own time, or until somebody has moved a ManualClock far enough."""
    return _ManualSleep(clock) if isinstance(clock, ManualClock) else asyncio.sleep


class _ManualSleep:
    """Waits until a ManualClock has come to a time; any thread may move it."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def __call__(self, seconds: float) -> Awaitable[None]:
        # The time to wake is fixed by the call, not when its first step runs: the clock may move in between.
        return self._until(self._clock.now() + timedelta(seconds=seconds))

    async def _until(self, until: datetime) -> None:
        loop = asyncio.get_running_loop()
        come = asyncio.Event()

        def moved() -> None:
            if self._clock.now() >= until:
                with contextlib.suppress(RuntimeError):  # the loop has gone, and with it whoever waited
                    loop.call_soon_threadsafe(come.set)

        release = self._clock.listen(moved)
        try:
            if self._clock.now() < until:
                await come.wait()
            else:
                await asyncio.sleep(0)
        finally:
            release()


class Quota(Struct, frozen=True):
    """What AWS lets an account do in a region, and where that is written."""

    per_second: float
    source: str


QUOTAS: Mapping[str, Quota] = {
    "logs": Quota(10, "CloudWatch Logs endpoints and quotas: GetLogEvents, 10 a second in the slowest regions"),
    "codepipeline": Quota(20, "AWS publishes no request rate; a cautious assumption"),
    "codebuild": Quota(20, "AWS publishes no request rate; a cautious assumption"),
    "codedeploy": Quota(20, "AWS publishes no request rate; a cautious assumption"),
    "cloudwatch": Quota(9, "CloudWatch service quotas: DescribeAlarms, 9 a second; GetMetricData has 50"),
    "codecommit": Quota(20, "AWS publishes no request rate; a cautious assumption"),
}
"""Requests a second. A service that is not here is asked too rarely to be counted."""

SHARE = 0.25
"""How much of a quota this console takes: the rest is the account's own automation's."""


def share_of(calls: Mapping[str, int]) -> float:
    """How much of its budget the tightest service has had in a minute.

    Args:
        calls: Service -> calls in that minute, whoever made them.
    """
    return max((calls.get(name, 0) / (quota.per_second * SHARE * 60) for name, quota in QUOTAS.items()), default=0.0)


class Budget:
    """A token bucket per service. Waiters of a service are served in the order in which they came.

    A bucket holds what the quota allows in one second, and fills at our share of it.

    Args:
        clock: What time is measured on.
        sleep: How to wait; None waits on the clock.
        quotas: The quotas; empty for a backend of our own, where nothing is limited.
    """

    def __init__(self, clock: Clock, sleep: Sleep | None = None, quotas: Mapping[str, Quota] = QUOTAS) -> None:
        self._clock = clock
        self._sleep = sleep or sleeper(clock)
        self._buckets = {service: _Bucket(quota.per_second) for service, quota in quotas.items()}

    @classmethod
    def unlimited(cls, clock: Clock) -> Budget:
        """A budget that never waits."""
        return cls(clock, quotas={})

    async def take(self, service: str, count: int = 1) -> None:
        """Wait until ``count`` calls to a service may be made."""
        bucket = self._buckets.get(service)
        if bucket is None or count <= 0:
            return
        async with bucket.turn:
            while (short := bucket.short(count, self._clock.monotonic())) > 0:
                await self._sleep(short)
            bucket.tokens -= count


class _Bucket:
    def __init__(self, quota: float) -> None:
        self.rate = quota * SHARE
        self.capacity = max(1.0, quota)
        self.tokens = self.capacity
        self.at: float | None = None
        self.turn = asyncio.Lock()

    def short(self, count: int, now: float) -> float:
        """Seconds until there are enough tokens; 0 when there are. A count beyond the capacity runs into debt."""
        if self.at is not None:
            self.tokens = min(self.capacity, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        missing = min(float(count), self.capacity) - self.tokens
        return missing / self.rate + 1e-6 if missing > 1e-9 else 0.0
