"""Credential chains that could ask a question must not: there is a screen on that terminal."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pointsman.aws.cloud import Cloud
from pointsman.aws.sessions import for_aws
from pointsman.clock import ManualClock
from pointsman.errors import FaultKind


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
