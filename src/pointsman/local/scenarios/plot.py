"""What a scenario is, as a declaration: the pipelines there are, what has happened to them, and what goes on happening.

``Floor`` plays a ``Plot``; nothing here knows an engine.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

DEEDS: Final = ("push", "answer", "close_gate", "abandon")
"""What may happen, by the names of ``Floor``'s methods."""


class Track(Struct, frozen=True):
    """One pipeline, with its repository and its projects."""

    name: str
    stages: tuple[str, ...]
    approval_minutes: int = 0
    watched: bool = True
    """Whether a colleague answers its approvals after a while."""
    servers: int = 0
    """How many servers its last stage deploys onto with CodeDeploy; 0 publishes to a bucket instead."""


class Happening(Struct, frozen=True):
    """Something that somebody did before second 0."""

    minutes: float
    """When, counted from second 0: negative."""
    deed: str
    """One of ``DEEDS``."""
    given: tuple[Any, ...]


def push(minutes: float, track: str, broken: str = "") -> Happening:
    """Somebody pushes a commit; ``broken`` is the project it fails in, or ``deploy`` for its deployment."""
    return Happening(minutes, "push", (track, broken))


def answer(minutes: float, track: str) -> Happening:
    """Somebody approves what waits."""
    return Happening(minutes, "answer", (track, "Approve"))


def close_gate(minutes: float, track: str, stage: str, reason: str) -> Happening:
    """Somebody closes the gate before a stage."""
    return Happening(minutes, "close_gate", (track, stage, reason))


def abandon(minutes: float, track: str, reason: str) -> Happening:
    """Somebody stops the newest run."""
    return Happening(minutes, "abandon", (track, reason))


class Plot(Struct, frozen=True):
    """One scenario."""

    name: str
    tracks: tuple[Track, ...]
    """Founded one after the other in the hours before second 0; what follows happens to them."""
    story: tuple[Happening, ...]
    fleet: bool = False
    """Whether the shop's own deployments, beside those of pipelines, are part of it (``Deploys.tell``)."""
    shop: tuple[float, float] | None = None
    """Whether the shop's traces are part of it (``Shop.tell``): from when to when its bad release was out, in minutes
    from second 0."""
    seconds: tuple[float, float] = (25, 80)
    """The shortest and the longest time from one commit to the next after second 0."""
    breaks: float = 0.2
    """The part of those commits that break a build or a test."""
