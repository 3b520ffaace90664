"""Reading the configuration file: every mistake at once, each with file, line, key and what was probably meant.

The YAML is composed into nodes, not values, so that each scalar still knows its line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct
from msgspec.structs import replace

from pointsman.config.checks import close, endpoint, region, time_zone
from pointsman.config.settings import SCREENS, Cadence, KeyWish, Settings, Watch
from pointsman.errors import ConfigError

LARGEST = 1_000_000
"""Bytes; a configuration file beyond this is some other file."""

_MAPPING, _LIST, _TEXT, _NULL = (f"tag:yaml.org,2002:{name}" for name in ("map", "seq", "str", "null"))
_INT, _FLOAT, _BOOL = (f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool"))
_KINDS = {_MAPPING: "a mapping", _LIST: "a list", _NULL: "nothing", _BOOL: "true or false", _INT: "a number"}


class Mistake(Struct, frozen=True):
    """One thing wrong in the file."""

    line: int
    key: str
    """``watch.pipelines``; empty when it concerns the whole file."""
    sentence: str

    def __str__(self) -> str:
        return f"{self.key}: {self.sentence}" if self.key else self.sentence


class _Wrong(Exception):
    """A value that cannot be taken; the message completes ``KEY: …``."""


Take = Callable[[yaml.Node], Any]


def load(path: Path) -> Settings:
    """The settings of one file.

    Raises:
        ConfigError: The file cannot be read, or lists everything that is wrong with it.
    """
    try:
        with path.open("rb") as handle:
            text = handle.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration file {path}", "name one that exists with --config FILE") from None
    except OSError as error:
        raise ConfigError(
            f"the configuration file {path} cannot be read: {error.strerror}", "name another with --config FILE"
        ) from None
    if len(text) > LARGEST:
        raise ConfigError(f"the configuration file {path} is over 1 MB", "name a configuration file with --config FILE")
    settings, mistakes = parse(text)
    if mistakes:
        lines = [f"{path}:{mistake.line}: {mistake}" for mistake in mistakes]
        head = [] if len(lines) == 1 else [f"{path} has {len(lines)} mistakes:"]
        raise ConfigError("\n".join([*head, *lines]), "every key is explained in sample_config/pointsman.yml")
    return replace(settings, source=path)


def parse(text: bytes | str) -> tuple[Settings, list[Mistake]]:
    """The settings in a text and everything wrong with it, by line; what is wrong keeps its default."""
    try:
        # Not libyaml's loader: a deep nest overflows the C stack and takes the process with it.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        return Settings(), [_unreadable(error)]
    except RecursionError:
        return Settings(), [Mistake(1, "", "this is nested too deeply to be a configuration")]
    except ValueError as error:
        return Settings(), [Mistake(1, "", f"this is not a text file: {error}")]
    reader = _Reader()
    if root is None:
        return Settings(), []
    values = reader.mapping(root, "", _SETTINGS)
    watch = reader.built(Watch, values.pop("watch", None))
    cadence = reader.built(Cadence, values.pop("cadence", None))
    settings = Settings(**values, watch=watch, cadence=cadence)
    return settings, sorted(reader.mistakes, key=lambda mistake: mistake.line)


def _unreadable(error: yaml.YAMLError) -> Mistake:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it holds a character that YAML does not allow"
    return Mistake(mark.line + 1 if mark else 1, "", f"this is not YAML: {problem}")


class _Reader:
    """Walks nodes and collects what is wrong."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def mapping(self, node: yaml.Node, path: str, keys: Mapping[str, Take | Mapping[str, Take]]) -> dict[str, Any]:
        """The known keys of a mapping; everything else is noted."""
        if node.tag == _NULL:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._note(node, path, f"this must be a mapping of settings, and it is {_kind(node)}")
            return {}
        found: dict[str, Any] = {}
        seen: dict[str, int] = {}
        for name_node, value_node in node.value:
            name = name_node.value if isinstance(name_node, yaml.ScalarNode) else "?"
            full = f"{path}.{name}" if path else name
            if name in seen:
                self._note(name_node, full, f"this key stands on line {seen[name]} already")
                continue
            seen[name] = name_node.start_mark.line + 1
            take = keys.get(name)
            if take is None:
                self._note(
                    name_node, full, f"there is no such key{close(name, keys) or '; there are: ' + ', '.join(keys)}"
                )
            elif isinstance(take, Mapping):
                found[name] = self.mapping(value_node, full, take)
            elif value_node.tag != _NULL:
                try:
                    found[name] = take(value_node)
                except _Wrong as wrong:
                    self._note(value_node, full, str(wrong))
        return found

    def built(self, kind: type[Any], values: dict[str, Any] | None) -> Any:
        """A part of the settings from its values."""
        return kind(**values) if values else kind()

    def _note(self, node: yaml.Node, path: str, sentence: str) -> None:
        self.mistakes.append(Mistake(node.start_mark.line + 1, path, sentence))


# -- values ----------------------------------------------------------------------------------------------------------


def _kind(node: yaml.Node) -> str:
    return _KINDS.get(node.tag, "text" if isinstance(node, yaml.ScalarNode) else "something else")


def _text(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag in (_BOOL, _NULL):
        raise _Wrong(
            f"this must be text, and it is {_kind(node)}" + ("; put it in quotes" if node.tag == _BOOL else "")
        )
    text = str(node.value)
    if not text.strip() or not text.isprintable():
        raise _Wrong("this must be text on one line, and not empty")
    return text


def _flag(node: yaml.Node) -> bool:
    if node.tag != _BOOL:
        raise _Wrong("this must be true or false")
    return str(node.value).lower() in ("true", "yes", "on", "y")


def _seconds(least: float) -> Take:
    def take(node: yaml.Node) -> float:
        try:
            seconds = float(str(node.value)) if node.tag in (_INT, _FLOAT) else None
        except ValueError:  # YAML's sexagesimals and the like
            seconds = None
        if seconds is None or not least <= seconds <= 3600:
            raise _Wrong(f"this must be a number of seconds from {least:g} to 3600")
        return seconds

    return take


def _price(node: yaml.Node) -> float:
    try:
        price = float(str(node.value)) if node.tag in (_INT, _FLOAT) else None
    except ValueError:  # YAML's sexagesimals and the like
        price = None
    if price is None or not 0 <= price <= 1000:
        raise _Wrong("this must be US dollars for a GB, from 0 to 1000")
    return price


def _patterns(node: yaml.Node) -> tuple[str, ...]:
    if isinstance(node, yaml.SequenceNode):
        return tuple(_text(item) for item in node.value)
    if isinstance(node, yaml.ScalarNode):
        raise _Wrong(f"this must be a list of names or patterns: [{node.value}]")
    raise _Wrong(f"this must be a list of names or patterns, and it is {_kind(node)}")


def _pins(node: yaml.Node) -> tuple[str, ...]:
    from pointsman.semantics.metrics.written import FORM, metric_written

    if not isinstance(node, yaml.SequenceNode):
        raise _Wrong(f"this must be a list of metrics, each {FORM}")
    pins = tuple(_text(item) for item in node.value)
    for pin in pins:
        if metric_written(pin) is None:
            raise _Wrong(f'"{pin}" is no metric: write {FORM}')
    return pins


def _checked(check: Callable[[str], str | None]) -> Take:
    def take(node: yaml.Node) -> str:
        text = _text(node)
        if (wrong := check(text)) is not None:
            raise _Wrong(wrong)
        return text

    return take


def _keys(node: yaml.Node) -> tuple[KeyWish, ...]:
    """``keys``: an id to its key, or to a list of keys."""
    if not isinstance(node, yaml.MappingNode):
        raise _Wrong(f"this must be a mapping of ids to keys, and it is {_kind(node)}")
    found: dict[str, KeyWish] = {}
    for name_node, value_node in node.value:
        name, line = _text(name_node), name_node.start_mark.line + 1
        if name in found:
            raise _Wrong(f'"{name}" stands on line {found[name].line} already')
        listed = value_node.value if isinstance(value_node, yaml.SequenceNode) and value_node.value else [value_node]
        found[name] = KeyWish(name, tuple(_key(name, one) for one in listed), line)
    return tuple(found.values())


def _key(name: str, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL or not str(node.value).strip():
        raise _Wrong(f'"{name}" takes a key or a list of keys')
    return str(node.value)


def _one_of(words: tuple[str, ...]) -> Take:
    def take(node: yaml.Node) -> str:
        text = _text(node)
        if text not in words:
            raise _Wrong(f'there is no "{text}"{close(text, words) or "; there are: " + ", ".join(words)}')
        return text

    return take


_SETTINGS: dict[str, Take | Mapping[str, Take]] = {
    "profile": _text,
    "region": _checked(region),
    "endpoint_url": _checked(endpoint),
    "watch": {
        "pipelines": _patterns,
        "projects": _patterns,
        "log_groups": _patterns,
        "metrics": _patterns,
        "pins": _pins,
    },
    "cadence": {"moving": _seconds(1), "waiting": _seconds(1), "rest": _seconds(5)},
    "protected": _patterns,
    "protected_profiles": _patterns,
    "theme": _text,
    "keys": _keys,
    "time_zone": _checked(time_zone),
    "start": _one_of(SCREENS),
    "ascii": _flag,
    "output": _one_of(("lean", "plain")),
    "low_bandwidth": _flag,
    "alarm_bell": _flag,
    "alarm_title": _flag,
    "insights_price": _price,
    "read_only": _flag,
}
