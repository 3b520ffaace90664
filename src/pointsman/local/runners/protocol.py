"""What an engine asks of a runner, and the facts a runner answers with.

The engine decides, a runner does. A runner never calls back: it posts facts (``World.post``) under the topics named
here, each carrying ``build_id``. A test, the demo and a real run differ only in the runner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct, field

from pointsman.local.world import Scope

FETCHED = "codebuild.fetched"
"""The sources are there: ``buildspec`` (text or None), ``place`` (what it was read from), ``resolved``, ``notes``
(lines for the log); or ``error`` and ``code``."""
OUTPUT = "codebuild.output"
"""Lines were printed: ``events`` [(milliseconds, text)]; ``taken``, a function to call once they are kept; ``errors``,
True for what a command that runs apart wrote on its standard error."""
COMMAND_ENDED = "codebuild.command.ended"
"""A command is over: ``number``, ``exit`` (None: its shell was lost), ``note``, ``values`` (what was inquired)."""
COLLECTED = "codebuild.collected"
"""The artifacts are packed: ``packed``, ``lines``; or ``error`` and ``code``. A scripted runner gives
``output_artifacts``, name -> digest, in place of ``packed``. Beside either: ``reports`` and ``cache``."""
RECOVERED = "codebuild.recovered"
"""What is known of the last command of a build whose backend died: ``number``, ``exit``, ``note``, ``values``."""

Work = Callable[[], dict[str, Any]]
"""Blocking work whose result is the payload of the fact; must not raise."""


class ShellOrder(Struct, frozen=True):
    """What a build's shell is made of."""

    build_id: str
    folder: Path
    """The build's own folder: home, temporary files and the runner's own."""
    directory: Path
    """Where the first command starts."""
    shell: str
    """``env.shell`` of the buildspec; empty is /bin/sh."""
    environment: Mapping[str, str]
    """Variables of the build, over the runner's own."""
    secrets: Sequence[str] = field(default=())
    """Values that are printed as ``***``."""
    writable: Sequence[Path] = field(default=())
    """Folders beside its own that the build may write into, wherever builds are confined."""
    tools: Path | None = None
    """A folder of programs for the end of its PATH."""


class CommandOrder(Struct, frozen=True):
    """One command of a build."""

    build_id: str
    project: str
    phase: str
    number: int
    """1, 2, 3 … in this build."""
    text: str
    environment: Mapping[str, str]
    """Variables to export first."""
    fresh: bool = False
    """In a shell of its own (buildspec 0.1)."""
    apart: bool = False
    """Whether its standard error is told apart from its output: what sandboxes run."""
    inquire: Sequence[str] = ()
    """Not a command of the buildspec: shell words whose expansions are the fact's ``values``."""


@runtime_checkable
class BuildRunner(Protocol):
    """Carries builds out. Every method returns at once and never raises for what goes wrong in a build."""

    slots: int
    """How many builds may run at a time."""
    executes: bool
    """Whether it really carries commands out; a script's runner tells only what it was written for."""

    def build_folder(self, build_id: str) -> Path:
        """Where this build's files are; it need not exist."""
        ...

    def missing_shell(self, shell: str) -> str:
        """A sentence when this machine lacks the shell a buildspec asks for; empty when it is there."""
        ...

    def notices(self) -> Sequence[str]:
        """Lines that open every build's log: what is different here from a build container."""
        ...

    def fetch_sources(self, scope: Scope, build_id: str, project: str, work: Work) -> None:
        """Carry out ``work`` on another thread and post ``FETCHED``."""
        ...

    def open_shell(self, scope: Scope, order: ShellOrder) -> None:
        """Make the build's shell ready; what goes wrong shows as the first command's end."""
        ...

    def run_command(self, scope: Scope, order: CommandOrder) -> None:
        """Have the shell carry out one command; posts ``OUTPUT`` and one ``COMMAND_ENDED``."""
        ...

    def collect_artifacts(self, scope: Scope, build_id: str, project: str, outputs: Sequence[str], work: Work) -> None:
        """Carry out ``work`` on another thread and post ``COLLECTED``; a pipeline waits for ``outputs``."""
        ...

    def recover_build(self, scope: Scope, build_id: str) -> None:
        """After a restart: wait for the old supervisor to be gone and post ``RECOVERED``."""
        ...

    def end_build(self, scope: Scope, build_id: str) -> None:
        """Kill what still runs of a build and remove its folder; it has ended, was stopped or timed out."""
        ...

    def close(self) -> None:
        """Wait, a few seconds at most, for what ``end_build`` has begun."""
        ...
