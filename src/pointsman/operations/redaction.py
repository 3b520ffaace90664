"""What must not be written down: secrets taken out of calls before they reach the audit log or a command line.

Two rules. The answer of a field declared secret is hidden wherever it appears. A plain variable whose name says that
it is a secret (``DB_PASSWORD``) is hidden by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from pointsman.operations.declare import Answers, Field, WriteCall

HIDDEN: Final = "***"

_SENSITIVE: Final = re.compile(
    r"(?:^|_)PASS(?:_|$)|PASSW(?:OR)?D|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.IGNORECASE
)


def sensitive(name: str) -> bool:
    """Whether a variable of this name is likely to hold a secret."""
    return _SENSITIVE.search(name) is not None


def secrets_in(fields: Iterable[Field], answers: Answers) -> tuple[str, ...]:
    """The texts that must not be written down, longest first: each secret answer, and each of its lines and values."""
    found: set[str] = set()
    for field in fields:
        if not field.secret:
            continue
        answer = answers.get(field.name, "")
        found.add(answer)
        if field.multiline:
            for line in answer.splitlines():
                found.add(line.partition("=")[2].strip() or line.strip())
    return tuple(sorted((one for one in found if one), key=len, reverse=True))


def redacted(call: WriteCall, secrets: Iterable[str] = ()) -> WriteCall:
    """The same call with its secrets hidden."""
    return WriteCall(call.service, call.operation, _walk(call.parameters, tuple(secrets)))


def hide(text: str, secrets: Iterable[str]) -> str:
    """Text with every secret in it hidden."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _walk(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return hide(value, secrets)
    if isinstance(value, dict):
        walked = {key: _walk(inner, secrets) for key, inner in value.items()}
        name = value.get("name")
        if isinstance(name, str) and "value" in value and sensitive(name) and _plain(value):
            walked["value"] = HIDDEN
        return walked
    if isinstance(value, list | tuple):
        return [_walk(inner, secrets) for inner in value]
    return value


def _plain(variable: dict[str, Any]) -> bool:
    return bool(variable.get("type", "PLAINTEXT") == "PLAINTEXT")
