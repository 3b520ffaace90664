"""Answers about branches."""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codecommit.git import is_id, plain_name
from pointsman.local.codecommit.lookup import (
    branch_commit,
    branch_names,
    default_branch,
    git_of,
    repositories,
    repository_of,
    said,
    writable,
)
from pointsman.local.codecommit.repositories import CodeCommitRepository
from pointsman.local.world import Scope

DELETED = "codecommit.reference.deleted"
_NOTHING = "0" * 40


def moved(scope: Scope, repository: CodeCommitRepository, branch: str, commit_id: str) -> None:
    """Tell whoever listens to ``codecommit.reference.updated``; the first branch becomes the default one."""
    chosen = default_branch(scope, repository) or branch
    scope.put(repository.name, msgspec.structs.replace(repository, default_branch=chosen, modified=scope.now))
    scope.emit(
        "codecommit.reference.updated", {"repository": repository.name, "branch": branch, "commit_id": commit_id}
    )


@answers("codecommit", "GetBranch")
def get_branch(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A branch and its newest commit."""
    if "repositoryName" not in parameters:
        raise AwsError("RepositoryNameRequiredException", "A repository name is required, but was not specified.")
    if "branchName" not in parameters:
        raise AwsError("BranchNameRequiredException", "A branch name is required, but was not specified.")
    repository, name = repository_of(scope, parameters["repositoryName"]), parameters["branchName"]
    commit = branch_commit(scope, repository, name)
    if commit is None:
        raise AwsError("BranchDoesNotExistException", f"Branch {name} does not exist")
    return {"branch": {"branchName": name, "commitId": commit.id}}


@answers("codecommit", "ListBranches")
def list_branches(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Every branch, by name, all on one page."""
    repository = repository_of(scope, parameters["repositoryName"])
    return {"branches": branch_names(git_of(scope, repository))}


@answers("codecommit", "CreateBranch")
def create_branch(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a branch at a commit."""
    repository, name = repository_of(scope, parameters["repositoryName"]), parameters["branchName"]
    git = writable(scope, repository)
    if not plain_name(name) or is_id(name):
        raise AwsError("InvalidBranchNameException", "The specified reference name is not valid.")
    commit_id = parameters["commitId"]
    if not is_id(commit_id):
        raise AwsError("InvalidCommitIdException", "The specified commit ID is not valid.")
    if branch_commit(scope, repository, name) is not None:
        raise AwsError("BranchNameExistsException", f"Branch {name} already exists")
    with said():
        if repositories(scope).commit(scope.account, scope.region, repository.name, commit_id) is None:
            raise AwsError("CommitDoesNotExistException", f"Commit {commit_id} does not exist")
        git.run("update-ref", f"refs/heads/{name}", commit_id, _NOTHING)
    moved(scope, repository, name, commit_id)
    return {}


@answers("codecommit", "DeleteBranch")
def delete_branch(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a branch other than the default one; one that is not there is no error."""
    repository, name = repository_of(scope, parameters["repositoryName"]), parameters["branchName"]
    git = writable(scope, repository)
    if name == default_branch(scope, repository):
        raise AwsError("DefaultBranchCannotBeDeletedException", "You cannot delete the default branch in a repository")
    commit = branch_commit(scope, repository, name)
    if commit is None:
        return {}
    with said():
        git.run("update-ref", "-d", f"refs/heads/{name}", commit.id)
    scope.emit(DELETED, {"repository": repository.name, "branch": name})
    return {"deletedBranch": {"branchName": name, "commitId": commit.id}}


@answers("codecommit", "UpdateDefaultBranch")
def update_default_branch(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Choose the default branch: also what a clone checks out."""
    repository, name = repository_of(scope, parameters["repositoryName"]), parameters["defaultBranchName"]
    git = writable(scope, repository)
    if branch_commit(scope, repository, name) is None:
        raise AwsError("BranchDoesNotExistException", f"Branch {name} does not exist")
    with said():
        git.run("symbolic-ref", "HEAD", f"refs/heads/{name}")
    scope.put(repository.name, msgspec.structs.replace(repository, default_branch=name, modified=scope.now))
    return {}
