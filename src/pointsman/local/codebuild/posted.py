"""What GitHub posts to a project's webhook: signed by its secret, judged by its filters.

The page takes ``push``, ``pull_request`` and ``release`` events while an endpoint listens. What a pull request changes
does not stand in what is posted; it is looked up in the project's repository on this machine, where there is one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from pointsman.local.codebuild import sources, webhooks
from pointsman.local.codebuild.records import CodeBuildProject
from pointsman.local.codebuild.webhooks import Cause, Webhook
from pointsman.local.codecommit import merging
from pointsman.local.codecommit.git import Git, GitFailed
from pointsman.local.codecommit.repositories import git_folder
from pointsman.local.pages import Pages, Shown, Visit
from pointsman.local.world import Scope, World
from pointsman.semantics.webhooks import WebhookEvent

_PULL: Final = {
    "opened": "PULL_REQUEST_CREATED",
    "reopened": "PULL_REQUEST_REOPENED",
    "synchronize": "PULL_REQUEST_UPDATED",
    "closed": "PULL_REQUEST_CLOSED",
}
_RELEASE: Final = {"released": "RELEASED", "prereleased": "PRERELEASED"}


def install(world: World) -> None:
    """Give the page."""
    world.tool(Pages).add(webhooks.PAGE, "POST", called)


def called(world: World, account: str, visit: Visit) -> Shown:
    """Somebody posts to a project's webhook."""
    scope = world.scope(account, visit.query.get("r", ""))
    name = visit.query.get("t", "")
    hook, project = scope.get(Webhook, name), scope.get(CodeBuildProject, name)
    if hook is None or project is None:
        return _said(404, "there is no such webhook")
    if not _signed(hook.secret, visit):
        return _said(403, "the signature is not the one of this webhook's secret")
    try:
        payload = msgspec.json.decode(visit.body, type=dict[str, Any])
        found = _event(visit.headers.get("x-github-event", ""), payload)
    except (msgspec.DecodeError, RecursionError, KeyError, TypeError, AttributeError):
        return _said(400, "the body is no event of GitHub")
    if found is None:
        return _said(202, "ignored: no event that starts builds")
    event, cause, base = found
    if base:
        event = _with_files(scope, project, event, cause, base)
    build = webhooks.judge(scope, project, hook, event, cause)
    return _said(200, "started", id=build) if build else _said(202, "ignored: no filter group lets it pass")


def _said(status: int, message: str, **more: str) -> Shown:
    return Shown(status, json.dumps({"message": message, **more}).encode())


def _signed(secret: str, visit: Visit) -> bool:
    wanted = f"sha256={hmac.new(secret.encode(), visit.body, hashlib.sha256).hexdigest()}"
    return hmac.compare_digest(wanted.encode(), visit.headers.get("x-hub-signature-256", "").strip().encode())


def _event(kind: str, payload: dict[str, Any]) -> tuple[WebhookEvent, Cause, str] | None:
    """(event, its cause, the commit it is to be compared with) of what was posted; None when it starts nothing."""
    if kind == "push":
        return _push(payload)
    if kind == "pull_request":
        return _pull(payload)
    action = _RELEASE.get(str(payload.get("action")))
    if kind != "release" or action is None:
        return None
    tag = str(payload["release"]["tag_name"])
    event = WebhookEvent(
        kind=action,
        head_ref=f"refs/tags/{tag}",
        actor=_actor(payload),
        release=str(payload["release"].get("name") or tag),
        **_names(payload),
    )
    return event, Cause(f"release/{tag}", f"refs/tags/{tag}"), ""


def _push(payload: dict[str, Any]) -> tuple[WebhookEvent, Cause, str] | None:
    if payload.get("deleted"):
        return None
    ref, head = str(payload["ref"]), payload.get("head_commit") or {}
    files = {
        str(path)
        for commit in payload.get("commits") or []
        for part in ("added", "modified", "removed")
        for path in commit.get(part) or []
    }
    event = WebhookEvent(
        kind="PUSH",
        head_ref=ref,
        actor=_actor(payload),
        files=tuple(sorted(files)),
        message=str(head.get("message", "")),
        **_names(payload),
    )
    before = str(payload.get("before", "")).strip("0")
    cause = Cause(
        f"tag/{event.tag}" if event.tag else f"branch/{event.branch}",
        str(payload["after"]),
        str(payload["before"]) if before else "",
    )
    return event, cause, ""


def _pull(payload: dict[str, Any]) -> tuple[WebhookEvent, Cause, str] | None:
    request = payload["pull_request"]
    kind = _PULL.get(str(payload.get("action")))
    if kind is None:
        return None
    if kind == "PULL_REQUEST_CLOSED" and request.get("merged"):
        kind = "PULL_REQUEST_MERGED"
    event = WebhookEvent(
        kind=kind,
        head_ref=f"refs/heads/{request['head']['ref']}",
        base_ref=f"refs/heads/{request['base']['ref']}",
        actor=_actor(payload),
        **_names(payload),
    )
    cause = Cause(
        f"pr/{payload.get('number', request.get('number'))}",
        str(request["head"]["sha"]),
        str(payload.get("before") or ""),
        str(request.get("merge_commit_sha") or "") if request.get("merged") else "",
    )
    return event, cause, str(request["base"]["sha"])


def _actor(payload: dict[str, Any]) -> str:
    return str((payload.get("sender") or {}).get("id", ""))


def _names(payload: dict[str, Any]) -> dict[str, str]:
    repository = payload.get("repository") or {}
    owner = repository.get("owner") or {}
    return {
        "repository": str(repository.get("name", "")),
        "organization": str(owner.get("login") or owner.get("name") or ""),
    }


def _with_files(scope: Scope, project: CodeBuildProject, event: WebhookEvent, cause: Cause, base: str) -> WebhookEvent:
    """An event with what the project's own repository knows of its commits."""
    place = sources.place_of(scope, project.settings.get("source", {}))
    if place is None:
        return event
    try:
        found = merging.difference(Git(git_folder(place)), cause.commit, base)
    except GitFailed:
        return event
    return replace(event, files=found.files, message=found.message)
