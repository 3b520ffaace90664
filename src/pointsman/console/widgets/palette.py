"""Semantic style names resolved against the theme, once per theme and background."""

from __future__ import annotations

from functools import lru_cache

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.widget import Widget

# name -> (theme variable, the variable a theme without it has, text attributes)
_STYLES: dict[str, tuple[str, str, str]] = {
    "tone.failed": ("tone-failed", "error", "bold"),
    "tone.waiting": ("tone-waiting", "warning", "bold"),
    "tone.moving": ("tone-moving", "primary", ""),
    "tone.stopped": ("tone-stopped", "foreground-darken-2", ""),
    "tone.ok": ("tone-ok", "success", ""),
    "tone.idle": ("tone-idle", "foreground-darken-3", ""),
    "tone.unknown": ("tone-unknown", "foreground-darken-2", "italic"),
    "dim": ("text-dim", "foreground-darken-2", ""),
    "strong": ("", "", "bold"),
    "title": ("title", "foreground", "bold"),
    "key": ("key", "accent", "bold"),
    "greyed": ("greyed", "foreground-darken-3", ""),
    "link": ("link", "primary", "underline"),
    "gate.closed": ("gate-closed", "warning", "bold"),
    "gate.open": ("gate-open", "foreground-darken-3", ""),
    "gate.queued": ("gate-queued", "warning", "bold"),
    "joint": ("joint", "foreground-darken-2", ""),
    "bar": ("bar", "primary", ""),
    "bar.slow": ("bar-slow", "warning", "bold"),
    "bar.track": ("bar-track", "foreground-darken-3", ""),
    "rule": ("rule", "foreground-darken-3", ""),
    "rule.focus": ("rule-focus", "primary", "bold"),
    "header": ("header", "foreground-darken-1", "bold"),
    "header.armed": ("armed", "error", "bold reverse"),
    "header.protected": ("protected", "error", "bold reverse"),
    "header.read-only": ("read-only", "success", "bold"),
    "stale": ("stale", "warning", ""),
    "fault": ("fault", "error", ""),
    "hint": ("hint", "accent", ""),
    "match": ("match", "accent", "bold underline"),
    "match.current": ("match", "accent", "bold reverse"),
    "mark": ("mark", "accent", "bold"),
    "cursor": ("cursor", "primary", "bold"),
    "log.phase": ("log-phase", "primary", "bold"),
    "log.command": ("log-command", "accent", ""),
    "log.error": ("log-error", "error", "bold"),
    "log.warning": ("log-warning", "warning", ""),
    "log.time": ("log-time", "foreground-darken-3", ""),
    "log.container": ("log-container", "foreground-darken-2", ""),
    "source.1": ("source-1", "primary", ""),
    "source.2": ("source-2", "success", ""),
    "source.3": ("source-3", "accent", ""),
    "source.4": ("source-4", "secondary", ""),
    "source.5": ("source-5", "warning", ""),
    "source.6": ("source-6", "foreground-darken-1", ""),
}

STYLE_NAMES = frozenset(_STYLES)
"""Every name a cell may use."""


VARIABLES = frozenset(variable for variable, _, _ in _STYLES.values() if variable)
"""The theme variables behind them."""


class Palette:
    """Rich styles by semantic name, over one background."""

    def __init__(self, base: Style, variables: dict[str, str]) -> None:
        self.base = base
        self.variables = variables
        self._styles: dict[str, Style] = {"": base}
        self._selected: dict[str, Style] = {}
        self._reversed = base + Style(reverse=True)

    def __getitem__(self, name: str) -> Style:
        found = self._styles.get(name)
        if found is None:
            if name.startswith("selected "):
                found = self.selected(name.removeprefix("selected "), focused=True)
            else:
                found = self.base + self.partial(name)
            self._styles[name] = found
        return found

    def partial(self, name: str) -> Style:
        """A name's own style, without the background: to lay over another."""
        variable, fallback, attributes = _STYLES.get(name, ("", "", ""))
        style = Style.parse(attributes) if attributes else Style.null()
        value = self.variables.get(variable) or self.variables.get(fallback) if variable else None
        return style + _colour(value) if value else style

    def selected(self, name: str, *, focused: bool) -> Style:
        """A name's style on the selected line: reverse video while focused, bold otherwise."""
        key = f"{name}|{focused}"
        found = self._selected.get(key)
        if found is None:
            if not focused:
                found = self[name] + Style(bold=True)
            elif name.startswith(("tone.", "gate.", "match", "fault", "log.error")):
                found = self[name] + Style(reverse=True)
            else:
                found = self._reversed
            self._selected[key] = found
        return found


@lru_cache(maxsize=256)
def _colour(value: str) -> Style:
    try:
        return Style.from_color(Color.parse(value).rich_color)
    except ColorParseError:
        return Style.null()


_CACHE: dict[tuple[str, Style], Palette] = {}


def palette(widget: Widget) -> Palette:
    """The palette for a widget: the app's theme over the widget's own colours."""
    app = widget.app
    base = widget.rich_style
    key = (app.theme, base)
    found = _CACHE.get(key)
    if found is None or found.variables is not app.theme_variables:
        if len(_CACHE) > 64:
            _CACHE.clear()
        found = _CACHE[key] = Palette(base, app.theme_variables)
    return found
