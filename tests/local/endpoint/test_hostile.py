"""What nobody should send: answered with a 4xx in AWS's shape, never with a 500, a hang or growth."""

from __future__ import annotations

import asyncio
import json
import random
import re
import resource
import socket
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.clock import ManualClock
from pointsman.local.answers import Parameters
from pointsman.local.endpoint import Endpoint, server
from pointsman.local.endpoint.app import Application, Doors
from pointsman.local.endpoint.intake import Intake
from pointsman.local.endpoint.messages import Request, Response
from pointsman.local.endpoint.models import operation_model, protocols, service_model
from pointsman.local.pages import Shown, Visit
from support.endpoint import ask, call, signed
from support.wire import Maker, read_error, sent

SERVICES = ("codepipeline", "xray", "cloudwatch", "logs", "s3", "sts", "sns", "lambda")
SPOKEN = [(service, protocol) for service in SERVICES for protocol in protocols(service)]


class Silent:
    """Answers everything with nothing: what is tried here is the way there and back."""

    def ask(self, *_: Any) -> tuple[Parameters, str]:
        return {}, self.request_id()

    def is_free(self) -> bool:
        return True

    def request_id(self) -> str:
        return "7f3d2c1b-0000-4000-8000-000000000001"

    def keep(self, intake: Intake) -> object:
        return intake.body()

    def has_page(self, name: str, method: str) -> bool:
        return False

    def visit(self, name: str, method: str, visit: Visit) -> Shown | None:
        return None

    def reset(self) -> None:
        raise AssertionError("nobody asked for that")

    def about(self) -> dict[str, Any]:
        return {}


APP = Application(
    Silent(),
    {service: list(service_model(service).operation_names) for service in SERVICES},
    Doors(None, frozenset({"127.0.0.1"})),
    ManualClock(),
    None,
)


def answered(request: Request) -> Response:
    """One request through the application, without a server."""
    parts: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        parts.append(message)

    scope = {
        "type": "http",
        "method": request.method,
        "raw_path": request.path.encode("latin-1", "replace"),
        "query_string": request.query.encode("latin-1", "replace"),
        "headers": [
            (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in request.headers.items()
        ],
    }
    asyncio.run(APP(scope, receive, send))
    headers = {name.decode(): value.decode("latin-1") for name, value in parts[0]["headers"]}
    return Response(parts[0]["status"], headers, b"".join(part.get("body", b"") for part in parts[1:]))


def judge(request: Request) -> None:
    """200, or a 4xx (501: by name) that botocore finds a code in."""
    response = answered(request)
    if response.status < 300:
        return
    assert response.status < 500 or response.status == 501, (response, request)
    if request.method == "HEAD" or response.status in (304, 404, 405):
        return
    kind = response.headers["content-type"]
    protocol = "smithy-rpc-v2-cbor" if "cbor" in kind else "json" if "json" in kind else "query"
    if protocol == "query" and b"<ErrorResponse" not in bytes(response.body):  # type: ignore[arg-type]
        protocol = "rest-xml"
    assert read_error(response, protocol)["Error"]["Code"], (response, request)


def real(service: str, protocol: str, chance: random.Random) -> Request:
    """A request as botocore would send it, with a scope that names its service."""
    operation = operation_model(service, chance.choice(service_model(service).operation_names))
    while operation.has_event_stream_input or operation.endpoint:
        operation = operation_model(service, chance.choice(service_model(service).operation_names))
    maker = Maker(chance, protocol, keep=0.5, form=protocol == "query")
    request = sent(operation, maker.structure(operation.input_shape) if operation.input_shape else {}, protocol)
    scope = f"A/20260105/eu-west-1/{service_model(service).signing_name}/aws4_request"
    request.headers = {
        **{name: value for name, value in request.headers.items() if name != "content-length"},
        "host": "127.0.0.1",
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "x-amz-date": "20260105T090000Z",
    }
    return request


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, taken out, put in, doubled; or its end cut off."""
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            data = data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]
        elif kind == 1:
            data = data[:place] + data[place + chance.randint(1, 5) :]
        elif kind == 2:
            data = data[:place] + bytes(chance.randrange(256) for _ in range(3)) + data[place:]
        elif kind == 3:
            data = data[:place] + data[max(0, place - 20) : place] * 3 + data[place:]
        else:
            data = data[:place]
    return data


@pytest.mark.parametrize(("service", "protocol"), SPOKEN)
def test_mutated_requests(service: str, protocol: str) -> None:
    """Real requests with their bodies, paths, queries and headers damaged."""
    chance = random.Random(f"{service}/{protocol}")
    for _ in range(150):
        request = real(service, protocol, chance)
        damage = chance.randrange(4)
        if damage == 0:
            request = Request(
                request.method, _damaged(request.path, chance), request.query, request.headers, request.body
            )
        elif damage == 1:
            request = Request(
                request.method, request.path, _damaged(request.query or "a=b", chance), request.headers, request.body
            )
        elif damage == 2:
            name = chance.choice([name for name in request.headers if name != "host"])
            changed = {**request.headers, name: _damaged(request.headers[name] or "x", chance)}
            request = Request(request.method, request.path, request.query, changed, request.body)
        else:
            request.body = mutated(request.body, chance)
        judge(request)


def _damaged(text: str, chance: random.Random) -> str:
    return re.sub("[\r\n]", "", mutated(text.encode("utf-8", "replace"), chance).decode("latin-1"))


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(SPOKEN), st.binary(max_size=200), st.integers(0, 10**6))
def test_random_bodies(spoken: tuple[str, str], body: bytes, seed: int) -> None:
    """Random bytes where JSON, CBOR, XML or a form should be."""
    request = real(*spoken, random.Random(seed))
    request.body = body
    judge(request)


NASTY_CBOR = [
    b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\x81" * 100_000,
    b"\xc1" * 10_000 + b"\x01",
    b"\xd8\x1c\x81\xd8\x1d\x00",
    b"\xd8\x23\x63(a+",
    cbor2.dumps({"name": cbor2.CBORTag(1, 10**30)}),
    cbor2.dumps({1: 2}),
    cbor2.dumps({"name": 2**70}),
    b"\xbf\x64name",
    b"\xa1\x64name\xf7",
    b"\xa1\x64name\xf8\xff",
    b"\xa1\x64name\x62\xff\xfe",
]


@pytest.mark.parametrize("body", NASTY_CBOR, ids=range(len(NASTY_CBOR)))
def test_nasty_cbor(body: bytes) -> None:
    """Endless arrays, cycles, patterns, numbers without end."""
    headers = {"host": "127.0.0.1", "smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
    request = Request("POST", "/service/CodePipeline_20150709/operation/GetPipeline", "", headers, body)
    response = answered(request)
    assert (response.status, cbor2.loads(bytes(response.body))["__type"]) == (400, "SerializationException")  # type: ignore[arg-type]


NASTY_JSON = [
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"name": "' + b"x" * 100,
    b"\xff\xfe",
    b'{"name": 1e999}',
    b"NaN",
    b'{"name": "a"} trailing',
    b'{"version": 99999999999999999999999999}',
    b'{"name": "x", "version": 1.5}',
    b"null",
    b'""',
]


@pytest.mark.parametrize("body", NASTY_JSON, ids=range(len(NASTY_JSON)))
def test_nasty_json(body: bytes) -> None:
    """Nesting, halves, numbers that fit nowhere."""
    headers = {"host": "127.0.0.1", "x-amz-target": "CodePipeline_20150709.GetPipeline"}
    response = answered(Request("POST", "/", "", headers, body))
    kind = json.loads(bytes(response.body))["__type"]  # type: ignore[arg-type]
    assert (response.status, kind) in ((400, "SerializationException"), (400, "ValidationException"))


NASTY_XML = [
    b"<!DOCTYPE x [<!ENTITY a 'a'><!ENTITY b '&a;&a;'>]><Delete><Object><Key>&b;</Key></Object></Delete>",
    b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><Delete/>",
    "<!DOCTYPE x [<!ENTITY a 'b'>]><Delete/>".encode("utf-16"),
    b"<a>" * 10_000,
    b"<Delete><Object>",
    b"<?xml version='1.0' encoding='nonsense'?><Delete/>",
    b"<Delete>&undefined;</Delete>",
    b"<Delete></Delete>",
    b"<Delete><Object></Object></Delete>",
    b"\x00",
]


@pytest.mark.parametrize("body", NASTY_XML, ids=range(len(NASTY_XML)))
def test_nasty_xml(body: bytes) -> None:
    """Entities, files, nesting, encodings, what is missing."""
    response = answered(Request("POST", "/bucket", "delete", {"host": "127.0.0.1"}, body))
    content = bytes(response.body)  # type: ignore[arg-type]
    if body == b"<Delete></Delete>":
        assert response.status in (200, 400)
        return
    assert response.status == 400 and b"<Code>MalformedXML</Code>" in content


@pytest.mark.parametrize(
    "body",
    [
        b"Action=Publish&" + b"a=b&" * 30_000,
        b"Action=Publish&" + b"A." * 5_000 + b"=1",
        b"Action=Publish&MessageAttributes.entry.x.Name=1",
        b"Action=Publish&MessageAttributes.entry.1.Name=1",
        b"Action=Nothing&Version=2010-03-31",
        b"Version=2010-03-31",
        b"Action=Publish&Message=%ff",
        b"\xff\xfe",
        b"Action=Publish&MessageAttributes.entry." + b"9" * 400 + b".Name=1",
    ],
    ids=range(9),
)
def test_nasty_forms(body: bytes) -> None:
    """Too many fields, names without end, numbers that are none."""
    scope = "Credential=A/20260105/eu-west-1/sns/aws4_request, SignedHeaders=host, Signature=0"
    headers = {
        "host": "127.0.0.1",
        "authorization": f"AWS4-HMAC-SHA256 {scope}",
        "x-amz-date": "20260105T090000Z",
        "content-type": "application/x-www-form-urlencoded",
    }
    response = answered(Request("POST", "/", "", headers, body))
    assert response.status == 400
    assert read_error(response, "query")["Error"]["Code"]


@pytest.mark.parametrize("path", ["/bucket/%00", "/bucket/%ff", "/%2e%2e/%00", "/a%00b"])
def test_names_that_are_none(path: str) -> None:
    """NUL and bytes that are not UTF-8 never become part of a key."""
    response = answered(Request("GET", path, "", {"host": "127.0.0.1"}))
    assert response.status == 400 and b"<Code>InvalidURI</Code>" in bytes(response.body)  # type: ignore[arg-type]


def test_an_answer_cannot_smuggle_a_header(client: Any) -> None:
    """A line break in what is echoed into a header stays inside it."""
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="bucket", Key="key", Body=b"x")
    got = s3.get_object(Bucket="bucket", Key="key", ResponseContentDisposition="a\r\nx-evil: yes")
    assert "x-evil" not in got["ResponseMetadata"]["HTTPHeaders"]
    assert got["ContentDisposition"] == "a  x-evil: yes"


# -- sockets ---------------------------------------------------------------------------------------------------------


def spoken(endpoint: Endpoint, data: bytes, *, half: bool = False) -> bytes:
    """What comes back to raw bytes, until the endpoint closes or has answered."""
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=15) as near:
        near.sendall(data)
        if half:
            near.shutdown(socket.SHUT_WR)
        got = b""
        while True:
            try:
                piece = near.recv(65_536)
            except ConnectionResetError:
                return got
            got += piece
            if not piece or (b"\r\n\r\n" in got and not half):
                return got


RAW = {
    "not http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "negative length": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
    "length and chunks": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"a: b\r\n" * 5_000 + b"\r\n",
    "long header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\na: " + b"b" * 1_000_000 + b"\r\n\r\n",
    "endless header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\na: " + b"b" * 1_000_000,
    "long target": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "endless target": b"GET /" + b"a" * 1_000_000,
    "absolute target": b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "connect": b"CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n",
    "websocket": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "raw bytes in the path": b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "two slashes": b"GET //bucket/../../etc HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
}


@pytest.mark.parametrize("name", RAW)
def test_bytes_that_are_no_request(endpoint: Endpoint, name: str) -> None:
    """A 4xx each, and the next client is served as if nothing had been."""
    got = spoken(endpoint, RAW[name])
    assert re.match(rb"HTTP/1\.1 4\d\d ", got), got[:200]
    assert b'"__type"' in got or b"<Code>" in got or b"x-amzn-errortype" in got or b"application/" in got
    assert ask(endpoint, "GET", "/_pointsman/health", {})[0] == 200


def test_a_client_that_closes_its_half_still_gets_its_answer(endpoint: Endpoint) -> None:
    """Of what it has sent whole; and an error for half a body."""
    headers = signed(
        endpoint, "POST", "/", "codepipeline", b"{}", {"X-Amz-Target": "CodePipeline_20150709.ListPipelines"}
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Host": f"127.0.0.1:{endpoint.port}"}.items())
    whole = f"POST / HTTP/1.1\r\n{lines}Content-Length: 2\r\n\r\n{{}}".encode()
    assert b" 200 OK" in spoken(endpoint, whole, half=True)
    short = spoken(endpoint, whole.replace(b"Content-Length: 2", b"Content-Length: 20"), half=True)
    assert b" 400 " in short and b"IncompleteBody" in short
    unending = f"POST / HTTP/1.1\r\n{lines}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n".encode()
    assert re.match(rb"HTTP/1\.1 400 ", spoken(endpoint, unending, half=True))


def test_slow_clients_are_let_go(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that does not come, a body that pauses."""
    monkeypatch.setattr(server, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.2)
    assert spoken(endpoint, b"GET / HTTP/1.1\r\nHost: 127.").startswith(b"HTTP/1.1 408 ")
    assert spoken(endpoint, b"").startswith(b"HTTP/1.1 408 ")
    headers = signed(
        endpoint, "POST", "/", "codepipeline", b"{}", {"X-Amz-Target": "CodePipeline_20150709.ListPipelines"}
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Host": f"127.0.0.1:{endpoint.port}"}.items())
    got = spoken(endpoint, f"POST / HTTP/1.1\r\n{lines}Content-Length: 20\r\n\r\n{{".encode())
    assert b" 400 " in got and b"RequestTimeout" in got


def test_memory_stays_flat_under_refused_requests(endpoint: Endpoint) -> None:
    """Thousands of bad calls later, hardly anything is kept."""
    for _ in range(200):
        call(endpoint, "GetPipeline", b"[" * 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(1000):
        call(endpoint, "GetPipeline", b'{"a%d":' % number * 100)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
