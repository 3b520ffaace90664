"""Logging in through IAM Identity Center on another device: what a person confirms, and how far that is."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

__all__ = ["DeviceCode", "LoginStep"]


class LoginStep(Enum):
    """What the service says of a login that was begun."""

    PENDING = "pending"
    """Nobody has confirmed it yet."""
    SLOWER = "slower"
    """It is asked too often."""
    DONE = "done"


class DeviceCode(Struct, frozen=True):
    """What a person opens and confirms in a browser, on any device."""

    code: str
    """What the page shows too, or wants typed: ``ABCD-EFGH``."""
    url: str
    """The page, without the code."""
    whole_url: str
    """The page with the code in it."""
    expires_in: float
    """Seconds for which it may be confirmed."""
    interval: float
    """Seconds between two questions whether it was."""
