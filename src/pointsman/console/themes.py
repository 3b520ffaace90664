"""Themes: YAML files beside the program and in a person's folder, read into Textual themes; broken ones are reported.

A theme file::

    name: pointsman-dark
    dark: true
    colours:               # Textual's own: primary is needed, the rest follows from it
      primary: "#5fafff"
    styles:                # this program's: what a status, a gate, a bar, a log line is drawn in
      tone-failed: "#ff6b6b"
    variables: {}          # any further Textual variable
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from pointsman.console.widgets.palette import VARIABLES

if TYPE_CHECKING:
    from textual.app import App

DEFAULT = "pointsman-dark"

_COLOURS = frozenset(
    {
        "primary",
        "secondary",
        "warning",
        "error",
        "success",
        "accent",
        "foreground",
        "background",
        "surface",
        "panel",
        "boost",
    }
)
_SIXTEEN: dict[bool, dict[str, str]] = {
    True: {"ansi-background": "ansi_black", "ansi-foreground": "ansi_white"},
    False: {"ansi-background": "ansi_white", "ansi-foreground": "ansi_black"},
}
"""What Textual's own rules name in a theme of the terminal's sixteen colours, and find nowhere else; by ``dark``."""
_KEYS = frozenset({"name", "dark", "ansi", "colours", "styles", "variables"})


class BrokenTheme(ValueError):
    """A theme file with a mistake; the message says which."""


def bundled() -> Traversable:
    """The folder of the themes that come with the program: in the package, or in the checkout it runs from."""
    packaged = resources.files("pointsman") / "themes"
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[3] / "themes"


def read_theme(text: str) -> Theme:
    """A theme from its file's text.

    Raises:
        BrokenTheme: Something in it is wrong; the message names the key.
    """
    import yaml  # the console starts without it: the default theme is at hand

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None else ""
        raise BrokenTheme(f"{where}not YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(document, dict):
        raise BrokenTheme("a theme is a mapping with name, dark, colours and styles")
    if unknown := sorted(str(key) for key in document.keys() - _KEYS):
        raise BrokenTheme(f"{unknown[0]}: no such key; there are {', '.join(sorted(_KEYS))}")
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise BrokenTheme("name: a theme needs one")
    colours = _mapping(document, "colours")
    styles = _mapping(document, "styles")
    variables = _mapping(document, "variables")
    _known("colours", colours, _COLOURS)
    _known("styles", styles, VARIABLES)
    if "primary" not in colours:
        raise BrokenTheme("colours.primary: a theme needs it")
    for section, values in (("colours", colours), ("styles", styles)):
        for key, value in values.items():
            _check_colour(f"{section}.{key}", value)
    for key, value in variables.items():
        _check_variable(key, value)
    dark, ansi = _flag(document, "dark", True), _flag(document, "ansi", False)
    return Theme(
        name=name,
        dark=dark,
        ansi=ansi,
        variables={**(_SIXTEEN[dark] if ansi else {}), **variables, **styles},
        primary=colours.pop("primary"),
        **colours,  # type: ignore[arg-type]
    )


def _flag(document: dict[str, Any], key: str, default: bool) -> bool:
    value = document.get(key, default)
    if not isinstance(value, bool):
        raise BrokenTheme(f"{key}: true or false, not {value!r}")
    return value


def _mapping(document: dict[str, Any], key: str) -> dict[str, str]:
    value = document.get(key) or {}
    if not isinstance(value, dict):
        raise BrokenTheme(f"{key}: a mapping of names to values")
    for name, one in value.items():
        if not isinstance(one, str):
            raise BrokenTheme(f'{key}.{name}: {one!r} is no text; colours that begin with # need quotes: "#5fafff"')
    return {str(name): one for name, one in value.items()}


def _known(section: str, values: Iterable[str], known: frozenset[str]) -> None:
    for name in values:
        if name not in known:
            raise BrokenTheme(f"{section}.{name}: no such name; there are {', '.join(sorted(known))}")


_VARIABLE = re.compile(r"[a-z][a-z0-9-]*\Z")
_SHADE = re.compile(r" \d{1,3}%\Z")
_STYLES = frozenset(
    (
        *("b", "bold", "d", "dim", "i", "italic", "u", "underline", "r", "reverse", "s", "strike", "o", "overline"),
        *("blink", "none", "not"),
    )
)


def _check_variable(key: str, value: str) -> None:
    """One of Textual's own: a colour, perhaps of so many percent, or a style; anything else would break its rules."""
    where = f"variables.{key}"
    if not _VARIABLE.match(key):
        raise BrokenTheme(f"{where}: names are written in small letters, with hyphens")
    if key.endswith("-style"):
        for word in value.split() or [""]:
            if word not in _STYLES:
                raise BrokenTheme(f"{where}: {value!r} is no style; there are bold, dim, italic, underline, reverse")
    else:
        _check_colour(where, _SHADE.sub("", value))


def _check_colour(where: str, value: str) -> None:
    try:
        Color.parse(value)
    except ColorParseError:
        raise BrokenTheme(f"{where}: {value!r} is no colour") from None


def load_themes(*folders: Path) -> tuple[tuple[Theme, ...], tuple[str, ...]]:
    """The themes in some folders, the bundled ones when none are named; and a sentence about each broken file.

    A later folder's theme replaces an earlier one of the same name.
    """
    places: tuple[Traversable, ...] = folders or (bundled(),)
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for place in places:
        if not place.is_dir():
            problems.append(f"{place}: no such folder of themes")
            continue
        for file in sorted(place.iterdir(), key=lambda one: one.name):
            if not file.name.endswith((".yaml", ".yml")):
                continue
            try:
                theme = read_theme(file.read_text("utf-8"))
            except (BrokenTheme, OSError, UnicodeDecodeError) as error:
                problems.append(f"theme {file.name} was skipped: {error}")
                continue
            themes[theme.name] = theme
    return tuple(themes.values()), tuple(problems)


def default() -> Theme:
    """The default theme, as its file has it, without reading a file: the first paint waits for nothing."""
    return Theme(
        name=DEFAULT,
        dark=True,
        primary="#6cb6ff",
        secondary="#4d7ea8",
        accent="#e3b341",
        warning="#e3b341",
        error="#ff7b72",
        success="#57c785",
        foreground="#d7dce2",
        background="#14171c",
        surface="#1a1e25",
        panel="#242a33",
        variables={
            "tone-failed": "#ff7b72",
            "tone-waiting": "#e3b341",
            "tone-moving": "#6cb6ff",
            "tone-stopped": "#8b949e",
            "tone-ok": "#57c785",
            "tone-idle": "#6b7480",
            "tone-unknown": "#b392f0",
            "text-dim": "#8b949e",
            "header": "#a9b4c0",
            "rule": "#3a424d",
            "joint": "#8b949e",
            "greyed": "#5c6570",
            "log-container": "#8b949e",
            "log-time": "#6b7480",
        },
    )


class Wardrobe:
    """The themes of one app: the default one at hand, the others read when they are first asked for.

    Args:
        app: Who wears them.
        folder: A person's own themes; a theme of a bundled one's name takes its place.
    """

    def __init__(self, app: App[Any], folder: Path | None = None) -> None:
        self._app = app
        self._folder = folder
        self._read = False
        self._names: list[str] = [DEFAULT]
        self.problems: tuple[str, ...] = ()
        """What was wrong with files and wishes, a sentence each."""
        app.register_theme(default())

    def _fill(self) -> None:
        if self._read:
            return
        self._read = True
        themes, problems = load_themes()
        own: tuple[Theme, ...] = ()
        if self._folder is not None and self._folder.is_dir():
            own, more = load_themes(self._folder)
            problems = (*problems, *more)
        for theme in (*themes, *own):
            self._app.register_theme(theme)
        self._names = sorted({theme.name for theme in (*themes, *own)})
        self.problems = (*self.problems, *problems)

    def dress(self, wanted: str) -> None:
        """Put a theme on; the default one without reading a file."""
        own_default = self._folder is not None and self._folder.is_dir()
        if wanted not in ("", DEFAULT) or own_default:
            self._fill()
        if wanted and wanted not in self._app.available_themes:
            self.problems = (*self.problems, f"there is no theme {wanted}")
        self._app.theme = wanted if wanted in self._app.available_themes else DEFAULT

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the bundled themes and of a person's own."""
        self._fill()
        return tuple(self._names)

    def wear(self, name: str) -> bool:
        """Change the theme; False when there is none of that name."""
        self._fill()
        if name not in self._app.available_themes:
            return False
        self._app.theme = name
        return True


def register(app: App[Any], *folders: Path) -> tuple[str, ...]:
    """Give the app the bundled themes and those of some folders; returns what was wrong with any of them."""
    themes, problems = load_themes()
    own, more = load_themes(*folders) if folders else ((), ())
    for theme in (*themes, *own):
        app.register_theme(theme)
    return (*problems, *more)
