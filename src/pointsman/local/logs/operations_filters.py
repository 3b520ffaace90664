"""Answers about metric filters and subscription filters."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.logs import delivery, filters
from pointsman.local.logs.filtering import matching, pattern_of
from pointsman.local.logs.names import group_of, invalid, millis
from pointsman.local.world import Scope
from pointsman.semantics.logs.filter_patterns import PatternError, Terms, selector
from pointsman.semantics.logs.insights.values import number

_PAGE = 50
_NAME = re.compile(r"[^:*]{1,512}")
_MOST_METRIC_FILTERS = 100
_MOST_SUBSCRIPTIONS = 2
_MOST_REGEX_FILTERS = 5
_MOST_DIMENSIONS = 3


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'filterName' failed to satisfy constraint:"
            " Member must satisfy regular expression pattern: [^:*]*"
        )


def _check_regexes(scope: Scope, group: str, name: str, pattern: str) -> None:
    if not pattern_of(pattern).regexes:
        return
    others: list[filters.MetricFilter | filters.SubscriptionFilter] = [
        *filters.of_group(scope, filters.MetricFilter, group),
        *filters.of_group(scope, filters.SubscriptionFilter, group),
    ]
    if sum(pattern_of(one.pattern).regexes > 0 for one in others if one.name != name) >= _MOST_REGEX_FILTERS:
        raise AwsError(
            "LimitExceededException", "Resource limit exceeded: 5 filter patterns with regex in a log group."
        )


@answers("logs", "PutMetricFilter")
def put_metric_filter(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a filter that turns matching events into a metric, or replace it."""
    group, name, pattern = (
        group_of(scope, parameters["logGroupName"]),
        parameters["filterName"],
        parameters["filterPattern"],
    )
    _check_name(name)
    _check_regexes(scope, group.name, name, pattern)
    if len(parameters["metricTransformations"]) != 1:
        raise invalid("metricTransformations has exactly one member")
    key = filters.key(group.name, name)
    if scope.get(filters.MetricFilter, key) is None and filters.count(scope, group.name) >= _MOST_METRIC_FILTERS:
        raise AwsError("LimitExceededException", "Resource limit exceeded.")
    made = _transformation(parameters["metricTransformations"][0], pattern)
    scope.put(key, filters.MetricFilter(group.name, name, pattern, millis(scope), made))
    return {}


def _transformation(given: dict[str, Any], pattern: str) -> filters.Transformation:
    dimensions = dict(given.get("dimensions", {}))
    value = given["metricValue"]
    if dimensions and "defaultValue" in given:
        raise invalid("Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
    if len(dimensions) > _MOST_DIMENSIONS:
        raise invalid(f"Invalid metric transformation: at most {_MOST_DIMENSIONS} dimensions")
    fields = not isinstance(pattern_of(pattern), Terms) and bool(pattern.strip())
    for text in [*dimensions.values(), *([] if number(value) is not None else [value])]:
        if not fields or not text.startswith("$"):
            raise invalid(
                f"Invalid metric transformation: {text!r} is neither a number nor a field of the filter pattern"
            )
        if pattern.lstrip().startswith("{"):
            try:
                selector(text)
            except PatternError as error:
                raise invalid(f"Invalid metric transformation: {error}") from None
    return filters.Transformation(
        given["metricNamespace"],
        given["metricName"],
        value,
        given.get("unit", ""),
        given.get("defaultValue"),
        dimensions,
    )


@answers("logs", "DescribeMetricFilters")
def describe_metric_filters(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Metric filters, of a group or of all, in pages."""
    group, prefix = parameters.get("logGroupName", ""), parameters.get("filterNamePrefix", "")
    name, namespace = parameters.get("metricName", ""), parameters.get("metricNamespace", "")
    if bool(name) != bool(namespace):
        raise invalid("metricName and metricNamespace have to be given together")
    if group:
        group_of(scope, group)
    found = (
        (key, one)
        for key, one in scope.scan(
            filters.MetricFilter, filters.key(group, prefix) if group else "", after=parameters.get("nextToken")
        )
        if one.name.startswith(prefix)
        and (not name or (one.transformation.name, one.transformation.namespace) == (name, namespace))
    )
    limit = min(parameters.get("limit", _PAGE), _PAGE)
    page = list(islice(found, limit + 1))
    answer: dict[str, Any] = {"metricFilters": [_metric_shape(one) for _, one in page[:limit]]}
    if len(page) > limit:
        answer["nextToken"] = page[limit - 1][0]
    return answer


def _metric_shape(one: filters.MetricFilter) -> dict[str, Any]:
    made = one.transformation
    transformation: dict[str, Any] = {
        "metricName": made.name,
        "metricNamespace": made.namespace,
        "metricValue": made.value,
    }
    if made.default is not None:
        transformation["defaultValue"] = made.default
    if made.dimensions:
        transformation["dimensions"] = made.dimensions
    if made.unit:
        transformation["unit"] = made.unit
    return {
        "filterName": one.name,
        "filterPattern": one.pattern,
        "metricTransformations": [transformation],
        "creationTime": one.created,
        "logGroupName": one.group,
        "applyOnTransformedLogs": False,
    }


@answers("logs", "DeleteMetricFilter")
def delete_metric_filter(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a metric filter."""
    group = group_of(scope, parameters["logGroupName"])
    if not scope.delete(filters.MetricFilter, filters.key(group.name, parameters["filterName"])):
        raise AwsError("ResourceNotFoundException", "The specified metric filter does not exist.")
    return {}


@answers("logs", "TestMetricFilter")
def test_metric_filter(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Which of some messages a pattern matches, and what it finds in them."""
    del scope
    messages = parameters["logEventMessages"]
    if not 1 <= len(messages) <= _PAGE:
        raise invalid("logEventMessages has 1 to 50 members")
    pattern = pattern_of(parameters["filterPattern"])
    return {
        "matches": [
            {"eventNumber": index, "eventMessage": message, "extractedValues": pattern.extract(message)}
            for index, message in enumerate(messages, 1)
            if matching(pattern, message)
        ]
    }


@answers("logs", "PutSubscriptionFilter")
def put_subscription_filter(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Have matching events delivered to a function of the world file, or replace what was said about it."""
    group, name, pattern = (
        group_of(scope, parameters["logGroupName"]),
        parameters["filterName"],
        parameters["filterPattern"],
    )
    _check_name(name)
    _check_regexes(scope, group.name, name, pattern)
    delivery.check(scope, group.name, parameters["destinationArn"])
    others = [one for one in filters.of_group(scope, filters.SubscriptionFilter, group.name) if one.name != name]
    if len(others) >= _MOST_SUBSCRIPTIONS:
        raise AwsError("LimitExceededException", "Resource limit exceeded.")
    scope.put(
        filters.key(group.name, name),
        filters.SubscriptionFilter(
            group.name,
            name,
            pattern,
            millis(scope),
            parameters["destinationArn"],
            parameters.get("roleArn", ""),
            parameters.get("distribution", "ByLogStream"),
        ),
    )
    return {}


@answers("logs", "DescribeSubscriptionFilters")
def describe_subscription_filters(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A group's subscription filters, in pages."""
    group = group_of(scope, parameters["logGroupName"])
    limit = min(parameters.get("limit", _PAGE), _PAGE)
    found = filters.of_group(
        scope,
        filters.SubscriptionFilter,
        group.name,
        parameters.get("filterNamePrefix", ""),
        after=parameters.get("nextToken"),
    )
    page = list(islice(found, limit + 1))
    answer: dict[str, Any] = {"subscriptionFilters": [_subscription_shape(one) for one in page[:limit]]}
    if len(page) > limit:
        answer["nextToken"] = page[limit - 1].name
    return answer


def _subscription_shape(one: filters.SubscriptionFilter) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "filterName": one.name,
        "logGroupName": one.group,
        "filterPattern": one.pattern,
        "destinationArn": one.destination,
        "distribution": one.distribution,
        "applyOnTransformedLogs": False,
        "creationTime": one.created,
    }
    if one.role:
        shape["roleArn"] = one.role
    return shape


@answers("logs", "DeleteSubscriptionFilter")
def delete_subscription_filter(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove a subscription filter."""
    group = group_of(scope, parameters["logGroupName"])
    if not scope.delete(filters.SubscriptionFilter, filters.key(group.name, parameters["filterName"])):
        raise AwsError("ResourceNotFoundException", "The specified subscription filter does not exist.")
    return {}
