"""Owning a state folder: a backend on it, the endpoint before it, and where it is to be found.

Whoever owns a folder, ``pointsman serve`` or the child of ``pointsman local``, listens on a loopback port with the
folder's keys. In the folder are its address (``endpoint.json``) and an AWS profile for the stock clients (``aws/``),
readable by their owner alone; any other process on the folder finds it there and becomes its client.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from pointsman.errors import FolderHeld, StateError
from pointsman.starting import Closing, tell

if TYPE_CHECKING:
    from pointsman.config.trust import KeptTrust
    from pointsman.local import Backend
    from pointsman.local.endpoint import Endpoint
    from pointsman.local.endpoint.keys import Key
    from pointsman.local.ports import XraySockets
    from pointsman.local.state import StateFolder

PROFILE = "pointsman"
KNOWN = "endpoint.json"
"""In the state folder: where it is served."""
_OPENING = 5.0
"""Seconds that another process may take from claiming a folder to serving it."""
_WILD = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # how they are reached from here


class Served(Struct, frozen=True):
    """Where a state folder is served, and by which process."""

    address: str
    region: str
    pid: int
    started: str
    """Tells the process from a later one with the same number."""
    xray_port: int | None = None
    """X-Ray's port on loopback, UDP and TCP."""

    @property
    def lives(self) -> bool:
        """Whether that process still runs."""
        from pointsman.local.state import lives

        return lives(self.pid, self.started)

    @property
    def tracing(self) -> dict[str, str]:
        """What tells X-Ray's SDKs where to send, where there is a port."""
        return {} if self.xray_port is None else {"AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{self.xray_port}"}


class Terms(Struct, frozen=True):
    """How a folder is owned."""

    region: str
    account: str
    load: Sequence[Path] = ()
    host: str = "127.0.0.1"
    exposed: bool = False
    signed: bool = True
    """False takes any key, from processes of this user."""
    reset: bool = False
    """Whether it may be emptied over HTTP."""
    ready_file: Path | None = None


class Owned(Struct, frozen=True):
    """A folder that is served by this process."""

    backend: Backend
    served: Served
    variables: dict[str, str]
    """What selects its profile."""


def find(folder: Path) -> Served | None:
    """Who serves a folder now; None when nobody does, or who did has ended, however it did.

    Raises:
        StateError: What says so is another user's.
    """
    place = folder / KNOWN
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                raise StateError(f"{place} is not yours", "name a folder of your own")
            found = json.loads(file.read(65_536))
        port = found.get("xray_port")
        served = Served(
            str(found["address"]),
            str(found["region"]),
            int(found["pid"]),
            str(found["started"]),
            None if port is None else int(port),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return served if served.lives else None


def claim(path: Path) -> StateFolder | Served:
    """The state folder, held by this process; or who serves it already, waited for when it is just opening.

    Raises:
        StateError: It cannot be used, or somebody holds it and does not serve it.
    """
    from pointsman.local.state import StateFolder

    place = path.expanduser().absolute()
    deadline = time.monotonic() + _OPENING
    while True:
        try:
            return StateFolder.claim(place)
        except FolderHeld:
            if (served := find(place)) is not None:
                return served
            if time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def own(
    folder: StateFolder,
    trust: KeptTrust,
    terms: Terms,
    listener: socket.socket,
    xray: XraySockets | None,
    closing: Closing,
    *,
    eager: bool = True,
) -> Owned:
    """Serve a folder from now on: everything is bound, and answers, when this returns.

    Args:
        folder: The folder, claimed; it is let go of by ``closing``.
        trust: Which repositories and commands may run.
        terms: How.
        listener: The endpoint's socket, bound.
        xray: X-Ray's port, bound; None leaves it out.
        closing: Is given what ends it.
        eager: Answer as fast as can be: no console on this machine waits beside it.

    Raises:
        PointsmanError: It cannot be done: a sentence and a way out.
    """
    from pointsman.local import Backend
    from pointsman.local.endpoint import Endpoint
    from pointsman.local.endpoint.keys import of_folder
    from pointsman.local.state import start_time

    closing.add(listener.close)
    clear(folder.path / KNOWN, terms.ready_file)
    key = of_folder(folder.path)
    backend = Backend(state=folder, account=terms.account, tools=[trust])
    closing.add(backend.close)
    for path in terms.load:
        for note in backend.load(path):
            tell(f"warning: {note}")
    traces = None
    if xray is not None:
        from pointsman.local.xray.daemon import Daemon

        traces = Daemon(backend, xray.udp, xray.tcp, region=terms.region)
        traces.start()
        closing.add(traces.close)
    endpoint = Endpoint(
        backend,
        terms.host,
        keys=key if terms.signed else None,
        hosts=[socket.gethostname()] if terms.exposed else (),
        exposed=terms.exposed,
        reset=backend.reset if terms.reset else None,
        about=traces.about if traces is not None else dict,
        listener=listener,
        eager=eager,
    )
    endpoint.start()
    closing.add(endpoint.close)
    served = Served(
        _reached(terms.host, endpoint),
        terms.region,
        os.getpid(),
        start_time(os.getpid()),
        None if xray is None else xray.port,
    )
    return Owned(backend, served, _announce(folder.path, served, key, terms.ready_file, closing))


def clear(*places: Path | None) -> None:
    """Remove what one that was killed left.

    Raises:
        StateError: It cannot be removed.
    """
    for place in places:
        try:
            if place is not None:
                place.unlink(missing_ok=True)
        except OSError as error:
            raise StateError(f"{place} cannot be replaced: {error.strerror}", "remove it, or name another") from error


def _reached(host: str, endpoint: Endpoint) -> str:
    """The address as clients on this machine write it."""
    near = _WILD.get(host)
    if near is None:
        return endpoint.address
    return f"http://[{near}]:{endpoint.port}" if ":" in near else f"http://{near}:{endpoint.port}"


def _announce(folder: Path, served: Served, key: Key, ready: Path | None, closing: Closing) -> dict[str, str]:
    """Write down where it is, for clients and for whoever waits; returns the variables of the profile."""
    variables = _profile(folder, served, key)
    known = folder / KNOWN
    _write(known, json.dumps(asdict(served)))
    closing.add(lambda: known.unlink(missing_ok=True))
    if ready is not None:
        told = {"address": served.address, "pid": served.pid, "xray_port": served.xray_port}
        _write(ready, json.dumps({name: value for name, value in told.items() if value is not None}) + "\n")
        closing.add(lambda: _withdraw(ready, served.pid))
    return variables


def _profile(folder: Path, served: Served, key: Key) -> dict[str, str]:
    place = folder / "aws"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StateError(f"{place} cannot be made: {error.strerror}", "check the state folder") from error
    config, credentials = place / "config", place / "credentials"
    _write(
        config,
        f"[profile {PROFILE}]\nregion = {served.region}\nendpoint_url = {served.address}\n"
        "disable_host_prefix_injection = true\n",
    )
    _write(
        credentials,
        f"[{PROFILE}]\naws_access_key_id = {key.access_key_id}\naws_secret_access_key = {key.secret_access_key}\n",
    )
    return {
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_PROFILE": PROFILE,
        "AWS_ENDPOINT_URL": served.address,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        **served.tracing,
    }


def _write(place: Path, text: str) -> None:
    """Put a file in its place at once, readable by its owner alone.

    Raises:
        StateError: It cannot be written.
    """
    new = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(place)
    except OSError as error:
        raise StateError(f"{place} cannot be written: {error.strerror}", "name another place, or make room") from error


def _withdraw(ready: Path, pid: int) -> None:
    """Remove a ready file, unless a later process has put its own there."""
    with suppress(OSError, ValueError):
        if json.loads(ready.read_text(encoding="utf-8"))["pid"] == pid:
            ready.unlink()
