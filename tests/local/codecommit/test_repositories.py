"""Repositories and branches, and real git against the folder underneath."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import ManualClock
from pointsman.local.codecommit.git import GitFailed, plain_name
from pointsman.local.codecommit.repositories import GitRepositories, Repositories
from support.backend import CheckedBackend

PLACE = ("123456789012", "us-east-1", "web")


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("codecommit")
    made.create_repository(repositoryName="web", repositoryDescription="the site", tags={"a": "1"})
    return made


@pytest.fixture
def tool(backend: CheckedBackend) -> GitRepositories:
    found = backend.world.tool(Repositories)  # type: ignore[type-abstract]
    assert isinstance(found, GitRepositories)
    return found


def git(folder: Path, *arguments: str) -> str:
    """The developer's own git."""
    who = {f"GIT_{role}_{what}": "dev@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **who, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


def worktree(folder: Path) -> Path:
    """A working folder with one commit."""
    folder.mkdir()
    git(folder, "init", "--quiet", "-b", "main")
    (folder / "app.py").write_text("print('hello')\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one\n\nwith a body")
    return folder


def test_a_repository_as_aws_describes_it(client: Any) -> None:
    about = client.get_repository(repositoryName="web")["repositoryMetadata"]
    assert about["Arn"] == "arn:aws:codecommit:us-east-1:123456789012:web"
    assert about["cloneUrlHttp"] == "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/web"
    assert about["repositoryDescription"] == "the site" and "defaultBranch" not in about
    assert client.list_repositories()["repositories"] == [
        {"repositoryName": "web", "repositoryId": about["repositoryId"]}
    ]
    batch = client.batch_get_repositories(repositoryNames=["web", "none"])
    assert (len(batch["repositories"]), batch["repositoriesNotFound"]) == (1, ["none"])
    assert client.list_tags_for_resource(resourceArn=about["Arn"])["tags"] == {"a": "1"}
    with pytest.raises(client.exceptions.RepositoryNameExistsException):
        client.create_repository(repositoryName="web")


@pytest.mark.parametrize("name", ["-x", "..", "a/b", "x.git", ".x", "a b"])
def test_names_that_could_lead_elsewhere_are_refused(client: Any, name: str) -> None:
    with pytest.raises(client.exceptions.InvalidRepositoryNameException):
        client.create_repository(repositoryName=name)


def test_a_deleted_repository_is_gone_from_the_disk_and_may_come_again(
    backend: CheckedBackend, client: Any, tool: GitRepositories
) -> None:
    folder = tool.path(*PLACE)
    assert folder is not None and folder.is_dir()
    client.delete_repository(repositoryName="web")
    backend.settle()
    assert tool.path(*PLACE) is None
    assert list(folder.parent.iterdir()) == []
    assert "repositoryId" not in client.delete_repository(repositoryName="web")
    client.create_repository(repositoryName="web")


def test_what_a_dead_backend_had_set_aside_is_swept_up(tmp_path: Path) -> None:
    for _ in range(2):
        with CheckedBackend(state=tmp_path / "kept", clock=ManualClock()) as backend:
            tool = backend.world.tool(Repositories)  # type: ignore[type-abstract]
            assert isinstance(tool, GitRepositories)
            assert list((tmp_path / "kept").glob("repositories/*/*/.*")) == []
            tool.create(*PLACE)
            assert tool.set_aside(*PLACE) is not None


def test_git_pushes_and_clones(client: Any, tool: GitRepositories, tmp_path: Path) -> None:
    folder = tool.path(*PLACE)
    source = worktree(tmp_path / "source")
    git(source, "push", "--quiet", str(folder), "main")
    head = tool.head(*PLACE, "main")
    assert head is not None and head.message == "one\n\nwith a body"
    assert client.get_branch(repositoryName="web", branchName="main")["branch"]["commitId"] == head.id
    assert client.get_repository(repositoryName="web")["repositoryMetadata"]["defaultBranch"] == "main"
    assert client.get_file(repositoryName="web", filePath="app.py")["fileContent"] == b"print('hello')\n"
    client.put_file(
        repositoryName="web",
        branchName="main",
        filePath="docs/new.txt",
        fileContent=b"new",
        parentCommitId=head.id,
        commitMessage="two",
    )
    git(tmp_path, "clone", "--quiet", str(folder), "clone")
    assert (tmp_path / "clone" / "docs" / "new.txt").read_text() == "new"
    assert git(tmp_path / "clone", "log", "--format=%s").split() == ["two", "one"]
    assert git(tmp_path / "clone", "fsck", "--strict") == ""


def test_the_log_and_the_archive(client: Any, tool: GitRepositories, tmp_path: Path) -> None:
    import zipfile

    source = worktree(tmp_path / "source")
    (source / ".gitattributes").write_text("app.py export-ignore\n")
    (source / "link").symlink_to("app.py")
    git(source, "add", ".")
    git(source, "commit", "--quiet", "-m", "two")
    git(source, "push", "--quiet", str(tool.path(*PLACE)), "main")
    newest = tool.head(*PLACE, "main")
    assert newest is not None
    assert [commit.message.split()[0] for commit in tool.log(*PLACE, newest.id)] == ["two", "one"]
    assert [commit.id for commit in tool.log(*PLACE, newest.id, newest.parents[0])] == [newest.id]
    assert len(tool.log(*PLACE, newest.id, limit=1)) == 1
    tool.archive(*PLACE, newest.id, tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as bundle:
        modes = {item.filename: item.external_attr >> 16 for item in bundle.infolist()}
    assert modes == {".gitattributes": 0o100644, "app.py": 0o100644, "link": 0o120000, "run.sh": 0o100755}
    with pytest.raises(GitFailed, match="has no commit"):
        tool.archive(*PLACE, "0" * 40, tmp_path / "none.zip")


def test_branches(client: Any, tool: GitRepositories, tmp_path: Path) -> None:
    git(worktree(tmp_path / "source"), "push", "--quiet", str(tool.path(*PLACE)), "main")
    head = client.get_branch(repositoryName="web", branchName="main")["branch"]["commitId"]
    client.create_branch(repositoryName="web", branchName="feature/x", commitId=head)
    assert client.list_branches(repositoryName="web")["branches"] == ["feature/x", "main"]
    with pytest.raises(client.exceptions.BranchNameExistsException):
        client.create_branch(repositoryName="web", branchName="feature/x", commitId=head)
    with pytest.raises(client.exceptions.CommitDoesNotExistException):
        client.create_branch(repositoryName="web", branchName="other", commitId="1" * 40)
    with pytest.raises(client.exceptions.DefaultBranchCannotBeDeletedException):
        client.delete_branch(repositoryName="web", branchName="main")
    client.update_default_branch(repositoryName="web", defaultBranchName="feature/x")
    assert client.delete_branch(repositoryName="web", branchName="main")["deletedBranch"]["commitId"] == head
    assert "deletedBranch" not in client.delete_branch(repositoryName="web", branchName="main")
    with pytest.raises(client.exceptions.BranchDoesNotExistException):
        client.get_branch(repositoryName="web", branchName="main")


@pytest.mark.parametrize("name", ["-upload", "a..b", "a b", "a~1", "@{u}", "a\n", "x.lock", "/a", "a/", "", "a:b"])
def test_names_git_could_misread_are_no_branches(client: Any, name: str) -> None:
    assert not plain_name(name)
    if name:
        with pytest.raises(client.exceptions.InvalidBranchNameException):
            client.get_branch(repositoryName="web", branchName=name)


def test_without_git_one_sentence_says_so(client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClientError, match="git is not installed on this machine"):
        client.create_repository(repositoryName="other")
    with pytest.raises(client.exceptions.RepositoryDoesNotExistException):
        client.get_repository(repositoryName="other")


def test_a_hook_in_a_folder_does_not_run(
    backend: CheckedBackend, client: Any, tool: GitRepositories, tmp_path: Path
) -> None:
    source = worktree(tmp_path / "source")
    evidence = tmp_path / "evidence"
    for name in ("post-update", "reference-transaction", "post-index-change", "fsmonitor"):
        hook = source / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {evidence}\n")
        hook.chmod(0o755)
    git(source, "config", "core.fsmonitor", str(source / ".git" / "hooks" / "fsmonitor"))
    tool.map("123456789012", "us-east-1", "mapped", source)
    evidence.unlink(missing_ok=True)
    head = tool.head("123456789012", "us-east-1", "mapped", "main")
    assert head is not None
    tool.archive("123456789012", "us-east-1", "mapped", head.id, tmp_path / "z.zip")
    assert not evidence.exists()
