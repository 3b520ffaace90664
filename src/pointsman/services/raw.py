"""AWS's own words about a thing: the answers as they came, for whoever wants to see everything."""

from __future__ import annotations

import asyncio
from typing import Any

from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.refs import (
    ActionRef,
    ApplicationRef,
    BatchRef,
    BuildRef,
    CommitRef,
    DeploymentGroupRef,
    DeploymentRef,
    ExecutionRef,
    LogRef,
    PipelineRef,
    ProjectRef,
    Ref,
    ReportRef,
    StageRef,
    TargetRef,
    TraceRef,
)
from pointsman.services.ask import Asks

__all__ = ["Raw", "calls_of"]

Call = tuple[str, str, dict[str, Any]]
"""(service, operation, parameters)."""


def calls_of(ref: Ref) -> tuple[Call, ...]:
    """What tells everything about a thing; empty when nothing does."""
    match ref:
        case PipelineRef(name=name):
            return _pipeline(name)
        case StageRef(pipeline=name) | ActionRef(pipeline=name):
            return _pipeline(name)
        case ExecutionRef(pipeline=name, execution_id=run):
            return (
                ("codepipeline", "GetPipelineExecution", {"pipelineName": name, "pipelineExecutionId": run}),
                (
                    "codepipeline",
                    "ListActionExecutions",
                    {"pipelineName": name, "filter": {"pipelineExecutionId": run}},
                ),
            )
        case ProjectRef(name=name):
            return (("codebuild", "BatchGetProjects", {"names": [name]}),)
        case BuildRef(id=build):
            return (("codebuild", "BatchGetBuilds", {"ids": [build]}),)
        case BatchRef(id=batch):
            return (("codebuild", "BatchGetBuildBatches", {"ids": [batch]}),)
        case ReportRef(arn=arn):
            return (("codebuild", "BatchGetReports", {"reportArns": [arn]}),)
        case ApplicationRef(name=name):
            return (("codedeploy", "ListDeploymentGroups", {"applicationName": name}),)
        case DeploymentGroupRef(application=name, group=group):
            given = {"applicationName": name, "deploymentGroupNames": [group]}
            return (("codedeploy", "BatchGetDeploymentGroups", given),)
        case DeploymentRef(id=deployment):
            return (("codedeploy", "BatchGetDeployments", {"deploymentIds": [deployment]}),)
        case TargetRef(deployment=deployment, target=target):
            given = {"deploymentId": deployment, "targetIds": [target]}
            return (("codedeploy", "BatchGetDeploymentTargets", given),)
        case TraceRef(id=trace):
            return (("xray", "BatchGetTraces", {"TraceIds": [trace]}),)
        case LogRef() | CommitRef():
            return ()


def _pipeline(name: str) -> tuple[Call, ...]:
    return (
        ("codepipeline", "GetPipeline", {"name": name}),
        ("codepipeline", "GetPipelineState", {"name": name}),
    )


class Raw:
    """Reads without a model, past every cache and budget: a person waits.

    Args:
        cloud: What answers.
    """

    def __init__(self, cloud: Asks) -> None:
        self._cloud = cloud

    async def read(self, ref: Ref) -> dict[str, Any]:
        """Operation -> its answer, without ``ResponseMetadata``; the bare answer when one call tells everything.

        Raises:
            CallFailed: One of them cannot be read, or no call tells about such a thing.
        """
        calls = calls_of(ref)
        if not calls:
            raise CallFailed(Fault(FaultKind.NOT_FOUND, f"no call tells about a {ref.noun}"))
        answers = await asyncio.gather(*(self._cloud.read(service, name, **given) for service, name, given in calls))
        bare = [{key: value for key, value in one.items() if key != "ResponseMetadata"} for one in answers]
        return bare[0] if len(bare) == 1 else {call[1]: one for call, one in zip(calls, bare, strict=True)}
