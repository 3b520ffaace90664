"""XML against botocore's shapes: bodies in, answers out; for rest-xml and the query protocol's answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from pointsman.local.endpoint.messages import Undecodable
from pointsman.local.endpoint.protocols.trees import DEPTH
from pointsman.local.endpoint.protocols.values import from_text, to_text

MOST = 16 * 1024 * 1024
"""Bytes of XML that are read: many times what the longest of AWS's lists needs."""

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
_SPECIAL = re.compile("[&<>\r]|[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def _malformed(message: str) -> Undecodable:
    return Undecodable(message, "MalformedXML")


def escaped(text: str) -> str:
    """Text for an element; characters that XML 1.0 cannot carry become U+FFFD."""
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match.group(), "\ufffd"), text)


class _Builder(ElementTree.TreeBuilder):
    """Builds a tree, and takes neither document types nor entities nor endless nesting."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, *_: str | None) -> None:
        """A document type: where expansions and references to files would come from."""
        raise _malformed("The XML you provided has a document type")

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        """An element begins."""
        self._depth += 1
        if self._depth > DEPTH:
            raise _malformed("The XML you provided is nested too deeply")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        """An element ends."""
        self._depth -= 1
        return super().end(tag)


def parse(body: bytes) -> ElementTree.Element:
    """The tree of a document.

    Raises:
        Undecodable: It is not well-formed, or more than data.
    """
    if len(body) > MOST:
        raise _malformed("The XML you provided is too long")
    parser = ElementTree.XMLParser(target=_Builder())
    try:
        parser.feed(body)
        root: ElementTree.Element = parser.close()
    except (ElementTree.ParseError, LookupError, ValueError):
        # LookupError and ValueError: an encoding that Python or expat does not know.
        raise _malformed("The XML you provided was not well-formed") from None
    return root


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def read(element: ElementTree.Element, shape: Any) -> Any:
    """An element's value.

    Raises:
        Undecodable: It is not of the shape.
    """
    kind = shape.type_name
    if kind == "structure":
        return _read_structure(element, shape)
    if kind == "list":
        name = shape.member.serialization.get("name", "member")
        return [read(item, shape.member) for item in element if _local(item.tag) == name]
    if kind == "map":
        return _read_map([item for item in element if _local(item.tag) == "entry"], shape)
    return from_text(element.text or "", shape)


def _read_structure(element: ElementTree.Element, shape: Any) -> dict[str, Any]:
    children: dict[str, list[ElementTree.Element]] = {}
    for child in element:
        children.setdefault(_local(child.tag), []).append(child)
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        traits = member.serialization
        if "location" in traits:
            continue
        if traits.get("xmlAttribute"):
            wire = traits["name"].rpartition(":")[2]
            value = element.get(wire, element.get(_XSI + wire))
            if value is not None:
                found[name] = value
            continue
        flat = traits.get("flattened") or member.serialization.get("flattened")
        wire = traits.get("name", name)
        if flat and member.type_name == "list":
            items = children.get(wire) or children.get(member.member.serialization.get("name", wire))
            if items:
                found[name] = [read(item, member.member) for item in items]
        elif flat and member.type_name == "map":
            if items := children.get(wire):
                found[name] = _read_map(items, member)
        elif items := children.get(wire):
            found[name] = read(items[0], member)
    return found


def _read_map(entries: list[ElementTree.Element], shape: Any) -> dict[str, Any]:
    key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
    found = {}
    for entry in entries:
        parts = {_local(part.tag): part for part in entry}
        if key not in parts or value not in parts:
            raise _malformed("The XML you provided did not validate against our published schema")
        found[read(parts[key], shape.key)] = read(parts[value], shape.value)
    return found


Put = Callable[[str], None]


class Writer:
    """Writes answers as XML.

    Args:
        always: Write milliseconds in times even when there are none, as S3 does.
    """

    def __init__(self, *, always: bool) -> None:
        self._always = always

    def element(self, put: Put, name: str, value: Any, shape: Any) -> None:
        """One element, whatever its kind."""
        kind = shape.type_name
        if kind == "structure":
            put(f"<{name}{_namespace(shape)}{_attributes(value, shape)}>")
            self.members(put, value, shape)
            put(f"</{name}>")
        elif kind == "list":
            self._list(put, name, value, shape)
        elif kind == "map":
            self._map(put, name, value, shape)
        else:
            put(f"<{name}>{escaped(to_text(value, shape, 'iso8601', always=self._always))}</{name}>")

    def members(self, put: Put, value: Mapping[str, Any], shape: Any) -> None:
        """The members of a structure that belong into a body, without the element around them."""
        members = shape.members
        for name, inner in value.items():
            member = members.get(name)
            if member is None or inner is None:
                continue
            traits = member.serialization
            if "location" in traits or traits.get("xmlAttribute"):
                continue
            self.element(put, traits.get("name", name), inner, member)

    def _list(self, put: Put, name: str, value: Any, shape: Any) -> None:
        member = shape.member
        inside = member.serialization.get("name")
        if shape.serialization.get("flattened"):
            for item in value:
                self.element(put, inside or name, item, member)
            return
        put(f"<{name}>")
        for item in value:
            self.element(put, inside or "member", item, member)
        put(f"</{name}>")

    def _map(self, put: Put, name: str, value: Any, shape: Any) -> None:
        flat = shape.serialization.get("flattened")
        key, inside = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        entry = name if flat else "entry"
        if not flat:
            put(f"<{name}>")
        for left, right in value.items():
            put(f"<{entry}>")
            self.element(put, key, left, shape.key)
            self.element(put, inside, right, shape.value)
            put(f"</{entry}>")
        if not flat:
            put(f"</{name}>")


def _namespace(shape: Any) -> str:
    given = shape.serialization.get("xmlNamespace")
    if not isinstance(given, dict) or "uri" not in given:
        return ""
    prefix = f":{given['prefix']}" if given.get("prefix") else ""
    return f" xmlns{prefix}={quoteattr(given['uri'])}"


def _attributes(value: Mapping[str, Any], shape: Any) -> str:
    found = []
    for name, inner in value.items():
        member = shape.members.get(name)
        if member is not None and inner is not None and member.serialization.get("xmlAttribute"):
            found.append(f" {member.serialization['name']}={quoteattr(escaped(str(inner)))}")
    return "".join(found)
