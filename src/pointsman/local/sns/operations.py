"""SNS's answers: topics, subscriptions, publishing. Messages are not kept; only what can be delivered subscribes."""

from __future__ import annotations

from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.sns import topics
from pointsman.local.sns.topics import Outlets, Subscription, Topic
from pointsman.local.world import Scope

_PAGE = 100
_SETTABLE = ("DisplayName", "Policy", "DeliveryPolicy")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameter", f"Invalid parameter: {message}")


def _topic(scope: Scope, topic_arn: str) -> tuple[Scope, Topic]:
    found = topics.find(scope, topic_arn)
    if found is None:
        if topic_arn.count(":") != 5 or not topic_arn.startswith("arn:"):
            raise _invalid(f"TopicArn Reason: An ARN must have at least 6 elements, not {topic_arn.count(':') + 1}")
        raise AwsError("NotFound", "Topic does not exist", 404)
    return found


def _valid_name(name: str) -> bool:
    return 1 <= len(name) <= 256 and name.isascii() and all(char.isalnum() or char in "-_" for char in name)


@answers("sns", "CreateTopic")
def create_topic(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a topic; the same once more is the same topic."""
    name = parameters["Name"]
    attributes = parameters.get("Attributes", {})
    if name.endswith(".fifo") or attributes.get("FifoTopic", "false") == "true":
        raise AwsError("NotImplemented", "Pointsman's backend has no FIFO topics", 501)
    if not _valid_name(name):
        raise _invalid("Topic Name")
    for key in attributes:
        if key not in (*_SETTABLE, "FifoTopic"):
            raise _invalid(f"Attributes Reason: Unknown attribute {key}")
    tags = {tag["Key"]: tag["Value"] for tag in parameters.get("Tags", [])}
    if (found := scope.get(Topic, name)) is None:
        scope.put(name, Topic(name, {key: value for key, value in attributes.items() if key in _SETTABLE}, tags))
    elif any(found.attributes.get(key) != value for key, value in attributes.items() if key in _SETTABLE):
        raise _invalid("Attributes Reason: Topic already exists with different attributes")
    elif tags and tags != found.tags:
        raise _invalid("Tags Reason: Topic already exists with different tags")
    return {"TopicArn": topics.arn(scope, name)}


@answers("sns", "DeleteTopic")
def delete_topic(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget a topic and its subscriptions; one that is not there is no error."""
    if (found := topics.find(scope, parameters["TopicArn"])) is not None:
        home, topic = found
        for subscription in list(topics.subscriptions(home, topic.name)):
            home.delete(Subscription, f"{topic.name}/{subscription.id}")
        home.delete(Topic, topic.name)
    return {}


@answers("sns", "ListTopics")
def list_topics(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Topics by name, a hundred a page."""
    found = [topic for _, topic in scope.scan(Topic, after=parameters.get("NextToken"), limit=_PAGE + 1)]
    page = found[:_PAGE]
    answer: dict[str, Any] = {"Topics": [{"TopicArn": topics.arn(scope, topic.name)} for topic in page]}
    if len(found) > len(page):
        answer["NextToken"] = page[-1].name
    return answer


@answers("sns", "GetTopicAttributes")
def get_topic_attributes(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """What is set, and how many subscribe."""
    home, topic = _topic(scope, parameters["TopicArn"])
    return {
        "Attributes": {
            "TopicArn": topics.arn(home, topic.name),
            "Owner": home.account,
            "DisplayName": "",
            **topic.attributes,
            "SubscriptionsConfirmed": str(sum(1 for _ in topics.subscriptions(home, topic.name))),
            "SubscriptionsPending": "0",
            "SubscriptionsDeleted": "0",
        }
    }


@answers("sns", "SetTopicAttributes")
def set_topic_attributes(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Set one; policies are kept and not judged."""
    home, topic = _topic(scope, parameters["TopicArn"])
    name = parameters["AttributeName"]
    if name not in _SETTABLE:
        raise _invalid("AttributeName")
    attributes = {**topic.attributes, name: parameters.get("AttributeValue", "")}
    home.put(topic.name, msgspec.structs.replace(topic, attributes=attributes))
    return {}


def _shape(scope: Scope, subscription: Subscription) -> dict[str, Any]:
    topic_arn = topics.arn(scope, subscription.topic)
    return {
        "SubscriptionArn": f"{topic_arn}:{subscription.id}",
        "Owner": scope.account,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": topic_arn,
    }


@answers("sns", "Subscribe")
def subscribe(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Subscribe what messages can be delivered to; anything else is refused by name."""
    home, topic = _topic(scope, parameters["TopicArn"])
    protocol, endpoint = parameters["Protocol"], parameters.get("Endpoint", "")
    outlets = scope.world.tool(Outlets)
    outlet = outlets.find(protocol)
    if outlet is None:
        raise AwsError(
            "NotImplemented",
            f"Pointsman's backend does not deliver to the protocol {protocol[:64]}; it delivers to:"
            f" {', '.join(outlets.protocols())}",
            501,
        )
    if parameters.get("Attributes"):
        raise AwsError("NotImplemented", "Pointsman's backend does not take a subscription's attributes", 501)
    if (refused := outlet.accepts(home, endpoint)) is not None:
        raise _invalid(f"Endpoint Reason: {refused}")
    for known in topics.subscriptions(home, topic.name):
        if (known.protocol, known.endpoint) == (protocol, endpoint):
            return {"SubscriptionArn": _shape(home, known)["SubscriptionArn"]}
    made = Subscription(topic.name, scope.world.uuid(), protocol, endpoint)
    home.put(f"{topic.name}/{made.id}", made)
    return {"SubscriptionArn": _shape(home, made)["SubscriptionArn"]}


def _split(subscription_arn: str) -> tuple[str, str]:
    topic_arn, _, identifier = subscription_arn.rpartition(":")
    if topic_arn.count(":") != 5:
        raise _invalid("SubscriptionArn Reason: An ARN must have at least 6 elements")
    return topic_arn, identifier


@answers("sns", "Unsubscribe")
def unsubscribe(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget a subscription; one that is not there is no error."""
    topic_arn, identifier = _split(parameters["SubscriptionArn"])
    if (found := topics.find(scope, topic_arn)) is not None:
        home, topic = found
        home.delete(Subscription, f"{topic.name}/{identifier}")
    return {}


def _listed(scope: Scope, topic: str, token: str | None) -> dict[str, Any]:
    prefix = f"{topic}/" if topic else ""
    found = list(scope.scan(Subscription, prefix, after=token, limit=_PAGE + 1))
    page = found[:_PAGE]
    answer: dict[str, Any] = {"Subscriptions": [_shape(scope, subscription) for _, subscription in page]}
    if len(found) > len(page):
        answer["NextToken"] = page[-1][0]
    return answer


@answers("sns", "ListSubscriptions")
def list_subscriptions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Every subscription, a hundred a page."""
    return _listed(scope, "", parameters.get("NextToken"))


@answers("sns", "ListSubscriptionsByTopic")
def list_subscriptions_by_topic(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A topic's subscriptions, a hundred a page."""
    home, topic = _topic(scope, parameters["TopicArn"])
    return _listed(home, topic.name, parameters.get("NextToken"))


@answers("sns", "Publish")
def publish(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Deliver a message to a topic's subscriptions."""
    topic_arn = parameters.get("TopicArn", parameters.get("TargetArn"))
    if topic_arn is None:
        raise AwsError("NotImplemented", "Pointsman's backend publishes to topics only", 501)
    if parameters.get("MessageStructure"):
        raise AwsError("NotImplemented", "Pointsman's backend does not take MessageStructure in sns:Publish", 501)
    message, subject = parameters["Message"], parameters.get("Subject", "")
    if not message:
        raise _invalid("Empty message")
    if len(message.encode()) > 262_144:
        raise _invalid("Message too long")
    if len(subject) > 100 or "\n" in subject:
        raise _invalid("Subject")
    attributes = {
        name: {"Type": given["DataType"], "Value": given["StringValue"]}
        for name, given in parameters.get("MessageAttributes", {}).items()
        if "StringValue" in given
    }
    _topic(scope, topic_arn)
    return {"MessageId": topics.publish(scope, topic_arn, message, subject, **attributes)}
