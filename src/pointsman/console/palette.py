"""The command palette: screens, commands, and what can be done with the selection. Loaded when it is first opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from pointsman.console.command_line import COMMANDS
from pointsman.console.present.text import clean
from pointsman.console.screens.base import Place

if TYPE_CHECKING:
    from pointsman.console.app import ConsoleApp

__all__ = ["PaletteProvider"]


class PaletteProvider(Provider):
    """Everything by name."""

    def _entries(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        app = cast("ConsoleApp", self.app)
        place = self.screen
        if isinstance(place, Place) and place.connection is not None:
            for choice in app.operating.choices(place.targets()):
                title = clean(f"{choice.operation.title}: {choice.ref}")
                if choice.why_not is None:
                    yield title, choice.operation.help, partial(app.operating.begin, choice)
                else:
                    words = f"{choice.operation.title}: {choice.why_not}"
                    yield title, f"not now: {choice.why_not}", partial(app.warn, words)
        for command in COMMANDS:
            if command.argument and not command.argument.startswith("["):
                yield (
                    f":{command.name} {command.argument}",
                    command.help,
                    partial(app.action_command_line, command.name),
                )
            else:
                yield f":{command.name}", command.help, partial(app.action_obey, command.name)

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for title, words, run in self._entries():
            yield DiscoveryHit(Content(title), run, text=title, help=Content(clean(words)).plain)

    async def search(self, query: str) -> Hits:
        """What fits."""
        matcher = self.matcher(query)
        for title, words, run in self._entries():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), run, text=title, help=clean(words))
