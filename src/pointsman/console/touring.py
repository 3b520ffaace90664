"""The tour through a demonstration, in the live screens: a panel that goes on when its step has been done.

It looks again whenever a screen comes to the front, a board has come, or a deed has changed; it asks for nothing
itself and takes no key but the one that leaves it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.binding import Binding

from pointsman.console.keys import APP_KEYS, key_words, rebound, written
from pointsman.console.present import tour
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.tour_panel import TourPanel
from pointsman.model.refs import BuildRef

if TYPE_CHECKING:
    from pointsman.console.app import ConsoleApp
    from pointsman.console.connection import Connection
    from pointsman.console.desk import Desk
    from pointsman.console.screens.base import Place
    from pointsman.model.activity import Deed

__all__ = ["LEAVE", "Tour"]

LEAVE = "leave-tour"
"""The id of the key that leaves it."""
_OVER = "That was the tour. ? shows the keys of every screen, :tour begins again."
_NOTHING = "There is nothing to tour here now: nothing failed, nothing is gated, nothing waits."


class Tour:
    """One walk through the steps.

    Args:
        app: Whose screens show it.
        desk: What it looks at.
    """

    def __init__(self, app: ConsoleApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._at = 0
        self._deeds: dict[str, Deed] = {}
        self._read: set[str] = set()
        self._release: Callable[[], None] | None = None
        self._shown = False

    @property
    def under_way(self) -> bool:
        """Whether it has begun and is not over."""
        return self._release is not None

    def begin(self) -> None:
        """From the first step, as soon as there is a board."""
        self.leave()
        connection = self._desk.connection
        if connection is None:
            self._app.warn("not connected yet")
            return
        self._at, self._shown = 0, False
        self._deeds.clear()
        self._read.clear()
        self._release = connection.runner.listen(self._heard)
        self._desk.board_came = self.look_soon
        self.look_soon()

    def leave(self) -> None:
        """Say no more."""
        if self._release is not None:
            self._release()
            self._release = self._desk.board_came = None
            for place in self._app.places():
                place.query(TourPanel).remove()

    def error_reached(self) -> None:
        """Somebody has gone to an error in the log that shows."""
        if self.under_way and isinstance(ref := getattr(self._app.place, "ref", None), BuildRef):
            self._read.add(ref.id)
            self.look_soon()

    def look_soon(self) -> None:
        """Look once what is on its way to the screen has been painted."""
        self._app.call_after_refresh(self.look)

    def look(self) -> None:
        """Go on to the step that is to be done now, and show it on the screen in front."""
        snapshot, connection, place = self._desk.board, self._desk.connection, self._app.place
        if not self.under_way or connection is None or snapshot is None or snapshot.value is None or place is None:
            return
        sight = tour.Sight(
            snapshot.value,
            getattr(place, "ref", None),
            frozenset(self._read),
            tuple(self._deeds.values()),
            writes=not connection.services.cloud.guard.read_only,
            keys=self._keys(connection),
        )
        self._at = tour.onward(self._at, sight)
        if self._at == len(tour.STEPS):
            self.leave()
            self._app.notify(_OVER if self._shown else _NOTHING, timeout=12)
            return
        self._shown = True
        self._show(place, tour.stop(self._at, sight))

    def _show(self, place: Place, shown: tour.Stop) -> None:
        if not place.is_mounted:
            return
        panel = next(iter(place.query(TourPanel)), None)
        if panel is None:
            place.mount(TourPanel(self._desk.look, shown, self._key()), before=place.query_one(FilterBar))
        else:
            panel.show(shown)

    def _key(self) -> str:
        declared = next(one for one in APP_KEYS if isinstance(one, Binding) and one.id == LEAVE)
        return key_words(rebound(declared, self._desk.keys))

    def _keys(self, connection: Connection) -> dict[str, str]:
        pressed = {one: written(self._desk.keys.get(one, key).split(",")[0]) for one, key in tour.KEYS.items()}
        return pressed | {one.id: one.key for one in connection.registry if one.id in tour.KEYS}

    def _heard(self, deed: Deed) -> None:
        self._deeds[deed.id] = deed
        self._app.call_later(self.look)
