"""What CodeDeploy tells the world: events for EventBridge, and messages to the topics of a group's triggers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from pointsman.local.answers import AwsError
from pointsman.local.codedeploy.machine import Target
from pointsman.local.codedeploy.records import Deployment
from pointsman.local.sns import topics
from pointsman.local.world import Scope
from pointsman.semantics import deployments as rules

EVENTS: Final = "events"
"""The topic of the world that EventBridge's events go by."""
ENDED: Final = "codedeploy.ended"
"""Emitted when a deployment has its final status: ``id``, ``status``, ``application``, ``group``."""

_STATES: Final = {
    "Created": "START",
    "InProgress": "START",
    "Ready": "READY",
    "Succeeded": "SUCCESS",
    "Failed": "FAILURE",
    "Stopped": "STOP",
}
_TRIGGERS: Final = {"START": "Start", "READY": "Ready", "SUCCESS": "Success", "FAILURE": "Failure", "STOP": "Stop"}


def deployment(scope: Scope, one: Deployment, state: str) -> None:
    """Tell of a deployment's state.

    Args:
        scope: The deployment's scope.
        one: The deployment.
        state: START, READY, SUCCESS, FAILURE or STOP.
    """
    _emit(
        scope,
        "CodeDeploy Deployment State-change Notification",
        one,
        {"state": state, "deploymentId": one.id, "application": one.application, "deploymentGroup": one.group},
        [],
    )
    _trigger(scope, one, f"Deployment{_TRIGGERS[state]}", _deployment_message(scope, one))


def rolled_back(scope: Scope, one: Deployment) -> None:
    """Tell the topics that a deployment is taken back."""
    _trigger(scope, one, "DeploymentRollback", _deployment_message(scope, one))


def target(scope: Scope, one: Deployment, what: Target) -> None:
    """Tell of an instance's state when it is one that is told of."""
    state = _STATES.get(what.status)
    if state is None or state == "STOP" or one.platform != rules.SERVER:
        return
    arn = scope.arn("codedeploy" if what.on_premises else "ec2", f"instance/{what.id}")
    detail = {
        "instanceId": what.id,
        "instanceGroupId": one.group_id,
        "state": state,
        "deploymentId": one.id,
        "application": one.application,
        "deploymentGroup": one.group,
    }
    _emit(scope, "CodeDeploy Instance State-change Notification", one, detail, [arn])
    if one.settings.get("triggerConfigurations"):
        _trigger(scope, one, f"Instance{_TRIGGERS[state]}", _target_message(scope, one, what, arn))


def _emit(scope: Scope, kind: str, one: Deployment, detail: dict[str, Any], more: list[str]) -> None:
    resources = [
        *more,
        scope.arn("codedeploy", f"application:{one.application}"),
        scope.arn("codedeploy", f"deploymentgroup:{one.application}/{one.group}"),
    ]
    detail = {"region": scope.region, **detail}
    scope.emit(EVENTS, {"source": "aws.codedeploy", "detail-type": kind, "detail": detail, "resources": resources})


# -- triggers -------------------------------------------------------------------------------------------------------


def _trigger(scope: Scope, one: Deployment, event: str, message: dict[str, Any]) -> None:
    for trigger in one.settings.get("triggerConfigurations", ()):
        if event not in trigger.get("triggerEvents", ()):
            continue
        text = json.dumps(
            {"region": scope.region, "accountId": scope.account, "eventTriggerName": trigger["triggerName"], **message}
        )
        try:
            topics.publish(scope, trigger["triggerTargetArn"], text, f"{event}: {one.id}"[:100])
        except AwsError:
            continue  # a topic that is gone stops no deployment


def _time(when: datetime | None) -> str | None:
    return None if when is None else f"{when.timestamp():.3f}"


def _deployment_message(scope: Scope, one: Deployment) -> dict[str, Any]:  # noqa: ARG001
    message: dict[str, Any] = {
        "applicationName": one.application,
        "deploymentId": one.id,
        "deploymentGroupName": one.group,
        "createTime": _time(one.created),
        "completeTime": _time(one.completed),
        "deploymentOverview": {key: str(value) for key, value in sorted(one.overview.items())},
        "status": one.status,
    }
    if one.error_code:
        message["errorInformation"] = {"ErrorCode": one.error_code, "ErrorMessage": one.error_message}
    if one.rolled_back_by:
        message["rollbackInformation"] = {"RollbackDeploymentId": one.rolled_back_by}
    return message


def _target_message(scope: Scope, one: Deployment, what: Target, arn: str) -> dict[str, Any]:  # noqa: ARG001
    events = [
        {
            "LifecycleEvent": event.name,
            "LifecycleEventStatus": event.status,
            "StartTime": _time(event.start),
            "EndTime": _time(event.end),
        }
        for event in what.events
    ]
    return {
        "deploymentId": one.id,
        "instanceId": arn,
        "lastUpdatedAt": _time(what.updated),
        "instanceStatus": what.status,
        "lifecycleEvents": events,
    }
