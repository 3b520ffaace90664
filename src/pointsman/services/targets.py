"""A deployment's targets, however many: what has settled is read once, what moves first, the rest in turn."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct, field

from pointsman.errors import CallFailed
from pointsman.model.deployments import Deployment, Target
from pointsman.model.refs import TargetRef
from pointsman.model.status import Status, Tone
from pointsman.services.ask import Meter
from pointsman.services.reads import deployments as reader

BATCH = 25
"""What one BatchGetDeploymentTargets takes at most."""
UNKNOWN = Status("Unknown", Tone.UNKNOWN)
ROUND = 200
"""How many targets one read of a moving deployment asks for at most."""
_KEEP = 32
_NOT_YET = ("DeploymentNotStartedException", "DeploymentTargetDoesNotExistException")

Tell = Callable[[tuple[Target, ...], int], None]
"""(targets read so far, how many there are)."""


class _Known(Struct):
    ids: tuple[str, ...] = ()
    targets: dict[str, Target] = field(default_factory=dict)
    turn: int = 0
    """Where the round over targets at rest goes on."""
    whole: bool = False
    """Whether every target was read after its deployment had ended."""


class Targets:
    """Targets of deployments.

    Args:
        meter: What asks CodeDeploy.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def of(self, deployment: Deployment, tell: Tell, *, whole: bool = False) -> tuple[tuple[Target, ...], int]:
        """The targets of a deployment, and how many there are.

        Args:
            deployment: As it is now.
            tell: Told of the first reads on the way.
            whole: Read all of them now, in one go.

        Raises:
            CallFailed: They cannot be read.
        """
        known = self._known.setdefault(deployment.id, _Known())
        self._known.move_to_end(deployment.id)
        while len(self._known) > _KEEP:
            self._known.popitem(last=False)
        if known.whole and deployment.complete:
            return _in_order(known), len(known.ids)
        if len(known.ids) < max(1, deployment.counts.total):
            known.ids = await self._ids(deployment)
        wanted = self._wanted(known, deployment, whole=whole or deployment.complete)
        for start in range(0, len(wanted), BATCH):
            await self._read(known, deployment, wanted[start : start + BATCH])
            if start + BATCH < len(wanted) and len(known.targets) < len(known.ids):
                tell(_in_order(known), len(known.ids))
        known.whole = deployment.complete and len(known.targets) == len(known.ids) > 0
        return _in_order(known), len(known.ids)

    def _wanted(self, known: _Known, deployment: Deployment, *, whole: bool) -> list[str]:
        """What to read now: what moves, what was never read, and of the rest a part in turn.

        What waits to begin is read again only while the deployment counts more targets that move, or have settled,
        than are known.
        """
        open_ids = [one for one in known.ids if one not in known.targets or not known.targets[one].settled]
        if whole:
            return open_ids
        moving = [one for one in open_ids if one in known.targets and known.targets[one].status.tone is Tone.MOVING]
        unread = [one for one in open_ids if one not in known.targets]
        taken = set(moving) | set(unread)
        rest = [one for one in open_ids if one not in taken]
        if rest and not self._unexplained(known, deployment):
            rest = []
        at = known.turn % len(rest) if rest else 0
        room = max(0, ROUND - len(moving))
        turn = (*unread, *rest[at:], *rest[:at])[:room]
        known.turn = at + max(0, len(turn) - len(unread))
        return [*moving, *turn]

    def _unexplained(self, known: _Known, deployment: Deployment) -> bool:
        """Whether the deployment's own counts say that more targets have begun than are known to have."""
        counts = deployment.counts
        if not counts.total:
            return True
        begun = sum(target.status.word not in ("", "Pending") for target in known.targets.values())
        return counts.total - counts.pending > begun or deployment.awaits_reroute

    async def _ids(self, deployment: Deployment) -> tuple[str, ...]:
        found: list[str] = []
        try:
            async for page in self._meter.pages("ListDeploymentTargets", deploymentId=deployment.id):
                found.extend(reader.target_ids(page))
        except CallFailed as error:
            if error.fault.code in _NOT_YET:
                return ()
            raise
        return tuple(dict.fromkeys(found))

    async def _read(self, known: _Known, deployment: Deployment, ids: list[str]) -> None:
        try:
            answer = await self._meter.ask("BatchGetDeploymentTargets", deploymentId=deployment.id, targetIds=ids)
        except CallFailed as error:
            if error.fault.code not in _NOT_YET:
                raise
            answer = {}
        for target in reader.targets(answer):
            before = known.targets.get(target.ref.target)
            # An equal target stays the same object, so that what was drawn of it stands.
            known.targets[target.ref.target] = before if before == target else target
        for one in ids:
            # Listed, but not told of: it counts as read, and is asked for again in its turn.
            known.targets.setdefault(one, Target(TargetRef(deployment.id, one), UNKNOWN))


def _in_order(known: _Known) -> tuple[Target, ...]:
    """As AWS lists them; of a blue/green fleet the replacements first."""
    found = [known.targets[one] for one in known.ids if one in known.targets]
    return tuple(sorted(found, key=lambda one: one.label == "Blue"))
