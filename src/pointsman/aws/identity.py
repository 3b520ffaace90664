"""sts:GetCallerIdentity -> Identity."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pointsman.model.snapshot import Identity


def identity(answer: dict[str, Any], *, region: str, profile: str = "", expires: datetime | None = None) -> Identity:
    """Who an answer says we are; whatever is missing is empty."""
    arn = str(answer.get("Arn") or "")
    account = str(answer.get("Account") or (arn.split(":")[4] if arn.count(":") >= 5 else ""))
    return Identity(account=account, arn=arn, region=region, profile=profile, expires=expires)
