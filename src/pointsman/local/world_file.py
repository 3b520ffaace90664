"""The world file: what ``--load`` takes, read into values that still know their lines.

::

    region: eu-west-1            # optional; us-east-1
    account: "123456789012"      # optional; refused when the backend's is another
    local:                       # what AWS has no call for; paths are relative to this file
      repositories:
        webapp: {seed: ., branch: main}        # a new repository; the folder becomes its first commit
        service: {path: ../service}            # a git folder of yours, read and never written
      connections:
        github: {path: ../checkouts, provider: GitHub}    # where the repositories of a connection lie
      functions:
        smoke: {command: [./smoke.sh, --quick], folder: ., timeout: 60, environment: {URL: http://localhost}}
      events:
        failures: {pattern: {detail: {state: [FAILED]}}, topic: releases, function: smoke}
      target_groups:
        webapp: 8090                           # the port that its traffic comes in by; without it, any free one
      instances:
        web-1: {path: ./instances/web-1, tags: {Name: web}}
      sampling_rules: ./sampling-rules.json    # a sampling-rule file of X-Ray's SDKs
      commands:
        notify: {command: ./notify.sh, folder: ., timeout: 60}    # functions too, by the name that topics know
      topics:
        releases: [{log: /releases}, {file: ./releases.jsonl}, {command: notify}]
    calls:                       # AWS's own calls, in order, as boto3 spells them
      - s3: {create_bucket: {Bucket: releases}}
      - codebuild: {create_project: [{name: one, …}, {name: two, …}]}

``local`` comes first, then ``calls``. ``calls`` may also be a mapping, and an operation may have a list of parameter
sets. ``!file PATH`` stands for what a file holds. Every mistake names file, line and key.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, field

from pointsman.errors import ConfigError
from pointsman.local.world_nodes import Mark, Nodes, Step, compose, is_empty, line_of

_TOP = ("region", "account", "calls", "local")
_LOCAL = (
    *("repositories", "connections", "instances", "functions", "events"),
    *("sampling_rules", "commands", "topics", "target_groups"),
)
_OUTLETS = ("log", "file", "command")

_PROVIDERS = ("GitHub", "GitLab", "Bitbucket")


class Call(Struct, frozen=True):
    """One AWS call."""

    service: str
    operation: str
    """As boto3 spells it: ``create_pipeline``; as written, not yet known to exist."""
    parameters: dict[str, Any]
    mark: Mark
    service_mark: Mark
    lines: dict[tuple[Step, ...], int]
    """The line of every parameter, by its path."""


class LocalRepository(Struct, frozen=True):
    """A repository: a folder of the owner's, or one of ours with its first commit."""

    name: str
    mark: Mark
    path: Path | None = None
    seed: Path | None = None
    branch: str = "main"
    description: str = ""


class LocalFolder(Struct, frozen=True):
    """A connection or an instance: a name, a folder, tags."""

    name: str
    mark: Mark
    path: Path
    tags: dict[str, str] = field(default_factory=dict)
    provider: str = "GitHub"
    """A connection's: GitHub, GitLab or Bitbucket."""


class FunctionEntry(Struct, frozen=True):
    """A function: a command of this machine."""

    name: str
    mark: Mark
    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    timeout: int = 900
    """Seconds."""


class RouteEntry(Struct, frozen=True):
    """A way events take: what they must have, and the topic or function they go to."""

    name: str
    mark: Mark
    pattern: dict[str, Any]
    topic: str = ""
    function: str = ""


class LocalFile(Struct, frozen=True):
    """A file that is read with the world."""

    path: Path
    mark: Mark


class TopicEntry(Struct, frozen=True):
    """A topic, and where its messages go: (protocol, endpoint)."""

    name: str
    mark: Mark
    outlets: tuple[tuple[str, str], ...] = ()


class WorldFile(Struct, frozen=True):
    """A world file, read."""

    path: Path
    region: str = ""
    account: str = ""
    account_mark: Mark = field(default_factory=lambda: Mark(1, "account"))
    calls: tuple[Call, ...] = ()
    repositories: tuple[LocalRepository, ...] = ()
    connections: tuple[LocalFolder, ...] = ()
    instances: tuple[LocalFolder, ...] = ()
    sampling_rules: LocalFile | None = None
    topics: tuple[TopicEntry, ...] = ()
    functions: tuple[FunctionEntry, ...] = ()
    """The commands of this machine: under ``functions``, or under ``commands`` with a shorter time-out."""
    routes: tuple[RouteEntry, ...] = ()
    target_groups: dict[str, int] = field(default_factory=dict)
    """Name -> the port that its traffic comes in by."""

    def wrong(self, mark: Mark, sentence: str, hint: str = "") -> ConfigError:
        """The error about a place in this file."""
        return ConfigError(f"{self.path}:{mark.line}: {mark.key}: {sentence}", hint)


def read(path: Path) -> WorldFile:
    """Read a world file, or the ``world.yml`` of a folder.

    Raises:
        ConfigError: It cannot be read, or names file, line and key of the first mistake.
    """
    path = path.expanduser().absolute()
    if path.is_dir():
        path = path / "world.yml"
    node = compose(path)
    return WorldFile(path) if node is None else _Reading(path).world(node)


class _Reading(Nodes):
    """One file being read."""

    def world(self, node: yaml.Node) -> WorldFile:
        top = self.mapping(node, "", _TOP)
        region, account = top.get("region"), top.get("account")
        local = self.mapping(top["local"], "local", _LOCAL) if "local" in top else {}
        return WorldFile(
            path=self.path,
            region=self.text(region, "region") if region else "",
            account=self.text(account, "account") if account else "",
            account_mark=Mark(line_of(account), "account") if account else Mark(1, "account"),
            calls=tuple(self._calls(top["calls"])) if "calls" in top else (),
            repositories=tuple(self._repositories(local["repositories"])) if "repositories" in local else (),
            connections=tuple(self._folders(local, "connections", ("path", "provider"))),
            instances=tuple(self._folders(local, "instances", ("path", "tags"))),
            sampling_rules=self._file(local, "sampling_rules"),
            topics=tuple(self._topics(local["topics"])) if "topics" in local else (),
            functions=tuple(self._every_function(local)),
            routes=tuple(self._routes(local["events"])) if "events" in local else (),
            target_groups=self._ports(local["target_groups"]) if "target_groups" in local else {},
        )

    # -- calls ------------------------------------------------------------------------------------------------------

    def _calls(self, node: yaml.Node) -> Iterator[Call]:
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                yield from self._call(item, f"calls[{index}]")
        else:
            yield from self._call(node, "calls")

    def _call(self, node: yaml.Node, key: str) -> Iterator[Call]:
        for service, operations in self.pairs(node, key):
            for operation, given in self.pairs(operations, f"{key}.{service.value}"):
                name = f"{key}.{service.value}.{operation.value}"
                several = given.value if isinstance(given, yaml.SequenceNode) else [given]
                for parameters in several:
                    lines: dict[tuple[Step, ...], int] = {}
                    value = {} if is_empty(parameters) else self.value(parameters, name, (), lines)
                    if not isinstance(value, dict):
                        self.wrong(parameters, name, "the parameters of a call are a mapping")
                    mark = Mark(line_of(operation if parameters is given else parameters), name)
                    whose = Mark(line_of(service), f"{key}.{service.value}")
                    yield Call(service.value, operation.value, value, mark, whose, lines)

    # -- local ------------------------------------------------------------------------------------------------------

    def _repositories(self, node: yaml.Node) -> Iterator[LocalRepository]:
        for name, given in self.pairs(node, "local.repositories"):
            key = f"local.repositories.{name.value}"
            mark = Mark(line_of(name), key)
            if isinstance(given, yaml.ScalarNode) and not is_empty(given):
                yield LocalRepository(name.value, mark, path=self.folder(given, key))
                continue
            allowed = ("path", "seed", "branch", "description")
            fields = {} if is_empty(given) else self.mapping(given, key, allowed)
            if "path" in fields and "seed" in fields:
                self.wrong(fields["seed"], f"{key}.seed", "a folder of yours is not written to: give path or seed")
            yield LocalRepository(
                name.value,
                mark,
                path=self.folder(fields["path"], f"{key}.path") if "path" in fields else None,
                seed=self.folder(fields["seed"], f"{key}.seed") if "seed" in fields else None,
                branch=self.text(fields["branch"], f"{key}.branch") if "branch" in fields else "main",
                description=self.text(fields["description"], f"{key}.description") if "description" in fields else "",
            )

    def _folders(self, local: dict[str, yaml.Node], kind: str, allowed: tuple[str, ...]) -> Iterator[LocalFolder]:
        if kind not in local:
            return
        for name, given in self.pairs(local[kind], f"local.{kind}"):
            key = f"local.{kind}.{name.value}"
            fields = {"path": given} if isinstance(given, yaml.ScalarNode) else self.mapping(given, key, allowed)
            if "path" not in fields:
                self.wrong(name, key, "path is missing")
            tags = {
                tag.value: self.text(value, f"{key}.tags.{tag.value}")
                for tag, value in (self.pairs(fields["tags"], f"{key}.tags") if "tags" in fields else ())
            }
            path = self.resolve(self.text(fields["path"], f"{key}.path"))
            provider = self.text(fields["provider"], f"{key}.provider") if "provider" in fields else "GitHub"
            if provider not in _PROVIDERS:
                known = ", ".join(_PROVIDERS)
                self.wrong(fields["provider"], f"{key}.provider", f"{provider} is no provider here; known: {known}")
            yield LocalFolder(name.value, Mark(line_of(name), key), path, tags, provider)

    def _every_function(self, local: dict[str, yaml.Node]) -> Iterator[FunctionEntry]:
        """Both sections name commands; whatever runs one may run any of them."""
        seen: dict[str, str] = {}
        for kind, seconds in (("functions", "900"), ("commands", "60")):
            for one in self._functions(local[kind], kind, seconds) if kind in local else ():
                if one.name in seen:
                    place = f"{self.path}:{one.mark.line}: {one.mark.key}"
                    raise ConfigError(f"{place}: local.{seen[one.name]} has a command of this name", "rename one")
                seen[one.name] = kind
                yield one

    def _functions(self, node: yaml.Node, kind: str, seconds: str) -> Iterator[FunctionEntry]:
        for name, given in self.pairs(node, f"local.{kind}"):
            key = f"local.{kind}.{name.value}"
            bare = isinstance(given, yaml.ScalarNode | yaml.SequenceNode)
            allowed = ("command", "folder", "environment", "timeout")
            fields = {"command": given} if bare else self.mapping(given, key, allowed)
            if "command" not in fields:
                self.wrong(name, key, "command is missing")
            variables = self.pairs(fields["environment"], f"{key}.environment") if "environment" in fields else ()
            timeout = self.text(fields["timeout"], f"{key}.timeout") if "timeout" in fields else seconds
            if not timeout.isdecimal() or not 1 <= int(timeout) <= 900:
                self.wrong(fields["timeout"], f"{key}.timeout", "a time-out is 1 to 900 seconds")
            yield FunctionEntry(
                name.value,
                Mark(line_of(name), key),
                self._command(fields["command"], f"{key}.command"),
                self.folder(fields["folder"], f"{key}.folder") if "folder" in fields else self.path.parent,
                {one.value: self.text(value, f"{key}.environment.{one.value}") for one, value in variables},
                int(timeout),
            )

    def _command(self, node: yaml.Node, key: str) -> tuple[str, ...]:
        """A list is a program and its arguments, a text a line for the shell."""
        if isinstance(node, yaml.SequenceNode):
            words = tuple(self.text(word, f"{key}[{index}]") for index, word in enumerate(node.value))
            if not words:
                self.wrong(node, key, "the command is empty")
            return words
        return ("/bin/sh", "-c", self.text(node, key))

    def _routes(self, node: yaml.Node) -> Iterator[RouteEntry]:
        for name, given in self.pairs(node, "local.events"):
            key = f"local.events.{name.value}"
            fields = self.mapping(given, key, ("pattern", "topic", "function"))
            if "topic" not in fields and "function" not in fields:
                self.wrong(name, key, "give a topic, a function, or both")
            pattern = self.value(fields["pattern"], f"{key}.pattern", (), {}) if "pattern" in fields else {}
            if not isinstance(pattern, dict):
                self.wrong(fields["pattern"], f"{key}.pattern", "a mapping belongs here")
            yield RouteEntry(
                name.value,
                Mark(line_of(name), key),
                pattern,
                self.text(fields["topic"], f"{key}.topic") if "topic" in fields else "",
                self.text(fields["function"], f"{key}.function") if "function" in fields else "",
            )

    def _file(self, local: dict[str, yaml.Node], kind: str) -> LocalFile | None:
        if kind not in local:
            return None
        key = f"local.{kind}"
        path = self.resolve(self.text(local[kind], key))
        if not path.is_file():
            self.wrong(local[kind], key, f"there is no file {path}")
        return LocalFile(path, Mark(line_of(local[kind]), key))

    def _topics(self, node: yaml.Node) -> Iterator[TopicEntry]:
        for name, given in self.pairs(node, "local.topics"):
            key = f"local.topics.{name.value}"
            if not isinstance(given, yaml.SequenceNode) and not is_empty(given):
                self.wrong(given, key, f"a list of {', '.join(_OUTLETS)} belongs here")
            outlets: list[tuple[str, str]] = []
            for index, item in enumerate(() if is_empty(given) else given.value):
                for protocol, value in self.mapping(item, f"{key}[{index}]", _OUTLETS).items():
                    text = self.text(value, f"{key}[{index}].{protocol}")
                    outlets.append((protocol, str(self.resolve(text)) if protocol == "file" else text))
            yield TopicEntry(name.value, Mark(line_of(name), key), tuple(outlets))

    def _ports(self, node: yaml.Node) -> dict[str, int]:
        found = {}
        for name, given in self.pairs(node, "local.target_groups"):
            key = f"local.target_groups.{name.value}"
            port = self.text(given, key)
            if not port.isdecimal() or not 1024 <= int(port) <= 65535:
                self.wrong(given, key, "a port from 1024 to 65535 belongs here")
            found[name.value] = int(port)
        return found
