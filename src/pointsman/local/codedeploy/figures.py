"""The metrics of deployments, which AWS itself does not publish: ``AWS/CodeDeploy``, in the way of CodeBuild's."""

from __future__ import annotations

from typing import Final

from pointsman.local.cloudwatch import intake
from pointsman.local.codedeploy.records import Deployment
from pointsman.local.world import Payload, Scope

NAMESPACE: Final = "AWS/CodeDeploy"


def ended(scope: Scope, payload: Payload) -> None:
    """A deployment has its final status."""
    one = scope.get(Deployment, payload["id"])
    if one is None:
        return
    figures = {
        "Deployments": (1.0, "Count"),
        "SucceededDeployments": (float(payload["status"] == "Succeeded"), "Count"),
        "FailedDeployments": (float(payload["status"] == "Failed"), "Count"),
        "Duration": ((scope.now - one.created).total_seconds(), "Seconds"),
    }
    group = {"Application": one.application, "DeploymentGroup": one.group}
    intake.publish(scope, NAMESPACE, figures, group, {})
