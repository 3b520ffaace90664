"""CodeDeploy's arithmetic: predefined configurations, minimum healthy hosts, batches, and how traffic is shifted."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

SERVER: Final = "Server"
LAMBDA: Final = "Lambda"
ECS: Final = "ECS"

HOST_COUNT: Final = "HOST_COUNT"
FLEET_PERCENT: Final = "FLEET_PERCENT"
MOST_CONCURRENCY: Final = "MOST_CONCURRENCY"
"""What GetDeploymentConfig calls OneAtATime's rule: so many at a time, all others healthy."""

ALL_AT_ONCE: Final = "AllAtOnce"
CANARY: Final = "TimeBasedCanary"
LINEAR: Final = "TimeBasedLinear"

PREFIX: Final = "CodeDeployDefault."
LONGEST_SHIFT: Final = 2880
"""Minutes between the first and the last shift of traffic, at most."""


class Minimum(Struct, frozen=True):
    """``minimumHealthyHosts``."""

    kind: str
    value: int


class Routing(Struct, frozen=True):
    """``trafficRoutingConfig``: the percentage of a shift, and the minutes between two."""

    kind: str
    percentage: int = 100
    interval: int = 0


class Predefined(Struct, frozen=True):
    """A configuration that AWS brings along."""

    name: str
    platform: str
    minimum: Minimum | None = None
    routing: Routing | None = None


def _shifting(platform: str) -> list[Predefined]:
    canaries: tuple[int, ...]
    linears: tuple[tuple[int, str], ...]
    if platform == ECS:
        canaries, linears = (5, 15), ((1, "1Minutes"), (3, "3Minutes"))
    else:
        canaries, linears = (5, 10, 15, 30), ((1, "1Minute"), (2, "2Minutes"), (3, "3Minutes"), (10, "10Minutes"))
    return [
        Predefined(f"{PREFIX}{platform}AllAtOnce", platform, routing=Routing(ALL_AT_ONCE)),
        *(
            Predefined(
                f"{PREFIX}{platform}Canary10Percent{minutes}Minutes", platform, None, Routing(CANARY, 10, minutes)
            )
            for minutes in canaries
        ),
        *(
            Predefined(f"{PREFIX}{platform}Linear10PercentEvery{word}", platform, None, Routing(LINEAR, 10, minutes))
            for minutes, word in linears
        ),
    ]


PREDEFINED: Final[dict[str, Predefined]] = {
    one.name: one
    for one in (
        Predefined(f"{PREFIX}AllAtOnce", SERVER, Minimum(HOST_COUNT, 0)),
        Predefined(f"{PREFIX}HalfAtATime", SERVER, Minimum(FLEET_PERCENT, 50)),
        Predefined(f"{PREFIX}OneAtATime", SERVER, Minimum(MOST_CONCURRENCY, 1)),
        *_shifting(LAMBDA),
        *_shifting(ECS),
    )
}
"""By name."""

DEFAULT: Final = {SERVER: f"{PREFIX}OneAtATime", LAMBDA: f"{PREFIX}LambdaAllAtOnce", ECS: f"{PREFIX}ECSAllAtOnce"}
"""Platform -> the configuration of a group that names none."""


def minimum_healthy(minimum: Minimum, total: int) -> int:
    """How many of ``total`` instances must stay healthy; a fraction of an instance counts as a whole one."""
    if minimum.kind == FLEET_PERCENT:
        return math.ceil(total * minimum.value / 100)
    if minimum.kind == MOST_CONCURRENCY:
        return max(0, total - minimum.value)
    return minimum.value


def can_start(total: int, minimum: int) -> bool:
    """Whether a deployment can begin at all: its first instance leaves the healthy ones, and enough must be left."""
    return minimum < total


def room(total: int, minimum: int, *, failed: int, running: int) -> int:
    """How many more instances may be deployed to right now without the healthy ones falling below the minimum."""
    return max(0, total - minimum - failed - running)


def must_fail(total: int, minimum: int, *, failed: int, waiting: int) -> bool:
    """Whether a deployment fails here and now.

    It does when a further instance would take the healthy ones below the minimum while there are instances left; the
    failure of the very last ones is borne (`judge` has the last word).
    """
    return waiting > 0 and total - failed <= minimum


def judge(minimum: int, *, succeeded: int) -> bool:
    """Whether a deployment that has been to every instance has succeeded: on the minimum, and on one at least."""
    return succeeded >= max(1, minimum)


def shifts(routing: Routing) -> tuple[tuple[int, int], ...]:
    """How traffic moves: (minutes after the beginning, percentage that reaches the new side), in order."""
    if routing.kind == CANARY:
        return ((0, routing.percentage), (routing.interval, 100))
    if routing.kind == LINEAR:
        count = math.ceil(100 / routing.percentage)
        return tuple((step * routing.interval, min(100, (step + 1) * routing.percentage)) for step in range(count))
    return ((0, 100),)


# -- lifecycle events -----------------------------------------------------------------------------------------------

INSTALLING: Final = (
    "ApplicationStop",
    "DownloadBundle",
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "ApplicationStart",
    "ValidateService",
)
BLOCKING: Final = ("BeforeBlockTraffic", "BlockTraffic", "AfterBlockTraffic")
ALLOWING: Final = ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")
RESTARTING: Final = ("ApplicationStop", "ApplicationStart", "ValidateService")
"""What is left of a deployment that only restarts the application: nothing is downloaded or installed."""
LAMBDA_EVENTS: Final = ALLOWING
ECS_EVENTS: Final = ("BeforeInstall", "Install", "AfterInstall", *ALLOWING)
ECS_TESTED: Final = ("BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic", *ALLOWING)
"""With a test listener."""

UNSCRIPTED: Final = frozenset({"DownloadBundle", "Install", "BlockTraffic", "AllowTraffic", "AllowTestTraffic"})
"""Events that are CodeDeploy's own; no script can be given for them."""
FROM_BEFORE: Final = frozenset({"ApplicationStop", "BeforeBlockTraffic", "AfterBlockTraffic"})
"""Events whose scripts come from the revision that was last installed, not from the one that is coming."""
SERVER_HOOKS: Final = frozenset({*INSTALLING, *BLOCKING, *ALLOWING}) - UNSCRIPTED
LAMBDA_HOOKS: Final = frozenset({"BeforeAllowTraffic", "AfterAllowTraffic"})
ECS_HOOKS: Final = frozenset(ECS_TESTED) - UNSCRIPTED


def in_place(*, balanced: bool, restart: bool = False) -> tuple[str, ...]:
    """The events of an instance that is deployed to in place.

    Args:
        balanced: Behind a load balancer, which stops sending traffic meanwhile.
        restart: ``deploymentMode`` RESTART.
    """
    inner = RESTARTING if restart else INSTALLING
    return (*BLOCKING, *inner, *ALLOWING) if balanced else inner


# -- tags -----------------------------------------------------------------------------------------------------------


class TagFilter(Struct, frozen=True):
    """One tag that is looked for: KEY_ONLY, VALUE_ONLY or KEY_AND_VALUE."""

    kind: str
    key: str = ""
    value: str = ""

    def matches(self, tags: dict[str, str]) -> bool:
        """Whether one of the tags is it."""
        if self.kind == "KEY_ONLY":
            return self.key in tags
        if self.kind == "VALUE_ONLY":
            return self.value in tags.values()
        return tags.get(self.key) == self.value


def tagged(groups: tuple[tuple[TagFilter, ...], ...], tags: dict[str, str]) -> bool:
    """Whether an instance is meant: by one filter at least of every group, when there are groups at all."""
    return bool(groups) and all(any(one.matches(tags) for one in group) for group in groups)
