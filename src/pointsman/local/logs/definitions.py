"""Answers about query definitions: queries that are kept under a name."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.logs.names import millis
from pointsman.local.world import Scope

_PAGE = 1000


class QueryDefinition(msgspec.Struct, frozen=True):
    """A kept query; key: its id."""

    id: str
    name: str
    query: str
    modified: int
    """Milliseconds since 1970."""
    groups: tuple[str, ...] = ()
    language: str = "CWLI"
    parameters: list[dict[str, str]] = []


@answers("logs", "PutQueryDefinition")
def put_query_definition(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep a query, or change what is kept under an id."""
    number = parameters.get("queryDefinitionId")
    if number is not None and scope.get(QueryDefinition, number) is None:
        raise AwsError("ResourceNotFoundException", "The specified query definition does not exist.")
    number = number or scope.world.uuid()
    scope.put(
        number,
        QueryDefinition(
            number,
            parameters["name"],
            parameters["queryString"],
            millis(scope),
            tuple(parameters.get("logGroupNames", ())),
            parameters.get("queryLanguage", "CWLI"),
            parameters.get("parameters", []),
        ),
    )
    return {"queryDefinitionId": number}


@answers("logs", "DescribeQueryDefinitions")
def describe_query_definitions(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Kept queries, in pages."""
    prefix, language = parameters.get("queryDefinitionNamePrefix", ""), parameters.get("queryLanguage", "")
    limit = min(parameters.get("maxResults", _PAGE), _PAGE)
    found = (
        one
        for _, one in scope.scan(QueryDefinition, after=parameters.get("nextToken"))
        if one.name.startswith(prefix) and language in ("", one.language)
    )
    page = list(islice(found, limit + 1))
    answer: dict[str, Any] = {"queryDefinitions": [_shape(one) for one in page[:limit]]}
    if len(page) > limit:
        answer["nextToken"] = page[limit - 1].id
    return answer


def _shape(one: QueryDefinition) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "queryLanguage": one.language,
        "queryDefinitionId": one.id,
        "name": one.name,
        "queryString": one.query,
        "lastModified": one.modified,
        "logGroupNames": list(one.groups),
    }
    if one.parameters:
        shape["parameters"] = one.parameters
    return shape


@answers("logs", "DeleteQueryDefinition")
def delete_query_definition(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget a kept query."""
    if not scope.delete(QueryDefinition, parameters["queryDefinitionId"]):
        raise AwsError("ResourceNotFoundException", "The specified query definition does not exist.")
    return {"success": True}
