"""Making a commit: files in, one ``git fast-import``, and a branch moved only if it still is where it was."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from pointsman.local.codecommit.git import Git, GitFailed

_WORK = "refs/pointsman/new"
_NOTHING = "0" * 40


class BranchMoved(GitFailed):
    """Somebody else moved the branch meanwhile."""


class Put(Struct, frozen=True):
    """A file as it shall be: new content, or the blob that is there already."""

    path: str
    mode: str
    content: bytes = b""
    blob: str = ""


class Draft(Struct, frozen=True):
    """A commit to be made."""

    branch: str
    parent: str | None
    author: str
    email: str
    when: datetime
    message: str
    puts: Sequence[Put] = ()
    deletes: Sequence[str] = ()


def blob_id(content: bytes) -> str:
    """What git calls a blob of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def write(git: Git, draft: Draft) -> tuple[str, str]:
    """Write the draft's objects; returns (commit id, tree id). No branch has moved yet: ``publish`` does that."""
    told = git.run("fast-import", "--quiet", "--force", "--date-format=raw", "--done", stdin=_stream(draft))
    commit_id = told.decode().split("\n", 1)[0]
    with git.objects() as reader:
        found = reader.read(f"{commit_id}^{{tree}}")
    if found is None:
        raise GitFailed("git fast-import wrote no commit")
    return commit_id, found[0]


def publish(git: Git, draft: Draft, commit_id: str) -> None:
    """Move the draft's branch to its commit.

    Raises:
        BranchMoved: The branch no longer is at the draft's parent.
    """
    try:
        git.run("update-ref", f"refs/heads/{draft.branch}", commit_id, draft.parent or _NOTHING)
    except GitFailed as failure:
        raise BranchMoved(str(failure)) from None
    finally:
        discard(git)


def discard(git: Git) -> None:
    """Let go of a draft that was written."""
    git.run("update-ref", "-d", _WORK)


def _stream(draft: Draft) -> bytes:
    who = f"{_plain(draft.author)} <{_plain(draft.email)}> {int(draft.when.timestamp())} +0000".lstrip().encode()
    pieces = [
        f"reset {_WORK}\n\ncommit {_WORK}\nmark :1\n".encode(),
        b"author " + who + b"\ncommitter " + who + b"\n",
        _data(draft.message.encode()),
    ]
    if draft.parent:
        pieces.append(f"from {draft.parent}\n".encode())
    pieces += [b"D " + _quoted(path) + b"\n" for path in draft.deletes]
    for put in draft.puts:
        source = put.blob or "inline"
        pieces.append(f"M {put.mode} {source} ".encode() + _quoted(put.path) + b"\n")
        if not put.blob:
            pieces.append(_data(put.content))
    pieces.append(b"\nget-mark :1\ndone\n")
    return b"".join(pieces)


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter not in "<>\n\r\0").strip()


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content + b"\n"


def _quoted(path: str) -> bytes:
    return b'"' + path.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


def folder_files(git: Git, folder: Path) -> list[Put]:
    """The files of a folder as a first commit takes them: what ``.gitignore`` leaves out stays out."""
    listed = git.run(
        "-c",
        "core.excludesFile=/dev/null",
        f"--work-tree={folder}",
        "-C",
        str(folder),
        "ls-files",
        "-z",
        "--others",
        "--exclude-standard",
    )
    puts: list[Put] = []
    for raw in sorted(listed.split(b"\0")):
        name = raw.decode("utf-8", "replace")
        if not name or name.endswith("/"):
            continue
        path = folder / name
        about = path.lstat()
        if stat.S_ISLNK(about.st_mode):
            puts.append(Put(name, "120000", os.fsencode(path.readlink())))
        elif stat.S_ISREG(about.st_mode):
            puts.append(Put(name, "100755" if about.st_mode & 0o100 else "100644", path.read_bytes()))
    return puts
