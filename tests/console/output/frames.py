"""Frames as Textual writes them, made up."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from rich.cells import cell_len

SGR: tuple[str, ...] = ("", "1", "2", "4", "7", "9", "1;2", "31;42", "53;34", "3;38;2;255;0;0", "38;5;9;48;5;17")
SGR += ("48;2;20;23;28", "1;48;2;20;23;28", "4;48;2;20;23;28")
LINKS = ("", "id=1;https://example.com/a", ";https://example.com/b")
PIECES = (
    "a",
    "b",
    " ",
    "  ",
    "          ",
    "─",
    "✓",
    "▌",
    "日",
    "本",
    "한",
    "e\u0301",
    "👍",
    "👩\u200d🚀",
    "❤\ufe0f",
    "x\u0323\u0302",
    "ｱ",
    "０",
)


@dataclass(frozen=True)
class Piece:
    """Text in one style."""

    text: str
    sgr: str = ""
    link: str = ""

    def __str__(self) -> str:
        styled = f"\x1b[{self.sgr}m{self.text}\x1b[0m" if self.sgr else self.text
        return f"\x1b]8;{self.link}\x1b\\{styled}\x1b]8;;\x1b\\" if self.link else styled


def width(pieces: list[Piece]) -> int:
    """Cells of a line."""
    return sum(cell_len(piece.text) for piece in pieces)


_PIECE = st.tuples(st.sampled_from(PIECES), st.integers(1, 5), st.sampled_from(SGR), st.sampled_from(LINKS))


def pieces(columns: int) -> st.SearchStrategy[list[Piece]]:
    """Text of exactly so many cells."""
    return st.lists(_PIECE, min_size=1, max_size=8).map(lambda drawn: _fitted(drawn, columns))


def _fitted(drawn: list[tuple[str, int, str, str]], columns: int) -> list[Piece]:
    made: list[Piece] = []
    room = columns
    for text, times, sgr, link in drawn:
        times = min(times, room // max(1, cell_len(text)))
        if times:
            made.append(Piece(text * times, sgr, link))
            room = columns - width(made)
    return [*made, Piece("." * room)] if room else made


@st.composite
def part(draw: st.DrawFn, columns: int, rows: int, pool: list[str]) -> str:
    """A frame that changes some of the screen."""
    out = []
    for y in sorted(draw(st.sets(st.integers(0, rows - 1), min_size=1))):
        x = draw(st.integers(0, columns - 1))
        text = "".join(map(str, draw(pieces(draw(st.integers(1, columns - x))))))
        out.append(f"\x1b[{y + 1};{x + 1}H{text}")
    return "\n".join(out) + place(draw, columns, rows)


@st.composite
def whole(draw: st.DrawFn, columns: int, rows: int, pool: list[str]) -> str:
    """A frame of all cells, lines of a pool: so lines move."""
    first = draw(st.integers(0, len(pool) - 1))
    lines = [pool[(first + y) % len(pool)] for y in range(rows)]
    return "\n".join(f"\x1b[{y + 1};1H{line}" for y, line in enumerate(lines)) + place(draw, columns, rows)


@st.composite
def scrolled(draw: st.DrawFn, columns: int, rows: int, pool: list[str]) -> str:
    """A frame of a region in the middle, lines of a pool."""
    top = draw(st.integers(0, rows - 4))
    bottom = draw(st.integers(top + 3, rows - 1))
    first = draw(st.integers(0, len(pool) - 1))
    lines = [(y, pool[(first + y) % len(pool)]) for y in range(top, bottom + 1)]
    return "\n".join(f"\x1b[{y + 1};1H{line}" for y, line in lines) + place(draw, columns, rows)


def place(draw: st.DrawFn, columns: int, rows: int) -> str:
    """Where the cursor stays."""
    return f"\x1b[{draw(st.integers(1, rows))};{draw(st.integers(1, columns))}H"


def frame(columns: int, rows: int, pool: list[str]) -> st.SearchStrategy[str]:
    """Any frame."""
    return st.one_of(part(columns, rows, pool), whole(columns, rows, pool), scrolled(columns, rows, pool))


def pool(columns: int) -> st.SearchStrategy[list[str]]:
    """Lines to scroll through."""
    line = pieces(columns).map(lambda made: "".join(map(str, made)))
    return st.lists(line, min_size=4, max_size=12)
