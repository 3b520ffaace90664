"""A login to IAM Identity Center by the device authorization flow, as ``aws sso login --use-device-code`` does it.

A token goes where botocore's own providers read it: its file cache, under its key, in its format. Nothing is sent
before ``begin``. Everything here blocks: for a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore
from botocore.config import Config
from botocore.tokens import _sso_json_dumps
from botocore.utils import JSONFileCache, SSOTokenLoader
from msgspec import Struct

from pointsman.aws.faults import explain
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.logins import DeviceCode, LoginStep

__all__ = ["DeviceLogin", "Place", "place_of"]

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SCOPE = "sso:account:access"
_INTERVAL = 5.0
"""Seconds, where the service names none (RFC 8628)."""
_CODE_HINT = "begin again: it makes a new code"
_GOES_ON = {"AuthorizationPendingException": LoginStep.PENDING, "SlowDownException": LoginStep.SLOWER}
_ENDS: Mapping[str, tuple[str, str]] = {
    "ExpiredTokenException": ("the code has expired before it was confirmed", _CODE_HINT),
    "AccessDeniedException": ("the login was refused in the browser", "begin again if that was a mistake"),
}


class Place(Struct, frozen=True):
    """Where one logs in."""

    start_url: str
    region: str
    session: str = ""
    """The name of the ``sso-session`` section; empty where the profile names the start URL itself."""
    scopes: tuple[str, ...] = ()
    """What a session's token may be used for."""


def place_of(
    profile: str, known: Mapping[str, Mapping[str, Any]], sessions: Mapping[str, Mapping[str, Any]]
) -> Place | None:
    """Where the user of a profile logs in; None where he does not, or not completely.

    Args:
        profile: The profile; a role's source profile is the one to log in with.
        known: Every profile's settings.
        sessions: Every ``sso-session`` section's.
    """
    settings, seen = known.get(profile or "default", {}), {profile}
    while (source := str(settings.get("source_profile", ""))) and source not in seen:
        seen.add(source)
        settings = known.get(source, {})
    name = str(settings.get("sso_session", ""))
    section = sessions.get(name, {}) if name else settings
    url, region = str(section.get("sso_start_url", "")), str(section.get("sso_region", ""))
    if not url or not region:
        return None
    listed = str(section.get("sso_registration_scopes", "")).split(",") if name else []
    scopes = tuple(one.strip() for one in listed if one.strip()) or ((_SCOPE,) if name else ())
    return Place(url, region, name, scopes)


class DeviceLogin:
    """One login: begun, asked about until it is done.

    Args:
        session: Makes the client; what watches it watches this too.
        place: Where.
        now: The time, with a zone.
        folder: Where tokens are kept; None is botocore's own place.
    """

    def __init__(
        self,
        session: Any,
        place: Place,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        folder: Path | None = None,
    ) -> None:
        self.place = place
        self._session = session
        self._now = now
        self._folder = folder or Path("~/.aws/sso/cache").expanduser()
        self._made: Any = None
        self._registered: dict[str, Any] = {}
        self._device = ""

    def begin(self) -> DeviceCode:
        """Register as a client, and get a code to be confirmed.

        Raises:
            CallFailed: There is none; says why.
        """
        asked: dict[str, Any] = {"clientName": "pointsman", "clientType": "public"}
        if self.place.scopes:
            asked["scopes"] = list(self.place.scopes)
        self._registered = self._call("RegisterClient", **asked)
        found = self._call("StartDeviceAuthorization", **self._keys(), startUrl=self.place.start_url)
        self._device = found["deviceCode"]
        url = str(found.get("verificationUri", ""))
        return DeviceCode(
            str(found.get("userCode", "")),
            url,
            str(found.get("verificationUriComplete") or url),
            float(found.get("expiresIn") or 600),
            float(found.get("interval") or _INTERVAL),
        )

    def ask(self) -> LoginStep:
        """Whether it was confirmed; when it was, the token is kept.

        Raises:
            CallFailed: It never will be: the code expired, somebody refused; or the token cannot be kept.
        """
        try:
            answer = self._call("CreateToken", **self._keys(), grantType=_GRANT, deviceCode=self._device)
        except CallFailed as error:
            code, call = error.fault.code, error.fault.call
            if (going_on := _GOES_ON.get(code)) is not None:
                return going_on
            if code in _ENDS:
                sentence, hint = _ENDS[code]
                raise CallFailed(Fault(FaultKind.DENIED, sentence, hint, code, call=call)) from error
            raise
        self._keep(answer)
        return LoginStep.DONE

    def _keep(self, answer: Mapping[str, Any]) -> None:
        place = self.place
        token: dict[str, Any] = {
            "startUrl": place.start_url,
            "region": place.region,
            "accessToken": answer["accessToken"],
            "expiresAt": self._now() + timedelta(seconds=int(answer.get("expiresIn") or 0)),
        }
        if place.session:
            ends = datetime.fromtimestamp(int(self._registered.get("clientSecretExpiresAt") or 0), UTC)
            token |= {**self._keys(), "registrationExpiresAt": ends}
            if answer.get("refreshToken"):
                token["refreshToken"] = answer["refreshToken"]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # botocore writes a file of its own, 0600, and puts it in the place of the old one.
            cache = JSONFileCache(str(self._folder), dumps_func=_sso_json_dumps)
            SSOTokenLoader(cache).save_token(place.start_url, token, session_name=place.session or None)
        except OSError as error:
            sentence = f"the token cannot be kept: {error.strerror or error}"
            raise CallFailed(Fault(FaultKind.UNKNOWN, sentence, f"see to {self._folder}")) from error

    def _keys(self) -> dict[str, Any]:
        return {name: self._registered[name] for name in ("clientId", "clientSecret")}

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        call = f"sso-oidc:{operation}"
        try:
            answer: dict[str, Any] = getattr(self._client(), botocore.xform_name(operation))(**parameters)
        except Exception as error:  # botocore and urllib3 raise what they like
            raise CallFailed(explain(error, call).fault) from error
        return answer

    def _client(self) -> Any:
        if self._made is None:
            config = Config(
                signature_version=botocore.UNSIGNED,
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=20,
            )
            self._made = self._session.client("sso-oidc", region_name=self.place.region, config=config)
        return self._made
