"""The endpoint as clients meet it: boto3 over the wire, and raw requests."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cbor2
import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum

from pointsman.clock import ManualClock
from pointsman.errors import StateError, UsageError
from pointsman.local import Backend
from pointsman.local.endpoint import Endpoint
from pointsman.local.endpoint import peers as peers_module
from pointsman.local.endpoint.keys import Key, of_folder
from support.backend import CheckedBackend
from support.endpoint import KEY, ask, call, freeze, signed

Client = Callable[..., Any]


def test_each_protocol_answers(client: Client) -> None:
    """Query, JSON 1.1 and REST-XML, one call each; errors are modelled exceptions."""
    assert client("sts").get_caller_identity()["Account"] == "123456789012"
    codepipeline = client("codepipeline")
    assert codepipeline.list_pipelines()["pipelines"] == []
    with pytest.raises(codepipeline.exceptions.PipelineNotFoundException) as missing:
        codepipeline.get_pipeline(name="release")
    assert "does not have a pipeline" in missing.value.response["Error"]["Message"]
    assert len(missing.value.response["ResponseMetadata"]["RequestId"]) == 36
    s3 = client("s3")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="nobody")


def test_cbor_is_answered_in_cbor(endpoint: Endpoint) -> None:
    """``POST /service/…/operation/…``, as newer SDKs send it."""
    path, body = "/service/CodePipeline_20150709/operation/GetPipeline", cbor2.dumps({"name": "release"})
    headers = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
    status, got, answer = ask(
        endpoint, "POST", path, signed(endpoint, "POST", path, "codepipeline", body, headers), body
    )
    assert (status, got["content-type"], got["smithy-protocol"]) == (400, "application/cbor", "rpc-v2-cbor")
    assert cbor2.loads(answer)["__type"] == "PipelineNotFoundException"


def test_objects_go_up_and_down_whole(client: Client) -> None:
    """Names that look like paths are names; ranges, versions, metadata, copies, listings."""
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert s3.get_bucket_location(Bucket="bucket")["LocationConstraint"] == "eu-west-1"
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    for key in ("../../etc/passwd", "/leading", "a//b", "ü ☃+%41?&=#", "a/./b"):
        put = s3.put_object(Bucket="bucket", Key=key, Body=key.encode(), Metadata={"who": "me"})
        got = s3.get_object(Bucket="bucket", Key=key, VersionId=put["VersionId"])
        assert (got["Body"].read(), got["Metadata"], got["ETag"]) == (key.encode(), {"who": "me"}, put["ETag"])
    assert s3.get_object(Bucket="bucket", Key="a//b", Range="bytes=1-2")["Body"].read() == b"//"
    assert {item["Key"] for item in s3.list_objects_v2(Bucket="bucket")["Contents"]} >= {"../../etc/passwd", "a//b"}
    assert s3.head_object(Bucket="bucket", Key="/leading")["ContentLength"] == 8
    s3.copy_object(Bucket="bucket", Key="copy", CopySource={"Bucket": "bucket", "Key": "a//b"})
    assert s3.get_object(Bucket="bucket", Key="copy")["Body"].read() == b"a//b"
    gone = s3.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "copy"}, {"Key": "a//b"}]})
    assert {item["Key"] for item in gone["Deleted"]} == {"copy", "a//b"}
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket="bucket", Key="copy")
    assert missing.value.response["Error"]["Code"] == "404"


def test_large_objects_are_kept_outside_memory(client: Client, tmp_path: Path) -> None:
    """In parts and at once; what comes back is what went up."""
    s3, big = client("s3"), tmp_path / "big"
    big.write_bytes(os.urandom(12_000_000))
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.upload_file(str(big), "bucket", "parts")
    with big.open("rb") as body:
        s3.put_object(Bucket="bucket", Key="whole", Body=body)
    for key in ("parts", "whole"):
        s3.download_file("bucket", key, str(tmp_path / "back"))
        assert (tmp_path / "back").read_bytes() == big.read_bytes()


def test_a_presigned_link_works_without_an_sdk(client: Client) -> None:
    """Until it is changed; the old kind of link is refused by name."""
    s3 = client("s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="bucket", Key="a b", Body=b"hello")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "a b"})
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"hello"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(link.replace("a%20b", "other"))
    with refused.value:
        assert b"<Code>SignatureDoesNotMatch</Code>" in refused.value.read()
    old = client("s3", config=Config(signature_version="s3"))
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(old.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "a b"}))
    with refused.value:
        assert b"Please use AWS4-HMAC-SHA256" in refused.value.read()


@pytest.mark.parametrize("right", [True, False])
def test_a_streamed_body_with_a_trailing_checksum(endpoint: Endpoint, client: Client, right: bool) -> None:
    """``STREAMING-UNSIGNED-PAYLOAD-TRAILER``: unframed, and its checksum held against it."""
    client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    body = b"streamed " * 100_000
    framed = AwsChunkedWrapper(io.BytesIO(body), Crc32Checksum, "x-amz-checksum-crc32", chunk_size=100_000).read()
    if not right:
        framed = framed.replace(b"streamed", b"Streamed", 1)
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": str(len(body)),
        "content-encoding": "aws-chunked,gzip",
    }
    sent = signed(endpoint, "PUT", "/bucket/key", "s3", b"", headers)
    status, _, answer = ask(endpoint, "PUT", "/bucket/key", {**sent, "Content-Length": str(len(framed))}, framed)
    if not right:
        assert status == 400 and b"<Code>BadDigest</Code>" in answer
        return
    assert status == 200
    got = client("s3").get_object(Bucket="bucket", Key="key")
    assert (got["Body"].read(), got["ContentEncoding"]) == (body, "gzip")


def test_a_compressed_call_is_unpacked(endpoint: Endpoint) -> None:
    """``Content-Encoding: gzip``; a bomb is refused."""
    body = gzip.compress(b'{"name": "release"}')
    status, _, answer = call(endpoint, "GetPipeline", body, **{"Content-Encoding": "gzip"})
    assert (status, json.loads(answer)["__type"]) == (400, "PipelineNotFoundException")
    bomb = gzip.compress(b" " * 64 * 1024 * 1024)
    status, _, answer = call(endpoint, "GetPipeline", bomb, **{"Content-Encoding": "gzip"})
    assert (status, json.loads(answer)["__type"]) == (413, "RequestEntityTooLargeException")
    status, _, answer = call(endpoint, "GetPipeline", b"not gzip", **{"Content-Encoding": "gzip"})
    assert (status, json.loads(answer)["__type"]) == (400, "SerializationException")


def test_what_is_not_built_says_so_by_name(client: Client, endpoint: Endpoint) -> None:
    """501: an operation, a service botocore knows, a service nobody knows."""
    for service, operation in (
        ("logs", "list_integrations"),
        ("events", "list_archives"),
        ("kms", "list_keys"),
    ):
        with pytest.raises(ClientError) as missing:
            getattr(client(service), operation)()
        assert missing.value.response["Error"]["Code"] == "NotImplemented"
        assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
        assert service in missing.value.response["Error"]["Message"]
    status, _, answer = ask(endpoint, "POST", "/", signed(endpoint, "POST", "/", "nonsense"))
    assert status == 501 and b"nonsense" in answer


def test_constraints_are_worded_as_aws_words_them(endpoint: Endpoint) -> None:
    """Missing, too long, pattern, range, enum, several at once."""
    status, _, answer = call(endpoint, "GetPipeline", b"{}")
    assert (status, json.loads(answer)) == (
        400,
        {
            "__type": "ValidationException",
            "message": "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must"
            " not be null",
        },
    )
    body = json.dumps({"pipelineName": "x" * 101, "maxResults": 0}).encode()
    status, _, answer = call(endpoint, "ListPipelineExecutions", body)
    words = json.loads(answer)["message"]
    assert words.startswith("2 validation errors detected: Value 'xxx")
    assert "at 'pipelineName' failed to satisfy constraint: Member must have length less than or equal to 100" in words
    assert words.endswith(
        "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"
    )


def test_wrong_types_are_serialization_errors(endpoint: Endpoint) -> None:
    """In AWS's words."""
    for body, words in (
        (b'{"name": 7}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"name": []}', "Start of list found where not expected."),
        (b'{"name": "x", "version": "one"}', "STRING_VALUE can not be converted to an Integer"),
        (b"[]", "Start of list found where not expected."),
        (b"{", "The request body is not valid JSON"),
        (b'{"name": "\\ud800"}', "The request body is not valid JSON"),
    ):
        status, _, answer = call(endpoint, "GetPipeline", body)
        assert (status, json.loads(answer)) == (400, {"__type": "SerializationException", "message": words})


@pytest.mark.parametrize(
    ("service", "codes"),
    [
        (
            "codepipeline",
            ("MissingAuthenticationTokenException", "UnrecognizedClientException", "InvalidSignatureException"),
        ),
        ("sts", ("MissingAuthenticationToken", "InvalidClientTokenId", "SignatureDoesNotMatch")),
        ("s3", ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch")),
    ],
)
def test_who_has_not_the_keys_is_not_let_in(endpoint: Endpoint, service: str, codes: tuple[str, str, str]) -> None:
    """No signature, an unknown key, a wrong secret: in each service's own words and shape."""
    body = b"Action=GetCallerIdentity&Version=2011-06-15" if service == "sts" else b""
    headers = {
        "codepipeline": {"X-Amz-Target": "CodePipeline_20150709.ListPipelines"},
        "sts": {"Content-Type": "application/x-www-form-urlencoded"},
        "s3": {},
    }[service]
    method = "GET" if service == "s3" else "POST"
    stranger, thief = Key("AKIASTRANGER", "x"), Key(KEY.access_key_id, "wrong")
    for code, sent in zip(
        codes,
        (
            headers,
            signed(endpoint, method, "/", service, body, headers, stranger),
            signed(endpoint, method, "/", service, body, headers, thief),
        ),
        strict=True,
    ):
        status, _, answer = ask(endpoint, method, "/", sent, body)
        assert status in (400, 403)
        assert code.encode() in answer


def test_keys_from_sts_are_taken_until_they_run_out(tmp_path: Path) -> None:
    """With their session token, and not without it."""
    clock = ManualClock()
    backend = CheckedBackend(state=tmp_path / "state", clock=clock)
    with backend, Endpoint(backend, keys=KEY, clock=clock) as endpoint:
        role = {"RoleArn": "arn:aws:iam::123456789012:role/build", "RoleSessionName": "me", "DurationSeconds": 900}
        given = backend.session().client("sts").assume_role(**role)["Credentials"]

        def listed(token: str) -> str:
            who = Credentials(given["AccessKeyId"], given["SecretAccessKey"], token)
            headers = {"X-Amz-Target": "CodePipeline_20150709.ListPipelines"}
            with freeze(clock):
                sent = signed(endpoint, "POST", "/", "codepipeline", b"{}", headers, who=who)
            status, _, answer = ask(endpoint, "POST", "/", sent, b"{}")
            return "ok" if status == 200 else str(json.loads(answer)["__type"])

        assert listed(given["SessionToken"]) == "ok"
        assert listed("another") == "UnrecognizedClientException"
        clock.advance(901)
        assert listed(given["SessionToken"]) == "ExpiredTokenException"


def test_a_body_other_than_the_signed_one_is_refused(endpoint: Endpoint, client: Client) -> None:
    """Of a call and of an object."""
    headers = {"X-Amz-Target": "CodePipeline_20150709.ListPipelines"}
    sent = signed(endpoint, "POST", "/", "codepipeline", b"{}", headers)
    status, _, answer = ask(endpoint, "POST", "/", sent, b"{ }")
    assert (status, json.loads(answer)["__type"]) == (400, "InvalidSignatureException")
    client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    sent = signed(endpoint, "PUT", "/bucket/key", "s3", b"one")
    status, _, answer = ask(endpoint, "PUT", "/bucket/key", sent, b"two")
    assert status == 400 and b"XAmzContentSHA256Mismatch" in answer


@pytest.mark.parametrize(
    "more",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example:4566"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/_pointsman/health", "/bucket/key"])
def test_pages_in_browsers_are_turned_away(endpoint: Endpoint, more: dict[str, str], path: str) -> None:
    """Whatever they ask, and no header ever invites them."""
    status, headers, answer = ask(endpoint, "GET", path, more)
    assert (status, b"AccessDenied" in answer) == (403, True)
    assert not [name for name in headers if name.startswith("access-control")]


def test_health_needs_no_signature(endpoint: Endpoint) -> None:
    """And tells what is answered."""
    status, _, answer = ask(endpoint, "GET", "/_pointsman/health", {})
    assert status == 200 and "codepipeline" in json.loads(answer)["services"]
    for path in ("/_pointsman/", "/_pointsman/reset", "/_pointsman/../x"):
        assert ask(endpoint, "POST", path, {})[0] in (400, 403, 404)


def test_reset_is_there_only_when_it_was_allowed(tmp_path: Path) -> None:
    """POST, by a process of the same user or with the keys."""
    done: list[int] = []
    with (
        Backend(state=tmp_path / "state", clock=ManualClock()) as backend,
        Endpoint(backend, keys=KEY, reset=lambda: done.append(1)) as endpoint,
    ):
        assert ask(endpoint, "GET", "/_pointsman/reset", {})[0] == 405
        assert ask(endpoint, "POST", "/_pointsman/reset", {"Origin": "http://a"})[0] == 403
        assert done == []
        assert ask(endpoint, "POST", "/_pointsman/reset", {})[0] == 200
        assert done == [1]


def test_without_keys_any_key_is_taken_from_ones_own_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's are turned away, and so is everybody where the system does not tell."""
    with Backend(state=tmp_path / "state", clock=ManualClock()) as backend, Endpoint(backend, keys=None) as endpoint:
        headers = {"X-Amz-Target": "CodePipeline_20150709.ListPipelines"}
        assert ask(endpoint, "POST", "/", headers, b"{}")[0] == 200
        assert ask(endpoint, "POST", "/", signed(endpoint, "POST", "/", "codepipeline", b"x", headers), b"{}")[0] == 200
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _, answer = ask(endpoint, "POST", "/", form, b"Action=GetCallerIdentity&Version=2011-06-15")
        assert status == 200 and b"GetCallerIdentityResult" in answer
        monkeypatch.setattr("pointsman.local.endpoint.guard.uid_of", lambda *_: os.getuid() + 1)
        assert ask(endpoint, "POST", "/", headers, b"{}")[0] == 403
        monkeypatch.setattr("pointsman.local.endpoint.guard.uid_of", lambda *_: None)
        assert ask(endpoint, "POST", "/", headers, b"{}")[0] == 403


def test_the_kernel_says_whose_a_connection_is(endpoint: Endpoint) -> None:
    """By both ends' addresses."""
    import socket

    with socket.create_connection(("127.0.0.1", endpoint.port)) as near:
        ends = near.getsockname(), near.getpeername()
        assert peers_module.uid_of(*ends) == os.getuid()
        assert peers_module.uid_of(("127.0.0.1", 1), ends[1]) is None


def test_an_endpoint_beyond_loopback_has_to_be_meant(tmp_path: Path) -> None:
    """Twice, and never without keys."""
    with Backend(state=tmp_path / "state", clock=ManualClock()) as backend:
        with pytest.raises(UsageError):
            Endpoint(backend, "0.0.0.0", keys=KEY)
        with pytest.raises(UsageError):
            Endpoint(backend, "0.0.0.0", keys=None, exposed=True)
        with Endpoint(backend, keys=KEY) as first, pytest.raises(StateError, match="cannot be had"):
            Endpoint(backend, port=first.port, keys=KEY).start()


def test_keys_are_made_once_and_are_nobody_elses(tmp_path: Path) -> None:
    """0600, the same ever after; a file that others can read is refused."""
    key = of_folder(tmp_path)
    place = tmp_path / "keys.json"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert of_folder(tmp_path) == key
    assert key.secret_access_key not in repr(key)
    place.chmod(0o640)
    with pytest.raises(StateError, match="read by others"):
        of_folder(tmp_path)
    place.unlink()
    place.symlink_to("/dev/null")
    with pytest.raises(StateError):
        of_folder(tmp_path)


def test_keys_are_made_once_by_many_at_once(tmp_path: Path) -> None:
    """Whoever comes second gets the first's."""
    with ThreadPoolExecutor(8) as pool:
        assert len({key.access_key_id for key in pool.map(lambda _: of_folder(tmp_path), range(16))}) == 1


def test_sixty_four_clients_at_once_lose_nothing(endpoint: Endpoint, client: Client) -> None:
    """Every acknowledged write is there."""
    client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def write(number: int) -> int:
        path = f"/bucket/{number}"
        return ask(endpoint, "PUT", path, signed(endpoint, "PUT", path, "s3", b"x"), b"x")[0]

    with ThreadPoolExecutor(64) as pool:
        assert set(pool.map(write, range(256))) == {200}
    assert client("s3").list_objects_v2(Bucket="bucket")["KeyCount"] == 256


def test_closing_lets_go_of_the_port_and_of_clients(tmp_path: Path) -> None:
    """Twice is harmless; a client that keeps its connection open does not hold it up."""
    import socket

    with Backend(state=tmp_path / "state", clock=ManualClock()) as backend:
        endpoint = Endpoint(backend, keys=KEY)
        endpoint.start()
        with socket.create_connection(("127.0.0.1", endpoint.port)):
            begun = time.monotonic()
            endpoint.close()
            endpoint.close()
            assert time.monotonic() - begun < 5
        with Endpoint(backend, port=endpoint.port, keys=KEY) as again:
            assert ask(again, "GET", "/_pointsman/health", {})[0] == 200


def _pieces(total: int) -> Iterator[bytes]:
    for _ in range(total // 65_536):
        yield b" " * 65_536


def test_a_call_of_a_hundred_megabytes_is_refused(endpoint: Endpoint) -> None:
    """Before or while it is read, and its sender gets to read why."""
    size, threads = 100 * 1024 * 1024, threading.active_count()
    headers = {"X-Amz-Target": "CodePipeline_20150709.ListPipelines"}
    sent = signed(endpoint, "POST", "/", "codepipeline", b"", headers)
    for length in ({"Content-Length": str(size)}, {"Transfer-Encoding": "chunked"}):
        pieces = (
            _pieces(size) if "Content-Length" in length else (b"10000\r\n" + piece + b"\r\n" for piece in _pieces(size))
        )
        try:
            status, _, answer = ask(endpoint, "POST", "/", {**sent, **length}, pieces)
        except (BrokenPipeError, ConnectionResetError):
            pytest.fail("the refusal could not be read")
        assert (status, json.loads(answer)["__type"]) == (413, "RequestEntityTooLargeException")
    assert threading.active_count() < threads + 20
