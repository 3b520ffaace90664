"""What the user's AWS files say about a profile, without importing boto3: for checks before the first paint."""

from __future__ import annotations

import configparser
import difflib
import os
from collections.abc import Mapping
from pathlib import Path

from pointsman.errors import UsageError


def profiles(environ: Mapping[str, str] = os.environ) -> dict[str, dict[str, str]]:
    """Every profile of the user's AWS files, with its settings; ``source_profile`` and the like as they stand.

    A file that cannot be read or parsed counts as empty: botocore says what is wrong with it, in its own words, when
    it is used.
    """
    found: dict[str, dict[str, str]] = {}
    config = Path(environ.get("AWS_CONFIG_FILE", "~/.aws/config")).expanduser()
    for section, values in _sections(config).items():
        kind, _, name = section.partition(" ")
        if section == "default":
            found.setdefault("default", {}).update(values)
        elif kind == "profile" and name.strip():
            found.setdefault(name.strip().strip("\"'"), {}).update(values)
    credentials = Path(environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser()
    for section, values in _sections(credentials).items():
        settings = found.setdefault(section, {})
        for key, value in values.items():
            settings.setdefault(key, value if key == "region" else "")  # keys stay in their file
    return found


def whose(profile: str, environ: Mapping[str, str] = os.environ) -> str:
    """What is known of a caller before AWS is asked: a role, an account, an access key's id; empty when nothing is.

    Two callers of different accounts never have the same. A process's own credentials, a web identity or an instance's
    role cannot be told apart from here, and give nothing.
    """
    if not profile and (key := environ.get("AWS_ACCESS_KEY_ID")):
        return f"key {key}"
    profile = profile or "default"
    path = Path(environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")).expanduser()
    config = Path(environ.get("AWS_CONFIG_FILE", "~/.aws/config")).expanduser()
    own = _sections(path).get(profile, {})
    settings = _sections(config).get(profile if profile == "default" else f"profile {profile}", {})
    for name in ("role_arn", "sso_account_id", "aws_access_key_id"):
        if value := settings.get(name) or own.get(name):
            role = settings.get("sso_role_name", "") if name == "sso_account_id" else ""
            return f"{name} {value} {role}".rstrip()
    return ""


def _sections(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(strict=False, default_section="no section is inherited")
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    return {section: dict(parser.items(section)) for section in parser.sections()}


def unknown_profile(name: str, known: Mapping[str, object]) -> UsageError:
    """The error for a profile that is in no file, with the nearest name."""
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        hint = f"did you mean {near[0]}?"
    elif known:
        shown = sorted(known)
        more = f" and {len(shown) - 8} more" if len(shown) > 8 else ""
        hint = f"known profiles: {', '.join(shown[:8])}{more}"
    else:
        hint = "no profile is configured: aws configure sso, or aws configure, makes one"
    return UsageError(f"there is no AWS profile named {name}", hint)


def no_region(profile: str) -> UsageError:
    """The error for a region that nobody named."""
    where = f"profile {profile} has none" if profile else "neither the environment nor the default profile has one"
    return UsageError(f"no AWS region: {where}", "name one: --region eu-west-1, or AWS_REGION in the environment")


def check(profile: str = "", region: str = "", environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The profile and region that a console would use.

    Args:
        profile: What was asked for; empty for ``AWS_PROFILE`` or the default.
        region: What was asked for; empty for ``AWS_REGION``, ``AWS_DEFAULT_REGION`` or the profile's.
        environ: The environment.

    Raises:
        UsageError: An unknown profile, or no region.
    """
    profile = profile or environ.get("AWS_PROFILE", "") or environ.get("AWS_DEFAULT_PROFILE", "")
    known = profiles(environ)
    if profile and profile != "default" and profile not in known:
        raise unknown_profile(profile, known)
    region = (
        region
        or environ.get("AWS_REGION", "")
        or environ.get("AWS_DEFAULT_REGION", "")
        or known.get(profile or "default", {}).get("region", "")
    )
    if not region:
        raise no_region(profile)
    return profile, region
