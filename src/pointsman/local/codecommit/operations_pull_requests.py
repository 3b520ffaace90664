"""Answers about pull requests."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from msgspec.structs import replace

from pointsman.digits import digits
from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codecommit import merging, pull_requests
from pointsman.local.codecommit.branches import moved
from pointsman.local.codecommit.git import Git, GitFailed, plain_name
from pointsman.local.codecommit.lookup import (
    branch_commit,
    commit_of,
    default_branch,
    git_of,
    repository_of,
    said,
    writable,
)
from pointsman.local.codecommit.merging import Diverged, Signature
from pointsman.local.codecommit.pull_requests import OPEN, Merge, OpenPullRequest, PullRequest, PullRequestEvent
from pointsman.local.codecommit.repositories import CodeCommitRepository
from pointsman.local.world import Scope

HEADS: Final = "refs/heads/"
MOST_OPEN: Final = 1000
"""AWS's quota of open pull requests of a repository."""
_TITLE: Final = 150
_DESCRIPTION: Final = 10_240
_PAGE: Final = 100


def _caller(scope: Scope) -> str:
    """The ARN of who asks: the backend has one user."""
    return f"arn:aws:iam::{scope.account}:user/local"


def _shape(one: PullRequest) -> dict[str, Any]:
    target: dict[str, Any] = {
        "repositoryName": one.repository,
        "sourceReference": one.source,
        "destinationReference": one.destination,
        "destinationCommit": one.destination_commit,
        "sourceCommit": one.source_commit,
        "mergeMetadata": pull_requests.merge_shape(one.merge),
    }
    if one.base:
        target["mergeBase"] = one.base
    shown: dict[str, Any] = {
        "pullRequestId": one.id,
        "title": one.title,
        "lastActivityDate": one.active,
        "creationDate": one.created,
        "pullRequestStatus": one.status,
        "authorArn": one.author,
        "pullRequestTargets": [target],
        "revisionId": one.revision,
        "approvalRules": [],
    }
    if one.description:
        shown["description"] = one.description
    if one.token:
        shown["clientRequestToken"] = one.token
    return shown


def _found(scope: Scope, given: str) -> PullRequest:
    if not digits(given, 10):
        raise AwsError("InvalidPullRequestIdException", "The pull request ID is not valid.")
    one = scope.get(PullRequest, pull_requests.key(int(given)))
    if one is None:
        raise AwsError("PullRequestDoesNotExistException", f"Pull request {given} does not exist")
    return one


def _open(scope: Scope, given: str) -> PullRequest:
    one = _found(scope, given)
    if one.status != OPEN:
        raise AwsError("PullRequestAlreadyClosedException", f"The pull request {one.id} is closed")
    return one


def _title(text: str) -> str:
    if not 0 < len(text) <= _TITLE:
        raise AwsError("InvalidTitleException", f"The title must have from 1 to {_TITLE} characters")
    return text


def _description(text: str) -> str:
    if len(text) > _DESCRIPTION:
        raise AwsError("InvalidDescriptionException", f"The description can have {_DESCRIPTION} characters at most")
    return text


def _reference(scope: Scope, repository: CodeCommitRepository, given: str) -> tuple[str, str]:
    """A branch by its full name, and its commit."""
    name = given.removeprefix(HEADS)
    if given.startswith("refs/") and not given.startswith(HEADS):
        raise AwsError("ReferenceTypeNotSupportedException", f"{given} is not a branch")
    if not plain_name(name):
        raise AwsError("InvalidReferenceNameException", "The specified reference name is not valid.")
    commit = branch_commit(scope, repository, name)
    if commit is None:
        raise AwsError("ReferenceDoesNotExistException", f"The branch {name} does not exist")
    return f"{HEADS}{name}", commit.id


@answers("codecommit", "CreatePullRequest")
def create_pull_request(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Open a pull request from one branch of a repository to another; asked twice with one token, it is one."""
    targets = parameters["targets"]
    if len(targets) != 1:
        raise AwsError("InvalidTargetsException", "A pull request has exactly one target")
    target, token = targets[0], parameters.get("clientRequestToken", "")
    repository = repository_of(scope, target["repositoryName"])
    git = git_of(scope, repository)
    source, source_commit = _reference(scope, repository, target["sourceReference"])
    into = target.get("destinationReference") or default_branch(scope, repository)
    destination, destination_commit = _reference(scope, repository, into)
    title, description = _title(parameters["title"]), _description(parameters.get("description", ""))
    if source == destination:
        raise AwsError("SourceAndDestinationAreSameException", "The source and the destination are the same branch")
    standing = [
        one
        for _, each in scope.scan(OpenPullRequest, f"{repository.name}/")
        if (one := scope.get(PullRequest, pull_requests.key(each.number))) is not None
    ]
    if token and (former := next((one for one in standing if one.token == token), None)) is not None:
        if (former.title, former.source, former.destination) != (title, source, destination):
            raise AwsError("IdempotencyParameterMismatchException", "The token was used for another pull request")
        return {"pullRequest": _shape(former)}
    if len(standing) >= MOST_OPEN:
        raise AwsError(
            "MaximumOpenPullRequestsExceededException", f"A repository can have {MOST_OPEN} open pull requests at most"
        )
    with said():
        found = merging.difference(git, source_commit, destination_commit)
    one = PullRequest(
        number=scope.next_number("codecommit.pull_requests"),
        title=title,
        description=description,
        repository=repository.name,
        source=source,
        destination=destination,
        source_commit=source_commit,
        destination_commit=destination_commit,
        base=found.base,
        author=_caller(scope),
        created=scope.now,
        active=scope.now,
        revision=scope.world.hex(40),
        token=token,
    )
    pull_requests.keep(scope, one)
    pull_requests.note(
        scope, one, "CREATED", one.author, "pullRequestCreatedEventMetadata",
        repositoryName=one.repository, sourceCommitId=source_commit, destinationCommitId=destination_commit,
        **({"mergeBase": found.base} if found.base else {}),
    )  # fmt: skip
    pull_requests.tell(scope, one, pull_requests.CREATED, one.author, found)
    return {"pullRequest": _shape(one)}


@answers("codecommit", "GetPullRequest")
def get_pull_request(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One pull request."""
    return {"pullRequest": _shape(_found(scope, parameters["pullRequestId"]))}


@answers("codecommit", "ListPullRequests")
def list_pull_requests(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The ids of a repository's pull requests, newest first."""
    repository = repository_of(scope, parameters["repositoryName"])
    most = parameters.get("maxResults", _PAGE)
    if not 1 <= most <= _PAGE:
        raise AwsError("InvalidMaxResultsException", f"maxResults must be from 1 to {_PAGE}")
    before = _place(parameters)
    status, author = parameters.get("pullRequestStatus"), parameters.get("authorArn")
    wanted = (
        one.id
        for _, one in scope.scan(PullRequest, reverse=True, after=before)
        if one.repository == repository.name
        and (status is None or one.status == status)
        and (author is None or one.author == author)
    )
    found = list(islice(wanted, most + 1))
    answer: dict[str, Any] = {"pullRequestIds": found[:most]}
    if len(found) > most:
        answer["nextToken"] = pull_requests.key(int(found[most - 1]))
    return answer


def _place(parameters: Parameters) -> str | None:
    token: str | None = parameters.get("nextToken")
    if token is not None and not all(digits(part) for part in token.split("/")):
        raise AwsError("InvalidContinuationTokenException", "The specified continuation token is not valid.")
    return token


@answers("codecommit", "UpdatePullRequestStatus")
def update_status(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Close a pull request without merging it; a closed one cannot be opened again."""
    one, status = _found(scope, parameters["pullRequestId"]), parameters["pullRequestStatus"]
    if status not in (OPEN, pull_requests.CLOSED):
        raise AwsError("InvalidPullRequestStatusException", f"{status} is no status of a pull request")
    if status == OPEN or one.status != OPEN:
        raise AwsError(
            "InvalidPullRequestStatusUpdateException", "The only valid update is that of an open pull request to CLOSED"
        )
    repository = repository_of(scope, one.repository)
    with said():
        found = merging.difference(git_of(scope, repository), one.source_commit, one.destination_commit)
    return {"pullRequest": _shape(pull_requests.close(scope, one, _caller(scope), found))}


@answers("codecommit", "UpdatePullRequestTitle")
def update_title(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change the title."""
    one = replace(_open(scope, parameters["pullRequestId"]), title=_title(parameters["title"]), active=scope.now)
    scope.put(one.key, one)
    return {"pullRequest": _shape(one)}


@answers("codecommit", "UpdatePullRequestDescription")
def update_description(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change the description."""
    text = _description(parameters["description"])
    one = replace(_open(scope, parameters["pullRequestId"]), description=text, active=scope.now)
    scope.put(one.key, one)
    return {"pullRequest": _shape(one)}


@answers("codecommit", "DescribePullRequestEvents")
def describe_events(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """What happened to a pull request, oldest first."""
    one = _found(scope, parameters["pullRequestId"])
    kind, actor, most = (
        parameters.get("pullRequestEventType"),
        parameters.get("actorArn"),
        parameters.get("maxResults", _PAGE),
    )
    wanted = (
        (place, event)
        for place, event in scope.scan(PullRequestEvent, f"{one.key}/", after=_place(parameters))
        if (kind is None or event.kind == kind) and (actor is None or event.actor == actor)
    )
    found = list(islice(wanted, most + 1))
    answer: dict[str, Any] = {"pullRequestEvents": [_event(one, event) for _, event in found[:most]]}
    if len(found) > most:
        answer["nextToken"] = found[most - 1][0]
    return answer


def _event(one: PullRequest, event: PullRequestEvent) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "pullRequestId": one.id,
        "eventDate": event.at,
        "pullRequestEventType": event.kind,
        "actorArn": event.actor,
    }
    return {**shown, **({event.member: event.details} if event.member else {})}


# -- merging --------------------------------------------------------------------------------------------------------


@answers("codecommit", "MergePullRequestByFastForward")
def merge_by_fast_forward(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Move the destination to the source."""
    return _merge(scope, parameters, merging.FAST_FORWARD)


@answers("codecommit", "MergePullRequestBySquash")
def merge_by_squash(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add what the source has to the destination as one commit."""
    return _merge(scope, parameters, merging.SQUASH)


@answers("codecommit", "MergePullRequestByThreeWay")
def merge_by_three_way(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Join the two with a commit of both."""
    return _merge(scope, parameters, merging.THREE_WAY)


def _merge(scope: Scope, parameters: Parameters, option: str) -> dict[str, Any]:
    one, repository = _open(scope, parameters["pullRequestId"]), repository_of(scope, parameters["repositoryName"])
    if repository.name != one.repository:
        raise AwsError(
            "RepositoryNotAssociatedWithPullRequestException",
            f"The repository {repository.name} is not that of the pull request {one.id}",
        )
    _refuse_unbuilt(parameters)
    git = writable(scope, repository)
    _, source = _reference(scope, repository, one.source)
    _, destination = _reference(scope, repository, one.destination)
    if (given := parameters.get("sourceCommitId")) is not None and given != source:
        raise AwsError("TipOfSourceReferenceIsDifferentException", f"The tip of {one.source} is {source}, not {given}")
    with said():
        found = merging.difference(git, source, destination)
        commit = _commit(git, one, (source, destination), option, _signature(scope, one, parameters))
        try:
            git.run("update-ref", one.destination, commit, destination)
        except GitFailed:
            raise AwsError(
                "ConcurrentReferenceUpdateException", f"{one.destination} was moved while it was merged into"
            ) from None
    one = replace(one, source_commit=source, destination_commit=destination, base=found.base)
    one = pull_requests.close(scope, one, _caller(scope), found, Merge(_caller(scope), commit, option))
    moved(scope, repository, one.destination.removeprefix(HEADS), commit)
    return {"pullRequest": _shape(one)}


def _refuse_unbuilt(parameters: Parameters) -> None:
    for name in ("conflictResolution", "keepEmptyFolders"):
        if parameters.get(name):
            raise AwsError("NotImplemented", f"Pointsman's backend merges without {name}", 501)
    if (strategy := parameters.get("conflictResolutionStrategy", "NONE")) not in ("NONE", "AUTOMERGE"):
        raise AwsError("NotImplemented", f"Pointsman's backend resolves no conflicts ({strategy})", 501)


def _commit(git: Git, one: PullRequest, tips: tuple[str, str], option: str, signature: Signature) -> str:
    try:
        return merging.merged(git, *tips, option, signature)
    except Diverged as why:
        raise AwsError(
            "ManualMergeRequiredException", f"The pull request {one.id} cannot be merged this way: {why}"
        ) from None


def _signature(scope: Scope, one: PullRequest, parameters: Parameters) -> Signature:
    message = parameters.get("commitMessage") or f"Merge pull request {one.id}: {one.title}"
    return Signature(parameters.get("authorName", ""), parameters.get("email", ""), scope.now, message)


@answers("codecommit", "GetMergeOptions")
def get_merge_options(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The ways in which two commits can be merged."""
    repository = repository_of(scope, parameters["repositoryName"])
    git = git_of(scope, repository)
    source = commit_of(scope, repository, parameters["sourceCommitSpecifier"]).id
    destination = commit_of(scope, repository, parameters["destinationCommitSpecifier"]).id
    options = []
    with said():
        if merging.contains(git, destination, source):
            options.append(merging.FAST_FORWARD)
        if merging.mergeable(git, source, destination):
            options += [merging.SQUASH, merging.THREE_WAY]
        base = merging.base_of(git, source, destination)
    return {
        "mergeOptions": options,
        "sourceCommitId": source,
        "destinationCommitId": destination,
        "baseCommitId": base,
    }
