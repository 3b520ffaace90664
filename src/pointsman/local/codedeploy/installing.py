"""The Install event: what the last deployment installed goes, the revision's files come, and get their permissions.

Everything lies inside the instance's root. What will be installed is decided and written down first (the clean-up
list), then copied; a restart in between copies on.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from pointsman.local.codedeploy.appspec import AppSpec, Mapping, Permission

DISALLOW, OVERWRITE, RETAIN = "DISALLOW", "OVERWRITE", "RETAIN"
KEPT = "."
"""The source of a file that is there already and stays."""


class InstallError(ValueError):
    """The files cannot be installed; the message is a sentence."""


class Copy(Struct, frozen=True):
    """One file to install, or one folder to be there when ``source`` is empty."""

    source: str
    destination: str
    """Inside the instance, absolute."""


def inside(root: Path, path: str) -> Path:
    """Where an absolute path of the instance lies on this machine.

    Raises:
        InstallError: It leads out of the instance's root, by ``..`` or through a link.
    """
    place = Path(os.path.normpath(root / path.lstrip("/")))
    home = root.resolve()
    if not place.resolve().is_relative_to(home) or not place.is_relative_to(root):
        raise InstallError(f"The destination {path} leads out of the instance, through a symbolic link or '..'.")
    return place


def install(root: Path, archive: Path, spec: AppSpec, behavior: str, cleanup: Path, plan: Path) -> list[str]:
    """Install a revision's files.

    Args:
        root: The instance's root.
        archive: The unpacked revision.
        spec: Its AppSpec.
        behavior: ``fileExistsBehavior`` of the deployment; the AppSpec's own wins.
        cleanup: The list of what the group's last deployment installed; rewritten.
        plan: Where this deployment's own list is kept, for a restart.

    Returns:
        Lines for the log: what is recorded and not obeyed.

    Raises:
        InstallError: Says why not.
        OSError: The disk refuses.
    """
    behavior = spec.behavior or behavior or DISALLOW
    if plan.exists():
        copies = [Copy(*pair) for pair in json.loads(plan.read_text())]
    else:
        _clean_up(root, cleanup)
        copies = list(_planned(root, archive, spec.files, behavior))
        _write(plan, json.dumps([[one.source, one.destination] for one in copies]))
        _write(cleanup, "".join(f"{one.destination}\n" for one in copies))
    for one in copies:
        _copy(root, archive, one)
    return list(_permit(root, copies, spec.permissions))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def _clean_up(root: Path, cleanup: Path) -> None:
    """Remove what the last deployment installed, last first; folders only when they are empty."""
    try:
        listed = cleanup.read_text().splitlines()
    except FileNotFoundError:
        return
    for path in reversed(listed):
        with contextlib.suppress(OSError, InstallError):
            place = inside(root, path)
            if place.is_dir() and not place.is_symlink():
                place.rmdir()
            else:
                place.unlink()
    cleanup.unlink()


def _planned(root: Path, archive: Path, files: tuple[Mapping, ...], behavior: str) -> Iterator[Copy]:
    taken: dict[str, str] = {}
    for mapping in files:
        source = archive / mapping.source.strip("/") if mapping.source != "/" else archive
        name = source.relative_to(archive).as_posix()
        if not source.exists():
            raise InstallError(f"The revision has no {mapping.source}, which the AppSpec file wants installed.")
        goal = mapping.destination.rstrip("/") or "/"
        yield from _folders(root, goal, taken)
        if source.is_dir():
            for path, is_folder in _walk(source):
                inner = f"{goal.rstrip('/')}/{path}"
                if is_folder:
                    yield from _folders(root, inner, taken)
                else:
                    yield _file(root, f"{name}/{path}" if name != "." else path, inner, taken, behavior)
        else:
            yield _file(root, name, f"{goal.rstrip('/')}/{source.name}", taken, behavior)


def _walk(folder: Path) -> Iterator[tuple[str, bool]]:
    """Everything below a folder as (path, whether it is a folder), folders before what is in them."""
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(folder / prefix) as entries:
            for entry in sorted(entries, key=lambda one: one.name, reverse=True):
                name = f"{prefix}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    yield name, True
                    waiting.append(f"{name}/")
                else:
                    yield name, False


def _folders(root: Path, path: str, taken: dict[str, str]) -> Iterator[Copy]:
    """The folders on the way to a path that are not there yet."""
    place = inside(root, path)
    if place.exists() and not place.is_dir():
        raise InstallError(f"The deployment failed because {path} is a file, and a folder is to be there.")
    missing = []
    here = path
    while here not in ("", "/") and here not in taken and not inside(root, here).exists():
        missing.append(here)
        here = here.rpartition("/")[0]
    for one in reversed(missing):
        taken[one] = ""
        yield Copy("", one)


def _file(root: Path, source: str, destination: str, taken: dict[str, str], behavior: str) -> Copy:
    place = inside(root, destination)
    if destination in taken:
        raise InstallError(
            f"The AppSpec file installs two files at {destination}: {taken[destination] or 'a folder'} and {source}."
        )
    if place.is_dir() and not place.is_symlink():
        raise InstallError(f"The deployment failed because {destination} is a folder, and a file is to be there.")
    if (place.exists() or place.is_symlink()) and behavior == DISALLOW:
        raise InstallError(
            f"The deployment failed because a specified file already exists at this location: {destination}"
        )
    taken[destination] = source
    return Copy(source if behavior != RETAIN or not place.exists() else KEPT, destination)


def _copy(root: Path, archive: Path, one: Copy) -> None:
    place = inside(root, one.destination)
    if not one.source:
        place.mkdir(mode=0o755, exist_ok=True)
        return
    if one.source == KEPT:
        return  # what was there stays, and belongs to this deployment from here on
    source = archive / one.source
    fresh = place.with_name(f".{place.name}.pointsman-new")
    fresh.unlink(missing_ok=True)
    if source.is_symlink():
        fresh.symlink_to(source.readlink())
    else:
        shutil.copy(source, fresh)
    fresh.replace(place)


def _permit(root: Path, copies: list[Copy], permissions: tuple[Permission, ...]) -> Iterator[str]:
    """Set modes on what was installed; say what of the rest is only recorded."""
    for permission in permissions:
        home = permission.object.rstrip("/") or "/"
        inside(root, home)
        for one in copies:
            kind = "file" if one.source else "directory"
            if kind not in permission.types or permission.mode is None or not _meant(permission, home, one.destination):
                continue
            place = inside(root, one.destination)
            if not place.is_symlink():
                place.chmod(permission.mode)
        recorded = [
            word
            for word, value in (
                ("owner", permission.owner),
                ("group", permission.group),
                ("acls", ", ".join(permission.acls)),
                ("context", "given" if permission.context else ""),
            )
            if value
        ]
        if recorded:
            yield f"{permission.object}: {', '.join(recorded)} recorded, not applied on this machine"


def _meant(permission: Permission, home: str, path: str) -> bool:
    """Whether a permission is about a path: the object itself, or what its pattern matches one level below it."""
    if path == home:
        return permission.pattern == "**"
    prefix = home.rstrip("/") + "/"
    if not path.startswith(prefix):
        return False
    name = path.removeprefix(prefix)
    if any(matches(one, name) for one in permission.exceptions):
        return False
    return permission.pattern == "**" or ("/" not in name and matches(permission.pattern, name))


def matches(glob: str, name: str) -> bool:
    """Whether a simple glob (``*`` and ``?``) is a name: in time proportional to both, whatever was written."""
    at, here, star, mark = 0, 0, -1, 0
    while here < len(name):
        if at < len(glob) and glob[at] == "*":
            star, mark = at, here
            at += 1
        elif at < len(glob) and glob[at] in ("?", name[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            mark += 1
            at, here = star + 1, mark
        else:
            return False
    return all(one == "*" for one in glob[at:])
