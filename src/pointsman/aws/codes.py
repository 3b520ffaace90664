"""MFA codes: what botocore would ask on the terminal, asked by whoever has a screen.

A provider never waits for a person. Without a code it fails with ``NeedsCode``, which becomes a fault; the screen asks,
gives the code, and the next look for credentials takes it: once, for a code is good for one session only.
"""

from __future__ import annotations

import re

from pointsman.aws.faults import NeedsCode

_SERIAL = re.compile(r"arn:\S+?(?=:?\s*$)")


class Codes:
    """The codes of one session; any thread may ask, the loop's may give."""

    def __init__(self) -> None:
        self._given = ""
        self._wanted = ""
        self.used = False
        """Whether a code was taken since one was last wanted: what fails then, fails with it."""

    @property
    def wanted(self) -> str:
        """The device whose code is wanted: its serial number or ARN, or what botocore asks; empty when none is."""
        return self._wanted

    @property
    def waiting(self) -> bool:
        """Whether a code was given that nobody has taken yet."""
        return bool(self._given)

    def ask(self, prompt: str = "") -> str:
        """The code that was given.

        Args:
            prompt: What botocore would ask: ``Enter MFA code for arn:aws:iam::123456789012:mfa/me: ``.

        Raises:
            NeedsCode: None was.
        """
        found = _SERIAL.search(prompt)
        self._wanted = found[0] if found is not None else prompt.strip() or "this profile"
        code, self._given = self._given, ""
        self.used = bool(code)
        if not code:
            raise NeedsCode(prompt)
        return code

    def give(self, code: str) -> None:
        """What a person typed."""
        self._given = code

    def accepted(self) -> None:
        """Credentials were given: no code is wanted any more."""
        self._wanted, self.used = "", False
