"""The schema: every setting, its default and what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Watch:
    """What the console shows: names as shell patterns; empty shows everything."""

    pipelines: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cadence:
    """Seconds between two reads of one thing."""

    moving: float = 2.0
    """Something in it runs."""
    waiting: float = 5.0
    """It waits for a person."""
    rest: float = 20.0
    """Nothing happens in it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person may set, as it came out of command line, environment and file."""

    profile: str = ""
    """The AWS profile; empty leaves it to the environment and to AWS's own default."""
    region: str = ""
    endpoint_url: str = ""
    """Where AWS's calls go; empty is AWS."""
    watch: Watch = field(default_factory=Watch)
    cadence: Cadence = field(default_factory=Cadence)
    protected: tuple[str, ...] = ()
    """Names, as shell patterns, whose writes ask for one thing more than they otherwise would."""
    theme: str = ""
    """Empty is the console's own default."""
    ascii: bool | None = None
    """Draw with ASCII characters only; None decides by the terminal."""
    read_only: bool = False
    """Refuse every write for the whole session, with no way to arm them."""
    source: Path | None = None
    """The file these came from, if there was one."""

    def is_protected(self, name: str) -> bool:
        """Whether a pipeline's or project's name is one of the protected."""
        return matches(self.protected, name)


def matches(patterns: tuple[str, ...], name: str) -> bool:
    """Whether a name fits one of some shell patterns; case counts."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
