"""Other people's clients, each in an environment of its own: installed once, kept in pytest's cache folder.

A client that cannot be had here (no network, no node) is skipped with the reason; nothing of it is on any other test's
path.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

OLD_CLI = "1.29.85"
"""The AWS CLI of November 2023: the oldest that installs on a current Python."""
SDK = ("codepipeline", "sts", "s3", "sns", "cloudwatch")
"""Clients of the JavaScript SDK; CodePipeline speaks JSON, SNS and STS query, S3 XML, CloudWatch CBOR."""

_RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv[0] = 'aws'; from awscli.clidriver import main; "
_RUN += "sys.exit(main())"


def installed(config: pytest.Config, name: str, install: Callable[[Path], Sequence[str]]) -> Path:
    """A folder with what ``install`` puts there, made once for every process and session.

    Args:
        config: pytest's.
        name: The folder's, with the version of what is in it.
        install: The command that fills a folder.
    """
    assert config.cache is not None
    root = config.cache.mkdir("clients")
    place = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            made = root / f".{name}.new"
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            command = install(made)
            done = subprocess.run(command, cwd=made, capture_output=True, text=True, timeout=280, check=False)
            if done.returncode != 0:
                pytest.skip(f"{name} cannot be installed here: {' '.join(done.stderr.split())[-200:]}")
            made.rename(place)
    return place


def old_cli(config: pytest.Config) -> list[str]:
    """The command that runs an old AWS CLI, in an interpreter that sees nothing but it."""

    def install(folder: Path) -> Sequence[str]:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        return [*pip, "--target", str(folder), f"awscli=={OLD_CLI}"]

    return [sys.executable, "-I", "-S", "-c", _RUN, str(installed(config, f"awscli-{OLD_CLI}", install))]


def current_cli() -> list[str]:
    """The command that runs the AWS CLI which is installed with the tests."""
    program = Path(sys.executable).with_name("aws")
    if not program.exists():
        pytest.skip("the AWS CLI is not installed here")
    return [str(program)]


def javascript(config: pytest.Config) -> Path:
    """A folder whose ``node_modules`` has the JavaScript SDK's clients."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed here")

    def install(_: Path) -> Sequence[str]:
        named = [f"@aws-sdk/client-{name}@3" for name in SDK]
        return [npm, "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts", *named]

    return installed(config, "javascript-sdk-3", install)


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a client sees of this machine: a home of its own, and no more."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "AWS_MAX_ATTEMPTS": "1",
        **more,
    }
