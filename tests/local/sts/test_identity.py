"""Who the caller is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH
from support.backend import CheckedBackend


def test_the_caller_is_the_local_user(backend: CheckedBackend) -> None:
    who = backend.session().client("sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == ("123456789012", "arn:aws:iam::123456789012:user/local")


def test_a_role_is_assumed_by_its_name(backend: CheckedBackend) -> None:
    sts = backend.session().client("sts")
    answer = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/path/deploy", RoleSessionName="me")
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::123456789012:assumed-role/deploy/me"
    assert answer["Credentials"]["Expiration"] == EPOCH + timedelta(hours=1)
    with pytest.raises(ClientError, match="is invalid"):
        sts.assume_role(RoleArn="arn:aws:iam::123456789012:user/me", RoleSessionName="me")


def test_session_tokens_last_as_long_as_asked(backend: CheckedBackend) -> None:
    token = backend.session().client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    assert token["Expiration"] == EPOCH + timedelta(minutes=15)
