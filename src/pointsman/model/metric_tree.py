"""Metrics by namespace and by the names of their dimensions, as CloudWatch's own console browses them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from pointsman.model.refs import MetricRef

__all__ = ["Path", "Shelf", "shelves"]


class Path(Struct, frozen=True):
    """Where one is in the tree."""

    namespace: str = ""
    dimensions: tuple[str, ...] | None = None
    """The names of the dimensions; None above them, empty for metrics without any."""

    @property
    def up(self) -> Path | None:
        """One level up; None at the root."""
        if self.dimensions is not None:
            return Path(self.namespace)
        return Path() if self.namespace else None

    @property
    def words(self) -> str:
        """Where that is, in words."""
        if not self.namespace:
            return ""
        return self.namespace if self.dimensions is None else f"{self.namespace}  {names(self.dimensions)}"

    def holds(self, ref: MetricRef) -> bool:
        """Whether a metric is in here."""
        if self.namespace and ref.namespace != self.namespace:
            return False
        return self.dimensions is None or dimensions_of(ref) == self.dimensions


class Shelf(Struct, frozen=True):
    """One line of a level: a namespace, names of dimensions, or a metric."""

    title: str
    path: Path
    """Where it leads; of a metric where it is."""
    count: int = 1
    """How many metrics are in it."""
    ref: MetricRef | None = None
    """The metric, on the lowest level."""


def dimensions_of(ref: MetricRef) -> tuple[str, ...]:
    """The names of a metric's dimensions."""
    return tuple(name for name, _ in ref.dimensions)


def names(dimensions: Sequence[str]) -> str:
    """Names of dimensions as one would say them."""
    return ", ".join(dimensions) or "no dimensions"


def shelves(metrics: Iterable[MetricRef], path: Path) -> tuple[Shelf, ...]:
    """What is on a level: names in alphabetical order with how many metrics each has, or the metrics themselves."""
    inside = [one for one in metrics if path.holds(one)]
    if path.dimensions is not None:
        return tuple(Shelf(one.name, path, ref=one) for one in sorted(inside, key=lambda one: (one.name, one)))
    if path.namespace:
        sets = Counter(dimensions_of(one) for one in inside)
        return tuple(Shelf(names(one), Path(path.namespace, one), count) for one, count in sorted(sets.items()))
    spaces = Counter(one.namespace for one in inside)
    return tuple(Shelf(one, Path(one), count) for one, count in sorted(spaces.items()))
