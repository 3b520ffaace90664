"""Answers that make commits."""

from __future__ import annotations

from typing import Any

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codecommit import commits
from pointsman.local.codecommit.branches import moved
from pointsman.local.codecommit.commits import BranchMoved, Draft, Put, blob_id
from pointsman.local.codecommit.git import Entry, Git, is_id
from pointsman.local.codecommit.lookup import branch_commit, branch_names, repositories, repository_of, said, writable
from pointsman.local.codecommit.reading import MODES, normal
from pointsman.local.codecommit.repositories import CodeCommitRepository, Commit
from pointsman.local.world import Scope

_BITS = {mode: bits for bits, mode in MODES.items()}
_LARGEST = 6 * 1024 * 1024
_MOST = 100


def _parent(scope: Scope, repository: CodeCommitRepository, git: Git, parameters: Parameters) -> Commit | None:
    """The commit the new one comes after: the branch's head, which the caller has to name; None begins the branch."""
    branch, given = parameters["branchName"], parameters.get("parentCommitId")
    head = branch_commit(scope, repository, branch)
    if given is not None and not is_id(given):
        raise AwsError("InvalidParentCommitIdException", "The specified parent commit ID is not valid.")
    if head is None:
        if given is not None or branch_names(git):
            raise AwsError("BranchDoesNotExistException", f"Branch {branch} does not exist")
        return None
    if given is None:
        raise AwsError(
            "ParentCommitIdRequiredException",
            f"A parent commit ID is required, because the branch {branch} has commits; its tip is {head.id}",
        )
    if given != head.id:
        with said():
            known = repositories(scope).commit(scope.account, scope.region, repository.name, given)
        if known is None:
            raise AwsError("ParentCommitDoesNotExistException", f"The parent commit {given} does not exist")
        raise AwsError(
            "ParentCommitIdOutdatedException",
            f"The parent commit {given} is not the tip of the branch {branch}, which is {head.id}",
        )
    return head


def _there(git: Git, parent: Commit | None, paths: list[str]) -> dict[str, Entry]:
    """The entries that stand at some paths, or at a folder above them."""
    if parent is None or not paths:
        return {}
    wanted = dict.fromkeys(
        "/".join(parts[:depth]) for parts in (path.split("/") for path in paths) for depth in range(1, len(parts) + 1)
    )
    with said():
        return {entry.path: entry for entry in git.tree(parent.tree, deep=False, paths=wanted)}


def _check_conflicts(paths: list[str], there: dict[str, Entry]) -> None:
    for path in paths:
        if path in there and there[path].kind == "tree":
            raise AwsError("FileNameConflictsWithDirectoryNameException", f"{path} is a folder in this repository")
        above = path.rpartition("/")[0]
        while above:
            if above in there and there[above].kind == "blob":
                raise AwsError("DirectoryNameConflictsWithFileNameException", f"{above} is a file in this repository")
            above = above.rpartition("/")[0]


def _make(
    scope: Scope, repository: CodeCommitRepository, git: Git, draft: Draft, parent: Commit | None
) -> tuple[str, str]:
    """Commit and move the branch; (commit id, tree id)."""
    with said():
        commit_id, tree = commits.write(git, draft)
        if parent is not None and tree == parent.tree:
            commits.discard(git)
            raise AwsError(
                "NoChangeException", "The commit cannot be created because no changes will be made to the repository."
            )
        try:
            commits.publish(git, draft, commit_id)
        except BranchMoved:
            raise AwsError(
                "ParentCommitIdOutdatedException", f"The branch {draft.branch} was moved while the commit was made"
            ) from None
    moved(scope, repository, draft.branch, commit_id)
    return commit_id, tree


def _draft(
    scope: Scope, parameters: Parameters, parent: Commit | None, puts: list[Put], deletes: list[str], author: str
) -> Draft:
    return Draft(
        branch=parameters["branchName"],
        parent=parent.id if parent else None,
        author=author or "local",
        email=parameters.get("email", ""),
        when=scope.now,
        message=parameters.get("commitMessage", ""),
        puts=puts,
        deletes=deletes,
    )


def _refuse_unbuilt(parameters: Parameters) -> None:
    if parameters.get("keepEmptyFolders"):
        raise AwsError("NotImplemented", "Pointsman's backend does not keep empty folders (keepEmptyFolders)", 501)


def _puts(git: Git, parent: Commit | None, listed: list[dict[str, Any]]) -> tuple[list[Put], list[str]]:
    """The files to write, and the paths that a move takes away."""
    sources = [normal(item["sourceFile"]["filePath"]) for item in listed if "sourceFile" in item]
    origins = _there(git, parent, sources)
    puts: list[Put] = []
    moved_away: list[str] = []
    for item in listed:
        path, content = normal(item["filePath"]), item.get("fileContent", b"")
        content = content.encode() if isinstance(content, str) else content
        if not path:
            raise AwsError("PathRequiredException", "The file path cannot be empty.")
        if len(content) > _LARGEST:
            raise AwsError("FileContentSizeLimitExceededException", "The file exceeds the maximum size of 6 MB.")
        bits = _BITS[item.get("fileMode", "NORMAL")]
        if "sourceFile" not in item:
            puts.append(Put(path, bits, content))
            continue
        origin = origins.get(normal(item["sourceFile"]["filePath"]))
        if origin is None or origin.kind != "blob":
            raise AwsError("FileDoesNotExistException", f"Could not find path {item['sourceFile']['filePath']}")
        puts.append(Put(path, bits if "fileMode" in item else origin.mode, blob=origin.id))
        if item["sourceFile"].get("isMove"):
            moved_away.append(origin.path)
    return puts, moved_away


def _mode_changes(listed: list[dict[str, Any]], there: dict[str, Entry]) -> list[Put]:
    changes: list[Put] = []
    for item in listed:
        path = normal(item["filePath"])
        if path not in there or there[path].kind != "blob":
            raise AwsError("FileDoesNotExistException", f"Could not find path {item['filePath']}")
        changes.append(Put(path, _BITS[item["fileMode"]], blob=there[path].id))
    return changes


@answers("codecommit", "CreateCommit")
def create_commit(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add, change and delete files on a branch in one commit."""
    _refuse_unbuilt(parameters)
    repository = repository_of(scope, parameters["repositoryName"])
    git = writable(scope, repository)
    listed, modes = parameters.get("putFiles", []), parameters.get("setFileModes", [])
    deletes = [normal(item["filePath"]) for item in parameters.get("deleteFiles", [])]
    count = len(listed) + len(modes) + len(deletes)
    if not count:
        raise AwsError("FileEntryRequiredException", "The commit cannot be created because no file entries were given.")
    if count > _MOST:
        raise AwsError("MaximumFileEntriesExceededException", f"The number of file entries exceeds {_MOST}.")
    parent = _parent(scope, repository, git, parameters)
    puts, moved_away = _puts(git, parent, listed)
    paths = [put.path for put in puts]
    if len({*paths, *deletes}) != len(paths) + len(deletes):
        raise AwsError("PutFileEntryConflictException", "The commit names the same file more than once.")
    there = _there(git, parent, [*paths, *deletes, *(normal(item["filePath"]) for item in modes), *moved_away])
    for path in deletes:
        if path not in there or there[path].kind == "tree":
            raise AwsError("FileDoesNotExistException", f"Could not find path {path}")
    gone = [*deletes, *moved_away]
    _check_conflicts(paths, {path: entry for path, entry in there.items() if path not in gone})
    puts += _mode_changes(modes, there)
    draft = _draft(scope, parameters, parent, puts, gone, parameters.get("authorName", ""))
    commit_id, tree = _make(scope, repository, git, draft, parent)
    return {"commitId": commit_id, "treeId": tree, **_report(puts, gone, there)}


def _report(puts: list[Put], gone: list[str], there: dict[str, Entry]) -> dict[str, Any]:
    report: dict[str, Any] = {"filesAdded": [], "filesUpdated": [], "filesDeleted": []}
    for put in puts:
        listed = report["filesUpdated" if put.path in there else "filesAdded"]
        listed.append(
            {"absolutePath": put.path, "blobId": put.blob or blob_id(put.content), "fileMode": MODES[put.mode]}
        )
    for path in gone:
        entry = there[path]
        report["filesDeleted"].append(
            {"absolutePath": path, "blobId": entry.id, "fileMode": MODES.get(entry.mode, "NORMAL")}
        )
    return report


@answers("codecommit", "PutFile")
def put_file(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Add or change one file."""
    repository = repository_of(scope, parameters["repositoryName"])
    git = writable(scope, repository)
    parent = _parent(scope, repository, git, parameters)
    puts, _ = _puts(git, parent, [parameters])
    there = _there(git, parent, [puts[0].path])
    _check_conflicts([puts[0].path], there)
    identity, former = blob_id(puts[0].content), there.get(puts[0].path)
    if former is not None and (former.id, former.mode) == (identity, puts[0].mode):
        raise AwsError("SameFileContentException", "The file content is identical to that in the repository.")
    draft = _draft(scope, parameters, parent, puts, [], parameters.get("name", ""))
    commit_id, tree = _make(scope, repository, git, draft, parent)
    return {"commitId": commit_id, "blobId": identity, "treeId": tree}


@answers("codecommit", "DeleteFile")
def delete_file(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Delete one file."""
    _refuse_unbuilt(parameters)
    repository, path = repository_of(scope, parameters["repositoryName"]), normal(parameters["filePath"])
    git = writable(scope, repository)
    parent = _parent(scope, repository, git, parameters)
    entry = _there(git, parent, [path]).get(path)
    if entry is None or entry.kind == "tree":
        raise AwsError("FileDoesNotExistException", f"Could not find path {parameters['filePath']}")
    draft = _draft(scope, parameters, parent, [], [path], parameters.get("name", ""))
    commit_id, tree = _make(scope, repository, git, draft, parent)
    return {"commitId": commit_id, "blobId": entry.id, "treeId": tree, "filePath": path}


def seed(scope: Scope, name: str, puts: list[Put], branch: str, message: str) -> str | None:
    """Give a repository without this branch its first commit; None when the branch is there already."""
    repository = repository_of(scope, name)
    git = writable(scope, repository)
    if branch_commit(scope, repository, branch) is not None:
        return None
    draft = Draft(branch, None, "Pointsman", "local@pointsman.invalid", scope.now, message, puts)
    return _make(scope, repository, git, draft, None)[0]
