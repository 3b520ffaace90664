"""The pure parts of a build: globs, zips, versions, and what a failure's output tells."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from pointsman.local.codebuild.archives import NoMatch, glob_pattern, pack, pick, unpack
from pointsman.local.codebuild.buildspec import ArtifactSpec
from pointsman.local.codebuild.environment import secret_parts
from pointsman.local.codebuild.narration import missing, version_matches
from pointsman.local.codebuild.sources import is_inline


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("**/*", "a", True),
        ("**/*", "a/b/c", True),
        ("dir/*", "dir/a", True),
        ("dir/*", "dir/sub/a", False),
        ("dir/**/*", "dir/sub/a", True),
        ("dir/**/*", "dir/a", True),
        ("*.jar", "a.jar", True),
        ("*.jar", "x/a.jar", False),
        ("file-[0-9].txt", "file-1.txt", True),
        ("a+b.txt", "a+b.txt", True),
        ("*", ".hidden", True),
    ],
)
def test_globs(glob: str, path: str, matches: bool) -> None:
    assert bool(glob_pattern(glob).fullmatch(path)) is matches


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def test_base_directories_by_glob_are_stripped_and_paths_discarded(tmp_path: Path) -> None:
    root = tree(tmp_path, "my-build-1/my-file-1.txt", "my-build-2/my-file-2.txt", "my-build-2/sub/my-file-3.txt")
    files, _ = pick(root, ArtifactSpec(files=("**/*",), base_directory="my-build*", discard_paths=True))
    assert sorted(one.name for one in files) == ["my-file-1.txt", "my-file-2.txt", "my-file-3.txt"]
    files, _ = pick(root, ArtifactSpec(files=("*/my-file-3.txt",), base_directory="my-build-2"))
    assert [one.name for one in files] == ["sub/my-file-3.txt"]


def test_excluded_paths_and_nothing_left(tmp_path: Path) -> None:
    root = tree(tmp_path, "a.txt", "b/c.log")
    files, _ = pick(root, ArtifactSpec(files=("**/*",), exclude_paths=("**/*.log",)))
    assert [one.name for one in files] == ["a.txt"]
    with pytest.raises(NoMatch) as failure:
        pick(root, ArtifactSpec(files=("b",)))
    assert "Skipping invalid file path b; it is a folder: write b/**/*" in failure.value.said


def test_zips_keep_modes_and_links(tmp_path: Path) -> None:
    root = tree(tmp_path / "in", "run.sh", "plain")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("plain")
    files, _ = pick(root, ArtifactSpec(files=("**/*",), enable_symlinks=True))
    pack(files, tmp_path / "a.zip", keep_links=True)
    with (tmp_path / "a.zip").open("rb") as body:
        unpack(body, tmp_path / "out")
    assert (tmp_path / "out/run.sh").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "out/plain").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "out/link").readlink() == Path("plain")


@pytest.mark.parametrize("name", ["../out", "/etc/x", "a/../../b", "a\\..\\..\\b"])
def test_a_zip_that_reaches_outside_is_refused(tmp_path: Path, name: str) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(ValueError, match="outside itself"):
        unpack(body, tmp_path / "in")


@pytest.mark.parametrize(
    ("status", "line", "words"),
    [
        (127, "/b/script-1.sh: line 1: docker: command not found", "no program 'docker'"),
        (127, "/b/commands-1: 1: /b/script-1.sh: mvn: not found", "no program 'mvn'"),
        (2, "make: cargo: No such file or directory", "no program 'cargo'"),
        (1, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "daemon does not answer"),
        (1, "cat: notes.txt: No such file or directory", ""),
        (1, "2 tests failed", ""),
    ],
)
def test_what_the_machine_lacks_is_read_from_the_output(status: int, line: str, words: str) -> None:
    found = missing(status, ["something", line])
    assert words in found
    assert bool(found) is bool(words)


@pytest.mark.parametrize(
    ("wanted", "found", "matches"),
    [
        ("3.11", "3.11.8", True),
        ("3.x", "3.9.1", True),
        ("3.1", "3.11.8", False),
        ("latest", "1.0", True),
        ("corretto17", "17.0.2", True),
        ("corretto8", "17.0.2", False),
    ],
)
def test_runtime_versions(wanted: str, found: str, matches: bool) -> None:
    assert version_matches(wanted, found) is matches


def test_secret_references() -> None:
    assert secret_parts("id") == ("id", "", "", "")
    assert secret_parts("id:key::v1") == ("id", "key", "", "v1")
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
    assert secret_parts(f"{arn}:password:AWSCURRENT") == (arn, "password", "AWSCURRENT", "")


def test_a_buildspec_setting_is_yaml_or_a_path() -> None:
    assert is_inline("version: 0.2\nphases: {}")
    assert is_inline('{"version": 0.2}')
    assert not is_inline("ci/buildspec.yml")
    assert not is_inline("arn:aws:s3:::bucket/buildspec.yml")
