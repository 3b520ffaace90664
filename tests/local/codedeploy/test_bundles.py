"""Bundles that would do harm, and the harmless ones."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from pointsman.local.codedeploy import bundles
from pointsman.local.codedeploy.bundles import BundleError, unpack
from support.deploying import tarred, zipped


def opened(body: bytes, kind: str, folder: Path) -> Path:
    unpack(io.BytesIO(body), kind, len(body), folder)
    return folder


def linked(name: str, goal: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as bundle:
        about = zipfile.ZipInfo(name)
        about.external_attr = 0o120777 << 16
        bundle.writestr(about, goal)
        bundle.writestr("inside.txt", "x")
    return body.getvalue()


def test_files_come_with_their_executable_bits(tmp_path: Path) -> None:
    for kind, body in (("zip", zipped({"scripts/a": "x", "b": "y"})), ("tgz", tarred({"scripts/a": "x", "b": "y"}))):
        folder = opened(body, kind, tmp_path / kind)
        assert (folder / "scripts/a").stat().st_mode & 0o777 == 0o755
        assert (folder / "b").stat().st_mode & 0o777 == 0o644


def test_a_sole_folder_with_an_appspec_is_taken_off(tmp_path: Path) -> None:
    assert (opened(zipped({"top/appspec.yml": "x", "top/a": "y"}), "zip", tmp_path / "a") / "appspec.yml").exists()
    assert (opened(zipped({"top/a": "y"}), "zip", tmp_path / "b") / "top/a").exists()


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out"])
def test_nothing_lands_outside(tmp_path: Path, name: str) -> None:
    for kind, body in (("zip", zipped({name: "x"})), ("tar", tarred({name: "x"}, "w:"))):
        with pytest.raises(BundleError, match="outside itself"):
            opened(body, kind, tmp_path / "in")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("goal", ["/etc/passwd", "../../etc/passwd"])
def test_links_that_lead_out_are_refused(tmp_path: Path, goal: str) -> None:
    with pytest.raises(BundleError, match="leads out of it"):
        opened(linked("a", goal), "zip", tmp_path / "in")


def test_links_that_stay_inside_are_kept(tmp_path: Path) -> None:
    folder = opened(linked("a/b", "../inside.txt"), "zip", tmp_path / "in")
    assert (folder / "a/b").read_text() == "x"


def test_links_through_links_that_lead_out_are_refused(tmp_path: Path) -> None:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as bundle:
        for name, goal in (("d/up", ".."), ("x", "d/up/../../etc")):
            about = tarfile.TarInfo(name)
            about.type, about.linkname = tarfile.SYMTYPE, goal
            bundle.addfile(about)
    with pytest.raises(BundleError, match="leads out of it"):
        opened(body.getvalue(), "tar", tmp_path / "in")


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "_SMALL", 1 << 20)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("zeros", bytes(64 << 20))
    with pytest.raises(BundleError, match="MiB"):
        opened(body.getvalue(), "zip", tmp_path / "in")
    assert sum(one.stat().st_size for one in (tmp_path / "in").rglob("*")) < 32 << 20


def test_devices_and_noise_are_refused(tmp_path: Path) -> None:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as bundle:
        about = tarfile.TarInfo("fifo")
        about.type = tarfile.FIFOTYPE
        bundle.addfile(about)
    with pytest.raises(BundleError, match="neither a file"):
        opened(body.getvalue(), "tar", tmp_path / "in")
    for kind in ("zip", "tar", "tgz"):
        with pytest.raises(BundleError, match=kind):
            opened(b"not an archive at all" * 40, kind, tmp_path / "in")
