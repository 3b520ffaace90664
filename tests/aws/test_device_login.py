"""A login by device code: every answer of the service, and a token that botocore's own providers find."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.tokens import SSOTokenProvider
from botocore.utils import JSONFileCache, SSOTokenLoader

from pointsman.aws.cloud import Cloud
from pointsman.aws.device_login import DeviceLogin, place_of
from pointsman.aws.guard import Guard
from pointsman.aws.sessions import AwsSession, for_aws
from pointsman.clock import ManualClock
from pointsman.errors import CallFailed, FaultKind
from pointsman.model.logins import LoginStep

URL = "https://house.awsapps.com/start"
CONFIG = f"""
[profile new]
sso_session = house
sso_account_id = 123456789012
sso_role_name = OnCall
region = eu-west-1

[profile admin]
source_profile = new
role_arn = arn:aws:iam::123456789012:role/admin

[profile old]
sso_start_url = {URL}
sso_region = eu-central-1
sso_account_id = 123456789012
sso_role_name = OnCall
region = eu-west-1

[profile half]
sso_session = nowhere

[profile keys]
aws_access_key_id = x

[sso-session house]
sso_start_url = {URL}
sso_region = eu-central-1
sso_registration_scopes = sso:account:access, codewhisperer:completions
"""


class Service:
    """What speaks like sso-oidc and sso; what CreateToken answers is a test's to say."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.tokens: list[tuple[int, dict[str, Any]]] = []
        self.broken = ""
        """A path that fails."""

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append((path, body))
        if path == self.broken:
            return 400, {"error": "invalid_request", "error_description": "no such start URL"}
        if path == "/client/register":
            return 200, {"clientId": "id", "clientSecret": "secret", "clientSecretExpiresAt": 1_900_000_000}
        if path == "/device_authorization":
            device = {"deviceCode": "device", "userCode": "ABCD-EFGH", "verificationUri": f"{URL}/#/device"}
            whole = f"{URL}/#/device?user_code=ABCD-EFGH"
            return 200, {**device, "verificationUriComplete": whole, "expiresIn": 600, "interval": 1}
        if path == "/token":
            return self.tokens.pop(0)
        if path.startswith("/federation/credentials"):
            keys = {"accessKeyId": "AKIA", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4_000_000_000_000}
            return 200, {"roleCredentials": keys}
        return 404, {}


@pytest.fixture
def service() -> Iterator[tuple[Service, str]]:
    made = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            status, answer = made.answer(self.path, json.loads(self.rfile.read(length) or b"{}"))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if "error" in answer:
                kind = "".join(word.title() for word in answer["error"].split("_")) + "Exception"
                self.send_header("x-amzn-ErrorType", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(CONFIG)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / ".aws" / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    # botocore finds its folder when it is imported, before a test has a home of its own.
    folder = str(tmp_path / ".aws" / "sso" / "cache")
    monkeypatch.setattr(SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", folder)
    monkeypatch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", folder)
    return tmp_path


def session_of(profile: str, endpoint: str = "") -> AwsSession:
    return for_aws(profile, "", endpoint)


def login_of(profile: str, endpoint: str) -> DeviceLogin:
    session = session_of(profile, endpoint)
    Guard(read_only=True).watch(session)
    place = place_of(profile, session.known, session.sso_sessions)
    assert place is not None
    return DeviceLogin(session, place)


def said(code: str) -> tuple[int, dict[str, Any]]:
    return 400, {"error": code, "error_description": code}


TOKEN = (200, {"accessToken": "the token", "expiresIn": 28_800, "refreshToken": "again", "tokenType": "Bearer"})


def test_where_a_profile_logs_in(home: Path) -> None:
    session = session_of("new")
    known, sessions = session.known, session.sso_sessions
    new, old = place_of("new", known, sessions), place_of("old", known, sessions)
    assert new is not None
    assert old is not None
    assert (new.start_url, new.region, new.session) == (URL, "eu-central-1", "house")
    assert new.scopes == ("sso:account:access", "codewhisperer:completions")
    assert (old.start_url, old.region, old.session, old.scopes) == (URL, "eu-central-1", "", ())
    assert place_of("admin", known, sessions) == new, "a role is taken with its source profile's token"
    assert [place_of(one, known, sessions) for one in ("half", "keys", "", "nobody")] == [None] * 4


@pytest.mark.parametrize("profile", ["new", "old"])
def test_a_confirmed_code_becomes_a_token_where_botocore_looks(
    service: tuple[Service, str], home: Path, profile: str
) -> None:
    made, endpoint = service
    login = login_of(profile, endpoint)
    assert made.asked == [], "nothing is sent before it is begun"
    code = login.begin()
    assert (code.code, code.url, code.interval, code.expires_in) == ("ABCD-EFGH", f"{URL}/#/device", 1.0, 600.0)
    assert code.whole_url.endswith("?user_code=ABCD-EFGH")
    registered = made.asked[0][1]
    assert registered["clientType"] == "public"
    assert registered.get("scopes") == (
        ["sso:account:access", "codewhisperer:completions"] if profile == "new" else None
    )
    made.tokens = [said("authorization_pending"), said("slow_down"), TOKEN]
    assert [login.ask(), login.ask(), login.ask()] == [LoginStep.PENDING, LoginStep.SLOWER, LoginStep.DONE]
    assert made.asked[-1][1] == {
        "clientId": "id",
        "clientSecret": "secret",
        "deviceCode": "device",
        "grantType": "urn:ietf:params:oauth:grant-type:device_code",
    }
    folder = home / ".aws" / "sso" / "cache"
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    loaded = SSOTokenLoader(JSONFileCache(str(folder)))(URL, session_name="house" if profile == "new" else None)
    assert loaded["accessToken"] == "the token"
    assert ("refreshToken" in loaded) == (profile == "new")
    if profile == "new":
        frozen = SSOTokenProvider(session_of("new")._session).load_token().get_frozen_token()
        assert frozen.token == "the token"
        assert loaded["registrationExpiresAt"] == "2030-03-17T17:46:40Z"
    left = datetime.strptime(loaded["expiresAt"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) - datetime.now(UTC)
    assert 28_000 < left.total_seconds() <= 28_800


@pytest.mark.parametrize(
    ("code", "sentence", "hint"),
    [
        ("expired_token", "the code has expired before it was confirmed", "begin again"),
        ("access_denied", "the login was refused in the browser", "begin again"),
        ("invalid_grant", "invalid_grant", ""),
    ],
)
def test_what_ends_it_is_said(service: tuple[Service, str], home: Path, code: str, sentence: str, hint: str) -> None:
    made, endpoint = service
    login = login_of("new", endpoint)
    login.begin()
    made.tokens = [said(code)]
    with pytest.raises(CallFailed) as caught:
        login.ask()
    assert sentence in caught.value.fault.sentence
    assert hint in caught.value.fault.hint
    assert not (home / ".aws" / "sso").exists()


@pytest.mark.parametrize("path", ["/client/register", "/device_authorization"])
def test_a_service_that_gives_no_code_says_why(service: tuple[Service, str], home: Path, path: str) -> None:
    made, endpoint = service
    made.broken = path
    with pytest.raises(CallFailed) as caught:
        login_of("new", endpoint).begin()
    assert "sso-oidc" in caught.value.fault.call


def test_a_service_that_cannot_be_reached_is_a_sentence(home: Path) -> None:
    with pytest.raises(CallFailed) as caught:
        login_of("new", "http://127.0.0.1:9").begin()
    assert caught.value.fault.kind is FaultKind.UNREACHABLE


def test_a_token_that_cannot_be_kept_is_said(service: tuple[Service, str], home: Path) -> None:
    made, endpoint = service
    login = login_of("new", endpoint)
    login.begin()
    made.tokens = [TOKEN]
    (home / ".aws" / "sso").write_text("in the way")
    with pytest.raises(CallFailed) as caught:
        login.ask()
    assert "the token cannot be kept" in caught.value.fault.sentence
    assert (home / ".aws" / "sso").read_text() == "in the way"


@pytest.mark.parametrize("profile", ["new", "old"])
async def test_the_console_finds_the_credentials_without_a_restart(
    service: tuple[Service, str],
    home: Path,
    clock: ManualClock,
    profile: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, endpoint = service
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)  # for botocore's own clients, which give the credentials, too
    cloud = Cloud(lambda: session_of(profile), clock, guard=Guard(read_only=True, clock=clock), profile=profile)
    fault = cloud.prepare(())
    assert fault is not None
    assert "press i to log in here" in fault.hint
    login = cloud.login()
    assert login is not None
    assert made.asked == []
    await cloud.login_step(login.begin)
    made.tokens = [said("authorization_pending"), TOKEN]
    assert await cloud.login_step(login.ask) is LoginStep.PENDING
    assert cloud.login() is not None
    assert await cloud.login_step(login.ask) is LoginStep.DONE
    cloud._ready(renew=False)
    assert cloud.login() is None
    assert any(path.startswith("/federation/credentials") for path, _ in made.asked)
