"""The account's own action types: kept, found, judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pointsman.local.codepipeline.declaration import ActionTypeId
from pointsman.local.codepipeline.known import ActionType
from pointsman.local.world import Scope


class CustomActionType(msgspec.Struct, frozen=True):
    """A custom action type; key: ``category/provider/version``."""

    category: str
    provider: str
    version: str
    shape: dict[str, Any]
    """As CreateCustomActionType took it: settings, configurationProperties, the counts of artifacts."""
    tags: dict[str, str] = {}
    deleted: bool = False
    """Kept, for a version can never be used again."""

    @property
    def key(self) -> str:
        """Its key, and the kind of its jobs."""
        return f"{self.category}/{self.provider}/{self.version}"

    @property
    def properties(self) -> list[dict[str, Any]]:
        """Its configuration properties."""
        found: list[dict[str, Any]] = self.shape.get("configurationProperties", [])
        return found

    @property
    def queryable(self) -> str:
        """The name of the property by which workers choose jobs; empty when there is none."""
        return next((one["name"] for one in self.properties if one.get("queryable")), "")

    @property
    def rules(self) -> ActionType:
        """What it asks of a declaration."""
        return ActionType(
            _counts(self.shape["inputArtifactDetails"]),
            _counts(self.shape["outputArtifactDetails"]),
            tuple(one["name"] for one in self.properties if one["required"]),
            tuple(one["name"] for one in self.properties if not one["required"]),
        )

    def to_wire(self) -> dict[str, Any]:
        """As AWS shows it."""
        shown: dict[str, Any] = {
            "id": {
                "category": self.category,
                "owner": "Custom",
                "provider": self.provider,
                "version": self.version,
            },
            "inputArtifactDetails": self.shape["inputArtifactDetails"],
            "outputArtifactDetails": self.shape["outputArtifactDetails"],
            "actionConfigurationProperties": self.properties,
        }
        if "settings" in self.shape:
            shown["settings"] = self.shape["settings"]
        return shown


def _counts(details: dict[str, int]) -> tuple[int, int]:
    return details["minimumCount"], details["maximumCount"]


def find_custom(scope: Scope, category: str, provider: str, version: str) -> CustomActionType | None:
    """The custom action type of this id; None when there is none, or it was deleted."""
    found = scope.get(CustomActionType, f"{category}/{provider}/{version}")
    return None if found is None or found.deleted else found


def filled(template: str, configuration: Mapping[str, str]) -> str:
    """A URL template with ``{Config:name}`` filled in."""
    for name, value in configuration.items():
        template = template.replace(f"{{Config:{name}}}", value)
    return template


def custom_type(scope: Scope) -> Callable[[ActionTypeId], ActionType | None]:
    """What finds the rules of the account's own action types."""

    def find(kind: ActionTypeId) -> ActionType | None:
        found = find_custom(scope, kind.category, kind.provider, kind.version)
        return None if found is None else found.rules

    return find
