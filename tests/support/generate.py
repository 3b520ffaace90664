"""Make valid answers up: a random value for any of botocore's shapes, optional members left out at will."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from support.shapes import service_model

_START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_WORDS = (
    "",
    "x",
    "checkout",
    "Deploy-Prod",
    "a b",
    "[red]not markup[/]",
    "\x1b[31m",
    "naïve ☃",
    "line\nnext",
    "{",
    "7",
)
_DEPTH = 12


def answer(service: str, operation: str, seed: int, keep: float = 0.6) -> dict[str, Any]:
    """A valid answer of an operation.

    Args:
        service: botocore's service name.
        operation: The operation.
        seed: The same seed makes the same answer.
        keep: How likely an optional member is there.
    """
    shape = service_model(service).operation_model(operation).output_shape
    return {} if shape is None else _Maker(random.Random(seed), keep).structure(shape, 0)


def shaped(service: str, name: str, seed: int, keep: float = 0.6) -> dict[str, Any]:
    """A valid structure of one of a service's shapes: an event of a stream, say."""
    return _Maker(random.Random(seed), keep).structure(service_model(service).shape_for(name), 0)


class _Maker:
    def __init__(self, chance: random.Random, keep: float) -> None:
        self._chance = chance
        self._keep = keep

    def value(self, shape: Any, depth: int) -> Any:
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, depth)
        if kind == "list":
            return [self.value(shape.member, depth + 1) for _ in range(self._count(shape, depth))]
        if kind == "map":
            return {
                self.value(shape.key, depth + 1): self.value(shape.value, depth + 1)
                for _ in range(self._count(shape, depth))
            }
        return self._scalar(shape, kind)

    def structure(self, shape: Any, depth: int) -> dict[str, Any]:
        needed = set(shape.required_members)
        if getattr(shape, "is_tagged_union", False):
            only = self._chance.choice(list(shape.members))
            return {only: self.value(shape.members[only], depth + 1)}
        return {
            name: self.value(member, depth + 1)
            for name, member in shape.members.items()
            if name in needed or (depth < _DEPTH and self._chance.random() < self._keep)
        }

    def _count(self, shape: Any, depth: int) -> int:
        least = int(shape.metadata.get("min", 0))
        most = int(shape.metadata.get("max", 3))
        return least if depth > _DEPTH else self._chance.randint(least, max(least, min(most, least + 3)))

    def _scalar(self, shape: Any, kind: str) -> Any:
        chance = self._chance
        if kind == "string":
            return self._string(shape)
        if kind in ("integer", "long"):
            least = int(shape.metadata.get("min", 0))
            return chance.randint(least, int(shape.metadata.get("max", least + 10_000)))
        if kind in ("float", "double"):
            return chance.uniform(0, 100)
        if kind == "boolean":
            return chance.random() < 0.5
        if kind == "timestamp":
            return _START + timedelta(seconds=chance.uniform(-1e6, 1e6))
        if kind == "blob":
            return bytes(chance.randrange(256) for _ in range(chance.randint(0, 8)))
        raise NotImplementedError(f"no value is made for {kind}")

    def _string(self, shape: Any) -> str:
        if shape.enum:
            return str(self._chance.choice(shape.enum))
        if "pattern" in shape.metadata:
            # Good enough for names and ids, which is what patterns are on here.
            return "".join(self._chance.choices("abcXYZ019", k=max(8, int(shape.metadata.get("min", 1)))))
        word = self._chance.choice(_WORDS)
        return word.ljust(int(shape.metadata.get("min", 0)), "x")[: int(shape.metadata.get("max", 10_000))]
