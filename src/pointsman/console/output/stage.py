"""The two screens, what Textual wants and what the terminal shows, and the way from one to the other. No I/O."""

from __future__ import annotations

from pointsman.console.output import frames
from pointsman.console.output.encoding import encode
from pointsman.console.output.grid import Grid
from pointsman.console.output.terminals import Abilities

__all__ = ["Stage"]


class Stage:
    """Takes frames in, gives differences out.

    ``lost`` and ``foreign`` are plain flags: a signal handler may set them while a frame is being taken or given.

    Args:
        abilities: What the terminal can do.
    """

    def __init__(self, abilities: Abilities) -> None:
        self._abilities = abilities
        self._wanted = Grid(0, 0)
        self._shown = Grid(0, 0)
        self._touched: set[int] = set()
        self.lost = True
        """Whether the terminal may show anything."""
        self.foreign = False
        """Whether something unknown was written, so that what is wanted is not known either."""

    def take(self, data: str, width: int, height: int) -> bool:
        """Take a frame in.

        Returns:
            False when something in it is not known, or it does not fit; nothing has changed then.
        """
        frame = frames.read(data, width, height)
        if frame is None:
            return False
        if (width, height) != (self._wanted.width, self._wanted.height):
            self._wanted, self._shown = Grid(width, height), Grid(width, height)
            self._touched = set()
            self.lost = True
        if self.foreign:
            self.foreign = False
            self._wanted.forget()
            self.lost = True
        self._touched |= self._wanted.place(frame.spans)
        self._wanted.cursor = frame.cursor
        return True

    def give(self) -> str:
        """What makes the terminal show what is wanted; empty when it does."""
        if self.lost:
            self.lost = False
            self._shown.forget()
        touched, self._touched = self._touched, set()
        return encode(self._shown, self._wanted, touched, self._abilities)
