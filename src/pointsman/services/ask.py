"""What services need of AWS: reads and pages, within a budget."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from pointsman.services.pace import Budget


class Asks(Protocol):
    """What answers: ``aws.cloud.Cloud``, or a fake in a test."""

    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one call; raises CallFailed."""
        ...


class Streams(Asks, Protocol):
    """What answers with event streams too."""

    def events(self, service: str, operation: str, member: str, **parameters: Any) -> AsyncIterator[Mapping[str, Any]]:
        """The events of a stream as they come, until it ends; raises CallFailed. Closing the iterator closes it."""
        ...


class Meter:
    """Asks within a budget: each call of a feed waits for its token, a call a person waits for does not.

    Args:
        cloud: What answers.
        service: boto3's service name.
        budget: What limits the calls.
    """

    def __init__(self, cloud: Asks, service: str, budget: Budget) -> None:
        self._cloud = cloud
        self._service = service
        self._budget = budget

    async def ask(self, operation: str, *, urgent: bool = False, **parameters: Any) -> dict[str, Any]:
        """The answer to one call.

        Args:
            operation: The API's operation.
            urgent: Whether a person waits for it; then it does not wait for the budget.
            parameters: As the API names them; None leaves one out.

        Raises:
            CallFailed: There is none.
        """
        if not urgent:
            await self._budget.take(self._service)
        given = {name: value for name, value in parameters.items() if value is not None}
        return await self._cloud.read(self._service, operation, **given)

    async def pages(
        self, operation: str, *, most: int | None = None, urgent: bool = False, **parameters: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """The pages of a list that continues with ``nextToken``, to the end or to so many."""
        token: str | None = None
        read = 0
        while most is None or read < most:
            page = await self.ask(operation, urgent=urgent, nextToken=token, **parameters)
            yield page
            read += 1
            following = page.get("nextToken")
            if not following or following == token:
                return
            token = str(following)
