"""A service map as lines: nodes with their health, calls as lines between them; and as tables. Pure.

A node says its name and under it how much it does, how long that takes, and what share fails. A line is a call; it is
drawn in what the worst of its requests ended as. Lines that touch without a corner or a fork cross each other: the
upright one goes on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct, field

from pointsman.console.present.cells import Cell, Piece, fit, join
from pointsman.console.present.glyphs import Glyphs
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean, middle
from pointsman.console.present.traces import seconds
from pointsman.model.alarms import Alarm
from pointsman.model.service_map import Health, ServiceMap, Traffic
from pointsman.model.service_map_layers import Call
from pointsman.model.service_map_plan import Plan, Sizes, Spot, Wire, plan
from pointsman.semantics.traces.facts import Service

__all__ = [
    "Badges",
    "Painted",
    "badges_of",
    "figures",
    "health_bar",
    "laid_out",
    "name_of",
    "rate_words",
    "share_words",
]

_CAPS = ((26, 18), (22, 16), (18, 15), (15, 12), (12, 10), (10, 10))
"""Cells of a node at most and at least, from the most comfortable to the tightest."""
_LABEL = 13
_EASY = 16
"""Nodes up to which labels are tried."""

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
_OPPOSITE = {UP: DOWN, DOWN: UP, LEFT: RIGHT, RIGHT: LEFT}
_UNICODE = {
    UP: "│", DOWN: "│", UP | DOWN: "│", LEFT: "─", RIGHT: "─", LEFT | RIGHT: "─",
    DOWN | RIGHT: "╭", DOWN | LEFT: "╮", UP | RIGHT: "╰", UP | LEFT: "╯",
    UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤", LEFT | RIGHT | DOWN: "┬", LEFT | RIGHT | UP: "┴",
    UP | DOWN | LEFT | RIGHT: "┼",
}  # fmt: skip
_HEAVY = {
    "│": "┃", "─": "━", "╭": "┏", "╮": "┓", "╰": "┗", "╯": "┛", "├": "┣", "┤": "┫", "┬": "┳", "┴": "┻", "┼": "╋",
}  # fmt: skip

Badges = Mapping[Service, Piece]
"""What stands beside a service's name, one cell and its style, by service: an alarm, say."""


# --- words -----------------------------------------------------------------------------------------------------------


def name_of(service: Service) -> str:
    """A service's name, safe to show; one that has none still has a type."""
    return clean(service.name).strip() or clean(service.type).strip() or "?"


def rate_words(requests: int, span: timedelta) -> str:
    """How often, in at most six cells: ``12/s``, ``3.4/s``, ``18/m``, ``2/h``; in a moment only how many."""
    whole = span.total_seconds()
    if whole < 60:
        return f"{requests:,}" if requests < 100_000 else _thousands(requests)
    for unit, length in (("s", 1), ("m", 60)):
        value = requests / whole * length
        if value >= 1:
            return f"{_number(value)}/{unit}"
    value = requests / whole * 3600
    return f"{_number(value)}/h" if requests else "0"


def _number(value: float) -> str:
    if value < 9.95:
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.0f}" if value < 999.5 else _thousands(value)


def _thousands(value: float) -> str:
    for unit in ("k", "M", "G"):
        value /= 1000
        if value < 999.5:
            return f"{value:.1f}{unit}" if value < 9.95 else f"{value:.0f}{unit}"
    return f"{value:.0e}"


def share_words(share: float) -> str:
    """A share in at most four cells: ``4%``, ``0.3%``, ``<.1%``, ``100%``; nothing for none."""
    if share <= 0:
        return ""
    if share < 0.001:
        return "<.1%"
    value = share * 100
    if value < 0.95:
        return f"{value:.1f}%"
    return "99%" if 99 < value < 100 else f"{value:.0f}%"


def mark_of(health: Health | None, glyphs: Glyphs) -> Piece:
    """How a service does, as a mark: the worst that happens to its requests."""
    if health is None:
        return (glyphs.idle, "tone.idle")
    return {
        "fault": (glyphs.failed, "tone.failed"),
        "throttle": ("T", "tone.waiting"),
        "error": ("!", "tone.waiting"),
        "ok": (glyphs.ok, "tone.ok"),
    }[health.worst]


def _troubles(health: Health | None, glyphs: Glyphs) -> Cell:
    """The shares that failed, the gravest first: ``✗4% !1%``."""
    if health is None:
        return ()
    shown = (
        (health.fault, glyphs.failed, "tone.failed"),
        (health.throttle, "T", "tone.waiting"),
        (health.error, "!", "tone.waiting"),
    )
    return join((((f"{mark}{share_words(share)}", style),) for share, mark, style in shown if share > 0), " ")


def figures(traffic: Traffic, span: timedelta, room: int, glyphs: Glyphs) -> Cell:
    """What failed, how often, how long: as much of it as there is room for, in that order of weight."""
    if not traffic.total:
        return ()
    rate = ((rate_words(traffic.total, span), "dim"),)
    took = ((seconds(traffic.mean), ""),)
    wrong = _troubles(traffic.health, glyphs)
    worst = wrong[:1]
    for parts in ((rate, took, wrong), (rate, took, worst), (took, worst), (worst,), (took,)):
        said = join(parts, " ")
        if said and sum(cells(text) for text, _ in said) <= room:
            return said
    return ()


def health_bar(health: Health | None, room: int, glyphs: Glyphs) -> Cell:
    """The shares as one bar, the worst first: what is there at all gets a cell."""
    if health is None or room < 4:
        return ()
    shares = (
        (health.fault, glyphs.failed, "tone.failed"),
        (health.throttle, "T", "tone.waiting"),
        (health.error, "!", "tone.waiting"),
    )
    parts: list[Piece] = []
    left = room
    for share, mark, style in shares:
        if share > 0 and left > 1:
            length = min(left - 1 if health.ok > 0 else left, max(1, round(share * room)))
            parts.append((mark * length, style))
            left -= length
    return (*parts, (glyphs.bar * left if health.ok > 0 else " " * left, "tone.ok"))


def badges_of(watched: Mapping[Service, Sequence[Alarm]], glyphs: Glyphs) -> Badges:
    """A mark for each service of which an alarm is in ALARM; one that is muted stands back.

    Args:
        watched: The alarms of each service, worst first.
        glyphs: The marks.
    """
    return {
        service: (glyphs.attention, "tone.failed" if alarms[0].muted is None else "dim")
        for service, alarms in watched.items()
        if alarms and alarms[0].firing
    }


# --- layout ----------------------------------------------------------------------------------------------------------


def laid_out(whole: ServiceMap, room: int, *, labels: bool = True) -> Plan:
    """Lay a map out for so many cells across; the same map for the same room is the same plan.

    It takes a while for a large one: for a thread. What has been laid out is kept.

    Args:
        whole: The map.
        room: The cells there are.
        labels: Whether calls may have labels, where there is room for them.
    """
    return _laid_out(whole.shape, room, labels)


@lru_cache(maxsize=16)
def _laid_out(shape: tuple[tuple[Service, ...], tuple[tuple[Service, Service], ...]], room: int, labels: bool) -> Plan:
    services, between = shape
    place = {service: at for at, service in enumerate(services)}
    calls: list[Call] = [(place[source], place[target]) for source, target in between]
    names = [cells(name_of(one)) for one in services]

    def sized(cap: tuple[int, int], label: int, spread: int) -> Plan:
        widths = tuple(max(cap[1], min(cap[0], name + 4)) for name in names)
        return plan(calls, Sizes(widths, room, label, spread))

    ways = [(cap, label, spread) for label in ((_LABEL, 0) if labels else (0,)) for cap in _CAPS for spread in (2, 1)]
    if len(services) > _EASY:
        ways = [(cap, 0, spread) for cap in _CAPS for spread in (2, 1)]
    tightest = sized(_CAPS[-1], 0, 1)
    if tightest.width > room:
        return tightest
    for cap, label, spread in ways:
        found = sized(cap, label, spread)
        if found.width <= room:
            return found
    return tightest


# --- drawing ---------------------------------------------------------------------------------------------------------


class _Canvas(Struct):
    """Cells that lines go through: for each the calls there and to which sides they leave."""

    marks: dict[tuple[int, int], dict[Call, int]] = field(default_factory=dict)
    along: dict[Call, list[tuple[int, int]]] = field(default_factory=dict)
    """The cells of each call."""

    def lay(self, wire: Wire) -> None:
        """Put a call on its cells; the first and the last touch a node."""
        points = wire.points
        for (x, y), (to_x, to_y) in pairwise(points):
            step_x, step_y = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
            there = RIGHT if step_x > 0 else LEFT if step_x < 0 else DOWN if step_y > 0 else UP
            while (x, y) != (to_x, to_y):
                self._add(x, y, wire.call, there)
                x, y = x + step_x, y + step_y
                self._add(x, y, wire.call, _OPPOSITE[there])
        first, last = points[0], points[-1]
        rightward = last[0] >= first[0]
        self._add(*first, wire.call, LEFT if rightward else RIGHT)
        self._add(*last, wire.call, RIGHT if rightward else LEFT)

    def _add(self, x: int, y: int, call: Call, side: int) -> None:
        there = self.marks.setdefault((x, y), {})
        if call not in there:
            self.along.setdefault(call, []).append((x, y))
        there[call] = there.get(call, 0) | side

    def at(self, spot: tuple[int, int]) -> tuple[int, tuple[Call, ...]]:
        """What a cell shows: the sides it is open to, and whose calls; the upright ones where lines only cross."""
        groups = _groups(self.marks[spot])
        if len(groups) == 1:
            return groups[0]
        upright = [one for one in groups if one[0] & (UP | DOWN)]
        return max(upright or groups, key=lambda one: len(one[1]))


def _groups(there: Mapping[Call, int]) -> list[tuple[int, tuple[Call, ...]]]:
    """The calls in a cell by what they have in common: those that share a source or a target are one line."""
    if len(there) == 1:
        return [(sides, (call,)) for call, sides in there.items()]
    found: list[tuple[set[tuple[str, int]], int, list[Call]]] = []
    for call, sides in there.items():
        ends = {("from", call[0]), ("to", call[1])}
        made = [call]
        rest: list[tuple[set[tuple[str, int]], int, list[Call]]] = []
        for one in found:
            if one[0] & ends:
                ends, sides, made = ends | one[0], sides | one[1], one[2] + made
            else:
                rest.append(one)
        found = [*rest, (ends, sides, made)]
    return [(sides, tuple(made)) for _, sides, made in found]


class Painted:
    """A map that has been laid out, as lines: painted once, then again only where the cursor changes it.

    Args:
        whole: The map.
        made: Its plan.
        look: The rendering.
        badges: What stands beside a service's name.
    """

    def __init__(self, whole: ServiceMap, made: Plan, look: Draw, badges: Badges | None = None) -> None:
        self._map = whole
        self.plan = made
        self._glyphs = look.glyphs
        self._ascii = look.glyphs.name == "ascii"
        self._badges = badges or {}
        self._place = {node.service: at for at, node in enumerate(whole.nodes)}
        self._traffic = {(self._place[one.source], self._place[one.target]): one.traffic for one in whole.calls}
        self._worst = {call: one.health.worst for call, one in self._traffic.items() if one.health is not None}
        self._heads: dict[tuple[int, int], list[Call]] = {}
        self._canvas = _Canvas()
        for wire in made.wires:
            self._canvas.lay(wire)
            self._heads.setdefault(wire.points[-1], []).append(wire.call)
        self._rows: list[list[Piece]] = [[(" ", "")] * made.width for _ in range(made.height)]
        for spot in self._canvas.marks:
            self._rows[spot[1]][spot[0]] = self._piece(spot, -1)
        for label in made.spots:
            self._label(self._rows, label)
        for place in range(len(made.boxes)):
            self._node(self._rows, place, -1, focused=False)

    def lines(self, selected: Service | None = None, *, focused: bool = False) -> tuple[Cell, ...]:
        """The lines, each as wide as the plan; see ``rows``."""
        return tuple(_joined(row) for row in self.rows(selected, focused=focused))

    def rows(self, selected: Service | None = None, *, focused: bool = False) -> list[Row]:
        """The lines cell by cell; one that the cursor changes nothing in is the same object at every call.

        Args:
            selected: The service the cursor is on; what it calls and what calls it stands out.
            focused: Whether the cursor has the keys.
        """
        chosen = self._place.get(selected, -1) if selected is not None else -1
        if chosen < 0:
            return list(self._rows)
        ours = [call for call in self._canvas.along if chosen in call]
        spots = {spot for call in ours for spot in self._canvas.along[call]}
        near = sorted({chosen, *(place for call in ours for place in call)})
        labels = [one for one in self.plan.spots if chosen in one.call]
        touched = {y for _, y in spots}
        for place in near:
            touched |= {self.plan.boxes[place].y, self.plan.boxes[place].y + 1}
        rows = [list(row) if y in touched else row for y, row in enumerate(self._rows)]
        for spot in spots:
            rows[spot[1]][spot[0]] = self._piece(spot, chosen)
        for label in labels:
            self._label(rows, label)
        for place in near:
            self._node(rows, place, chosen, focused=focused)
        return rows

    def _piece(self, spot: tuple[int, int], chosen: int) -> Piece:
        """What a cell of a line shows."""
        sides, calls = self._canvas.at(spot)
        there = self._canvas.marks[spot]
        ours = [one for one in there if chosen in one]
        if spot in self._heads:
            calls = tuple(self._heads[spot])
            ours = [one for one in calls if chosen in one]
            inward = spot[0] < self.plan.boxes[calls[0][1]].x
            return (">" if inward else "<") if self._ascii else ("▶" if inward else "◀"), self._style(
                ours or calls, bool(ours)
            )
        if ours:
            sides = 0
            for one in ours:
                sides |= there[one]
        return self._glyph(sides, bool(ours)), self._style(ours or calls, bool(ours))

    def _glyph(self, sides: int, heavy: bool) -> str:
        mark = _UNICODE.get(sides, "─")
        if self._ascii:
            return {"│": "#", "─": "="}.get(mark, "#") if heavy else {"│": "|", "─": "-"}.get(mark, "+")
        return _HEAVY[mark] if heavy else mark

    def _style(self, calls: Iterable[Call], ours: bool) -> str:
        worst = {self._worst[one] for one in calls if one in self._worst}
        if "fault" in worst:
            return "tone.failed"
        if worst & {"throttle", "error"}:
            return "tone.waiting"
        return "strong" if ours else "joint"

    def _label(self, rows: Rows, spot: Spot) -> None:
        said = figures(self._traffic[spot.call], self._map.span, spot.width, self._glyphs)
        if said:
            _write(rows, spot.x, spot.y, said, spot.width)

    def _node(self, rows: Rows, place: int, chosen: int, *, focused: bool) -> None:
        node, box, glyphs = self._map.nodes[place], self.plan.boxes[place], self._glyphs
        mark = mark_of(node.traffic.health, glyphs) if not node.client else (glyphs.arrow, "key")
        badge, worn = self._badges.get(node.service, ("", ""))
        tail: list[Piece] = [(f" {badge}", worn)] if badge else []
        tail += [(" @" if self._ascii else " ↻", "dim")] if place in self.plan.loops else []
        room = box.width - 2 - sum(cells(text) for text, _ in tail)
        said = middle(name_of(node.service), max(1, room), glyphs.ellipsis)
        style = "strong" if chosen >= 0 or node.root else "" if node.active else "dim"
        first: Cell = (mark, (" ", ""), (said, style), *tail)
        second: Cell = (("  ", ""), ("clients", "dim"))
        if not node.client:
            second = (("  ", ""), *(figures(node.traffic, self._map.span, box.width - 2, glyphs) or (("-", "dim"),)))
        for line, content in enumerate((first, second)):
            fitted = fit(content, box.width, ellipsis=glyphs.ellipsis)
            if place == chosen:
                fitted = tuple((text, f"selected {name}" if focused else "strong") for text, name in fitted)
            _write(rows, box.x, box.y + line, fitted, box.width)


Row = list[Piece]
"""A line, a piece for each cell; behind a wide character an empty one."""
Rows = list[Row]


def window(row: Row, start: int, width: int) -> Cell:
    """The cells of a line from one on; a wide character that is cut is a space."""
    cut = row[start : start + width]
    if cut and not cut[0][0]:
        cut[0] = (" ", cut[0][1])
    if start + width < len(row) and cut and not row[start + width][0]:
        cut[-1] = (" ", cut[-1][1])
    return _joined(cut)


def _write(rows: Rows, x: int, y: int, content: Cell, room: int) -> None:
    """Put text on the cells from one on; a wide character takes the cell behind it too."""
    at, row = x, rows[y]
    for text, style in content:
        for character in text:
            size = cells(character)
            if at + size > x + room:
                return
            if size:
                row[at] = (character, style)
            elif at > x:
                row[at - 1] = (row[at - 1][0] + character, row[at - 1][1])
            for extra in range(1, size):
                row[at + extra] = ("", style)
            at += size


def _joined(row: Sequence[Piece]) -> Cell:
    """Neighbours in one style become one piece."""
    found: list[Piece] = []
    for text, style in row:
        if found and found[-1][1] == style:
            found[-1] = (found[-1][0] + text, style)
        else:
            found.append((text, style))
    return tuple(found)
