"""A screen with the board on it: it shows the last session's until this one's has come."""

from __future__ import annotations

from typing import Any, ClassVar

from pointsman.console.screens.base import Place
from pointsman.model.snapshot import Snapshot

__all__ = ["BoardPlace"]


class BoardPlace(Place):
    """A screen one of whose slots is the board of pipelines."""

    board_slot: ClassVar[str] = "board"

    def before(self, slot: str) -> Snapshot[Any]:
        """The board as the last session left it."""
        return self.desk.last_board() if slot == self.board_slot else super().before(slot)

    def taken(self, slot: str, snapshot: Snapshot[Any]) -> Snapshot[Any]:
        """What of the board has not been read yet is as the last session left it."""
        return self.desk.took_over(snapshot) if slot == self.board_slot else super().taken(slot, snapshot)
