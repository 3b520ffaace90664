"""Ids, at random: with a seed the same ones in the same order, so that a world can be played again."""

from __future__ import annotations

import os
import random

_HEX = "0123456789abcdef"


class Identifiers:
    """What makes ids.

    Args:
        seed: Not None makes every id predictable.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._random = random.Random(seed) if seed is not None else random.SystemRandom()
        # Requests come when callers please: their ids have dice of their own, so that reading changes no other id.
        self._requests = random.Random(f"requests/{seed}") if seed is not None else None

    @property
    def dice(self) -> tuple[random.Random, ...]:
        """What ids come from; with a seed, their state is part of the world's."""
        return tuple(dice for dice in (self._random, self._requests) if dice is not None)

    def named(self, name: str) -> random.Random:
        """Dice of its own for one thing: with a seed they fall the same for a name, and change no other id."""
        return random.SystemRandom() if self._seed is None else random.Random(f"{self._seed}/{name}")

    def uuid_of(self, name: str) -> str:
        """A version 4 UUID from the dice of one thing."""
        return _uuid("".join(self.named(name).choices(_HEX, k=32)))

    def hex(self, digits: int) -> str:
        """Random lower-case hex digits; predictable with a seed."""
        return "".join(self._random.choices(_HEX, k=digits))

    def letters(self, alphabet: str, count: int) -> str:
        """Random characters of an alphabet; predictable with a seed."""
        return "".join(self._random.choices(alphabet, k=count))

    def uuid(self) -> str:
        """A version 4 UUID; predictable with a seed."""
        return _uuid(self.hex(32))

    def request_id(self) -> str:
        """The id of a request."""
        if self._requests is None:
            return _uuid(os.urandom(16).hex())
        return _uuid("".join(self._requests.choices(_HEX, k=32)))


def _uuid(digits: str) -> str:
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
