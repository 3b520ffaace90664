"""Reads what was going on at a moment: what went out before it, and the alarms that changed around it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from pointsman.errors import CallFailed
from pointsman.model.alarms import Change
from pointsman.model.deployments import Deployment
from pointsman.model.marks import marks
from pointsman.model.neighbours import AROUND, BEFORE, Neighbours, nearest
from pointsman.model.pipelines import PipelineRow

if TYPE_CHECKING:
    from pointsman.services.session import Services

__all__ = ["neighbours"]

T = TypeVar("T")


async def neighbours(services: Services, at: datetime) -> Neighbours:
    """The neighbours of a moment; what cannot be read is left out and said."""
    unread: list[tuple[str, str]] = []

    async def tried(what: str, read: Callable[[], Awaitable[tuple[T, ...]]]) -> tuple[T, ...]:
        try:
            return await read()
        except CallFailed as error:
            unread.append((what, error.fault.kind.value))
            return ()

    async def deployed() -> tuple[Deployment, ...]:
        return (await services.deployments.recent().read(lambda *_: None)).deployments

    async def ran() -> tuple[PipelineRow, ...]:
        return (await services.pipelines.board().read(lambda *_: None)).rows

    async def changed() -> tuple[Change, ...]:
        return await services.alarms.changes(at - AROUND, at + AROUND)

    deployments, rows, changes = await asyncio.gather(
        tried("deployments", deployed), tried("pipelines", ran), tried("alarms", changed)
    )
    found = nearest(at, marks(deployments, rows, at - BEFORE, at), changes)
    return replace(found, unread=tuple(sorted(unread)))
