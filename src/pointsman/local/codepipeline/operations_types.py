"""Answers about action types and rule types."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.codepipeline import known
from pointsman.local.codepipeline.action_types import CustomActionType
from pointsman.local.codepipeline.conditions import RULE_TYPES
from pointsman.local.codepipeline.constraints import check
from pointsman.local.codepipeline.lookup import paged, place_of, tag_list, tags_of
from pointsman.local.world import Scope

CUSTOM = 50
"""AWS's quota of custom action types in a region."""
_PAGE = 100
_CATEGORIES = ("Source", "Build", "Deploy", "Test", "Invoke", "Approval")


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)


@answers("codepipeline", "CreateCustomActionType")
def create_custom_action_type(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep an action type of the account's own; a version that was ever used is refused."""
    check("CreateCustomActionType", parameters)
    category, provider, version = (parameters[name] for name in ("category", "provider", "version"))
    if category not in _CATEGORIES:
        raise _invalid(f"Custom actions of the category {category} are not supported")
    shape: dict[str, Any] = {
        name: parameters[name]
        for name in ("settings", "configurationProperties", "inputArtifactDetails", "outputArtifactDetails")
        if name in parameters
    }
    made = CustomActionType(category, provider, version, shape, tags_of({}, parameters.get("tags", [])))
    _judge(made)
    former = scope.get(CustomActionType, made.key)
    if former is not None:
        state = "was deleted: its version cannot be used again" if former.deleted else "already exists"
        raise _invalid(f"The action type {category} {provider} (version {version}) {state}")
    if sum(1 for _, one in scope.scan(CustomActionType) if not one.deleted) >= CUSTOM:
        raise AwsError("LimitExceededException", f"An account cannot have more than {CUSTOM} custom action types")
    scope.put(made.key, made)
    answer: dict[str, Any] = {"actionType": made.to_wire()}
    if made.tags:
        answer["tags"] = tag_list(made.tags)
    return answer


def _judge(made: CustomActionType) -> None:
    for label in ("inputArtifactDetails", "outputArtifactDetails"):
        least, most = made.shape[label]["minimumCount"], made.shape[label]["maximumCount"]
        if least > most:
            raise _invalid(f"{label}: minimumCount {least} is more than maximumCount {most}")
    if made.category == "Source" and made.shape["inputArtifactDetails"]["maximumCount"]:
        raise _invalid("A source action takes no input artifacts")
    names = [one["name"] for one in made.properties]
    if len(names) != len(set(names)):
        raise _invalid("Configuration properties must have different names")
    queryable = [one for one in made.properties if one.get("queryable")]
    if len(queryable) > 1:
        raise _invalid("An action type can have only one queryable property")
    if queryable and (queryable[0]["secret"] or not queryable[0]["required"]):
        raise _invalid("A queryable property must be required, and must not be secret")


@answers("codepipeline", "DeleteCustomActionType")
def delete_custom_action_type(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Mark an action type of the account's own as deleted; one that is not there is no error."""
    check("DeleteCustomActionType", parameters)
    key = "/".join(parameters[name] for name in ("category", "provider", "version"))
    if (found := scope.get(CustomActionType, key)) is not None:
        scope.put(key, replace(found, deleted=True))
    return {}


@answers("codepipeline", "ListActionTypes")
def list_action_types(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """AWS's action types and the account's own."""
    check("ListActionTypes", parameters)
    owner = parameters.get("actionOwnerFilter")
    shown = [*known.listed(), *(one.to_wire() for _, one in scope.scan(CustomActionType) if not one.deleted)]
    shown = [one for one in shown if owner is None or one["id"]["owner"] == owner]
    keyed = sorted((("/".join(one["id"].values()), one) for one in shown), key=lambda pair: pair[0])
    after = place_of(parameters) or ""
    rest = [pair for pair in keyed if pair[0] > after]
    page = rest[:_PAGE]
    return paged({"actionTypes": [one for _, one in page]}, page[-1][0] if len(rest) > len(page) else None)


@answers("codepipeline", "GetActionType", "UpdateActionType")
def get_action_type(scope: Scope, parameters: Parameters) -> dict[str, Any]:  # noqa: ARG001 - there are none
    """Both are about types that a provider registered with AWS; an account of this backend has none."""
    kind = parameters.get("actionType", {}).get("id", parameters)
    named = f"{kind['category']} {kind['provider']} (owner {kind['owner']}, version {kind['version']})"
    raise AwsError(
        "ActionTypeNotFoundException",
        f"The action type {named} was not registered by this account; custom ones are shown by ListActionTypes",
    )


@answers("codepipeline", "ListRuleTypes")
def list_rule_types(scope: Scope, parameters: Parameters) -> dict[str, Any]:  # noqa: ARG001 - the same everywhere
    """The rule providers of conditions."""
    check("ListRuleTypes", parameters)
    return {
        "ruleTypes": [
            {
                "id": {"category": "Rule", "owner": "AWS", "provider": name, "version": "1"},
                "ruleConfigurationProperties": [
                    {"name": key, "required": key in kind.required, "key": True, "secret": False, "queryable": False}
                    for key in (*kind.required, *kind.optional)
                ],
                "inputArtifactDetails": {"minimumCount": kind.inputs[0], "maximumCount": kind.inputs[1]},
            }
            for name, kind in sorted(RULE_TYPES.items())
        ]
    }
