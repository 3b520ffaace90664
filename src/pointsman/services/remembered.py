"""The board as the last session left it: shown at once at the next start, until fresh data is there.

It is kept per identity and region: the file's name comes from what decides whose rows they are, so that one account's
board cannot show in another's place. What gives access (an approval's token) or may hold a secret (an action's
configuration) is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from pointsman.errors import Fault, FaultKind
from pointsman.model.pipelines import Action, Board, PipelineRow, Stage
from pointsman.model.snapshot import Snapshot
from pointsman.services.private_files import name_for, read_own, write_own

__all__ = ["Remembered"]

log = logging.getLogger("pointsman.remembered")

FORMAT = 1
LARGEST = 32_000_000
"""Bytes; a file beyond this is not read."""
_LAST = Fault(FaultKind.REMEMBERED, "as the last session left it")


class _Kept(msgspec.Struct, frozen=True):
    format: int
    account: str
    region: str
    fetched_at: datetime
    board: Board


class Remembered:
    """One place's board, in a file.

    Args:
        folder: Where the files are; made, with nobody else let in, when one is written.
        whose: What decides whose rows these are: profile, region, endpoint, the identity as far as it is known before
            AWS is asked.
    """

    def __init__(self, folder: Path, whose: Sequence[str]) -> None:
        self._file = folder / f"{name_for(whose)}.json"
        self.account = ""
        """The account the recalled board is of; empty when none was recalled."""

    def recall(self) -> Snapshot[Board] | None:
        """The board, stale by its age; None when there is none that can be read."""
        try:
            body = read_own(self._file, LARGEST)
            kept = msgspec.json.decode(body, type=_Kept) if body is not None else None
        except (OSError, msgspec.DecodeError, ValueError) as error:
            # Another version's, or not ours: it is left as it is until this session has a board of its own.
            log.warning("the last session's board cannot be read: %s", error)
            return None
        if kept is None or kept.format != FORMAT or not kept.board.rows:
            return None
        self.account = kept.account
        return Snapshot(value=kept.board, fetched_at=kept.fetched_at, fault=_LAST)

    def keep(self, snapshot: Snapshot[Board], account: str, region: str) -> bool:
        """Write a board for the next session; False when there is nothing whole to write, or it cannot be written."""
        board = snapshot.value
        if board is None or snapshot.fetched_at is None or not board.complete or not account:
            return False
        bare = replace(board, rows=tuple(_bare(row) for row in board.rows))
        try:
            write_own(self._file, msgspec.json.encode(_Kept(FORMAT, account, region, snapshot.fetched_at, bare)))
        except OSError as error:
            log.warning("the board cannot be kept for the next session: %s", error)
            return False
        return True


def _bare(row: PipelineRow) -> PipelineRow:
    if row.state is None:
        return row
    stages, beside = (tuple(map(_bare_stage, some)) for some in (row.state.stages, row.state.beside))
    return replace(row, state=replace(row.state, stages=stages, beside=beside))


def _bare_stage(stage: Stage) -> Stage:
    return replace(stage, actions=tuple(_bare_action(action) for action in stage.actions))


def _bare_action(action: Action) -> Action:
    # The external id of an approval in a PARALLEL pipeline is the token it is answered by.
    external_id = "" if action.is_approval else action.external_id
    return replace(action, token="", configuration=(), external_id=external_id)
