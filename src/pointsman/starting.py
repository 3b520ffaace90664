"""What every start on a state folder does first, with a screen or without one: world files, trust, region, the end."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pointsman.errors import StateError, UsageError

if TYPE_CHECKING:
    from pointsman.config.trust import KeptTrust, Wish
    from pointsman.local.ports import XraySockets
    from pointsman.local.world_file import WorldFile


class Closing:
    """What must be ended on the way out, whichever thread comes to make it, and whenever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []
        self._closed = False

    def add(self, end: Callable[[], None]) -> None:
        """Have ``end`` called on the way out; at once when that is past."""
        with self._lock:
            if not self._closed:
                self._ends.append(end)
                return
        end()

    def close(self) -> None:
        """End everything, last first; once."""
        with self._lock:
            self._closed = True
            ends, self._ends = self._ends, []
        for end in reversed(ends):
            end()


def end_in_any_case(number: int, closing: Closing, seconds: float) -> None:
    """End the process some seconds after a signal, although something waits for it."""

    def end() -> None:
        closing.close()
        os._exit(128 + number)

    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()


def tell(line: str) -> None:
    """Say something before there is a screen, or beside what is printed."""
    print(f"pointsman: {line}", file=sys.stderr)


def warn_root() -> None:
    """Say what it means that this is root."""
    if os.geteuid() == 0:
        tell("warning: builds run as you, and you are root: what a buildspec.yml says, runs as root")


def world_file(path: Path, account: str) -> WorldFile:
    """A world file; one of ours is found from any folder by its name in the documents.

    Raises:
        ConfigError: Names file, line and key.
    """
    from pointsman.config.assets import folder
    from pointsman.local.world_file import read

    if not path.exists() and path.parts[:1] == ("sample_config",):
        path = folder("sample_config").joinpath(*path.parts[1:])
    world = read(path)
    if world.account and world.account != account:
        raise world.wrong(
            world.account_mark,
            f"this world belongs to account {world.account}, and not to {account}",
            f"start with --account {world.account}",
        )
    return world


def bind(host: str, port: int, xray_port: int | None) -> tuple[socket.socket, XraySockets | None]:
    """Bind every port that was asked for.

    Raises:
        StateError: One cannot be had.
    """
    from pointsman.local.ports import bind_http, bind_xray

    listener = bind_http(host, port)
    try:
        return listener, None if xray_port is None else bind_xray(xray_port)
    except StateError:
        listener.close()
        raise


def agree(trust: KeptTrust, worlds: list[WorldFile]) -> None:
    """Ask once about what the world files would run.

    Raises:
        UsageError: The person said no, or there is nobody to ask.
    """
    wishes = trust.unknown(wish for world in worlds for wish in _wishes(world))
    if not wishes:
        return
    tell("builds run what these say, as you and with your rights:")
    for wish in wishes:
        tell(f"    {wish.what}  {_plain(wish.value)}   (named by {_plain(wish.by)})")
    if not sys.stdin or not sys.stdin.isatty():
        raise UsageError(
            "nothing was started: what the world files name is not trusted, and there is no terminal to ask on",
            "look at it, then start with --trust",
        )
    print("Trust them? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError(
            "nothing was started: what the world files name is not trusted", "look at it, then start again"
        )
    trust.remember(wishes)


def _wishes(world: WorldFile) -> list[Wish]:
    from pointsman.config.trust import Wish
    from pointsman.local.commands import described

    folders = [place for one in world.repositories if (place := one.path or one.seed)]
    folders += [one.path for one in world.connections]
    wishes = [Wish("repository", str(place.resolve()), str(world.path)) for place in folders]
    commands = [described(one.command, str(one.folder)) for one in world.functions]
    return [*wishes, *(Wish("command", command, str(world.path)) for command in commands)]


def _plain(text: str) -> str:
    return text if text.isprintable() else repr(text)


def region(folder: Path, asked: str, worlds: list[WorldFile]) -> str:
    """Which region to be in: what was asked for, the world files', the last one, us-east-1.

    Raises:
        StateError: What was kept of the last one cannot be used.
    """
    kept = folder / "region"
    asked = asked or next((world.region for world in worlds if world.region), "")
    try:
        if asked:
            kept.write_text(asked, encoding="utf-8")
            kept.chmod(0o600)
            return asked
        return kept.read_text(encoding="utf-8").strip() or "us-east-1"
    except FileNotFoundError:
        return "us-east-1"
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(f"{kept} cannot be used: {error}", "remove it") from error
