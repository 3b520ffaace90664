"""Markdown as lines of cells: headings, paragraphs, lists, quotes, code, tables, rules. Pure.

Nothing in it becomes markup of the console: HTML is shown as it is written, a link is its text and where it leads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pointsman.console.present.cells import Cell, Piece, crop, fit, width
from pointsman.console.present.look import Draw
from pointsman.console.present.text import cells, clean, clean_line, head

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["lines", "wrapped"]

LONGEST: Final = 20_000
"""Characters that are read."""
_MOST_LINES: Final = 400
_STYLES: Final = {"strong": "strong", "em": "hint", "code": "log.command", "link": "link"}


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").enable("strikethrough")


def lines(source: str, draw: Draw, room: int) -> list[Cell]:
    """Markdown in so many terminal cells a line."""
    room = max(8, room)
    made: list[Cell] = []
    for line in _Blocks(_parser().parse(source[:LONGEST]), draw, room).lines():
        made.append(line)
        if len(made) >= _MOST_LINES:
            break
    while made and not made[-1]:
        made.pop()
    if len(source) > LONGEST or len(made) >= _MOST_LINES:
        made.append(((draw.glyphs.ellipsis, "dim"),))
    return made


class _Blocks:
    """Blocks of one text, from the first token to the last."""

    def __init__(self, tokens: Sequence[Token], draw: Draw, room: int) -> None:
        self._tokens, self._draw, self._room = tokens, draw, room
        self._lists: list[int | None] = []
        self._bullet = ""
        self._quotes = 0

    def lines(self) -> Iterator[Cell]:
        """Every line; an empty one between blocks."""
        at = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            if token.type == "table_open":
                end = next(place for place in range(at, len(self._tokens)) if self._tokens[place].type == "table_close")
                yield from self._table(self._tokens[at:end])
                yield ()
                at = end
            else:
                yield from self._block(token, self._tokens[at - 1] if at else token)
            at += 1

    def _block(self, token: Token, before: Token) -> Iterator[Cell]:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            self._lists.append(None if kind.startswith("bullet") else int(token.attrs.get("start", 1)))
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            if not self._lists:
                yield ()
        elif kind == "list_item_open":
            number = self._lists[-1]
            self._bullet = f"{self._draw.glyphs.dot} " if number is None else f"{number}. "
            self._lists[-1] = None if number is None else number + 1
        elif kind in ("blockquote_open", "blockquote_close"):
            self._quotes += 1 if kind.endswith("open") else -1
        elif kind == "hr":
            yield ((self._draw.glyphs.rule * self._room, "rule"),)
        elif kind in ("fence", "code_block"):
            for line in token.content.splitlines():
                yield from self._within([((clean_line(line), "log.command"),)], wrap=False)
            yield ()
        elif kind == "inline":
            heading = before.tag if before.type == "heading_open" else ""
            yield from self._within(_inline(token, "title" if heading else ""))
            if heading == "h1":
                yield ((self._draw.glyphs.rule * self._room, "rule"),)
            if not self._lists and not heading:
                yield ()

    def _within(self, given: Sequence[Cell], *, wrap: bool = True) -> Iterator[Cell]:
        """Lines behind the bullet and the quote marks of where they are."""
        bullet, self._bullet = self._bullet, ""
        inset = "  " * max(0, len(self._lists) - 1)
        quote: Cell = (("| " * self._quotes, "dim"),) if self._quotes else ()
        hang = " " * cells(bullet) if bullet else "  " * bool(self._lists)
        first: Cell = (*quote, (inset + bullet, "key")) if bullet else (*quote, (inset + hang, ""))
        rest: Cell = (*quote, (inset + hang, ""))
        room = max(4, self._room - width(first))
        for cell in given:
            for line in wrapped(cell, room) if wrap else [crop(cell, room, self._draw.glyphs.ellipsis)]:
                yield (*first, *line)
                first = rest

    def _table(self, tokens: Sequence[Token]) -> Iterator[Cell]:
        rows: list[list[Cell]] = []
        head = 0
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline" and rows:
                rows[-1].append(tuple(piece for cell in _inline(token, "") for piece in cell))
            elif token.type == "thead_close":
                head = len(rows)
        count = max((len(row) for row in rows), default=0)
        if not count:
            return
        widest = [max((width(row[at]) for row in rows if at < len(row)), default=0) for at in range(count)]
        share = max(3, (self._room - 2 * (count - 1)) // count)
        spare = self._room - 2 * (count - 1) - sum(min(one, share) for one in widest)
        widths = []
        for one in widest:
            more = min(max(0, one - share), max(0, spare))
            spare -= more
            widths.append(min(one, share) + more)
        for number, row in enumerate(rows):
            line: list[Piece] = []
            for at, wide in enumerate(widths):
                content = row[at] if at < len(row) else ()
                if number < head:
                    content = tuple((text, "header") for text, _ in content)
                line += [*fit(content, wide, ellipsis=self._draw.glyphs.ellipsis), ("  ", "")]
            yield crop(tuple(line[:-1]), self._room, self._draw.glyphs.ellipsis)


def _inline(token: Token, base: str) -> list[Cell]:
    """The lines of a paragraph, each as one cell to be wrapped."""
    made: list[list[Piece]] = [[]]
    styles: list[str] = []
    hrefs: list[str] = []
    for child in token.children or ():
        style = base or next((_STYLES[one] for one in reversed(styles) if one in _STYLES), "")
        if child.type in ("softbreak", "hardbreak"):
            if child.type == "softbreak":
                made[-1].append((" ", style))
            else:
                made.append([])
        elif child.type == "code_inline":
            made[-1].append((clean(child.content), base or _STYLES["code"]))
        elif child.type == "image":
            made[-1].append((f"[image: {clean(child.content) or clean(_attribute(child, 'src'))}]", "dim"))
        elif child.type == "link_open":
            styles.append("link")
            hrefs.append(_attribute(child, "href"))
        elif child.type == "link_close":
            if "link" in styles:
                styles.remove("link")
            href = clean(hrefs.pop()) if hrefs else ""
            if href and href not in "".join(text for text, _ in made[-1]):
                made[-1].append((f" ({href})", "dim"))
        elif child.nesting == 1:
            styles.append(child.tag if child.tag in _STYLES else "")
        elif child.nesting == -1:
            if styles:
                styles.pop()
        else:
            made[-1].append((clean(child.content), style))
    return [tuple(piece for piece in line if piece[0]) for line in made]


def _attribute(token: Token, name: str) -> str:
    value: Any = token.attrs.get(name, "")
    return str(value)


def wrapped(content: Cell, room: int) -> Iterator[Cell]:
    """A cell broken between words into lines of at most ``room`` terminal cells; what is longer is cut."""
    line: list[Piece] = []
    taken = 0
    for text, style in content:
        for word in _words(text):
            size = cells(word)
            if taken and taken + size > room and not word.isspace():
                yield tuple(line)
                line, taken = [], 0
            if word.isspace() and (not taken or taken >= room):
                continue
            while size > room:
                part = head(word, room) or word[:1]
                yield (*line, (part, style))
                line, taken, word = [], 0, word[len(part) :]
                size = cells(word)
            line.append((word, style))
            taken += size
    if line:
        yield tuple(line)


def _words(text: str) -> Iterator[str]:
    """Words and the spaces between them."""
    at = 0
    while at < len(text):
        end = at
        space = text[at] == " "
        while end < len(text) and (text[end] == " ") == space:
            end += 1
        yield " " if space else text[at:end]
        at = end
