"""What GitHub would post for a push, made here: a repository of this machine has nobody who calls webhooks.

A webhook that is registered with its third party hears of pushes to the repository of its source action, in GitHub's
shape as far as filters look at it, as if they had been posted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from pointsman.local.codecommit import pushes
from pointsman.local.codeconnections.connections import NoRepository
from pointsman.local.codepipeline import webhooks
from pointsman.local.codepipeline.declaration import ActionDeclaration
from pointsman.local.codepipeline.providers import Pushed, PushedSource
from pointsman.local.codepipeline.pushing import moved
from pointsman.local.world import Payload, Scope, World

TOPIC: Final = "codepipeline.github.pushed"
_NOTHING: Final = "0" * 40


class CalledRefs(msgspec.Struct, frozen=True):
    """The branches and tags that the webhooks of a source action were last told of; key: name/stage/action."""

    refs: dict[str, str]
    source: str


def install(world: World) -> None:
    """Hear of what was looked at."""
    world.on(TOPIC, _told)


def look(scope: Scope, source: PushedSource, action: ActionDeclaration, payload: Payload) -> None:
    """See what was pushed to the repository of a source action that registered webhooks are for."""
    if next(webhooks.of_action(scope, payload["pipeline"], payload["action"]), None) is None:
        scope.delete(CalledRefs, _key(payload))
        return
    try:
        found = source.pushed(scope, action)
    except NoRepository:
        return
    name = f"{action.configuration['Owner']}/{action.configuration['Repo']}"
    known = scope.get(CalledRefs, _key(payload))
    before = known.refs if known is not None and known.source == name else None
    if isinstance(found, Pushed):
        if before == found.refs:
            return
        ready = found
        found = lambda: ready  # noqa: E731 - what is known already, as work
    scope.job(TOPIC, partial(_judge, found, name, before, payload))


def _key(payload: Payload) -> str:
    return f"{payload['pipeline']}/{payload['stage']}/{payload['action']}"


def _judge(work: Callable[[], Pushed], name: str, before: dict[str, str] | None, payload: Payload) -> Payload:
    """Blocking: read the refs, and what GitHub would post of each that has moved."""
    found = work()
    posts = [_post(found, name, ref, commit, old) for ref, commit, old in moved(before, found.refs)]
    return {**payload, "refs": found.refs, "before": before, "source": name, "posts": posts}


def _post(found: Pushed, name: str, ref: str, commit: str, old: str) -> dict[str, Any]:
    owner, _, repository = name.partition("/")
    files = pushes.changed(found.path, old, commit)
    return {
        "ref": ref,
        "before": old or _NOTHING,
        "after": commit,
        "created": not old,
        "deleted": False,
        "repository": {"name": repository, "full_name": name, "owner": {"name": owner, "login": owner}},
        "head_commit": {"id": commit, "added": [], "removed": [], "modified": files},
        "commits": [{"id": commit, "added": [], "removed": [], "modified": files}],
    }


def _told(scope: Scope, payload: Payload) -> None:
    if "posts" not in payload:
        return
    known = scope.get(CalledRefs, _key(payload))
    current = known.refs if known is not None and known.source == payload["source"] else None
    if current != payload["before"]:
        return  # another look was quicker
    for post in payload["posts"]:
        for hook in list(webhooks.of_action(scope, payload["pipeline"], payload["action"])):
            webhooks.deliver(scope, hook, post)
    scope.put(_key(payload), CalledRefs(payload["refs"], payload["source"]))
