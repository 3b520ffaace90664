"""IAM's answers: create, get, list and delete a role.

A role is a name that pipelines and projects may carry. Every caller of a backend is its owner and nothing is ever
denied, so a trust policy has to be JSON, as it is given back, but is not judged. Attaching policies is not built, and
answers so: it would look as if it meant something.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.world import Scope

GLOBAL = "aws-global"
_ID = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAGE = 100


class Role(msgspec.Struct, frozen=True):
    """A role, kept under its name in lower case: names are unique whatever their case."""

    name: str
    id: str
    path: str
    policy: str
    """The trust policy as it was given."""
    created: datetime
    description: str | None = None
    seconds: int = 3600
    tags: dict[str, str] = {}


def _place(scope: Scope) -> Scope:
    return scope.world.scope(scope.account, GLOBAL)


def _role(scope: Scope, name: str) -> Role:
    found = _place(scope).get(Role, name.lower())
    if found is None:
        raise AwsError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
    return found


def _shape(scope: Scope, role: Role, *, whole: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": f"arn:aws:iam::{scope.account}:role{role.path}{role.name}",
        "CreateDate": role.created.replace(microsecond=0),
        "AssumeRolePolicyDocument": quote(role.policy, safe=""),
        "MaxSessionDuration": role.seconds,
    }
    if role.description is not None:
        shape["Description"] = role.description
    if whole and role.tags:
        shape["Tags"] = [{"Key": key, "Value": value} for key, value in role.tags.items()]
    return shape


@answers("iam", "CreateRole")
def create_role(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keep a role."""
    name = parameters["RoleName"]
    try:
        policy = json.loads(parameters["AssumeRolePolicyDocument"])
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        raise AwsError("MalformedPolicyDocument", "This policy contains invalid Json")
    if _place(scope).get(Role, name.lower()) is not None:
        raise AwsError("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    role = Role(
        name,
        "AROA" + scope.world.letters(_ID, 17),
        parameters.get("Path", "/"),
        parameters["AssumeRolePolicyDocument"],
        scope.now,
        parameters.get("Description"),
        parameters.get("MaxSessionDuration", 3600),
        {tag["Key"]: tag["Value"] for tag in parameters.get("Tags", [])},
    )
    _place(scope).put(name.lower(), role)
    return {"Role": _shape(scope, role, whole=True)}


@answers("iam", "GetRole")
def get_role(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """A role by its name."""
    return {"Role": _shape(scope, _role(scope, parameters["RoleName"]), whole=True)}


@answers("iam", "ListRoles")
def list_roles(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Roles by name; a page is continued behind the name its marker is."""
    limit, prefix = parameters.get("MaxItems", _PAGE), parameters.get("PathPrefix", "/")
    after = parameters.get("Marker", "").lower() or None
    found = [role for _, role in _place(scope).scan(Role, after=after) if role.path.startswith(prefix)]
    page = found[:limit]
    answer: dict[str, Any] = {
        "Roles": [_shape(scope, role, whole=False) for role in page],
        "IsTruncated": len(page) < len(found),
    }
    if len(page) < len(found):
        answer["Marker"] = page[-1].name
    return answer


@answers("iam", "DeleteRole")
def delete_role(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Forget a role; what carries its name does not mind."""
    role = _role(scope, parameters["RoleName"])
    _place(scope).delete(Role, role.name.lower())
    return {}
