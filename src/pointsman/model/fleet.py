"""Which revision runs on which target of a deployment group, and which target is not as it should be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from pointsman.model.deployments import Deployment, DeploymentGroup, RevisionLocation, Target
from pointsman.model.status import Tone


class Residence(Struct, frozen=True):
    """One target of a group, and what runs on it."""

    name: str
    revision: RevisionLocation
    """What was deployed to it last with success; none when nothing ever was."""
    deployment: str = ""
    """The deployment that brought it."""
    since: datetime | None = None
    drift: str = ""
    """Why it is not as the group should be, in a sentence; empty when it is."""
    unsure: str = ""
    """The deployment that failed here since and may have left files behind; empty when none did."""
    moving: str = ""
    """The deployment that changes it now; empty when none does."""


class Fleet(Struct, frozen=True):
    """Every target of a group that its newest deployments know, and the revision that it should run."""

    group: DeploymentGroup
    wanted: RevisionLocation
    targets: tuple[Residence, ...] = ()
    reached: int = 0
    """How many deployments were looked at."""

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def drifted(self) -> int:
        """How many targets are not as they should be."""
        return sum(bool(one.drift) for one in self.targets)


_TOUCHES_FILES = ("Install", "AfterInstall", "ApplicationStart", "ValidateService")


def fleet(group: DeploymentGroup, deployments: Sequence[tuple[Deployment, Sequence[Target]]]) -> Fleet:
    """Which revision runs on which target.

    Args:
        group: The group.
        deployments: Its deployments with their targets, newest first.
    """
    good = next((one for one, _ in deployments if one.status.tone is Tone.OK and one.revision), None)
    wanted = good.revision if good is not None else group.target_revision
    runs: dict[str, tuple[Deployment, Target]] = {}
    unsure: dict[str, str] = {}
    moving: dict[str, str] = {}
    names: dict[str, None] = {}
    for one, targets in deployments:
        for target in targets:
            if target.label == "Blue" and one.status.tone is Tone.OK:
                continue  # its traffic has gone to a replacement
            names[target.name] = None
            if target.name in runs:
                continue
            if target.status.tone is Tone.OK:
                runs[target.name] = (one, target)
            elif target.status.tone is Tone.MOVING and not one.complete:
                moving.setdefault(target.name, one.id)
            elif any(event.name in _TOUCHES_FILES and event.started is not None for event in target.events):
                unsure.setdefault(target.name, one.id)
    found = [
        replace(_residence(name, runs.get(name), unsure.get(name, ""), wanted), moving=moving.get(name, ""))
        for name in names
    ]
    found.sort(key=lambda one: (not one.drift, not one.moving, one.name))
    return Fleet(group, wanted, tuple(found), len(deployments))


def _residence(name: str, run: tuple[Deployment, Target] | None, unsure: str, wanted: RevisionLocation) -> Residence:
    if run is None:
        drift = (
            f"{unsure} failed here half-way, and nothing succeeded before" if unsure else "nothing was deployed here"
        )
        return Residence(name, RevisionLocation(), drift=drift, unsure=unsure)
    deployment, target = run
    drift = ""
    if unsure:
        drift = f"{unsure} failed here after it had begun to install"
    elif wanted and deployment.revision.identity != wanted.identity:
        drift = f"runs {deployment.revision.short}, the group {wanted.short}"
    return Residence(name, deployment.revision, deployment.id, target.ended or deployment.completed, drift, unsure)
