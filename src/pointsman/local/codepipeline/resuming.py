"""After a restart: what was under way is picked up again."""

from __future__ import annotations

from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.flow import IN_PROGRESS
from pointsman.local.codepipeline.lanes import ways
from pointsman.local.codepipeline.providers import Providers
from pointsman.local.codepipeline.runs import call_of
from pointsman.local.codepipeline.shapes import ActionRun, numbered
from pointsman.local.world import Scope


def resume(scope: Scope, pipeline: str) -> None:
    """After a restart: have every action in progress of a pipeline picked up again by its provider."""
    flows = [flow for way in ways(scope, pipeline) if (flow := way.load(scope)) is not None]
    runs = [stage.run for flow in flows for stage in flow.stages if stage.run is not None and stage.run.active]
    numbers = [mark.number for run in runs for mark in run.marks if mark.status == IN_PROGRESS]
    numbers += [
        rule.number for run in runs for check in run.checks for rule in check.rules if rule.status == IN_PROGRESS
    ]
    for number in numbers:
        run = scope.get(ActionRun, numbered(pipeline, number))
        call = call_of(scope, run) if run is not None and run.status == IN_PROGRESS else None
        if call is None:
            continue
        provider = scope.world.tool(Providers).find(call.declaration.action_type_id)
        outcome = provider.resume(scope, call) if provider is not None else None
        if outcome is not None:
            finish(scope, call.ticket, outcome)
