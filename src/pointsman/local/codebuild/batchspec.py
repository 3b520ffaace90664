"""The ``batch`` section of a buildspec: a list, a matrix, a graph or a fan-out of builds. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from pointsman.local.codebuild.yamlnodes import Reader, check_name

TYPES = ("build-list", "build-matrix", "build-graph", "build-fanout")
MOST = 100
"""Builds in a batch, unless the project's restrictions say less."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_]{1,128}")
_SETTINGS = {"compute-type": "computeType", "image": "image", "type": "type", "privileged-mode": "privilegedMode"}


class GroupSpec(msgspec.Struct, frozen=True):
    """One build of a batch."""

    identifier: str
    buildspec: str = ""
    """A path in the source; empty is the buildspec the batch is in."""
    variables: tuple[tuple[str, str], ...] = ()
    environment: dict[str, Any] = {}
    """What differs in the project's environment, by AWS's names (``computeType``)."""
    depends_on: tuple[str, ...] = ()
    ignore_failure: bool = False


class BatchSpec(msgspec.Struct, frozen=True):
    """The builds of a batch."""

    kind: str
    groups: tuple[GroupSpec, ...]
    fast_fail: bool = False


def read_batch(reader: Reader) -> BatchSpec:
    """Read a batch section.

    Raises:
        BuildspecError: Names key and line.
    """
    kind, fast_fail = "", False
    groups: tuple[GroupSpec, ...] = ()
    for name, part in reader.items():
        if name == "fast-fail":
            fast_fail = part.flag()
        elif name in TYPES:
            if kind:
                raise part.error(f"{kind} is there already; a batch is of one type")
            kind = name
            groups = tuple(_READERS[name](part))
            _check(part, groups)
    if not kind:
        raise reader.error(f"must have one of {', '.join(TYPES)}")
    return BatchSpec(kind, groups, fast_fail)


def _check(reader: Reader, groups: tuple[GroupSpec, ...]) -> None:
    """Refuse what no batch can be: empty, too large, names twice, dependencies that are missing or circular."""
    if not groups:
        raise reader.error("has no builds")
    if len(groups) > MOST:
        raise reader.error(f"has {len(groups)} builds; {MOST} are the most")
    names = [one.identifier for one in groups]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise reader.error(f"has the identifier {twice} twice")
    for one in groups:
        for needed in one.depends_on:
            if needed not in names:
                raise reader.error(f"{one.identifier} depends on {needed}, which is not in the batch")
    done: set[str] = set()
    while ready := [one.identifier for one in groups if one.identifier not in done and done.issuperset(one.depends_on)]:
        done.update(ready)
    if circle := [name for name in names if name not in done]:
        raise reader.error(f"the builds {', '.join(circle)} depend on each other in a circle")


def _tasks(reader: Reader) -> Iterator[GroupSpec]:
    for task in reader.list():
        yield _task(task)


def _task(reader: Reader) -> GroupSpec:
    found: dict[str, Any] = {}
    for name, part in reader.items():
        if name == "identifier":
            found["identifier"] = part.text()
            if not _IDENTIFIER.fullmatch(found["identifier"]):
                raise part.error(f"is {part.text()}; it must be up to 128 letters, digits and underscores")
        elif name == "buildspec":
            found["buildspec"] = part.text()
        elif name == "env":
            found["variables"], found["environment"] = _env(part)
        elif name == "depend-on":
            found["depends_on"] = part.texts()
        elif name == "ignore-failure":
            found["ignore_failure"] = part.flag()
        elif name == "debug-session" and part.flag():
            raise part.error("debug sessions are not built in this backend; leave debug-session out")
    if "identifier" not in found:
        raise reader.error("identifier is missing")
    return GroupSpec(**found)


def _env(reader: Reader) -> tuple[tuple[tuple[str, str], ...], dict[str, Any]]:
    """The variables of an env block, and what it changes in the project's environment."""
    variables: tuple[tuple[str, str], ...] = ()
    environment: dict[str, Any] = {}
    for name, part in reader.items():
        if name == "variables":
            variables = part.variables()
        elif name in _SETTINGS:
            environment[_SETTINGS[name]] = part.flag() if name == "privileged-mode" else part.text()
    return variables, environment


def _matrix(reader: Reader) -> Iterator[GroupSpec]:
    """Every combination of what is dynamic."""
    ignore_failure = False
    variables: tuple[tuple[str, str], ...] = ()
    environment: dict[str, Any] = {}
    buildspecs: tuple[str, ...] = ()
    axes: list[list[tuple[str, str, str]]] = []
    for name, part in reader.items():
        if name == "static":
            for key, inner in part.items():
                if key == "ignore-failure":
                    ignore_failure = inner.flag()
                elif key == "env":
                    variables, environment = _env(inner)
        elif name == "dynamic":
            for key, inner in part.items():
                if key == "buildspec":
                    buildspecs = inner.texts()
                elif key == "env":
                    axes = list(_axes(inner))
    total = len(buildspecs) or 1
    for axis in axes:
        total *= len(axis)
    if total > MOST:
        raise reader.error(f"makes {total} builds; {MOST} are the most")
    named = [("buildspec", "", buildspec) for buildspec in buildspecs or ("",)]
    for number, ((_, _, buildspec), *chosen) in enumerate(itertools.product(named, *axes), 1):
        own = [(key, value) for kind, key, value in chosen if kind == "variable"]
        settings = {key: value for kind, key, value in chosen if kind == "setting"}
        yield GroupSpec(
            identifier=f"build{number}",
            buildspec=buildspec,
            variables=tuple({**dict(variables), **dict(own)}.items()),
            environment={**environment, **settings},
            ignore_failure=ignore_failure,
        )


def _axes(reader: Reader) -> Iterator[list[tuple[str, str, str]]]:
    for name, part in reader.items():
        if name == "variables":
            for variable, values in part.items():
                check_name(values, variable)
                yield [("variable", variable, value) for value in values.texts()]
        elif name in ("compute-type", "image"):
            yield [("setting", _SETTINGS[name], value) for value in part.texts()]


def _fanout(reader: Reader) -> Iterator[GroupSpec]:
    parallelism, ignore_failure = 0, False
    for name, part in reader.items():
        if name == "parallelism":
            parallelism = part.number(1, MOST)
        elif name == "ignore-failure":
            ignore_failure = part.flag()
    if not parallelism:
        raise reader.error("parallelism is missing: how many builds share the tests")
    for number in range(1, parallelism + 1):
        yield GroupSpec(f"build{number}", ignore_failure=ignore_failure)


_READERS = {"build-list": _tasks, "build-matrix": _matrix, "build-graph": _tasks, "build-fanout": _fanout}
