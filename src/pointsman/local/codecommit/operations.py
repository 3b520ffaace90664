"""Answers about repositories themselves.

``GetRepository`` gives clone URLs in AWS's form; the folder to push to on this machine is
``repositories/ACCOUNT/REGION/NAME.git`` in the state folder (``Repositories.path``).
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from pointsman.digits import digits
from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codecommit import pull_requests
from pointsman.local.codecommit.lookup import check_name, default_branch, repositories, repository_of, said
from pointsman.local.codecommit.repositories import CodeCommitRepository, GitRepositories
from pointsman.local.world import Payload, Scope

_PAGE = 1000


@answers("codecommit", "CreateRepository")
def create_repository(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make an empty repository."""
    name = parameters["repositoryName"]
    check_name(name)
    if scope.get(CodeCommitRepository, name) is not None:
        raise AwsError("RepositoryNameExistsException", f"Repository named {name} already exists")
    repository = CodeCommitRepository(
        name,
        scope.world.uuid(),
        scope.now,
        scope.now,
        parameters.get("repositoryDescription", ""),
        key_id=parameters.get("kmsKeyId", ""),
        tags=dict(parameters.get("tags", {})),
    )
    tool = repositories(scope)
    if isinstance(tool, GitRepositories):
        with said():
            tool.create(scope.account, scope.region, name)
    scope.put(name, repository)
    return {"repositoryMetadata": _shape(scope, repository)}


def map_repository(scope: Scope, name: str, path: str, description: str = "") -> CodeCommitRepository:
    """Put a folder of the owner's under a repository's name: what a world file's ``local: repositories`` does."""
    check_name(name)
    former = scope.get(CodeCommitRepository, name)
    if former is None:
        former = CodeCommitRepository(name, scope.world.uuid(), scope.now, scope.now, description)
    repository = msgspec.structs.replace(former, path=path)
    scope.put(name, repository)
    return repository


def _shape(scope: Scope, repository: CodeCommitRepository) -> dict[str, Any]:
    host = f"git-codecommit.{scope.region}.amazonaws.com/v1/repos/{repository.name}"
    shape: dict[str, Any] = {
        "accountId": scope.account,
        "repositoryId": repository.id,
        "repositoryName": repository.name,
        "lastModifiedDate": repository.modified,
        "creationDate": repository.created,
        "cloneUrlHttp": f"https://{host}",
        "cloneUrlSsh": f"ssh://{host}",
        "Arn": _arn(scope, repository.name),
    }
    if repository.description:
        shape["repositoryDescription"] = repository.description
    if branch := default_branch(scope, repository):
        shape["defaultBranch"] = branch
    if repository.key_id:
        shape["kmsKeyId"] = repository.key_id
    return shape


def _arn(scope: Scope, name: str) -> str:
    return scope.arn("codecommit", name)


@answers("codecommit", "GetRepository")
def get_repository(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One repository."""
    return {"repositoryMetadata": _shape(scope, repository_of(scope, parameters["repositoryName"]))}


@answers("codecommit", "BatchGetRepositories")
def batch_get_repositories(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Several repositories, and the names that are not there."""
    found: list[dict[str, Any]] = []
    missing: list[str] = []
    for name in parameters["repositoryNames"]:
        check_name(name)
        repository = scope.get(CodeCommitRepository, name)
        if repository is None:
            missing.append(name)
        else:
            found.append(_shape(scope, repository))
    return {"repositories": found, "repositoriesNotFound": missing}


@answers("codecommit", "ListRepositories")
def list_repositories(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Names and ids, by name or by the date of the last change."""
    found = [repository for _, repository in scope.scan(CodeCommitRepository)]
    if parameters.get("sortBy") == "lastModifiedDate":
        found.sort(key=lambda repository: (repository.modified, repository.name))
    if parameters.get("order") == "descending":
        found.reverse()
    start = _offset(parameters.get("nextToken"))
    page = found[start : start + _PAGE]
    answer: dict[str, Any] = {"repositories": [{"repositoryName": item.name, "repositoryId": item.id} for item in page]}
    if start + _PAGE < len(found):
        answer["nextToken"] = str(start + _PAGE)
    return answer


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not digits(token):
        raise AwsError("InvalidContinuationTokenException", "The specified continuation token is not valid.")
    return int(token)


@answers("codecommit", "DeleteRepository")
def delete_repository(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a repository; deleting what is not there succeeds. A mapped folder of the owner's is left alone."""
    name = parameters["repositoryName"]
    check_name(name)
    repository = scope.get(CodeCommitRepository, name)
    if repository is None:
        return {}
    scope.delete(CodeCommitRepository, name)
    pull_requests.forget(scope, name)
    if not repository.path:
        scope.world.after_commit(lambda: _remove(scope, name))
    elif isinstance(tool := repositories(scope), GitRepositories):
        scope.world.after_commit(lambda: tool.map(scope.account, scope.region, name, None))
    return {"repositoryId": repository.id}


def _remove(scope: Scope, name: str) -> None:
    """Take the folder out of its place at once, and remove it on another thread."""
    tool = repositories(scope)
    aside: Path | None = None
    if isinstance(tool, GitRepositories):
        with suppress(OSError):  # it stays where it is, and a new repository of this name begins by removing it
            aside = tool.set_aside(scope.account, scope.region, name)
    if aside is None:
        return
    place = aside

    def work() -> Payload:
        shutil.rmtree(place, ignore_errors=True)
        return {}

    scope.world.job(scope, "codecommit.removed", work)


@answers("codecommit", "UpdateRepositoryDescription")
def update_repository_description(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change the description."""
    repository = repository_of(scope, parameters["repositoryName"])
    text = parameters.get("repositoryDescription", "")
    scope.put(repository.name, msgspec.structs.replace(repository, description=text, modified=scope.now))
    return {}


def _tagged(scope: Scope, arn: str) -> CodeCommitRepository:
    fields = arn.split(":")
    if len(fields) != 6 or fields[2] != "codecommit":
        raise AwsError("InvalidResourceArnException", "The value for the resource ARN is not valid.")
    return repository_of(scope, fields[5])


@answers("codecommit", "TagResource")
def tag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Set tags on a repository."""
    repository = _tagged(scope, parameters["resourceArn"])
    tags = {**repository.tags, **parameters["tags"]}
    scope.put(repository.name, msgspec.structs.replace(repository, tags=tags))
    return {}


@answers("codecommit", "UntagResource")
def untag_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Take tags off a repository."""
    repository = _tagged(scope, parameters["resourceArn"])
    gone = set(parameters["tagKeys"])
    tags = {key: value for key, value in repository.tags.items() if key not in gone}
    scope.put(repository.name, msgspec.structs.replace(repository, tags=tags))
    return {}


@answers("codecommit", "ListTagsForResource")
def list_tags_for_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A repository's tags."""
    return {"tags": dict(_tagged(scope, parameters["resourceArn"]).tags)}
