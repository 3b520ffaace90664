"""Webhooks: a push to a repository of this machine starts a build when the webhook's filters let it.

GitHub, GitLab and Bitbucket cannot call this machine; a project's repository is the folder that a world file's
connection gives for it, or a repository of the backend's own (CodeCommit), and is looked at instead. What was there
when the webhook was made is no push. A commit made through the backend's own API is noticed at once. A pull
request is one of CodeCommit's, in the same repository. ``posted`` takes what GitHub itself would post.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from pointsman.clock import SystemClock
from pointsman.local import pages
from pointsman.local.answers import AwsError
from pointsman.local.codebuild import batches, builds, pushes, sources
from pointsman.local.codebuild.records import CodeBuildProject, EnvironmentVariable, StartRequest
from pointsman.local.codecommit.git import GitFailed
from pointsman.local.codecommit.repositories import Repositories
from pointsman.local.world import Payload, Scope
from pointsman.semantics.webhooks import WebhookEvent, WebhookFilter, passes

log = logging.getLogger("pointsman.local")

POLL: Final = "codebuild.webhooks.poll"
LOOKED: Final = "codebuild.webhooks.looked"
MOVED: Final = "codecommit.reference.updated"

QUICK: Final = 3.0
"""Seconds between two looks on the wall clock; our choice."""
STEADY: Final = 60.0
"""Seconds between two looks on a driven clock, which is spared the many timers."""

PAGE: Final = "webhooks/codebuild"
"""Where webhooks are called while an endpoint listens."""

INITIATOR: Final = "GitHub-Hookshot/pointsman"
TYPES: Final = ("CODECOMMIT", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED", "BITBUCKET")


class Webhook(msgspec.Struct, frozen=True):
    """A project's webhook; key: the project's name."""

    project: str
    secret: str
    modified: datetime
    groups: list[list[dict[str, Any]]] = []
    """The filter groups in AWS's shape."""
    branch_filter: str = ""
    build_type: str = "BUILD"
    manual: bool = False
    policy: dict[str, Any] = {}
    scope: dict[str, Any] = {}


class SeenRefs(msgspec.Struct, frozen=True):
    """Where a project's repository was when it was last looked at; key: the project's name."""

    refs: dict[str, str]


class Look(msgspec.Struct, frozen=True):
    """A repository to be looked at."""

    project: str
    place: Path
    written: tuple[Any, ...] | None
    """What it looked like from outside."""
    before: dict[str, str] | None
    """Its refs when it was last looked at; None when it never was."""


class Looks:
    """What repositories looked like from outside when they were last read: a tool of the world."""

    def __init__(self) -> None:
        self.by_project: dict[tuple[str, str, str], tuple[Any, ...] | None] = {}


def filters_of(groups: list[list[dict[str, Any]]]) -> list[list[WebhookFilter]]:
    """Filter groups out of AWS's shape."""
    return [
        [WebhookFilter(one["type"], one["pattern"], one.get("excludeMatchedPattern", False)) for one in group]
        for group in groups
    ]


def shape(scope: Scope, project: CodeBuildProject, hook: Webhook, *, told: bool = False) -> dict[str, Any]:
    """A webhook; its secret only where AWS tells it: once, when it is new."""
    told_of: dict[str, Any] = {
        "url": str(project.settings["source"].get("location", "")).removesuffix(".git") + "/settings/hooks",
        "payloadUrl": f"{pages.address(scope.world, PAGE) or _aws(scope)}?t={project.name}&r={scope.region}&v=1",
        "filterGroups": hook.groups,
        "buildType": hook.build_type,
        "manualCreation": hook.manual,
        "lastModifiedSecret": hook.modified,
        "status": "ACTIVE",
    }
    if told:
        told_of["secret"] = hook.secret
    if hook.branch_filter:
        told_of["branchFilter"] = hook.branch_filter
    if hook.policy:
        told_of["pullRequestBuildPolicy"] = hook.policy
    if hook.scope:
        told_of["scopeConfiguration"] = hook.scope
    return told_of


def _aws(scope: Scope) -> str:
    """Where AWS would have webhooks called."""
    return f"https://codebuild.{scope.region}.amazonaws.com/webhooks"


def shape_of(scope: Scope, name: str) -> dict[str, Any] | None:
    """A project's webhook as BatchGetProjects gives it; None when it has none."""
    project, hook = scope.get(CodeBuildProject, name), scope.get(Webhook, name)
    return None if hook is None or project is None else shape(scope, project, hook)


def begin(scope: Scope, project: CodeBuildProject) -> None:
    """Note where a project's repository is now, and look at it from now on."""
    place = sources.place_of(scope, project.settings["source"])
    if place is not None:
        try:
            scope.put(project.name, SeenRefs(pushes.refs(place)))
        except GitFailed as failure:
            log.info("the repository of %s cannot be read yet: %s", project.name, failure)
    watch(scope)


def watch(scope: Scope, *, at_once: bool = False) -> None:
    """Look at the repositories of all webhooks, soon and from then on."""
    seconds = 0.0 if at_once else QUICK if isinstance(scope.world.clock, SystemClock) else STEADY
    scope.after(seconds, POLL, key=POLL)


def forget(scope: Scope, project: str) -> bool:
    """Remove a project's webhook; False when there is none."""
    scope.delete(SeenRefs, project)
    scope.world.tool(Looks).by_project.pop((scope.account, scope.region, project), None)
    return scope.delete(Webhook, project)


def moved(scope: Scope, _: Payload) -> None:
    """A branch of a repository of the backend's own has moved."""
    if next(scope.scan(Webhook, limit=1), None) is not None:
        watch(scope, at_once=True)


def poll(scope: Scope, _: Payload) -> None:
    """Look at every webhook's repository, on another thread; one whose refs were not written since is left alone."""
    wanted: list[Look] = []
    standing = False
    known = scope.world.tool(Looks).by_project
    for name, _hook in scope.scan(Webhook):
        standing = True
        project = scope.get(CodeBuildProject, name)
        place = sources.place_of(scope, project.settings.get("source", {})) if project is not None else None
        if place is None:
            continue
        written = pushes.looks(place)
        if written is not None and known.get((scope.account, scope.region, name)) == written:
            continue
        seen = scope.get(SeenRefs, name)
        wanted.append(Look(name, place, written, seen.refs if seen is not None else None))
    if standing:
        watch(scope)
    if wanted:
        scope.job(LOOKED, partial(_look, wanted))


def _look(wanted: list[Look]) -> Payload:
    found: list[tuple[Look, dict[str, str], list[pushes.Push]]] = []
    for look in wanted:
        try:
            after = pushes.refs(look.place)
            pushed = pushes.between(look.place, look.before, after) if look.before is not None else []
        except GitFailed:
            continue  # it is not there, or not yet: the next look tells
        found.append((look, after, pushed))
    return {"found": found}


def looked(scope: Scope, payload: Payload) -> None:
    """The repositories have been looked at: judge what was pushed."""
    for look, after, pushed in payload.get("found", []):
        hook, seen = scope.get(Webhook, look.project), scope.get(SeenRefs, look.project)
        if hook is None or (seen.refs if seen is not None else None) != look.before:
            continue  # another look was quicker
        scope.world.tool(Looks).by_project[scope.account, scope.region, look.project] = look.written
        if after != look.before:
            scope.put(look.project, SeenRefs(after))
        for push in pushed:
            _judge(scope, hook, push)


def requested(scope: Scope, payload: Payload) -> None:
    """Something has happened to a pull request: judge it for every project whose source is its repository."""
    tool = scope.world.tool(Repositories)  # type: ignore[type-abstract]
    path = tool.path(scope.account, scope.region, payload["repository"])
    if path is None:
        return
    event = WebhookEvent(
        kind=f"PULL_REQUEST_{payload['event']}",
        head_ref=payload["source"],
        base_ref=payload["destination"],
        actor=payload["author"],
        files=payload["files"],
        message=payload["message"],
    )
    what = Cause(f"pr/{payload['id']}", payload["source_commit"], payload["before"], payload["merge_commit"])
    for name, hook in list(scope.scan(Webhook)):
        project = scope.get(CodeBuildProject, name)
        place = sources.place_of(scope, project.settings.get("source", {})) if project is not None else None
        if project is not None and place is not None and place.resolve() == path.resolve():
            if hook.policy.get("requiresCommentApproval") == "ALL_PULL_REQUESTS":
                log.info("pull request %s waits for a comment, which nobody can give here", payload["id"])
                continue
            judge(scope, project, hook, event, what)


class Cause(msgspec.Struct, frozen=True):
    """What an event was about, beside what filters look at."""

    trigger: str
    """``branch/main``, ``tag/v1`` or ``pr/7``."""
    commit: str
    """What is built."""
    before: str = ""
    merge: str = ""


def _judge(scope: Scope, hook: Webhook, push: pushes.Push) -> None:
    project = scope.get(CodeBuildProject, hook.project)
    if project is None:
        return
    event = WebhookEvent(
        kind="PUSH",
        head_ref=push.ref,
        actor=push.author,
        files=push.files,
        message=push.message,
    )
    trigger = f"tag/{event.tag}" if event.tag else f"branch/{event.branch}"
    judge(scope, project, hook, event, Cause(trigger, push.commit, push.before))


def judge(scope: Scope, project: CodeBuildProject, hook: Webhook, event: WebhookEvent, cause: Cause) -> str:
    """Start a build when a webhook's filters let an event; returns the build's or the batch's id, or nothing."""
    location = str(project.settings.get("source", {}).get("location", "")).rstrip("/").removesuffix(".git")
    event = replace(
        event,
        repository=event.repository or location.rpartition("/")[2],
        organization=event.organization or location.rpartition("/")[0].replace(":", "/").rpartition("/")[2],
    )
    if not passes(filters_of(hook.groups), hook.branch_filter, event):
        return ""
    given = {
        "CODEBUILD_WEBHOOK_TRIGGER": cause.trigger,
        "CODEBUILD_WEBHOOK_EVENT": event.kind,
        "CODEBUILD_WEBHOOK_HEAD_REF": event.head_ref,
        "CODEBUILD_WEBHOOK_BASE_REF": event.base_ref,
        "CODEBUILD_WEBHOOK_ACTOR_ACCOUNT_ID": event.actor,
        "CODEBUILD_WEBHOOK_PREV_COMMIT": cause.before,
        "CODEBUILD_WEBHOOK_MERGE_COMMIT": cause.merge,
    }
    request = StartRequest(
        project=hook.project,
        source_version=cause.commit,
        initiator=INITIATOR,
        webhook=[EnvironmentVariable(name, value) for name, value in given.items() if value],
    )
    try:
        if hook.build_type == "BUILD_BATCH":
            return batches.start(scope, request).id
        return builds.start(scope, request).id
    except AwsError as error:
        log.warning("the webhook of %s could not start a build: %s", hook.project, error.message)
        return ""
