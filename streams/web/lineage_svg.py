"""The identity graph of a lineage as SVG: an arc diagram, complete in itself.

A row for each identifier, grouped by profile, and an arc for each link. Unlike a free layout, arcs need no search, never
cover a name, look the same every time, and stay readable for two hundred cookies, by scrolling.
"""
from __future__ import annotations

import math
import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from streams.core.lineage import Lineage, Link

ROW, TOP, ARC, NAME = 26, 24, 14, 12
COLOURS = {"attached": "#2a6f97", "merged": "#2d6a4f", "moved": "#b5651d", "refused": "#9d0208"}
STYLE = "text{font:13px sans-serif}.profile{font-weight:bold}.self{font-weight:bold}path{fill:none;stroke-width:1.6}"

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_svg(lineage: Lineage) -> str:
    """The document. Arcs are coloured by what was decided and dashed where the two are different people now; hovering
    one tells decision and message. Identifiers stand in it as text: it is as personal as they are."""
    rows = _rows(lineage)
    links = [link for link in lineage.links if link.one in rows and link.other in rows]
    bend = max((_height(link, rows) for link in links), default=0)
    left = ARC * bend + 2 * NAME
    longest = max(map(len, (*rows, lineage.profile_id or "")))
    height = TOP + ROW * (len(rows) + len(lineage.owners) + 1)
    svg = Element("svg", xmlns="http://www.w3.org/2000/svg", width=str(left + 9 * longest + 120), height=str(height + 24))
    SubElement(svg, "title").text = _legal(f"who {lineage.identifier} is, by the audit log")
    SubElement(svg, "style").text = STYLE
    for link in links:
        _arc(svg, link, rows, left)
    _names(svg, lineage, rows, left)
    _legend(svg, height)
    indent(svg)
    return tostring(svg, encoding="unicode", xml_declaration=True) + "\n"


def _rows(lineage: Lineage) -> dict[str, int]:
    """Identifier -> y. Each profile has a headline above its identifiers."""
    places: dict[str, int] = {}
    y = TOP
    for owner in lineage.owners:
        y += ROW
        for identifier in owner.identifiers:
            places[identifier] = y
            y += ROW
    return places


def _height(link: Link, rows: dict[str, int]) -> int:
    """How far an arc reaches out: the square root keeps far ends near, and the order of lengths."""
    return max(2, round(2 * math.sqrt(abs(rows[link.one] - rows[link.other]) / ROW)))


def _arc(svg: Element, link: Link, rows: dict[str, int], left: int) -> None:
    start, end = sorted((rows[link.one], rows[link.other]))
    reach = left - NAME - ARC * _height(link, rows)
    path = SubElement(
        svg, "path", d=f"M{left - NAME} {start} C{reach} {start} {reach} {end} {left - NAME} {end}",
        stroke=COLOURS.get(link.change, "#555"))
    path.set("class", link.change)
    if link.is_cut:
        path.set("stroke-dasharray", "5 4")
    SubElement(path, "title").text = _legal(f"#{link.decision} {link.change} by message {link.event_id}")


def _names(svg: Element, lineage: Lineage, rows: dict[str, int], left: int) -> None:
    for owner in lineage.owners:
        above = rows[owner.identifiers[0]] - ROW
        _text(svg, left, above, f"profile {owner.profile_id}", "profile")
    for identifier, y in rows.items():
        SubElement(svg, "circle", cx=str(left - NAME), cy=str(y), r="4")
        _text(svg, left, y, identifier, "self" if identifier == lineage.identifier else "identifier")


def _legend(svg: Element, y: int) -> None:
    x = NAME
    for change, colour in COLOURS.items():
        SubElement(svg, "circle", cx=str(x), cy=str(y), r="4", fill=colour)
        _text(svg, x + NAME, y, change, "legend")
        x += 90
    _text(svg, x, y, "dashed: two people now", "legend")


def _text(svg: Element, x: int, y: int, words: str, kind: str) -> None:
    element = SubElement(svg, "text", x=str(x), y=str(y + 4))
    element.set("class", kind)
    element.text = _legal(words)


def _legal(words: str) -> str:
    """Without what no XML may have, not even escaped: an identifier may be of any characters."""
    return _ILLEGAL.sub("\ufffd", words)
