"""What a person types into a form, read: ``NAME=value`` lines for variables, and checks that several forms share.

Every parser is total: a line that cannot be read is skipped by ``*_entries`` and named by ``*_problem``, so a dialog
can show the call while it is still being typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

EXECUTION_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""AWS's pattern for a pipeline execution's id."""

_VARIABLE_NAME: Final = re.compile(r"[A-Za-z0-9@\-_]{1,128}")
_ENVIRONMENT_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KINDS: Final = {
    "plaintext": "PLAINTEXT",
    "parameter-store": "PARAMETER_STORE",
    "parameter_store": "PARAMETER_STORE",
    "ssm": "PARAMETER_STORE",
    "secrets-manager": "SECRETS_MANAGER",
    "secrets_manager": "SECRETS_MANAGER",
    "secret": "SECRETS_MANAGER",
}
VARIABLE_LIMIT: Final = 50
VALUE_LIMIT: Final = 1000


class Entry(Struct, frozen=True):
    """One variable a person gave."""

    name: str
    value: str
    kind: str = "PLAINTEXT"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _variable(line: str) -> Entry | str:
    name, equals, value = line.partition("=")
    name, value = name.strip(), value.strip()
    if not equals:
        return f"{line[:40]!r} is not NAME=value."
    if not _VARIABLE_NAME.fullmatch(name):
        return f"{name[:40]!r} cannot be a variable's name: letters, digits, @, - and _ only."
    if not value:
        return f"{name} has no value; AWS refuses an empty one."
    if len(value) > VALUE_LIMIT:
        return f"The value of {name} is {len(value)} characters long; AWS accepts at most {VALUE_LIMIT}."
    return Entry(name, value)


def _environment(line: str) -> Entry | str:
    head, equals, value = line.partition("=")
    if not equals:
        return f"{line[:40]!r} is not NAME=value."
    prefix, colon, name = head.rpartition(":")
    kind = _KINDS.get(prefix.strip().lower()) if colon else "PLAINTEXT"
    name = name.strip()
    if kind is None:
        return f"{prefix[:40]!r} is not a kind of variable: parameter-store, secrets-manager or nothing."
    if not _ENVIRONMENT_NAME.fullmatch(name):
        return f"{name[:40]!r} cannot be a variable's name: letters, digits and _, not beginning with a digit."
    if name.startswith("CODEBUILD_"):
        return f"{name} is CodeBuild's own: a variable's name may not begin with CODEBUILD_."
    value = value.strip()
    if kind != "PLAINTEXT" and not value:
        return f"{name} names no {'parameter' if kind == 'PARAMETER_STORE' else 'secret'}."
    return Entry(name, value, kind)


def _entries(text: str, read: Callable[[str], Entry | str]) -> tuple[Entry, ...]:
    return tuple(entry for line in _lines(text) if isinstance(entry := read(line), Entry))


def _problem(text: str, read: Callable[[str], Entry | str]) -> str | None:
    seen: set[str] = set()
    for line in _lines(text):
        entry = read(line)
        if isinstance(entry, str):
            return entry
        if entry.name in seen:
            return f"{entry.name} is given twice."
        seen.add(entry.name)
    if len(seen) > VARIABLE_LIMIT and read is _variable:
        return f"{len(seen)} variables are given; AWS accepts at most {VARIABLE_LIMIT}."
    return None


def variable_entries(text: str) -> tuple[Entry, ...]:
    """The pipeline variables in ``NAME=value`` lines; lines that cannot be read are skipped."""
    return _entries(text, _variable)


def variable_problem(text: str) -> str | None:
    """What is wrong with ``NAME=value`` lines for a pipeline; None when nothing is."""
    return _problem(text, _variable)


def environment_entries(text: str) -> tuple[Entry, ...]:
    """A build's variables in ``NAME=value`` lines, a kind before the name: ``parameter-store:DB_HOST=/shop/db``."""
    return _entries(text, _environment)


def environment_problem(text: str) -> str | None:
    """What is wrong with ``NAME=value`` lines for a build; None when nothing is."""
    return _problem(text, _environment)


def at_most(limit: int, what: str) -> Callable[[str], str | None]:
    """A check that text is no longer than AWS accepts."""

    def check(text: str) -> str | None:
        if len(text) > limit:
            return f"{what} is {len(text)} characters long; AWS accepts at most {limit}."
        return None

    return check


def execution_problem(text: str) -> str | None:
    """What is wrong with the id of a pipeline execution; None when nothing is."""
    if not text or EXECUTION_ID.fullmatch(text):
        return None
    return "That is not an execution's id: 36 characters, 8-4-4-4-12 hexadecimal digits."
