"""Commits made and read through the API."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH, ManualClock
from support.backend import CheckedBackend


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("codecommit")
    made.create_repository(repositoryName="web")
    return made


def commit(client: Any, parent: str | None, files: dict[str, str], *gone: str, message: str = "m", **more: Any) -> Any:
    return client.create_commit(
        repositoryName="web",
        branchName="main",
        **({"parentCommitId": parent} if parent else {}),
        authorName="Ada",
        email="ada@example.com",
        commitMessage=message,
        putFiles=[{"filePath": path, "fileContent": text.encode()} for path, text in files.items()],
        deleteFiles=[{"filePath": path} for path in gone],
        **more,
    )


def test_the_first_commit_makes_the_branch_and_the_default(client: Any, clock: ManualClock) -> None:
    made = commit(client, None, {"a.txt": "1", "dir/b.txt": "2"}, message="first\n")
    assert [item["absolutePath"] for item in made["filesAdded"]] == ["a.txt", "dir/b.txt"]
    about = client.get_commit(repositoryName="web", commitId=made["commitId"])["commit"]
    assert (about["message"], about["parents"], about["treeId"]) == ("first", [], made["treeId"])
    date = f"{int(EPOCH.timestamp())} +0000"
    assert about["author"] == {"name": "Ada", "email": "ada@example.com", "date": date}
    assert client.get_repository(repositoryName="web")["repositoryMetadata"]["defaultBranch"] == "main"


def test_a_commit_adds_changes_and_deletes(client: Any) -> None:
    first = commit(client, None, {"a": "1", "b": "1", "c": "1"})["commitId"]
    second = commit(client, first, {"a": "2", "d": "1"}, "b")
    assert [item["absolutePath"] for item in second["filesUpdated"]] == ["a"]
    assert [item["absolutePath"] for item in second["filesDeleted"]] == ["b"]
    answer = client.get_differences(
        repositoryName="web", beforeCommitSpecifier=first, afterCommitSpecifier=second["commitId"]
    )
    assert [
        (item["changeType"], (item.get("afterBlob") or item["beforeBlob"])["path"]) for item in answer["differences"]
    ] == [
        ("M", "a"),
        ("D", "b"),
        ("A", "d"),
    ]
    blob = answer["differences"][0]["afterBlob"]["blobId"]
    assert client.get_blob(repositoryName="web", blobId=blob)["content"] == b"2"
    batch = client.batch_get_commits(repositoryName="web", commitIds=[second["commitId"], "0" * 40])
    assert batch["commits"][0]["parents"] == [first]
    assert batch["errors"][0]["commitId"] == "0" * 40


def test_the_parent_is_the_tip_or_the_commit_is_refused(client: Any) -> None:
    first = commit(client, None, {"a": "1"})["commitId"]
    second = commit(client, first, {"a": "2"})["commitId"]
    with pytest.raises(client.exceptions.ParentCommitIdRequiredException):
        commit(client, None, {"a": "3"})
    with pytest.raises(client.exceptions.ParentCommitIdOutdatedException):
        commit(client, first, {"a": "3"})
    with pytest.raises(client.exceptions.ParentCommitDoesNotExistException):
        commit(client, "1" * 40, {"a": "3"})
    with pytest.raises(client.exceptions.NoChangeException):
        commit(client, second, {"a": "2"})
    with pytest.raises(client.exceptions.FileDoesNotExistException):
        commit(client, second, {}, "none")
    with pytest.raises(client.exceptions.FileEntryRequiredException):
        commit(client, second, {})
    assert client.get_branch(repositoryName="web", branchName="main")["branch"]["commitId"] == second


def test_files_and_folders_do_not_take_each_others_place(client: Any) -> None:
    first = commit(client, None, {"dir/a": "1"})["commitId"]
    with pytest.raises(client.exceptions.FileNameConflictsWithDirectoryNameException):
        commit(client, first, {"dir": "1"})
    with pytest.raises(client.exceptions.DirectoryNameConflictsWithFileNameException):
        commit(client, first, {"dir/a/b": "1"})
    with pytest.raises(client.exceptions.InvalidPathException):
        commit(client, first, {"../out": "1"})


def test_odd_names_survive(client: Any) -> None:
    files = {'quo"te': "1", "ba\\ck": "2", "ümlaut é": "3", "-dash": "4", ":(top)x": "5"}
    made = commit(client, None, files)
    for path, text in files.items():
        assert client.get_file(repositoryName="web", filePath=path)["fileContent"] == text.encode()
    assert len(made["filesAdded"]) == len(files)


def test_modes_and_moves(client: Any) -> None:
    first = commit(client, None, {"run": "1", "old": "2"})["commitId"]
    second = client.create_commit(
        repositoryName="web",
        branchName="main",
        parentCommitId=first,
        setFileModes=[{"filePath": "run", "fileMode": "EXECUTABLE"}],
        putFiles=[{"filePath": "new", "sourceFile": {"filePath": "old", "isMove": True}}],
    )
    assert client.get_file(repositoryName="web", filePath="run")["fileMode"] == "EXECUTABLE"
    folder = client.get_folder(repositoryName="web", folderPath="/", commitSpecifier=second["commitId"])
    assert [item["absolutePath"] for item in folder["files"]] == ["new", "run"]


def test_a_folder_lists_one_level(client: Any) -> None:
    commit(client, None, {"a/b/c": "1", "a/d": "2"})
    folder = client.get_folder(repositoryName="web", folderPath="a", commitSpecifier="main")
    assert [(item["absolutePath"], item["relativePath"]) for item in folder["files"]] == [("a/d", "d")]
    assert [item["absolutePath"] for item in folder["subFolders"]] == ["a/b"]
    with pytest.raises(client.exceptions.FolderDoesNotExistException):
        client.get_folder(repositoryName="web", folderPath="none")


def test_one_file_is_put_and_deleted(client: Any) -> None:
    place = {"repositoryName": "web", "branchName": "main", "filePath": "a"}
    first = client.put_file(**place, fileContent=b"1")
    assert client.get_file(repositoryName="web", filePath="a")["blobId"] == first["blobId"]
    with pytest.raises(client.exceptions.SameFileContentException):
        client.put_file(**place, fileContent=b"1", parentCommitId=first["commitId"])
    gone = client.delete_file(**place, parentCommitId=first["commitId"], commitMessage="gone")
    assert gone["filePath"] == "a"
    with pytest.raises(client.exceptions.FileDoesNotExistException):
        client.get_file(repositoryName="web", filePath="a")


def test_differences_in_pages_and_from_nothing(client: Any) -> None:
    head = commit(client, None, {f"f{n}": "x" for n in range(5)} | {"dir/g": "x"})["commitId"]
    pages = client.get_paginator("get_differences").paginate(
        repositoryName="web", afterCommitSpecifier=head, PaginationConfig={"PageSize": 2}
    )
    assert [len(page["differences"]) for page in pages] == [2, 2, 2]
    inside = client.get_differences(repositoryName="web", afterCommitSpecifier="main", afterPath="dir")
    assert [item["afterBlob"]["path"] for item in inside["differences"]] == ["dir/g"]


def test_who_listens_hears_of_a_moved_branch(backend: CheckedBackend, client: Any) -> None:
    heard: list[dict[str, Any]] = []
    backend.world.on("codecommit.reference.updated", lambda _, payload: heard.append(payload))
    made = commit(client, None, {"a": "1"})
    assert heard == [{"repository": "web", "branch": "main", "commit_id": made["commitId"]}]


@pytest.mark.parametrize("specifier", ["none", "--output=/tmp/x", "HEAD~1", "main:a", "1" * 40])
def test_specifiers_that_mean_no_commit(client: Any, specifier: str) -> None:
    commit(client, None, {"a": "1"})
    with pytest.raises(client.exceptions.CommitDoesNotExistException):
        client.get_folder(repositoryName="web", folderPath="/", commitSpecifier=specifier)


def test_what_is_not_built_says_so_by_name(client: Any) -> None:
    ids = {"beforeCommitId": "1" * 40, "afterCommitId": "2" * 40}
    with pytest.raises(ClientError, match="codecommit:PostCommentForPullRequest") as caught:
        client.post_comment_for_pull_request(pullRequestId="1", repositoryName="web", content="c", **ids)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
