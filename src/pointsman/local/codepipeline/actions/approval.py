"""Manual approval: waits for a person, who answers with a token, or for its time-out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pointsman.local.codepipeline import urls
from pointsman.local.codepipeline.driver import finish
from pointsman.local.codepipeline.flow import PARALLEL
from pointsman.local.codepipeline.providers import JOB_FAILED, ActionCall, Outcome, failed
from pointsman.local.codepipeline.runs import progress, timer_key
from pointsman.local.codepipeline.shapes import ApprovalOf, Failure, Ticket
from pointsman.local.world import Scope, World

DEFAULT_MINUTES: Final = 7 * 24 * 60
TIMEOUT_TOPIC: Final = "codepipeline.approval.timeout"
NEEDED_TOPIC: Final = "codepipeline.approval.needed"
"""Emitted with the message AWS would publish to ``NotificationArn``."""


class ManualApproval:
    """Category Approval, provider Manual."""

    def install(self, world: World) -> None:
        """Hear of time-outs."""
        world.on(TIMEOUT_TOPIC, _on_timeout)

    def start(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Make the token, set the time-out, and tell whoever is to be notified."""
        token = scope.world.uuid()
        minutes = call.timeout_minutes or DEFAULT_MINUTES
        link = call.configuration.get("ExternalEntityLink", "")
        if call.execution.mode == PARALLEL:
            # The pipeline's state shows one execution of many: AWS tells the token as the external id, in the history.
            progress(scope, call.ticket, external_id=token, entity_url=link or None)
            scope.put(f"{call.pipeline.name}/{token}", ApprovalOf(call.stage, call.action, call.ticket))
        else:
            progress(scope, call.ticket, token=token, entity_url=link or None)
        payload = {**call.ticket.payload(), "minutes": minutes}
        scope.after(minutes * 60, TIMEOUT_TOPIC, payload, key=timer_key(call.ticket))
        scope.emit(NEEDED_TOPIC, _message(scope, call, token, minutes))
        return None

    def resume(self, scope: Scope, call: ActionCall) -> Outcome | None:
        """Nothing was lost: the token is in the records, the time-out among the timers."""

    def abandon(self, scope: Scope, call: ActionCall) -> None:
        """The driver has taken the time-out back."""


def answered(approved: bool, summary: str, by: str) -> Outcome:
    """The outcome of a person's answer."""
    failure = None if approved else Failure(JOB_FAILED, summary or "The approval was rejected.")
    return Outcome(failure=failure, summary=summary, updated_by=by)


def _message(scope: Scope, call: ActionCall, token: str, minutes: int) -> dict[str, Any]:
    name = call.pipeline.name
    expires = f"{scope.now + timedelta(minutes=minutes):%Y-%m-%dT%H:%MZ}"
    return {
        "notification_arn": call.configuration.get("NotificationArn", ""),
        "region": scope.region,
        "consoleLink": urls.pipeline(scope.region, name),
        "approval": {
            "pipelineName": name,
            "stageName": call.stage,
            "actionName": call.action,
            "token": token,
            "expires": expires,
            "externalEntityLink": call.configuration.get("ExternalEntityLink", ""),
            "approvalReviewLink": urls.approval(scope.region, name, call.stage, call.action, token),
            "customData": call.configuration.get("CustomData", ""),
        },
    }


def _on_timeout(scope: Scope, payload: dict[str, Any]) -> None:
    minutes = payload["minutes"]
    span = f"{minutes // 1440} days" if minutes % 1440 == 0 and minutes > 1440 else f"{minutes} minutes"
    finish(scope, Ticket.of(payload), failed(JOB_FAILED, f"The approval expired: nobody answered it within {span}."))
