"""What an identity must be allowed, as a table and as an IAM policy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pointsman.operations.declare import Operation
from pointsman.operations.registry import Registry

READS: Final = (
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetAlarmMuteRule",
    "cloudwatch:GetDashboard",
    "cloudwatch:GetMetricData",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:ListAlarmMuteRules",
    "cloudwatch:ListDashboards",
    "cloudwatch:ListMetrics",
    "codebuild:BatchGetBuildBatches",
    "codebuild:BatchGetBuilds",
    "codebuild:BatchGetProjects",
    "codebuild:BatchGetReports",
    "codebuild:DescribeCodeCoverages",
    "codebuild:DescribeTestCases",
    "codebuild:ListBuildBatches",
    "codebuild:ListBuildBatchesForProject",
    "codebuild:ListBuilds",
    "codebuild:ListBuildsForProject",
    "codebuild:ListProjects",
    "codebuild:ListReportsForReportGroup",
    "codecommit:GetCommit",
    "codedeploy:BatchGetDeploymentGroups",
    "codedeploy:BatchGetDeploymentTargets",
    "codedeploy:BatchGetDeployments",
    "codedeploy:GetDeploymentConfig",
    "codedeploy:ListApplicationRevisions",
    "codedeploy:ListApplications",
    "codedeploy:ListDeploymentGroups",
    "codedeploy:ListDeploymentTargets",
    "codedeploy:ListDeployments",
    "codepipeline:GetPipeline",
    "codepipeline:GetPipelineExecution",
    "codepipeline:GetPipelineState",
    "codepipeline:ListActionExecutions",
    "codepipeline:ListPipelineExecutions",
    "codepipeline:ListPipelines",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:DescribeMetricFilters",
    "logs:DescribeQueryDefinitions",
    "logs:DescribeSubscriptionFilters",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetLogGroupFields",
    "logs:GetLogRecord",
    "logs:GetQueryResults",
    "logs:StartLiveTail",
    "logs:StartQuery",
    "logs:StopQuery",
    "logs:TestMetricFilter",
    "sts:GetCallerIdentity",
    "xray:BatchGetTraces",
    "xray:GetGroups",
    "xray:GetSamplingRules",
    "xray:GetSamplingStatisticSummaries",
    "xray:GetServiceGraph",
    "xray:GetTraceSummaries",
)
"""What the screens read."""


def table(registry: Iterable[Operation[Any]]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(id, title, the permissions it needs) for every operation."""
    return tuple((operation.id, operation.title, operation.calls) for operation in registry)


def iam_policy(registry: Registry, *, writes: bool = True) -> dict[str, Any]:
    """An IAM policy document for this console: looking, and every operation; without ``writes`` looking only."""
    return policy_of(tuple(registry) if writes else ())


def policy_of(operations: Iterable[Operation[Any]]) -> dict[str, Any]:
    """The least policy for looking and for some operations: a statement for reading and one for each of them."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            _statement("PointsmanReads", READS),
            *(_statement(_sid(one.id), one.calls) for one in operations),
        ],
    }


def _statement(sid: str, calls: Iterable[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(calls), "Resource": "*"}


def _sid(operation_id: str) -> str:
    """``stage.retry-failed`` as a statement id, which may have letters and digits only."""
    return "Pointsman" + "".join(word.capitalize() for word in operation_id.replace("-", ".").split("."))
