"""Caches that are really kept: local folders, one zip in S3, and one for each key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pointsman.local.codebuild.cache_files import folder_of, placed
from pointsman.local.codebuild.image_tools import hashed
from support.builds import Builds

LOCAL = {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE", "LOCAL_SOURCE_CACHE", "LOCAL_DOCKER_LAYER_CACHE"]}


def buildspec(command: str, cache: str) -> str:
    return f"version: 0.2\nphases: {{build: {{commands: [{command!r}]}}}}\ncache: {cache}\n"


def built(builds: Builds, **overrides: Any) -> Any:
    build_id = builds.start(**overrides)
    builds.backend.settle()
    build = builds.get(build_id)
    assert build["buildStatus"] == "SUCCEEDED", builds.lines(build)
    return build


COUNT = "mkdir -p {0} && echo x >> {0}/seen && wc -l < {0}/seen | tr -d ' '"


@pytest.mark.parametrize("folder", ["deps/npm", "$HOME/.m2"])
def test_local_folders_are_there_again(builds: Builds, folder: str) -> None:
    path = folder.replace("$HOME", "/root")
    builds.project(buildspec(COUNT.format(folder), f"{{paths: ['{path}/**/*']}}"), cache=LOCAL)
    assert builds.printed(built(builds)) == ["1"]
    second = built(builds)
    assert builds.printed(second) == ["2"]
    log = "\n".join(builds.lines(second))
    assert "LOCAL_SOURCE_CACHE: the sources are on this machine" in log
    assert "LOCAL_DOCKER_LAYER_CACHE: this machine's docker" in log
    builds.client.invalidate_project_cache(projectName="web")
    assert builds.printed(built(builds)) == ["1"]


def test_a_cache_in_s3_is_there_again_and_can_be_thrown_away(builds: Builds) -> None:
    s3: Any = builds.backend.session().client("s3")
    s3.create_bucket(Bucket="kept")
    cache = {"type": "S3", "location": "kept/some/prefix"}
    builds.project(buildspec(COUNT.format("deps"), "{paths: ['deps/**/*', /etc/passwd]}"), cache=cache)
    first = built(builds)
    assert "Cache path /etc/passwd is outside the build's source and home: it is not cached" in "\n".join(
        builds.lines(first)
    )
    assert builds.printed(built(builds)) == ["2"]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="kept")["Contents"]] == ["some/prefix/web/0/cache.zip"]
    builds.client.invalidate_project_cache(projectName="web")
    assert builds.printed(built(builds)) == ["1"]


def test_keys_are_expanded_by_the_shell_and_written_once(builds: Builds) -> None:
    builds.backend.session().client("s3").create_bucket(Bucket="kept")
    text = buildspec(
        "mkdir -p deps && echo $V >> deps/seen && cat deps/seen | tr '\\n' ' '",
        "{paths: ['deps/**/*'], key: 'v-$V', fallback-keys: ['v-']}",
    )
    builds.project(text, cache={"type": "S3", "location": "kept", "cacheNamespace": "shared"})

    def run(version: str) -> str:
        told = built(builds, environmentVariablesOverride=[{"name": "V", "value": version}])
        return " ".join(builds.printed(told)).strip()

    assert run("1") == "1"
    assert run("1") == "1 1"
    assert run("1") == "1 1", "a cache with a key is written once"
    assert run("2") == "1 2", "the fallback key found the newest that begins so"


def test_save_only_and_restore_only(builds: Builds) -> None:
    builds.backend.session().client("s3").create_bucket(Bucket="kept")
    cache = {"type": "S3", "location": "kept"}
    builds.project(buildspec(COUNT.format("deps"), "{paths: ['deps/**/*'], action: save}"), cache=cache)
    built(builds)
    assert builds.printed(built(builds)) == ["1"]
    override = buildspec(COUNT.format("deps"), "{paths: ['deps/**/*'], action: restore}")
    assert builds.printed(built(builds, buildspecOverride=override)) == ["2"]
    assert builds.printed(built(builds, buildspecOverride=override)) == ["2"]


def test_a_cache_that_cannot_be_kept_fails_nothing(builds: Builds) -> None:
    builds.project(buildspec(COUNT.format("deps"), "{paths: ['deps/**/*']}"), cache={"type": "S3", "location": "none"})
    log = "\n".join(builds.lines(built(builds)))
    assert "No cache found in s3://none/web/0" in log
    assert "The cache could not be kept in none: NoSuchBucket" in log


def test_keys_can_hash_files(builds: Builds, tmp_path: Path) -> None:
    builds.backend.session().client("s3").create_bucket(Bucket="kept")
    text = buildspec("mkdir -p deps && echo 1 > deps/one", "{paths: ['deps/*'], key: 'k-$(codebuild-hash-files none)'}")
    builds.project(text, cache={"type": "S3", "location": "kept"})
    built(builds)
    keys = [one["Key"] for one in builds.backend.session().client("s3").list_objects_v2(Bucket="kept")["Contents"]]
    assert keys == ["web/0/key/k-.zip"]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "lock.json").write_text("one")
    first = hashed(tmp_path, ["**/lock.json"])
    (tmp_path / "a" / "lock.json").write_text("two")
    assert len(first) == 64
    assert hashed(tmp_path, ["**/lock.json"]) != first


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("node_modules/**/*", ("src", "node_modules/**/*")),
        ("/root/.m2/**/*", ("home", ".m2/**/*")),
        ("~/.cache/*", ("home", ".cache/*")),
        ("/var/lib/x", None),
        ("../other", None),
        ("~other/x", None),
    ],
)
def test_where_a_cache_path_lies(path: str, place: tuple[str, str] | None) -> None:
    assert placed(path) == place


@pytest.mark.parametrize(("pattern", "folder"), [("a/b/**/*", "a/b"), ("a/", "a"), ("**/*", ""), ("a*/b", "")])
def test_the_folder_of_a_pattern(pattern: str, folder: str) -> None:
    assert folder_of(pattern) == folder
