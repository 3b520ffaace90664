"""What a service map says of the service that is selected, and how its traces are asked for. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pointsman.console.present.cells import Cell, cell, crop, fit, join
from pointsman.console.present.look import Draw
from pointsman.console.present.service_map import (
    figures,
    health_bar,
    mark_of,
    name_of,
    rate_words,
    share_words,
)
from pointsman.console.present.text import cells, clean
from pointsman.console.present.traces import seconds
from pointsman.model.alarms import Alarm
from pointsman.model.refs import TraceServiceRef
from pointsman.model.service_map import ServiceCall, ServiceMap, ServiceNode, Traffic
from pointsman.semantics.traces.facts import Service

__all__ = ["details", "expression", "forms", "quoted", "traces_of"]


def quoted(text: str) -> str:
    """A text as a filter expression has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def traces_of(whole: ServiceMap | None, service: Service) -> TraceServiceRef:
    """Whose traces to list; with the type where the name alone does not tell it."""
    named = [one for one in whole.nodes if one.service.name == service.name and not one.client] if whole else []
    return TraceServiceRef(service.name, service.type if len(named) > 1 else "")


def expression(ref: TraceServiceRef) -> str:
    """The filter expression of a service's traces."""
    if ref.type:
        return f"service(id(name: {quoted(ref.name)}, type: {quoted(ref.type)}))"
    return f"service({quoted(ref.name)})"


def forms(whole: ServiceMap | None, service: Service) -> tuple[tuple[str, str], ...]:
    """What can be copied of a service."""
    found = [("service name", service.name), ("filter expression", expression(traces_of(whole, service)))]
    return tuple(found + ([("service type", service.type)] if service.type else []))


def details(
    whole: ServiceMap, node: ServiceNode, draw: Draw, width: int, alarms: Sequence[Alarm] = ()
) -> Sequence[Cell]:
    """A service: what it is, how it does, what watches it, what calls it, and what it calls."""
    lines: list[Cell] = [_about(whole, node, draw)]
    traffic = node.traffic
    if traffic.total:
        lines.append(_ended(traffic, draw, width))
        lines.append(_took(traffic))
    elif not node.client:
        lines.append(cell("nothing that ended in this range", "dim"))
    if alarms:
        lines.append(_watched(alarms, draw, width))
    lines += _calls("called by", whole.into(node.service), whole, draw, width, source=True)
    lines += _calls("calls", whole.out_of(node.service), whole, draw, width, source=False)
    return lines


def _about(whole: ServiceMap, node: ServiceNode, draw: Draw) -> Cell:
    mark = mark_of(node.traffic.health, draw.glyphs)
    said = [
        (mark, (" ", ""), *cell(name_of(node.service), "strong")),
        cell(node.service.type or "no type", "dim"),
        cell(node.service.account, "dim"),
        cell("requests come in here", "dim") if node.root else (),
        () if node.active else cell("sends no segments itself: told by its callers", "dim"),
        _counted(node.traffic, whole) if not node.client else (),
    ]
    return join(said)


def _counted(traffic: Traffic, whole: ServiceMap) -> Cell:
    """How often, and how many that are; of a moment only how many."""
    count = f"{traffic.total:,} request{'s' * (traffic.total != 1)}"
    rate = rate_words(traffic.total, whole.span)
    return cell(f"{rate}, {count}" if "/" in rate else count)


def _watched(alarms: Sequence[Alarm], draw: Draw, width: int) -> Cell:
    """The alarms on its metrics, worst first."""
    said: list[Cell] = [cell(f"alarm{'s' * (len(alarms) > 1)}", "dim")]
    for one in alarms:
        style = "dim" if not one.firing or one.muted is not None else "tone.failed"
        mark = f"{draw.glyphs.attention} " if one.firing else ""
        said.append(cell(f"{mark}{clean(one.ref.name)} {one.state}{', muted' * (one.muted is not None)}", style))
    return crop(join(said), width, draw.glyphs.ellipsis)


def _ended(traffic: Traffic, draw: Draw, width: int) -> Cell:
    health, glyphs = traffic.health, draw.glyphs
    if health is None:
        return ()
    shares = (
        ("ok", traffic.ok, health.ok, "tone.ok"),
        ("fault", traffic.faults, health.fault, "tone.failed"),
        ("throttle", traffic.throttles, health.throttle, "tone.waiting"),
        ("error", traffic.errors, health.error, "tone.waiting"),
    )
    words = join(
        cell(f"{name} {share_words(share)} ({count:,})", style if count else "dim")
        for name, count, share, style in shares
        if count
    )
    room = max(8, min(30, width - sum(cells(text) for text, _ in words) - 2))
    return join((health_bar(health, room, glyphs), words))


def _took(traffic: Traffic) -> Cell:
    told = [("mean", traffic.mean)]
    told += (
        [(f"p{round(share * 100)}", traffic.percentile(share)) for share in (0.5, 0.9, 0.99)] if traffic.times else []
    )
    return join((*cell(f"{name} ", "dim"), *cell(seconds(value))) for name, value in told if value is not None)


def _calls(
    title: str, calls: Sequence[ServiceCall], whole: ServiceMap, draw: Draw, width: int, *, source: bool
) -> list[Cell]:
    if not calls:
        return []
    worst = sorted(
        calls, key=lambda one: (-(one.traffic.health.failed if one.traffic.health else 0), -one.traffic.total)
    )
    room = max(14, min(30, width // 3))
    lines: list[Cell] = [cell(f"{title} {len(calls)}", "title")]
    for one in worst:
        other = one.source if source else one.target
        mark = mark_of(one.traffic.health, draw.glyphs)
        said = fit(cell(name_of(other)), room, ellipsis=draw.glyphs.ellipsis)
        lines.append(
            (
                (" ", ""),
                mark,
                (" ", ""),
                *said,
                (" ", ""),
                *figures(one.traffic, whole.span, max(8, width - room - 5), draw.glyphs),
            )
        )
    return lines
