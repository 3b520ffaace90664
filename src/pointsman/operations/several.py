"""One verb for several targets: which gates several pipelines have in common, and what may be done to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from pointsman.model.pipelines import PipelineState
from pointsman.model.refs import StageRef
from pointsman.operations.declare import Operation
from pointsman.operations.registry import Registry

_GATES: Final = ("transition.disable", "transition.enable")


class Several(Struct, frozen=True):
    """One operation on the gate of the same name in several pipelines."""

    operation: Operation[Any]
    stage: str
    refs: tuple[StageRef, ...]
    """The gates it may run on, in the order in which they are asked for."""
    of: int
    """How many pipelines were marked."""

    @property
    def title(self) -> str:
        """As a menu says it."""
        return f"{self.operation.title} before {self.stage}"

    @property
    def note(self) -> str:
        """How many it is about, and which."""
        names = ", ".join(ref.pipeline for ref in self.refs[:4])
        more = f" and {len(self.refs) - 4} more" if len(self.refs) > 4 else ""
        return f"{len(self.refs)} of {self.of}: {names}{more}"


def gate_choices(registry: Registry, states: Sequence[PipelineState]) -> tuple[Several, ...]:
    """What can be done to the gates of these pipelines, what most of them have first.

    Args:
        registry: The operations.
        states: The pipelines, as they are known.
    """
    found: list[Several] = []
    names = dict.fromkeys(stage.name for state in states for stage in state.stages)
    for operation in (registry.get(one) for one in _GATES):
        for name in names:
            refs = tuple(
                stage.ref
                for state in states
                if (stage := state.stage(name)) is not None and operation.refuse(state, stage.ref) is None
            )
            if refs:
                found.append(Several(operation, name, refs, len(states)))
    return tuple(sorted(found, key=lambda one: (-len(one.refs), _GATES.index(one.operation.id))))
