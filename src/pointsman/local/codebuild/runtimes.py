"""``runtime-versions`` against this machine: what the buildspec asks for, and what PATH has. Blocking."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable

from pointsman.local.codebuild.narration import version_in, version_matches

_PROGRAMS = {
    "python": (("python3", "--version"), ("python", "--version")),
    "nodejs": (("node", "--version"),),
    "java": (("java", "-version"),),
    "golang": (("go", "version"),),
    "ruby": (("ruby", "--version"),),
    "php": (("php", "--version"),),
    "dotnet": (("dotnet", "--version"),),
    "docker": (("docker", "--version"),),
}


def compare(wanted: Iterable[tuple[str, str]]) -> list[str]:
    """One line for the log for each runtime asked for."""
    return [_compare(runtime, version) for runtime, version in wanted]


def _compare(runtime: str, version: str) -> str:
    said = f"runtime-versions: {runtime} {version} is asked for"
    for command in _PROGRAMS.get(runtime, ()):
        if (program := shutil.which(command[0])) is None:
            continue
        found = _version([program, *command[1:]])
        if not found:
            return f"{said}; {program} does not say its version"
        if version_matches(version, found):
            return f"{said}; using {program}, {found}"
        return f"{said}; this machine's PATH has {program}, {found}, and that is what runs"
    return f"{said}; this machine's PATH has none"


def _version(command: list[str]) -> str:
    environment = {"PATH": os.environ.get("PATH") or os.defpath, "LANG": "C", "HOME": "/nonexistent"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return version_in(done.stdout.decode("utf-8", "replace"))
