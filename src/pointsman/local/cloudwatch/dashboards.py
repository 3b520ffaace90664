"""Dashboards: kept under their names, judged when they are put; they belong to an account, not to a region."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.cloudwatch import errors
from pointsman.local.cloudwatch.errors import wrong_value
from pointsman.local.world import Scope
from pointsman.semantics.metrics.dashboards import Problem, problems

PAGE: Final = 1000
GLOBAL: Final = "global"
"""The region dashboards are kept in: none."""
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class Dashboard(msgspec.Struct, frozen=True):
    """A dashboard, kept under its name."""

    name: str
    body: str
    modified: datetime
    tags: dict[str, str] = {}


def home(scope: Scope) -> Scope:
    """Where an account's dashboards are."""
    return scope.world.scope(scope.account, GLOBAL)


def arn(scope: Scope, name: str) -> str:
    """A dashboard's ARN; it has no region."""
    return f"arn:aws:cloudwatch::{scope.account}:dashboard/{name}"


def _check_name(name: str) -> None:
    if not name or not set(name) <= _LETTERS:
        raise wrong_value(
            "The value for field DashboardName contains invalid characters. "
            "It can only contain alphanumerics, dash (-) and underscore (_).\n"
        )
    if len(name) > 255:
        raise wrong_value("The value for field DashboardName must have at most 255 characters.\n")


@answers("cloudwatch", "PutDashboard")
def put_dashboard(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a dashboard, or replace one; what is odd but can be kept is told beside the success."""
    name, body = parameters["DashboardName"], parameters["DashboardBody"]
    _check_name(name)
    found = problems(body)
    wrong = [one for one in found if not one.warning]
    if wrong:
        raise _refused(wrong)
    former = home(scope).get(Dashboard, name)
    tags = errors.tags_given(parameters.get("Tags", []))
    home(scope).put(name, Dashboard(name, body, scope.now, former.tags if former is not None else tags))
    return {"DashboardValidationMessages": _shapes(found)}


def _shapes(found: list[Problem]) -> list[dict[str, str]]:
    return [{"DataPath": one.path, "Message": one.message} for one in found]


def _refused(wrong: list[Problem]) -> AwsError:
    listed = json.dumps([{"dataPath": one.path, "message": one.message} for one in wrong[:100]])
    text = f"The dashboard body is invalid, there are {len(wrong)} validation errors: {listed}"
    if len(wrong) == 1 and not wrong[0].path:
        text = wrong[0].message
    return AwsError("InvalidParameterInput", text, 400, dashboardValidationMessages=_shapes(wrong[:100]))


def _not_found(name: str) -> AwsError:
    return errors.not_found(f"Dashboard {name} does not exist")


@answers("cloudwatch", "GetDashboard")
def get_dashboard(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A dashboard's body."""
    name = parameters["DashboardName"]
    _check_name(name)
    found = home(scope).get(Dashboard, name)
    if found is None:
        raise _not_found(name)
    return {"DashboardArn": arn(scope, name), "DashboardBody": found.body, "DashboardName": name}


@answers("cloudwatch", "ListDashboards")
def list_dashboards(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Dashboards by name, a thousand a page."""
    after = errors.place(parameters.get("NextToken"), str)
    prefix = parameters.get("DashboardNamePrefix", "")
    found = [one for _, one in home(scope).scan(Dashboard, prefix, after=after, limit=PAGE + 1)]
    entries = [
        {
            "DashboardName": one.name,
            "DashboardArn": arn(scope, one.name),
            "LastModified": one.modified,
            "Size": len(one.body.encode()),
        }
        for one in found[:PAGE]
    ]
    answer: dict[str, Any] = {"DashboardEntries": entries}
    if len(found) > PAGE:
        answer["NextToken"] = errors.token(found[PAGE - 1].name)
    return answer


@answers("cloudwatch", "DeleteDashboards")
def delete_dashboards(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Remove dashboards: all of them, or none when one is not there."""
    names = parameters["DashboardNames"]
    for name in names:
        _check_name(name)
        if home(scope).get(Dashboard, name) is None:
            raise _not_found(name)
    for name in names:
        home(scope).delete(Dashboard, name)
    return {}
