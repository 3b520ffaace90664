"""Batches of builds as the screens see them: a tree of builds that wait for each other."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from pointsman.model.builds import Run
from pointsman.model.refs import BatchRef, BuildRef
from pointsman.model.status import NOT_RUN, Status


class Member(Struct, frozen=True):
    """One build of a batch."""

    identifier: str
    """As the buildspec calls it."""
    depends: tuple[str, ...] = ()
    """The members it waits for."""
    ignore_failure: bool = False
    status: Status = NOT_RUN
    build: BuildRef | None = None
    """Its newest build; None until it has begun."""
    requested: datetime | None = None
    earlier: tuple[BuildRef, ...] = ()
    """Earlier tries, the newest first."""
    artifact: str = ""


class Batch(Run[BatchRef], frozen=True):
    """A batch of builds."""

    members: tuple[Member, ...] = ()


class BatchList(Struct, frozen=True):
    """Batches, newest first, and whether there are older ones."""

    batches: tuple[Batch, ...] = ()
    more: bool = False

    def __len__(self) -> int:
        return len(self.batches)


class Branch(Struct, frozen=True):
    """A member and its place in the tree."""

    member: Member
    depth: int
    also: tuple[str, ...] = ()
    """What it waits for besides the member it hangs under."""


def tree(batch: Batch) -> tuple[Branch, ...]:
    """The members as a tree: each once, under the deepest and last of those it waits for, in the buildspec's order.

    A member that waits for itself or for something that is not there hangs where it would without it.
    """
    members = {member.identifier: member for member in batch.members}
    depths: dict[str, int] = {}

    def depth(name: str, above: frozenset[str]) -> int:
        if name in depths:
            return depths[name]
        waits = [one for one in members[name].depends if one in members and one not in above and one != name]
        found = max((depth(one, above | {name}) + 1 for one in waits), default=0)
        depths[name] = found
        return found

    for name in members:
        depth(name, frozenset())
    children: dict[str, list[str]] = {}
    roots: list[str] = []
    for name, member in members.items():
        waits = [one for one in member.depends if one in members and depths[one] < depths[name]]
        if waits:
            children.setdefault(max(reversed(waits), key=lambda one: depths[one]), []).append(name)
        else:
            roots.append(name)
    made: list[Branch] = []
    stack = [(name, 0, "") for name in reversed(roots)]
    while stack:
        name, level, parent = stack.pop()
        also = tuple(one for one in members[name].depends if one != parent)
        made.append(Branch(members[name], level, also))
        stack.extend((child, level + 1, name) for child in reversed(children.get(name, [])))
    return tuple(made)
