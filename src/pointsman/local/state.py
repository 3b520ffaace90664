"""The state folder: 0700, ours or refused, one owner at a time.

A lock file with the owner's pid and start time says who has it; a lock whose owner is gone, or whose pid now belongs
to a later process, is stale and taken over. A lock can be handed to a child process without letting go of it. Files in
the folder that are not ours are left alone.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from pathlib import Path
from typing import IO

from msgspec import Struct

from pointsman.errors import FolderHeld, StateError

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "lustre", "gpfs"}


def start_time(pid: int) -> str:
    """When a process started, in the kernel's ticks; empty when there is no such process or no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def lives(pid: int, started: str) -> bool:
    """Whether a process is still the one that started then, and not a later one with its number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass  # another user's: its start time tells
    return start_time(pid) == started


def file_system(path: Path) -> str:
    """The type of the file system a path is on; empty when the system does not say."""
    try:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in mounts:
        fields = line.split()
        point = fields[1].replace("\\040", " ")
        inside = str(path) == point or str(path).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


class StateFolder(Struct):
    """A state folder held by this process."""

    path: Path
    lock: IO[str]

    @property
    def database(self) -> Path:
        """Where the records are."""
        return self.path / "state.db"

    @property
    def blobs(self) -> Path:
        """Where bodies are."""
        return self.path / "blobs"

    @classmethod
    def claim(cls, path: Path) -> StateFolder:
        """Make or take over a folder.

        Raises:
            StateError: It is a link, a file, someone else's, on a network file system, or owned by a running process.
        """
        path = path.expanduser().absolute()
        if path.is_symlink():
            raise StateError(f"the state folder {path} is a symbolic link", "name the folder itself")
        if path.exists() and not path.is_dir():
            raise StateError(f"the state folder {path} is a file", "name a folder, or one that does not exist yet")
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            about = path.stat()
            if about.st_uid != os.getuid():
                raise StateError(f"the state folder {path} belongs to another user", "name a folder of your own")
            if (kind := file_system(path.resolve())) in _NETWORK:
                raise StateError(
                    f"the state folder {path} is on a network file system ({kind})",
                    "name a folder on a local disk: SQLite's locks are not safe elsewhere",
                )
            if stat.S_IMODE(about.st_mode) != 0o700:
                path.chmod(0o700)
            lock = cls._lock(path)
        except OSError as error:
            raise StateError(
                f"the state folder {path} cannot be used: {error.strerror}", "name a folder you can write to"
            ) from error
        return cls(path, lock)

    @staticmethod
    def _lock(path: Path) -> IO[str]:
        place = path / "owner.json"
        if place.is_symlink():
            raise StateError(f"{place} is a symbolic link", "remove it")
        handle = os.fdopen(os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "r+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            text = handle.read()
            handle.close()
            owner = json.loads(text).get("pid", "?") if text.strip() else "?"
            raise FolderHeld(
                f"the state folder {path} is in use by process {owner}", "end that process, or name another folder"
            ) from None
        _sign(handle)
        return handle

    @classmethod
    def adopt(cls, path: Path, descriptor: int) -> StateFolder:
        """Take over the lock that another process holds and has handed down.

        Args:
            path: The folder.
            descriptor: Its lock file, as it was inherited.
        """
        os.set_inheritable(descriptor, False)
        lock = os.fdopen(descriptor, "r+")
        _sign(lock)
        return cls(path, lock)

    def hand_over(self) -> None:
        """Close our end of a lock that a child has inherited: the folder is the child's."""
        self.lock.close()

    def release(self) -> None:
        """Let go of the folder. Letting go twice is harmless."""
        if self.lock.closed:
            return
        self.lock.seek(0)
        self.lock.truncate()
        self.lock.close()


def _sign(lock: IO[str]) -> None:
    """Write down who holds it."""
    lock.seek(0)
    lock.truncate()
    json.dump({"pid": os.getpid(), "started": start_time(os.getpid())}, lock)
    lock.flush()
