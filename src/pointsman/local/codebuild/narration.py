"""What a build's log says about the build itself, in CodeBuild's own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pointsman.local.codebuild.buildspec import NOT_CARRIED_OUT, Buildspec
from pointsman.local.codebuild.machine import Context, Phase

if TYPE_CHECKING:
    import regex


def container(now: datetime, text: str) -> str:
    """A line of the agent: ``[Container] 2026/01/02 03:04:05.123456 text``."""
    return f"{_container(now)} {text}"


@lru_cache(maxsize=1)
def _container(now: datetime) -> str:
    return f"[Container] {now:%Y/%m/%d %H:%M:%S.%f}"


def phase_complete(phase: Phase) -> list[str]:
    """The two lines that end a phase."""
    context = phase.contexts[0] if phase.contexts else Context()
    return [
        f"Phase complete: {phase.type} State: {phase.status}",
        f"Phase context status code: {context.code} Message: {context.message}",
    ]


def reason(status: int, note: str) -> str:
    """How a command ended, as CodeBuild's agent says it."""
    return note or f"exit status {status}"


_DAEMON = ("Cannot connect to the Docker daemon", "Is the docker daemon running", "docker.sock")
_NOT_FOUND = ("not found", "No such file or directory")


@cache
def _not_found() -> tuple[regex.Pattern[str], ...]:
    import regex  # what a command prints is anybody's: on the engine that can be given a time-out

    return (
        regex.compile(r"(?:^|[:\s])([^\s:]+): (?:command )?not found\s*$"),
        regex.compile(r"exec(?:utable)?:? \"([^\"]+)\": executable file not found"),
        regex.compile(r"(?:env|make(?:\[\d+\])?): [‘'\"]?([^\s:’'\"]+)[’'\"]?: No such file or directory\s*$"),
        regex.compile(r"No such file or directory: '([^'/]+)'\s*$"),
    )


def missing(status: int, output: list[str]) -> str:
    """What the machine lacked, as far as a failed command's last lines tell; empty when they do not.

    Args:
        status: The command's exit status.
        output: Its last lines.
    """
    for line in reversed(output):
        if any(words in line for words in _DAEMON):
            return "docker is installed on this machine, but its daemon does not answer"
        if not any(words in line for words in _NOT_FOUND):
            continue
        for pattern in _not_found():
            if (found := pattern.search(line, timeout=0.2)) is not None:
                return f"this machine has no program {found[1]!r} on the build's PATH"
    return "this machine has no program of that name on the build's PATH" if status == 127 else ""


def command_error(command: str, why: str, lacking: str) -> Context:
    """The context of a phase whose command failed."""
    message = f"Error while executing command: {command}. Reason: {why}"
    return Context("COMMAND_EXECUTION_ERROR", f"{message}: {lacking}" if lacking else message)


_VERSION = re.compile(r"\d+(?:\.\d+)*")


def version_matches(wanted: str, found: str) -> bool:
    """Whether an installed version (``3.11.8``) is what a buildspec asks for (``3.x``, ``3.11``, ``latest``)."""
    if wanted == "latest" or wanted.startswith("$"):
        return True
    numbers = _VERSION.search(wanted)
    if numbers is None:
        return False
    want = numbers[0].split(".")
    return bool(found.split(".")[: len(want)] == want)


def version_in(text: str) -> str:
    """The first version number in what a program prints about itself (``openjdk version "17.0.2"``: 17.0.2)."""
    found = _VERSION.search(text)
    return found[0] if found else ""


def notices(settings: dict[str, Any]) -> Iterator[str]:
    """Lines for what a project asks and this backend does not carry out."""
    kind = settings.get("environment", {}).get("type", "")
    if not kind.startswith("LINUX"):
        yield f"The environment type {kind} is recorded, not obeyed: commands run on this machine as it is"
    if settings.get("logsConfig", {}).get("s3Logs", {}).get("status") == "ENABLED":
        yield "Logs in S3 are not carried out by this backend"


def not_carried_out(spec: Buildspec) -> Iterator[str]:
    """Lines for what a buildspec asks and this backend does not carry out."""
    for name in spec.ignored:
        if name in NOT_CARRIED_OUT:
            yield f"The buildspec's {name} section is not carried out by this backend"
    users = {user: None for user in (spec.run_as, *(phase.run_as for phase in spec.phases.values())) if user}
    for user in users:
        yield f"run-as {user} is recorded, not obeyed: commands run as the backend's own user"
    if spec.git_credential_helper:
        yield "git-credential-helper is not carried out by this backend"
