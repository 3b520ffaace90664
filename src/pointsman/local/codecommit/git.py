"""git as a subprocess, hardened: plumbing on one repository, never its hooks, monitors, remotes or anyone's settings.

The environment is made from nothing but PATH. Everything read from a repository is data; a revision or a name that
comes from outside goes in over standard input or behind a check, never where an option could stand.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from msgspec import Struct

from pointsman.local.world import JobFailed

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.alternateRefsCommand=true",
    "protocol.allow=never",
    "protocol.ext.allow=never",
    "log.showSignature=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "init.templateDir=",
    "safe.directory=*",
)
_PATIENCE = 120.0
_FORBIDDEN = re.compile(r"^[-/.]|\.\.|@\{|[\x00-\x20~^:?*\[\\\x7f]|//|/$|\.$|\.lock(/|$)|/\.|^@$")
_ID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without entries, which git knows without being given it."""


class GitFailed(JobFailed):
    """git said no, or is not there; the message is a sentence."""


def plain_name(name: str) -> bool:
    """Whether git would take a name for a branch, and no part of the command line could take it for an option."""
    return bool(name) and len(name) <= 256 and _FORBIDDEN.search(name) is None


def is_id(text: str) -> bool:
    """Whether a text is a whole object id."""
    return _ID.fullmatch(text) is not None


class Entry(Struct, frozen=True):
    """An entry of a tree."""

    mode: str
    kind: str
    id: str
    path: str


class Git:
    """The git commands on one repository.

    Args:
        folder: The git directory itself: ``NAME.git``, or the ``.git`` of a working folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, stdin: bytes = b"", environment: dict[str, str] | None = None) -> bytes:
        """Run one command to its end.

        Raises:
            GitFailed: It failed, or there is no git.
        """
        try:
            done = subprocess.run(
                self._command(arguments),
                input=stdin,
                capture_output=True,
                env={**self._environment(), **(environment or {})},
                cwd="/",
                timeout=_PATIENCE,
                check=False,
            )
        except FileNotFoundError:
            raise _missing() from None
        except subprocess.TimeoutExpired:
            raise GitFailed(f"git {arguments[0]} did not end within {_PATIENCE:.0f} seconds") from None
        if done.returncode != 0:
            words = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise GitFailed(f"git {arguments[0]} failed: {words[-1] if words else f'exit status {done.returncode}'}")
        return done.stdout

    @contextmanager
    def objects(self) -> Iterator[Reader]:
        """Read many objects through one process."""
        try:
            process = subprocess.Popen(
                self._command(("cat-file", "--batch")),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment(),
                cwd="/",
            )
        except FileNotFoundError:
            raise _missing() from None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Reader(process.stdin, process.stdout)
        finally:
            process.stdout.close()
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()

    def tree(self, treeish: str, *, deep: bool = True, paths: Iterable[str] = ()) -> list[Entry]:
        """A tree's entries; with ``paths``, only those."""
        flags = ["-r"] if deep else []
        listed = self.run("--literal-pathspecs", "ls-tree", "-z", "--full-tree", *flags, treeish, "--", *paths)
        return [_entry(line) for line in listed.split(b"\0") if line]

    def _command(self, arguments: Iterable[str]) -> list[str]:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        return ["git", "--no-pager", *settings, *arguments]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": "/nonexistent",
            "LC_ALL": "C",
            "TZ": "UTC",
            "GIT_DIR": str(self.folder),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
        }


class Reader:
    """Objects from a running ``git cat-file --batch``."""

    def __init__(self, ask: IO[bytes], answer: IO[bytes]) -> None:
        self._ask = ask
        self._answer = answer

    def read(self, name: str) -> tuple[str, str, bytes] | None:
        """(id, kind, content) of an object by id or revision; None when there is none."""
        if "\n" in name or "\0" in name:
            return None
        self._ask.write(name.encode() + b"\n")
        self._ask.flush()
        header = self._answer.readline()
        if not header:
            raise GitFailed("git cat-file ended before it had answered")
        fields = header.split()
        if len(fields) != 3 or not fields[2].isdigit():
            return None
        content = self._answer.read(int(fields[2]))
        self._answer.read(1)
        return fields[0].decode(), fields[1].decode(), content


def _missing() -> GitFailed:
    return GitFailed(
        "git is not installed on this machine, and CodeCommit repositories need it: install git, try again"
    )


def _entry(line: bytes) -> Entry:
    about, _, path = line.partition(b"\t")
    mode, kind, identity = about.decode().split()
    return Entry(mode, kind, identity, path.decode("utf-8", "replace"))
