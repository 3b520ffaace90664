"""Which alarms watch which service of a map."""

from __future__ import annotations

import pytest

from pointsman.model.alarms import Alarm
from pointsman.model.refs import AlarmRef, MetricRef
from pointsman.model.service_alarms import watching
from pointsman.semantics.traces.facts import CLIENT, Service

CART = Service("cart", "AWS::ECS::Container", "123456789012")


def alarm(namespace: str, state: str = "OK", **dimensions: str) -> Alarm:
    metric = MetricRef(namespace, "M", tuple(sorted(dimensions.items())))
    return Alarm(AlarmRef(f"{namespace} {state}"), state=state, metric=metric)


@pytest.mark.parametrize(
    ("one", "service", "group", "watches"),
    [
        (alarm("AWS/X-Ray", ServiceName="cart", ServiceType="AWS::ECS::Container"), CART, "", True),
        (alarm("AWS/X-Ray", ServiceName="cart", ServiceType="remote"), CART, "", False),
        (alarm("AWS/X-Ray", ServiceName="cart", GroupName="Default"), CART, "gold", True),
        (alarm("AWS/X-Ray", ServiceName="cart", GroupName="gold"), CART, "gold", True),
        (alarm("AWS/X-Ray", ServiceName="cart", GroupName="gold"), CART, "", False),
        (alarm("AWS/X-Ray", GroupName="cart"), CART, "", False),
        (alarm("AWS/ECS", ClusterName="shop", ServiceName="cart"), CART, "", True),
        (alarm("AWS/DynamoDB", TableName="cart"), CART, "", False),
        (alarm("AWS/DynamoDB", TableName="cart"), Service("cart", "AWS::DynamoDB::Table"), "", True),
        (alarm("AWS/Lambda", FunctionName="cart"), Service("cart", "AWS::Lambda"), "", True),
        (alarm("AWS/SQS", QueueName="cart"), Service("cart"), "", True),
        (alarm("Shop", Service="cart"), CART, "", True),
        (alarm("Shop", Service="carts"), CART, "", False),
        (alarm("Shop"), CART, "", False),
        (alarm("Shop", Service="cart"), Service("cart", CLIENT), "", False),
        (Alarm(AlarmRef("composite"), composite=True, state="ALARM", rule="ALARM(cart)"), CART, "", False),
    ],
)
def test_an_alarm_watches_the_service_its_metric_names(one: Alarm, service: Service, group: str, watches: bool) -> None:
    assert watching([service], [one], group) == ({service: (one,)} if watches else {})


def test_the_worst_comes_first() -> None:
    calm, loud = alarm("Shop", "OK", Service="cart"), alarm("Shop", "ALARM", Service="cart")
    assert watching([CART, Service("mail")], [calm, loud]) == {CART: (loud, calm)}
