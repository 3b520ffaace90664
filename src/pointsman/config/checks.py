"""What a single value must look like, wherever it comes from: a sentence when it does not."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from pointsman.digits import digits


def region(text: str) -> str | None:
    """What is wrong with a region's name; None when nothing is."""
    label = text.replace("-", "")
    if label.isalnum() and label.isascii() and text == text.lower() and text.strip("-") == text and len(text) < 64:
        return None
    return f'"{text}" is not a region: it looks like eu-west-1'


def endpoint(text: str) -> str | None:
    """What is wrong with an endpoint's URL; None when nothing is."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if good and parts.username is None and not parts.query and not parts.fragment:
        return None
    return f'"{text}" is not an endpoint: it looks like http://127.0.0.1:4566'


def account(text: str) -> str | None:
    """What is wrong with an account's number; None when nothing is."""
    if len(text) == 12 and digits(text):
        return None
    return f'"{text}" is not an AWS account: it is twelve digits'


def time_zone(text: str) -> str | None:
    """What is wrong with a time zone; None when nothing is."""
    if text.lower() in ("utc", "local"):
        return None
    from zoneinfo import available_timezones

    known = available_timezones()
    if text in known:
        return None
    return f'there is no time zone "{text}"{close(text, known) or "; it is utc, local, or a name like Europe/Berlin"}'


def close(word: str, words: Iterable[str]) -> str:
    """``; did you mean "x"?`` when something is close, else nothing."""
    import difflib

    found = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f'; did you mean "{found[0]}"?' if found else ""
