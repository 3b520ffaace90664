"""Where X-Ray's daemon listens: a tool of the world, for whoever starts programs that may be instrumented."""

from __future__ import annotations

from dataclasses import dataclass

from pointsman.local.world import World


@dataclass(frozen=True, slots=True)
class DaemonAddress:
    """X-Ray's port on this machine."""

    host: str
    port: int

    @property
    def variables(self) -> dict[str, str]:
        """What X-Ray's SDKs read: where the daemon is, and that code outside any trace is no reason to fail."""
        return {
            "AWS_XRAY_DAEMON_ADDRESS": f"{self.host}:{self.port}",
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        }


def variables(world: World) -> dict[str, str]:
    """The variables of a program that this world starts; none while nobody listens."""
    return dict(world.tool(DaemonAddress).variables) if world.has(DaemonAddress) else {}
