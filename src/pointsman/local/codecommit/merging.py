"""Merging one branch into another: fast-forward, squashed, or with a commit of both. Blocking: it runs git."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from pointsman.local.codecommit.git import EMPTY_TREE, Git, GitFailed, is_id

FAST_FORWARD = "FAST_FORWARD_MERGE"
SQUASH = "SQUASH_MERGE"
THREE_WAY = "THREE_WAY_MERGE"
MOST_FILES = 10_000


class Diverged(Exception):
    """Two branches that cannot be merged by a machine, or not in this way."""


class Signature(Struct, frozen=True):
    """Who merges, when, and what is said of it."""

    name: str
    email: str
    when: datetime
    message: str


class Difference(Struct, frozen=True):
    """What a branch has that another has not.

    Attributes:
        base: Where the two parted; empty when they have nothing in common.
        files: The paths that changed since.
        message: That of the head commit.
        author: The address of the head commit's author.
    """

    base: str
    files: tuple[str, ...]
    message: str
    author: str


def base_of(git: Git, one: str, other: str) -> str:
    """The commit at which two commits parted; empty when they have nothing in common."""
    try:
        return git.run("merge-base", "--", _checked(one), _checked(other)).decode().strip()
    except GitFailed:
        return ""


def difference(git: Git, source: str, destination: str) -> Difference:
    """What a commit has that another has not.

    Raises:
        GitFailed: One of them is not there.
    """
    base = base_of(git, source, destination)
    listed = git.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", base or EMPTY_TREE, _checked(source), "--")
    files = tuple(name.decode("utf-8", "replace") for name in listed.split(b"\0")[:MOST_FILES] if name)
    told = git.run("show", "-s", "--format=%ae%x00%B", source, "--").decode("utf-8", "replace")
    author, _, message = told.partition("\0")
    return Difference(base, files, message.strip(), author)


def mergeable(git: Git, source: str, destination: str) -> bool:
    """Whether two commits can be merged without a person."""
    try:
        _tree(git, source, destination)
    except Diverged:
        return False
    return True


def contains(git: Git, commit: str, head: str) -> bool:
    """Whether a commit is a head or behind it."""
    return base_of(git, commit, head) == commit


def merged(git: Git, source: str, destination: str, option: str, signature: Signature) -> str:
    """The commit that a destination moves to; no branch moves yet.

    Raises:
        Diverged: The option cannot merge them.
        GitFailed: git is not there, or a commit is not.
    """
    if option == FAST_FORWARD:
        if not contains(git, destination, source):
            raise Diverged("the destination has commits that the source has not")
        return source
    tree = _tree(git, source, destination)
    parents = [destination] if option == SQUASH else [destination, source]
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (
            ("NAME", signature.name or "local"),
            ("EMAIL", signature.email or "local@localhost"),
            ("DATE", f"{int(signature.when.timestamp())} +0000"),
        )
    }
    words = [word for parent in parents for word in ("-p", parent)]
    made = git.run("commit-tree", tree, *words, stdin=signature.message.encode(), environment=who)
    return made.decode().strip()


def _tree(git: Git, source: str, destination: str) -> str:
    """The tree of both."""
    if not base_of(git, source, destination):
        raise Diverged("the two have nothing in common")
    try:
        told = git.run("merge-tree", "--write-tree", "--no-messages", _checked(destination), _checked(source))
    except GitFailed as failure:
        if "usage" in str(failure):
            raise GitFailed("this git cannot merge without a working folder: 2.38 or newer is needed") from None
        raise Diverged("both have changed the same lines") from None
    return told.decode().split("\n", 1)[0].strip()


def _checked(commit: str) -> str:
    if not is_id(commit):
        raise GitFailed(f"{commit!r} is not a commit id")
    return commit
