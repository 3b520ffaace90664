"""Answers that read commits, files and differences."""

from __future__ import annotations

from typing import Any

from pointsman.digits import digits
from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codecommit.git import EMPTY_TREE, Entry, is_id
from pointsman.local.codecommit.lookup import commit_of, git_of, repositories, repository_of, said
from pointsman.local.codecommit.repositories import CodeCommitRepository, Commit
from pointsman.local.world import Scope

MODES = {"100644": "NORMAL", "100755": "EXECUTABLE", "120000": "SYMLINK"}
_LARGEST = 6 * 1024 * 1024
_BATCH = 100
_PAGE = 400


def normal(path: str) -> str:
    """A path inside a repository: no leading or trailing slash; anything that climbs is refused."""
    parts = [part for part in path.strip("/").split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in path:
        raise AwsError("InvalidPathException", "The specified path is not valid.")
    return "/".join(parts)


def _shape(commit: Commit) -> dict[str, Any]:
    return {
        "commitId": commit.id,
        "treeId": commit.tree,
        "parents": list(commit.parents),
        "message": commit.message,
        "author": {
            "name": commit.author,
            "email": commit.author_email,
            "date": f"{int(commit.author_date.timestamp())} +0000",
        },
        "committer": {
            "name": commit.committer,
            "email": commit.committer_email,
            "date": f"{int(commit.committer_date.timestamp())} +0000",
        },
        "additionalData": "",
    }


def _commit(scope: Scope, repository: CodeCommitRepository, commit_id: str) -> Commit | None:
    with said():
        return repositories(scope).commit(scope.account, scope.region, repository.name, commit_id)


@answers("codecommit", "GetCommit")
def get_commit(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """One commit by its id."""
    repository, commit_id = repository_of(scope, parameters["repositoryName"]), parameters["commitId"]
    if not is_id(commit_id):
        raise AwsError("InvalidCommitIdException", "The specified commit ID is not valid.")
    commit = _commit(scope, repository, commit_id)
    if commit is None:
        raise AwsError("CommitIdDoesNotExistException", f"Commit {commit_id} does not exist")
    return {"commit": _shape(commit)}


@answers("codecommit", "BatchGetCommits")
def batch_get_commits(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Several commits, and which are not there."""
    repository, wanted = repository_of(scope, parameters["repositoryName"]), parameters["commitIds"]
    if len(wanted) > _BATCH:
        raise AwsError("CommitIdsLimitExceededException", f"The maximum number of commit IDs is {_BATCH}.")
    found: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for commit_id in wanted:
        commit = _commit(scope, repository, commit_id)
        if commit is not None:
            found.append(_shape(commit))
        else:
            errors.append(
                {
                    "commitId": commit_id,
                    "errorCode": "CommitDoesNotExistException",
                    "errorMessage": f"Commit {commit_id} does not exist",
                }
            )
    return {"commits": found, "errors": errors}


def _blob(scope: Scope, repository: CodeCommitRepository, blob_id: str) -> bytes | None:
    with said(), git_of(scope, repository).objects() as reader:
        found = reader.read(blob_id)
    if found is None or found[1] != "blob":
        return None
    if len(found[2]) > _LARGEST:
        raise AwsError("FileTooLargeException", "The file exceeds the maximum size of 6 MB.")
    return found[2]


@answers("codecommit", "GetBlob")
def get_blob(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A blob's bytes by its id."""
    repository, blob_id = repository_of(scope, parameters["repositoryName"]), parameters["blobId"]
    if not is_id(blob_id):
        raise AwsError("InvalidBlobIdException", "The specified blob is not valid.")
    content = _blob(scope, repository, blob_id)
    if content is None:
        raise AwsError("BlobIdDoesNotExistException", f"Blob {blob_id} does not exist")
    return {"content": content}


@answers("codecommit", "GetFile")
def get_file(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A file of a commit, or of the default branch."""
    repository = repository_of(scope, parameters["repositoryName"])
    commit, path = commit_of(scope, repository, parameters.get("commitSpecifier")), normal(parameters["filePath"])
    with said():
        entries = git_of(scope, repository).tree(commit.tree, deep=False, paths=[path]) if path else []
    entry = next((entry for entry in entries if entry.path == path and entry.kind == "blob"), None)
    content = None if entry is None else _blob(scope, repository, entry.id)
    if entry is None or content is None:
        raise AwsError("FileDoesNotExistException", f"Could not find path {parameters['filePath']}")
    return {
        "commitId": commit.id,
        "blobId": entry.id,
        "filePath": path,
        "fileMode": MODES.get(entry.mode, "NORMAL"),
        "fileSize": len(content),
        "fileContent": content,
    }


@answers("codecommit", "GetFolder")
def get_folder(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """What a folder of a commit holds, one level deep."""
    repository = repository_of(scope, parameters["repositoryName"])
    commit, path = commit_of(scope, repository, parameters.get("commitSpecifier")), normal(parameters["folderPath"])
    git = git_of(scope, repository)
    tree = commit.tree
    if path:
        with said():
            entries = git.tree(commit.tree, deep=False, paths=[path])
        tree = next((entry.id for entry in entries if entry.kind == "tree" and entry.path == path), "")
    if not tree:
        raise AwsError("FolderDoesNotExistException", f"Could not find path {parameters['folderPath']}")
    with said():
        inside = git.tree(tree, deep=False)
    answer: dict[str, Any] = {
        "commitId": commit.id,
        "folderPath": path,
        "treeId": tree,
        "subFolders": [],
        "files": [],
        "symbolicLinks": [],
        "subModules": [],
    }
    for entry in inside:
        place = {"absolutePath": f"{path}/{entry.path}" if path else entry.path, "relativePath": entry.path}
        if entry.kind == "tree":
            answer["subFolders"].append({"treeId": entry.id, **place})
        elif entry.kind == "commit":
            answer["subModules"].append({"commitId": entry.id, **place})
        else:
            mode = MODES.get(entry.mode, "NORMAL")
            listed = answer["symbolicLinks" if mode == "SYMLINK" else "files"]
            listed.append({"blobId": entry.id, "fileMode": mode, **place})
    return answer


@answers("codecommit", "GetDifferences")
def get_differences(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The files that differ between two commits, in pages; without a before, all of the after are added."""
    repository = repository_of(scope, parameters["repositoryName"])
    after = commit_of(scope, repository, parameters["afterCommitSpecifier"]).tree
    before = EMPTY_TREE
    if "beforeCommitSpecifier" in parameters:
        before = commit_of(scope, repository, parameters["beforeCommitSpecifier"]).tree
    with said():
        raw = git_of(scope, repository).run(
            "diff-tree", "-r", "-z", "--raw", "--no-renames", "--full-index", before, after
        )
    roots = normal(parameters.get("beforePath", "")), normal(parameters.get("afterPath", ""))
    changes = [change for change in _changes(raw) if _inside(change, *roots)]
    token = parameters.get("NextToken", "0")
    if not digits(token):
        raise AwsError("InvalidContinuationTokenException", "The specified continuation token is not valid.")
    start, limit = int(token), min(parameters.get("MaxResults", _PAGE), _PAGE)
    answer: dict[str, Any] = {"differences": [_difference(*change) for change in changes[start : start + limit]]}
    if start + limit < len(changes):
        answer["NextToken"] = str(start + limit)
    return answer


def _changes(raw: bytes) -> list[tuple[str, Entry, Entry]]:
    """(letter, before, after) of ``git diff-tree --raw -z``."""
    fields = raw.split(b"\0")
    changes: list[tuple[str, Entry, Entry]] = []
    for about, name in zip(fields[0::2], fields[1::2], strict=False):
        mode_before, mode_after, id_before, id_after, letter = about.decode().removeprefix(":").split()
        path = name.decode("utf-8", "replace")
        kind = letter[0] if letter[0] in "AD" else "M"
        changes.append((kind, Entry(mode_before, "blob", id_before, path), Entry(mode_after, "blob", id_after, path)))
    return changes


def _inside(change: tuple[str, Entry, Entry], before: str, after: str) -> bool:
    letter, former, latter = change
    return (letter != "A" and _below(former.path, before)) or (letter != "D" and _below(latter.path, after))


def _below(path: str, root: str) -> bool:
    return not root or path == root or path.startswith(f"{root}/")


def _difference(letter: str, before: Entry, after: Entry) -> dict[str, Any]:
    shape: dict[str, Any] = {"changeType": letter}
    if letter != "A":
        shape["beforeBlob"] = {"blobId": before.id, "path": before.path, "mode": before.mode}
    if letter != "D":
        shape["afterBlob"] = {"blobId": after.id, "path": after.path, "mode": after.mode}
    return shape
