"""The schema: every setting, its default and what it means."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct, field

SCREENS = ("overview", "pipelines", "builds", "deployments", "traces", "metrics", "logs", "activity")
"""The screens that have a digit, in its order."""


class Watch(Struct, frozen=True):
    """What the console shows: names as shell patterns; empty shows everything."""

    pipelines: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    log_groups: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    """Namespaces, or namespace and name with a slash between: ``AWS/Lambda``, ``Shop/Orders*``."""
    pins: tuple[str, ...] = ()
    """Metrics at the top of the board: namespace and name with a slash between, then ``DIMENSION=VALUE`` for each."""


class Cadence(Struct, frozen=True):
    """Seconds between two reads of one thing."""

    moving: float = 2.0
    """Something in it runs."""
    waiting: float = 5.0
    """It waits for a person."""
    rest: float = 20.0
    """Nothing happens in it."""


class KeyWish(Struct, frozen=True):
    """Other keys for what has an id: a binding (``filter``) or an operation (``approval.approve``)."""

    id: str
    keys: tuple[str, ...]
    """As Textual spells them: ``x``, ``ctrl+x``, ``f5``, ``question_mark``; at least one."""
    line: int = 0
    """Where in the file it stands."""


class Settings(Struct, frozen=True):
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
    protected_profiles: tuple[str, ...] = ()
    """Profiles, as shell patterns, in which every screen is framed so that nobody mistakes where he is."""
    theme: str = ""
    """Empty is the console's own default."""
    keys: tuple[KeyWish, ...] = ()
    time_zone: str = "utc"
    """``utc``, ``local``, or a name of the time zone database."""
    start: str = ""
    """The screen that opens first; empty is the one that the last session at the same place ended on."""
    ascii: bool | None = None
    """Draw with ASCII characters only; None decides by the terminal."""
    output: str = "lean"
    """``lean`` sends the terminal only the cells that changed; ``plain`` sends what Textual writes."""
    low_bandwidth: bool = False
    """Cap the frames and bytes that go to the terminal."""
    alarm_bell: bool = False
    """Ring the terminal's bell when an alarm fires."""
    alarm_title: bool = False
    """Say in the terminal's title how many alarms are in ALARM."""
    insights_price: float = 0.005
    """US dollars for a GB that a Logs Insights query scans: what the estimate beside a query assumes."""
    read_only: bool = False
    """Refuse every write for the whole session, with no way to arm them."""
    theme_folder: Path | None = None
    """A person's own themes; beside the configuration file."""
    source: Path | None = None
    """The file these came from, if there was one."""

    def is_protected(self, name: str) -> bool:
        """Whether a pipeline's or project's name is one of the protected."""
        return matches(self.protected, name)

    def is_protected_profile(self, name: str) -> bool:
        """Whether a profile is one of the protected."""
        return matches(self.protected_profiles, name)


def matches(patterns: tuple[str, ...], name: str) -> bool:
    """Whether a name fits one of some shell patterns; case counts."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
