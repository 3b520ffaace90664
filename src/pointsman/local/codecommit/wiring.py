"""CodeCommit as an engine: its answers, what it listens to, and how it begins and ends."""

from __future__ import annotations

from pathlib import Path

from pointsman.local.codecommit import (
    branches,
    events,
    operations,
    operations_pull_requests,
    pull_requests,
    reading,
    writing,
)
from pointsman.local.codecommit.repositories import CodeCommitRepository, GitRepositories, Repositories
from pointsman.local.engines import Engine, Place
from pointsman.local.world import World


def _install(world: World) -> None:
    if not world.has(Repositories):
        world.provide(GitRepositories(world.tool(Place).root / "repositories"))
    pull_requests.install(world)
    events.install(world)


def _resume(world: World) -> None:
    tool = world.tool(Repositories)  # type: ignore[type-abstract]
    if not isinstance(tool, GitRepositories):
        return
    tool.sweep()
    for account, region in world.records.places(CodeCommitRepository):
        for name, repository in world.scope(account, region).scan(CodeCommitRepository):
            if repository.path:
                tool.map(account, region, name, Path(repository.path))


ENGINE = Engine(
    name="codecommit",
    answers=(operations, branches, reading, writing, operations_pull_requests),
    install=_install,
    resume=_resume,
    folders=("repositories",),
)
