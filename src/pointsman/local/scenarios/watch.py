"""The shop's alarms: what X-Ray's rates are held against, one over the others, one muted, one that hears nothing.

They are evaluated like any other alarm: what state each is in at second 0 follows from the shop's traffic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pointsman.local.backend import Backend

SINCE: Final = -33.0
"""Minutes before second 0 at which somebody made them."""
_TOPIC: Final = "oncall"

At = Callable[..., None]


class Watch:
    """Whoever made the alarms.

    Args:
        backend: The scenario's.
        region: Where.
    """

    def __init__(self, backend: Backend, region: str) -> None:
        self._backend = backend
        self._region = region

    def tell(self, at: At) -> None:
        """Put them into the floor's story; ``at(minutes, act, …)``."""
        at(SINCE, self._furnish)

    def _call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        answer, _ = self._backend.ask(self._region, service, operation, parameters)
        return answer

    def _furnish(self) -> None:
        oncall = self._call("sns", "CreateTopic", Name=_TOPIC)["TopicArn"]
        container, table = "AWS::ECS::Container", "AWS::DynamoDB::Table"
        self._on("payments-faults", "FaultRate", "payments", container, 30, "Payments that end as a fault", oncall)
        self._on("checkout-slow", "ResponseTime", "checkout", container, 1.5, "Checkouts take too long", oncall)
        self._on(
            "ledger-throttled", "ThrottleRate", "ledger", table, 20, "The ledger's table has too little room", oncall
        )
        self._on("storefront-faults", "FaultRate", "storefront", container, 5, "", "")
        self._call(
            "cloudwatch",
            "PutMetricAlarm",
            AlarmName="refunds-stopped",
            AlarmDescription="Refunds are booked once an hour: when none comes, somebody should look.",
            Namespace="Shop",
            MetricName="Refunds",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=3,
            Threshold=1.0,
            ComparisonOperator="LessThanThreshold",
            AlarmActions=[oncall],
        )
        self._call(
            "cloudwatch",
            "PutCompositeAlarm",
            AlarmName="shop-is-ill",
            AlarmDescription="Customers notice.",
            AlarmRule="ALARM(payments-faults) OR (ALARM(checkout-slow) AND NOT ALARM(storefront-faults))",
            AlarmActions=[oncall],
        )
        self._call(
            "cloudwatch",
            "PutAlarmMuteRule",
            Name="ledger-is-moved",
            Description="The table is moved to on-demand capacity this week.",
            Rule={"Schedule": {"Expression": "cron(0 0 * * *)", "Duration": "P1D"}},
            MuteTargets={"AlarmNames": ["ledger-throttled"]},
        )

    def _on(self, name: str, metric: str, service: str, kind: str, limit: float, words: str, topic: str) -> None:
        dimensions = {"GroupName": "Default", "ServiceName": service, "ServiceType": kind}
        self._call(
            "cloudwatch",
            "PutMetricAlarm",
            AlarmName=name,
            Namespace="AWS/X-Ray",
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=5,
            DatapointsToAlarm=2,
            Threshold=float(limit),
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            **({"AlarmDescription": words} if words else {}),
            **({"AlarmActions": [topic], "OKActions": [topic]} if topic else {}),
        )
