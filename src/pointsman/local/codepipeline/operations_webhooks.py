"""Answers about webhooks."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any, Final

from msgspec.structs import replace

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codepipeline import triggers, webhooks
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.lookup import paged, pipeline_of, place_of, tags_of
from pointsman.local.codepipeline.webhooks import PipelineWebhook, WebhookAddress
from pointsman.local.world import Scope
from pointsman.semantics.json_paths import BadPath, compiled

MOST: Final = 300
"""AWS's quota of webhooks in a region."""


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


@answers("codepipeline", "PutWebhook")
def put_webhook(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a webhook, or change one; its address stays."""
    check("PutWebhook", parameters)
    definition = parameters["webhook"]
    name = definition["name"]
    pipeline = pipeline_of(scope, definition["targetPipeline"])
    if webhooks.target(scope, pipeline.name, definition["targetAction"]) is None:
        raise _invalid(
            f"The pipeline {pipeline.name} has no source action {definition['targetAction']}: a webhook targets an"
            " action of the first stage"
        )
    _filters(definition["filters"])
    _authentication(definition["authentication"], definition["authenticationConfiguration"])
    former = scope.get(PipelineWebhook, name)
    if former is None:
        if sum(1 for _ in scope.scan(PipelineWebhook)) >= MOST:
            raise AwsError("LimitExceededException", f"An account cannot have more than {MOST} webhooks in a region")
        former = PipelineWebhook(definition, scope.world.hex(48))
        scope.put(former.token, WebhookAddress(name))
    aimed = (former.pipeline, former.action) == (definition["targetPipeline"], definition["targetAction"])
    hook = replace(
        former,
        definition=definition,
        tags=tags_of(former.tags, parameters.get("tags", [])),
        registered=former.registered and aimed,
        error_code="",
        error_message="",
    )
    scope.put(name, hook)
    return {"webhook": webhooks.shape(scope, hook)}


def _filters(given: list[dict[str, str]]) -> None:
    for one in given:
        try:
            compiled(one["jsonPath"])
        except BadPath as problem:
            raise AwsError(
                "InvalidWebhookFilterPatternException", f"The filter pattern is invalid: {problem}"
            ) from None


def _authentication(kind: str, settings: dict[str, str]) -> None:
    needed = {webhooks.HMAC: {"SecretToken"}, webhooks.IP: {"AllowedIPRange"}}.get(kind, set())
    if set(settings) != needed:
        wanted = f"takes {' and '.join(needed)} and nothing else" if needed else "takes no configuration"
        raise _parameters(f"The authentication {kind} {wanted}")
    if kind == webhooks.IP:
        try:
            ip_network(settings["AllowedIPRange"], strict=False)
        except ValueError:
            raise _parameters(f"{settings['AllowedIPRange']} is not a CIDR range") from None


def _parameters(message: str) -> AwsError:
    return AwsError("InvalidWebhookAuthenticationParametersException", message)


@answers("codepipeline", "ListWebhooks")
def list_webhooks(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Webhooks by name."""
    check("ListWebhooks", parameters)
    most = parameters.get("MaxResults", 100)
    after = place_of({"nextToken": parameters["NextToken"]}) if "NextToken" in parameters else None
    found = list(scope.scan(PipelineWebhook, after=after, limit=most + 1))
    answer = paged({}, found[most - 1][0] if len(found) > most else None)
    token = {"NextToken": answer["nextToken"]} if "nextToken" in answer else {}
    return {"webhooks": [webhooks.shape(scope, one) for _, one in found[:most]], **token}


@answers("codepipeline", "DeleteWebhook")
def delete_webhook(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a webhook, and its address for ever; one that is not there is no error."""
    check("DeleteWebhook", parameters)
    hook = scope.get(PipelineWebhook, parameters["name"])
    if hook is not None:
        scope.delete(PipelineWebhook, hook.name)
        scope.delete(WebhookAddress, hook.token)
    return {}


@answers("codepipeline", "RegisterWebhookWithThirdParty")
def register_webhook(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Have pushes to the action's GitHub repository, a folder of this machine, call the webhook."""
    _register(scope, "RegisterWebhookWithThirdParty", parameters, registered=True)
    return {}


@answers("codepipeline", "DeregisterWebhookWithThirdParty")
def deregister_webhook(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Have pushes not call it any more."""
    _register(scope, "DeregisterWebhookWithThirdParty", parameters, registered=False)
    return {}


def _register(scope: Scope, operation: str, parameters: Parameters, *, registered: bool) -> None:
    check(operation, parameters)
    if "webhookName" not in parameters:
        raise _invalid("webhookName is required")
    hook = scope.get(PipelineWebhook, parameters["webhookName"])
    if hook is None:
        raise AwsError("WebhookNotFoundException", f"The webhook {parameters['webhookName']} was not found")
    action = webhooks.target(scope, hook.pipeline, hook.action)
    if action is None or action.action_type_id.provider != triggers.GITHUB:
        raise _invalid(f"The webhook {hook.name} does not target an action of the provider {triggers.GITHUB}")
    scope.put(hook.name, replace(hook, registered=registered))
