from __future__ import annotations

from pathlib import Path

import pytest

from pointsman.aws import profiles
from pointsman.aws.sessions import RoleCache, for_aws, login_hint
from pointsman.errors import UsageError

CONFIG = """\
[default]
region = eu-west-1
[profile prod]
region = eu-central-1
sso_session = corp
[profile prod-admin]
source_profile = prod
role_arn = arn:aws:iam::123456789012:role/Admin
[profile bare]
output = json
"""


@pytest.fixture
def aws_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    config = tmp_path / "config"
    config.write_text(CONFIG)
    credentials = tmp_path / "credentials"
    credentials.write_text("[keys]\naws_access_key_id = AKIA\naws_secret_access_key = hush\nregion = us-west-2\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    return tmp_path


@pytest.mark.usefixtures("aws_files")
@pytest.mark.parametrize(
    ("profile", "region", "expected"),
    [
        ("", "", ("", "eu-west-1")),
        ("prod", "", ("prod", "eu-central-1")),
        ("prod", "us-east-1", ("prod", "us-east-1")),
        ("keys", "", ("keys", "us-west-2")),
    ],
)
def test_the_profile_and_region_are_known_without_boto3(profile: str, region: str, expected: tuple[str, str]) -> None:
    assert profiles.check(profile, region) == expected


@pytest.mark.usefixtures("aws_files")
@pytest.mark.parametrize("make", [lambda: profiles.check("prdo"), lambda: for_aws("prdo")])
def test_an_unknown_profile_is_refused_with_the_nearest_name(make: object) -> None:
    with pytest.raises(UsageError) as caught:
        make()  # type: ignore[operator]
    assert "prdo" in caught.value.message
    assert "prod" in caught.value.hint


@pytest.mark.usefixtures("aws_files")
@pytest.mark.parametrize("make", [lambda: profiles.check("bare"), lambda: for_aws("bare")])
def test_a_missing_region_is_refused_with_a_way_out(make: object) -> None:
    with pytest.raises(UsageError) as caught:
        make()  # type: ignore[operator]
    assert "--region" in caught.value.hint


@pytest.mark.usefixtures("aws_files")
def test_a_region_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="not the name"):
        for_aws("prod", "eu west 1")


def test_without_any_aws_file_a_profile_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no AWS profile"):
        profiles.check("prod", environ={"AWS_CONFIG_FILE": str(tmp_path / "none")})


def test_secrets_are_not_taken_from_the_credentials_file(aws_files: Path) -> None:
    assert "hush" not in str(profiles.profiles())
    assert aws_files.exists()


@pytest.mark.usefixtures("aws_files")
def test_the_login_hint_follows_a_role_to_the_profile_one_logs_in_to() -> None:
    session = for_aws("prod-admin", "eu-west-1")
    assert "aws sso login --profile prod;" in login_hint("prod-admin", session.settings, session.known)


@pytest.mark.parametrize(
    ("settings", "method", "expected"),
    [
        ({}, "env", "AWS_*"),
        ({"login_session": "x"}, "", "aws login --profile p"),
        ({"credential_process": "x"}, "", "credential_process"),
        ({"aws_access_key_id": "x"}, "shared-credentials-file", "credentials file"),
        ({}, "iam-role", "role of this machine"),
        ({}, "", "aws configure sso --profile p"),
    ],
)
def test_the_login_hint_fits_where_the_credentials_come_from(
    settings: dict[str, str], method: str, expected: str
) -> None:
    assert expected in login_hint("p", settings, {}, method)


def test_role_sessions_of_the_aws_cli_are_read_and_never_written(tmp_path: Path) -> None:
    (tmp_path / "abc.json").write_text('{"Credentials": {}}')
    cache = RoleCache(tmp_path)
    assert "abc" in cache
    cache["def"] = {"Credentials": {"AccessKeyId": "x"}}
    assert cache["def"]
    assert [one.name for one in tmp_path.iterdir()] == ["abc.json"]


def test_whose_rows_are_can_be_told_before_aws_is_asked(tmp_path: Path) -> None:
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text(
        "[default]\nregion = eu-west-1\n"
        "[profile role]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = keys\n"
        "[profile sso]\nsso_account_id = 222222222222\nsso_role_name = OnCall\n"
        "[profile process]\ncredential_process = make-some\n"
    )
    credentials.write_text("[keys]\naws_access_key_id = AKIAKEYS\naws_secret_access_key = secret\n")
    environ = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    assert profiles.whose("role", environ) == "role_arn arn:aws:iam::111111111111:role/x"
    assert profiles.whose("sso", environ) == "sso_account_id 222222222222 OnCall"
    assert profiles.whose("keys", environ) == "aws_access_key_id AKIAKEYS"
    assert profiles.whose("process", environ) == "", "nobody can tell whose a process's credentials are"
    assert profiles.whose("", environ) == ""
    assert profiles.whose("", {**environ, "AWS_ACCESS_KEY_ID": "AKIAENV"}) == "key AKIAENV"
