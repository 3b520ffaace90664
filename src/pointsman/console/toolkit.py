"""The one place that leans on Textual's internals, pinned by the version range in pyproject.

What is here works around nothing a caller must know: quiet apps, content that grows without a layout, one timer for all
live ages, and idleness for the tests.
"""

from __future__ import annotations

import asyncio
import inspect
import weakref
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual._styles_cache import StylesCache
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBarRender
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.app import App
    from textual.color import Color
    from textual.pilot import Pilot
    from textual.screen import Screen
    from textual.style import Style
    from textual.timer import Timer
    from textual.widgets import Input, TextArea

    from pointsman.console.output.report import OutputReport


def quiet(app: App[Any]) -> None:
    """Nothing moves by itself: no animations, whatever the environment says. Nothing of a closed screen is kept."""
    app.animation_level = "none"
    setattr(StylesCache, _BACKGROUNDS, _inner_outer)


_BACKGROUNDS = "get_inner_outer"
_of_two: Callable[..., tuple[Style, Style]] = lru_cache(256)(
    partial(inspect.unwrap(getattr(StylesCache, _BACKGROUNDS)), None)
)


def _inner_outer(_: StylesCache, base: Color, background: Color) -> tuple[Style, Style]:
    """Textual's own answer, kept by the two colours alone.

    Textual keeps it by the widget's own cache, too, and with that the lines of a thousand widgets that are long gone.
    """
    return _of_two(base, background)


def no_blink(field: Input | TextArea) -> None:
    """A cursor that stands."""
    field.cursor_blink = False


def resize_content(view: ScrollView, size: Size) -> None:
    """Change how much a line widget has to scroll, without laying out the whole screen.

    The public ``virtual_size`` costs a layout at every change; a log changes ten times a second.
    """
    if view.virtual_size == size:
        return
    view.set_reactive(Widget.virtual_size, size)
    if view.is_attached:
        view._scroll_update(size)


def move_content(view: ScrollView, size: Size, y: int) -> bool:
    """Change what there is to scroll and where the view is, at once, for a widget that draws its own scrollbar.

    Neither a layout nor a watcher runs: the caller repaints what it must.

    Returns:
        Whether the view now shows other rows.
    """
    before = view.scroll_offset.y
    view.set_reactive(Widget.virtual_size, size)
    y = max(0, min(y, size.height - view.size.height))
    view.set_reactive(Widget.scroll_y, float(y))
    view.set_reactive(Widget.scroll_target_y, float(y))
    return before != y


def is_bare(widget: Widget) -> bool:
    """Whether no style draws anything around a widget's lines, or changes them: no border, no padding, no tint."""
    styles = widget.styles
    around = (*styles.gutter, *(edge for edge, _ in styles.outline))
    over = styles.tint.a or styles.text_opacity != 1.0 or widget.opacity != 1.0 or styles.has_rule("hatch")
    return not any(around) and not over and widget.border_title is None and widget.border_subtitle is None


def jump_to(view: ScrollView, *, x: int | None = None, y: int | None = None) -> None:
    """Scroll at once, without animation and whatever the overflow style says."""
    view.scroll_to(x, y, animate=False, force=True)


class _PlainBar(ScrollBarRender):
    """A scroll bar of whole cells: colour and reverse video alone, no partial blocks."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


def plain_bars(view: Widget) -> None:
    """Draw a widget's scroll bars with spaces only, for a terminal that has nothing but ASCII."""
    view.vertical_scrollbar.renderer = _PlainBar  # type: ignore[misc]
    view.horizontal_scrollbar.renderer = _PlainBar  # type: ignore[misc]


def screen_lines(app: App[Any]) -> list[str]:
    """The screen as plain text, a string per line."""
    width, height = app.size
    strips = app.screen._compositor.render_strips(Size(width, height))
    return [strip.text.rstrip() for strip in strips]


def whole_frame(app: App[Any]) -> str:
    """What Textual writes for a frame of all cells."""
    update = app.screen._compositor.render_full_update()
    return update.render_segments(app.console) + "\x1b[1;1H"


async def settle(pilot: Pilot[Any], turns: int = 3) -> None:
    """Wait until the app has handled every message and run what was due, without waiting for a clock.

    Line widgets that coalesce or search in slices say so with a ``working`` attribute; they are waited for too.
    """
    for _ in range(turns):
        await pilot.pause()
    for _ in range(2000):
        if not any(getattr(widget, "working", False) is True for widget in pilot.app.screen.query("*")):
            break
        await asyncio.sleep(0.002)
    await pilot.pause()


class Ages:
    """One timer for every live age of an app.

    A widget says when its shown text changes next; the timer sleeps until the first such moment. Nothing runs while no
    age is shown, and a clock that stands causes no repaint, and after a while hardly a look.
    """

    _LONGEST = 60.0
    _SHORTEST = 0.05
    _STANDING = 4.0
    """How long it sleeps at most where the clock has stood since it looked last: until it goes on, or is moved."""

    def __init__(self, app: App[Any], now: Callable[[], datetime]) -> None:
        self._app = app
        self._now = now
        # The callbacks weakly, too: they are methods of the widgets, which would live until an age of hours steps on.
        self._due: weakref.WeakKeyDictionary[Widget, tuple[datetime, Callable[[], Callable[[], None] | None]]] = (
            weakref.WeakKeyDictionary()
        )
        self._timer: Timer | None = None
        self._at: datetime | None = None
        self._looked: datetime | None = None
        self._stood = 0.0
        """How long it slept while the clock stood."""

    def wake(self, widget: Widget, due: datetime | None, callback: Callable[[], None]) -> None:
        """Call ``callback``, a method, once when the clock reaches ``due``; replaces what was asked for before."""
        if due is None:
            self._due.pop(widget, None)
            return
        self._due[widget] = (due, weakref.WeakMethod(callback))
        if self._at is None or due < self._at:
            self._arm()

    def poke(self) -> None:
        """The clock was moved by hand, or goes on: carry out what is due now."""
        self._looked = None
        self._ring()

    @property
    def next_due(self) -> datetime | None:
        """When the next age changes; None when none is shown."""
        return min((due for due, _ in self._due.values()), default=None)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._at = self.next_due
        if self._at is None or not self._app.is_running:
            self._at = None
            return
        delay = (self._at - self._now()).total_seconds()
        self._timer = self._app.set_timer(max(self._SHORTEST, self._stood, min(self._LONGEST, delay)), self._ring)

    def _ring(self) -> None:
        now = self._now()
        stands = now == self._looked
        self._looked, self._stood = now, min(self._STANDING, max(self._SHORTEST, self._stood) * 2) if stands else 0.0
        ripe = [(widget, known) for widget, (due, known) in list(self._due.items()) if due <= now]
        for widget, _ in ripe:
            del self._due[widget]
        for widget, known in ripe:
            if widget.is_attached and (callback := known()) is not None:
                callback()
        self._arm()


_AGES: weakref.WeakKeyDictionary[Any, Ages] = weakref.WeakKeyDictionary()


def ages(widget: Widget, now: Callable[[], datetime]) -> Ages:
    """The app's timer of live ages."""
    app = widget.app
    found = _AGES.get(app)
    if found is None:
        found = _AGES[app] = Ages(app, now)
    return found


def clock_moved(app: App[Any]) -> None:
    """Tell every live age that the clock was moved by hand."""
    found = _AGES.get(app)
    if found is not None:
        found.poke()


def write(app: App[Any], control: str) -> None:
    """Send a control sequence to the terminal as it is; nowhere when there is none."""
    if app._driver is not None:
        app._driver.write(control)


def take_mouse(app: App[Any], on: bool) -> None:
    """Have the terminal report the mouse, or leave it to the terminal's own selection."""
    # The driver's own switches also decide what it does when the program is suspended and comes back.
    driver: Any = app._driver
    if driver is None or not hasattr(driver, "_enable_mouse_support"):
        return  # no terminal: a test
    if on:
        driver._mouse = True
        driver._enable_mouse_support()
    elif getattr(driver, "_mouse", False):
        driver._disable_mouse_support()
        driver._mouse = False


def distrust_screen(app: App[Any]) -> None:
    """Have everything sent with the next frame: the terminal may show anything."""
    if (forget := getattr(app._driver, "invalidate", None)) is not None:
        forget()


def output_report(app: App[Any]) -> OutputReport | None:
    """What the output stage tells of itself; None where there is none."""
    return getattr(app._driver, "report", None)


def every_screen(app: App[Any]) -> list[Screen[Any]]:
    """The screens of every mode, shown or not."""
    return [screen for stack in app._screen_stacks.values() for screen in stack]


def freshly_styled(app: App[Any], screen: Screen[Any]) -> Screen[Any]:
    """Tell a screen that has just been made that its styles are the app's latest.

    Whatever is mounted is styled when it is mounted; without this, opening a mode has every rule parsed anew and
    applied to every widget, twice.
    """
    screen._css_update_count = app._css_update_count
    return screen


def survives(app: App[Any]) -> bool:
    """Whether an app can go on after an exception nobody caught: its screen stands, and it is not on its way out."""
    return app._running and not app._exit and bool(app._screen_stack) and app.screen.is_mounted
