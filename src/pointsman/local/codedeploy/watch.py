"""The alarms that a deployment is watched by."""

from __future__ import annotations

from typing import Any, Final

from pointsman.local.cloudwatch import alarms
from pointsman.local.codedeploy.machine import STOPPED, Halt
from pointsman.local.codedeploy.records import Deployment
from pointsman.local.world import Scope

ROLLBACK: Final = "codeDeployRollback"


def configuration(one: Deployment) -> dict[str, Any]:
    """The alarm configuration that counts: the deployment's own, or its group's. A rollback is not watched."""
    if one.creator == ROLLBACK:
        return {}
    found = one.request.get("overrideAlarmConfiguration")
    return dict(one.settings.get("alarmConfiguration", {}) if found is None else found)


def names(one: Deployment) -> list[str]:
    """The alarms that stop it."""
    found = configuration(one)
    return [alarm["name"] for alarm in found.get("alarms", [])] if found.get("enabled") else []


def halting(scope: Scope, one: Deployment) -> Halt | None:
    """Why the deployment must stop as its alarms stand now; None when it need not."""
    active = []
    for name in names(one):
        found = alarms.find(scope, name)
        if found is None and not configuration(one).get("ignorePollAlarmFailure"):
            return halt(f"The state of the alarm {name} could not be read: there is no such alarm.")
        if found is not None and found.state == alarms.ALARM:
            active.append(name)
    return activated(active) if active else None


def activated(active: list[str]) -> Halt:
    """The halt for alarms that are in ALARM."""
    return halt(
        "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the "
        f"affected deployments have been stopped. Activated alarms: {' '.join(f'<{name}>' for name in active)}"
    )


def halt(message: str) -> Halt:
    """A stop by alarms."""
    return Halt(STOPPED, "ALARM_ACTIVE", message, "DEPLOYMENT_STOP_ON_ALARM")
