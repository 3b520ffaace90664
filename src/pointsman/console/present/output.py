"""How lean the output is, in words."""

from __future__ import annotations

from pointsman.console.output.report import OutputReport

__all__ = ["output_words", "rate_word", "size_word"]


def size_word(count: float) -> str:
    """``313 B``, ``4.2 kB``, ``1.3 MB``."""
    if count < 1000:
        return f"{count:.0f} B"
    if count < 1_000_000:
        return f"{count / 1000:.1f} kB"
    return f"{count / 1_000_000:.1f} MB"


_OWN = 96.0
"""Bytes a second that showing the rate costs by itself: shown as they are, they would change for ever."""


def rate_word(per_second: float) -> str:
    """``313 B/s``; what the meter itself costs counts as nothing."""
    return f"{size_word(per_second if per_second > _OWN else 0)}/s"


def output_words(report: OutputReport) -> str:
    """One line: what goes to the terminal, what was left out, how far away it is."""
    parts = [f"{rate_word(report.per_second)} now, {size_word(report.total)} in {report.frames:,} frames"]
    if report.merged:
        parts.append(f"{report.merged:,} left out for newer ones")
    if report.passed:
        parts.append(f"{report.passed:,} passed through unread")
    if report.trip is not None:
        parts.append(f"{report.trip * 1000:.0f} ms there and back")
    return ", ".join(parts)
