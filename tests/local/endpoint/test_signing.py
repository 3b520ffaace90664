"""Signature Version 4: what botocore signs is let in, and nothing else."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum
from botocore.utils import percent_encode_sequence
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.local.answers import AwsError
from pointsman.local.endpoint import signing
from pointsman.local.endpoint.checksums import Checksums
from pointsman.local.endpoint.chunks import Chunks
from pointsman.local.endpoint.messages import Request, Undecodable
from pointsman.local.endpoint.refusals import Fault, Refusal
from pointsman.local.endpoint.signing import ChunkSigner, Signature

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
WHO = Credentials("AKIAIOSFODNN7EXAMPLE", SECRET)
SIGNERS = {
    ("s3", False): S3SigV4Auth,
    ("s3", True): S3SigV4QueryAuth,
    ("codepipeline", False): SigV4Auth,
    ("sts", True): SigV4QueryAuth,
}
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


def request_of(made: Any, body: bytes) -> Request:
    """A botocore request as it would arrive."""
    prepared = made.prepare()
    url = urlsplit(prepared.url)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    headers["host"] = url.netloc
    return Request(prepared.method, url.path, url.query, headers, body)


def admit(request: Request) -> Signature:
    """Read and verify, as the endpoint does."""
    signature = signing.read(request)
    assert signature is not None
    payload = signature.payload or hashlib.sha256(request.body).hexdigest()
    signing.verify(signature, request, SECRET, payload)
    return signature


def signed(kind: tuple[str, bool], parts: list[str], query: dict[str, str], body: bytes, header: str = "x") -> Request:
    path = "/" + "/".join(quote(part, safe="~") for part in parts)
    body = b"" if kind[1] else body  # what is in the query has no body: it is a link
    asked = f"?{percent_encode_sequence(query)}" if query else ""
    made = AWSRequest("PUT", f"http://127.0.0.1:4566{path}{asked}", {"X-Amz-Meta-A": header}, body)
    SIGNERS[kind](WHO, kind[0], "eu-west-1").add_auth(made)
    return request_of(made, body)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(SIGNERS)),
    st.lists(words, min_size=1, max_size=3),
    st.dictionaries(words, words, max_size=3),
    st.binary(max_size=20),
)
def test_what_botocore_signs_is_let_in(
    kind: tuple[str, bool], parts: list[str], query: dict[str, str], body: bytes
) -> None:
    """Header and query, S3 and the others, any path, any parameters."""
    parts = [part for part in parts if part not in (".", "..")] or ["x"]
    signature = admit(signed(kind, parts, query, body))
    assert (signature.service, signature.region) == (kind[0], "eu-west-1")


@pytest.mark.parametrize("kind", sorted(SIGNERS))
@pytest.mark.parametrize("change", ["method", "path", "query", "header", "host"])
def test_a_request_changed_on_its_way_is_refused(kind: tuple[str, bool], change: str) -> None:
    """Whatever the signature covers cannot be changed."""
    request = signed(kind, ["bucket", "key"], {"a": "1"}, b"body")
    if change == "method":
        request.method = "DELETE"
    elif change == "path":
        request.path = "/bucket/other"
    elif change == "query":
        request.query = request.query.replace("a=1", "a=2")
    elif change == "header":
        request.headers = {**request.headers, "x-amz-meta-a": "changed"}
    else:
        request.headers = {**request.headers, "host": "evil.example"}
    with pytest.raises(Refusal) as refused:
        admit(request)
    assert refused.value.fault is Fault.MISMATCH


def test_a_wrong_secret_is_refused_in_each_services_words() -> None:
    """Codes and statuses are the service's own."""
    refusal = Refusal(Fault.MISMATCH)
    said = {name: refusal.worded(name) for name in ("json", "smithy-rpc-v2-cbor", "query", "rest-json", "rest-xml")}
    assert {name: (error.code, error.status) for name, error in said.items()} == {
        "json": ("InvalidSignatureException", 400),
        "smithy-rpc-v2-cbor": ("InvalidSignatureException", 400),
        "query": ("SignatureDoesNotMatch", 403),
        "rest-json": ("InvalidSignatureException", 403),
        "rest-xml": ("SignatureDoesNotMatch", 403),
    }


@pytest.mark.parametrize(
    ("service", "minutes", "ok"),
    [
        ("codepipeline", -4, True),
        ("codepipeline", -6, False),
        ("codepipeline", 6, False),
        ("sts", -14, True),
        ("sts", -16, False),
        ("s3", 14, True),
        ("s3", 16, False),
    ],
)
def test_clock_skew(service: str, minutes: int, ok: bool) -> None:
    """Five minutes; a quarter of an hour for S3 and the query services."""
    now = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    made = now + timedelta(minutes=minutes)
    signature = Signature("A", "20260105", "r", service, ("host",), "0", made.strftime("%Y%m%dT%H%M%SZ"), "x")
    if ok:
        signing.check_time(signature, now)
        return
    with pytest.raises(Refusal) as refused:
        signing.check_time(signature, now)
    assert refused.value.fault is Fault.LATE
    if service == "codepipeline" and minutes < 0:
        assert refused.value.message == (
            "Signature expired: 20260105T085400Z is now earlier than 20260105T085500Z (20260105T090000Z - 5 min.)"
        )


def test_a_presigned_url_runs_out() -> None:
    """Good until its seconds are over."""
    now = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    signature = Signature("A", "20260105", "r", "s3", ("host",), "0", "20260105T080000Z", "x", expires=3_601)
    signing.check_time(signature, now)
    with pytest.raises(Refusal) as refused:
        signing.check_time(signature, now + timedelta(seconds=2))
    assert (refused.value.worded("rest-xml").code, refused.value.worded("rest-xml").message) == (
        "AccessDenied",
        "Request has expired",
    )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic dXNlcjpwYXNz",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
        "AWS4-HMAC-SHA256 Credential=a/20260105/r/s3/aws4_request, SignedHeaders=date, Signature=0",
        "AWS4-HMAC-SHA256 Credential=a/20260105/r/s3/other, SignedHeaders=host, Signature=0",
        "AWS4-ECDSA-P256-SHA256 Credential=a/20260105/s3/aws4_request, SignedHeaders=host, Signature=0",
    ],
)
def test_half_a_signature_is_refused(header: str) -> None:
    """AWS says what is missing."""
    headers = {"authorization": header, "x-amz-date": "20260105T090000Z", "host": "x"}
    with pytest.raises(Refusal) as refused:
        signing.read(Request("GET", "/", "", headers))
    assert refused.value.fault in (Fault.INCOMPLETE, Fault.SCOPE)


def test_the_documented_signed_chunks_are_taken_apart() -> None:
    """S3's own example: 66,560 letters in three chunks."""
    seed = Signature(
        "AKIAIOSFODNN7EXAMPLE",
        "20130524",
        "us-east-1",
        "s3",
        ("host",),
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        "20130524T000000Z",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    )
    framed = (
        b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
        + b"a" * 65536
        + b"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
        + b"a" * 1024
        + b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
    )
    taken: list[bytes] = []
    chunks = Chunks(taken.append, ChunkSigner(seed, SECRET), trailing=False)
    for place in range(0, len(framed), 1000):
        chunks.feed(framed[place : place + 1000])
    chunks.finish()
    assert b"".join(taken) == b"a" * 66560
    with pytest.raises(Refusal):
        Chunks(taken.append, ChunkSigner(seed, SECRET), trailing=False).feed(framed.replace(b"aaa", b"aba", 1))


@settings(deadline=None)
@given(st.binary(max_size=4000), st.integers(1, 700), st.integers(1, 300))
def test_chunks_with_a_trailing_checksum(body: bytes, chunk: int, piece: int) -> None:
    """What botocore frames comes out whole, however it is cut on its way, and its checksum is right."""
    framed = AwsChunkedWrapper(io.BytesIO(body), Crc32Checksum, "x-amz-checksum-crc32", chunk_size=chunk).read()
    headers = {"x-amz-trailer": "x-amz-checksum-crc32"}
    sums, taken = Checksums(headers), bytearray()

    def take(data: bytes) -> None:
        taken.extend(data)
        sums.update(data)

    chunks = Chunks(take, None, trailing=True)
    for place in range(0, len(framed), piece):
        chunks.feed(framed[place : place + piece])
    chunks.finish()
    sums.check(chunks.trailers)
    assert bytes(taken) == body


@pytest.mark.parametrize(
    "framed",
    [
        b"",
        b"zz\r\n",
        b"5\r\nabc",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nabc\r\n",
        b"-1\r\n",
        b"fffffffffffffffff\r\n",
        b"0\r\n\r\nmore",
        b"0\r\nno trailer\r\n\r\n",
        b"1" * 5000,
        b"0\r\n" + b"a:b\r\n" * 5000,
    ],
)
def test_broken_framing_is_refused(framed: bytes) -> None:
    """Never an endless wait, never half a body."""
    chunks = Chunks(lambda _: None, None, trailing=True)
    with pytest.raises(Undecodable):  # noqa: PT012 either of the two finds it
        chunks.feed(framed)
        chunks.finish()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-amz-checksum-crc32", "y/Q5Jg=="),
        ("x-amz-checksum-crc32c", "4waSgw=="),
        ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
        ("x-amz-checksum-sha1", "98O8HYCOBHMq32eZZczDTKeuNEE="),
        ("x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="),
        ("content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="),
    ],
)
def test_checksums_of_the_usual_nine_digits(name: str, value: str) -> None:
    """Each algorithm on "123456789", whose checksums are published; any other is BadDigest."""
    sums = Checksums({name: value})
    sums.update(b"1234")
    sums.update(b"56789")
    sums.check({name: value})
    with pytest.raises(AwsError, match="BadDigest"):
        sums.check({name: "AAAA"})
    with pytest.raises(AwsError, match="InvalidDigest"):
        sums.check({name: "not base64!"})
