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

from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
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
    return Theme(
        name=name,
        dark=_flag(document, "dark", True),
        ansi=_flag(document, "ansi", False),
        variables={**variables, **styles},
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


def register(app: App[Any], *folders: Path) -> tuple[str, ...]:
    """Give the app the bundled themes and those of a person's folders; returns what was wrong with any of them."""
    themes, problems = load_themes()
    own, more = load_themes(*folders) if folders else ((), ())
    for theme in (*themes, *own):
        app.register_theme(theme)
    return (*problems, *more)
