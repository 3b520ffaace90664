"""Whether a text is a whole number that ``int`` reads.

``str.isdigit`` says yes to ``²``, which ``int`` refuses, and to a million digits, which ``int`` refuses as well: what
somebody types, a token that comes back and a document from outside are asked with :func:`digits`.
"""

from __future__ import annotations


def digits(text: str, most: int = 18) -> bool:
    """Whether ``text`` is 1 to ``most`` of 0 to 9, and nothing else: neither a sign nor a space."""
    return text.isascii() and text.isdigit() and len(text) <= most
