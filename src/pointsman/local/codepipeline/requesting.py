"""Git triggers at work on pull requests: what happened to one, and the executions that the filters let it start.

A pull request is one of CodeCommit's here. It concerns a source behind a connection when the connection leads to the
very repository: a folder that a world file has under both names.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pointsman.local.codecommit import pull_requests
from pointsman.local.codecommit.repositories import GitRepositories, Repositories
from pointsman.local.codeconnections import connections
from pointsman.local.codeconnections.connections import NoRepository
from pointsman.local.codepipeline import triggers
from pointsman.local.codepipeline.declaration import ActionDeclaration
from pointsman.local.codepipeline.driver import begin
from pointsman.local.codepipeline.flow import Refusal
from pointsman.local.codepipeline.shapes import Override, Pipeline
from pointsman.local.world import Payload, Scope, World
from pointsman.semantics.pushes import Request, starts_on

log = logging.getLogger("pointsman.local")

_EVENTS: Final = {
    pull_requests.CREATED: "OPEN",
    pull_requests.UPDATED: "UPDATED",
    pull_requests.MERGED: "CLOSED",
    pull_requests.CLOSED: "CLOSED",
}
HEADS: Final = "refs/heads/"
AGAIN: Final = "codepipeline.request.again"
PAUSE: Final = 30.0
"""Seconds after which a pull request that found no room is tried again; our choice."""


def install(world: World) -> None:
    """Hear of pull requests."""
    world.on(pull_requests.TOPIC, _on_request)
    world.on(AGAIN, _on_again)


def _on_request(scope: Scope, payload: Payload) -> None:
    place = _place(scope, payload["repository"])
    if place is None:
        return
    for pipeline, action in list(_asked(scope)):
        if _reaches(scope, action, place):
            _judge(scope, pipeline, action, payload)


def _on_again(scope: Scope, payload: Payload) -> None:
    """Once more what found no room, if its pipeline still asks for it."""
    name, source = payload["waits_for"]
    for pipeline, action in list(_asked(scope)):
        if (pipeline.name, action.name) == (name, source):
            _judge(scope, pipeline, action, payload)


def _place(scope: Scope, repository: str) -> Path | None:
    tool = scope.world.tool(Repositories)  # type: ignore[type-abstract]
    path = tool.path(scope.account, scope.region, repository) if isinstance(tool, GitRepositories) else None
    return path.resolve() if path is not None else None


def _asked(scope: Scope) -> Iterator[tuple[Pipeline, ActionDeclaration]]:
    """The source actions whose triggers ask for pull requests."""
    for _, pipeline in scope.scan(Pipeline):
        for action in pipeline.declaration.stages[0].actions:
            if "pullRequest" in (triggers.of(pipeline.declaration, action.name) or {}):
                yield pipeline, action


def _reaches(scope: Scope, action: ActionDeclaration, place: Path) -> bool:
    arn, name = action.configuration["ConnectionArn"], action.configuration["FullRepositoryId"]
    try:
        return connections.repository(scope, arn, name).resolve() == place
    except NoRepository:
        return False


def _judge(scope: Scope, pipeline: Pipeline, action: ActionDeclaration, payload: Payload) -> None:
    request = Request(_EVENTS[payload["event"]], payload["destination"].removeprefix(HEADS), payload["files"])
    trigger = triggers.of(pipeline.declaration, action.name) or {}
    if not starts_on(trigger["pullRequest"], request) or pipeline.declaration.undefaulted:
        return
    override = Override("COMMIT_ID", payload["source_commit"], payload["source"].removeprefix(HEADS))
    try:
        begin(scope, pipeline, "WebhookV2", f"refs/pull/{payload['id']}/head", overrides={action.name: override})
    except Refusal:
        # Unlike a push, what has happened to a pull request cannot be seen again at the next look: it waits.
        if "waits_for" not in payload:
            log.info("pull request %s waits for room in %s", payload["id"], pipeline.name)
        scope.after(PAUSE, AGAIN, {**payload, "waits_for": [pipeline.name, action.name]})
