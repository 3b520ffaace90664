"""A service map as a table: a row for each service. Pure."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from pointsman.console.present.cells import Cell, Column, Columns, Piece, cell
from pointsman.console.present.look import Draw
from pointsman.console.present.service_map import Badges, mark_of, name_of, share_words
from pointsman.console.present.text import cells
from pointsman.console.present.traces import seconds
from pointsman.model.service_map import ServiceMap, ServiceNode
from pointsman.semantics.traces.facts import Service

__all__ = ["TABLE", "ServiceRow", "row_key", "rows"]


class ServiceRow(Struct, frozen=True):
    """A service, with what the map says around it."""

    node: ServiceNode
    span: timedelta
    callers: int
    calls: int
    badge: Piece = ("", "")
    """The mark of its alarm."""


def rows(whole: ServiceMap, badges: Badges | None = None) -> tuple[ServiceRow, ...]:
    """A row for each service; the one with the most faults first."""

    def rank(node: ServiceNode) -> tuple[float, float, Service]:
        health = node.traffic.health
        return (-health.fault if health else 0.0, -health.failed if health else 1.0, node.service)

    into: dict[Service, int] = {}
    out: dict[Service, int] = {}
    for one in whole.calls:
        into[one.target] = into.get(one.target, 0) + 1
        out[one.source] = out.get(one.source, 0) + 1
    return tuple(
        ServiceRow(
            node,
            whole.span,
            into.get(node.service, 0),
            out.get(node.service, 0),
            (badges or {}).get(node.service, ("", "")),
        )
        for node in sorted(whole.nodes, key=rank)
        if not node.client
    )


def row_key(row: ServiceRow) -> object:
    """What keeps its place."""
    return row.node.service


def _mark(row: ServiceRow, draw: Draw) -> Cell:
    return (mark_of(row.node.traffic.health, draw.glyphs),)


def _share(name: str, style: str) -> Column[ServiceRow]:
    def drawn(row: ServiceRow, draw: Draw) -> Cell:
        del draw
        health = row.node.traffic.health
        return cell(share_words(getattr(health, name)), style) if health is not None else ()

    return Column(name, name.capitalize(), drawn, least=6, align="right")


def _minute(row: ServiceRow) -> str:
    value = row.node.traffic.rate(row.span) * 60
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value else ""


def _percentile(share: float, priority: int) -> Column[ServiceRow]:
    name = f"p{round(share * 100)}"
    return Column(
        name,
        name,
        lambda row, _: cell(seconds(row.node.traffic.percentile(share))),
        least=6,
        align="right",
        priority=priority,
    )


TABLE: Columns = (
    Column[ServiceRow]("mark", "", _mark, least=1),
    Column[ServiceRow]("alarm", "", lambda row, _: (row.badge,) if row.badge[0] else (), least=1),
    Column[ServiceRow](
        "name",
        "Service",
        lambda row, _: cell(name_of(row.node.service), "" if row.node.active else "dim"),
        least=14,
        most=50,
        share=3,
        measure=lambda row: cells(name_of(row.node.service)),
        names=True,
    ),
    Column[ServiceRow]("minute", "/min", lambda row, _: cell(_minute(row)), least=7, align="right"),
    Column[ServiceRow](
        "mean", "Mean", lambda row, _: cell(seconds(row.node.traffic.mean)), least=6, align="right", priority=1
    ),
    _percentile(0.5, 4),
    _percentile(0.9, 5),
    _percentile(0.99, 3),
    _share("fault", "tone.failed"),
    _share("throttle", "tone.waiting"),
    _share("error", "tone.waiting"),
    Column[ServiceRow]("callers", "In", lambda row, _: cell(str(row.callers)), least=3, align="right", priority=6),
    Column[ServiceRow]("calls", "Out", lambda row, _: cell(str(row.calls)), least=3, align="right", priority=6),
    Column[ServiceRow](
        "type", "Type", lambda row, _: cell(row.node.service.type, "dim"), least=10, most=28, share=1, priority=7
    ),
)
"""The services of a map."""
