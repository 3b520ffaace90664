"""Git triggers at work: what was pushed since the last look, and the executions that the filters let it start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from pointsman.local.codecommit import pushes
from pointsman.local.codeconnections.connections import NoRepository
from pointsman.local.codepipeline import triggers
from pointsman.local.codepipeline.declaration import ActionDeclaration
from pointsman.local.codepipeline.driver import begin
from pointsman.local.codepipeline.flow import Refusal
from pointsman.local.codepipeline.providers import Pushed, PushedSource
from pointsman.local.codepipeline.shapes import Override, Pipeline, WatchedRefs
from pointsman.local.world import Payload, Scope
from pointsman.semantics.pushes import Push, starts

PUSHED_TOPIC: Final = "codepipeline.pushed"


def look(scope: Scope, source: PushedSource, action: ActionDeclaration, payload: Payload, key: str) -> None:
    """See what was pushed to the repository of a source action with a trigger; a job judges it.

    Args:
        scope: The pipeline's.
        source: The action's provider.
        action: The action.
        payload: Names pipeline, stage and action.
        key: Of the record of what was seen.
    """
    pipeline = scope.get(Pipeline, payload["pipeline"])
    trigger = triggers.of(pipeline.declaration, action.name) if pipeline is not None else None
    if trigger is None:
        return
    try:
        found = source.pushed(scope, action)
    except NoRepository:
        return
    watched = scope.get(WatchedRefs, key)
    before = watched.refs if watched is not None and watched.source == _source(action) else None
    if isinstance(found, Pushed):
        if before == found.refs:
            return
        scope.job(PUSHED_TOPIC, partial(_judge, lambda: found, trigger, before, payload))
    else:
        scope.job(PUSHED_TOPIC, partial(_judge, found, trigger, before, payload))


def _source(action: ActionDeclaration) -> str:
    return f"{action.configuration['ConnectionArn']}/{action.configuration['FullRepositoryId']}"


def _judge(
    work: Callable[[], Pushed], trigger: dict[str, Any], before: dict[str, str] | None, payload: Payload
) -> Payload:
    """Blocking: read the refs, and judge each that has moved."""
    found = work()
    filters = trigger.get("push", [])
    begun = []
    for name, commit, old in moved(before, found.refs):
        if starts(filters, _push(found.path, name, commit, old)):
            begun.append({"ref": name, "commit": commit})
    return {**payload, "refs": found.refs, "before": before, "begun": begun}


def moved(before: dict[str, str] | None, refs: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """(name, commit, commit before) of every ref that moved; of a repository that is seen first, none."""
    for name, commit in sorted(refs.items()) if before is not None else ():
        old = before.get(name, "") if before is not None else ""
        if old != commit:
            yield name, commit, old


def _push(path: Path, name: str, commit: str, old: str) -> Push:
    if name.startswith(pushes.TAGS):
        return Push(tag=name.removeprefix(pushes.TAGS))
    return Push(branch=name.removeprefix(pushes.HEADS), paths=lambda: pushes.changed(path, old, commit))


def judged(scope: Scope, payload: Payload, action: ActionDeclaration, key: str) -> None:
    """Start what the filters let through, and remember what was seen."""
    pipeline = scope.get(Pipeline, payload["pipeline"])
    watched = scope.get(WatchedRefs, key)
    current = watched.refs if watched is not None and watched.source == _source(action) else None
    if pipeline is None or current != payload["before"]:
        return  # another look was quicker
    seen: dict[str, str] = dict(payload["refs"])
    for place, one in enumerate(payload["begun"]):
        if pipeline.declaration.undefaulted:
            break
        branch = one["ref"].removeprefix(pushes.HEADS) if one["ref"].startswith(pushes.HEADS) else ""
        override = Override("COMMIT_ID", one["commit"], branch)
        try:
            begin(scope, pipeline, "WebhookV2", one["ref"], overrides={action.name: override})
        except Refusal:
            # As many as may be are under way: this ref and those after it are seen to have moved at the next look.
            for left in payload["begun"][place:]:
                old = (payload["before"] or {}).get(left["ref"])
                if old is None:
                    del seen[left["ref"]]
                else:
                    seen[left["ref"]] = old
            break
    scope.put(key, WatchedRefs(seen, _source(action)))
