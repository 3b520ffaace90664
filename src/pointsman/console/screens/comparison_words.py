"""What two builds differ in, as lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.console.dialogs.words import facts, paragraph
from pointsman.console.present import ages
from pointsman.console.present.builds import source_version
from pointsman.console.present.cells import Cell, cell, join
from pointsman.console.present.look import Draw
from pointsman.model.build_comparison import BuildComparison
from pointsman.model.builds import Build
from pointsman.operations.redaction import HIDDEN, sensitive

__all__ = ["build_comparison_lines"]


def build_comparison_lines(comparison: BuildComparison, draw: Draw, width: int) -> Sequence[Cell]:
    """Two builds side by side: phases first, then what differs in source, image and variables."""
    arrow = draw.glyphs.arrow
    lines: list[Cell] = [
        *facts((("older", _head(comparison.older)), ("newer", _head(comparison.newer))), width),
        (),
        cell("Phases", "strong"),
    ]
    slowest = comparison.slowest
    for pair in comparison.phases:
        was, now = (ages.duration(one) if one is not None else "-" for one in pair.took)
        change = ages.difference(*pair.took)
        word = pair.newer.status.word if pair.newer is not None else "not reached"
        lines.append(
            join(
                (
                    cell(f"{pair.name:<17}"),
                    cell(f"{was:>7} {arrow} {now:<7}", "dim"),
                    cell(f"{change:>7}", "stale" if change.startswith("+") else "dim"),
                    cell(word, "tone.failed" if pair.newer is not None and pair.newer.status.failed else "dim"),
                    cell("most of the difference", "bar.slow") if pair is slowest else (),
                ),
                gap=" ",
            )
        )
    differs = [(what, f"{was or 'none'} {arrow} {now or 'none'}") for what, was, now in comparison.facts]
    lines += [(), cell("What else differs", "strong")]
    lines += facts(differs, width) or [cell("nothing: the same source, image and settings", "dim")]
    rows = [(name, f"{_hidden(name, was)} {arrow} {_hidden(name, now)}") for name, was, now in comparison.variables]
    lines += [(), cell("Variables", "strong")]
    lines += facts(rows, width) or [cell("the same", "dim")]
    for build in (comparison.older, comparison.newer):
        if build.failure:
            lines += [(), *paragraph(f"{build.ref}: {build.failure}", width, "fault")]
    return lines


def _head(build: Build) -> str:
    number = f"#{build.number}" if build.number is not None else ""
    return "  ".join(part for part in (str(build.ref), number, build.status.word, source_version(build)) if part)


def _hidden(name: str, value: str) -> str:
    if not value:
        return "none"
    return HIDDEN if sensitive(name) and "(from " not in value else value
