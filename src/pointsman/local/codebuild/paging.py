"""Pages of lists: tokens, sizes, and lists kept in order by records of their own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from pointsman.digits import digits
from pointsman.local.answers import Parameters
from pointsman.local.codebuild.settings import invalid
from pointsman.local.world import Scope

PAGE = 100

T = TypeVar("T")
Order = TypeVar("Order", bound=msgspec.Struct)


def some(names: Sequence[str]) -> Sequence[str]:
    """The names of a batch call, of which there may be from 1 to 100.

    Raises:
        AwsError: InvalidInputException.
    """
    if not 1 <= len(names) <= PAGE:
        raise invalid(f"{len(names)} names are given; from 1 to {PAGE} are allowed")
    return names


def size(parameters: Parameters) -> int:
    """How many things a page may hold.

    Raises:
        AwsError: InvalidInputException.
    """
    wanted: int = parameters.get("maxResults", PAGE)
    if not 1 <= wanted <= PAGE:
        raise invalid(f"Invalid maxResults: {wanted}. It must be from 1 to {PAGE}")
    return wanted


def paged(found: Sequence[T], parameters: Parameters, name: str) -> dict[str, Any]:
    """A page of a list that is at hand, under the answer's member ``name``.

    Raises:
        AwsError: InvalidInputException.
    """
    token = parameters.get("nextToken")
    start, length = int(_place(token)) if token else 0, size(parameters)
    answer: dict[str, Any] = {name: list(found[start : start + length])}
    if start + length < len(found):
        answer["nextToken"] = _token(str(start + length))
    return answer


def ordered(
    scope: Scope,
    kind: type[Order],
    prefix: str,
    parameters: Parameters,
    name: str,
    wanted: Callable[[Order], str | None],
) -> dict[str, Any]:
    """A page of a list whose order records keep under ``prefix`` and a number; newest first unless told otherwise.

    Args:
        scope: Where.
        kind: The records that keep the order.
        prefix: What their keys begin with, before the number.
        parameters: The call's: ``nextToken``, ``maxResults``, ``sortOrder``.
        name: The answer's member.
        wanted: What a record stands for; None leaves it out.

    Raises:
        AwsError: InvalidInputException.
    """
    token, length = parameters.get("nextToken"), size(parameters)
    after = f"{prefix}{_place(token)}" if token else None
    reverse = parameters.get("sortOrder", "DESCENDING") == "DESCENDING"
    page: list[tuple[str, str]] = []
    for key, one in _standing(scope, kind, prefix, wanted, reverse=reverse, after=after):
        if len(page) == length:
            return {name: [found for _, found in page], "nextToken": _token(page[-1][0].removeprefix(prefix))}
        page.append((key, one))
    return {name: [found for _, found in page]}


def _standing(
    scope: Scope,
    kind: type[Order],
    prefix: str,
    wanted: Callable[[Order], str | None],
    *,
    reverse: bool,
    after: str | None,
) -> Iterator[tuple[str, str]]:
    while True:
        rows = list(scope.scan(kind, prefix, reverse=reverse, after=after, limit=PAGE + 1))
        for key, order in rows:
            found = wanted(order)
            if found is not None:
                yield key, found
        if len(rows) <= PAGE:
            return
        after = rows[-1][0]


def _token(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(token: str) -> str:
    try:
        place = base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        place = ""
    if not digits(place):
        raise invalid("Invalid nextToken")
    return place
