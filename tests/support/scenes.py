"""Scenarios of the demonstration, read as a console would read them."""

from __future__ import annotations

import json
from typing import Any

from pointsman.local.scenarios import Demo
from pointsman.local.scenarios.floor import REGION, Floor
from support.shapes import problems


def ask(shown: Demo | Floor, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    asked = shown.door if isinstance(shown, Demo) else shown.backend
    answer, _ = asked.ask(REGION, service, operation, parameters)
    assert not problems(service, operation, answer)
    return answer


def stages(demo: Demo | Floor, name: str) -> dict[str, dict[str, Any]]:
    return {one["stageName"]: one for one in ask(demo, "codepipeline", "GetPipelineState", name=name)["stageStates"]}


def world(shown: Demo | Floor) -> str:
    """Everything a console would read, as text."""
    names = [one["name"] for one in ask(shown, "codepipeline", "ListPipelines")["pipelines"]]
    seen = [ask(shown, "codepipeline", "GetPipelineState", name=name) for name in names]
    runs = [ask(shown, "codepipeline", "ListPipelineExecutions", pipelineName=name) for name in names]
    actions = [ask(shown, "codepipeline", "ListActionExecutions", pipelineName=name) for name in names]
    builds = ask(shown, "codebuild", "BatchGetBuilds", ids=ask(shown, "codebuild", "ListBuilds")["ids"])["builds"]
    logs = [
        ask(
            shown,
            "logs",
            "GetLogEvents",
            logGroupName=one["logs"]["groupName"],
            logStreamName=one["logs"]["streamName"],
            startFromHead=True,
        )
        for one in builds
        if "streamName" in one["logs"]
    ]
    deployed = deployments(shown)
    targets = [
        ask(
            shown,
            "codedeploy",
            "BatchGetDeploymentTargets",
            deploymentId=one["deploymentId"],
            targetIds=ask(shown, "codedeploy", "ListDeploymentTargets", deploymentId=one["deploymentId"])["targetIds"],
        )
        for one in deployed
    ]
    return json.dumps([seen, runs, actions, builds, logs, deployed, targets], default=str, sort_keys=True)


def deployments(shown: Demo | Floor) -> list[dict[str, Any]]:
    """Every deployment, newest first."""
    ids = ask(shown, "codedeploy", "ListDeployments")["deployments"]
    if not ids:
        return []
    found: list[dict[str, Any]] = ask(shown, "codedeploy", "BatchGetDeployments", deploymentIds=ids)["deploymentsInfo"]
    return found
