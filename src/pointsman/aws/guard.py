"""What may leave this machine while the console is read-only: an allow-list of operations, checked on the wire.

An operation passes because its name says that it reads, or because a table with a reason each says so. A second table
names reads that never pass, armed or not: they hand out work, secrets or sessions. Whatever is on neither list is a
write, so an operation AWS adds tomorrow is refused until it is armed.

The guard sits on botocore's ``before-parameter-build``, in front of everything else: a call is refused before it is
even serialised, and in front of a session that never sends.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from pointsman.clock import Clock, SystemClock
from pointsman.errors import CallFailed, Fault, FaultKind, Refused
from pointsman.model.snapshot import Identity

_READS = re.compile(r"(?:Get|List|Describe|BatchGet|Filter|Lookup)(?=[A-Z0-9])")

ALLOWED: dict[tuple[str, str], str] = {
    ("logs", "StartQuery"): "runs a query: reads logs, changes nothing; what it costs is shown beside it",
    ("logs", "StartLiveTail"): "opens a stream of new events: reads logs, changes nothing; billed by the minute",
    ("logs", "StopQuery"): "ends a query of our own",
    ("logs", "TestMetricFilter"): "tries a pattern on lines that are given",
    ("s3", "HeadBucket"): "reads headers",
    ("s3", "HeadObject"): "reads headers",
    ("sts", "AssumeRole"): "how a profile with a role gets its credentials",
    ("sts", "AssumeRoleWithWebIdentity"): "how a profile with a web identity gets its credentials",
    ("sso-oidc", "CreateToken"): "how an SSO session is refreshed, and begun where a person asks for it",
    ("sso-oidc", "RegisterClient"): "the first step of an SSO login that a person asks for",
    ("sso-oidc", "StartDeviceAuthorization"): "the second step of an SSO login: a code to be confirmed in a browser",
    ("signin", "CreateOAuth2Token"): "how a login session is refreshed",
}
"""Operations that pass although their name does not say that they read."""

NEVER: dict[tuple[str, str], str] = {
    ("codepipeline", "PollForJobs"): "takes jobs away from their workers",
    ("codepipeline", "PollForThirdPartyJobs"): "takes jobs away from their workers",
    ("codepipeline", "GetJobDetails"): "answers with credentials of the pipeline's artifacts",
    ("codepipeline", "GetThirdPartyJobDetails"): "answers with credentials of the pipeline's artifacts",
    ("secretsmanager", "GetSecretValue"): "answers with a secret",
    ("secretsmanager", "BatchGetSecretValue"): "answers with secrets",
    ("secretsmanager", "GetRandomPassword"): "answers with a secret",
    ("sts", "GetSessionToken"): "makes new credentials",
    ("sts", "GetFederationToken"): "makes new credentials",
    ("sts", "GetDelegatedAccessToken"): "makes new credentials",
    ("sts", "GetWebIdentityToken"): "makes new credentials",
    ("xray", "GetSamplingTargets"): "reports statistics and takes from the reservoir of the services that are traced",
}
"""Operations that never pass: this console has no use for them, armed or not."""


def reads(service: str, operation: str) -> bool:
    """Whether an operation only reads, and may pass while the console is read-only."""
    if (service, operation) in NEVER:
        return False
    return (service, operation) in ALLOWED or _READS.match(operation) is not None


class Guard:
    """Decides whether a call may leave.

    Args:
        read_only: Whether writes are refused until the guard is armed.
        clock: What the time of arming is measured on.
        locked: Whether arming is refused too (``--read-only``).
    """

    def __init__(self, read_only: bool = True, clock: Clock | None = None, *, locked: bool = False) -> None:
        self.clock: Clock = clock or SystemClock()
        self.locked = locked
        self._read_only = read_only or locked
        self._until: datetime | None = None
        self._identity: Identity | None = None

    @property
    def read_only(self) -> bool:
        """Whether writes need arming, armed or not."""
        return self._read_only

    @property
    def armed_until(self) -> datetime | None:
        """When the arming ends; None when it is not armed (any more)."""
        # An arming that has ended is kept: ``why_not`` says that it was there.
        return self._until if self._until is not None and self.clock.now() < self._until else None

    @property
    def armed_for(self) -> Identity | None:
        """Who the guard was armed for; None when it is not armed."""
        return self._identity if self.armed_until is not None else None

    def arm(self, minutes: float, identity: Identity) -> datetime:
        """Let writes pass for a time, for one caller.

        Args:
            minutes: How long.
            identity: Who asked: another identity does not inherit the arming.

        Returns:
            When it ends.

        Raises:
            Refused: The console was started with ``--read-only``.
        """
        if self.locked:
            raise Refused("this console was started with --read-only", "start it without --read-only to arm it")
        if minutes <= 0:
            raise Refused("arming needs a time: :arm MINUTES")
        self._until = self.clock.now() + timedelta(minutes=minutes)
        self._identity = identity
        return self._until

    def disarm(self) -> None:
        """Refuse writes again."""
        self._until = None
        self._identity = None

    def why_not(self, now: datetime, identity: Identity | None = None) -> str | None:
        """Why a write may not go out now, in a sentence; None when it may.

        Args:
            now: The time.
            identity: Who is calling, where that is known: arming is bound to the identity it was given under.
        """
        if not self._read_only:
            return None
        if self.locked:
            return "this console is read-only (--read-only)"
        if self._until is None or self._identity is None:
            return "this console is read-only: :arm MINUTES allows writes for a time"
        if now >= self._until:
            return "the arming has ended: :arm MINUTES allows writes again"
        if identity is not None and (identity.account, identity.arn) != (self._identity.account, self._identity.arn):
            return f"writes were armed for {self._identity.arn}, but the caller is now {identity.arn}"
        return None

    def check(self, service: str, operation: str) -> None:
        """Let a call pass, or refuse it.

        Raises:
            CallFailed: Of kind READ_ONLY; the call has not left.
        """
        call = f"{service}:{operation}"
        if reason := NEVER.get((service, operation)):
            raise CallFailed(Fault(FaultKind.READ_ONLY, f"{call} is never called from here: it {reason}", call=call))
        if reads(service, operation):
            return
        if reason := self.why_not(self.clock.now()):
            raise CallFailed(Fault(FaultKind.READ_ONLY, f"{call} was refused: {reason}", call=call))

    def watch(self, session: Any) -> None:
        """Guard every client that a boto3 session makes from now on."""

        def refuse(model: Any, **_: Any) -> None:
            self.check(model.service_model.service_name, model.name)

        session.events.register_first("before-parameter-build.*.*", refuse)
