"""Where this program's own files live: the XDG base folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

Environment = Mapping[str, str]


def _base(environ: Environment, variable: str, fallback: str) -> Path:
    named = environ.get(variable, "")
    # The XDG specification: a relative path is invalid and counts as unset.
    return Path(named) if named.startswith("/") else Path(environ.get("HOME") or Path.home()) / fallback


def config_file(environ: Environment = os.environ) -> Path:
    """The configuration file that is read when nobody names another."""
    return _base(environ, "XDG_CONFIG_HOME", ".config") / "pointsman" / "config.yml"


def state_folder(environ: Environment = os.environ) -> Path:
    """Where the log, the audit log and the local world are kept."""
    return _base(environ, "XDG_STATE_HOME", ".local/state") / "pointsman"


def boards(environ: Environment = os.environ) -> Path:
    """Where the last sessions' boards are kept."""
    return state_folder(environ) / "boards"


def sessions(environ: Environment = os.environ) -> Path:
    """Where it is kept how a person looked at things."""
    return state_folder(environ) / "sessions"


def typed(environ: Environment = os.environ) -> Path:
    """Where what was typed is kept."""
    return state_folder(environ) / "typed"


def log_file(environ: Environment = os.environ) -> Path:
    """The program's own log."""
    return state_folder(environ) / "pointsman.log"


def local_world(environ: Environment = os.environ) -> Path:
    """The state folder of ``pointsman local`` when nobody names another."""
    return state_folder(environ) / "local"
