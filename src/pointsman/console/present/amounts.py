"""Values of metrics in few cells: ``42``, ``1.24k``, ``0.0031``, ``4.2MB``, ``812ms``. Pure."""

from __future__ import annotations

import math

__all__ = ["amount", "unit_word"]

_SCALES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_WORDS = {
    "Percent": "%",
    "Count": "",
    "Count/Second": "/s",
    "Seconds": "s",
    "Milliseconds": "ms",
    "Microseconds": "us",
    "Bytes": "B",
    "Kilobytes": "KB",
    "Megabytes": "MB",
    "Gigabytes": "GB",
    "Terabytes": "TB",
    "Bits": "b",
    "Bytes/Second": "B/s",
    "Bits/Second": "b/s",
    "None": "",
}


def unit_word(unit: str) -> str:
    """A unit as it is written behind a value; AWS's own word where there is no shorter one."""
    return _WORDS.get(unit, unit)


def amount(value: float | None, unit: str = "") -> str:
    """A value and its unit, in at most seven cells without the unit; empty when there is none."""
    if value is None:
        return ""
    return _number(value) + unit_word(unit)


def _number(value: float) -> str:
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    size = abs(value)
    if size >= 1e15:
        return f"{value:.1e}".replace("e+", "e")
    for scale, letter in _SCALES:
        if size >= scale * 0.99995:
            return _short(value / scale) + letter
    if value == int(value):
        return str(int(value))
    if size < 0.001:
        return f"{value:.1e}".replace("e-0", "e-")
    return _short(value)


def _short(value: float) -> str:
    """Three digits that count."""
    size = abs(value)
    places = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 4
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
