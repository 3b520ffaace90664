"""Random bytes and damaged real requests, against each decoder that a request meets before its protocol's."""

from __future__ import annotations

import gzip
import io
import random
import re
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.local.answers import AwsError
from pointsman.local.endpoint import Endpoint, signing
from pointsman.local.endpoint.chunks import Chunks
from pointsman.local.endpoint.intake import unpacked
from pointsman.local.endpoint.messages import Request, Undecodable
from pointsman.local.endpoint.refusals import Refusal
from support.endpoint import ask, signed

SCOPE = "Credential=A/20260105/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=" + "0" * 64


def framed(body: bytes, size: int) -> bytes:
    """A body in AWS's chunks, with a trailing checksum."""
    made: bytes = AwsChunkedWrapper(io.BytesIO(body), Crc32Checksum, "x-amz-checksum-crc32", chunk_size=size).read()
    return made


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Bytes changed, taken out, put in, doubled; or the end cut off."""
    for _ in range(chance.randint(1, 4)):
        at, kind = chance.randrange(len(data) + 1), chance.randrange(5)
        if kind == 0:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + data[at + chance.randint(1, 8) :]
        elif kind == 2:
            data = data[:at] + chance.randbytes(4) + data[at:]
        elif kind == 3:
            data = data[:at] + data[max(0, at - 30) : at] * 3 + data[at:]
        else:
            data = data[:at]
    return data


def taken_apart(data: bytes, pieces: list[int]) -> bytes | None:
    """What the chunks hold; None when they are refused. What is kept back stays small."""
    taken = bytearray()
    chunks = Chunks(taken.extend, None, trailing=True)
    try:
        at = 0
        for size in [*pieces, len(data)]:
            chunks.feed(data[at : at + size])
            assert len(chunks._buffer) <= 16_384
            at += size
        chunks.finish()
    except Undecodable:
        return None
    return bytes(taken)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=400), st.lists(st.integers(1, 40), max_size=20))
def test_random_bytes_are_chunks_or_are_refused(data: bytes, pieces: list[int]) -> None:
    taken_apart(data, pieces)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300), st.integers(1, 100), st.lists(st.integers(1, 50), max_size=20), st.integers())
def test_chunks_are_whole_however_they_come_and_damaged_ones_never_break_anything(
    body: bytes, size: int, pieces: list[int], seed: int
) -> None:
    sent = framed(body, size)
    assert taken_apart(sent, pieces) == body
    taken_apart(damaged(sent, random.Random(seed)), pieces)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=200), st.builds(lambda seed: seed, st.integers())))
def test_any_authorization_header_is_read_or_refused(header: str | int) -> None:
    if isinstance(header, int):
        real = f"AWS4-HMAC-SHA256 {SCOPE}".encode()
        header = damaged(real, random.Random(header)).decode("latin-1")
    request = Request("GET", "/", "", {"authorization": header, "x-amz-date": "20260105T090000Z", "host": "a"})
    try:
        signature = signing.read(request)
    except Refusal:
        return
    assert signature is not None and signature.access_key


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200), st.integers())
def test_any_query_is_read_or_refused(text: str, seed: int) -> None:
    real = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={quote('A/20260105/eu-west-1/s3/aws4_request', safe='')}"
    real += "&X-Amz-Date=20260105T090000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=" + "0" * 64
    for query in (quote(text), damaged(real.encode(), random.Random(seed)).decode("latin-1")):
        try:
            signing.read(Request("GET", "/", query, {"host": "a"}))
        except (Refusal, Undecodable):
            continue


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=500), st.integers(), st.sampled_from(["gzip", "gzip, gzip", "br", "GZIP", ",", "identity"]))
def test_any_compressed_body_is_unpacked_or_refused(body: bytes, seed: int, encoding: str) -> None:
    for data in (body, damaged(gzip.compress(body), random.Random(seed))):
        try:
            unpacked(data, {"content-encoding": encoding})
        except (Undecodable, AwsError):
            continue


def spoken(endpoint: Endpoint, data: bytes) -> bytes:
    """Whatever comes back to raw bytes and the end of them."""
    got = b""
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=10) as near:
        try:
            near.sendall(data)
            near.shutdown(socket.SHUT_WR)
            while piece := near.recv(65_536):
                got += piece
        except (ConnectionResetError, BrokenPipeError):
            pass  # it has had enough
    return got


@pytest.mark.parametrize("kind", ["json", "object", "chunks", "noise"])
def test_damaged_requests_on_the_wire(endpoint: Endpoint, client: Any, kind: str) -> None:
    """Answered with less than 500, or let go of; never a hang, and the next client is served."""
    client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    body = {"json": b'{"name": "release"}', "object": b"x" * 900, "chunks": framed(b"y" * 900, 300), "noise": b""}[kind]
    if kind == "json":
        method, path, service = "POST", "/", "codepipeline"
        more = {"X-Amz-Target": "CodePipeline_20150709.GetPipeline", "Content-Type": "application/x-amz-json-1.1"}
    else:
        method, path, service, more = "PUT", "/bucket/key", "s3", {}
    if kind == "chunks":
        more = {
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-trailer": "x-amz-checksum-crc32",
            "x-amz-decoded-content-length": "900",
        }
    headers = signed(endpoint, method, path, service, b"" if kind == "chunks" else body, more)
    headers |= {"Host": f"127.0.0.1:{endpoint.port}", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    whole = f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
    chance = random.Random(kind)
    for _ in range(120):
        data = chance.randbytes(chance.randrange(600)) if kind == "noise" else damaged(whole, chance)
        for status in re.findall(rb"^HTTP/1\.1 (\d\d\d) ", spoken(endpoint, data), re.MULTILINE):
            assert int(status) < 500, data
    assert ask(endpoint, "GET", "/_pointsman/health", {})[0] == 200


NAMES = (
    "../../../../tmp/escaped",
    "..",
    ".",
    "/etc/passwd",
    "a/../../b",
    "..\\..\\c",
    "%2e%2e/%2e%2e/d",
    "./../../state.db",
    "x" * 1024,
)


def test_names_of_objects_lead_nowhere(endpoint: Endpoint, tmp_path: Path) -> None:
    """A key is a key, whatever it looks like; a bucket's name is what S3 allows."""
    home = b"<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
    assert ask(endpoint, "PUT", "/bucket", signed(endpoint, "PUT", "/bucket", "s3", home), home)[0] == 200
    before = {place for place in tmp_path.rglob("*") if "blobs" not in place.parts}
    for name in NAMES:
        path, body = f"/bucket/{quote(name, safe='')}", name.encode()
        assert ask(endpoint, "PUT", path, signed(endpoint, "PUT", path, "s3", body), body)[0] == 200, name
        status, _, got = ask(endpoint, "GET", path, signed(endpoint, "GET", path, "s3"))
        assert (status, got) == (200, body)
    for bucket in ("..", "%2e%2e", "a..b", "..%2f..%2fx", "A", "%00", "x" * 64):
        path = f"/{bucket}"
        status, _, _ = ask(endpoint, "PUT", path, signed(endpoint, "PUT", path, "s3", home), home)
        assert 400 <= status < 500, bucket
    assert {place for place in tmp_path.rglob("*") if "blobs" not in place.parts} == before
    for blob in (tmp_path / "state" / "blobs").rglob("*"):
        assert re.fullmatch("[0-9a-f]{2}|[0-9a-f]{62}", blob.name)
