"""Listing: prefixes, delimiters, pages; the pages together are always the whole."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from pointsman.clock import ManualClock
from support.backend import CheckedBackend

KEYS = ["a", "b/1", "b/2", "b/c/3", "c", "c d/ü", "d/", "e//f"]


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("s3")
    made.create_bucket(Bucket="releases")
    for key in KEYS:
        made.put_object(Bucket="releases", Key=key, Body=b"")
    return made


def test_a_delimiter_folds_what_lies_behind_it(client: Any) -> None:
    answer = client.list_objects_v2(Bucket="releases", Delimiter="/")
    assert [item["Key"] for item in answer["Contents"]] == ["a", "c"]
    assert [item["Prefix"] for item in answer["CommonPrefixes"]] == ["b/", "c d/", "d/", "e/"]
    assert answer["KeyCount"] == 6
    inner = client.list_objects_v2(Bucket="releases", Delimiter="/", Prefix="b/")
    assert [item["Key"] for item in inner["Contents"]] == ["b/1", "b/2"]
    assert [item["Prefix"] for item in inner["CommonPrefixes"]] == ["b/c/"]


def test_start_after_and_an_empty_page(client: Any) -> None:
    answer = client.list_objects_v2(Bucket="releases", StartAfter="c")
    assert [item["Key"] for item in answer["Contents"]] == ["c d/ü", "d/", "e//f"]
    assert client.list_objects_v2(Bucket="releases", MaxKeys=0)["IsTruncated"] is False


@pytest.fixture(scope="module")
def sides() -> Iterator[tuple[Any, Any, Iterator[int]]]:
    with CheckedBackend(clock=ManualClock()) as backend, mock_aws():
        yield backend.session().client("s3"), boto3.client("s3", region_name="us-east-1"), count()


@settings(max_examples=25, deadline=None)
@given(
    keys=st.sets(st.text(alphabet="ab/é", min_size=1, max_size=5), max_size=12),
    prefix=st.text(alphabet="ab/", max_size=2),
    delimiter=st.sampled_from(["", "/", "b"]),
    size=st.integers(min_value=1, max_value=4),
)
def test_pages_agree_with_independent_software(
    sides: tuple[Any, Any, Iterator[int]], keys: set[str], prefix: str, delimiter: str, size: int
) -> None:
    ours, theirs, number = sides
    bucket = f"bucket-{next(number)}"
    options = {"Bucket": bucket, "Prefix": prefix, **({"Delimiter": delimiter} if delimiter else {})}

    def listed(client: Any, call: str) -> tuple[list[str], list[str]]:
        pages = list(client.get_paginator(call).paginate(**options, PaginationConfig={"PageSize": size}))
        assert all(len(page.get("Contents", [])) + len(page.get("CommonPrefixes", [])) <= size for page in pages)
        return (
            [item["Key"] for page in pages for item in page.get("Contents", [])],
            [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", [])],
        )

    for client in (ours, theirs):
        client.create_bucket(Bucket=bucket)
        for key in sorted(keys):
            client.put_object(Bucket=bucket, Key=key, Body=b"x")
    expected = listed(theirs, "list_objects_v2")
    assert listed(ours, "list_objects_v2") == expected
    assert listed(ours, "list_objects") == expected


def test_versions_in_pages_are_the_whole(client: Any) -> None:
    client.put_bucket_versioning(Bucket="releases", VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "b/1", "a"):
        client.put_object(Bucket="releases", Key=key, Body=b"2")
    client.delete_object(Bucket="releases", Key="b/1")
    pages = list(
        client.get_paginator("list_object_versions").paginate(Bucket="releases", PaginationConfig={"PageSize": 2})
    )
    found = [
        (item["Key"], item["VersionId"])
        for page in pages
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    ]
    assert len(found) == len(set(found)) == len(KEYS) + 4
    folded = client.list_object_versions(Bucket="releases", Delimiter="/")
    assert [item["Prefix"] for item in folded["CommonPrefixes"]] == ["b/", "c d/", "d/", "e/"]
