"""Secret properties of actions: given to who carries the action out, and shown to nobody else."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from pointsman.local.codepipeline.action_types import find_custom
from pointsman.local.codepipeline.declaration import ActionDeclaration, PipelineDeclaration
from pointsman.local.world import Scope

MASK: Final = "****"
_THIRD_PARTY: Final = frozenset({"OAuthToken", "ClientToken", "ClientSecret", "RefreshToken"})


def secrets(scope: Scope, kind: dict[str, str]) -> frozenset[str]:
    """The names of the secret properties of an action type, which is in AWS's shape."""
    if kind["owner"] == "ThirdParty":
        return _THIRD_PARTY
    found = None
    if kind["owner"] == "Custom":
        found = find_custom(scope, kind["category"], kind["provider"], kind["version"])
    return frozenset(one["name"] for one in found.properties if one["secret"]) if found is not None else frozenset()


def masked(scope: Scope, kind: dict[str, str], configuration: dict[str, str]) -> dict[str, str]:
    """A configuration with its secret properties masked."""
    hidden = secrets(scope, kind)
    return {name: MASK if name in hidden else value for name, value in configuration.items()}


def masked_pipeline(scope: Scope, definition: dict[str, Any]) -> dict[str, Any]:
    """A definition in AWS's shape with the secret properties of its actions masked."""
    return {**definition, "stages": [_stage(scope, stage) for stage in definition["stages"]]}


def _stage(scope: Scope, stage: dict[str, Any]) -> dict[str, Any]:
    return {**stage, "actions": [_action(scope, action) for action in stage["actions"]]}


def _action(scope: Scope, action: dict[str, Any]) -> dict[str, Any]:
    kind = action["actionTypeId"]
    if kind["owner"] == "AWS" or "configuration" not in action:
        return action
    return {**action, "configuration": masked(scope, kind, action["configuration"])}


def unmasked(scope: Scope, given: PipelineDeclaration, before: PipelineDeclaration) -> PipelineDeclaration:
    """A new definition in which a secret that came as its mask is what it was before."""

    def action(stage: str, one: ActionDeclaration) -> ActionDeclaration:
        former = known.action(one.name) if (known := before.stage(stage)) is not None else None
        kind = one.action_type_id
        if former is None or kind.owner == "AWS" or former.action_type_id != kind:
            return one
        hidden = secrets(scope, msgspec.to_builtins(kind))
        if not any(one.configuration.get(name) == MASK for name in hidden):
            return one
        kept = {
            name: former.configuration.get(name, value) if name in hidden and value == MASK else value
            for name, value in one.configuration.items()
        }
        return replace(one, configuration=kept)

    stages = tuple(
        replace(stage, actions=tuple(action(stage.name, one) for one in stage.actions)) for stage in given.stages
    )
    return replace(given, stages=stages)


def masked_run(scope: Scope, detail: dict[str, Any]) -> dict[str, Any]:
    """An action execution in AWS's shape with the secret properties in its input masked."""
    given = detail.get("input")
    if not given or given["actionTypeId"]["owner"] == "AWS":
        return detail
    kept = {
        name: masked(scope, given["actionTypeId"], given[name]) for name in ("configuration", "resolvedConfiguration")
    }
    return {**detail, "input": {**given, **kept}}
