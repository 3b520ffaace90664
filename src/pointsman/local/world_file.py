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
        notify: {command: ./notify.sh, folder: ., timeout: 60}    # commands that topics may give messages to
      topics:
        releases: [{log: /releases}, {file: ./releases.jsonl}, {command: notify}]
    calls:                       # AWS's own calls, in order, as boto3 spells them
      - s3: {create_bucket: {Bucket: releases}}
      - codebuild: {create_project: [{name: one, …}, {name: two, …}]}

``local`` comes first, then ``calls``. ``calls`` may also be a mapping, and an operation may have a list of parameter
sets. ``!file PATH`` stands for what a file holds. Every mistake names file, line and key.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from pointsman.errors import ConfigError

LARGEST = 4_000_000
"""Bytes; a world file beyond this is some other file."""
_DEEPEST = 64
_MOST_NODES = 200_000
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null")}
_TOP = ("region", "account", "calls", "local")
_LOCAL = (
    *("repositories", "connections", "instances", "functions", "events"),
    *("sampling_rules", "commands", "topics", "target_groups"),
)
_OUTLETS = ("log", "file", "command")

_PROVIDERS = ("GitHub", "GitLab", "Bitbucket")

Step = str | int


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands in the file."""

    line: int
    key: str


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call."""

    service: str
    operation: str
    """As boto3 spells it: ``create_pipeline``; as written, not yet known to exist."""
    parameters: dict[str, Any]
    mark: Mark
    service_mark: Mark
    lines: dict[tuple[Step, ...], int] = field(repr=False)
    """The line of every parameter, by its path."""


@dataclass(frozen=True, slots=True)
class LocalRepository:
    """A repository: a folder of the owner's, or one of ours with its first commit."""

    name: str
    mark: Mark
    path: Path | None = None
    seed: Path | None = None
    branch: str = "main"
    description: str = ""


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A connection or an instance: a name, a folder, tags."""

    name: str
    mark: Mark
    path: Path
    tags: dict[str, str] = field(default_factory=dict)
    provider: str = "GitHub"
    """A connection's: GitHub, GitLab or Bitbucket."""


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A function: a command of this machine."""

    name: str
    mark: Mark
    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    timeout: int = 900
    """Seconds."""


@dataclass(frozen=True, slots=True)
class RouteEntry:
    """A way events take: what they must have, and the topic or function they go to."""

    name: str
    mark: Mark
    pattern: dict[str, Any]
    topic: str = ""
    function: str = ""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that is read with the world."""

    path: Path
    mark: Mark


@dataclass(frozen=True, slots=True)
class TopicEntry:
    """A topic, and where its messages go: (protocol, endpoint)."""

    name: str
    mark: Mark
    outlets: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class WorldFile:
    """A world file, read."""

    path: Path
    region: str = ""
    account: str = ""
    account_mark: Mark = Mark(1, "account")
    calls: tuple[Call, ...] = ()
    repositories: tuple[LocalRepository, ...] = ()
    connections: tuple[LocalFolder, ...] = ()
    instances: tuple[LocalFolder, ...] = ()
    sampling_rules: LocalFile | None = None
    commands: tuple[FunctionEntry, ...] = ()
    """What topics may give their messages to."""
    topics: tuple[TopicEntry, ...] = ()
    functions: tuple[FunctionEntry, ...] = ()
    routes: tuple[RouteEntry, ...] = ()
    target_groups: dict[str, int] = field(default_factory=dict)
    """Name -> the port that its traffic comes in by."""

    def wrong(self, mark: Mark, sentence: str, hint: str = "") -> ConfigError:
        """The error about a place in this file."""
        return ConfigError(f"{self.path}:{mark.line}: {mark.key}: {sentence}", hint)


def close(word: str, words: Iterable[str]) -> str:
    """``; did you mean "x"?`` when something is close, else nothing."""
    found = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f'; did you mean "{found[0]}"?' if found else ""


def read(path: Path) -> WorldFile:
    """Read a world file, or the ``world.yml`` of a folder.

    Raises:
        ConfigError: It cannot be read, or names file, line and key of the first mistake.
    """
    path = path.expanduser().absolute()
    if path.is_dir():
        path = path / "world.yml"
    try:
        with path.open("rb") as handle:
            text = handle.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError(f"there is no world file {path}", "name one that exists with --load FILE") from None
    except OSError as error:
        raise ConfigError(f"the world file {path} cannot be read: {error.strerror}", "name another") from None
    if len(text) > LARGEST:
        raise ConfigError(f"{path} is too large for a world file", "name another")
    try:
        node = yaml.compose(text.decode(), Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text", "name another") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(
            f"{path}:{line}: this is not YAML: {error.problem or 'it cannot be read'}", "correct the file"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(f"{path}:1: this is not YAML that can be read", "correct the file") from None
    return WorldFile(path) if node is None else _Reading(path).world(node)


class _Reading:
    """One file being read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._nodes = 0

    def world(self, node: yaml.Node) -> WorldFile:
        top = self._mapping(node, "", _TOP)
        region, account = top.get("region"), top.get("account")
        local = self._mapping(top["local"], "local", _LOCAL) if "local" in top else {}
        return WorldFile(
            path=self._path,
            region=self._text(region, "region") if region else "",
            account=self._text(account, "account") if account else "",
            account_mark=Mark(_line(account), "account") if account else Mark(1, "account"),
            calls=tuple(self._calls(top["calls"])) if "calls" in top else (),
            repositories=tuple(self._repositories(local["repositories"])) if "repositories" in local else (),
            connections=tuple(self._folders(local, "connections", ("path", "provider"))),
            instances=tuple(self._folders(local, "instances", ("path", "tags"))),
            sampling_rules=self._file(local, "sampling_rules"),
            commands=tuple(self._functions(local["commands"], "commands", "60")) if "commands" in local else (),
            topics=tuple(self._topics(local["topics"])) if "topics" in local else (),
            functions=tuple(self._functions(local["functions"], "functions", "900")) if "functions" in local else (),
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
        for service, operations in self._pairs(node, key):
            for operation, given in self._pairs(operations, f"{key}.{service.value}"):
                name = f"{key}.{service.value}.{operation.value}"
                several = given.value if isinstance(given, yaml.SequenceNode) else [given]
                for parameters in several:
                    lines: dict[tuple[Step, ...], int] = {}
                    value = {} if _empty(parameters) else self._value(parameters, name, (), lines)
                    if not isinstance(value, dict):
                        self._wrong(parameters, name, "the parameters of a call are a mapping")
                    mark = Mark(_line(operation if parameters is given else parameters), name)
                    whose = Mark(_line(service), f"{key}.{service.value}")
                    yield Call(service.value, operation.value, value, mark, whose, lines)

    # -- local ------------------------------------------------------------------------------------------------------

    def _repositories(self, node: yaml.Node) -> Iterator[LocalRepository]:
        for name, given in self._pairs(node, "local.repositories"):
            key = f"local.repositories.{name.value}"
            mark = Mark(_line(name), key)
            if isinstance(given, yaml.ScalarNode) and not _empty(given):
                yield LocalRepository(name.value, mark, path=self._folder(given, key))
                continue
            allowed = ("path", "seed", "branch", "description")
            fields = {} if _empty(given) else self._mapping(given, key, allowed)
            if "path" in fields and "seed" in fields:
                self._wrong(fields["seed"], f"{key}.seed", "a folder of yours is not written to: give path or seed")
            yield LocalRepository(
                name.value,
                mark,
                path=self._folder(fields["path"], f"{key}.path") if "path" in fields else None,
                seed=self._folder(fields["seed"], f"{key}.seed") if "seed" in fields else None,
                branch=self._text(fields["branch"], f"{key}.branch") if "branch" in fields else "main",
                description=self._text(fields["description"], f"{key}.description") if "description" in fields else "",
            )

    def _folders(self, local: dict[str, yaml.Node], kind: str, allowed: tuple[str, ...]) -> Iterator[LocalFolder]:
        if kind not in local:
            return
        for name, given in self._pairs(local[kind], f"local.{kind}"):
            key = f"local.{kind}.{name.value}"
            fields = {"path": given} if isinstance(given, yaml.ScalarNode) else self._mapping(given, key, allowed)
            if "path" not in fields:
                self._wrong(name, key, "path is missing")
            tags = {
                tag.value: self._text(value, f"{key}.tags.{tag.value}")
                for tag, value in (self._pairs(fields["tags"], f"{key}.tags") if "tags" in fields else ())
            }
            path = self._resolve(self._text(fields["path"], f"{key}.path"))
            provider = self._text(fields["provider"], f"{key}.provider") if "provider" in fields else "GitHub"
            if provider not in _PROVIDERS:
                known = ", ".join(_PROVIDERS)
                self._wrong(fields["provider"], f"{key}.provider", f"{provider} is no provider here; known: {known}")
            yield LocalFolder(name.value, Mark(_line(name), key), path, tags, provider)

    def _functions(self, node: yaml.Node, kind: str, seconds: str) -> Iterator[FunctionEntry]:
        for name, given in self._pairs(node, f"local.{kind}"):
            key = f"local.{kind}.{name.value}"
            bare = isinstance(given, yaml.ScalarNode | yaml.SequenceNode)
            allowed = ("command", "folder", "environment", "timeout")
            fields = {"command": given} if bare else self._mapping(given, key, allowed)
            if "command" not in fields:
                self._wrong(name, key, "command is missing")
            variables = self._pairs(fields["environment"], f"{key}.environment") if "environment" in fields else ()
            timeout = self._text(fields["timeout"], f"{key}.timeout") if "timeout" in fields else seconds
            if not timeout.isdecimal() or not 1 <= int(timeout) <= 900:
                self._wrong(fields["timeout"], f"{key}.timeout", "a time-out is 1 to 900 seconds")
            yield FunctionEntry(
                name.value,
                Mark(_line(name), key),
                self._command(fields["command"], f"{key}.command"),
                self._folder(fields["folder"], f"{key}.folder") if "folder" in fields else self._path.parent,
                {one.value: self._text(value, f"{key}.environment.{one.value}") for one, value in variables},
                int(timeout),
            )

    def _command(self, node: yaml.Node, key: str) -> tuple[str, ...]:
        """A list is a program and its arguments, a text a line for the shell."""
        if isinstance(node, yaml.SequenceNode):
            words = tuple(self._text(word, f"{key}[{index}]") for index, word in enumerate(node.value))
            if not words:
                self._wrong(node, key, "the command is empty")
            return words
        return ("/bin/sh", "-c", self._text(node, key))

    def _routes(self, node: yaml.Node) -> Iterator[RouteEntry]:
        for name, given in self._pairs(node, "local.events"):
            key = f"local.events.{name.value}"
            fields = self._mapping(given, key, ("pattern", "topic", "function"))
            if "topic" not in fields and "function" not in fields:
                self._wrong(name, key, "give a topic, a function, or both")
            pattern = self._value(fields["pattern"], f"{key}.pattern", (), {}) if "pattern" in fields else {}
            if not isinstance(pattern, dict):
                self._wrong(fields["pattern"], f"{key}.pattern", "a mapping belongs here")
            yield RouteEntry(
                name.value,
                Mark(_line(name), key),
                pattern,
                self._text(fields["topic"], f"{key}.topic") if "topic" in fields else "",
                self._text(fields["function"], f"{key}.function") if "function" in fields else "",
            )

    def _file(self, local: dict[str, yaml.Node], kind: str) -> LocalFile | None:
        if kind not in local:
            return None
        key = f"local.{kind}"
        path = self._resolve(self._text(local[kind], key))
        if not path.is_file():
            self._wrong(local[kind], key, f"there is no file {path}")
        return LocalFile(path, Mark(_line(local[kind]), key))

    def _topics(self, node: yaml.Node) -> Iterator[TopicEntry]:
        for name, given in self._pairs(node, "local.topics"):
            key = f"local.topics.{name.value}"
            if not isinstance(given, yaml.SequenceNode) and not _empty(given):
                self._wrong(given, key, f"a list of {', '.join(_OUTLETS)} belongs here")
            outlets: list[tuple[str, str]] = []
            for index, item in enumerate(() if _empty(given) else given.value):
                for protocol, value in self._mapping(item, f"{key}[{index}]", _OUTLETS).items():
                    text = self._text(value, f"{key}[{index}].{protocol}")
                    outlets.append((protocol, str(self._resolve(text)) if protocol == "file" else text))
            yield TopicEntry(name.value, Mark(_line(name), key), tuple(outlets))

    def _ports(self, node: yaml.Node) -> dict[str, int]:
        found = {}
        for name, given in self._pairs(node, "local.target_groups"):
            key = f"local.target_groups.{name.value}"
            port = self._text(given, key)
            if not port.isdecimal() or not 1024 <= int(port) <= 65535:
                self._wrong(given, key, "a port from 1024 to 65535 belongs here")
            found[name.value] = int(port)
        return found

    def _folder(self, node: yaml.Node, key: str) -> Path:
        path = self._resolve(self._text(node, key))
        if not path.is_dir():
            self._wrong(node, key, f"there is no folder {path}")
        return path

    def _resolve(self, text: str) -> Path:
        return (self._path.parent / Path(text).expanduser()).resolve()

    # -- nodes ------------------------------------------------------------------------------------------------------

    def _wrong(self, node: yaml.Node, key: str, sentence: str) -> NoReturn:
        place = f"{self._path}:{_line(node)}"
        raise ConfigError(f"{place}: {key}: {sentence}" if key else f"{place}: {sentence}", "correct the file")

    def _pairs(self, node: yaml.Node, key: str) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, key, "a mapping belongs here")
        seen: set[str] = set()
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self._wrong(name, key, "a key is a plain word")
            if name.value in seen:
                self._wrong(name, f"{key}.{name.value}".lstrip("."), "this key is given twice")
            seen.add(name.value)
            yield name, value

    def _mapping(self, node: yaml.Node, key: str, allowed: tuple[str, ...]) -> dict[str, yaml.Node]:
        found: dict[str, yaml.Node] = {}
        for name, value in self._pairs(node, key):
            if name.value not in allowed:
                meant = close(name.value, allowed) or f"; known here: {', '.join(allowed)}"
                self._wrong(name, f"{key}.{name.value}".lstrip("."), f"unknown key{meant}")
            found[name.value] = value
        return found

    def _text(self, node: yaml.Node, key: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or _empty(node):
            self._wrong(node, key, "text belongs here")
        return str(node.value)

    def _value(self, node: yaml.Node, key: str, path: tuple[Step, ...], lines: dict[tuple[Step, ...], int]) -> Any:
        """A node as plain values; texts that only look like dates stay texts."""
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(path) > _DEEPEST:
            self._wrong(node, key, "this is too deep or too large")
        lines.setdefault(path, _line(node))
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for name, value in self._pairs(node, key):
                lines[*path, name.value] = _line(name)
                found[name.value] = self._value(value, f"{key}.{name.value}", (*path, name.value), lines)
            return found
        if isinstance(node, yaml.SequenceNode):
            return [
                self._value(item, f"{key}[{index}]", (*path, index), lines) for index, item in enumerate(node.value)
            ]
        if node.tag == "!file":
            return self._content(node, key)
        if node.tag in _PLAIN:
            return _constructed(node)
        if node.tag.startswith("!"):
            self._wrong(node, key, f"unknown tag {node.tag}{close(node.tag, ['!file'])}")
        return node.value

    def _content(self, node: yaml.Node, key: str) -> str | bytes:
        path = self._resolve(str(node.value))
        try:
            content = path.read_bytes()
        except OSError as error:
            self._wrong(node, key, f"{path} cannot be read: {error.strerror}")
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _constructed(node: yaml.Node) -> Any:
    constructor = yaml.SafeLoader("")
    try:
        return constructor.construct_object(node, deep=True)
    finally:
        constructor.dispose()
