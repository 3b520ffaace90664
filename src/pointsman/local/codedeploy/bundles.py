"""Bundles unpacked: zip, tar and tgz, with nothing outside the folder and no bomb. Blocking, and nothing of AWS in it.

Links are kept when they stay inside the bundle. Executable bits are kept.
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final

LARGEST: Final = 8 << 30
"""Bytes of everything in a bundle, at most."""
RATIO: Final = 200
"""How much larger than itself a bundle may become, beyond what is small anyway."""
_SMALL: Final = 256 << 20
MOST: Final = 100_000
"""Entries of a bundle, at most."""


class BundleError(ValueError):
    """The bundle cannot be unpacked; the message is a sentence."""


class _Target:
    """A folder that a bundle is unpacked into."""

    def __init__(self, folder: Path, packed: int) -> None:
        self.folder = folder
        self._allowed = min(LARGEST, max(_SMALL, packed * RATIO))
        self._bytes = 0
        self._entries = 0
        self._links: list[tuple[Path, str]] = []

    def place(self, name: str) -> Path | None:
        """Where an entry goes; None for the folder itself."""
        self._entries += 1
        if self._entries > MOST:
            raise BundleError(f"The bundle has more than {MOST} entries.")
        name = name.replace("\\", "/")
        parts = [part for part in PurePosixPath(name).parts if part != "."]
        if name.startswith("/") or ".." in parts:
            raise BundleError(f"The bundle has an entry outside itself: {name}.")
        return self.folder.joinpath(*parts) if parts else None

    def file(self, place: Path, source: IO[bytes], *, executable: bool) -> None:
        """Write a file, and count it."""
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with place.open("wb") as sink:
            while chunk := source.read(1 << 20):
                self._bytes += len(chunk)
                if self._bytes > self._allowed:
                    raise BundleError(f"The bundle unpacks to more than {self._allowed >> 20} MiB: it is not unpacked.")
                sink.write(chunk)
        place.chmod(0o755 if executable else 0o644)

    def link(self, place: Path, goal: str) -> None:
        """Remember a link; it is made last, so that nothing is written through it."""
        self._links.append((place, goal))

    def finish(self) -> None:
        """Make the links, those that stay inside."""
        home = self.folder.resolve()
        for place, goal in self._links:
            place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            if goal.startswith("/") or not Path(os.path.normpath(place.parent.resolve() / goal)).is_relative_to(home):
                name = place.relative_to(self.folder)
                raise BundleError(f"The bundle's symbolic link {name} leads out of it, to {goal}.")
            place.unlink(missing_ok=True)
            place.symlink_to(goal)
        for place, goal in self._links:
            if not place.resolve().is_relative_to(home):
                name = place.relative_to(self.folder)
                raise BundleError(f"The bundle's symbolic link {name} leads out of it, to {goal}.")


def unpack(body: BinaryIO, kind: str, size: int, folder: Path) -> None:
    """Unpack a bundle into a folder, which is emptied first; a sole top folder with an AppSpec in it is taken off.

    Args:
        body: The bundle.
        kind: ``zip``, ``tar`` or ``tgz``.
        size: Its bytes.
        folder: Where to.

    Raises:
        BundleError: It is not what it says, or would do harm.
        OSError: The disk refuses.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755, parents=True)
    target = _Target(folder, size)
    reader: Callable[[BinaryIO, _Target, str], None] = _unzip if kind == "zip" else _untar
    try:
        reader(body, target, kind)
        target.finish()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, EOFError, NotImplementedError) as error:
        raise BundleError(f"The bundle is not a {kind} archive that can be read: {error}.") from None
    except RuntimeError as error:  # zipfile's word for an encrypted entry
        raise BundleError(f"The bundle cannot be read: {error}.") from None
    _strip(folder)


def _unzip(body: BinaryIO, target: _Target, _: str) -> None:
    with zipfile.ZipFile(body) as archive:
        for entry in archive.infolist():
            place = target.place(entry.filename)
            mode = entry.external_attr >> 16
            if place is None:
                continue
            if entry.is_dir():
                place.mkdir(mode=0o755, parents=True, exist_ok=True)
            elif stat.S_ISLNK(mode):
                if entry.file_size > 4096:
                    raise BundleError(f"The bundle's symbolic link {entry.filename} is too long.")
                target.link(place, archive.read(entry).decode("utf-8", "surrogateescape"))
            else:
                with archive.open(entry) as source:
                    target.file(place, source, executable=bool(mode & 0o111))


def _untar(body: BinaryIO, target: _Target, kind: str) -> None:
    with tarfile.open(fileobj=body, mode="r:gz" if kind == "tgz" else "r:") as archive:
        for entry in archive:
            place = target.place(entry.name)
            if place is None:
                continue
            if entry.isdir():
                place.mkdir(mode=0o755, parents=True, exist_ok=True)
            elif entry.issym():
                target.link(place, entry.linkname)
            elif entry.isreg() or entry.islnk():
                source = archive.extractfile(entry)
                if source is None:
                    raise BundleError(f"The bundle's entry {entry.name} has no content.")
                with source:
                    target.file(place, source, executable=bool(entry.mode & 0o111))
            else:
                raise BundleError(f"The bundle's entry {entry.name} is neither a file, a folder nor a link.")


def _strip(folder: Path) -> None:
    """Take off a sole top folder that holds the AppSpec: how an archive of a repository is made."""
    inside = list(folder.iterdir())
    if len(inside) != 1 or not inside[0].is_dir() or inside[0].is_symlink() or not list(inside[0].glob("appspec.*")):
        return
    top = inside[0].rename(folder / ".pointsman-top")
    for one in top.iterdir():
        one.rename(folder / one.name)
    top.rmdir()
