"""Topics, subscriptions, and where messages go."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from support.backend import CheckedBackend


def lines(backend: CheckedBackend, group: str) -> list[dict[str, str]]:
    found = backend.session().client("logs").get_log_events(logGroupName=group, logStreamName="sns")
    return [json.loads(event["message"]) for event in found["events"]]


def test_a_message_reaches_the_log_that_subscribes(backend: CheckedBackend) -> None:
    """Once for each subscription; the same twice is one."""
    sns = backend.session().client("sns")
    topic = sns.create_topic(Name="releases")["TopicArn"]
    assert topic == "arn:aws:sns:us-east-1:123456789012:releases"
    first = sns.subscribe(TopicArn=topic, Protocol="log", Endpoint="/notices")["SubscriptionArn"]
    assert sns.subscribe(TopicArn=topic, Protocol="log", Endpoint="/notices")["SubscriptionArn"] == first
    sent = sns.publish(TopicArn=topic, Subject="Now", Message="it is out")["MessageId"]
    assert [(line["MessageId"], line["Subject"], line["Message"]) for line in lines(backend, "/notices")] == [
        (sent, "Now", "it is out")
    ]
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"] == "1"
    sns.unsubscribe(SubscriptionArn=first)
    sns.publish(TopicArn=topic, Message="nobody hears this")
    assert len(lines(backend, "/notices")) == 1


def test_topics_and_subscriptions_are_listed_and_deleted(backend: CheckedBackend) -> None:
    """A topic takes its subscriptions with it."""
    sns = backend.session().client("sns")
    arns = [sns.create_topic(Name=name)["TopicArn"] for name in ("a", "b")]
    assert [topic["TopicArn"] for topic in sns.list_topics()["Topics"]] == arns
    sns.subscribe(TopicArn=arns[0], Protocol="log", Endpoint="x")
    sns.subscribe(TopicArn=arns[1], Protocol="log", Endpoint="x")
    assert len(sns.list_subscriptions()["Subscriptions"]) == 2
    assert len(sns.list_subscriptions_by_topic(TopicArn=arns[0])["Subscriptions"]) == 1
    sns.delete_topic(TopicArn=arns[0])
    sns.delete_topic(TopicArn=arns[0])
    assert [item["TopicArn"] for item in sns.list_subscriptions()["Subscriptions"]] == [arns[1]]
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.publish(TopicArn=arns[0], Message="x")


def test_more_than_a_page_of_topics(backend: CheckedBackend) -> None:
    """Continued by a token."""
    sns = backend.session().client("sns")
    for number in range(101):
        sns.create_topic(Name=f"t{number:03d}")
    pages = [len(page["Topics"]) for page in sns.get_paginator("list_topics").paginate()]
    assert pages == [100, 1]


@pytest.mark.parametrize(
    ("protocol", "endpoint", "code"),
    [
        ("email", "a@example.com", "NotImplemented"),
        ("https", "https://example.com", "NotImplemented"),
        ("file", "/etc/passwd", "InvalidParameter"),
        ("command", "rm", "InvalidParameter"),
        ("log", "", "InvalidParameter"),
        ("log", "a\nb", "InvalidParameter"),
    ],
)
def test_only_what_can_be_delivered_subscribes(
    backend: CheckedBackend, protocol: str, endpoint: str, code: str
) -> None:
    """No call can name a file or a command."""
    sns = backend.session().client("sns")
    topic = sns.create_topic(Name="a")["TopicArn"]
    with pytest.raises(ClientError) as refused:
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    assert refused.value.response["Error"]["Code"] == code


def test_an_approval_tells_its_topic(backend: CheckedBackend) -> None:
    """With the token and where to answer; a topic that is not there does not stop the pipeline."""
    from pointsman.local.sns.topics import APPROVAL_NEEDED

    sns = backend.session().client("sns")
    topic = sns.create_topic(Name="approvals")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="log", Endpoint="/approvals")
    payload = {
        "notification_arn": topic,
        "region": "us-east-1",
        "consoleLink": "",
        "approval": {"pipelineName": "release", "actionName": "Ship", "token": "t"},
    }
    with backend.world.transaction():
        scope = backend.world.scope("123456789012", "us-east-1")
        scope.emit(APPROVAL_NEEDED, payload)
        scope.emit(APPROVAL_NEEDED, {**payload, "notification_arn": f"{topic}-gone"})
    (line,) = lines(backend, "/approvals")
    assert line["Subject"] == "APPROVAL NEEDED: AWS CodePipeline release for action Ship"
    assert json.loads(line["Message"])["approval"]["token"] == "t"
