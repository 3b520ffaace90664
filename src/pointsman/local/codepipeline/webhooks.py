"""Webhooks: an address that starts a pipeline when what is posted to it is authentic and passes its filters.

While an endpoint listens the address is this backend's own and takes a POST as GitHub, or anybody, sends it; until
then it is the one AWS would give, and there is nothing to post to.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from msgspec.structs import replace

from pointsman.local import pages
from pointsman.local.codepipeline.declaration import ActionDeclaration
from pointsman.local.codepipeline.driver import begin
from pointsman.local.codepipeline.flow import Refusal
from pointsman.local.codepipeline.shapes import Pipeline
from pointsman.local.pages import Pages, Shown, Visit
from pointsman.local.world import Scope, World
from pointsman.semantics.json_paths import BadPath, select

PAGE: Final = "webhooks/codepipeline"
HMAC: Final = "GITHUB_HMAC"
IP: Final = "IP"
TRIGGER: Final = "Webhook"

STARTED, IGNORED, REFUSED, GONE = 200, 202, 403, 404


class PipelineWebhook(msgspec.Struct, frozen=True):
    """A webhook; key: its name."""

    definition: dict[str, Any]
    """As PutWebhook took it."""
    token: str
    """What its address is known by."""
    tags: dict[str, str] = {}
    triggered: datetime | None = None
    registered: bool = False
    """Whether pushes to the GitHub repository of its action call it."""
    error_code: str = ""
    error_message: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.definition["name"])

    @property
    def pipeline(self) -> str:
        """The pipeline it starts."""
        return str(self.definition["targetPipeline"])

    @property
    def action(self) -> str:
        """The source action it is for."""
        return str(self.definition["targetAction"])


class WebhookAddress(msgspec.Struct, frozen=True):
    """Whose address a token is; key: the token."""

    name: str


def arn(scope: Scope, name: str) -> str:
    """The ARN of a webhook."""
    return scope.arn("codepipeline", f"webhook:{name}")


def url(scope: Scope, hook: PipelineWebhook) -> str:
    """Where it is called."""
    root = pages.address(scope.world, PAGE) or f"https://{scope.region}.webhooks.aws/trigger"
    return f"{root}?t={hook.token}&v=1"


def shape(scope: Scope, hook: PipelineWebhook) -> dict[str, Any]:
    """A webhook as AWS shows it: never with its secret."""
    authentication = dict(hook.definition["authenticationConfiguration"])
    if "SecretToken" in authentication:
        authentication["SecretToken"] = "****"
    shown: dict[str, Any] = {
        "definition": {**hook.definition, "authenticationConfiguration": authentication},
        "url": url(scope, hook),
        "arn": arn(scope, hook.name),
        "tags": [{"key": key, "value": value} for key, value in sorted(hook.tags.items())],
    }
    if hook.triggered is not None:
        shown["lastTriggered"] = hook.triggered
    if hook.error_code:
        shown |= {"errorCode": hook.error_code, "errorMessage": hook.error_message}
    return shown


def target(scope: Scope, pipeline: str, action: str) -> ActionDeclaration | None:
    """The source action that a webhook names; None when the pipeline has no such one."""
    found = scope.get(Pipeline, pipeline)
    return found.declaration.stages[0].action(action) if found is not None else None


def of_action(scope: Scope, pipeline: str, action: str) -> Iterator[PipelineWebhook]:
    """The webhooks that pushes to a source action's repository call."""
    for _, hook in scope.scan(PipelineWebhook):
        if hook.registered and (hook.pipeline, hook.action) == (pipeline, action):
            yield hook


# -- a call ---------------------------------------------------------------------------------------------------------


def install(world: World) -> None:
    """Give the page that is posted to."""
    world.tool(Pages).add(PAGE, "POST", called)


def called(world: World, account: str, visit: Visit) -> Shown:
    """Somebody posts to a webhook's address."""
    for home, region in world.records.places(WebhookAddress):
        scope = world.scope(home, region)
        address = scope.get(WebhookAddress, visit.query.get("t", "")) if home == account else None
        hook = scope.get(PipelineWebhook, address.name) if address is not None else None
        if hook is not None:
            return judge(scope, hook, visit)
    return _said(GONE, "there is no such webhook")


def judge(scope: Scope, hook: PipelineWebhook, visit: Visit) -> Shown:
    """Start the pipeline of a webhook, if what was posted is authentic and passes its filters."""
    problem = _unauthentic(hook, visit)
    if problem:
        return _said(REFUSED, problem)
    payload = _payload(visit)
    if payload is None:
        return _said(400, "the body is not JSON")
    return deliver(scope, hook, payload)


def deliver(scope: Scope, hook: PipelineWebhook, payload: Any) -> Shown:
    """Start the pipeline of a webhook, if a payload passes its filters."""
    action, pipeline = target(scope, hook.pipeline, hook.action), scope.get(Pipeline, hook.pipeline)
    if action is None or pipeline is None:
        said = f"the pipeline {hook.pipeline} has no source action {hook.action}"
        scope.put(hook.name, replace(hook, error_code=str(GONE), error_message=said))
        return _said(GONE, said)
    missed = next((one for one in hook.definition["filters"] if not _passes(one, payload, action.configuration)), None)
    if missed is not None:
        return _said(IGNORED, f"ignored: {missed['jsonPath']} does not match")
    if pipeline.declaration.undefaulted:
        return _said(IGNORED, "ignored: the pipeline has variables without a default value")
    try:
        execution = begin(scope, pipeline, TRIGGER, arn(scope, hook.name))
    except Refusal:
        return _said(429, "as many executions as may be are under way")
    scope.put(hook.name, replace(hook, triggered=scope.now, error_code="", error_message=""))
    return _said(STARTED, "started", pipelineExecutionId=execution.id)


def _said(status: int, message: str, **more: str) -> Shown:
    return Shown(status, json.dumps({"message": message, **more}).encode())


def _unauthentic(hook: PipelineWebhook, visit: Visit) -> str:
    """Why a call is not believed; empty when it is."""
    kind, settings = hook.definition["authentication"], hook.definition["authenticationConfiguration"]
    if kind == HMAC:
        return "" if signed(settings["SecretToken"], visit) else "the signature is not the one of this webhook's secret"
    if kind == IP:
        try:
            inside = ip_address(visit.peer) in ip_network(settings["AllowedIPRange"], strict=False)
        except ValueError:
            inside = False
        return "" if inside else f"{visit.peer or 'an unknown address'} is not in {settings['AllowedIPRange']}"
    return ""


def signed(secret: str, visit: Visit) -> bool:
    """Whether a body comes with GitHub's signature by a secret."""
    for header, digest in (("x-hub-signature-256", hashlib.sha256), ("x-hub-signature", hashlib.sha1)):
        given = visit.headers.get(header)
        if given is not None:
            wanted = f"{digest().name}={hmac.new(secret.encode(), visit.body, digest).hexdigest()}"
            return hmac.compare_digest(wanted.encode(), given.strip().encode())
    return False


def _payload(visit: Visit) -> Any:
    """What was posted: JSON, by itself or in a form as GitHub sends it; None when it is neither."""
    body = visit.body
    if "x-www-form-urlencoded" in visit.headers.get("content-type", ""):
        # Whoever posts JSON with curl says by default that it is a form.
        body = "".join(parse_qs(body.decode("utf-8", "replace")).get("payload", [])).encode() or body
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None


def _passes(given: Mapping[str, str], payload: Any, configuration: Mapping[str, str]) -> bool:
    """Whether a filter lets a payload pass: something is selected, and is what it must equal if that is said."""
    try:
        found = select(given["jsonPath"], payload)
    except BadPath:
        return False
    wanted = given.get("matchEquals")
    if wanted is None:
        return bool(found)
    for name, value in configuration.items():
        wanted = wanted.replace(f"{{{name}}}", value)
    return any((one if isinstance(one, str) else json.dumps(one)) == wanted for one in found)
