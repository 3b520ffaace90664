"""A write as the ``aws`` command line that would send it, quoted for a POSIX shell.

The line is exact: the AWS CLI parses it back into the very parameters the console sends. Flat structures are written in
the CLI's shorthand, everything deeper as JSON; a text the CLI would take for a file or a URL to load makes the whole
call one ``--cli-input-json`` argument.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from typing import Any, Final

from pointsman.operations.declare import WriteCall
from pointsman.operations.redaction import redacted

_COMMANDS: Final = {"codedeploy": "deploy", "s3": "s3api"}
"""boto3's service names that the CLI spells differently."""

_LOADED: Final = ("file://", "fileb://", "http://", "https://")
"""What the CLI replaces by the content of a file or a page."""

_SHORTHAND: Final = re.compile(r"(?:[A-Za-z0-9!().?*_/:+@-](?:[A-Za-z0-9 !().?*_/:+@-]*[A-Za-z0-9!().?*_/:+@-])?)?")
"""Values that the CLI's shorthand takes literally."""


def arguments(
    call: WriteCall, *, region: str = "", profile: str = "", endpoint: str = "", secrets: Iterable[str] = ()
) -> list[str]:
    """The command line's words, ``aws`` first; secrets are hidden."""
    shown = redacted(call, secrets)
    words = ["aws", _COMMANDS.get(shown.service, shown.service), kebab(shown.operation)]
    values = [value for value in shown.parameters.values() if isinstance(value, str)]
    if any(value.startswith(_LOADED) for value in values):
        words += ["--cli-input-json", _json(shown.parameters)]
    else:
        for name, value in shown.parameters.items():
            words += _option(name, value)
    for option, given in (("--region", region), ("--profile", profile), ("--endpoint-url", endpoint)):
        if given:
            words += [option, given]
    return words


def line(
    call: WriteCall, *, region: str = "", profile: str = "", endpoint: str = "", secrets: Iterable[str] = ()
) -> str:
    """The command line as one would paste it."""
    return shlex.join(arguments(call, region=region, profile=profile, endpoint=endpoint, secrets=secrets))


def kebab(name: str) -> str:
    """``PutApprovalResult`` as the CLI spells it: ``put-approval-result``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1-\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", name).lower()


def _option(name: str, value: Any) -> list[str]:
    option = f"--{kebab(name)}"
    if isinstance(value, bool):
        return [option if value else f"--no-{kebab(name)}"]
    text = value if isinstance(value, str) else _complex(value)
    return [f"{option}={text}"] if text.startswith("-") else [option, text]


def _complex(value: Any) -> str:
    if isinstance(value, dict) and value and all(_literal(inner) for inner in value.values()):
        return ",".join(f"{key}={inner}" for key, inner in value.items())
    return _json(value)


def _literal(value: Any) -> bool:
    return isinstance(value, str) and _SHORTHAND.fullmatch(value) is not None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
