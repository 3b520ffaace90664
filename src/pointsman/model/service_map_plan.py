"""A layered graph on the cells of a terminal: where its nodes stand and along which cells its calls run. Pure.

A node is two lines high. Calls leave at the right of its first line and come in at the left of that; a call that runs
backwards keeps to the second lines. Between two layers each node's calls share one upright line, so that they fork
where they must; which of those stands left of which is chosen so that they cross little and never lie on each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct, field

from pointsman.model.service_map_layers import Call, Layers, components, layers
from pointsman.model.service_map_tracks import Trunk, place_trunks

__all__ = ["HEIGHT", "Box", "Plan", "Point", "Sizes", "Spot", "Wire", "plan"]

HEIGHT = 2
"""Lines of a node."""
_GAP = 1
"""Lines between two nodes."""
_SWEEPS = 6

Point = tuple[int, int]
"""Column and line."""


class Sizes(Struct, frozen=True):
    """How a graph is to be laid out."""

    widths: tuple[int, ...]
    """The cells that each node takes."""
    room: int = 120
    """Cells across within which parts that do not hang together are put side by side."""
    label: int = 0
    """Cells for the label of a call, where there is one place for one; 0 for none."""
    spread: int = 1
    """Cells from one upright line to the next."""


class Box(Struct, frozen=True):
    """Where a node stands."""

    x: int
    y: int
    width: int
    layer: int = 0

    @property
    def right(self) -> int:
        """The column behind it."""
        return self.x + self.width


class Wire(Struct, frozen=True):
    """Along which cells a call runs: the corners from its source to its target, both cells beside a node."""

    call: Call
    points: tuple[Point, ...]


class Spot(Struct, frozen=True):
    """A place for the label of one call, on its line."""

    call: Call
    x: int
    y: int
    width: int


class Plan(Struct, frozen=True):
    """A graph, laid out."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    """By node."""
    wires: tuple[Wire, ...]
    loops: frozenset[int] = frozenset()
    """Nodes that call themselves."""
    spots: tuple[Spot, ...] = ()
    crossings: int = 0
    """How often two calls cross, by the order of the layers."""
    depth: int = 0
    """How many layers there are at most."""


class _Part(Struct):
    """A part that hangs together, with its own corner as 0, 0."""

    nodes: Sequence[int]
    width: int = 0
    height: int = 0
    boxes: dict[int, Box] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    crossings: int = 0
    depth: int = 1


def plan(calls: Sequence[Call], sizes: Sizes) -> Plan:
    """Lay a graph out.

    Args:
        calls: From which node to which, by their places.
        sizes: How wide the nodes are, and how much room there is.
    """
    count = len(sizes.widths)
    between = sorted({call for call in calls if call[0] != call[1]})
    parts = [_part(nodes, between, sizes) for nodes in components(count, between)]
    boxes: dict[int, Box] = {}
    wires: list[Wire] = []
    spots: list[Spot] = []
    x = y = shelf = width = 0
    for one in parts:
        if x and x + one.width > sizes.room:
            x, y, shelf = 0, y + shelf + _GAP, 0
        for node, box in one.boxes.items():
            boxes[node] = Box(box.x + x, box.y + y, box.width, box.layer)
        wires += [Wire(wire.call, tuple((at + x, line + y) for at, line in wire.points)) for wire in one.wires]
        spots += [Spot(spot.call, spot.x + x, spot.y + y, spot.width) for spot in one.spots]
        width = max(width, x + one.width)
        x, shelf = x + one.width + 2, max(shelf, one.height)
    return Plan(
        width,
        y + shelf,
        tuple(boxes[node] for node in range(count)),
        tuple(wires),
        frozenset(source for source, target in calls if source == target),
        tuple(spots),
        sum(one.crossings for one in parts),
        max((one.depth for one in parts), default=0),
    )


def _part(nodes: Sequence[int], calls: Sequence[Call], sizes: Sizes) -> _Part:
    place = {node: at for at, node in enumerate(nodes)}
    inside = [(place[source], place[target]) for source, target in calls if source in place]
    layered = _layered(len(nodes), tuple(inside))
    lines = _lines(layered)
    part = _Part(nodes, crossings=layered.crossings, depth=len(layered.rows))
    _Drawing(layered, lines, part, [sizes.widths[node] for node in nodes], sizes).draw()
    return part


@lru_cache(maxsize=64)
def _layered(nodes: int, calls: tuple[Call, ...]) -> Layers:
    """The layers, which do not depend on any size."""
    return layers(nodes, calls)


# --- lines -----------------------------------------------------------------------------------------------------------


def _lines(layered: Layers) -> dict[int, int]:
    """The first line of each vertex: in the order of its layer, near to what it hangs on."""
    near = _weights(layered)
    lines: dict[int, float] = {}
    for row in layered.rows:
        for one, offset in zip(row, _offsets(row, layered.nodes), strict=True):
            lines[one] = float(offset)
    tallest = max((_extent(row, layered.nodes) for row in layered.rows), default=0)
    for row in layered.rows:
        spare = (tallest - _extent(row, layered.nodes)) / 2
        for one in row:
            lines[one] += spare
    for sweep in range(_SWEEPS):
        rightward = sweep % 2 == 0
        for row in layered.rows if rightward else reversed(layered.rows):
            wanted, weights = [], []
            for one in row:
                value, weight = _wish(one, near[one], lines)
                wanted.append(value)
                weights.append(weight)
            lines.update(zip(row, _kept(row, wanted, weights, layered.nodes), strict=True))
    return _whole(layered, lines)


def _weights(layered: Layers) -> dict[int, dict[int, float]]:
    near: dict[int, dict[int, float]] = {one: {} for row in layered.rows for one in row}
    for chain in layered.chains.values():
        for left, right in pairwise(chain):
            # A long call is straight before a short one is.
            weight = 1.0 + 2.0 * (left >= layered.nodes) + 2.0 * (right >= layered.nodes)
            near[left][right] = near[left].get(right, 0.0) + weight
            near[right][left] = near[left][right]
    return near


def _wish(one: int, near: Mapping[int, float], lines: Mapping[int, float]) -> tuple[float, float]:
    """The line that a vertex would stand on, and how much it matters: the middle of what it hangs on."""
    if not near:
        return lines[one], 0.1
    listed = sorted((lines[other], weight) for other, weight in near.items())
    total = sum(weight for _, weight in listed)
    low = high = listed[-1][0]
    passed = 0.0
    for line, weight in listed:
        passed += weight
        if passed * 2 >= total:
            low = high = line
            if passed * 2 == total:
                high = next((later for later, _ in listed if later > line), line)
            break
    return (low + high) / 2, total


def _apart(upper: int, nodes: int) -> int:
    """Lines from one vertex of a layer to the next."""
    return HEIGHT + _GAP if upper < nodes else 1


def _offsets(row: Sequence[int], nodes: int) -> list[int]:
    found, at = [], 0
    for one in row:
        found.append(at)
        at += _apart(one, nodes)
    return found


def _extent(row: Sequence[int], nodes: int) -> int:
    if not row:
        return 0
    return _offsets(row, nodes)[-1] + (HEIGHT if row[-1] < nodes else 1)


def _kept(row: Sequence[int], wanted: Sequence[float], weights: Sequence[float], nodes: int) -> list[float]:
    """The lines nearest to the wanted ones that keep the order and the distances: pools of what pushes each other."""
    offsets = _offsets(row, nodes)
    pools: list[list[float]] = []
    for wish, weight, offset in zip(wanted, weights, offsets, strict=True):
        pools.append([(wish - offset) * weight, weight, 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [one + other for one, other in zip(pools[-1], last, strict=True)]
    found: list[float] = []
    for total, weight, times in pools:
        found += [total / weight] * int(times)
    return [value + offset for value, offset in zip(found, offsets, strict=True)]


def _whole(layered: Layers, lines: Mapping[int, float]) -> dict[int, int]:
    """The lines in whole numbers, from 0 on, with no empty line more than one between those that are used."""
    found: dict[int, int] = {}
    for row in layered.rows:
        for one, offset in zip(row, _offsets(row, layered.nodes), strict=True):
            found[one] = round(lines[one] - offset) + offset
    used = set(found.values()) | {line + 1 for one, line in found.items() if one < layered.nodes}
    lowest, new, at = min(used, default=0), {}, 0
    for line in range(lowest, max(used, default=-1) + 1):
        new[line] = at
        if line in used or line - 1 in used:
            at += 1
    return {one: new[line] for one, line in found.items()}


# --- wires -----------------------------------------------------------------------------------------------------------


class _Drawing:
    """One part being drawn from left to right."""

    def __init__(
        self, layered: Layers, lines: Mapping[int, int], part: _Part, widths: Sequence[int], sizes: Sizes
    ) -> None:
        self._layered = layered
        self._lines = lines
        self._part = part
        self._widths = widths
        self._sizes = sizes
        self._points: dict[Call, list[Point]] = {call: [] for call in layered.chains}
        self._left_of: dict[int, int] = {}
        self._right_of: dict[int, int] = {}

    def draw(self) -> None:
        x = 0
        rows = self._layered.rows
        for layer, row in enumerate(rows):
            width = max((self._widths[one] for one in row if one < self._layered.nodes), default=1)
            for one in row:
                self._left_of[one], self._right_of[one] = x, x + width
                if one < self._layered.nodes:
                    right = x + self._widths[one]
                    self._right_of[one] = right
                    box = Box(x, self._lines[one], self._widths[one], layer)
                    self._part.boxes[self._part.nodes[one]] = box
            x += width
            if layer < len(rows) - 1:
                x = self._channel(x)
        self._part.width = x
        self._finish()

    def _line(self, one: int, back: bool) -> int:
        """The line on which a call meets a vertex."""
        return self._lines[one] + (1 if back and one < self._layered.nodes else 0)

    def _channel(self, x: int) -> int:
        """Draw what runs between a layer and the next; returns where that one begins."""
        steps: dict[tuple[int, bool], dict[int, list[Call]]] = {}
        for call, chain in self._layered.chains.items():
            back = call in self._layered.backward
            for left, right in pairwise(chain):
                if left in self._left_of and right not in self._left_of:
                    steps.setdefault((left, back), {}).setdefault(right, []).append(call)
        trunks: list[Trunk] = []
        for (left, back), targets in sorted(steps.items()):
            ends = {self._line(right, back): len(made) for right, made in sorted(targets.items())}
            trunks.append(Trunk(self._line(left, back), ends))
        tracks, count = place_trunks(trunks)
        before, behind = self._labels(steps)
        base = x + 1 + before
        end = base + count * self._sizes.spread + behind + 1
        for (left, back), trunk in zip(sorted(steps), trunks, strict=True):
            for right, made in steps[left, back].items():
                path = self._path(left, trunk, tracks, self._line(right, back), base, end)
                for call in made:
                    self._points[call] += path
        self._spot(steps, x, before, base + count * self._sizes.spread, behind)
        return end

    def _path(self, left: int, trunk: Trunk, tracks: Mapping[int, int], line: int, base: int, end: int) -> list[Point]:
        spread = self._sizes.spread
        points: list[Point] = [(self._right_of[left], trunk.line)]
        at = trunk.line
        for one, reached in trunk.course(line):
            if reached != at:
                column = base + tracks[id(one)] * spread
                points += [(column, at), (column, reached)]
            at = reached
        points.append((end - 1, line))
        return points

    def _labels(self, steps: Mapping[tuple[int, bool], Mapping[int, Sequence[Call]]]) -> tuple[int, int]:
        """How much room labels need at either side of the upright lines."""
        if not self._sizes.label:
            return 0, 0
        sources, targets = self._alone(steps)
        room = self._sizes.label + 2
        return (room if sources else 0, room if targets else 0)

    def _alone(
        self, steps: Mapping[tuple[int, bool], Mapping[int, Sequence[Call]]]
    ) -> tuple[dict[Call, int], dict[Call, int]]:
        """The calls that have a line of their own before the upright lines, and behind them; each with the line."""
        ends: dict[int, list[Call]] = {}
        for (_, back), targets in steps.items():
            for right, made in targets.items():
                ends.setdefault(self._line(right, back), []).extend(made)
        behind = {made[0]: line for line, made in ends.items() if len(made) == 1}
        before: dict[Call, int] = {}
        for (left, back), targets in steps.items():
            made = [call for calls in targets.values() for call in calls]
            if len(made) == 1 and made[0] not in behind and left < self._layered.nodes:
                before[made[0]] = self._line(left, back)
        # A call over several layers is told once, where it comes in.
        last = {call: chain[-2] for call, chain in self._layered.chains.items()}
        here = {left for left, _ in steps}
        behind = {call: line for call, line in behind.items() if last[call] in here}
        before = {call: line for call, line in before.items() if len(self._layered.chains[call]) == 2}
        return before, behind

    def _spot(
        self,
        steps: Mapping[tuple[int, bool], Mapping[int, Sequence[Call]]],
        x: int,
        before: int,
        after: int,
        behind: int,
    ) -> None:
        if not self._sizes.label:
            return
        sources, targets = self._alone(steps)
        for call, line in sources.items():
            self._part.spots.append(self._spot_at(call, x + 1, line, before))
        for call, line in targets.items():
            self._part.spots.append(self._spot_at(call, after, line, behind))

    def _spot_at(self, call: Call, x: int, line: int, room: int) -> Spot:
        return Spot((self._part.nodes[call[0]], self._part.nodes[call[1]]), x + 1, line, room - 2)

    def _finish(self) -> None:
        nodes = self._part.nodes
        for call, points in self._points.items():
            ordered = points[::-1] if call in self._layered.backward else points
            self._part.wires.append(Wire((nodes[call[0]], nodes[call[1]]), _corners(ordered)))
        lowest = max((line for wire in self._part.wires for _, line in wire.points), default=0)
        highest = min((line for wire in self._part.wires for _, line in wire.points), default=0)
        self._part.height = max(lowest + 1, *(box.y + HEIGHT for box in self._part.boxes.values()))
        if highest < 0:
            self._shift(-highest)

    def _shift(self, lines: int) -> None:
        part = self._part
        part.boxes = {one: Box(box.x, box.y + lines, box.width, box.layer) for one, box in part.boxes.items()}
        part.wires = [Wire(one.call, tuple((x, y + lines) for x, y in one.points)) for one in part.wires]
        part.spots = [Spot(one.call, one.x, one.y + lines, one.width) for one in part.spots]
        part.height += lines


def _corners(points: Sequence[Point]) -> tuple[Point, ...]:
    """A course without what lies between two corners."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]):
            kept[-1] = point
        else:
            kept.append(point)
    return tuple(kept)
