"""The dispatch table: which function answers which call.

An answer is a function ``(scope, parameters) -> dict``: the parameters as botocore validated them, the dict in
botocore's output shape (without ResponseMetadata). It runs under the world's lock inside one transaction; when it
raises, nothing of it happened. A service's answers are marked with ``@answers`` on module functions; ``Table.of``
collects them, so nothing registers itself on import.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pointsman.local.world import Scope, World

Parameters = dict[str, Any]
Answer = Callable[["Scope", Parameters], dict[str, Any]]
F = TypeVar("F", bound=Callable[..., dict[str, Any]])

_MARK = "__pointsman_answers__"


class AwsError(Exception):
    """A modelled error: what the client gets as its exception.

    Args:
        code: The service's error code, ``PipelineNotFoundException``.
        message: The service's words.
        status: The HTTP status; 400 unless the model says otherwise.
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members
        """Further members of the error's shape."""


class Later:
    """An answer that takes its time: an answering function may return one in place of its dict.

    The work is carried out by the caller's thread once the transaction stands, outside the world's lock. Only for
    services that do not speak JSON RPC: the endpoint answers those on its loop, once it knows them to be quick.

    Args:
        work: What gives the answer; may raise ``AwsError``.
    """

    def __init__(self, work: Callable[[], dict[str, Any]]) -> None:
        self.work = work


_WHY = {"iam": ": roles are names here, and no policy is ever judged"}


def not_built(service: str, operation: str) -> AwsError:
    """The answer to a call that is not built: by name, never an empty success."""
    why = _WHY.get(service, "")
    return AwsError("NotImplemented", f"Pointsman's backend does not answer {service}:{operation}{why}", 501)


def answers(service: str, *operations: str) -> Callable[[F], F]:
    """Mark a function as the answer to ``service:operation``.

    Args:
        service: botocore's service name, ``codepipeline``.
        operations: The operations' names, ``GetPipelineState``.
    """

    def mark(function: F) -> F:
        marks = getattr(function, _MARK, ())
        setattr(function, _MARK, (*marks, *((service, operation) for operation in operations)))
        return function

    return mark


class Table:
    """Answers by (service, operation)."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], Answer] = {}

    @classmethod
    def of(cls, modules: Iterable[ModuleType]) -> Table:
        """Collect every marked function of some modules; a call answered twice is a mistake."""
        table = cls()
        for module in modules:
            table.take(module)
        return table

    def take(self, module: ModuleType) -> None:
        """Add every marked function of a module."""
        for function in vars(module).values():
            for place in getattr(function, _MARK, ()):
                if getattr(function, "__module__", None) == module.__name__:
                    self.add(place[0], place[1], function)

    def add(self, service: str, operation: str, answer: Answer) -> None:
        """Add one answer."""
        if (service, operation) in self._answers:
            raise ValueError(f"{service}:{operation} is answered twice")
        self._answers[service, operation] = answer

    def find(self, service: str, operation: str) -> Answer:
        """The answer, or the error that says by name that there is none."""
        try:
            return self._answers[service, operation]
        except KeyError:
            raise not_built(service, operation) from None

    def services(self) -> dict[str, list[str]]:
        """Service -> its answered operations, sorted."""
        found: dict[str, list[str]] = {}
        for service, operation in sorted(self._answers):
            found.setdefault(service, []).append(operation)
        return found


def answered(
    world: World,
    table: Table,
    where: tuple[str, str],
    call: tuple[str, str],
    parameters: Parameters,
    closed: Callable[[], bool] = lambda: False,
) -> tuple[dict[str, Any], str]:
    """Answer one call: in one transaction, or not at all.

    Args:
        world: Whose state it is about.
        table: What answers.
        where: Account and region of whoever asks.
        call: Service and operation.
        parameters: As botocore validated them.
        closed: Whether nothing is answered any more.

    Returns:
        The answer in botocore's output shape, and the request id.

    Raises:
        AwsError: A modelled error, or 501 by name for a call that is not built.
    """
    request_id = world.request_id()
    try:
        answer = table.find(*call)
        with world.lock:
            if world.closing or closed():
                raise AwsError("ServiceUnavailable", "the local backend has been closed", 503)
            with world.transaction():
                found = answer(world.scope(*where), parameters)
        return (found.work() if isinstance(found, Later) else found), request_id
    except AwsError as error:
        error.members.setdefault("request_id", request_id)
        raise
    except sqlite3.OperationalError as error:
        sentence = f"the state folder cannot be written ({error}): make room on its disk, and try again"
        raise AwsError("ServiceUnavailable", sentence, 503, request_id=request_id) from error
