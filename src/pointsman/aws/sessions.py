"""boto3 sessions against AWS: the usual credential chain, made fit to run underneath a screen.

Three things differ from a bare ``boto3.Session``: no provider asks a question on the terminal (an MFA code, a password
of a ``credential_process``): it becomes a fault, and the screen asks for the code; the AWS CLI's cache of role sessions
is read, so that running ``aws`` once in a profile with MFA is enough; and sessions share one loader, so that a new one,
made to look for credentials again, costs no parsing.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.credentials as chain
import botocore.exceptions
import botocore.loaders
import botocore.session
import botocore.utils

from pointsman.aws.codes import Codes
from pointsman.aws.profiles import no_region, unknown_profile
from pointsman.errors import ConfigError, UsageError


class AwsSession(boto3.session.Session):  # type: ignore[misc]
    """A boto3 session with an endpoint of the user's choice and the settings of its profile at hand."""

    endpoint_url: str | None = None
    settings: Mapping[str, Any] = {}
    """The profile's own settings in the AWS configuration file."""
    known: Mapping[str, Mapping[str, Any]] = {}
    """Every profile's settings."""
    sso_sessions: Mapping[str, Mapping[str, Any]] = {}
    """Every ``sso-session`` section's settings."""

    def client(self, service_name: str, *args: Any, **options: Any) -> Any:
        """A client as boto3 makes it, at the session's endpoint where it has one."""
        if self.endpoint_url:
            options.setdefault("endpoint_url", self.endpoint_url)
        return super().client(service_name, *args, **options)


def for_aws(profile: str = "", region: str = "", endpoint_url: str = "", codes: Codes | None = None) -> AwsSession:
    """A session for AWS, or for an endpoint that speaks like it. Looks for no credentials yet.

    Args:
        profile: A profile of the user's AWS files; empty for ``AWS_PROFILE`` or the default.
        region: A region; empty for ``AWS_REGION``, ``AWS_DEFAULT_REGION`` or the profile's.
        endpoint_url: Where every call goes; empty for the usual places, ``AWS_ENDPOINT_URL`` included.
        codes: Where a provider finds an MFA code; None has none.

    Raises:
        UsageError: An unknown profile, or no region, or one that is none.
        ConfigError: The AWS configuration file cannot be parsed.
    """
    core = botocore.session.Session(profile=profile or None)
    core.register_component("data_loader", loader())
    try:
        known: dict[str, Any] = core.full_config.get("profiles", {})
        name = core.profile or "default"
        settings = known.get(name, {})
        if name != "default" and name not in known:
            raise unknown_profile(name, known)
        region = region or os.environ.get("AWS_REGION", "") or core.get_config_variable("region") or ""
    except botocore.exceptions.ConfigParseError as error:
        raise ConfigError(str(error), "mend the file, or name another in AWS_CONFIG_FILE") from error
    if not region:
        raise no_region(profile or core.profile or "")
    try:
        botocore.utils.validate_region_name(region)
    except botocore.exceptions.InvalidRegionError as error:
        hint = "for example: --region eu-west-1"
        raise UsageError(f"{region!r} is not the name of an AWS region", hint) from error
    core.set_config_variable("region", region)
    _quieten(core, name, region, codes or Codes())
    session = AwsSession(region_name=region, botocore_session=core)
    session.endpoint_url = endpoint_url or None
    session.settings = settings
    session.known = known
    session.sso_sessions = core.full_config.get("sso_sessions", {})
    return session


@cache
def loader() -> Any:
    """Botocore's loader of service models; keeps what it has parsed."""
    return botocore.loaders.create_loader()


def pagination(service: str, operation: str) -> dict[str, Any]:
    """Botocore's rules for the pages of an operation; empty when it has none."""
    try:
        model = loader().load_service_model(service, "paginators-1")
    except botocore.exceptions.UnknownServiceError:
        return {}
    except botocore.exceptions.DataNotFoundError:
        return {}
    found: dict[str, Any] = model.get("pagination", {}).get(operation, {})
    return found


# -- nothing asks a question ----------------------------------------------------------------------------------------


def _no_terminal(*args: Any, **options: Any) -> Any:
    """``subprocess.Popen`` for a ``credential_process``: without our keyboard, and without a terminal of its own."""
    return subprocess.Popen(*args, **{**options, "stdin": subprocess.DEVNULL, "start_new_session": True})


class _Builder(chain.ProfileProviderBuilder):  # type: ignore[misc]
    """botocore's providers of one profile, source profiles included, with no process that can ask a question."""

    def __init__(self, core: Any, roles: Any, region: str) -> None:
        super().__init__(core, cache=roles, region_name=region)
        self._core = core

    def providers(self, profile_name: str, disable_env_vars: bool = False) -> list[Any]:
        """The providers of one profile, in order."""
        made = super().providers(profile_name=profile_name, disable_env_vars=disable_env_vars)
        return [_quiet_process(self._core, profile_name) if one.METHOD == "custom-process" else one for one in made]


def _quiet_process(core: Any, profile: str) -> Any:
    return chain.ProcessProvider(profile, lambda: core.full_config, popen=_no_terminal)


def _quieten(core: Any, profile: str, region: str, codes: Codes) -> None:
    """Replace the two providers of the chain that could ask a question."""
    resolver = core.get_component("credential_provider")
    roles = RoleCache()
    by_method = {one.METHOD: one for one in resolver.providers}
    plain = [by_method.get("env") or chain.EnvProvider(), by_method["container-role"], by_method["iam-role"]]

    def client_creator(service_name: str, **options: Any) -> Any:
        return core.create_client(service_name, **{"region_name": region, **options})

    assume = chain.AssumeRoleProvider(
        load_config=lambda: core.full_config,
        client_creator=client_creator,
        cache=roles,
        profile_name=profile,
        prompter=codes.ask,
        credential_sourcer=chain.CanonicalNameCredentialSourcer(plain),
        profile_provider_builder=_Builder(core, roles, region),
    )
    replaced = {"assume-role": assume, "custom-process": _quiet_process(core, profile)}
    resolver.providers[:] = [replaced.get(one.METHOD, one) for one in resolver.providers]


class RoleCache:
    """Sessions of roles: the AWS CLI's cache on disk is read, never written; new ones stay in memory.

    Args:
        folder: Where the AWS CLI keeps them.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path("~/.aws/cli/cache").expanduser()
        self._own: dict[str, Any] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._own or self._stored(key) is not None

    def __getitem__(self, key: str) -> Any:
        if key in self._own:
            return self._own[key]
        stored = self._stored(key)
        if stored is None:
            raise KeyError(key)
        return stored

    def __setitem__(self, key: str, value: Any) -> None:
        self._own[key] = value

    def __delitem__(self, key: str) -> None:
        self._own.pop(key, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def _stored(self, key: str) -> Any:
        try:
            return json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None


# -- what to run ----------------------------------------------------------------------------------------------------


def login_hint(profile: str, settings: Mapping[str, Any], known: Mapping[str, Any], method: str = "") -> str:
    """What a person runs to get credentials for a profile.

    Args:
        profile: The profile; empty for the default one.
        settings: Its settings.
        known: Every profile's settings: a role's source profile is the one to log in to.
        method: botocore's name of the provider that gave the credentials, where there were any.
    """
    seen: set[str] = set()
    while (source := str(settings.get("source_profile", ""))) and source != profile and source not in seen:
        seen.add(source)
        profile, settings = source, known.get(source, {})
    named = f" --profile {profile}" if profile and profile != "default" else ""
    again = "; it is picked up here by itself"
    if method == "env":
        return "the keys come from AWS_* variables: set new ones in the shell and start pointsman again"
    if "sso_session" in settings or "sso_start_url" in settings:
        return f"press i to log in here, or run in another terminal: aws sso login{named}{again}"
    if "login_session" in settings:
        return f"run in another terminal: aws login{named}{again}"
    if "credential_process" in settings:
        return f"its credential_process gave none; try it: aws sts get-caller-identity{named}{again}"
    if method in ("iam-role", "container-role"):
        return "the credentials come from the role of this machine; its metadata service gave none"
    if "aws_access_key_id" in settings or method in ("shared-credentials-file", "config-file"):
        return f"put fresh keys into the AWS credentials file{named and ' for profile ' + profile}{again}"
    return f"run in another terminal: aws configure sso{named}, or aws configure{named}{again}"


def code_hint(profile: str) -> str:
    """What a person runs when a profile wants an MFA code."""
    named = f" --profile {profile}" if profile else ""
    ran = f"aws sts get-caller-identity{named}"
    return f"press i to give it here, or run in another terminal: {ran} (it asks for the code); it is picked up here"
