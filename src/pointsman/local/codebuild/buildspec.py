"""A buildspec, read: YAML into frozen values, every mistake with its key and line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

PHASES = ("install", "pre_build", "build", "post_build")
NOT_CARRIED_OUT = ("reports", "cache", "batch", "proxy")
"""Sections that are read over: the log says in one line that this backend does not carry them out."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_YES = frozenset({"yes", "true", "on"})
_NO = frozenset({"no", "false", "off", ""})


class BuildspecError(Exception):
    """A mistake in a buildspec; the message names key and line."""


class OnFailure(msgspec.Struct, frozen=True):
    """What a phase does when it fails."""

    action: str
    """ABORT, CONTINUE or RETRY."""
    count: int = 3
    """How often RETRY tries again."""
    pattern: str = ".*"
    """What the error message must match for RETRY."""


class PhaseSpec(msgspec.Struct, frozen=True):
    """One phase of the buildspec."""

    commands: tuple[str, ...] = ()
    finally_: tuple[str, ...] = ()
    on_failure: OnFailure | None = None
    run_as: str = ""
    runtime_versions: tuple[tuple[str, str], ...] = ()


class ArtifactSpec(msgspec.Struct, frozen=True):
    """One artifact: which files, and what becomes of their paths."""

    identifier: str = ""
    """Empty for the primary artifact."""
    files: tuple[str, ...] = ()
    name: str = ""
    base_directory: str = ""
    discard_paths: bool = False
    exclude_paths: tuple[str, ...] = ()
    enable_symlinks: bool = False
    s3_prefix: str = ""


class Buildspec(msgspec.Struct, frozen=True):
    """A whole buildspec."""

    version: str = "0.2"
    run_as: str = ""
    shell: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    exported: tuple[str, ...] = ()
    git_credential_helper: bool = False
    phases: dict[str, PhaseSpec] = {}
    artifacts: ArtifactSpec | None = None
    secondary: tuple[ArtifactSpec, ...] = ()
    ignored: tuple[str, ...] = ()
    """Sections that are there and that this backend does not carry out."""

    def phase(self, name: str) -> PhaseSpec:
        """The phase of this name, ``INSTALL`` or ``install``; an empty one when the buildspec has none."""
        return self.phases.get(name.lower(), _EMPTY)


_EMPTY = PhaseSpec()


class _Reader:
    """One YAML node with the way to it."""

    def __init__(self, node: yaml.Node, path: str) -> None:
        self.node = node
        self.path = path

    def error(self, sentence: str) -> BuildspecError:
        where = f"{self.path}, " if self.path else ""
        return BuildspecError(f"{where}line {self.node.start_mark.line + 1}: {sentence}")

    def empty(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == "tag:yaml.org,2002:null"

    def items(self) -> Iterator[tuple[str, _Reader]]:
        """The pairs of a mapping, merged keys included; nothing when it is empty."""
        if self.empty():
            return
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("must be a mapping of keys to values")
        pairs: dict[str, yaml.Node] = {}
        for key, value in self.node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    for name, reader in _Reader(merged, self.path).items():
                        pairs.setdefault(name, reader.node)
            else:
                pairs[str(key.value)] = value
        for name, node in pairs.items():
            yield name, _Reader(node, f"{self.path}.{name}" if self.path else name)

    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error("must be text; a text that contains ': ' or begins with a bracket needs quotation marks")
        return "" if self.empty() else str(self.node.value)

    def texts(self) -> tuple[str, ...]:
        """A list of texts; a single text is a list of one."""
        if self.empty():
            return ()
        if isinstance(self.node, yaml.ScalarNode):
            return (self.text(),)
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("must be a list")
        return tuple(_Reader(item, f"{self.path}[{index}]").text() for index, item in enumerate(self.node.value))

    def flag(self) -> bool:
        word = self.text().lower()
        if word not in _YES | _NO:
            raise self.error(f"must be yes or no, not {word}")
        return word in _YES

    def variables(self) -> tuple[tuple[str, str], ...]:
        found = []
        for name, value in self.items():
            _check_name(value, name)
            found.append((name, value.text()))
        return tuple(found)


def _check_name(reader: _Reader, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise reader.error(f"{name!r} is not a name for an environment variable")
    if name.startswith("CODEBUILD_"):
        raise reader.error(f"{name}: names that begin with CODEBUILD_ are reserved")


def parse(text: str) -> Buildspec:
    """Read a buildspec.

    Raises:
        BuildspecError: Names key and line.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise BuildspecError(f"{where}not YAML: {getattr(error, 'problem', None) or error}") from None
    if node is None:
        raise BuildspecError("line 1: the buildspec is empty")
    root = _Reader(node, "")
    found: dict[str, Any] = {}
    ignored = []
    for name, reader in root.items():
        if name == "version":
            found["version"] = _version(reader)
        elif name == "run-as":
            found["run_as"] = reader.text()
        elif name == "env":
            found |= _env(reader)
        elif name == "phases":
            found["phases"] = _phases(reader)
        elif name == "artifacts":
            found["artifacts"], found["secondary"] = _artifacts(reader)
        else:
            ignored.append(name)
    if "version" not in found:
        raise BuildspecError("version, line 1: is missing; it must be 0.2 (or 0.1)")
    if "phases" not in found and "batch" not in ignored:
        raise BuildspecError("phases, line 1: is missing; a buildspec needs at least one phase")
    return Buildspec(**found, ignored=tuple(ignored))


def _version(reader: _Reader) -> str:
    version = reader.text()
    if version not in ("0.1", "0.2"):
        raise reader.error(f"is {version}; it must be 0.2 (or 0.1)")
    return version


def _env(reader: _Reader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, part in reader.items():
        if name == "variables":
            found["variables"] = part.variables()
        elif name == "parameter-store":
            found["parameters"] = part.variables()
        elif name == "secrets-manager":
            found["secrets"] = part.variables()
        elif name == "exported-variables":
            found["exported"] = part.texts()
            for exported in found["exported"]:
                if not _NAME.fullmatch(exported):
                    raise part.error(f"{exported!r} is not a name for an environment variable")
                if exported.startswith("AWS_"):
                    raise part.error(f"{exported}: variables that begin with AWS_ cannot be exported")
        elif name == "shell":
            found["shell"] = part.text()
        elif name == "git-credential-helper":
            found["git_credential_helper"] = part.flag()
    return found


def _phases(reader: _Reader) -> dict[str, PhaseSpec]:
    phases = {}
    for name, part in reader.items():
        if name not in PHASES:
            raise part.error(f"Invalid buildspec phase name: {name}. Expecting: {','.join(sorted(PHASES))}")
        phases[name] = _phase(name, part)
    return phases


def _phase(phase: str, reader: _Reader) -> PhaseSpec:
    found: dict[str, Any] = {}
    for name, part in reader.items():
        if name in ("commands", "finally"):
            if isinstance(part.node, yaml.ScalarNode) and not part.empty():
                raise part.error("must be a list of commands, each begun with a dash")
            found["finally_" if name == "finally" else name] = part.texts()
        elif name == "on-failure":
            found["on_failure"] = _on_failure(part)
        elif name == "run-as":
            found["run_as"] = part.text()
        elif name == "runtime-versions":
            if phase != "install":
                raise part.error("runtime-versions belongs to the install phase")
            found["runtime_versions"] = tuple((runtime, version.text()) for runtime, version in part.items())
    return PhaseSpec(**found)


def _on_failure(reader: _Reader) -> OnFailure:
    text = reader.text()
    action, _, rest = text.partition("-")
    if action in ("ABORT", "CONTINUE") and not rest:
        return OnFailure(action)
    if action != "RETRY" or text.endswith("RETRY-"):
        raise reader.error(f"is {text}; it must be ABORT, CONTINUE, RETRY, RETRY-count, RETRY-regex or both")
    if not rest:
        return OnFailure("RETRY")
    head, _, tail = rest.partition("-")
    count, pattern = (int(head), tail or ".*") if head.isdigit() else (3, rest)
    if count > 100:
        raise reader.error(f"tries {count} times; 100 is the most")
    import regex  # the engine that will run it: a user's pattern needs one that can be given a time-out

    try:
        regex.compile(pattern)
    except regex.error as error:
        raise reader.error(f"{pattern} is not a regular expression: {error.msg}") from None
    return OnFailure("RETRY", count, pattern)


def _artifacts(reader: _Reader) -> tuple[ArtifactSpec, tuple[ArtifactSpec, ...]]:
    secondary: list[ArtifactSpec] = []
    for name, part in reader.items():
        if name == "secondary-artifacts":
            secondary += [_artifact(identifier, inner) for identifier, inner in part.items()]
    return _artifact("", reader), tuple(secondary)


def _artifact(identifier: str, reader: _Reader) -> ArtifactSpec:
    found: dict[str, Any] = {"identifier": identifier}
    has_secondary = False
    for name, part in reader.items():
        if name == "files":
            found["files"] = part.texts()
        elif name in ("name", "base-directory", "s3-prefix"):
            found[name.replace("-", "_")] = part.text()
        elif name in ("discard-paths", "enable-symlinks"):
            found[name.replace("-", "_")] = part.flag()
        elif name == "exclude-paths":
            found["exclude_paths"] = part.texts()
        elif name == "secondary-artifacts":
            has_secondary = True
    if not found.get("files") and not has_secondary:
        raise reader.error("files is missing: which files make the artifact")
    return ArtifactSpec(**found)
