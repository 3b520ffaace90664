"""A terminal for tests: every cell's text, attributes and link.

It knows margins, insertion and deletion, erasing with the pen's background, the alternate screen, and the answers that
programs ask for.

It shares nothing with what it judges, and what it does not know it keeps in ``unknown``, so that a test can refuse it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from unicodedata import combining

from rich.cells import cell_len

TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<private>[<=>?]?)(?P<numbers>[0-9;:]*)(?P<middle>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1bP(?P<dcs>(?:[^\x1b]|\x1b(?!\\))*)\x1b\\"
    r"|\x1b(?P<escape>[78DEMc=>])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])",
    re.S,
)
Cell = tuple[str, frozenset[str], str]
"""Text, attributes, link. The second half of a wide character is an empty text."""
BLANK: Cell = (" ", frozenset(), "")
_OFF = {22: "12", 23: "3", 24: "4", 25: "56", 27: "7", 28: "8", 29: "9"}
_SEEN_ON_BLANK = ("4", "5", "6", "7", "8", "9", "bg")


class Emulator:
    """A terminal.

    Args:
        columns: How wide.
        rows: How high.
        reply: Where answers go.
        sync: Whether it knows mode 2026, synchronized output.
        answers: Whether it answers anything.
    """

    def __init__(
        self,
        columns: int,
        rows: int,
        reply: Callable[[str], None] = lambda _: None,
        *,
        sync: bool = True,
        answers: bool = True,
    ) -> None:
        self.columns, self.rows = columns, rows
        self.sync = sync
        self.answers = answers
        self.unknown: list[str] = []
        self.titles: list[str] = []
        self.modes: dict[int, bool] = {7: True, 25: True}
        self.scrolled = 0
        """How often lines were deleted or inserted."""
        self._reply = reply
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._main: list[list[Cell]] | None = None
        self.x = self.y = 0
        self._pen: dict[str, str] = {}
        self._link = ""
        self._blank()

    def _blank(self) -> None:
        self.cells = [[BLANK] * self.columns for _ in range(self.rows)]
        self._top, self._bottom = 0, self.rows - 1

    # --- what there is to see

    def text(self) -> str:
        """The screen as text."""
        return "\n".join("".join(text for text, _, _ in row).rstrip() for row in self.cells)

    def seen(self) -> list[list[Cell]]:
        """The screen as it looks: a space has only what can be seen of it."""
        return [[_seen(cell) for cell in row] for row in self.cells]

    def resize(self, columns: int, rows: int) -> None:
        """Another size: what fits stays."""
        cells = [(row + [BLANK] * columns)[:columns] for row in self.cells[:rows]]
        self.columns, self.rows = columns, rows
        self.cells = cells + [[BLANK] * columns for _ in range(rows - len(cells))]
        self._top, self._bottom = 0, rows - 1
        self.x, self.y = min(self.x, columns - 1), min(self.y, rows - 1)

    # --- what a program writes

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        text = self._rest + self._decoder.decode(data)
        at = 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                if len(text) - at > 4096 or re.match(r"\x1b[^\[\]P78DEMc=>]|[\x80-\x9f]", text[at:]):
                    self.unknown.append(repr(text[at : at + 20]))
                    at += 1
                    continue
                break
            at = found.end()
            self._take(found)
        self._rest = text[at:]

    def _take(self, found: re.Match[str]) -> None:
        kind = found.lastgroup
        if kind == "text":
            self._write(found["text"])
        elif kind == "final":
            if found["private"] or found["middle"]:
                self._private(found)
            else:
                self._csi(found["numbers"], found["final"])
        elif kind == "osc":
            self._osc(found["osc"])
        elif kind == "control":
            self._control(found["control"])
        elif kind == "dcs":
            self.titles.append(found["dcs"])
        else:
            self.unknown.append(f"ESC {found['escape']}")

    def _style(self) -> tuple[frozenset[str], str]:
        return frozenset(f"{key}={value}" if value else key for key, value in self._pen.items()), self._link

    def _write(self, text: str) -> None:
        attributes, link = self._style()
        row = self.cells[self.y]
        for char in _clusters(text):
            width = cell_len(char)
            if width == 0:
                base = self.x - 1 - (self.x > 1 and not row[self.x - 1][0])
                if base >= 0:
                    row[base] = (row[base][0] + char, *row[base][1:])
                continue
            if self.x + width > self.columns:
                self.x = self.columns - width
                row = self.cells[self.y]
            self._cut(row, self.x)
            self._cut(row, self.x + width)
            row[self.x] = (char, attributes, link)
            if width == 2:
                row[self.x + 1] = ("", attributes, link)
            self.x += width
        if self.x >= self.columns and self.modes[7]:
            self.x = self.columns - 1  # a pending wrap, which nothing here lets happen

    def _cut(self, row: list[Cell], at: int) -> None:
        """A wide character loses a half: the other becomes a space."""
        if 0 < at < self.columns and not row[at][0]:
            row[at - 1] = (" ", *row[at - 1][1:])
            row[at] = (" ", *row[at][1:])

    def _erased(self) -> Cell:
        back = self._pen.get("bg")
        return (" ", frozenset({f"bg={back}"} if back else ()), "")

    def _erase(self, row: int, start: int, stop: int) -> None:
        line = self.cells[row]
        self._cut(line, start)
        self._cut(line, min(stop, self.columns))
        line[start:stop] = [self._erased()] * (min(stop, self.columns) - start)

    def _csi(self, numbers: str, final: str) -> None:
        values = [int(part or 0) for part in re.split("[;:]", numbers)] if numbers else []
        first = values[0] if values else 0
        count = first or 1
        if final == "m":
            self._sgr(values or [0])
        elif final in "Hf":
            self.y = min(count, self.rows) - 1
            self.x = min(values[1] if len(values) > 1 and values[1] else 1, self.columns) - 1
        elif final == "A":
            self.y = max(0, self.y - count)
        elif final == "B":
            self.y = min(self.rows - 1, self.y + count)
        elif final == "C":
            self.x = min(self.columns - 1, self.x + count)
        elif final == "D":
            self.x = max(0, self.x - count)
        elif final == "G":
            self.x = min(count, self.columns) - 1
        elif final == "J" and first == 2:
            for row in range(self.rows):
                self._erase(row, 0, self.columns)
        elif final == "K" and first == 0:
            self._erase(self.y, self.x, self.columns)
        elif final == "X":
            self._erase(self.y, self.x, self.x + count)
        elif final == "r":
            self._top, self._bottom = (values[0] - 1, values[1] - 1) if len(values) == 2 else (0, self.rows - 1)
            self.x = self.y = 0
        elif final in "LM" and self._top <= self.y <= self._bottom:
            self._move_lines(count, down=final == "L")
        elif final == "n" and first == 6:
            self._answer(f"\x1b[{self.y + 1};{self.x + 1}R")
        elif final == "c":
            self._answer("\x1b[?62;22c")
        else:
            self.unknown.append(f"CSI {numbers}{final}")

    def _move_lines(self, count: int, *, down: bool) -> None:
        self.scrolled += 1
        for _ in range(min(count, self._bottom - self.y + 1)):
            blank = [self._erased()] * self.columns
            if down:
                del self.cells[self._bottom]
                self.cells.insert(self.y, blank)
            else:
                del self.cells[self.y]
                self.cells.insert(self._bottom, blank)
        self.x = 0

    def _sgr(self, values: list[int]) -> None:
        at = 0
        while at < len(values):
            value = values[at]
            if value == 0:
                self._pen.clear()
            elif value in (38, 48):
                length = 3 if values[at + 1] == 5 else 5
                self._pen["fg" if value == 38 else "bg"] = ";".join(map(str, values[at + 1 : at + length]))
                at += length - 1
            elif 30 <= value <= 37 or 90 <= value <= 97:
                self._pen["fg"] = str(value)
            elif 40 <= value <= 47 or 100 <= value <= 107:
                self._pen["bg"] = str(value - 10)
            elif value in (39, 49):
                self._pen.pop("fg" if value == 39 else "bg", None)
            elif 1 <= value <= 9:
                self._pen[str(value)] = ""
            elif value in _OFF:
                for key in _OFF[value]:
                    self._pen.pop(key, None)
            elif value == 53:
                self._pen["53"] = ""
            elif value == 55:
                self._pen.pop("53", None)
            else:
                self.unknown.append(f"SGR {value}")
            at += 1

    def _private(self, found: re.Match[str]) -> None:
        whole = found[0][1:]
        if found["private"] == "?" and found["final"] in "hl":
            for mode in map(int, found["numbers"].split(";")):
                self._mode(mode, on=found["final"] == "h")
        elif found["final"] == "p" and found["middle"] == "$":
            mode = int(found["numbers"])
            state = (1 if self.modes.get(mode) else 2) if mode in self.modes or (mode == 2026 and self.sync) else 0
            self._answer(f"\x1b[?{mode};{state}$y")
        elif found["final"] != "u":
            self.unknown.append(whole)

    def _mode(self, mode: int, *, on: bool) -> None:
        if mode == 1049 and on != self.modes.get(mode, False):
            if on:
                self._main = self.cells
                self._blank()
            elif self._main is not None:
                self.cells = [(row + [BLANK] * self.columns)[: self.columns] for row in self._main[: self.rows]]
                self.cells += [[BLANK] * self.columns for _ in range(self.rows - len(self.cells))]
        self.modes[mode] = on

    def _osc(self, osc: str) -> None:
        number, _, rest = osc.partition(";")
        if number == "8":
            self._link = rest if rest.partition(";")[2] else ""
        else:
            self.titles.append(osc)

    def _control(self, control: str) -> None:
        if control == "\n":
            if self.y == self._bottom:  # the screen scrolls, as Textual's own frames make it in the midst of a resize
                del self.cells[self._top]
                self.cells.insert(self._bottom, [self._erased()] * self.columns)
            else:
                self.y += 1
        elif control == "\r":
            self.x = 0
        elif control != "\x07":
            self.unknown.append(repr(control))

    def _answer(self, words: str) -> None:
        if self.answers:
            self._reply(words)


def _clusters(text: str) -> list[str]:
    """Characters with what joins them; as Textual counts cells, so that both agree on where everything stands."""
    if text.isascii():
        return list(text)
    try:
        from rich.cells import split_graphemes
    except ImportError:
        found: list[str] = []
        for char in text:
            if combining(char) and found:
                found[-1] += char
            else:
                found.append(char)
        return found
    return [text[start:end] for start, end, _ in split_graphemes(text)[0]]


def _seen(cell: Cell) -> Cell:
    text, attributes, link = cell
    if text != " " or link or "53" in attributes:
        return cell
    if any(one in attributes for one in "456789"):
        return cell
    return (text, frozenset(one for one in attributes if one.startswith(_SEEN_ON_BLANK)), "")
