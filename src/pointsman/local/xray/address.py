"""Where X-Ray's daemon listens, for programs that this world starts and that may be instrumented."""

from __future__ import annotations

from pointsman.local.reach import Reach
from pointsman.local.world import World


def variables(world: World) -> dict[str, str]:
    """What X-Ray's SDKs read: where the daemon is, and that code outside any trace is no reason to fail.

    Returns:
        The variables; none while nobody listens.
    """
    daemon = world.tool(Reach).daemon
    return {"AWS_XRAY_DAEMON_ADDRESS": daemon, "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR"} if daemon else {}
