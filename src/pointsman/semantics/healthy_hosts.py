"""How many targets CodeDeploy takes at once, and how many must stay healthy: a configuration's arithmetic."""

from __future__ import annotations

from msgspec import Struct

from pointsman.semantics.deployments import DEFAULT, MOST_CONCURRENCY, SERVER, Minimum, minimum_healthy

ONE_AT_A_TIME = DEFAULT[SERVER]


class HealthyHosts(Struct, frozen=True):
    """A configuration's minimum, as numbers for a fleet of known size."""

    total: int
    """The targets of the deployment."""
    minimum: int
    """How many of them must be healthy all the time."""

    @property
    def at_once(self) -> int:
        """How many may be taken at a time, at least one."""
        return max(1, self.total - self.minimum)

    @property
    def batches(self) -> int:
        """How many times that is, when nothing fails."""
        return -(-self.total // self.at_once) if self.total else 0


def healthy_hosts(total: int, kind: str, value: int, configuration: str = "") -> HealthyHosts:
    """The minimum of healthy hosts of a fleet.

    Args:
        total: How many targets there are.
        kind: ``HOST_COUNT``, ``FLEET_PERCENT``, or ``MOST_CONCURRENCY``: so many at a time.
        value: Hosts, or percent of the fleet; a part of a host counts as a whole one.
        configuration: The configuration's name: one at a time is that of any fleet, whatever its size.
    """
    if configuration == ONE_AT_A_TIME:
        kind, value = MOST_CONCURRENCY, 1
    if kind == MOST_CONCURRENCY:
        value = max(1, value)
    return HealthyHosts(total, max(0, min(total, minimum_healthy(Minimum(kind, value), total))))
