"""A YAML file as nodes that know their lines: read within limits, and every mistake named by file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml
from msgspec import Struct

from pointsman.errors import ConfigError

LARGEST = 4_000_000
"""Bytes; a world file beyond this is some other file."""
_DEEPEST = 64
_MOST_NODES = 200_000
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null")}

Step = str | int


class Mark(Struct, frozen=True):
    """Where something stands in the file."""

    line: int
    key: str


def close(word: str, words: Iterable[str]) -> str:
    """``; did you mean "x"?`` when something is close, else nothing."""
    found = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f'; did you mean "{found[0]}"?' if found else ""


def compose(path: Path) -> yaml.Node | None:
    """The nodes of a file; None of an empty one.

    Raises:
        ConfigError: It cannot be read.
    """
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
    return node


class Nodes:
    """One file being read.

    Args:
        path: The file; paths in it are relative to its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._nodes = 0

    def folder(self, node: yaml.Node, key: str) -> Path:
        """A folder that is there."""
        path = self.resolve(self.text(node, key))
        if not path.is_dir():
            self.wrong(node, key, f"there is no folder {path}")
        return path

    def resolve(self, text: str) -> Path:
        """A path, from the file's folder on."""
        return (self.path.parent / Path(text).expanduser()).resolve()

    def wrong(self, node: yaml.Node, key: str, sentence: str) -> NoReturn:
        """Name a mistake.

        Raises:
            ConfigError: Always.
        """
        place = f"{self.path}:{line_of(node)}"
        raise ConfigError(f"{place}: {key}: {sentence}" if key else f"{place}: {sentence}", "correct the file")

    def pairs(self, node: yaml.Node, key: str) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        """The keys and values of a mapping, none twice."""
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, key, "a mapping belongs here")
        seen: set[str] = set()
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self.wrong(name, key, "a key is a plain word")
            if name.value in seen:
                self.wrong(name, f"{key}.{name.value}".lstrip("."), "this key is given twice")
            seen.add(name.value)
            yield name, value

    def mapping(self, node: yaml.Node, key: str, allowed: tuple[str, ...]) -> dict[str, yaml.Node]:
        """A mapping that has some keys and no others."""
        found: dict[str, yaml.Node] = {}
        for name, value in self.pairs(node, key):
            if name.value not in allowed:
                meant = close(name.value, allowed) or f"; known here: {', '.join(allowed)}"
                self.wrong(name, f"{key}.{name.value}".lstrip("."), f"unknown key{meant}")
            found[name.value] = value
        return found

    def text(self, node: yaml.Node, key: str) -> str:
        """A text that is not empty."""
        if not isinstance(node, yaml.ScalarNode) or is_empty(node):
            self.wrong(node, key, "text belongs here")
        return str(node.value)

    def value(self, node: yaml.Node, key: str, path: tuple[Step, ...], lines: dict[tuple[Step, ...], int]) -> Any:
        """A node as plain values; texts that only look like dates stay texts."""
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(path) > _DEEPEST:
            self.wrong(node, key, "this is too deep or too large")
        lines.setdefault(path, line_of(node))
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for name, value in self.pairs(node, key):
                lines[*path, name.value] = line_of(name)
                found[name.value] = self.value(value, f"{key}.{name.value}", (*path, name.value), lines)
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, f"{key}[{index}]", (*path, index), lines) for index, item in enumerate(node.value)]
        if node.tag == "!file":
            return self.content(node, key)
        if node.tag in _PLAIN:
            return constructed(node)
        if node.tag.startswith("!"):
            self.wrong(node, key, f"unknown tag {node.tag}{close(node.tag, ['!file'])}")
        return node.value

    def content(self, node: yaml.Node, key: str) -> str | bytes:
        """What the file that a node names holds."""
        path = self.resolve(str(node.value))
        try:
            content = path.read_bytes()
        except OSError as error:
            self.wrong(node, key, f"{path} cannot be read: {error.strerror}")
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content


def line_of(node: yaml.Node) -> int:
    """The line a node begins on, from 1."""
    return int(node.start_mark.line) + 1


def is_empty(node: yaml.Node) -> bool:
    """Whether nothing stands there."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def constructed(node: yaml.Node) -> Any:
    """A plain scalar's value."""
    constructor = yaml.SafeLoader("")
    try:
        return constructor.construct_object(node, deep=True)
    finally:
        constructor.dispose()
