"""The metrics of pipelines: ``AWS/CodePipeline``, of each one and of all, published when an execution has ended."""

from __future__ import annotations

from typing import Final

from pointsman.local.cloudwatch import intake
from pointsman.local.codepipeline.runs import find_execution
from pointsman.local.codepipeline.telling import EXECUTION_TOPIC
from pointsman.local.world import Payload, Scope, World

NAMESPACE: Final = "AWS/CodePipeline"
_OVER: Final = ("Succeeded", "Failed", "Stopped", "Cancelled")


def install(world: World) -> None:
    """Hear of executions."""
    world.on(EXECUTION_TOPIC, ended)


def ended(scope: Scope, payload: Payload) -> None:
    """An execution's status has changed."""
    if payload["status"] not in _OVER:
        return
    execution = find_execution(scope, payload["pipeline"], payload["execution"])
    if execution is None:
        return
    duration = (scope.now - execution.started).total_seconds()
    figures = {
        "PipelineDuration": (duration, "Seconds"),
        "FailedPipelineExecutions": (float(payload["status"] == "Failed"), "Count"),
    }
    intake.publish(scope, NAMESPACE, figures, {"PipelineName": execution.pipeline}, {})
