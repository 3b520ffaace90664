"""``pointsman serve`` and ``pointsman env``: the bundled backend as an AWS endpoint, without a screen.

Whoever serves a state folder keeps in it where it is to be found (``endpoint.json``) and an AWS profile for the stock
clients (``aws/``), readable by its owner alone. Secrets are printed by ``pointsman env`` only.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pointsman import starting
from pointsman.config import checks, logfile, paths
from pointsman.config.launch import Launch, World
from pointsman.errors import StateError, UsageError
from pointsman.starting import Closing

if TYPE_CHECKING:
    from pointsman.local import Backend
    from pointsman.local.endpoint import Endpoint
    from pointsman.local.endpoint.keys import Key

Environment = Mapping[str, str]

PATIENCE = 20.0
"""Seconds that running builds and open connections have once it was told to end."""
PROFILE = "pointsman"
KNOWN = "endpoint.json"
"""In the state folder: where it is served."""
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_WILD = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # how they are reached from here


@dataclass(frozen=True, slots=True)
class Served:
    """Where a state folder is served, and by which process."""

    address: str
    region: str
    pid: int
    started: str
    """Tells the process from a later one with the same number."""


def run(asked: Launch, environ: Environment = os.environ) -> int:
    """Carry out ``serve`` or ``env``.

    Returns:
        The exit code.

    Raises:
        PointsmanError: It cannot be done: a sentence and a way out.
    """
    return {World.SERVE: serve, World.ENV: env}[asked.world](asked, environ)


# -- serve ----------------------------------------------------------------------------------------------------------


def serve(asked: Launch, environ: Environment) -> int:
    """Serve a state folder until a signal ends it.

    Raises:
        PointsmanError: It cannot start: a sentence and a way out.
    """
    from pointsman.config.trust import KeptTrust
    from pointsman.local.state import StateFolder

    _check(asked)
    _check_region(asked.region)
    worlds = [starting.world_file(path, asked.account) for path in asked.load]
    logfile.start(environ)
    starting.warn_root()
    folder = StateFolder.claim(asked.state or paths.local_world(environ))
    closing = Closing()
    closing.add(folder.release)
    try:
        _clear(folder.path / KNOWN, asked.ready_file)
        trust = KeptTrust(folder.path, everything=asked.trust)
        starting.agree(trust, worlds)
        region = starting.region(folder.path, asked.region, worlds)
        _check_region(region)
        told = _Told()

        from pointsman.local import Backend

        backend = Backend(state=folder, account=asked.account, tools=[trust])
        closing.add(backend.close)
        for world in worlds:
            for note in backend.load(world.path):
                starting.tell(f"warning: {note}")
        endpoint = _opened(asked, backend, closing)
        _announce(asked, backend, endpoint, region, closing)
        number = told.wait()
        starting.end_in_any_case(number, closing, PATIENCE)
    finally:
        closing.close()
    return 128 + number if number == signal.SIGHUP else 0


def _check(asked: Launch) -> None:
    from pointsman.local.endpoint.endpoint import is_loopback

    beyond = not is_loopback(asked.host)
    if beyond and asked.auth == "none":
        raise UsageError(
            f"{asked.host} can be reached from other machines, and --auth none answers this machine only",
            "leave --auth or --host out",
        )
    if beyond and not asked.expose:
        raise UsageError(
            f"{asked.host} can be reached from other machines, and whoever has the keys can run commands here",
            "leave --host out, or say that it is meant with --expose",
        )
    ready = asked.ready_file
    if ready is not None and (ready.is_dir() or not ready.absolute().parent.is_dir()):
        raise UsageError(f"the ready file {ready} cannot be written there", "name a file in a folder that exists")


def _check_region(region: str) -> None:
    if region and (wrong := checks.region(region)) is not None:
        raise UsageError(wrong, "pass another with --region")


def _clear(*places: Path | None) -> None:
    """Remove what one that was killed left."""
    for place in places:
        try:
            if place is not None:
                place.unlink(missing_ok=True)
        except OSError as error:
            raise StateError(f"{place} cannot be replaced: {error.strerror}", "remove it, or name another") from error


def _opened(asked: Launch, backend: Backend, closing: Closing) -> Endpoint:
    from pointsman.local.endpoint import Endpoint
    from pointsman.local.endpoint.keys import of_folder

    if asked.auth == "none":
        starting.tell("warning: without signatures, every process of yours can run commands here, whatever its keys")
    endpoint = Endpoint(
        backend,
        asked.host,
        asked.port,
        keys=None if asked.auth == "none" else of_folder(backend.root),
        hosts=[socket.gethostname()] if asked.expose else (),
        exposed=asked.expose,
    )
    endpoint.start()
    closing.add(endpoint.close)
    return endpoint


def _announce(asked: Launch, backend: Backend, endpoint: Endpoint, region: str, closing: Closing) -> None:
    """Write down where it is, for clients and for whoever waits, and say it."""
    from pointsman.local.endpoint.keys import of_folder
    from pointsman.local.state import start_time

    address = _reached(asked.host, endpoint)
    served = Served(address, region, os.getpid(), start_time(os.getpid()))
    variables = _profile(backend.root, served, of_folder(backend.root))
    known, ready = backend.root / KNOWN, asked.ready_file
    _write(known, json.dumps(asdict(served)))
    closing.add(lambda: known.unlink(missing_ok=True))
    if ready is not None:
        _write(ready, json.dumps({"address": address, "pid": served.pid}) + "\n")
        closing.add(lambda: _withdraw(ready, served.pid))
    _say(_words(asked, backend, served, variables))


def _reached(host: str, endpoint: Endpoint) -> str:
    """The address as clients on this machine write it."""
    near = _WILD.get(host)
    if near is None:
        return endpoint.address
    return f"http://[{near}]:{endpoint.port}" if ":" in near else f"http://{near}:{endpoint.port}"


def _profile(folder: Path, served: Served, key: Key) -> dict[str, str]:
    """Write an AWS profile into the state folder; returns the variables that select it."""
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
    }


def _words(asked: Launch, backend: Backend, served: Served, variables: dict[str, str]) -> str:
    signed = "any key, from your own processes" if asked.auth == "none" else "AWS Signature Version 4"
    lines = [
        f"address    {served.address}",
        f"account    {backend.account}, region {served.region}",
        f"services   {', '.join(backend.table.services())}",
        f"signed by  {signed}",
        f"state      {backend.root}",
        "",
        "# a shell that uses it by profile:",
        *_exports(variables),
        "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "# or by keys:",
        f'eval "$(pointsman env --state {shlex.quote(str(backend.root))})"',
        "",
        "ctrl+c or SIGTERM ends it",
    ]
    return "\n".join(lines)


def _exports(variables: Mapping[str, str]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]


def _say(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # whoever read it has left: that ends nothing
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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


class _Told:
    """Signals that end it, from now on; they are noted in a pipe, and nothing is cut off where it stands."""

    def __init__(self) -> None:
        self._out, self._in = os.pipe()
        for number in _ENDING:
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, self._note)

    def _note(self, number: int, _: object) -> None:
        os.write(self._in, bytes([number]))

    def wait(self) -> int:
        """Wait for one; its number."""
        return os.read(self._out, 1)[0]


# -- env ------------------------------------------------------------------------------------------------------------


def env(asked: Launch, environ: Environment) -> int:
    """Print what a shell evaluates to use a folder that is being served, secrets included.

    Raises:
        StateError: Nobody serves it.
    """
    from pointsman.local.endpoint.keys import FILE, of_folder

    folder = (asked.state or paths.local_world(environ)).expanduser().absolute()
    served = _served(folder)
    if served is None or not (folder / FILE).exists():
        raise StateError(
            f"nothing serves the state folder {folder}", f"pointsman serve --state {shlex.quote(str(folder))}"
        )
    key = of_folder(folder)
    variables = {
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_REGION": served.region,
        "AWS_DEFAULT_REGION": served.region,
        "AWS_ENDPOINT_URL": served.address,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }
    print("\n".join(_exports(variables)))
    print("unset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
    return 0


def _served(folder: Path) -> Served | None:
    """Who serves a folder now; None when that has ended, however it did."""
    from pointsman.local.state import start_time

    place = folder / KNOWN
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                raise StateError(f"{place} is not yours", "name a folder of your own")
            found = json.loads(file.read(65_536))
        served = Served(str(found["address"]), str(found["region"]), int(found["pid"]), str(found["started"]))
        os.kill(served.pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return served if start_time(served.pid) == served.started else None
