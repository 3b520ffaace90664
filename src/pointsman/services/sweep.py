"""The board: what has no status in its list call is read pipeline by pipeline, in short rounds within the budget.

A round reads a few rows, the most urgent first: what moves, what waits for a person, what was never read, what could
not be read, and then, slowly, what is at rest. Rows appear as soon as their page of the list is there. A row that
cannot be read says so itself; only what concerns every row (credentials, the network) fails the round.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime

from msgspec.structs import replace

from pointsman.clock import Clock
from pointsman.errors import CallFailed, Fault, FaultKind
from pointsman.model.pipelines import Board, PipelineRow, PipelineState
from pointsman.model.refs import PipelineRef
from pointsman.model.status import Tone
from pointsman.services.feeds import Report

ROUND = 24
"""How many rows a round reads."""
AT_ONCE = 4
TELL = 0.5
"""Seconds for which rows that have been read wait for others, where the budget is tight; the first one does not."""
RELIST = 18.0
"""Seconds after which the list itself is read again."""
_EVERYBODY = (FaultKind.NO_CREDENTIALS, FaultKind.EXPIRED, FaultKind.UNREACHABLE)
_SOON_AGAIN = (FaultKind.THROTTLED, FaultKind.TIMEOUT)
_MOVING, _WAITING, _RETRY, _REFUSED = 1.5, 4.0, 4.0, 60.0
_REST, _REST_RATE = 15.0, 3.0

ReadState = Callable[[PipelineRef, PipelineState | None], Awaitable[PipelineState]]


def unread(board: Board) -> int:
    """How many rows nobody has tried to read."""
    return sum(row.state is None and row.fault is None for row in board.rows)


def partial(board: Board) -> str:
    """What a board lacks: ``312 of 1,000 read``; empty when it is whole."""
    if not board.complete:
        return f"{len(board):,} listed so far"
    return "" if board.read == len(board) else f"{board.read:,} of {len(board):,} read"


def cadence(board: Board) -> float:
    """Seconds until the next round: none while rows are unread, few while something moves."""
    if not board.complete or unread(board):
        return 0.0
    tones = {row.status.tone for row in board.rows}
    if Tone.MOVING in tones:
        return 2.0
    if Tone.WAITING in tones or any(row.fault is not None and row.fault.kind in _SOON_AGAIN for row in board.rows):
        return 5.0
    return 20.0 if len(board) <= ROUND else ROUND / _REST_RATE


def due(row: PipelineRow, now: datetime, total: int) -> int | None:
    """How urgent it is to read a row, 0 first; None when it is not due.

    Args:
        row: The row.
        now: The time.
        total: How many rows there are: the more, the slower those at rest are read again.
    """
    if row.state is None and row.fault is None:
        return 2
    age = (now - row.fetched_at).total_seconds() if row.fetched_at is not None else float("inf")
    if row.fault is not None:
        return 3 if age >= (_RETRY if row.fault.kind in _SOON_AGAIN else _REFUSED) else None
    if row.state is not None and (row.version > row.state.version):
        return 2
    moving = row.state is not None and any(stage.shown_status.tone is Tone.MOVING for stage in row.state.stages)
    if moving or row.status.tone is Tone.MOVING:
        return 0 if age >= _MOVING else None
    if row.status.tone is Tone.WAITING:
        return 1 if age >= _WAITING else None
    return 4 if age >= max(_REST, total / _REST_RATE) else None


def choose(rows: list[PipelineRow], now: datetime, most: int = ROUND) -> list[PipelineRow]:
    """The rows a round reads: the most urgent, the oldest first; what moves leaves half to what was never read."""
    ranked = [(rank, row) for row in rows if (rank := due(row, now, len(rows))) is not None]
    ranked.sort(key=lambda one: (one[0], one[1].fetched_at.timestamp() if one[1].fetched_at else 0.0))
    lively = [row for rank, row in ranked if rank < 2]
    others = [row for rank, row in ranked if rank >= 2]
    share = max(most - len(others), most // 2)
    return [*lively[:share], *others[: most - min(len(lively), share)]]


class Sweep:
    """The rows of the board, and the rounds that keep them up to date.

    Args:
        clock: The time.
        pages: Lists the pipelines, page by page.
        read: Reads one pipeline's state.
    """

    def __init__(
        self, clock: Clock, pages: Callable[[], AsyncIterator[tuple[PipelineRow, ...]]], read: ReadState
    ) -> None:
        self._clock = clock
        self._pages = pages
        self._read = read
        self._rows: dict[str, PipelineRow] = {}
        self._listed: datetime | None = None
        self._complete = False

    @property
    def board(self) -> Board:
        """The board as it is known."""
        return Board(tuple(self._rows.values()), complete=self._complete)

    def learn(self, state: PipelineState) -> None:
        """Take over a state that somebody else has read."""
        if row := self._rows.get(state.name):
            self._rows[state.name] = self._with(row, state)

    async def round(self, report: Report[Board]) -> Board:
        """List what is due to be listed, read what is most urgent.

        Raises:
            CallFailed: The list cannot be read, or no row can.
        """
        now = self._clock.now()
        if self._listed is None or (now - self._listed).total_seconds() >= RELIST:
            await self._list(report)
        chosen = choose(list(self._rows.values()), self._clock.now())
        gate = asyncio.Semaphore(AT_ONCE)
        stopped: list[CallFailed] = []
        read, told = 0, float("-inf")

        async def one(row: PipelineRow) -> None:
            nonlocal read, told
            async with gate:
                if stopped:
                    return
                try:
                    await self._row(row)
                except CallFailed as error:
                    stopped.append(error)
                    return
            read += 1
            if read < len(chosen) and (read % 8 == 0 or self._clock.monotonic() - told >= TELL):
                told = self._clock.monotonic()
                report(self.board, partial(self.board))

        async with asyncio.TaskGroup() as group:
            for row in chosen:
                group.create_task(one(row))
        if stopped:
            raise stopped[0]
        return self.board

    async def _list(self, report: Report[Board]) -> None:
        found: dict[str, PipelineRow] = {}
        first = not self._complete
        async for page in self._pages():
            for row in page:
                known = self._rows.get(row.ref.name)
                found[row.ref.name] = row if known is None else self._again(row, known)
            if first:
                self._rows = dict(found)
                report(self.board, partial(self.board))
        self._rows = found
        self._complete = True
        self._listed = self._clock.now()

    def _again(self, row: PipelineRow, known: PipelineRow) -> PipelineRow:
        return replace(row, state=known.state, fault=known.fault, fetched_at=known.fetched_at)

    async def _row(self, row: PipelineRow) -> None:
        name = row.ref.name
        try:
            state = await self._read(row.ref, row.state)
        except CallFailed as error:
            fault = error.fault
            if fault.kind in _EVERYBODY:
                raise
            if fault.kind is FaultKind.NOT_FOUND:
                self._listed = None  # it may have been deleted: the next round's list knows
            if name in self._rows:
                self._rows[name] = replace(self._rows[name], fault=steady(fault), fetched_at=self._clock.now())
            return
        if name in self._rows:
            self._rows[name] = self._with(self._rows[name], state)

    def _with(self, row: PipelineRow, state: PipelineState) -> PipelineRow:
        kept = row.state if row.state == state else state
        version = max(row.version, state.version)
        return replace(row, state=kept, version=version, fault=None, fetched_at=self._clock.now())


def steady(fault: Fault) -> Fault:
    """A fault without its request id, so that meeting it again is no news."""
    return replace(fault, request_id="")
