"""The command line: arguments in, an exit code out.

Nothing is imported before it is known to be needed: ``--version`` and ``--help`` cost an interpreter and argparse, a
bare ``pointsman demo`` not even that, and a mistake in the arguments is said before AWS's library or a screen is
loaded. What escapes everything else is caught here: one sentence and where the log is, never a traceback.
"""

from __future__ import annotations

import os
import sys

from pointsman.ending import BROKEN, DONE, INTERRUPTED, USAGE, say

TYPE_CHECKING = False  # typing's own costs milliseconds that --version does not have
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pointsman.config.launch import Launch

BARE = {(): "aws", ("demo",): "demo", ("local",): "local"}
"""Command lines that ask for nothing but a world: there is nothing to read in them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    try:
        launch = _asked(tuple(sys.argv[1:] if arguments is None else arguments))
    except BrokenPipeError:  # --help into a pager that has left
        return _hushed()
    try:
        if launch.world in ("serve", "env"):
            from pointsman.serving import run
        elif launch.world == "iam-policy":
            from pointsman.policy import run
        elif launch.world == "doctor":
            from pointsman.bootstrap import diagnose as run
        else:
            from pointsman.bootstrap import launch as run
        return run(launch, os.environ)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # the program's boundary: nothing may end as a traceback
        return _failed(error)


def _asked(arguments: Sequence[str]) -> Launch:
    if (world := BARE.get(tuple(arguments))) is not None:
        from pointsman.config.launch import Launch, World

        return Launch(world=World(world))
    from pointsman.arguments import parse

    return parse(arguments)


def _failed(error: Exception) -> int:
    from pointsman.errors import PointsmanError

    if isinstance(error, PointsmanError):
        say(error.message, error.hint)
        return USAGE
    from pointsman.config.logfile import record

    where = record(error)
    say(
        f"pointsman broke: {type(error).__name__}: {' '.join(str(error).split())[:200]}",
        f"please report it; the details are in {where}" if where else "please report it; its log could not be written",
    )
    return BROKEN


def _hushed() -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


if __name__ == "__main__":
    raise SystemExit(main())
