"""Buckets: names, regions, versioning, and what AWS says when something is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.backend import CheckedBackend


def s3(backend: CheckedBackend, region: str = "us-east-1") -> Any:
    return backend.session(region_name=region).client("s3")


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_a_bucket_is_listed_headed_and_deleted(backend: CheckedBackend) -> None:
    client = s3(backend)
    assert client.create_bucket(Bucket="releases")["Location"] == "/releases"
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["releases"]
    assert client.head_bucket(Bucket="releases")["BucketRegion"] == "us-east-1"
    client.delete_bucket(Bucket="releases")
    with pytest.raises(ClientError) as caught:
        client.head_bucket(Bucket="releases")
    assert code(caught) == "404"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_bucket_with_objects_is_not_deleted(backend: CheckedBackend) -> None:
    client = s3(backend)
    client.create_bucket(Bucket="releases")
    client.put_object(Bucket="releases", Key="a", Body=b"x")
    with pytest.raises(ClientError) as caught:
        client.delete_bucket(Bucket="releases")
    assert code(caught) == "BucketNotEmpty"


def test_another_region_wants_its_location_said(backend: CheckedBackend) -> None:
    client = s3(backend, "eu-west-1")
    with pytest.raises(ClientError) as caught:
        client.create_bucket(Bucket="releases")
    assert code(caught) == "IllegalLocationConstraintException"
    here = {"LocationConstraint": "eu-west-1"}
    client.create_bucket(Bucket="releases", CreateBucketConfiguration=here)
    assert client.get_bucket_location(Bucket="releases")["LocationConstraint"] == "eu-west-1"
    with pytest.raises(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket="releases", CreateBucketConfiguration=here)


def test_us_east_1_makes_a_bucket_twice_and_has_no_location(backend: CheckedBackend) -> None:
    client = s3(backend)
    client.create_bucket(Bucket="releases")
    client.create_bucket(Bucket="releases")
    assert client.get_bucket_location(Bucket="releases")["LocationConstraint"] is None


@pytest.mark.parametrize("name", ["Up", "ab", "a..b", "10.0.0.1", "-ab", "a" * 64])
def test_names_s3_would_not_take(backend: CheckedBackend, name: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3(backend).create_bucket(Bucket=name)
    assert code(caught) == "InvalidBucketName"


def test_versioning_is_off_until_it_is_turned_on(backend: CheckedBackend) -> None:
    client = s3(backend)
    client.create_bucket(Bucket="releases")
    assert "Status" not in client.get_bucket_versioning(Bucket="releases")
    client.put_bucket_versioning(Bucket="releases", VersioningConfiguration={"Status": "Enabled"})
    assert client.get_bucket_versioning(Bucket="releases")["Status"] == "Enabled"


def test_tags_of_a_bucket(backend: CheckedBackend) -> None:
    client = s3(backend)
    client.create_bucket(Bucket="releases")
    with pytest.raises(ClientError) as caught:
        client.get_bucket_tagging(Bucket="releases")
    assert code(caught) == "NoSuchTagSet"
    client.put_bucket_tagging(Bucket="releases", Tagging={"TagSet": [{"Key": "team", "Value": "web"}]})
    assert client.get_bucket_tagging(Bucket="releases")["TagSet"] == [{"Key": "team", "Value": "web"}]
    client.delete_bucket_tagging(Bucket="releases")


def test_buckets_are_listed_in_pages(backend: CheckedBackend) -> None:
    client = s3(backend)
    for name in ("one", "two", "three", "four"):
        client.create_bucket(Bucket=f"bucket-{name}")
    pages = list(client.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Buckets"]) for page in pages] == [3, 1]
    assert {bucket["BucketRegion"] for page in pages for bucket in page["Buckets"]} == {"us-east-1"}


def test_what_is_not_built_says_so_by_name(backend: CheckedBackend) -> None:
    client = s3(backend)
    client.create_bucket(Bucket="releases")
    with pytest.raises(ClientError, match="s3:GetBucketAcl") as caught:
        client.get_bucket_acl(Bucket="releases")
    assert code(caught) == "NotImplemented"
