"""Custom actions: a job that a worker polls for, takes, and answers."""

from __future__ import annotations

from pointsman.local.codepipeline import jobs
from pointsman.local.codepipeline.action_types import filled, find_custom
from pointsman.local.codepipeline.providers import CONFIGURATION_ERROR, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import progress
from pointsman.local.world import Scope, World


class CustomAction:
    """Owner Custom, any category and provider."""

    def install(self, world: World) -> None:
        """Nothing to hear of: workers call."""

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Make the job and let it wait for a worker."""
        kind = call.declaration.action_type_id
        found = find_custom(scope, kind.category, kind.provider, kind.version)
        if found is None:
            said = f"The custom action type {kind.category} {kind.provider} (version {kind.version}) was deleted."
            return failed(CONFIGURATION_ERROR, said)
        template = found.shape.get("settings", {}).get("entityUrlTemplate", "")
        if template:
            progress(scope, call.ticket, entity_url=filled(template, call.configuration))
        jobs.create(scope, call, found.key, call.configuration.get(found.queryable, ""))
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Nothing was lost: the job is in the records."""

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """The job is not given out any more, and its worker not heard."""
        jobs.drop(scope, call.ticket, jobs.FAILED)
