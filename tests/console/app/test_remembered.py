"""The last session's board at the start: at once, marked, and only its own account's."""

from __future__ import annotations

import threading
from typing import Any

from msgspec.structs import replace

from console import samples
from console.driving import console, refusing
from console.fakes import WHO, world
from pointsman.clock import EPOCH
from pointsman.console.connection import Keeping
from pointsman.errors import Fault, FaultKind
from pointsman.model.snapshot import Snapshot

LEFT = Snapshot(
    value=samples.board(), fetched_at=EPOCH, fault=Fault(FaultKind.REMEMBERED, "as the last session left it")
)


class Memory:
    """Remembers in a variable."""

    def __init__(self, account: str = WHO.account) -> None:
        self.account = account
        self.kept: list[tuple[Snapshot[Any], str, str]] = []

    def recall(self) -> Snapshot[Any] | None:
        return LEFT

    def keep(self, snapshot: Snapshot[Any], account: str, region: str) -> bool:
        self.kept.append((snapshot, account, region))
        return True


async def test_it_shows_before_there_is_a_connection() -> None:
    made, go = world(), threading.Event()
    made.clock.advance(7200)

    def connect() -> object:
        go.wait(20)
        return made.connect()

    async with console(made, connect=connect, wait=False, keeping=lambda: Keeping(Memory())) as user:
        await user.pilot.pause()
        assert "checkout" in user.text
        assert "stale 2h: last session" in user.text
        go.set()
        await user.settle()
        assert "stale 2h: last session" in user.text, "until this session has read it"
        made.fresh("board", value=samples.board())
        await user.settle()
        assert "last session" not in user.text


async def test_rows_that_are_not_read_yet_stay_as_they_were() -> None:
    made = world()
    async with console(made, keeping=lambda: Keeping(Memory())) as user:
        first, *others = samples.board().rows
        bare = tuple(replace(row, state=None, fetched_at=None) for row in others)
        made.fresh("board", value=replace(samples.board(), rows=(first, *bare)), partial="1 of 7 read")
        await user.settle()
        assert "1 of 7 read" in user.text
        assert "billing" in user.text
        assert "Waiting" in user.text


async def test_anothers_board_goes_as_soon_as_it_is_known_to_be_anothers() -> None:
    async with console(world(), keeping=lambda: Keeping(Memory("999999999999"))) as user:
        assert "checkout" not in user.text
        assert "loading pipelines" in user.text


async def test_without_credentials_it_stays_beside_the_reason() -> None:
    fault = Fault(FaultKind.NO_CREDENTIALS, "no AWS credentials were found", "aws sso login")
    async with console(world(), connect=refusing(fault), keeping=lambda: Keeping(Memory())) as user:
        assert "checkout" in user.text
        assert "aws sso login" in user.text


async def test_what_was_whole_is_left_for_the_next_session() -> None:
    made, memory = world(), Memory()
    async with console(made, keeping=lambda: Keeping(memory)) as user:
        made.fresh("board", value=samples.board())
        await user.settle()
    snapshot, account, region = memory.kept[-1]
    assert snapshot.value == samples.board()
    assert (account, region) == (WHO.account, WHO.region)


async def test_what_was_not_whole_is_not() -> None:
    made, memory = world(), Memory()
    async with console(made, keeping=lambda: Keeping(memory)) as user:
        made.fresh("board", value=samples.board(), partial="1 of 7 read")
        await user.settle()
    assert memory.kept == []
