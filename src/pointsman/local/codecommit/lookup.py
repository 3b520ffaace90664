"""What every answer here begins with: the repository, its git, the commit that is meant, and their errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pointsman.local.answers import AwsError
from pointsman.local.codecommit.git import Git, GitFailed, is_id, plain_name
from pointsman.local.codecommit.repositories import CodeCommitRepository, Commit, GitRepositories, Repositories
from pointsman.local.world import Scope

_NAME = re.compile(r"(?!.*\.git$)(?![.-])[\w.-]{1,100}", re.ASCII)


def check_name(name: str) -> None:
    """Refuse a repository name CodeCommit would not take, or that could not be a folder of ours."""
    if not _NAME.fullmatch(name):
        raise AwsError(
            "InvalidRepositoryNameException",
            "The repository name is not valid. Repository names can be any valid combination of letters, numbers,"
            " periods, underscores, and dashes between 1 and 100 characters in length. Repository names cannot end in"
            " .git and cannot contain any other character.",
        )


def repository_of(scope: Scope, name: str) -> CodeCommitRepository:
    """The repository, or RepositoryDoesNotExistException."""
    check_name(name)
    found = scope.get(CodeCommitRepository, name)
    if found is None:
        raise AwsError("RepositoryDoesNotExistException", f"{name} does not exist")
    return found


def repositories(scope: Scope) -> Repositories:
    """The tool that reads commits."""
    return scope.world.tool(Repositories)  # type: ignore[type-abstract]


def git_tool(scope: Scope) -> GitRepositories:
    """The tool as the one with real repositories; the demo's scripted ones hold no files."""
    tool = repositories(scope)
    if not isinstance(tool, GitRepositories):
        raise AwsError("NotImplemented", "this world's repositories are scripted: they have commits, but no files", 501)
    return tool


@contextmanager
def said() -> Iterator[None]:
    """Have what git says come out as CodeCommit's own trouble, in a sentence."""
    try:
        yield
    except GitFailed as failure:
        raise AwsError("InternalFailure", str(failure), 500) from None


def git_of(scope: Scope, repository: CodeCommitRepository) -> Git:
    """The git of a repository."""
    with said():
        return git_tool(scope).git(scope.account, scope.region, repository.name)


def writable(scope: Scope, repository: CodeCommitRepository) -> Git:
    """The git of a repository of ours; one that a world file mapped to a folder is only read."""
    if repository.path:
        raise AwsError(
            "AccessDeniedException",
            f"repository {repository.name} is the folder {repository.path} on this machine, which is only read here:"
            " commit in it with git",
        )
    return git_of(scope, repository)


def branch_commit(scope: Scope, repository: CodeCommitRepository, branch: str) -> Commit | None:
    """The newest commit of a branch."""
    if not plain_name(branch):
        raise AwsError("InvalidBranchNameException", "The specified reference name is not valid.")
    with said():
        return repositories(scope).head(scope.account, scope.region, repository.name, branch)


def branch_names(git: Git) -> list[str]:
    """Every branch, by name."""
    with said():
        listed = git.run("for-each-ref", "--format=%(refname)", "refs/heads/")
    return [line.removeprefix("refs/heads/") for line in listed.decode("utf-8", "replace").splitlines()]


def default_branch(scope: Scope, repository: CodeCommitRepository) -> str:
    """The default branch; until one is chosen ``main``, ``master`` or the first there is; empty: no branch yet."""
    if repository.default_branch:
        return repository.default_branch
    tool = repositories(scope)
    if not isinstance(tool, GitRepositories) or tool.path(scope.account, scope.region, repository.name) is None:
        return ""
    names = branch_names(git_of(scope, repository))
    if repository.path:
        with said():
            head = git_of(scope, repository).run("rev-parse", "--symbolic-full-name", "HEAD").decode().strip()
        if head.removeprefix("refs/heads/") in names:
            return head.removeprefix("refs/heads/")
    return next((name for name in ("main", "master") if name in names), names[0] if names else "")


def commit_of(scope: Scope, repository: CodeCommitRepository, specifier: str | None) -> Commit:
    """The commit a specifier means: an id, a branch, or nothing for the default branch."""
    if specifier is None:
        branch = default_branch(scope, repository)
        found = branch_commit(scope, repository, branch) if branch else None
        if found is None:
            raise AwsError("CommitDoesNotExistException", "The repository has no commit yet")
        return found
    with said():
        tool = repositories(scope)
        found = tool.commit(scope.account, scope.region, repository.name, specifier) if is_id(specifier) else None
        name = specifier.removeprefix("refs/heads/")
        if found is None and plain_name(name):
            found = tool.head(scope.account, scope.region, repository.name, name)
    if found is None:
        raise AwsError("CommitDoesNotExistException", f"Could not resolve the commit specifier {specifier}")
    return found
