"""The program's own log: JSON lines with the same keys on each, 0600, bounded, never a secret.

It is for whoever mends the program. What a person did is in the audit log; what went wrong on a screen is under ``!``.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from pointsman.config.paths import log_file

LARGEST = 1_000_000
"""Bytes of one log file; one older one is kept beside it."""

_SECRET = re.compile(
    r"""(?ix) ( [\w.-]* (?: secret | token | password | passwd | credential | authorization | private_?key ) [\w.-]*
        ["']? \s* [:=] \s* ["']? ) [^\s"',;})\]]+ """
)
_KEY_ID = re.compile(r"\b(A(?:KI|SI)A)[A-Z0-9]{12,}\b")
_QUIET = ("boto3", "botocore", "urllib3", "s3transfer", "asyncio", "markdown_it")


def redacted(text: str) -> str:
    """A text with whatever looks like a secret's value left out."""
    return _KEY_ID.sub(r"\1…", _SECRET.sub(r"\1…", text))


class JsonLines(logging.Formatter):
    """One record, one JSON object, always the same keys."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        error = self.formatException(record.exc_info) if record.exc_info else ""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "thread": record.threadName,
            "pid": record.process,
            "message": redacted(record.getMessage()),
            "error": redacted(error),
        }
        return json.dumps(line)


class _Private(logging.FileHandler):
    """A file that only its owner reads, that begins anew when it is full, and that never speaks on the terminal."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, in a new file when this one is full; the full one is kept beside it."""
        try:
            if self.stream is not None and os.fstat(self.stream.fileno()).st_size >= LARGEST:
                self.close()
                Path(self.baseFilename).replace(f"{self.baseFilename}.1")
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A full disk is no reason to draw over the screen."""


def start(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Send everything that is logged, and everything that escapes a thread, to the log file.

    Returns:
        The file; None when it cannot be written, and then nothing is logged.
    """
    path = log_file(environ)
    root = logging.getLogger()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = _Private(path, encoding="utf-8")
    except OSError:
        handler, path_or_none = logging.NullHandler(), None
    else:
        path_or_none = path
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in _QUIET:  # their finer levels write requests and credentials out
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    threading.excepthook = _thread
    sys.unraisablehook = _unraisable
    return path_or_none


def record(error: BaseException, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Write down what ended the program; returns where, None when it could not be written."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Private) for handler in root.handlers) and start(environ) is None:
        return None
    logging.getLogger("pointsman").error("the program ended", exc_info=(type(error), error, error.__traceback__))
    return log_file(environ)


def _thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        told = (arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
        name = arguments.thread.name if arguments.thread else "?"
        logging.getLogger("pointsman").error("a thread ended: %s", name, exc_info=told)


def _unraisable(arguments: sys.UnraisableHookArgs) -> None:
    if arguments.exc_value is not None:
        told = (arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
        logging.getLogger("pointsman").error("ignored: %s", arguments.err_msg or "", exc_info=told)
