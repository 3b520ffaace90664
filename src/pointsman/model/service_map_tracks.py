"""The upright lines between two layers of a graph: which stands left of which. Pure.

A trunk is the line of one source: it comes in from the left on the source's line, goes up and down, and leaves to the
right on the line of each target. Where a trunk comes in on a line on which another leaves, it must stand left of that
one, or they would lie on each other; trunks that want this of each other in a circle are opened by a detour over a
line that nobody uses. Beyond that they stand so that they cross little.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

__all__ = ["Trunk", "place_trunks"]


class Trunk:
    """The calls of one source to the next layer.

    Args:
        line: Where it comes in.
        ends: Where it leaves, and how many calls do.
    """

    __slots__ = ("after", "detours", "ends", "line")

    def __init__(self, line: int, ends: dict[int, int], after: Trunk | None = None) -> None:
        self.line = line
        self.ends = dict(ends)
        self.after = after
        """The trunk that this one is a detour of."""
        self.detours: dict[int, Trunk] = {}
        """By the line where it leaves: the trunk by which it goes on."""

    @property
    def low(self) -> int:
        """Its uppermost line."""
        return min(self.line, *self.ends)

    @property
    def high(self) -> int:
        """Its lowest line."""
        return max(self.line, *self.ends)

    @property
    def straight(self) -> bool:
        """It does not leave its line."""
        return self.low == self.high

    def course(self, line: int) -> Iterator[tuple[Trunk, int]]:
        """The trunks on the way to a line, and the line on which each is left."""
        detour = self.detours.get(line)
        if detour is None:
            yield self, line
        else:
            yield self, detour.line
            yield from detour.course(line)

    def detour(self, line: int, over: int) -> Trunk:
        """Go to a line over another one, which nobody uses."""
        times = self.ends.pop(line)
        self.ends[over] = times
        self.detours[line] = Trunk(over, {line: times}, self)
        return self.detours[line]


def place_trunks(trunks: Sequence[Trunk]) -> tuple[dict[int, int], int]:
    """Give each trunk a column; trunks whose lines do not meet may share one.

    Returns:
        The column of each by its ``id``, detours included, and how many there are.
    """
    upright = [one for one in trunks if not one.straight]
    _open_circles(upright, {line for one in trunks for line in (one.line, *one.ends)})
    chosen = _improved(_in_order(upright), upright)
    columns: dict[int, int] = {}
    for place, one in enumerate(chosen):
        columns[id(one)] = max(
            (columns[id(other)] + 1 for other in chosen[:place] if other.low <= one.high and one.low <= other.high),
            default=0,
        )
    return columns, max(columns.values(), default=-1) + 1


def _must(left: Trunk, right: Trunk) -> bool:
    """Whether a trunk must stand left of another: it comes in on a line on which that one leaves."""
    if right.after is left:
        return True
    return left is not right and left.after is not right and left.line in right.ends


def _open_circles(trunks: list[Trunk], used: set[int]) -> None:
    """Make detours until no trunks must stand left of each other in a circle."""
    while (circle := _circle(trunks)) is not None:
        left, right = next((left, right) for left, right in circle if right.after is not left)
        over = _unused(left.line, used)
        used.add(over)
        trunks.append(right.detour(left.line, over))


def _unused(near: int, used: set[int]) -> int:
    distance = 1
    while True:
        for line in (near + distance, near - distance):
            if line not in used:
                return line
        distance += 1


def _circle(trunks: Sequence[Trunk]) -> list[tuple[Trunk, Trunk]] | None:
    """Trunks each of which must stand left of the next, and the last left of the first."""
    after = {id(one): [other for other in trunks if one is not other and _must(one, other)] for one in trunks}
    state: dict[int, int] = {}
    for start in trunks:
        if id(start) in state:
            continue
        path = [start]
        state[id(start)] = 1
        stack = [iter(after[id(start)])]
        while stack:
            for other in stack[-1]:
                seen = state.get(id(other))
                if seen == 1:
                    ring = path[next(at for at, one in enumerate(path) if one is other) :]
                    return list(pairwise([*ring, ring[0]]))
                if seen is None:
                    state[id(other)] = 1
                    path.append(other)
                    stack.append(iter(after[id(other)]))
                    break
            else:
                state[id(path.pop())] = 2
                stack.pop()
    return None


def _cost(left: Trunk, right: Trunk) -> int:
    """How often two trunks cross when one stands left of the other."""
    crossed = sum(
        times for line, times in left.ends.items() if right.low < line < right.high and line not in right.ends
    )
    if left.low < right.line < left.high and right.after is not left:
        crossed += sum(right.ends.values())
    return crossed


def _in_order(trunks: Sequence[Trunk]) -> list[Trunk]:
    """One order in which every trunk stands left of those it must."""
    rest = list(trunks)
    found: list[Trunk] = []
    gain = {
        (id(one), id(other)): _cost(one, other) - _cost(other, one)
        for one in trunks
        for other in trunks
        if one is not other
    }
    while rest:
        free = [one for one in rest if not any(_must(other, one) for other in rest if other is not one)]
        best = min(
            free,
            key=lambda one: (sum(gain[id(one), id(other)] for other in rest if other is not one), one.line, one.low),
        )
        found.append(best)
        rest.remove(best)
    return found


def _improved(order: list[Trunk], trunks: Sequence[Trunk]) -> list[Trunk]:
    """Exchange neighbours as long as that takes crossings away."""
    for _ in range(len(trunks)):
        changed = False
        for place in range(len(order) - 1):
            left, right = order[place], order[place + 1]
            if not _must(left, right) and _cost(right, left) < _cost(left, right):
                order[place], order[place + 1] = right, left
                changed = True
        if not changed:
            break
    return order
