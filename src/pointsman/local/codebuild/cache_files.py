"""A project's cache on disk and in zips: paths resolved, linked, packed and unpacked. Blocking; nothing of AWS in it.

A path of the buildspec is relative to the source, or absolute in a build container. There, home is ``/root``; here a
build has a home of its own, and what is absolute and not in it does not belong to the build: it is left out, and said.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from pointsman.local.codebuild.archives import NoMatch, Picked, pack, pick, unpack
from pointsman.local.codebuild.buildspec import ArtifactSpec

_HOMES = ("/root/", "~/", "$HOME/", "${HOME}/")
_SOURCE, _HOME = "src", "home"


def placed(path: str) -> tuple[str, str] | None:
    """Which of a build's two folders a cache path lies in (``src``, ``home``), and where; None for any other place."""
    for home in _HOMES:
        if path.startswith(home):
            return _HOME, path.removeprefix(home)
    if path.startswith(("/", "~")) or ".." in Path(path).parts:
        return None
    return _SOURCE, path.removeprefix("./")


def split(paths: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Cache paths by the folder they lie in, and lines for those that lie in none."""
    found: dict[str, list[str]] = {}
    said = []
    for path in paths:
        place = placed(path)
        if place is None:
            said.append(f"Cache path {path} is outside the build's source and home: it is not cached")
        else:
            found.setdefault(place[0], []).append(place[1])
    return found, said


def folder_of(pattern: str) -> str:
    """The folder a pattern of the custom cache stands for: what comes before its first wildcard."""
    parts: list[str] = []
    for part in pattern.strip("/").split("/"):
        if any(character in part for character in "*?["):
            break
        parts.append(part)
    return "/".join(parts)


def link(paths: Sequence[str], roots: dict[str, Path], cache: Path) -> list[str]:
    """Have the cached folders stand in the build as links, wherever the source has nothing of that name.

    Args:
        paths: The buildspec's.
        roots: Where the build's ``src`` and ``home`` are.
        cache: Where the project's folders are kept.

    Returns:
        Lines for the build's log.
    """
    found, said = split(paths)
    for place, patterns in found.items():
        for pattern in patterns:
            name = folder_of(pattern)
            if not name:
                said.append(f"Cache path {pattern} names no folder: only folders are cached")
                continue
            inside, target = cache / place / name.replace("/", "%2F"), roots[place] / name
            if target.exists() or target.is_symlink():
                said.append(f"Cache path {name}: the source has it, and it is used as it is")
                continue
            inside.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.symlink_to(inside)
            said.append(f"Symlinking: {name} => the project's local cache")
    return said


def save(paths: Sequence[str], roots: dict[str, Path], target: Path) -> tuple[int, list[str]]:
    """Write what a cache's paths match into a zip.

    Returns:
        How many files there are, and lines for the build's log.
    """
    found, said = split(paths)
    files: list[Picked] = []
    for place, patterns in found.items():
        wanted = ArtifactSpec(files=tuple(f"{one}/**/*" if (roots[place] / one).is_dir() else one for one in patterns))
        try:
            picked, told = pick(roots[place], wanted)
        except NoMatch as failure:
            said += failure.said
            continue
        said += told
        files += [Picked(f"{place}/{one.name}", one.path) for one in picked]
    if files:
        pack(files, target, keep_links=True)
    return len(files), said


def restore(body: BinaryIO, roots: dict[str, Path], scratch: Path) -> None:
    """Unpack a cache over a build's source and home; a file of the source stays as it is.

    Raises:
        zipfile.BadZipFile: It is no zip.
        ValueError: It would land elsewhere.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700, parents=True)
    try:
        unpack(body, scratch)
        for place, root in roots.items():
            if (scratch / place).is_dir():
                _merge(scratch / place, root)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _merge(source: Path, target: Path) -> None:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for entry in source.iterdir():
        place = target / entry.name
        if entry.is_dir() and not entry.is_symlink():
            if not place.exists() and not place.is_symlink():
                entry.rename(place)
            elif place.is_dir() and not place.is_symlink():
                _merge(entry, place)
        elif not place.exists() and not place.is_symlink():
            entry.rename(place)
