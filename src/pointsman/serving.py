"""``pointsman serve`` and ``pointsman env``: the bundled backend as an AWS endpoint, without a screen.

Secrets are printed by ``pointsman env`` only.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from pointsman import owning, starting
from pointsman.config import checks, logfile, paths
from pointsman.config.launch import Launch, World
from pointsman.errors import StateError, UsageError
from pointsman.owning import Owned, Served, Terms
from pointsman.starting import Closing

Environment = Mapping[str, str]

PATIENCE = 20.0
"""Seconds that running builds and open connections have once it was told to end."""
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


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

    _check(asked)
    _check_region(asked.region)
    worlds = [starting.world_file(path, asked.account) for path in asked.load]
    logfile.start(environ)
    starting.warn_root()
    place = asked.state or paths.local_world(environ)
    found = owning.claim(place)
    if isinstance(found, Served):
        raise already(place, found)
    closing = Closing()
    closing.add(found.release)
    try:
        owning.clear(found.path / owning.KNOWN, asked.ready_file)
        trust = KeptTrust(found.path, everything=asked.trust)
        starting.agree(trust, worlds)
        region = starting.region(found.path, asked.region, worlds)
        _check_region(region)
        listener, xray = starting.bind(asked.host, asked.port, asked.xray_port)
        told = _Told()
        if asked.auth == "none":
            starting.tell(
                "warning: without signatures, every process of yours can run commands here, whatever its keys"
            )
        terms = Terms(
            region,
            asked.account,
            [world.path for world in worlds],
            asked.host,
            asked.expose,
            asked.auth != "none",
            asked.allow_reset,
            asked.ready_file,
        )
        owned = owning.own(found, trust, terms, listener, xray, closing)
        _say(_words(asked, owned))
        number = told.wait()
        starting.end_in_any_case(number, closing, PATIENCE)
    finally:
        closing.close()
    return 128 + number if number == signal.SIGHUP else 0


def already(folder: Path, served: Served) -> StateError:
    """What is said when a folder is to be served that is."""
    return StateError(
        f"the state folder {folder} is in use by process {served.pid}, which serves it at {served.address}",
        f'use that one: eval "$(pointsman env --state {shlex.quote(str(folder))})"; or end it, or name another folder',
    )


def _check(asked: Launch) -> None:
    from pointsman.local.ports import is_loopback

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


def _words(asked: Launch, owned: Owned) -> str:
    backend, served = owned.backend, owned.served
    signed = "any key, from your own processes" if asked.auth == "none" else "AWS Signature Version 4"
    lines = [
        f"address    {served.address}",
        f"account    {backend.account}, region {served.region}",
        f"services   {', '.join(backend.table.services())}",
        f"signed by  {signed}",
        *([f"x-ray      127.0.0.1:{served.xray_port}, udp and tcp"] if served.xray_port is not None else []),
        f"state      {backend.root}",
        "",
        "# a shell that uses it by profile:",
        *_exports(owned.variables),
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
    served = owning.find(folder)
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
        **served.tracing,
    }
    print("\n".join(_exports(variables)))
    print("unset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
    return 0
