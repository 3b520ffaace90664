"""``pointsman doctor``: what is wrong, on what that rests and what to do, as plain text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pointsman.model.doctor import Diagnosis
    from pointsman.model.refs import Ref
    from pointsman.services.session import Services

__all__ = ["FOUND", "diagnose", "said"]

FOUND = 1
"""The exit code when something is broken."""


def diagnose(services: Services, wanted: Ref | str | None, show: Callable[[str], object] = print) -> int:
    """Look, print, and say by the exit code whether something is broken."""

    async def look() -> Diagnosis:
        from pointsman.services.doctor import Doctor

        try:
            return await Doctor(services).look(wanted)
        finally:
            await services.feeds.close()

    found = asyncio.run(look())
    show(said(found))
    return FOUND if found.grave else 0


def said(found: Diagnosis) -> str:
    """A diagnosis as lines of text."""
    from pointsman.model.doctor import graves_first

    lines = [f"looked at {_clean(one)}" for one in found.looked]
    for one in graves_first(found.findings):
        lines += ["", f"{'BROKEN' if one.grave else 'to know'}: {_clean(one.what)}"]
        lines += [f"    {_clean(line)}" for line in one.evidence]
        lines += [f"  -> {_clean(one.step)}"] if one.step else []
    if not found.findings:
        lines += ["", "nothing is wrong in what was looked at"]
    return "\n".join(lines)


def _clean(text: str) -> str:
    """Text from outside without what a terminal would obey: control and direction characters."""
    return "".join(one if one.isprintable() else " " for one in text)
