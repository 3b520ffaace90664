"""Roles are names."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from pointsman.clock import EPOCH
from support.backend import CheckedBackend

TRUST = '{"Version": "2012-10-17", "Statement": []}'


def test_a_role_is_kept_until_it_is_deleted(backend: CheckedBackend) -> None:
    """Its policy comes back as it was given, its ARN carries its path."""
    iam = backend.session().client("iam")
    made = iam.create_role(
        RoleName="Deploy", Path="/service/", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "b"}]
    )["Role"]
    assert made["Arn"] == "arn:aws:iam::123456789012:role/service/Deploy"
    assert made["CreateDate"] == EPOCH and made["RoleId"].startswith("AROA")
    assert iam.get_role(RoleName="Deploy")["Role"] == made
    assert made["AssumeRolePolicyDocument"] == {"Version": "2012-10-17", "Statement": []}
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=TRUST)
    iam.delete_role(RoleName="Deploy")
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="The role with name Deploy cannot be found"):
        iam.get_role(RoleName="Deploy")


def test_roles_are_listed_by_name_page_by_page(backend: CheckedBackend) -> None:
    """And by the beginning of their path, from any region."""
    iam = backend.session("eu-west-1").client("iam")
    for name in ("b", "a", "c"):
        iam.create_role(RoleName=name, Path="/x/" if name == "a" else "/", AssumeRolePolicyDocument=TRUST)
    elsewhere = backend.session("us-east-1").client("iam")
    pages = elsewhere.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2})
    assert [[role["RoleName"] for role in page["Roles"]] for page in pages] == [["a", "b"], ["c"]]
    assert [role["RoleName"] for role in iam.list_roles(PathPrefix="/x/")["Roles"]] == ["a"]


def test_what_would_look_as_if_policies_meant_something_says_that_they_do_not(backend: CheckedBackend) -> None:
    """Attaching one is refused by name, with the reason."""
    with pytest.raises(ClientError) as refused:
        backend.session().client("iam").attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/ReadOnly")
    assert refused.value.response["Error"] == {
        "Code": "NotImplemented",
        "Message": "Pointsman's backend does not answer iam:AttachRolePolicy: roles are names here, and no policy is"
        " ever judged",
    }


def test_a_policy_has_to_be_json_and_that_is_all(backend: CheckedBackend) -> None:
    """What is not built says so."""
    iam = backend.session().client("iam")
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.create_role(RoleName="a", AssumeRolePolicyDocument="not json")
    with pytest.raises(ClientError, match="iam:AttachRolePolicy"):
        iam.attach_role_policy(RoleName="a", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
