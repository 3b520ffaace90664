"""A buildspec, read: YAML into frozen values, every mistake with its key and line. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.digits import digits
from pointsman.local.codebuild.batchspec import BatchSpec, read_batch
from pointsman.local.codebuild.yamlnodes import NAME, BuildspecError, Reader, document
from pointsman.semantics.reports import FORMATS

__all__ = ["ArtifactSpec", "Buildspec", "BuildspecError", "CacheSpec", "OnFailure", "PhaseSpec", "ReportSpec", "parse"]

PHASES = ("install", "pre_build", "build", "post_build")
NOT_CARRIED_OUT = ("proxy",)
"""Sections that are read over: the log says in one line that this backend does not carry them out."""

_FALLBACKS = 5


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


class ReportSpec(msgspec.Struct, frozen=True):
    """One entry of the reports section."""

    group: str
    """A name, or the ARN of a report group."""
    files: tuple[str, ...]
    form: str = "JUNITXML"
    base_directory: str = ""
    discard_paths: bool = False


class CacheSpec(msgspec.Struct, frozen=True):
    """The cache section."""

    paths: tuple[str, ...] = ()
    key: str = ""
    fallback_keys: tuple[str, ...] = ()
    action: str = ""
    """``save``, ``restore``; empty is both."""


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
    reports: tuple[ReportSpec, ...] = ()
    cache: CacheSpec | None = None
    batch: BatchSpec | None = None
    ignored: tuple[str, ...] = ()
    """Sections that are there and that this backend does not carry out."""

    def phase(self, name: str) -> PhaseSpec:
        """The phase of this name, ``INSTALL`` or ``install``; an empty one when the buildspec has none."""
        return self.phases.get(name.lower(), _EMPTY)


_EMPTY = PhaseSpec()


def parse(text: str) -> Buildspec:
    """Read a buildspec.

    Raises:
        BuildspecError: Names key and line.
    """
    root = document(text)
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
        elif name == "reports":
            found["reports"] = tuple(_report(group, part) for group, part in reader.items())
        elif name == "cache":
            found["cache"] = _cache(reader)
        elif name == "batch":
            found["batch"] = read_batch(reader)
        else:
            ignored.append(name)
    if "version" not in found:
        raise BuildspecError("version, line 1: is missing; it must be 0.2 (or 0.1)")
    if "phases" not in found and "batch" not in found:
        raise BuildspecError("phases, line 1: is missing; a buildspec needs at least one phase")
    return Buildspec(**found, ignored=tuple(ignored))


def _version(reader: Reader) -> str:
    version = reader.text()
    if version not in ("0.1", "0.2"):
        raise reader.error(f"is {version}; it must be 0.2 (or 0.1)")
    return version


def _env(reader: Reader) -> dict[str, Any]:
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
                if not NAME.fullmatch(exported):
                    raise part.error(f"{exported!r} is not a name for an environment variable")
                if exported.startswith("AWS_"):
                    raise part.error(f"{exported}: variables that begin with AWS_ cannot be exported")
        elif name == "shell":
            found["shell"] = part.text()
        elif name == "git-credential-helper":
            found["git_credential_helper"] = part.flag()
    return found


def _phases(reader: Reader) -> dict[str, PhaseSpec]:
    phases = {}
    for name, part in reader.items():
        if name not in PHASES:
            raise part.error(f"Invalid buildspec phase name: {name}. Expecting: {','.join(sorted(PHASES))}")
        phases[name] = _phase(name, part)
    return phases


def _phase(phase: str, reader: Reader) -> PhaseSpec:
    found: dict[str, Any] = {}
    for name, part in reader.items():
        if name in ("commands", "finally"):
            if part.single():
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


def _on_failure(reader: Reader) -> OnFailure:
    text = reader.text()
    action, _, rest = text.partition("-")
    if action in ("ABORT", "CONTINUE") and not rest:
        return OnFailure(action)
    if action != "RETRY" or text.endswith("RETRY-"):
        raise reader.error(f"is {text}; it must be ABORT, CONTINUE, RETRY, RETRY-count, RETRY-regex or both")
    if not rest:
        return OnFailure("RETRY")
    head, _, tail = rest.partition("-")
    count, pattern = (int(head), tail or ".*") if digits(head) else (3, rest)
    if count > 100:
        raise reader.error(f"tries {count} times; 100 is the most")
    import regex  # the engine that will run it: a user's pattern needs one that can be given a time-out

    try:
        regex.compile(pattern)
    except regex.error as error:
        raise reader.error(f"{pattern} is not a regular expression: {error.msg}") from None
    return OnFailure("RETRY", count, pattern)


def _artifacts(reader: Reader) -> tuple[ArtifactSpec, tuple[ArtifactSpec, ...]]:
    secondary: list[ArtifactSpec] = []
    for name, part in reader.items():
        if name == "secondary-artifacts":
            secondary += [_artifact(identifier, inner) for identifier, inner in part.items()]
    return _artifact("", reader), tuple(secondary)


def _artifact(identifier: str, reader: Reader) -> ArtifactSpec:
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


def _report(group: str, reader: Reader) -> ReportSpec:
    found: dict[str, Any] = {"group": group}
    for name, part in reader.items():
        if name == "files":
            found["files"] = part.texts()
        elif name == "file-format":
            found["form"] = part.text().upper()
            if found["form"] not in FORMATS:
                raise part.error(f"is {part.text()}; it must be one of {', '.join(FORMATS)}")
        elif name == "base-directory":
            found["base_directory"] = part.text()
        elif name == "discard-paths":
            found["discard_paths"] = part.flag()
    if not found.get("files"):
        raise reader.error("files is missing: which files hold the results")
    return ReportSpec(**found)


def _cache(reader: Reader) -> CacheSpec:
    found: dict[str, Any] = {}
    for name, part in reader.items():
        if name == "paths":
            found["paths"] = part.texts()
        elif name == "key":
            found["key"] = part.text()
        elif name == "fallback-keys":
            found["fallback_keys"] = part.texts()
            if len(found["fallback_keys"]) > _FALLBACKS:
                raise part.error(f"has {len(found['fallback_keys'])} keys; {_FALLBACKS} are the most")
        elif name == "action":
            found["action"] = part.text().lower()
            if found["action"] not in ("save", "restore", ""):
                raise part.error(f"is {part.text()}; it must be save or restore")
    return CacheSpec(**found)
