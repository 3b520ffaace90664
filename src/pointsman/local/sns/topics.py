"""Topics as records, and publishing: what the other engines call.

A message goes to every subscription of its topic, in the publisher's transaction. Each protocol has its way out
(``Outlet``): ``log`` writes to a log group; ``file`` and ``command`` lead to what the world file names, for a call can
never name a file or a command of its own (``outlets``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from pointsman.local.answers import AwsError
from pointsman.local.engines import Place
from pointsman.local.logs import events
from pointsman.local.sns import outlets as ways_out
from pointsman.local.world import Scope, World

PUBLISHED: Final = "sns.published"
"""Emitted with ``topic``, ``message_id``, ``subject`` and ``message`` of every message."""
APPROVAL_NEEDED: Final = "codepipeline.approval.needed"


class Topic(msgspec.Struct, frozen=True):
    """A topic, kept under its name."""

    name: str
    attributes: dict[str, str] = {}
    tags: dict[str, str] = {}


class Subscription(msgspec.Struct, frozen=True):
    """A subscription, kept under ``topic/id``."""

    topic: str
    id: str
    protocol: str
    endpoint: str
    attributes: dict[str, str] = {}


@runtime_checkable
class Outlet(Protocol):
    """A way out for messages: a tool of the world."""

    sns_protocol: str
    """The subscriptions it serves."""

    def accepts(self, scope: Scope, endpoint: str) -> str | None:
        """None when it can deliver to an endpoint, or the sentence that says why not."""
        ...

    def deliver(self, scope: Scope, endpoint: str, envelope: dict[str, Any]) -> None:
        """Deliver a message; blocking work belongs into a job."""
        ...


class LogOutlet:
    """Writes messages to a log group, into the stream ``sns``."""

    sns_protocol = "log"

    def accepts(self, scope: Scope, endpoint: str) -> str | None:  # noqa: ARG002 - any log group will do
        """A log group's name."""
        fine = 1 <= len(endpoint) <= 512 and all(char.isalnum() or char in "._-/#" for char in endpoint)
        return None if fine and endpoint.isascii() else "the endpoint of the protocol log is the name of a log group"

    def deliver(self, scope: Scope, endpoint: str, envelope: dict[str, Any]) -> None:
        """One line of JSON."""
        line = json.dumps(envelope, ensure_ascii=False)
        events.append(scope, endpoint, "sns", [(int(scope.now.timestamp() * 1000), line)])


class Outlets:
    """Every way out of a world, by protocol."""

    def __init__(self) -> None:
        self._outlets: dict[str, Outlet] = {}

    def add(self, outlet: Outlet) -> None:
        """Have a protocol served; the last of its kind wins."""
        self._outlets[outlet.sns_protocol] = outlet

    def find(self, protocol: str) -> Outlet | None:
        """The way out of a protocol."""
        return self._outlets.get(protocol)

    def protocols(self) -> list[str]:
        """The protocols that are served."""
        return sorted(self._outlets)


def install(world: World) -> None:
    """Put the ways out at the world's disposal, and hear of approvals."""
    if not world.has(Outlets):
        world.provide(Outlets())
    outlets = world.tool(Outlets)
    for outlet in (LogOutlet(), *ways_out.install(world, world.tool(Place).root)):
        if outlets.find(outlet.sns_protocol) is None:
            outlets.add(outlet)
    world.on(APPROVAL_NEEDED, _on_approval)


def arn(scope: Scope, topic: str) -> str:
    """A topic's ARN."""
    return scope.arn("sns", topic)


def find(scope: Scope, topic_arn: str) -> tuple[Scope, Topic] | None:
    """A topic by its ARN, with the scope of its region; None when there is none, or it is another account's."""
    parts = topic_arn.split(":")
    if len(parts) != 6 or parts[:3] != ["arn", "aws", "sns"] or parts[4] != scope.account:
        return None
    home = scope.world.scope(scope.account, parts[3])
    topic = home.get(Topic, parts[5])
    return None if topic is None else (home, topic)


def subscriptions(scope: Scope, topic: str = "") -> Iterator[Subscription]:
    """The subscriptions of a topic, or of all of them."""
    return (found for _, found in scope.scan(Subscription, f"{topic}/" if topic else ""))


def publish(scope: Scope, topic_arn: str, message: str, subject: str = "", **attributes: Any) -> str:
    """Send a message to every subscription of a topic; returns its id.

    Raises:
        AwsError: NotFound.
    """
    place = find(scope, topic_arn)
    if place is None:
        raise AwsError("NotFound", "Topic does not exist", 404)
    home, topic = place
    message_id = home.world.uuid()
    envelope: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": topic_arn,
        **({"Subject": subject} if subject else {}),
        "Message": message,
        "Timestamp": f"{home.now:%Y-%m-%dT%H:%M:%S}.{home.now.microsecond // 1000:03d}Z",
        **({"MessageAttributes": attributes} if attributes else {}),
    }
    outlets = home.world.tool(Outlets)
    for subscription in list(subscriptions(home, topic.name)):
        outlet = outlets.find(subscription.protocol)
        if outlet is not None:
            outlet.deliver(home, subscription.endpoint, envelope)
    home.emit(PUBLISHED, {"topic": topic_arn, "message_id": message_id, "subject": subject, "message": message})
    return message_id


def _on_approval(scope: Scope, payload: dict[str, Any]) -> None:
    """Tell the topic of an approval action, as CodePipeline does; a topic that is gone does not stop the pipeline."""
    topic_arn = payload.get("notification_arn", "")
    if not topic_arn or find(scope, topic_arn) is None:
        return
    approval = payload["approval"]
    message = {key: value for key, value in payload.items() if key != "notification_arn"}
    if isinstance(expires := approval.get("expires"), int | float):
        message["approval"] = {**approval, "expires": f"{datetime.fromtimestamp(expires, UTC):%Y-%m-%dT%H:%MZ}"}
    subject = f"APPROVAL NEEDED: AWS CodePipeline {approval['pipelineName']} for action {approval['actionName']}"
    publish(scope, topic_arn, json.dumps(message, ensure_ascii=False), subject[:100])
