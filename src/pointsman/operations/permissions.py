"""What an identity must be allowed, as a table and as an IAM policy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pointsman.operations.declare import Operation
from pointsman.operations.registry import Registry

READS: Final = (
    "codebuild:BatchGetBuilds",
    "codebuild:BatchGetProjects",
    "codebuild:ListBuilds",
    "codebuild:ListBuildsForProject",
    "codebuild:ListProjects",
    "codecommit:GetCommit",
    "codepipeline:GetPipeline",
    "codepipeline:GetPipelineExecution",
    "codepipeline:GetPipelineState",
    "codepipeline:ListActionExecutions",
    "codepipeline:ListPipelineExecutions",
    "codepipeline:ListPipelines",
    "logs:GetLogEvents",
    "sts:GetCallerIdentity",
)
"""What the screens read."""


def table(registry: Iterable[Operation[Any]]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(id, title, the permissions it needs) for every operation."""
    return tuple((operation.id, operation.title, operation.calls) for operation in registry)


def iam_policy(registry: Registry, *, writes: bool = True) -> dict[str, Any]:
    """An IAM policy document for this console; without ``writes`` for looking only."""
    statements: list[dict[str, Any]] = [
        {"Sid": "PointsmanReads", "Effect": "Allow", "Action": sorted(READS), "Resource": "*"}
    ]
    if writes:
        statements.append(
            {"Sid": "PointsmanWrites", "Effect": "Allow", "Action": list(registry.calls), "Resource": "*"}
        )
    return {"Version": "2012-10-17", "Statement": statements}
