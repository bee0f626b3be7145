"""OPML 2.0 in and out (http://opml.org/spec2.opml). Folders nest; our own attributes live in a namespace of their own."""

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET
from xml.parsers import expat

import msgspec

from ingest.plain import plain_line
from ingest.urls import web_url

NAMESPACE = "urn:dateline:opml"
_OUTLET, _NAME, _INTERVAL = (f"{{{NAMESPACE}}}{name}" for name in ("outlet", "outletName", "interval"))
_DEEPEST = 50


class Outline(msgspec.Struct, frozen=True):
    """One feed of an OPML file. `folders` are the names of the outlines around it, outermost first."""

    url: str
    title: str | None = None
    folders: tuple[str, ...] = ()
    outlet: str | None = None
    outlet_name: str | None = None
    interval: int | None = None


class OpmlRefused(ValueError):
    """The file is no OPML that can be read. `reason`: dtd, broken_xml, not_opml, too_deep."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"this is no readable OPML file ({reason}){': ' if detail else ''}{detail}")
        self.reason = reason


def parse_opml(body: bytes) -> tuple[list[Outline], list[str]]:
    """The feeds in the file's order, and the addresses that were left out because they are no http(s) URLs.

    Raises OpmlRefused, for any document type definition among others: nothing is expanded, nothing fetched.
    """
    _refuse_dtd(body)
    try:
        root = ET.fromstring(body)  # noqa: S314 - definitions were refused above, expat expands nothing else
    except ET.ParseError as error:
        raise OpmlRefused("broken_xml", str(error)) from error
    start = root.find("body")
    if root.tag != "opml" or start is None:
        raise OpmlRefused("not_opml")
    found, refused = [], []
    for element, folders in _walk(start, ()):
        address = element.get("xmlUrl") or ""
        url = web_url(address)
        if url is None:
            refused.append(address)
        else:
            found.append(_outline(element, url, folders))
    return found, refused


def write_opml(outlines: Iterable[Outline], title: str = "Dateline") -> bytes:
    """An OPML 2.0 file, UTF-8. Reading it gives the same outlines; those of one folder stand together."""
    ET.register_namespace("dateline", NAMESPACE)
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = title
    folders: dict[tuple[str, ...], ET.Element] = {(): ET.SubElement(root, "body")}
    for outline in outlines:
        parent = folders[()]
        for depth in range(1, len(outline.folders) + 1):
            path = outline.folders[:depth]
            if path not in folders:
                folders[path] = ET.SubElement(parent, "outline", text=path[-1])
            parent = folders[path]
        ET.SubElement(parent, "outline", _attributes(outline))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _refuse_dtd(body: bytes) -> None:
    def refuse(*_: object) -> None:
        raise OpmlRefused("dtd")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise OpmlRefused("broken_xml", str(error)) from error


def _walk(parent: ET.Element, folders: tuple[str, ...]) -> Iterator[tuple[ET.Element, tuple[str, ...]]]:
    if len(folders) > _DEEPEST:
        raise OpmlRefused("too_deep")
    for element in parent.iterfind("outline"):
        if element.get("xmlUrl"):
            yield element, folders
        else:
            name = plain_line(element.get("text") or element.get("title") or "")
            yield from _walk(element, (*folders, name))


def _outline(element: ET.Element, url: str, folders: tuple[str, ...]) -> Outline:
    interval = element.get(_INTERVAL) or ""
    return Outline(
        url=url,
        title=plain_line(element.get("text") or element.get("title") or "") or None,
        folders=folders,
        outlet=element.get(_OUTLET),
        outlet_name=element.get(_NAME),
        interval=int(interval) if interval.isdecimal() and int(interval) > 0 else None,
    )


def _attributes(outline: Outline) -> dict[str, str]:
    named = {
        "type": "rss",
        "text": outline.title,
        "xmlUrl": outline.url,
        _OUTLET: outline.outlet,
        _NAME: outline.outlet_name,
        _INTERVAL: str(outline.interval) if outline.interval else None,
    }
    return {name: value for name, value in named.items() if value is not None}
