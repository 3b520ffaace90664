"""``LogStore``: hundreds of thousands of log lines, compactly, with their phases and errors found as they come.

It only grows. What a line is, is found out for a whole batch at once: most batches are plain text, and that is seen
without looking at their lines one by one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from msgspec import Struct

from pointsman.console.present.logs import CONTAINER, HINTS, Kind, classify, phase_entered
from pointsman.console.present.text import cells, clean_line
from pointsman.model.logs import LogLine, TailEvent


class Section(Struct, frozen=True):
    """A phase's lines: from ``start`` up to the next section."""

    start: int
    name: str
    """AWS's word; empty for what came before any phase."""


class LogStore:
    """Lines in the order they came."""

    def __init__(self, *, phases: bool = True) -> None:
        self.phases = phases
        """Whether a build's phases are sections: not where several logs are interleaved."""
        self.texts: list[str] = []
        """Clean: no control sequences, tabs expanded."""
        self.times = array("q")
        """Milliseconds since the epoch."""
        self.highs = array("q")
        """The newest time up to each line: lines may come out of order, these do not."""
        self.sources = array("H")
        """Which source each line is of; empty while there is only one."""
        self.first = 0
        """How many lines stood before the first one, and were let go."""
        self.widths = array("i")
        """Terminal cells of each text."""
        self.kinds = bytearray()
        """A ``Kind`` each."""
        self.odd: set[int] = set()
        """Lines whose text is not ASCII: their cells are not their characters."""
        self.errors = array("i")
        """Lines that are errors, ascending."""
        self.sections: list[Section] = [Section(0, "")]
        self.widest = 0

    def __len__(self) -> int:
        return len(self.texts)

    def append(self, lines: Iterable[LogLine | TailEvent], sources: Sequence[int] = ()) -> int:
        """Add lines; returns how many lines were added (an event of several lines becomes several).

        Args:
            lines: (time, text), and what a source may have beside them.
            sources: The number of each line's source; none when there is only one.
        """
        batch = lines if isinstance(lines, (list, tuple)) else list(lines)
        if not batch:
            return 0
        first = len(self.texts)
        if sources and len(self.sources) < first:
            self.sources.extend([0] * (first - len(self.sources)))
        texts = [line[1] for line in batch]
        together = "".join(texts)
        if together.isascii() and together.isprintable():
            self.texts += texts
            times = [line[0] for line in batch]
            self.times.extend(times)
            high = self.highs[-1] if self.highs else times[0]
            self.highs.extend(accumulate(times, max, initial=high))
            self.highs.pop(first)
            if sources or self.sources:
                self.sources.extend(sources or [0] * len(texts))
            sizes = list(map(len, texts))
            self.widths.extend(sizes)
            self.kinds += bytes(len(texts))
            self.widest = max(self.widest, max(sizes))
            self._judge_plain(first, texts, sizes)
        else:
            self._append_slowly(batch, sources)
        return len(self.texts) - first

    def _append_slowly(self, batch: Sequence[LogLine | TailEvent], sources: Sequence[int]) -> None:
        high = self.highs[-1] if self.highs else batch[0][0]
        sourced = bool(sources or self.sources)
        for place, event in enumerate(batch):
            at, raw = event[0], event[1]
            high = max(high, at)
            for part in raw.rstrip("\r\n").replace("\r\n", "\n").split("\n") if "\n" in raw or "\r" in raw else (raw,):
                text = clean_line(part)
                index = len(self.texts)
                size = cells(text)
                self.texts.append(text)
                self.times.append(at)
                self.highs.append(high)
                if sourced:
                    self.sources.append(sources[place] if sources else 0)
                self.widths.append(size)
                self.kinds.append(0)
                self.widest = max(self.widest, size)
                if not text.isascii():
                    self.odd.add(index)
                self._judge(index, text)

    def _judge_plain(self, first: int, texts: list[str], sizes: list[int]) -> None:
        """Find what is special in a batch of plain ASCII lines."""
        together = "\n".join(texts)
        low = together.lower()
        suspects: set[int] = set()
        ends: list[int] | None = None
        for hint in (*HINTS, CONTAINER.lower()):
            at = low.find(hint)
            while at >= 0:
                if ends is None:
                    ends = list(accumulate(size + 1 for size in sizes))
                line = bisect_right(ends, at)
                suspects.add(line)
                at = low.find(hint, ends[line])
        for line in sorted(suspects):
            self._judge(first + line, texts[line])

    def _judge(self, index: int, text: str) -> None:
        kind = classify(text)
        if kind is Kind.PLAIN:
            return
        self.kinds[index] = kind
        if kind.bad:
            self.errors.append(index)
        elif kind is Kind.PHASE and self.phases:
            self.sections.append(Section(index, phase_entered(text)))

    # --- questions -----------------------------------------------------------------------------------------------

    def line(self, index: int) -> LogLine:
        """One line."""
        return LogLine(self.times[index], self.texts[index])

    def section_at(self, index: int) -> int:
        """The index of the section a line is in."""
        low, high = 0, len(self.sections)
        while low < high:
            middle = (low + high) // 2
            if self.sections[middle].start <= index:
                low = middle + 1
            else:
                high = middle
        return low - 1

    def section_end(self, section: int) -> int:
        """The line after a section's last."""
        return self.sections[section + 1].start if section + 1 < len(self.sections) else len(self.texts)

    def next_error(self, after: int) -> int | None:
        """The first error after a line."""
        at = bisect_right(self.errors, after)
        return self.errors[at] if at < len(self.errors) else None

    def previous_error(self, before: int) -> int | None:
        """The last error before a line."""
        at = bisect_left(self.errors, before)
        return self.errors[at - 1] if at else None

    def at_time(self, milliseconds: int) -> int:
        """The first line at or after a moment."""
        return bisect_left(self.highs, milliseconds)

    def trim(self, count: int) -> None:
        """Let go of the first lines."""
        count = min(count, len(self.texts))
        for kept in (self.texts, self.times, self.highs, self.widths, self.kinds, self.sources):
            del kept[:count]
        self.first += count
        self.odd = {line - count for line in self.odd if line >= count}
        self.errors = array("i", [line - count for line in self.errors if line >= count])
        under = [section for section in self.sections if section.start < count]
        kept_sections = [Section(one.start - count, one.name) for one in self.sections if one.start >= count]
        if not kept_sections or kept_sections[0].start > 0:
            kept_sections.insert(0, Section(0, under[-1].name if under else ""))
        self.sections = kept_sections

    def find(self, needle: str, start: int, stop: int) -> list[int]:
        """The lines in [start, stop) that contain a lower-case text, whatever their case."""
        return [at for at, text in enumerate(self.texts[start:stop], start) if needle in text.lower()]

    def text(self) -> str:
        """Everything, a line per line."""
        return "".join(f"{text}\n" for text in self.texts)
