"""What has been pushed to a repository of this machine since it was last looked at. Blocking: it runs git."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from pointsman.local.codecommit.git import EMPTY_TREE, Git, GitFailed, is_id
from pointsman.local.codecommit.repositories import git_folder

MOST_REFS = 2000
MOST_FILES = 10_000
_KEPT = ("refs/heads/", "refs/tags/")


class Push(msgspec.Struct, frozen=True):
    """A branch or tag that is new, or has moved."""

    ref: str
    commit: str
    before: str = ""
    """Where it was; empty when it is new."""
    files: tuple[str, ...] = ()
    message: str = ""
    author: str = ""
    """The address of the head commit's author."""


def looks(path: Path) -> tuple[object, ...] | None:
    """What changes whenever a ref does, without asking git: when its folders were last written; None if not known."""
    try:
        root = git_folder(path)
        found: list[object] = []
        for folder, names, _ in os.walk(root / "refs"):
            names.sort()
            found.append((folder, Path(folder).stat().st_mtime_ns))
            if len(found) > MOST_REFS:
                return None
        for place in (root / "packed-refs", root / "reftable" / "tables.list"):
            about = place.stat() if place.is_file() else None
            found.append(None if about is None else (about.st_mtime_ns, about.st_size, about.st_ino))
    except (OSError, GitFailed):
        return None
    return tuple(found)


def refs(path: Path) -> dict[str, str]:
    """Branches and tags with the commits they are at.

    Raises:
        GitFailed: It is no repository, or git is not there.
    """
    wanted = "%(refname)%00%(objectname)%00%(*objectname)"
    git = Git(git_folder(path))
    listed = git.run("for-each-ref", f"--count={MOST_REFS}", f"--format={wanted}", *(one.rstrip("/") for one in _KEPT))
    found: dict[str, str] = {}
    for line in listed.decode("utf-8", "replace").splitlines():
        name, target, peeled = line.split("\0")
        found[name] = peeled or target
    return found


def between(path: Path, before: dict[str, str], after: dict[str, str]) -> list[Push]:
    """The pushes that lead from some refs to others; what was deleted is none, nor is a tag of what is no commit.

    Raises:
        GitFailed: It is no repository.
    """
    git = Git(git_folder(path))
    found = []
    for ref, commit in after.items():
        if before.get(ref) != commit and is_id(commit):
            with suppress(GitFailed):
                found.append(_push(git, ref, commit, before.get(ref, ""), before))
    return found


def _push(git: Git, ref: str, commit: str, was: str, before: dict[str, str]) -> Push:
    base = was or _base(git, commit, before)
    try:
        listed = git.run("diff-tree", "-r", "-z", "--name-only", "--no-commit-id", base or EMPTY_TREE, commit, "--")
    except GitFailed:  # what stood there before is gone: all that can be told is what the commit has
        listed = git.run("ls-tree", "-r", "-z", "--name-only", commit)
    files = tuple(one.decode("utf-8", "replace") for one in listed.split(b"\0")[:MOST_FILES] if one)
    told = git.run("show", "-s", "--format=%ae%x00%B", commit, "--").decode("utf-8", "replace")
    author, _, message = told.partition("\0")
    return Push(ref, commit, was, files, message.strip(), author)


def _base(git: Git, commit: str, before: dict[str, str]) -> str:
    """Where a new branch or tag left what was there: its files are those changed since."""
    known = [one for one in dict.fromkeys(before.values()) if is_id(one)][:100]
    if not known:
        return ""
    try:
        return git.run("merge-base", "--", commit, *known).decode().strip()
    except GitFailed:
        return ""
