"""STS's answers: one local user, and keys made up on the spot.

Every caller of a backend is its owner, so nothing is ever denied. An endpoint takes the keys until they run out.
"""

from __future__ import annotations

from typing import Any

from pointsman.local.answers import AwsError, Parameters, answers
from pointsman.local.sts.keys import make
from pointsman.local.world import Scope


@answers("sts", "GetCallerIdentity")
def get_caller_identity(scope: Scope, _: Parameters) -> dict[str, Any]:
    """The user ``local`` of the backend's account."""
    return {
        "UserId": "AIDAPOINTSMANLOCAL",
        "Account": scope.account,
        "Arn": f"arn:aws:iam::{scope.account}:user/local",
    }


@answers("sts", "GetSessionToken")
def get_session_token(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keys for twelve hours unless told otherwise."""
    return {"Credentials": _credentials(scope, parameters.get("DurationSeconds", 43_200))}


@answers("sts", "AssumeRole")
def assume_role(scope: Scope, parameters: Parameters) -> dict[str, Any]:
    """Keys in a role's name; any role's: roles are accepted as names."""
    fields = parameters["RoleArn"].split(":", 5)
    if len(fields) != 6 or fields[:3] != ["arn", "aws", "iam"] or not fields[5].startswith("role/"):
        raise AwsError("ValidationError", f"{parameters['RoleArn']} is invalid")
    role = fields[5].rsplit("/", 1)[1]
    session = parameters["RoleSessionName"]
    return {
        "Credentials": _credentials(scope, parameters.get("DurationSeconds", 3_600)),
        "AssumedRoleUser": {
            "AssumedRoleId": f"AROAPOINTSMANLOCAL:{session}",
            "Arn": f"arn:aws:sts::{fields[4]}:assumed-role/{role}/{session}",
        },
    }


def _credentials(scope: Scope, seconds: int) -> dict[str, Any]:
    key = make(scope, seconds)
    return {
        "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key,
        "SessionToken": key.session_token,
        "Expiration": key.expires,
    }
