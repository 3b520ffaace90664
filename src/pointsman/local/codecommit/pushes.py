"""What was pushed to a repository: its branches and tags, and the files that differ between two commits."""

from __future__ import annotations

from pathlib import Path

from pointsman.local.codecommit.git import Git, GitFailed, is_id
from pointsman.local.codecommit.repositories import git_folder

HEADS = "refs/heads/"
TAGS = "refs/tags/"


def refs(path: Path) -> dict[str, str]:
    """Every branch and tag of a repository, by its full name, with the commit it stands for.

    Raises:
        GitFailed: It cannot be read.
    """
    listed = Git(git_folder(path)).run(
        "for-each-ref", "--format=%(refname)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)",
        HEADS, TAGS,
    )  # fmt: skip
    found = {}
    for line in listed.decode("utf-8", "replace").splitlines():
        name, kind, identity, peeled_kind, peeled = line.split("\0")
        if kind == "tag":
            kind, identity = peeled_kind, peeled
        if kind == "commit":
            found[name] = identity
    return found


def changed(path: Path, old: str, new: str) -> list[str]:
    """The files a push has changed: against the commit the branch had before, or its first parent when it had none.

    Raises:
        GitFailed: A commit is not there.
    """
    for identity in (new, *([old] if old else [])):
        if not is_id(identity):
            raise GitFailed(f"{identity!r} is not a commit id")
    git = Git(git_folder(path))
    pair = [old, new] if old else ["--root", "-m", "--first-parent", new]
    listed = git.run("diff-tree", "-r", "-z", "--no-commit-id", "--name-only", "--no-renames", *pair, "--")
    return sorted({name.decode("utf-8", "replace") for name in listed.split(b"\0") if name})


def looks(path: Path) -> tuple[object, ...] | None:
    """What a repository's refs look like on the disk: as long as it is the same, nothing was pushed.

    None when the refs are kept in a way that this does not know.
    """
    try:
        root = git_folder(path)
    except GitFailed:
        return None
    if not (root / "refs").is_dir() or (root / "reftable").is_dir():
        return None
    found: list[object] = []
    folders = [root / "refs" / "heads", root / "refs" / "tags"]
    places = [root / "packed-refs", *(place for folder in folders if folder.is_dir() for place in folder.rglob("*"))]
    for place in sorted(places):
        try:
            about = place.stat()
        except OSError:
            found.append((str(place), None))
        else:
            found.append((str(place), about.st_mtime_ns, about.st_size, about.st_ino))
    return tuple(found)
