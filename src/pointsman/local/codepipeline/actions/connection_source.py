"""Sources behind a connection: repositories of GitHub, GitLab and Bitbucket that lie in a folder of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from pointsman.local.codecommit import pushes
from pointsman.local.codecommit.repositories import GitRepositories
from pointsman.local.codeconnections import connections
from pointsman.local.codeconnections.connections import NoRepository
from pointsman.local.codepipeline.actions import git_source
from pointsman.local.codepipeline.actions.git_source import Origin
from pointsman.local.codepipeline.declaration import ActionDeclaration
from pointsman.local.codepipeline.providers import CONFIGURATION_ERROR, ActionCall, Outcome, Pushed, failed
from pointsman.local.codepipeline.shapes import Override
from pointsman.local.world import Payload, Scope, World

FETCHED_TOPIC: Final = "codepipeline.connection.fetched"
_SITES: Final = {"GitHub": "https://github.com", "GitLab": "https://gitlab.com", "Bitbucket": "https://bitbucket.org"}


class ConnectionSource:
    """Category Source, provider CodeStarSourceConnection."""

    topic = FETCHED_TOPIC

    def __init__(self) -> None:
        self._looked: dict[tuple[str, ...], tuple[tuple[object, ...], Pushed]] = {}
        """What a repository's refs looked like when they were last read, and what they were."""

    def install(self, world: World) -> None:
        """Hear of commits fetched."""
        world.on(self.topic, self._on_fetched)

    def origin(self, scope: Scope, configuration: dict[str, str], override: Override | None) -> Origin:
        """The repository behind the connection, and the branch: the one a trigger found, or the configured one."""
        arn, name = configuration["ConnectionArn"], configuration["FullRepositoryId"]
        connection = connections.find(scope, arn)
        site = _SITES.get(connection.provider if connection is not None else "", "")
        part = "commits" if connection is not None and connection.provider == "Bitbucket" else "commit"
        return Origin(
            service=connection.provider if connection is not None else "connected",
            repository=self.key(configuration),
            name=name,
            branch=(override.branch if override is not None else "") or configuration["BranchName"],
            link=lambda commit: f"{site}/{name}/{part}/{commit}" if site else "",
            variables={"ConnectionArn": arn, "FullRepositoryName": name},
        )

    def path(self, scope: Scope, configuration: dict[str, str]) -> Path:
        """Where the repository lies.

        Raises:
            NoRepository: Says why it lies nowhere.
        """
        return connections.repository(scope, configuration["ConnectionArn"], configuration["FullRepositoryId"])

    def key(self, configuration: dict[str, str]) -> str:
        """What the repository is called among those of CodeCommit, whose names have no slash."""
        return f"{configuration['ConnectionArn']}/{configuration['FullRepositoryId']}"

    def branch(self, configuration: dict[str, str]) -> str:
        """The branch that is looked at for changes."""
        return configuration["BranchName"]

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Have the commit read and zipped by a job."""
        form = call.configuration.get("OutputArtifactFormat", "CODE_ZIP")
        if form != "CODE_ZIP":
            return failed(CONFIGURATION_ERROR, f"OutputArtifactFormat {form} is not built in this local backend.")
        try:
            self._map(scope, call.configuration)
        except NoRepository as problem:
            return failed(CONFIGURATION_ERROR, str(problem))
        git_source.fetch(scope, call, self.origin(scope, call.configuration, call.override), self.topic)
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """The job is gone with the process: begin again."""
        return self.start(scope, call)

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """What the job brings will not be heard."""

    def newest(self, scope: Scope, declaration: ActionDeclaration) -> str | Callable[[], str] | None:
        """The branch's tip."""
        try:
            found = self.pushed(scope, declaration)
        except NoRepository:
            return None
        name = f"{pushes.HEADS}{self.branch(declaration.configuration)}"
        if isinstance(found, Pushed):
            return found.refs.get(name, "")
        return lambda: found().refs.get(name, "")

    def pushed(self, scope: Scope, declaration: ActionDeclaration) -> Pushed | Callable[[], Pushed]:
        """The refs while their files are as they were, or else work that asks git for them.

        Raises:
            NoRepository: There is nothing to ask.
        """
        configuration = declaration.configuration
        path = self.path(scope, configuration)
        place = (scope.account, scope.region, self.key(configuration))
        looks = pushes.looks(path)
        known = self._looked.get(place)
        if known is not None and known[0] == looks:
            return known[1]

        def work() -> Pushed:
            found = Pushed(path, pushes.refs(path))
            if looks is not None:
                self._looked[place] = (looks, found)
            return found

        return work

    def _map(self, scope: Scope, configuration: dict[str, str]) -> None:
        """Let the tool that reads commits know where the repository lies."""
        path = self.path(scope, configuration)
        tool = git_source.repositories(scope)
        if not isinstance(tool, GitRepositories):
            raise NoRepository("This backend's repositories are scripted: it has none behind connections.")
        tool.map(scope.account, scope.region, self.key(configuration), path)

    def _on_fetched(self, scope: Scope, payload: Payload) -> None:
        git_source.fetched(scope, payload, self)
