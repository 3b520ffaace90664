"""CodeCommit source: the tip of a branch, or the commit an execution asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from pointsman.local.codepipeline import urls
from pointsman.local.codepipeline.actions import git_source
from pointsman.local.codepipeline.actions.git_source import Origin
from pointsman.local.codepipeline.declaration import ActionDeclaration
from pointsman.local.codepipeline.providers import CONFIGURATION_ERROR, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import progress
from pointsman.local.codepipeline.shapes import Override
from pointsman.local.world import Payload, Scope, World

FETCHED_TOPIC: Final = "codepipeline.codecommit.fetched"


class CodeCommitSource:
    """Category Source, provider CodeCommit."""

    def __init__(self) -> None:
        self._looked: dict[tuple[str, ...], tuple[tuple[object, ...], str]] = {}
        """What a branch's files looked like when it was last read, and its tip: an unchanged one costs no git."""

    def install(self, world: World) -> None:
        """Hear of commits fetched."""
        world.on(FETCHED_TOPIC, self._on_fetched)

    def origin(self, scope: Scope, configuration: dict[str, str], override: Override | None) -> Origin:  # noqa: ARG002
        """The repository and branch a configuration names."""
        name, branch = configuration["RepositoryName"], configuration["BranchName"]
        region = scope.region
        return Origin(
            "CodeCommit", name, name, branch, lambda commit: urls.commit(region, name, commit), {"RepositoryName": name}
        )

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Have the commit read and zipped by a job."""
        origin = self.origin(scope, call.configuration, call.override)
        progress(scope, call.ticket, entity_url=urls.branch(scope.region, origin.name, origin.branch))
        form = call.configuration.get("OutputArtifactFormat", "CODE_ZIP")
        if form != "CODE_ZIP":
            return failed(CONFIGURATION_ERROR, f"OutputArtifactFormat {form} is not built in this local backend.")
        git_source.fetch(scope, call, origin, FETCHED_TOPIC)
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """The job is gone with the process: begin again."""
        return self.start(scope, call)

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """What the job brings will not be heard."""

    def newest(self, scope: Scope, declaration: ActionDeclaration) -> str | Callable[[], str] | None:
        """The branch's tip while its files are as they were, or else work that asks git for it."""
        origin = self.origin(scope, declaration.configuration, None)
        account, region = scope.account, scope.region
        place = (account, region, origin.repository, origin.branch)
        looks = _looks(git_source.repositories(scope).path(account, region, origin.repository), origin.branch)
        known = self._looked.get(place)
        if known is not None and known[0] == looks:
            return known[1]

        def work() -> str:
            found = git_source.tip(scope, origin)
            if looks is not None:
                self._looked[place] = (looks, found)
            return found

        return work

    def _on_fetched(self, scope: Scope, payload: Payload) -> None:
        git_source.fetched(scope, payload, self)


def _looks(path: Path | None, branch: str) -> tuple[object, ...] | None:
    """When a repository's refs were last written; None when it keeps them in no way known here."""
    if path is None:
        return None
    root = path / ".git" if (path / ".git").is_dir() else path
    if not (root / "refs").is_dir():
        return None
    found: list[object] = []
    for place in (root / "refs" / "heads" / branch, root / "packed-refs", root / "reftable" / "tables.list"):
        try:
            about = place.stat()
        except OSError:
            found.append(None)
        else:
            found.append((about.st_mtime_ns, about.st_size, about.st_ino))
    return tuple(found)
