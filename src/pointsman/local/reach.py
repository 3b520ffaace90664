"""Where a backend is reached over HTTP, while it is: what its own builds and commands call it by."""

from __future__ import annotations


class Reach:
    """An address that an endpoint gives while it listens, and takes back; a tool of the world."""

    def __init__(self) -> None:
        self._addresses: list[str] = []
        self.daemon = ""
        """``host:port`` of X-Ray's daemon; empty while nobody listens there."""

    @property
    def address(self) -> str:
        """What ``AWS_ENDPOINT_URL`` is set to on this machine; empty while nothing listens."""
        return self._addresses[-1] if self._addresses else ""

    def opened(self, address: str) -> None:
        """An endpoint listens."""
        self._addresses.append(address)

    def closed(self, address: str) -> None:
        """It does not any longer."""
        if address in self._addresses:
            self._addresses.remove(address)
