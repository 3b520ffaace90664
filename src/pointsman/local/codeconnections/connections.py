"""Connections as records, and the repositories behind them: what the sources of pipelines ask."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from pathlib import Path

import msgspec

from pointsman.local.codecommit.git import GitFailed
from pointsman.local.codecommit.repositories import git_folder
from pointsman.local.world import Scope

_PART = re.compile(r"[A-Za-z0-9._-]{1,100}")
_SPACE = uuid.UUID("5f0c2f6e-6f2b-4a57-9d2e-0d3c7a5b1e11")
"""The name space of the ids of connections that a world file names."""


class LocalConnection(msgspec.Struct, frozen=True):
    """The folder that connections of a name lead to; key: the name."""

    name: str
    path: str


class CodeConnection(msgspec.Struct, frozen=True):
    """A connection; key: its id."""

    id: str
    name: str
    provider: str
    created: datetime
    service: str = "codeconnections"
    """The service in its ARN, which is the one it was made through."""
    tags: dict[str, str] = {}

    def arn(self, scope: Scope) -> str:
        """Its ARN."""
        return scope.arn(self.service, f"connection/{self.id}")


class NoRepository(Exception):
    """A repository cannot be reached through its connection; the message is a sentence."""


def mapped_id(scope: Scope, name: str) -> str:
    """The id of the connection that a world file names: the same each time, so that definitions can hold it."""
    return str(uuid.uuid5(_SPACE, f"{scope.account}/{scope.region}/{name}"))


def map_connection(scope: Scope, name: str, path: Path, provider: str = "GitHub") -> None:
    """Have connections of a name lead to a folder; one is made when there is none of this name yet."""
    scope.put(name, LocalConnection(name, str(path)))
    if not any(one.name == name for _, one in scope.scan(CodeConnection)):
        made = CodeConnection(mapped_id(scope, name), name, provider, scope.now)
        scope.put(made.id, made)


def find(scope: Scope, arn: str) -> CodeConnection | None:
    """The connection of an ARN, which may have the connection's name in its id's place."""
    fields = arn.split(":", 5)
    if len(fields) != 6 or fields[4] != scope.account or not fields[5].startswith("connection/"):
        return None
    home = scope.world.scope(scope.account, fields[3])
    wanted = fields[5].removeprefix("connection/")
    known = home.get(CodeConnection, wanted)
    return known or next((one for _, one in home.scan(CodeConnection) if one.name == wanted), None)


def folder_of(scope: Scope, connection: CodeConnection) -> Path | None:
    """The folder a connection leads to; None while no world file says."""
    mapped = scope.get(LocalConnection, connection.name)
    return None if mapped is None else Path(mapped.path)


def repository(scope: Scope, arn: str, full_name: str) -> Path:
    """The git folder of a repository behind a connection.

    ``FOLDER/owner/name``, ``FOLDER/name``, each also with ``.git``, or the folder itself when it is a repository.

    Raises:
        NoRepository: Says why there is none.
    """
    connection = find(scope, arn)
    if connection is None:
        raise NoRepository(f"There is no connection {arn}.")
    home = scope.world.scope(scope.account, arn.split(":", 5)[3])
    folder = folder_of(home, connection)
    if folder is None:
        raise NoRepository(
            f"The connection {connection.name} is PENDING: a world file names its folder under local.connections."
        )
    parts = full_name.split("/")
    if any(_PART.fullmatch(part) is None or part in (".", "..") for part in parts):
        raise NoRepository(f"{full_name} is not the name of a repository.")
    for place in (folder.joinpath(*parts), folder / parts[-1], folder):
        for candidate in (place, place.with_name(f"{place.name}.git")):
            try:
                git_folder(candidate)
            except (GitFailed, OSError):
                continue
            if candidate.resolve().is_relative_to(folder.resolve()):
                return candidate
    raise NoRepository(f"There is no git repository {full_name} in {folder}.")
