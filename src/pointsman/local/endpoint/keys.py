"""The keys of a state folder: made once, kept in a file of ours with mode 0600."""

from __future__ import annotations

import json
import os
import secrets
import stat
import string
from pathlib import Path

from msgspec import Struct

from pointsman.errors import StateError

FILE = "keys.json"
_UPPER = string.ascii_uppercase + "234567"
_SECRET = string.ascii_letters + string.digits + "+/"


class Key(Struct, frozen=True):
    """An access key."""

    access_key_id: str
    secret_access_key: str

    def __repr__(self) -> str:
        return f"Key({self.access_key_id!r}, ...)"


def made() -> Key:
    """A new key, as AWS's look."""
    return Key(
        "AKIA" + "".join(secrets.choice(_UPPER) for _ in range(16)),
        "".join(secrets.choice(_SECRET) for _ in range(40)),
    )


def of_folder(folder: Path) -> Key:
    """The key of a state folder, made when there is none yet.

    Raises:
        StateError: The file is not ours, is open to others, or is no key.
    """
    place = folder / FILE
    try:
        return _read(place)
    except FileNotFoundError:
        pass
    key = made()
    temporary = folder / f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump({"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key}, file)
            file.flush()
            os.fsync(file.fileno())
        # A link does not replace: whoever came first has made the folder's key.
        os.link(temporary, place)
    except FileExistsError:
        return _read(place)
    finally:
        temporary.unlink(missing_ok=True)
    return key


def _read(place: Path) -> Key:
    try:
        handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StateError(f"the keys in {place} cannot be read: {error.strerror}", "remove the file") from error
    with os.fdopen(handle) as file:
        about = os.fstat(file.fileno())
        if about.st_uid != os.getuid() or not stat.S_ISREG(about.st_mode):
            raise StateError(f"the keys in {place} are not yours", "name a folder of your own")
        if stat.S_IMODE(about.st_mode) & 0o077:
            raise StateError(
                f"the keys in {place} can be read by others", f"chmod 600 {place}, or remove it to have new ones made"
            )
        try:
            found = json.loads(file.read(65_536))
            return Key(str(found["access_key_id"]), str(found["secret_access_key"]))
        except (ValueError, KeyError, TypeError):
            raise StateError(f"{place} holds no keys", "remove it to have new ones made") from None
