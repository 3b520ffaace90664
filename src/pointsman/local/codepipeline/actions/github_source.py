"""Sources of the provider GitHub (version 1): the repository lies where a connection of the world file leads.

Such an action names no connection, only ``Owner`` and ``Repo``: the first mapped connection to GitHub that has the
repository is taken. Its OAuth token is kept as it came and asked of nobody.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pointsman.local.codeconnections import connections
from pointsman.local.codeconnections.connections import CodeConnection, NoRepository
from pointsman.local.codepipeline.actions.connection_source import ConnectionSource
from pointsman.local.codepipeline.actions.git_source import Origin
from pointsman.local.codepipeline.shapes import Override
from pointsman.local.world import Scope

SITE: Final = "https://github.com"


class GitHubSource(ConnectionSource):
    """Category Source, owner ThirdParty, provider GitHub."""

    topic = "codepipeline.github.fetched"

    def origin(self, scope: Scope, configuration: dict[str, str], override: Override | None) -> Origin:
        """The repository and the branch."""
        del scope, override  # a webhook has the branch's tip fetched
        name = self.repository_of(configuration)
        return Origin(
            service="GitHub",
            repository=self.key(configuration),
            name=name,
            branch=configuration["Branch"],
            link=lambda commit: f"{SITE}/{name}/commit/{commit}",
            variables={"RepositoryName": configuration["Repo"]},
            link_variable="CommitUrl",
        )

    def path(self, scope: Scope, configuration: dict[str, str]) -> Path:
        """Where the repository lies: behind the first mapped connection to GitHub that has it."""
        name = self.repository_of(configuration)
        for _, connection in scope.scan(CodeConnection):
            if connection.provider != "GitHub" or connections.folder_of(scope, connection) is None:
                continue
            try:
                return connections.repository(scope, connection.arn(scope), name)
            except NoRepository:
                continue
        raise NoRepository(f"No connection to GitHub that a world file maps to a folder has a repository {name}.")

    def key(self, configuration: dict[str, str]) -> str:
        """What the repository is called among those of CodeCommit."""
        return f"github/{self.repository_of(configuration)}"

    def branch(self, configuration: dict[str, str]) -> str:
        """The branch that is looked at for changes."""
        return configuration["Branch"]

    @staticmethod
    def repository_of(configuration: dict[str, str]) -> str:
        """``owner/name``."""
        return f"{configuration['Owner']}/{configuration['Repo']}"
