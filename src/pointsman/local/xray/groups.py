"""Groups: filter expressions with a name."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.world import Scope
from pointsman.local.xray import tags
from pointsman.local.xray.names import invalid, longer_than, offset, write_token
from pointsman.semantics.traces import filters
from pointsman.semantics.traces.filters import Filter, FilterError

MOST: Final = 25
_PAGE: Final = 100
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LOOPS: Final = 8
"""How deep groups may speak of groups."""


class Group(msgspec.Struct, frozen=True):
    """A group."""

    name: str
    arn: str
    expression: str = ""
    insights: bool = False
    notifications: bool = False
    tags: dict[str, str] = {}


def parse(scope: Scope, expression: str) -> Filter | None:
    """Read a filter expression, groups filled in.

    Raises:
        AwsError: It is none; names the column.
    """
    return _parse(scope, expression, 0)


def _parse(scope: Scope, expression: str, depth: int) -> Filter | None:
    try:
        term = filters.parse(expression)
    except FilterError as error:
        raise invalid(f"Invalid filter expression: {error}") from None
    if term is None or not filters.groups_of(term):
        return term
    if depth >= _LOOPS:
        raise invalid("The filter expressions of these groups refer to each other without an end.")

    def lookup(by: str, value: str) -> Filter | None:
        return _parse(scope, find(scope, **{by: value}).expression, depth + 1)

    return filters.resolve(term, lookup)


def of_call(scope: Scope, parameters: Parameters) -> Filter | None:
    """The filter of the group a call is about; None for all traces."""
    if "GroupName" not in parameters and "GroupARN" not in parameters:
        return None
    return parse(scope, _named(scope, parameters).expression)


def find(scope: Scope, name: str = "", arn: str = "") -> Group:
    """The group of this name or ARN.

    Raises:
        AwsError: There is none.
    """
    found = scope.get(Group, name) if name else next((one for _, one in scope.scan(Group) if one.arn == arn), None)
    if found is None:
        raise invalid("Group not found")
    return found


def _named(scope: Scope, parameters: Parameters) -> Group:
    name, arn = parameters.get("GroupName", ""), parameters.get("GroupARN", "")
    if bool(name) == bool(arn):
        raise invalid("Specify a group by either GroupName or GroupARN, but not both.")
    return find(scope, name, arn)


@answers("xray", "CreateGroup")
def create_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Give a filter expression a name."""
    name = parameters["GroupName"]
    if (wrong := longer_than(name, 32, "groupName")) is not None:
        raise wrong
    if not name.isascii() or not all(letter.isalnum() or letter in "-_" for letter in name):
        raise invalid("A group name contains alphanumeric characters, dashes and underscores.")
    if name == "Default":
        raise invalid("Default is a reserved group name.")
    if scope.get(Group, name) is not None:
        raise invalid("Group with the same name already exists")
    if sum(1 for _ in scope.scan(Group)) >= MOST:
        raise invalid(f"The limit of {MOST} groups is reached.")
    expression = parameters.get("FilterExpression", "")
    parse(scope, expression)
    arn = scope.arn("xray", f"group/{name}/{scope.world.letters(_ALPHABET, 52)}")
    group = _configured(Group(name, arn, expression, tags=tags.given(parameters)), parameters)
    scope.put(name, group)
    return {"Group": _shape(group)}


def _configured(group: Group, parameters: Parameters) -> Group:
    given = parameters.get("InsightsConfiguration", {})
    insights = given.get("InsightsEnabled", group.insights)
    notifications = given.get("NotificationsEnabled", group.notifications and insights)
    if notifications and not insights:
        raise invalid("Notifications can only be enabled on a group with InsightsEnabled set to true.")
    return msgspec.structs.replace(group, insights=insights, notifications=notifications)


def _shape(group: Group) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "GroupName": group.name,
        "GroupARN": group.arn,
        "InsightsConfiguration": {
            "InsightsEnabled": group.insights,
            "NotificationsEnabled": group.notifications,
        },
    }
    if group.expression:
        shape["FilterExpression"] = group.expression
    return shape


@answers("xray", "UpdateGroup")
def update_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Change a group's expression or its insights."""
    group = _named(scope, parameters)
    if "FilterExpression" in parameters:
        expression = parameters["FilterExpression"]
        group = msgspec.structs.replace(group, expression=expression)
        scope.put(group.name, group)
        parse(scope, expression)  # with the group as it would be: it may speak of itself
    group = _configured(group, parameters)
    scope.put(group.name, group)
    return {"Group": _shape(group)}


@answers("xray", "DeleteGroup")
def delete_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget a group."""
    scope.delete(Group, _named(scope, parameters).name)
    return {}


@answers("xray", "GetGroup")
def get_group(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A group."""
    return {"Group": _shape(_named(scope, parameters))}


@answers("xray", "GetGroups")
def get_groups(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Every group, by name."""
    start = offset(parameters)
    found = [_shape(one) for _, one in scope.scan(Group)]
    answer: dict[str, Any] = {"Groups": found[start : start + _PAGE]}
    if len(found) > start + _PAGE:
        answer["NextToken"] = write_token(start + _PAGE)
    return answer


def retag(scope: Scope, arn: str, change: tags.Change) -> dict[str, str]:
    """Change a group's tags; returns them as they are then.

    Raises:
        AwsError: There is no such group.
    """
    try:
        group = find(scope, arn=arn)
    except AwsError:
        raise tags.absent(arn) from None
    changed = change(group.tags)
    if changed != group.tags:
        scope.put(group.name, msgspec.structs.replace(group, tags=changed))
    return changed
