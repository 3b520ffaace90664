"""What differs between two builds: phase by phase, in source, image and variables. Pure."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from pointsman.model.builds import Build, Phase


class PhasePair(Struct, frozen=True):
    """One phase in two builds."""

    name: str
    older: Phase | None = None
    newer: Phase | None = None

    @property
    def took(self) -> tuple[timedelta | None, timedelta | None]:
        """How long it took in each; None where it has not ended or was not reached."""
        return _span(self.older), _span(self.newer)

    @property
    def slower(self) -> timedelta | None:
        """How much longer the newer took; negative when it was quicker, None where that cannot be said."""
        before, after = self.took
        return None if before is None or after is None else after - before


class BuildComparison(Struct, frozen=True):
    """Two builds side by side."""

    older: Build
    newer: Build
    phases: tuple[PhasePair, ...] = ()
    facts: tuple[tuple[str, str, str], ...] = ()
    """(what, in the older, in the newer) of everything that differs but the variables."""
    variables: tuple[tuple[str, str, str], ...] = ()
    """(variable, in the older, in the newer) of those that differ; what secrets hold is not known."""

    @property
    def slowest(self) -> PhasePair | None:
        """The phase that accounts for most of a slower build; None when no phase is slower."""
        told = [pair for pair in self.phases if (more := pair.slower) is not None and more > timedelta(seconds=1)]
        return max(told, key=lambda pair: pair.slower or timedelta(), default=None)


def _span(phase: Phase | None) -> timedelta | None:
    return phase.ended - phase.started if phase is not None and phase.started and phase.ended else None


def compare(one: Build, other: Build) -> BuildComparison:
    """Two builds, the one that began first first."""
    older, newer = sorted((one, other), key=lambda build: build.started.timestamp() if build.started else 0.0)
    before = {phase.name: phase for phase in older.phases}
    after = {phase.name: phase for phase in newer.phases}
    names = _woven(list(before), list(after))
    return BuildComparison(
        older,
        newer,
        tuple(PhasePair(name, before.get(name), after.get(name)) for name in names if name != "COMPLETED"),
        tuple(row for row in _facts(older, newer) if row[1] != row[2]),
        _variables(older, newer),
    )


def _woven(older: list[str], newer: list[str]) -> list[str]:
    """The names of both in an order that keeps each one's own."""
    woven = list(newer)
    for at, name in enumerate(older):
        if name not in woven:
            before = next((woven.index(one) for one in reversed(older[:at]) if one in woven), -1)
            woven.insert(before + 1, name)
    return woven


def _facts(older: Build, newer: Build) -> list[tuple[str, str, str]]:
    pairs: list[tuple[str, str, str]] = [
        ("project", older.project, newer.project),
        ("version", older.source_version, newer.source_version),
        ("commit", older.resolved_version, newer.resolved_version),
        ("source", f"{older.source_type} {older.source_location}", f"{newer.source_type} {newer.source_location}"),
        ("image", older.image, newer.image),
        ("compute", older.compute, newer.compute),
        ("started by", older.initiator, newer.initiator),
        ("time-out", _minutes(older.timeout_minutes), _minutes(newer.timeout_minutes)),
        ("privileged", str(older.privileged).lower(), str(newer.privileged).lower()),
        ("cache", older.cache, newer.cache),
    ]
    return pairs


def _minutes(value: int | None) -> str:
    return "" if value is None else f"{value} minutes"


def _variables(older: Build, newer: Build) -> tuple[tuple[str, str, str], ...]:
    before = {one.name: _said(one.kind, one.value) for one in older.environment}
    after = {one.name: _said(one.kind, one.value) for one in newer.environment}
    names = dict.fromkeys((*before, *after))
    return tuple(
        (name, before.get(name, ""), after.get(name, "")) for name in names if before.get(name) != after.get(name)
    )


def _said(kind: str, value: str) -> str:
    return value if kind == "PLAINTEXT" else f"{value} (from {kind})"
