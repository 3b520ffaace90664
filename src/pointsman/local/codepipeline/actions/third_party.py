"""Partners' actions: a job that the partner's worker polls for, takes, and answers."""

from __future__ import annotations

from pointsman.local.codepipeline import jobs
from pointsman.local.codepipeline.declaration import ActionTypeId
from pointsman.local.codepipeline.providers import ActionCall, Outcome
from pointsman.local.world import Scope, World


def kind_of(kind: ActionTypeId) -> str:
    """The kind of the jobs of a partner's action type."""
    return f"{jobs.THIRD_PARTY}{kind.category}/{kind.provider}/{kind.version}"


class ThirdPartyAction:
    """Owner ThirdParty, any category and provider but the sources of GitHub."""

    def install(self, world: World) -> None:
        """Nothing to hear of: workers call."""

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Make the job and let it wait for a worker."""
        jobs.create(scope, call, kind_of(call.declaration.action_type_id))
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Nothing was lost: the job is in the records."""

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """The job is not given out any more, and its worker not heard."""
        jobs.drop(scope, call.ticket, jobs.FAILED)
