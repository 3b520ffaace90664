"""Answers about connections, under both names of the service."""

from __future__ import annotations

from typing import Any

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codeconnections.connections import CodeConnection, LocalConnection, find, folder_of, mapped_id
from pointsman.local.world import Scope

_PAGE = 50


def _not_found(arn: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Resource with Amazon Resource Name (ARN) {arn} not found")


def _shape(scope: Scope, connection: CodeConnection) -> dict[str, Any]:
    return {
        "ConnectionName": connection.name,
        "ConnectionArn": connection.arn(scope),
        "ProviderType": connection.provider,
        "OwnerAccountId": scope.account,
        "ConnectionStatus": "PENDING" if folder_of(scope, connection) is None else "AVAILABLE",
    }


def _create(scope: Scope, parameters: Parameters, service: str) -> dict[str, Any]:
    if "HostArn" in parameters:
        raise AwsError("ResourceNotFoundException", f"There is no host {parameters['HostArn']}: hosts are not built")
    name, provider = parameters["ConnectionName"], parameters.get("ProviderType", "")
    if provider not in ("GitHub", "GitLab", "Bitbucket"):
        raise AwsError(
            "NotImplemented",
            f"Pointsman's backend connects to GitHub, GitLab and Bitbucket, not to {provider or 'a host'}",
            501,
        )
    tags = {tag["Key"]: tag["Value"] for tag in parameters.get("Tags", [])}
    mapped = scope.get(CodeConnection, mapped_id(scope, name))
    if mapped is None:
        mapped = CodeConnection(scope.world.uuid(), name, provider, scope.now, service, tags)
        scope.put(mapped.id, mapped)
    return {"ConnectionArn": mapped.arn(scope), "Tags": _tags(mapped)}


@answers("codeconnections", "CreateConnection")
def create_connection(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Make a connection; of a name that a world file maps, there is one already."""
    return _create(scope, parameters, "codeconnections")


@answers("codestar-connections", "CreateConnection")
def create_star_connection(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """The same under the service's former name."""
    return _create(scope, parameters, "codestar-connections")


@answers("codeconnections", "GetConnection")
@answers("codestar-connections", "GetConnection")
def get_connection(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A connection, PENDING until a world file maps its name."""
    connection = _found(scope, parameters["ConnectionArn"])
    return {"Connection": _shape(scope, connection)}


@answers("codeconnections", "ListConnections")
@answers("codestar-connections", "ListConnections")
def list_connections(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Connections by id."""
    wanted, most = parameters.get("ProviderTypeFilter"), parameters.get("MaxResults") or _PAGE
    if "HostArnFilter" in parameters:
        return {"Connections": []}
    found = [
        (key, one)
        for key, one in scope.scan(CodeConnection, after=parameters.get("NextToken"))
        if wanted is None or one.provider == wanted
    ]
    answer: dict[str, Any] = {"Connections": [_shape(scope, one) for _, one in found[:most]]}
    if len(found) > most:
        answer["NextToken"] = found[most - 1][0]
    return answer


@answers("codeconnections", "DeleteConnection")
@answers("codestar-connections", "DeleteConnection")
def delete_connection(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget a connection, and the folder its name leads to."""
    connection = _found(scope, parameters["ConnectionArn"])
    scope.delete(CodeConnection, connection.id)
    if connection.id == mapped_id(scope, connection.name):
        scope.delete(LocalConnection, connection.name)
    return {}


@answers("codeconnections", "ListTagsForResource")
@answers("codestar-connections", "ListTagsForResource")
def list_tags_for_resource(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A connection's tags."""
    return {"Tags": _tags(_found(scope, parameters["ResourceArn"]))}


def _found(scope: Scope, arn: str) -> CodeConnection:
    connection = find(scope, arn)
    if connection is None or arn.split(":")[3] != scope.region:
        raise _not_found(arn)
    return connection


def _tags(connection: CodeConnection) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(connection.tags.items())]
