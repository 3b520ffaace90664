"""The console's entrance: a first frame at once, and the rest of the console loaded behind it.

What a screen needs (widgets, presentation, the model) takes as long to import and lay out as Textual itself. So the
first frame is one small widget: where this is, and that it is opening. The Overview takes its place as soon as it
stands, and then the connection is made.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widget import Widget

from pointsman.console.app import ConsoleApp

__all__ = ["EnteringApp"]

_DOOR = "entrance"


class Frame(Widget):
    """The first frame.

    Args:
        world: ``aws``, ``demo`` or ``local``.
    """

    DEFAULT_CSS = "Frame { width: 1fr; height: 1fr; }"

    def __init__(self, world: str) -> None:
        super().__init__()
        self._world = world

    def render(self) -> Text:
        """The header's beginning, and what is being waited for."""
        place = "" if self._world == "aws" else f"  {self._world}"
        return Text.assemble((" pointsman", "bold"), place, "\n\n  opening", no_wrap=True)


class Door(Screen[None]):
    """What shows until the Overview stands."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, world: str) -> None:
        super().__init__()
        self._world = world

    def compose(self) -> ComposeResult:
        """The frame."""
        yield Frame(self._world)


class EnteringApp(ConsoleApp):
    """The console as the command line opens it: the first frame does not wait for the console."""

    DEFAULT_MODE = _DOOR

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.add_mode(_DOOR, self._door)

    def _door(self) -> Screen[Any]:
        return Door(self._world_name)

    def furnish(self) -> None:
        """Not yet: once the first frame has been painted."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Until the console stands, its keys do nothing; ctrl+c does."""
        if not self.furnished and action not in ("interrupt", "repaint"):
            return False
        return super().check_action(action, parameters)

    def open(self) -> None:
        """Load the console once the first frame has been painted, and connect once the console has."""
        self.call_after_refresh(self._enter)

    async def _enter(self) -> None:
        self.recalled = await asyncio.to_thread(self._prepare)
        super().furnish()
        await self.switch_mode(self.start)
        self.remove_mode(_DOOR)
        self.open_first()
        self.say_theme_problems()
        self.reach(self._connect)  # the Overview has been drawn: nothing is gained by waiting for its next refresh

    def _prepare(self) -> Any:
        _load()
        return self.recall()


def _load() -> None:
    """Import what ``furnish`` and the Overview are made of; beside the loop, which stays free for ctrl+c."""
    import pointsman.console.alerting
    import pointsman.console.routing
    import pointsman.console.standing  # noqa: F401
