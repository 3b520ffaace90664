"""Zips and globs: unpacking sources, and picking and packing artifacts. Blocking, and nothing of AWS in it."""

from __future__ import annotations

import os
import shutil
import stat
import time
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from pointsman.local.codebuild.buildspec import ArtifactSpec

if TYPE_CHECKING:
    import regex

_MAGIC = frozenset("*?[")


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
        ValueError: An entry would land outside the folder.
    """
    links: list[tuple[Path, str]] = []
    with zipfile.ZipFile(body) as archive:
        for entry in archive.infolist():
            name = entry.filename.replace("\\", "/")
            place = target / name
            if name.startswith("/") or ".." in Path(name).parts:
                raise ValueError(f"the zip has an entry outside itself: {name}")
            mode = entry.external_attr >> 16
            if entry.is_dir():
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
                continue
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if stat.S_ISLNK(mode):
                links.append((place, archive.read(entry).decode("utf-8", "surrogateescape")))
                continue
            with archive.open(entry) as source, place.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
            place.chmod(0o700 if mode & 0o100 else 0o600)
    for place, goal in links:
        place.unlink(missing_ok=True)
        place.symlink_to(goal)


@cache
def glob_pattern(glob: str) -> regex.Pattern[str]:
    """A glob as a regular expression over a path: ``**`` crosses folders, ``*`` and ``?`` do not."""
    import regex  # an engine that can be given a time-out; a build whose artifacts are not collected does without

    parts: list[str] = []
    at = 0
    while at < len(glob):
        if glob.startswith("**/", at):
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
            if pattern.fullmatch(path.relative_to(root).as_posix()):
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
            matched = [name for name in names if wanted.fullmatch(name)]
            matched = [name for name in matched if not any(one.fullmatch(name) for one in excluded)]
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
