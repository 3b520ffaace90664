"""CodeBuild's answers about access: credentials of source providers, and who else may use projects and reports.

A token is kept by nobody: nothing here asks GitHub for anything. Credentials of the type CODECONNECTIONS name a
connection, and sources of their server come from its folder. Policies are kept as they came; with one account there is
nobody whom they could let in, and nothing that others share.
"""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codebuild.credentials import SourceCredentials
from pointsman.local.codebuild.paging import paged
from pointsman.local.codebuild.projects import project_of
from pointsman.local.codebuild.reports import ReportGroup
from pointsman.local.codebuild.settings import invalid
from pointsman.local.codeconnections import connections
from pointsman.local.world import Scope

_BASIC: Final = "BITBUCKET"


class ResourcePolicy(msgspec.Struct, frozen=True):
    """The policy of a project or report group; key: its ARN."""

    policy: str


@answers("codebuild", "ImportSourceCredentials")
def import_source_credentials(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep that there are credentials for a server, and the connection or secret they name; never a token."""
    server, kind, token = parameters["serverType"], parameters["authType"], parameters["token"]
    if not token:
        raise invalid("The token is missing")
    if (kind == "BASIC_AUTH") != ("username" in parameters) or (kind == "BASIC_AUTH" and server != _BASIC):
        raise invalid("A username is given with BASIC_AUTH, which only Bitbucket has, and with nothing else")
    resource = ""
    if kind == "CODECONNECTIONS":
        if connections.find(scope, token) is None:
            raise invalid(f"There is no connection {token}")
        resource = token
    elif kind == "SECRETS_MANAGER":
        if not token.startswith("arn:aws:secretsmanager:"):
            raise invalid("The token of SECRETS_MANAGER is the ARN of a secret")
        resource = token
    if scope.get(SourceCredentials, server) is not None and parameters.get("shouldOverwrite", True) is False:
        raise AwsError("ResourceAlreadyExistsException", f"There are credentials for {server} already")
    scope.put(server, SourceCredentials(server, kind, resource))
    return {"arn": _arn(scope, server)}


def _arn(scope: Scope, server: str) -> str:
    return scope.arn("codebuild", f"token/{server.lower().replace('_', '-')}")


@answers("codebuild", "ListSourceCredentials")
def list_source_credentials(scope: Scope, _: Parameters) -> dict[str, Any]:
    """For which servers there are credentials."""
    return {
        "sourceCredentialsInfos": [
            {
                "arn": _arn(scope, one.server),
                "serverType": one.server,
                "authType": one.kind,
                **({"resource": one.resource} if one.resource else {}),
            }
            for _, one in scope.scan(SourceCredentials)
        ]
    }


@answers("codebuild", "DeleteSourceCredentials")
def delete_source_credentials(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget credentials."""
    for server, _ in scope.scan(SourceCredentials):
        if _arn(scope, server) == parameters["arn"]:
            scope.delete(SourceCredentials, server)
            return {"arn": parameters["arn"]}
    raise AwsError("ResourceNotFoundException", f"There are no credentials {parameters['arn']}")


@answers("codebuild", "PutResourcePolicy")
def put_resource_policy(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep the policy of a project or report group; it is never judged."""
    arn = _shareable(scope, parameters["resourceArn"])
    try:
        statements = json.loads(parameters["policy"])["Statement"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise invalid("The policy is not a policy document") from None
    if not statements:
        raise invalid("The policy has no statements")
    scope.put(arn, ResourcePolicy(parameters["policy"]))
    return {"resourceArn": arn}


@answers("codebuild", "GetResourcePolicy")
def get_resource_policy(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The policy of a project or report group."""
    found = scope.get(ResourcePolicy, _shareable(scope, parameters["resourceArn"]))
    if found is None:
        raise AwsError("ResourceNotFoundException", f"{parameters['resourceArn']} has no policy")
    return {"policy": found.policy}


@answers("codebuild", "DeleteResourcePolicy")
def delete_resource_policy(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget a policy; one that is not there is no error."""
    scope.delete(ResourcePolicy, parameters["resourceArn"])
    return {}


def _shareable(scope: Scope, arn: str) -> str:
    """The ARN of a project or report group that is there."""
    if ":report-group/" in arn:
        if scope.get(ReportGroup, arn.rpartition(":report-group/")[2]) is None:
            raise AwsError("ResourceNotFoundException", f"Report group cannot be found: {arn}")
        return arn
    if ":project/" not in arn:
        raise invalid(f"{arn} is the ARN of neither a project nor a report group")
    return project_of(scope, arn).arn


@answers("codebuild", "ListSharedProjects")
def list_shared_projects(_: Scope, parameters: Parameters) -> dict[str, Any]:
    """What other accounts share: there are none."""
    nothing: list[str] = []
    return paged(nothing, parameters, "projects")


@answers("codebuild", "ListSharedReportGroups")
def list_shared_report_groups(_: Scope, parameters: Parameters) -> dict[str, Any]:
    """What other accounts share: there are none."""
    nothing: list[str] = []
    return paged(nothing, parameters, "reportGroups")
