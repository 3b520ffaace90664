"""What a build may be given to harm its backend: one sentence each, and nothing executed that was not asked for."""

from __future__ import annotations

import errno
import io
import os
import shutil
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.local.codebuild import archives
from pointsman.local.codebuild.archives import glob_pattern, unpack
from support.builds import Builds

SPEC = "version: 0.2\nphases: {build: {commands: ['%s']}}"


def zipped(entries: dict[str, bytes], links: dict[str, str] | None = None) -> io.BytesIO:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        for name, goal in (links or {}).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, goal)
    body.seek(0)
    return body


def test_a_zip_does_not_write_through_its_own_links(tmp_path: Path) -> None:
    outside, target = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    target.mkdir()
    with pytest.raises(OSError, match=r"[Dd]irectory"):
        unpack(zipped({"door/x": b"x"}, {"door": str(outside)}), target)
    assert list(outside.iterdir()) == []


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "SMALL_BYTES", 1024**2)
    with pytest.raises(ValueError, match=r"unpack to 8388608: that is a bomb"):
        unpack(zipped({"zeros": bytes(8 * 1024**2)}), tmp_path)
    monkeypatch.setattr(archives, "MOST_ENTRIES", 2)
    with pytest.raises(ValueError, match="3 entries; 2 are the most"):
        unpack(zipped({"a": b"", "b": b"", "c": b""}), tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(ValueError, match="unpacks to 2 bytes, and the disk has 1 left"):
        unpack(zipped({"a": b"xx"}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_zip_that_lies_about_its_sizes_fills_nothing(tmp_path: Path) -> None:
    body = bytearray(zipped({"zeros": bytes(1024**2)}).getvalue())
    central = body.index(b"PK\x01\x02")
    struct.pack_into("<I", body, central + 24, 10)  # the size it says it unpacks to
    with pytest.raises((ValueError, zipfile.BadZipFile)):
        unpack(io.BytesIO(bytes(body)), tmp_path)
    assert sum(one.stat().st_size for one in tmp_path.rglob("*")) <= 10


@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_unpacked_or_refused(tail: bytes, at: int, value: int) -> None:
    import tempfile

    body = bytearray(zipped({"a/b": b"content", "c": b"more"}, {"l": "a"}).getvalue())
    body[at % len(body)] = value
    for candidate in (bytes(body), tail, bytes(body) + tail):
        with tempfile.TemporaryDirectory() as folder:
            try:
                unpack(io.BytesIO(candidate), Path(folder) / "in")
            except (ValueError, zipfile.BadZipFile, OSError):
                continue
            assert not [one for one in os.listdir(folder) if one != "in"]  # noqa: PTH208


@pytest.mark.timeout(20)
def test_patterns_made_to_take_for_ever_do_not() -> None:
    pattern = glob_pattern("**/" * 40 + "*a" * 30 + "b")
    assert archives._is(pattern, "a/" * 60 + "a" * 200) is False


class FullDisk:
    """Blobs on a disk without room."""

    def __init__(self, blobs: Any) -> None:
        self._blobs = blobs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)

    def put_file(self, path: Path) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_a_full_disk_fails_the_phase_with_a_sentence(builds: Builds) -> None:
    builds.backend.session().client("s3").create_bucket(Bucket="out")
    world = builds.backend.world
    world.blobs = FullDisk(world.blobs)
    text = f"{SPEC % 'echo 1 > a'}\nartifacts: {{files: [a]}}"
    builds.project(text, artifacts={"type": "S3", "location": "out", "packaging": "ZIP"})
    build_id = builds.start()
    builds.backend.settle()
    [(code, message)] = builds.contexts(builds.get(build_id), "UPLOAD_ARTIFACTS")
    assert code == "CLIENT_ERROR"
    assert message.endswith("No space left on device")


def room(builds: Builds, pages: int) -> None:
    """Let the database grow by so many pages and no further."""
    world = builds.backend.world
    with world.lock:
        [count] = world.database.execute("PRAGMA page_count").fetchone()
        world.database.execute(f"PRAGMA max_page_count = {count + pages}").fetchone()


def test_what_a_full_disk_cannot_take_waits_until_there_is_room(builds: Builds) -> None:
    world = builds.backend.world
    builds.project(SPEC % "seq 1 20000")
    build_id = builds.start()
    room(builds, 30)
    world.patience = 1.0
    builds.backend.settle()
    assert builds.get(build_id)["buildStatus"] == "IN_PROGRESS"
    room(builds, 100_000)
    world.patience = 30.0
    builds.backend.settle()
    build = builds.get(build_id)
    assert build["buildStatus"] == "SUCCEEDED"
    printed = [line.strip() for line in everything(builds, build) if not line.startswith("[Container]")]
    assert [line for line in printed if line] == [str(number) for number in range(1, 20_001)]
    room(builds, 0)
    with pytest.raises(ClientError, match=r"ServiceUnavailable.*cannot be written .*: make room on its disk"):
        builds.start(environmentVariablesOverride=[{"name": "X", "value": "x" * 4_000_000}])
    room(builds, 100_000)
    builds.start()


def test_a_full_disk_is_not_made_fuller(tmp_path: Path) -> None:
    from pointsman.local.store.blobs import FolderBlobs

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.ENOSPC, "No space left on device")

    blobs = FolderBlobs(tmp_path / "blobs")
    with pytest.raises(OSError, match="No space"):
        blobs._write("ab" * 32, Broken())
    assert [one for one in (tmp_path / "blobs").rglob("*") if one.is_file()] == []


def test_a_source_that_vanishes_while_it_is_fetched(builds: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    from pointsman.local.codecommit.repositories import GitRepositories

    code: Any = builds.backend.session().client("codecommit")
    code.create_repository(repositoryName="shop")
    code.put_file(repositoryName="shop", branchName="main", filePath="a", fileContent=b"x")
    archive = GitRepositories.archive

    def vanishing(self: GitRepositories, account: str, region: str, name: str, commit: str, target: Path) -> None:
        path = self.path(account, region, name)
        assert path is not None
        shutil.rmtree(path)
        archive(self, account, region, name, commit, target)

    monkeypatch.setattr(GitRepositories, "archive", vanishing)
    builds.project("", source={"type": "CODECOMMIT", "location": "https://x/v1/repos/shop"})
    build_id = builds.start()
    builds.backend.settle()
    build = builds.get(build_id)
    assert builds.phases(build)["DOWNLOAD_SOURCE"] == "FAILED"
    [(_, message)] = builds.contexts(build, "DOWNLOAD_SOURCE")
    assert "repository shop has no folder on this machine" in message


def test_a_zip_source_whose_body_is_gone(builds: Builds) -> None:
    s3: Any = builds.backend.session().client("s3")
    s3.create_bucket(Bucket="src")
    s3.put_object(Bucket="src", Key="a.zip", Body=zipped({"buildspec.yml": b""}).getvalue())
    world = builds.backend.world
    opened = world.blobs.open

    def gone(digest: str) -> BinaryIO:
        world.blobs.delete(digest)
        return opened(digest)

    world.blobs.open = gone  # type: ignore[method-assign]
    builds.project("", source={"type": "S3", "location": "src/a.zip"})
    build_id = builds.start()
    builds.backend.settle()
    [(_, message)] = builds.contexts(builds.get(build_id), "DOWNLOAD_SOURCE")
    assert message == "s3://src/a.zip is not there any more"


def everything(builds: Builds, build: Any) -> list[str]:
    """A log that is longer than one page."""
    logs: Any = builds.backend.session().client("logs")
    place = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
    page = logs.get_log_events(**place, startFromHead=True)
    lines: list[str] = []
    while page["events"]:
        lines += [event["message"] for event in page["events"]]
        page = logs.get_log_events(**place, startFromHead=True, nextToken=page["nextForwardToken"])
    return lines


def test_a_line_of_ten_megabytes_is_kept_in_pieces(builds: Builds) -> None:
    build = builds.run(SPEC % "head -c 10485760 /dev/zero | tr \\\\0 x; echo; echo after")
    assert build["buildStatus"] == "SUCCEEDED"
    lines = everything(builds, build)
    long = [line.rstrip("\n") for line in lines if line.startswith("xx")]
    assert sum(len(line) for line in long) == 10_485_760
    assert max(len(line) for line in long) <= 256 * 1024
    assert "after\n" in lines


def test_a_yaml_bomb_in_a_source_is_a_sentence(builds: Builds) -> None:
    levels = "\n".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12))
    build = builds.run(f"version: 0.2\na0: &a0 {{x: 1}}\n{levels}\nenv: {{variables: *a11}}\nphases: {{}}")
    [(code, message)] = builds.contexts(build, "DOWNLOAD_SOURCE")
    assert code == "YAML_FILE_ERROR"
    assert "aliases make more than 100000 values" in message
