"""Zips and globs: unpacking sources, and picking and packing artifacts. Blocking, and nothing of AWS in it."""

from __future__ import annotations

import lzma
import os
import shutil
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from pointsman.local.codebuild.buildspec import ArtifactSpec

if TYPE_CHECKING:
    import regex

MOST_ENTRIES = 500_000
MOST_BYTES = 64 * 1024**3
SMALL_BYTES = 256 * 1024**2
MOST_TIMES = 500
"""How many times its own size a zip may unpack to, once that is more than ``SMALL_BYTES``."""

_MAGIC = frozenset("*?[")
_LONGEST_LINK = 4096
_PATIENCE = 1.0
"""Seconds that one pattern, which a user has written, may take over one path."""


class NoMatch(Exception):
    """No file matched an artifact's patterns; carries what the log says about looking for them."""

    def __init__(self, said: list[str]) -> None:
        super().__init__("no matching artifact paths found")
        self.said = said


def said_of(error: OSError) -> str:
    """What went wrong with a file, in a sentence."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list) and error.args[0]:
        source, _, why = error.args[0][0]  # copying a folder collects what went wrong with each of its files
        return f"{source}: {why}"
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)


class Picked(msgspec.Struct, frozen=True):
    """A file of an artifact: its path in the artifact and where it is."""

    name: str
    path: str


def unpack(body: BinaryIO, target: Path) -> None:
    """Unpack a zip into a folder: executable bits are kept, links are made last so that nothing is written through one.

    Raises:
        zipfile.BadZipFile: It is not a zip.
        ValueError: An entry would land outside the folder, or there is far more in it than a source has.
        OSError: A file cannot be written.
    """
    links: list[tuple[Path, str]] = []
    try:
        with zipfile.ZipFile(body) as archive:
            _weigh(archive.infolist(), target)
            for entry in archive.infolist():
                _unpack_entry(archive, entry, target, links)
    except (RuntimeError, NotImplementedError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ValueError(str(error) or "it is cut off") from None  # encrypted, cut off, of a method not known
    for place, goal in links:
        place.unlink(missing_ok=True)
        place.symlink_to(goal)


def _weigh(entries: Sequence[zipfile.ZipInfo], target: Path) -> None:
    """Refuse a zip that is made to fill a disk."""
    size = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MOST_ENTRIES:
        raise ValueError(f"it has {len(entries)} entries; {MOST_ENTRIES} are the most")
    if size > MOST_BYTES or (size > SMALL_BYTES and size > MOST_TIMES * packed):
        raise ValueError(f"its {packed} bytes unpack to {size}: that is a bomb, not a source")
    free = shutil.disk_usage(next(one for one in (target, *target.parents) if one.exists())).free
    if size > free:
        raise ValueError(f"it unpacks to {size} bytes, and the disk has {free} left")


def _unpack_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, links: list[tuple[Path, str]]
) -> None:
    name = entry.filename.replace("\\", "/")
    place = target / name
    if name.startswith("/") or ".." in Path(name).parts:
        raise ValueError(f"the zip has an entry outside itself: {name}")
    mode = entry.external_attr >> 16
    if entry.is_dir():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_ISLNK(mode):
        if entry.file_size > _LONGEST_LINK:
            raise ValueError(f"the link {name} is {entry.file_size} bytes long")
        links.append((place, archive.read(entry).decode("utf-8", "surrogateescape")))
        return
    with archive.open(entry) as source, place.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    place.chmod(0o700 if mode & 0o100 else 0o600)


@cache
def glob_pattern(glob: str) -> regex.Pattern[str]:
    """A glob as a regular expression over a path: ``**`` crosses folders, ``*`` and ``?`` do not."""
    import regex  # an engine that can be given a time-out; a build whose artifacts are not collected does without

    parts: list[str] = []
    at = 0
    while at < len(glob):
        if glob.startswith("**/**/", at):
            at += 3
        elif glob.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 3
        elif glob.startswith("**", at):
            parts.append(".*")
            at += 2
        elif glob[at] == "[" and (end := glob.find("]", at + 2)) > 0:
            inner = glob[at + 1 : end].replace("\\", "\\\\")
            parts.append(f"[^{inner[1:]}]" if inner[0] in "!^" else f"[{inner}]")
            at = end + 1
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(glob[at], regex.escape(glob[at])))
            at += 1
    return regex.compile("".join(parts), regex.DOTALL)


def _is(pattern: regex.Pattern[str], path: str) -> bool:
    """Whether a path is what a pattern names; one that takes too long over it does not."""
    try:
        return pattern.fullmatch(path, timeout=_PATIENCE) is not None
    except TimeoutError:
        return False


def _clean(pattern: str) -> str:
    return pattern.removeprefix("./").rstrip("/") or "."


def _walk(base: Path, keep_links: bool) -> Iterator[str]:
    """Every file below a folder, as paths relative to it, sorted; linked folders are not entered."""
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(base / prefix) as entries:
            for entry in sorted(entries, key=lambda one: one.name, reverse=True):
                name = f"{prefix}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{name}/")
                elif entry.is_file() or (keep_links and entry.is_symlink()):
                    yield name


def bases(root: Path, base_directory: str) -> list[Path]:
    """The folders a base-directory names: itself, or every folder its glob matches."""
    wanted = _clean(base_directory or ".")
    place = root / wanted
    if not _MAGIC & set(wanted) or place.is_dir():
        return [place] if place.is_dir() else []
    pattern = glob_pattern(wanted)
    found = []
    for folder, folders, _ in os.walk(root):
        for name in folders:
            path = Path(folder, name)
            if _is(pattern, path.relative_to(root).as_posix()):
                found.append(path)
    return sorted(found)


def pick(root: Path, spec: ArtifactSpec) -> tuple[list[Picked], list[str]]:
    """The files of an artifact, and what CodeBuild's log says about finding them.

    Args:
        root: CODEBUILD_SRC_DIR.
        spec: What to pick.

    Raises:
        NoMatch: No file matched.
    """
    said = [f"Expanding base directory path: {spec.base_directory or '.'}", "Assembling file list"]
    found: dict[str, Picked] = {}
    excluded = [glob_pattern(_clean(pattern)) for pattern in spec.exclude_paths]
    folders = bases(root, spec.base_directory)
    if not folders:
        said.append(f"Skipping invalid base directory {spec.base_directory}")
    for base in folders:
        said.append(f"Expanding file paths for base directory {spec.base_directory or '.'}")
        names = sorted(_walk(base, spec.enable_symlinks))
        for pattern in spec.files:
            said.append(f"Expanding {pattern}")
            wanted = glob_pattern(_clean(pattern))
            matched = [name for name in names if _is(wanted, name)]
            matched = [name for name in matched if not any(_is(one, name) for one in excluded)]
            if not matched:
                hint = "; it is a folder: write " + _clean(pattern) + "/**/*" if (base / pattern).is_dir() else ""
                said.append(f"Skipping invalid file path {pattern}{hint}")
            for name in matched:
                inside = name.rpartition("/")[2] if spec.discard_paths else name
                found[inside] = Picked(inside, str(base / name))
    if not found:
        raise NoMatch(said)
    said.append(f"Found {len(found)} file(s)")
    return list(found.values()), said


def pack(files: Sequence[Picked], target: Path, *, keep_links: bool = False) -> None:
    """Write files into a zip, with their modes; with ``keep_links`` links stay links."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for file in files:
            if keep_links and Path(file.path).is_symlink():
                entry = zipfile.ZipInfo(file.name, time.gmtime(max(Path(file.path).lstat().st_mtime, 315532800))[:6])
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(entry, str(Path(file.path).readlink()))
            else:
                archive.write(file.path, file.name)
