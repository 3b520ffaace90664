"""Projects for whoever needs one."""

from __future__ import annotations

from pointsman.local.answers import AwsError
from pointsman.local.codebuild.records import CodeBuildProject
from pointsman.local.world import Scope


def name_of(name: str) -> str:
    """The name in a project's ARN; a name is its own."""
    return name.rpartition(":project/")[2]


def project_of(scope: Scope, name: str) -> CodeBuildProject:
    """A project by its name or ARN.

    Raises:
        AwsError: ResourceNotFoundException.
    """
    project = scope.get(CodeBuildProject, name_of(name))
    if project is None:
        arn = scope.arn("codebuild", f"project/{name_of(name)}")
        raise AwsError("ResourceNotFoundException", f"Project cannot be found: {arn}")
    return project
