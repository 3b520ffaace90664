"""XML that a build has written: read into a tree, and into nothing more than a tree.

A document type is allowed, since coverage tools name one; it is never fetched. An entity of the document's own is
refused where it is declared, before anything could expand.
"""

from __future__ import annotations

from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from pointsman.semantics.reports.values import ReportProblem

LONGEST = 64 * 1024 * 1024
"""Bytes of a report file that are read."""
DEEPEST = 200
"""Elements inside each other."""


def parse(body: bytes, *roots: str) -> Element:
    """The tree of a document, its names without namespaces.

    Args:
        body: The document.
        roots: What its outermost element may be called.

    Raises:
        ReportProblem: It is not well-formed, too long, too deep, declares an entity, or is another kind of document.
    """
    if len(body) > LONGEST:
        raise ReportProblem(f"it is longer than {LONGEST // 1024 // 1024} MiB")
    root = _Reader().read(body)
    if root.tag not in roots:
        raise ReportProblem(f"its outermost element is <{root.tag[:80]}>; expected <{'> or <'.join(roots)}>")
    return root


class _Reader:
    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = 0
        parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._builder.data
        parser.EntityDeclHandler = self._entity
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser = parser

    def read(self, body: bytes) -> Element:
        try:
            self._parser.Parse(body, True)
        except expat.ExpatError as error:
            raise ReportProblem(
                f"line {error.lineno}: it is not well-formed XML: {expat.ErrorString(error.code)}"
            ) from None
        except (LookupError, ValueError):
            raise ReportProblem("its encoding is not known") from None
        root: Element = self._builder.close()
        return root

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ReportProblem(f"line {self._parser.CurrentLineNumber}: its elements are nested deeper than {DEEPEST}")
        self._builder.start(_local(tag), {_local(name): value for name, value in attributes.items()})

    def _end(self, tag: str) -> None:
        self._depth -= 1
        self._builder.end(_local(tag))

    def _entity(self, name: str, *_: object) -> NoReturn:
        line = self._parser.CurrentLineNumber
        raise ReportProblem(f"line {line}: it declares the entity {name[:80]}; entities are not expanded here")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def text(element: Element | None) -> str:
    """All the text inside an element; empty when there is no element."""
    return "" if element is None else "".join(element.itertext())
