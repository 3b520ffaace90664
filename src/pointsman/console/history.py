"""Where one has been: back, forward, and to the place before, as in a browser and a shell. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["History"]

P = TypeVar("P", bound=Hashable)

MOST = 200
"""Places that are remembered."""


class History(Generic[P]):
    """A line of places and where on it one is.

    Going to a new place forgets what lay ahead; going to the place one is at changes nothing.
    """

    def __init__(self) -> None:
        self._places: list[P] = []
        self._at = -1
        self._before: P | None = None

    @property
    def here(self) -> P | None:
        """The place one is at."""
        return self._places[self._at] if self._places else None

    @property
    def before(self) -> P | None:
        """The place one was at before this one, whichever way one came: what ``-`` goes to."""
        return self._before

    def visit(self, place: P) -> None:
        """A new place."""
        if place == self.here:
            return
        self._before = self.here
        self._places = [*self._places[: self._at + 1], place][-MOST:]
        self._at = len(self._places) - 1

    def step(self, by: int) -> P | None:
        """Go back (-1) or forward (1); None when there is nothing there."""
        at = self._at + by
        if not 0 <= at < len(self._places):
            return None
        self._before = self.here
        self._at = at
        return self._places[at]
