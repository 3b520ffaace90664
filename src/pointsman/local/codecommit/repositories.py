"""Repositories: the record of one, and the tool that reads them for every engine.

``GitRepositories`` keeps real bare repositories in the state folder, at ``repositories/ACCOUNT/REGION/NAME.git``::

    git remote add pointsman STATE/repositories/123456789012/us-east-1/NAME.git
    git push pointsman main

``path`` gives that folder, or the one a world file put in its place; such a one is only ever read. The methods block
(they run git) and need neither the database nor the world's lock: fit for jobs.
"""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from pointsman.local.codecommit.git import Git, GitFailed, is_id, plain_name

_REMOVED = ".removed-"


class CodeCommitRepository(msgspec.Struct, frozen=True):
    """A repository as CodeCommit knows it."""

    name: str
    id: str
    created: datetime
    modified: datetime
    description: str = ""
    default_branch: str = ""
    """Empty until it is chosen: then the first branch there is."""
    path: str = ""
    """The folder a world file mapped the repository to; empty: our own bare repository."""
    key_id: str = ""
    tags: dict[str, str] = {}


class Commit(msgspec.Struct, frozen=True):
    """A commit."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    author_email: str
    author_date: datetime
    committer: str
    committer_email: str
    committer_date: datetime
    message: str


@runtime_checkable
class Repositories(Protocol):
    """What reads commits: a tool of the world."""

    def path(self, account: str, region: str, name: str) -> Path | None:
        """The folder to push to or clone from; None when there is none."""
        ...

    def head(self, account: str, region: str, name: str, branch: str) -> Commit | None:
        """The newest commit of a branch; None when there is no such branch."""
        ...

    def commit(self, account: str, region: str, name: str, commit_id: str) -> Commit | None:
        """A commit by its id; None when there is none."""
        ...

    def log(
        self, account: str, region: str, name: str, newest: str, oldest: str | None = None, limit: int = 100
    ) -> list[Commit]:
        """The commits from ``newest`` back to ``oldest``, newest first; ``oldest`` itself is not among them."""
        ...

    def archive(self, account: str, region: str, name: str, commit_id: str, target: Path) -> None:
        """Write a commit's files as a zip."""
        ...


class GitRepositories:
    """Real repositories, through git.

    Args:
        root: Where the bare ones lie.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._mapped: dict[tuple[str, str, str], Path] = {}

    # -- where ------------------------------------------------------------------------------------------------------

    def path(self, account: str, region: str, name: str) -> Path | None:
        """The folder to push to or clone from; None when there is none."""
        mapped = self._mapped.get((account, region, name))
        if mapped is not None:
            return mapped
        place = self._place(account, region, name)
        return place if place.is_dir() else None

    def map(self, account: str, region: str, name: str, path: Path | None) -> None:
        """Put a folder of the owner's in a repository's place, or take it away again."""
        if path is None:
            self._mapped.pop((account, region, name), None)
        else:
            self._mapped[account, region, name] = path

    def create(self, account: str, region: str, name: str) -> None:
        """Make an empty bare repository, in place of whatever a former one left."""
        place = self._place(account, region, name)
        if place.exists():
            shutil.rmtree(place)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Git(place).run("init", "--quiet", "--bare", "--template=", "--initial-branch=main")
        place.chmod(0o700)

    def set_aside(self, account: str, region: str, name: str) -> Path | None:
        """Take a bare repository out of its place at once; returns where it now waits to be removed."""
        place = self._place(account, region, name)
        if not place.exists():
            return None
        aside = Path(tempfile.mkdtemp(prefix=_REMOVED, dir=place.parent)) / place.name
        place.rename(aside)
        return aside.parent

    def sweep(self) -> None:
        """Remove what a backend that died had set aside."""
        for aside in self._root.glob(f"*/*/{_REMOVED}*"):
            shutil.rmtree(aside, ignore_errors=True)

    def git(self, account: str, region: str, name: str) -> Git:
        """The git of a repository.

        Raises:
            GitFailed: There is no such folder, or it is not a repository.
        """
        path = self.path(account, region, name)
        if path is None:
            raise GitFailed(f"repository {name} has no folder on this machine")
        return Git(git_folder(path))

    def _place(self, account: str, region: str, name: str) -> Path:
        return self._root / account / region / f"{name}.git"

    # -- what it holds ----------------------------------------------------------------------------------------------

    def head(self, account: str, region: str, name: str, branch: str) -> Commit | None:
        """The newest commit of a branch; None when there is no such branch."""
        if not plain_name(branch):
            raise GitFailed(f"{branch!r} is not a branch name")
        return self._read(account, region, name, f"refs/heads/{branch}^{{commit}}")

    def commit(self, account: str, region: str, name: str, commit_id: str) -> Commit | None:
        """A commit by its id; None when there is none."""
        return self._read(account, region, name, f"{commit_id}^{{commit}}") if is_id(commit_id) else None

    def _read(self, account: str, region: str, name: str, revision: str) -> Commit | None:
        with self.git(account, region, name).objects() as reader:
            found = reader.read(revision)
        return None if found is None else parse(found[0], found[2])

    def log(
        self, account: str, region: str, name: str, newest: str, oldest: str | None = None, limit: int = 100
    ) -> list[Commit]:
        """The commits from ``newest`` back to ``oldest``, newest first; ``oldest`` itself is not among them."""
        git = self.git(account, region, name)
        for revision in (newest, *([oldest] if oldest else [])):
            if not is_id(revision):
                raise GitFailed(f"{revision!r} is not a commit id")
        revisions = [newest, *([f"^{oldest}"] if oldest else [])]
        listed = git.run("rev-list", f"--max-count={limit}", "--topo-order", *revisions, "--").decode().split()
        with git.objects() as reader:
            found = [reader.read(identity) for identity in listed]
        return [parse(item[0], item[2]) for item in found if item is not None]

    def archive(self, account: str, region: str, name: str, commit_id: str, target: Path) -> None:
        """Write a commit's files as a zip: all of them, as they are, whatever ``.gitattributes`` says of exports."""
        commit = self.commit(account, region, name, commit_id)
        if commit is None:
            raise GitFailed(f"repository {name} has no commit {commit_id}")
        git = self.git(account, region, name)
        when = commit.committer_date.timetuple()[:6]
        date = when if when[0] >= 1980 else (1980, 1, 1, 0, 0, 0)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle, git.objects() as reader:
            for entry in git.tree(commit_id):
                found = reader.read(entry.id) if entry.kind == "blob" else None
                if found is None:
                    continue  # a submodule: CodeCommit's bundles leave them out too
                about = zipfile.ZipInfo(entry.path, date)
                mode = int(entry.mode, 8)
                about.external_attr = (mode if stat.S_ISLNK(mode) else stat.S_IFREG | (mode & 0o777)) << 16
                about.compress_type = zipfile.ZIP_DEFLATED
                bundle.writestr(about, found[2])


def git_folder(path: Path) -> Path:
    """The git directory of a working folder, or of a bare repository.

    Raises:
        GitFailed: It is neither.
    """
    if (path / ".git").exists():
        return path / ".git"
    if (path / "HEAD").is_file() and (path / "objects").is_dir():
        return path
    raise GitFailed(f"{path} is not a git repository")


def parse(identity: str, content: bytes) -> Commit:
    """A commit object as git keeps it."""
    head, _, message = content.partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        key, _, value = line.partition(" ")
        fields.setdefault(key, []).append(value)
    author, author_email, author_date = _person(fields["author"][0])
    committer, committer_email, committer_date = _person(fields["committer"][0])
    return Commit(
        id=identity,
        tree=fields["tree"][0],
        parents=tuple(fields.get("parent", ())),
        author=author,
        author_email=author_email,
        author_date=author_date,
        committer=committer,
        committer_email=committer_email,
        committer_date=committer_date,
        message=message.decode("utf-8", "replace").rstrip("\n"),
    )


def _person(line: str) -> tuple[str, str, datetime]:
    name, _, rest = line.partition(" <")
    email, _, when = rest.partition("> ")
    return name, email, datetime.fromtimestamp(int(when.split()[0]), UTC)
