"""AWS's own words about a thing: the answers as they came, for whoever wants to see everything."""

from __future__ import annotations

import asyncio
from typing import Any

from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.refs import (
    ActionRef,
    AlarmRef,
    ApplicationRef,
    BatchRef,
    BuildRef,
    CommitRef,
    DashboardRef,
    DeploymentGroupRef,
    DeploymentRef,
    ExecutionRef,
    LogGroupRef,
    LogRef,
    MetricFilterRef,
    MetricRef,
    PipelineRef,
    ProjectRef,
    Ref,
    ReportRef,
    SamplingRuleRef,
    SavedQueryRef,
    StageRef,
    TailRef,
    TargetRef,
    TraceRef,
    TraceServiceRef,
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
        case SamplingRuleRef():
            return (("xray", "GetSamplingRules", {}),)
        case AlarmRef() | MetricRef() | DashboardRef():
            return _cloudwatch(ref)
        case LogGroupRef() | LogRef() | MetricFilterRef() | SavedQueryRef():
            return _logs(ref)
        case CommitRef() | TailRef() | TraceServiceRef():
            return ()


def _pipeline(name: str) -> tuple[Call, ...]:
    return (
        ("codepipeline", "GetPipeline", {"name": name}),
        ("codepipeline", "GetPipelineState", {"name": name}),
    )


def _cloudwatch(ref: AlarmRef | MetricRef | DashboardRef) -> tuple[Call, ...]:
    match ref:
        case AlarmRef(name=name):
            alarm = {"AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
            return (("cloudwatch", "DescribeAlarms", alarm),)
        case MetricRef(namespace=namespace, name=name, dimensions=dimensions):
            filters = [{"Name": key, "Value": value} for key, value in dimensions]
            metric = {"Namespace": namespace, "MetricName": name, "Dimensions": filters}
            return (("cloudwatch", "ListMetrics", metric),)
        case DashboardRef(name=name):
            return (("cloudwatch", "GetDashboard", {"DashboardName": name}),)


def _logs(ref: LogGroupRef | LogRef | MetricFilterRef | SavedQueryRef) -> tuple[Call, ...]:
    match ref:
        case LogGroupRef(name=name):
            return (
                ("logs", "DescribeLogGroups", {"logGroupNamePrefix": name}),
                ("logs", "DescribeMetricFilters", {"logGroupName": name}),
                ("logs", "DescribeSubscriptionFilters", {"logGroupName": name}),
            )
        case LogRef(group=group, stream=stream):
            return (("logs", "DescribeLogStreams", {"logGroupName": group, "logStreamNamePrefix": stream}),)
        case MetricFilterRef(group=group, name=name):
            return (("logs", "DescribeMetricFilters", {"logGroupName": group, "filterNamePrefix": name}),)
        case SavedQueryRef(name=name):
            return (("logs", "DescribeQueryDefinitions", {"queryDefinitionNamePrefix": name} if name else {}),)


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
