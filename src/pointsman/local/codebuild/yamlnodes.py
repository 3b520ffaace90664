"""YAML read node by node, every mistake with its key and line; the shapes of YAML that never end are refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from pointsman.digits import digits

LONGEST = 1024 * 1024
"""Characters of a buildspec that are read."""
MOST = 100_000
"""Pairs and items that are read: aliases and merges can make many more of them than are written."""
DEEPEST = 100

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_YES = frozenset({"yes", "true", "on"})
_NO = frozenset({"no", "false", "off", ""})


class BuildspecError(Exception):
    """A mistake in a buildspec; the message names key and line."""


def document(text: str) -> Reader:
    """The outermost node of a document.

    Raises:
        BuildspecError: It is empty, no YAML, or more than anybody writes by hand.
    """
    if len(text) > LONGEST:
        raise BuildspecError(f"line 1: the buildspec is longer than {LONGEST // 1024} KiB")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise BuildspecError(f"{where}not YAML: {getattr(error, 'problem', None) or error}") from None
    except RecursionError:
        raise BuildspecError("not YAML that can be read: its values are nested too deeply") from None
    if node is None:
        raise BuildspecError("line 1: the buildspec is empty")
    return Reader(node, "", [MOST])


class Reader:
    """One YAML node with the way to it.

    Args:
        node: The node.
        path: The keys that lead to it.
        left: How many more values may be read; shared by all nodes of a document.
        depth: How deep it lies.
    """

    def __init__(self, node: yaml.Node, path: str, left: list[int], depth: int = 0) -> None:
        self.node = node
        self.path = path
        self._left = left
        self._depth = depth
        if depth > DEEPEST:
            raise self.error(f"is nested deeper than {DEEPEST}, or holds itself")

    def _below(self, node: yaml.Node, path: str) -> Reader:
        self._left[0] -= 1
        if self._left[0] < 0:
            raise self.error(f"aliases make more than {MOST} values of this buildspec")
        return Reader(node, path, self._left, self._depth + 1)

    def error(self, sentence: str) -> BuildspecError:
        """The mistake that a sentence tells of this node."""
        where = f"{self.path}, " if self.path else ""
        return BuildspecError(f"{where}line {self.node.start_mark.line + 1}: {sentence}")

    def empty(self) -> bool:
        """Whether nothing is written there."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == "tag:yaml.org,2002:null"

    def single(self) -> bool:
        """Whether one value is written there, neither a list nor a mapping."""
        return isinstance(self.node, yaml.ScalarNode) and not self.empty()

    def items(self) -> Iterator[tuple[str, Reader]]:
        """The pairs of a mapping, merged keys included; nothing when it is empty."""
        if self.empty():
            return
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("must be a mapping of keys to values")
        pairs: dict[str, yaml.Node] = {}
        for key, value in self.node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    for name, reader in self._below(merged, self.path).items():
                        pairs.setdefault(name, reader.node)
            else:
                pairs[str(key.value)] = value
        for name, node in pairs.items():
            yield name, self._below(node, f"{self.path}.{name}" if self.path else name)

    def text(self) -> str:
        """A text, a number or a word as it is written; nothing is empty."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error("must be text; a text that contains ': ' or begins with a bracket needs quotation marks")
        return "" if self.empty() else str(self.node.value)

    def texts(self) -> tuple[str, ...]:
        """A list of texts; a single text is a list of one."""
        if self.single():
            return (self.text(),)
        return tuple(item.text() for item in self.list())

    def list(self) -> Iterator[Reader]:
        """The items of a list; nothing when it is empty."""
        if self.empty():
            return
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("must be a list")
        for index, item in enumerate(self.node.value):
            yield self._below(item, f"{self.path}[{index}]")

    def number(self, least: int, most: int) -> int:
        """A whole number within bounds."""
        word = self.text()
        if not digits(word) or not least <= int(word) <= most:
            raise self.error(f"is {word[:40]}; it must be a whole number from {least} to {most}")
        return int(word)

    def flag(self) -> bool:
        """Yes or no."""
        word = self.text().lower()
        if word not in _YES | _NO:
            raise self.error(f"must be yes or no, not {word}")
        return word in _YES

    def variables(self) -> tuple[tuple[str, str], ...]:
        """A mapping of names of environment variables to texts."""
        found = []
        for name, value in self.items():
            check_name(value, name)
            found.append((name, value.text()))
        return tuple(found)


def check_name(reader: Reader, name: str) -> None:
    """Refuse what is no name for an environment variable, and CodeBuild's own names.

    Raises:
        BuildspecError: Names key and line.
    """
    if not NAME.fullmatch(name):
        raise reader.error(f"{name!r} is not a name for an environment variable")
    if name.startswith("CODEBUILD_"):
        raise reader.error(f"{name}: names that begin with CODEBUILD_ are reserved")
