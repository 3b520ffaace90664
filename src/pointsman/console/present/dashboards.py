"""Dashboards in a list: name, size, when they were changed. Pure."""

from __future__ import annotations

from pointsman.console.present.cells import Cell, Column, Columns, cell
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean
from pointsman.model.dashboards import DashboardEntry

__all__ = ["LIST", "bytes_of", "period_words", "row_key", "span_words"]


def row_key(row: DashboardEntry) -> object:
    """What keeps its place in a list."""
    return row.ref


def bytes_of(size: int | None) -> str:
    """``812 B``, ``14.2 kB``; empty when it is not known."""
    if size is None:
        return ""
    return f"{size} B" if size < 1000 else f"{size / 1000:.1f} kB" if size < 10**6 else f"{size / 10**6:.1f} MB"


def span_words(seconds: float) -> str:
    """A time range or a period in words: ``1m``, ``3h``, ``14d``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    return f"{whole // 3600}h" if whole < 86400 or whole % 86400 else f"{whole // 86400}d"


def period_words(period: int | None) -> str:
    """A period that was chosen; ``auto`` when none was."""
    return "auto" if period is None else span_words(period)


def _changed(row: DashboardEntry, draw: Draw) -> Cell:
    return cell(draw.age(row.modified), "dim")


LIST: Columns = (
    Column[DashboardEntry](
        "name",
        "Dashboard",
        lambda row, _: cell(row.ref.name),
        least=12,
        most=90,
        share=3,
        measure=lambda row: cells(clean(row.ref.name)),
    ),
    Column[DashboardEntry]("changed", "Changed", _changed, least=8, align="right", priority=1),
    Column[DashboardEntry](
        "size", "Size", lambda row, _: cell(bytes_of(row.size), "dim"), least=8, align="right", priority=2
    ),
)
"""Every dashboard."""
