"""The keys there are, by id, and a person's own in their place.

The catalogue is read off the declarations: the app's keys, each screen's, each widget's, each operation's. A wish of
the configuration (``keys:``) is checked against it before a screen opens, and then goes to Textual's keymap.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from textual.binding import Binding
from textual.keys import key_to_character

from pointsman.config.checks import close
from pointsman.config.settings import KeyWish, Settings
from pointsman.console import screens, widgets
from pointsman.console.keys import APP_KEYS
from pointsman.errors import ConfigError
from pointsman.operations.registry import Registry, default_registry

__all__ = ["Known", "catalogue", "keymap", "registry_with"]

_EVERYWHERE = "everywhere"
_NAMED = frozenset(
    (
        *("enter", "escape", "tab", "space", "backspace", "delete", "insert"),
        *("home", "end", "pageup", "pagedown", "up", "down", "left", "right"),
        *(f"f{number}" for number in range(1, 25)),
    )
)
_WITH = ("ctrl+", "shift+", "alt+")


class Known(Struct, frozen=True):
    """A key that can be changed."""

    id: str
    keys: str
    """As declared: ``down,j``."""
    does: str
    where: tuple[str, ...]
    """The screens and widgets that have it, or ``everywhere``."""
    in_widgets: bool = False
    """Whether a widget has it, whatever screen that is on."""


def catalogue() -> dict[str, Known]:
    """Every binding with an id, by id; it imports every screen."""
    found: dict[str, Known] = {}
    for owner, bindings, inside in _declared():
        for binding in bindings:
            if not binding.id:
                continue
            known = found.get(binding.id)
            if known is None:
                found[binding.id] = Known(binding.id, binding.key, binding.description, (owner,), inside)
            else:
                where = tuple(dict.fromkeys((*known.where, owner)))
                found[binding.id] = replace(known, where=where, in_widgets=known.in_widgets or inside)
    return dict(sorted(found.items()))


def _declared() -> Iterable[tuple[str, list[Binding], bool]]:
    yield _EVERYWHERE, [one for one in APP_KEYS if isinstance(one, Binding)], False
    for package in (screens, widgets):
        for module in pkgutil.iter_modules(package.__path__):
            loaded = importlib.import_module(f"{package.__name__}.{module.name}")
            for kind in vars(loaded).values():
                if isinstance(kind, type) and kind.__module__ == loaded.__name__:
                    own = [one for one in kind.__dict__.get("BINDINGS", ()) if isinstance(one, Binding)]
                    if own:
                        yield _where(kind), own, package is widgets


def _where(kind: type) -> str:
    return _EVERYWHERE if kind.__name__ == "Place" else str(getattr(kind, "place_title", "")) or kind.__name__


def keymap(settings: Settings) -> dict[str, str]:
    """What Textual's ``set_keymap`` takes, from the wishes that are not about operations.

    Raises:
        ConfigError: A wish names no id there is, no key there is, or a key that is taken where it would be used.
    """
    if not settings.keys:
        return {}
    known, operations = catalogue(), {one.id for one in default_registry()}
    chosen: dict[str, str] = {}
    for wish in settings.keys:
        if wish.id not in known and wish.id not in operations:
            ids = [*known, *operations]
            raise _wrong(settings, wish, f"there is no such id{close(wish.id, ids) or '; docs/keys.md lists them'}")
        if wish.id in known:
            chosen[wish.id] = ",".join(_spelt(settings, wish, key) for key in wish.keys)
    _refuse_clashes(settings, known, chosen)
    registry_with(settings, default_registry())
    return chosen


def _spelt(settings: Settings, wish: KeyWish, key: str) -> str:
    bare = key
    for prefix in _WITH:
        bare = bare.removeprefix(prefix)
    if bare in _NAMED or ((key_to_character(bare) or "").isprintable() and key_to_character(bare)):
        return key
    raise _wrong(settings, wish, f'"{key}" is no key; keys are written x, X, ctrl+x, f5, question_mark')


def _refuse_clashes(settings: Settings, known: Mapping[str, Known], chosen: Mapping[str, str]) -> None:
    wishes = {wish.id: wish for wish in settings.keys}
    for one in chosen:
        mine = _pressed(chosen[one])
        for other in known.values():
            if other.id == one or not _meet(known[one], other):
                continue
            taken = mine & _pressed(chosen.get(other.id, other.keys))
            if taken:
                raise _wrong(settings, wishes[one], f'{min(taken)} is the key of "{other.id}" ({other.does}) there')


def _pressed(keys: str) -> set[str]:
    """What is pressed, however it is spelt: ``?`` and ``question_mark`` are one key."""
    return {key_to_character(key.strip()) or key.strip() for key in keys.split(",")}


def _meet(one: Known, other: Known) -> bool:
    """Whether two may be asked for at once: on one screen, or a widget's on a screen that may hold it."""
    if _EVERYWHERE in (*one.where, *other.where) or set(one.where) & set(other.where):
        return True
    return one.in_widgets != other.in_widgets


def _wrong(settings: Settings, wish: KeyWish, sentence: str) -> ConfigError:
    return ConfigError(f"{settings.source}:{wish.line}: keys.{wish.id}: {sentence}", "docs/keys.md lists every id")


def registry_with(settings: Settings, registry: Registry) -> Registry:
    """The operations with a person's keys.

    Raises:
        ConfigError: A key is no single character, or two operations of one target would share it.
    """
    wishes = {wish.id: wish for wish in settings.keys}
    if not wishes:
        return registry
    made: list[Any] = []
    for operation in registry:
        wish = wishes.get(operation.id)
        if wish is None:
            made.append(operation)
            continue
        if len(wish.keys) != 1 or len(wish.keys[0]) != 1 or not wish.keys[0].isalnum():
            raise _wrong(settings, wish, "an operation's key is one letter or digit, in the menu that a opens")
        made.append(replace(operation, key=wish.keys[0]))
    try:
        return Registry(made)
    except ValueError as error:
        raise ConfigError(f"{settings.source}: keys: {error}", "docs/keys.md lists every id") from None
