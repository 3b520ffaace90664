"""Endpoints are knocked at on the way that calls take: what is wrong with each is told apart."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pointsman.aws.cloud import Cloud
from pointsman.aws.sessions import for_aws
from pointsman.clock import ManualClock
from pointsman.model.endpoints import Endpoint


class Answer(BaseHTTPRequestHandler):
    """Refuses, as a service does."""

    def do_GET(self) -> None:
        self.send_response_only(403)
        self.send_header("Date", "Mon, 05 Jan 2026 09:30:00 GMT")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def served(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, no proxies: endpoints answer without them as well."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


async def knocked(url: str) -> Endpoint:
    cloud = Cloud(lambda: for_aws("", "eu-west-1", url), ManualClock())
    (found,) = await cloud.endpoints(("logs",))
    assert (found.service, found.url) == ("logs", url)
    return found


@pytest.mark.usefixtures("nobody")
async def test_any_answer_is_an_answer_and_tells_the_time() -> None:
    with served() as port:
        found = await knocked(f"http://127.0.0.1:{port}")
    assert found.problem == "" and found.seconds is not None
    assert found.said_at is not None and f"{found.said_at:%H:%M}" == "09:30"


@pytest.mark.usefixtures("nobody")
async def test_a_closed_port_and_an_unknown_name_cannot_be_reached() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        port = taken.getsockname()[1]
        refused = await knocked(f"http://127.0.0.1:{port}")
    assert refused.problem == "nothing can be reached there" and refused.seconds is None
    unknown = await knocked("http://logs.invalid")
    assert unknown.problem == "nothing can be reached there" and "logs.invalid" in unknown.detail


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, Path]:
    """A key, and a certificate that it has signed itself."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", str(key), "-out", str(certificate))
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    made = subprocess.run(
        ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files),
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("openssl makes no certificate here")
    return key, certificate


@pytest.mark.usefixtures("nobody")
async def test_a_certificate_nobody_trusts_is_named(signed: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = signed
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with served(context) as port:
        url = f"https://127.0.0.1:{port}"
        assert (await knocked(url)).problem == "its certificate is not trusted here"
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        assert (await knocked(url)).problem == ""


@pytest.mark.usefixtures("nobody")
async def test_a_proxy_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{taken.getsockname()[1]}")
        found = await knocked("https://logs.eu-west-1.amazonaws.com")
    assert (found.problem, found.proxy) == ("the proxy does not answer", "127.0.0.1")
    assert "secret" not in found.detail
