"""Uploads in parts, and boto3's own transfers from their threads."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from support.backend import CheckedBackend

PART = 5 * 1024 * 1024


@pytest.fixture
def client(backend: CheckedBackend) -> Any:
    made = backend.session().client("s3")
    made.create_bucket(Bucket="releases")
    return made


def test_parts_become_an_object(client: Any) -> None:
    upload = client.create_multipart_upload(Bucket="releases", Key="big", ContentType="text/plain")["UploadId"]
    bodies = {1: b"a" * PART, 2: b"b"}
    parts = [
        {
            "PartNumber": number,
            "ETag": client.upload_part(Bucket="releases", Key="big", UploadId=upload, PartNumber=number, Body=body)[
                "ETag"
            ],
        }
        for number, body in bodies.items()
    ]
    listed = client.list_parts(Bucket="releases", Key="big", UploadId=upload)
    assert [(part["PartNumber"], part["Size"]) for part in listed["Parts"]] == [(1, PART), (2, 1)]
    done = client.complete_multipart_upload(
        Bucket="releases", Key="big", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    digests = b"".join(hashlib.md5(body).digest() for body in bodies.values())
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    got = client.get_object(Bucket="releases", Key="big")
    assert got["ContentType"] == "text/plain"
    assert got["Body"].read() == b"a" * PART + b"b"
    with pytest.raises(client.exceptions.NoSuchUpload):
        client.list_parts(Bucket="releases", Key="big", UploadId=upload)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([(2, ""), (1, "")], "InvalidPartOrder"),
        ([(1, "wrong")], "InvalidPart"),
        ([(3, "")], "InvalidPart"),
        ([(1, ""), (2, "")], "EntityTooSmall"),
    ],
)
def test_what_completing_refuses(client: Any, parts: list[tuple[int, str]], code: str) -> None:
    upload = client.create_multipart_upload(Bucket="releases", Key="big")["UploadId"]
    etags = {
        number: client.upload_part(Bucket="releases", Key="big", UploadId=upload, PartNumber=number, Body=b"x")["ETag"]
        for number in (1, 2)
    }
    listed = [{"PartNumber": number, "ETag": etag or etags.get(number, "none")} for number, etag in parts]
    with pytest.raises(ClientError) as caught:
        client.complete_multipart_upload(
            Bucket="releases", Key="big", UploadId=upload, MultipartUpload={"Parts": listed}
        )
    assert caught.value.response["Error"]["Code"] == code
    assert [item["UploadId"] for item in client.list_multipart_uploads(Bucket="releases")["Uploads"]] == [upload]
    client.abort_multipart_upload(Bucket="releases", Key="big", UploadId=upload)
    assert client.list_multipart_uploads(Bucket="releases")["Uploads"] == []


def test_transfers_of_boto3_work_from_their_threads(client: Any, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(bytes(range(251)) * 80_000)
    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=4)
    sent: list[int] = []
    client.upload_file(str(source), "releases", "file", Config=config, Callback=sent.append)
    assert sum(sent) == source.stat().st_size
    assert client.head_object(Bucket="releases", Key="file")["ETag"].endswith('-4"')
    client.download_file("releases", "file", str(target), Config=config)
    assert target.read_bytes() == source.read_bytes()
    client.copy({"Bucket": "releases", "Key": "file"}, "releases", "copy", Config=config)
    client.download_file("releases", "copy", str(target))
    assert target.read_bytes() == source.read_bytes()
