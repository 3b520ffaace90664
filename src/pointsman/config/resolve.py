"""Who has the last word: command line, then environment, then file, then default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from pointsman.config import checks, paths
from pointsman.config.launch import Launch, World
from pointsman.config.settings import Settings
from pointsman.errors import UsageError


def settings(launch: Launch, environ: Mapping[str, str]) -> Settings:
    """The settings one start runs with.

    A profile of the environment is left to boto, which knows its own rules: ``profile`` holds only what the command
    line or the file named.

    Raises:
        ConfigError: The file has mistakes.
        UsageError: A region or an endpoint cannot be one.
    """
    from_file = _file(launch.config, environ)
    beside = from_file.source or paths.config_file(environ)
    merged = replace(
        from_file,
        read_only=launch.read_only or from_file.read_only,
        output="plain" if launch.plain_output else from_file.output,
        low_bandwidth=launch.low_bandwidth or from_file.low_bandwidth,
        theme_folder=beside.parent / "themes",
    )
    if launch.world is World.AWS:
        # As boto has it: keys or a profile in the environment come before a profile that only a file names.
        named = any(environ.get(name) for name in ("AWS_DEFAULT_PROFILE", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"))
        merged = replace(
            merged,
            profile=launch.profile or ("" if named else from_file.profile),
            region=_first(launch.region, environ, "AWS_REGION", "AWS_DEFAULT_REGION") or from_file.region,
            endpoint_url=_first(launch.endpoint_url, environ, "AWS_ENDPOINT_URL") or from_file.endpoint_url,
        )
    else:
        merged = replace(merged, profile="", endpoint_url="", region=launch.region)
    for value, check, option in (
        (merged.region, checks.region, "--region"),
        (merged.endpoint_url, checks.endpoint, "--endpoint-url"),
    ):
        if value and (wrong := check(value)) is not None:
            raise UsageError(wrong, f"pass another with {option}")
    return merged


def _first(value: str, environ: Mapping[str, str], *names: str) -> str:
    return value or next((found for name in names if (found := environ.get(name))), "")


def _file(named: Path | None, environ: Mapping[str, str]) -> Settings:
    if named is None and (text := environ.get("POINTSMAN_CONFIG")):
        named = Path(text)
    if named is None:
        named = paths.config_file(environ)
        if not named.exists():
            return Settings()
    from pointsman.config.loader import load  # YAML costs a tenth of a start: only where there is a file

    return load(named.expanduser())
