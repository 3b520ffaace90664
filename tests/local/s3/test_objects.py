"""Objects: bodies, ranges, conditions, versions, copies; the other engines' way in."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.local.s3 import objects
from pointsman.local.world import Scope
from support.backend import CheckedBackend


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("s3")
    made.create_bucket(Bucket="releases")
    return made


def code(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_an_object_comes_back_as_it_was_put(client: Any) -> None:
    put = client.put_object(
        Bucket="releases",
        Key="site/index.html",
        Body=b"hello",
        ContentType="text/html",
        CacheControl="no-cache",
        Metadata={"commit": "abc"},
    )
    assert put["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    got = client.get_object(Bucket="releases", Key="site/index.html")
    assert got["Body"].read() == b"hello"
    assert (got["ContentType"], got["CacheControl"], got["Metadata"]) == ("text/html", "no-cache", {"commit": "abc"})
    assert (got["ContentLength"], got["ETag"]) == (5, put["ETag"])
    head = client.head_object(Bucket="releases", Key="site/index.html")
    assert (head["ContentLength"], head["LastModified"]) == (5, got["LastModified"])


@pytest.mark.parametrize("body", [b"bytes", bytearray(b"bytes"), io.BytesIO(b"bytes"), "bytes"])
def test_a_body_is_bytes_a_file_or_a_text(client: Any, body: Any) -> None:
    client.put_object(Bucket="releases", Key="a", Body=body)
    assert client.get_object(Bucket="releases", Key="a")["Body"].read() == b"bytes"


def test_an_open_file_is_a_body_and_streams_read_in_pieces(client: Any, tmp_path: Path) -> None:
    place = tmp_path / "big"
    place.write_bytes(bytes(range(256)) * 4096)
    with place.open("rb") as body:
        client.put_object(Bucket="releases", Key="big", Body=body)
    stream = client.get_object(Bucket="releases", Key="big")["Body"]
    assert b"".join(stream.iter_chunks(10_000)) == place.read_bytes()


def test_a_key_that_is_not_there(client: Any) -> None:
    with pytest.raises(client.exceptions.NoSuchKey):
        client.get_object(Bucket="releases", Key="nothing")
    with pytest.raises(client.exceptions.NoSuchBucket):
        client.get_object(Bucket="elsewhere", Key="nothing")
    with pytest.raises(ClientError) as caught:
        client.head_object(Bucket="releases", Key="nothing")
    assert code(caught) == ("404", 404)
    assert client.delete_object(Bucket="releases", Key="nothing")["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize(
    ("asked", "given", "said"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=5-500", b"56789", "bytes 5-9/10"),
    ],
)
def test_a_stretch_of_a_body(client: Any, asked: str, given: bytes, said: str) -> None:
    client.put_object(Bucket="releases", Key="digits", Body=b"0123456789")
    got = client.get_object(Bucket="releases", Key="digits", Range=asked)
    assert (got["Body"].read(), got["ContentRange"], got["ContentLength"]) == (given, said, len(given))


def test_a_stretch_beyond_the_body_is_refused(client: Any) -> None:
    client.put_object(Bucket="releases", Key="digits", Body=b"0123456789")
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket="releases", Key="digits", Range="bytes=10-")
    assert code(caught) == ("InvalidRange", 416)


def test_conditions_on_reads_and_writes(client: Any) -> None:
    etag = client.put_object(Bucket="releases", Key="a", Body=b"1", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket="releases", Key="a", Body=b"2", IfNoneMatch="*")
    assert code(caught) == ("PreconditionFailed", 412)
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket="releases", Key="a", IfNoneMatch=etag)
    assert code(caught) == ("304", 304)
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket="releases", Key="a", IfMatch='"other"')
    assert code(caught) == ("PreconditionFailed", 412)
    assert client.get_object(Bucket="releases", Key="a", IfMatch=etag)["Body"].read() == b"1"


def test_a_body_that_is_not_what_its_checksum_says_is_refused(client: Any) -> None:
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket="releases", Key="a", Body=b"1", ChecksumSHA256="bm8=")
    assert code(caught)[0] == "BadDigest"


def test_versions_are_kept_and_a_delete_marker_hides_them(client: Any) -> None:
    client.put_bucket_versioning(Bucket="releases", VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket="releases", Key="a", Body=b"1")["VersionId"]
    second = client.put_object(Bucket="releases", Key="a", Body=b"2")["VersionId"]
    assert client.get_object(Bucket="releases", Key="a")["VersionId"] == second
    assert client.get_object(Bucket="releases", Key="a", VersionId=first)["Body"].read() == b"1"
    gone = client.delete_object(Bucket="releases", Key="a")
    assert gone["DeleteMarker"] is True
    with pytest.raises(client.exceptions.NoSuchKey):
        client.get_object(Bucket="releases", Key="a")
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket="releases", Key="a", VersionId=gone["VersionId"])
    assert code(caught) == ("MethodNotAllowed", 405)
    assert "Contents" not in client.list_objects_v2(Bucket="releases")
    listed = client.list_object_versions(Bucket="releases")
    assert [version["VersionId"] for version in listed["Versions"]] == [second, first]
    assert [marker["IsLatest"] for marker in listed["DeleteMarkers"]] == [True]
    client.delete_object(Bucket="releases", Key="a", VersionId=gone["VersionId"])
    assert client.get_object(Bucket="releases", Key="a")["Body"].read() == b"2"
    client.delete_object(Bucket="releases", Key="a", VersionId=second)
    assert client.get_object(Bucket="releases", Key="a")["Body"].read() == b"1"


def test_objects_from_before_versioning_are_version_null(client: Any) -> None:
    client.put_object(Bucket="releases", Key="a", Body=b"old")
    client.put_bucket_versioning(Bucket="releases", VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket="releases", Key="a", Body=b"new")
    assert client.get_object(Bucket="releases", Key="a", VersionId="null")["Body"].read() == b"old"
    client.put_bucket_versioning(Bucket="releases", VersioningConfiguration={"Status": "Suspended"})
    client.put_object(Bucket="releases", Key="a", Body=b"suspended")
    assert client.get_object(Bucket="releases", Key="a", VersionId="null")["Body"].read() == b"suspended"
    assert len(client.list_object_versions(Bucket="releases")["Versions"]) == 2


def test_many_are_deleted_at_once(client: Any) -> None:
    for key in ("a", "b", "c"):
        client.put_object(Bucket="releases", Key=key, Body=b"1")
    answer = client.delete_objects(Bucket="releases", Delete={"Objects": [{"Key": "a"}, {"Key": "b"}, {"Key": "z"}]})
    assert [item["Key"] for item in answer["Deleted"]] == ["a", "b", "z"]
    assert [item["Key"] for item in client.list_objects_v2(Bucket="releases")["Contents"]] == ["c"]


def test_a_copy_has_the_body_and_metadata_of_its_source(client: Any) -> None:
    client.put_object(Bucket="releases", Key="a b/ü", Body=b"1", Metadata={"x": "1"}, Tagging="k=v")
    client.copy_object(Bucket="releases", Key="copy", CopySource={"Bucket": "releases", "Key": "a b/ü"})
    assert client.get_object(Bucket="releases", Key="copy")["Metadata"] == {"x": "1"}
    assert client.get_object_tagging(Bucket="releases", Key="copy")["TagSet"] == [{"Key": "k", "Value": "v"}]
    with pytest.raises(ClientError) as caught:
        client.copy_object(Bucket="releases", Key="copy", CopySource="releases/copy")
    assert code(caught)[0] == "InvalidRequest"
    client.copy_object(
        Bucket="releases", Key="copy", CopySource="releases/copy", MetadataDirective="REPLACE", Metadata={"y": "2"}
    )
    assert client.head_object(Bucket="releases", Key="copy")["Metadata"] == {"y": "2"}


def test_tags_of_an_object(client: Any) -> None:
    client.put_object(Bucket="releases", Key="a", Body=b"1")
    client.put_object_tagging(Bucket="releases", Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    assert client.get_object(Bucket="releases", Key="a")["TagCount"] == 1
    client.delete_object_tagging(Bucket="releases", Key="a")
    assert client.get_object_tagging(Bucket="releases", Key="a")["TagSet"] == []


def test_engines_put_and_read_and_hear_of_it(backend: CheckedBackend, tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []
    backend.world.on("s3.object.created", lambda _, payload: heard.append(payload))
    scope: Scope = backend.world.scope(backend.account, "eu-west-1")
    (tmp_path / "file").write_bytes(b"from a file")
    with backend.world.transaction():
        objects.ensure_bucket(scope, "store")
        objects.ensure_bucket(scope, "store")
        version = objects.put(scope, "store", "zip", tmp_path / "file", metadata={"a": "b"})
        kept = objects.put(scope, "store", "again", objects.keep(backend.world.blobs, b"from a file"))
        assert objects.head(scope, "store", "zip") == version
        assert objects.head(scope, "store", "none") is None
    with backend.world.blobs.open(version.digest) as stream:
        assert stream.read() == b"from a file"
    assert (kept.digest, kept.etag, kept.version_id) == (version.digest, version.etag, "null")
    assert heard[0] == {"bucket": "store", "key": "zip", "version_id": "null", "etag": version.etag}
    assert backend.session().client("s3").get_object(Bucket="store", Key="zip")["Body"].read() == b"from a file"
