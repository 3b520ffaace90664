"""Bytes as they come from a pipe, made into lines of a log: pure."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST = 256 * 1024 - 26 - 1
"""CloudWatch's 256 KiB for one event, less its own 26 bytes and the line's end."""


class LineCutter:
    """Cuts a stream of bytes into lines of text; what is not UTF-8 is replaced, what is too long is cut in pieces."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._rest = b""

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that are complete now."""
        if b"\n" not in chunk and len(self._rest) + len(chunk) <= self._longest:
            self._rest += chunk
            return []
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        found: list[str] = []
        for line in lines:
            if len(line) > self._longest // 3:
                found += self._pieces(line)
            else:
                found.append(_text(line))
        if len(self._rest) > self._longest:
            *pieces, self._rest = self._cut(self._rest)
            for piece in pieces:
                found += self._pieces(piece)
        return found

    def flush(self) -> list[str]:
        """The line that was begun and never ended, if there is one."""
        rest, self._rest = self._rest, b""
        return self._pieces(rest) if rest else []

    @property
    def pending(self) -> bool:
        """Whether a line was begun."""
        return bool(self._rest)

    def _pieces(self, line: bytes) -> list[str]:
        pieces = []
        for piece in self._cut(line):
            text = _text(piece)
            if "\ufffd" in text:  # each takes three bytes where there was one
                third = self._longest // 3
                pieces += [text[start : start + third] for start in range(0, len(text), third)]
            else:
                pieces.append(text)
        return pieces

    def _cut(self, line: bytes) -> list[bytes]:
        pieces = []
        while len(line) > self._longest:
            end = self._longest
            while end > self._longest - 4 and line[end] & 0xC0 == 0x80:
                end -= 1
            pieces.append(line[:end])
            line = line[end:]
        return [*pieces, line]


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")


class Mask:
    """Puts ``***`` in the place of secret values; a value of several lines is masked line by line."""

    def __init__(self, secrets: Sequence[str]) -> None:
        parts = {value for value in secrets if value.strip()}
        for value in list(parts):
            if "\n" in value:
                parts |= {line.strip() for line in value.splitlines() if len(line.strip()) >= 4}
        self._parts = sorted(parts, key=len, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._parts)

    def __call__(self, text: str) -> str:
        """The text without its secrets."""
        for part in self._parts:
            if part in text:
                text = text.replace(part, "***")
        return text
