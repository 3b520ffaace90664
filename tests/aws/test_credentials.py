"""Credential chains that could ask a question must not: there is a screen on that terminal."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pointsman.aws.cloud import Cloud
from pointsman.aws.codes import Codes
from pointsman.aws.faults import NeedsCode
from pointsman.aws.sessions import for_aws
from pointsman.clock import ManualClock
from pointsman.errors import CallFailed, FaultKind


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))

    def asked(*_: Any, **__: Any) -> str:
        raise AssertionError("the terminal was asked")

    monkeypatch.setattr(getpass, "getpass", asked)
    return tmp_path / "config"


def prepared(profile: str) -> Any:
    return Cloud(lambda: for_aws(profile, "eu-west-1"), ManualClock(), profile=profile).prepare(())


MFA = """\
[profile admin]
role_arn = arn:aws:iam::123456789012:role/Admin
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile keys]
aws_access_key_id = AKIAX
aws_secret_access_key = y
"""


def test_a_profile_that_needs_a_code_becomes_a_fault_that_says_what_to_run(config: Path) -> None:
    config.write_text(MFA)
    fault = prepared("admin")
    assert fault.kind is FaultKind.NO_CREDENTIALS
    assert "MFA" in fault.sentence
    assert "aws sts get-caller-identity --profile admin" in fault.hint


def assuming(monkeypatch: pytest.MonkeyPatch, right: str) -> list[str]:
    """STS, which takes one code; the codes it was sent."""
    sent: list[str] = []

    def call(_: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        assert operation == "AssumeRole" and parameters["SerialNumber"] == "arn:aws:iam::123456789012:mfa/me"
        sent.append(parameters["TokenCode"])
        if parameters["TokenCode"] != right:
            said = "MultiFactorAuthentication failed with invalid MFA one time pass code."
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": said}}, operation)
        until = datetime.now(UTC) + timedelta(hours=1)
        keys = {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": until}
        return {"Credentials": keys, "AssumedRoleUser": {"Arn": "arn:x", "AssumedRoleId": "y"}}

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", call)
    return sent


def test_a_code_is_taken_once_and_a_wrong_one_is_asked_for_again(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text(MFA)
    sent = assuming(monkeypatch, "654321")
    codes = Codes()
    cloud = Cloud(lambda: for_aws("admin", "eu-west-1", codes=codes), ManualClock(), profile="admin", codes=codes)
    assert cloud.code_wanted == ""
    fault = cloud.prepare(())
    assert fault is not None and "press i" in fault.hint and sent == []
    assert cloud.code_wanted == "arn:aws:iam::123456789012:mfa/me"
    cloud.give_code("111111")
    with pytest.raises(CallFailed) as refused:
        cloud._ready(renew=False)
    assert "the MFA code was not accepted" in refused.value.fault.sentence
    assert "invalid MFA one time pass code" in refused.value.fault.sentence and "press i" in refused.value.fault.hint
    assert sent == ["111111"] and cloud.code_wanted
    with pytest.raises(CallFailed):
        cloud._ready(renew=False)
    assert sent == ["111111"], "nothing is tried without another code"
    cloud.give_code("654321")
    assert cloud._ready(renew=False).fault is None
    assert sent == ["111111", "654321"] and cloud.code_wanted == ""


@pytest.mark.parametrize(
    ("prompt", "device"),
    [
        ("Enter MFA code for arn:aws:iam::123456789012:mfa/me: ", "arn:aws:iam::123456789012:mfa/me"),
        ("Enter MFA code for GAHT12345678: ", "Enter MFA code for GAHT12345678:"),
        ("", "this profile"),
    ],
)
def test_the_device_is_named(prompt: str, device: str) -> None:
    codes = Codes()
    with pytest.raises(NeedsCode):
        codes.ask(prompt)
    assert codes.wanted == device
    codes.give("123456")
    assert codes.waiting and codes.ask(prompt) == "123456" and not codes.waiting


def test_a_role_session_that_the_aws_cli_has_cached_is_used(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text(MFA)
    keys: list[str] = []

    def remember(_: Any, key: str) -> Any:
        keys.append(key)
        until = datetime.now(UTC) + timedelta(hours=1)
        return {
            "Credentials": {
                "AccessKeyId": "ASIA",
                "SecretAccessKey": "s",
                "SessionToken": "t",
                "Expiration": until.isoformat(),
            }
        }

    monkeypatch.setattr("pointsman.aws.sessions.RoleCache._stored", remember)
    assert prepared("admin") is None
    assert keys


def test_an_sso_profile_without_a_session_says_how_to_log_in(config: Path) -> None:
    config.write_text(
        "[profile prod]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Dev\n"
        "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n"
    )
    fault = prepared("prod")
    assert fault.kind is FaultKind.EXPIRED
    assert "aws sso login --profile prod" in fault.hint


@pytest.mark.parametrize("profile", ["direct", "through-a-role"])
def test_a_credential_process_has_no_keyboard_and_no_terminal(config: Path, profile: str, tmp_path: Path) -> None:
    script = tmp_path / "process.py"
    report = tmp_path / "report.json"
    script.write_text(
        "import json, os, sys\n"
        f"json.dump([sys.stdin.read(), os.getsid(0) == os.getpid()], open({str(report)!r}, 'w'))\n"
        "sys.exit('no credentials today')\n"
    )
    config.write_text(
        f"[profile direct]\ncredential_process = {sys.executable} {script}\n"
        "[profile through-a-role]\nrole_arn = arn:aws:iam::123456789012:role/A\nsource_profile = direct\n"
    )
    fault = prepared(profile)
    assert fault.kind is FaultKind.NO_CREDENTIALS
    assert "no credentials today" in fault.sentence
    assert "credential_process" in fault.hint
    assert json.loads(report.read_text()) == ["", True]


def test_a_broken_role_chain_is_a_fault_and_not_a_traceback(config: Path) -> None:
    config.write_text("[profile a]\nrole_arn = arn:aws:iam::123456789012:role/A\nsource_profile = nobody\n")
    fault = prepared("a")
    assert fault.kind is FaultKind.NO_CREDENTIALS
    assert "nobody" in fault.sentence
