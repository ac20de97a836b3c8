"""The answer of `identity explain`: decisions and graph as text and as JSON."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from streams.cli.printing import printed
from streams.core.lineage import Lineage, Link, Owner
from streams.core.outputs import IdentityChanged
from streams.core.values import iso, iso_or_none

SHORT = 8


def as_text(lineage: Lineage) -> str:
    """Who has the identifier, every decision, and the graph: each profile as a tree of what linked its identifiers."""
    has = f"is profile {lineage.profile_id}'s" if lineage.profile_id else "is nobody's now"
    lines = [f"{lineage.identifier} {has}", "decisions"]
    lines += [f"  #{line.decision:<6}{iso(line.at)}  {_said(line)}" for line in lineage.changes]
    lines.append("graph")
    for owner in lineage.owners:
        lines += [f"  profile {owner.profile_id}", *_forest(owner, lineage.links)]
    apart = [link for link in lineage.links if link.is_cut]
    lines += ["  between profiles"] * bool(apart)
    lines += [f"    {link.one} ┄ {link.other}  {_why(link)}" for link in apart]
    return printed(lines)


def as_json(lineage: Lineage) -> dict[str, Any]:
    """Fields as `core.lineage`; times in ISO 8601."""
    return {
        "identifier": lineage.identifier, "profile_id": lineage.profile_id,
        "changes": [asdict(line) | {name: iso_or_none(getattr(line, name)) for name in ("at", "since", "until")}
                    for line in lineage.changes],
        "owners": [asdict(owner) for owner in lineage.owners], "links": [asdict(link) for link in lineage.links],
    }


def _said(line: IdentityChanged) -> str:
    who, mine, other = ", ".join(line.identifiers), _short(line.profile_id), _short(line.other_profile_id)
    match line.change:
        case "attached":
            said = f"{who} to {mine}"
        case "merged":
            said = f"{other} ({who}) into {mine}"
        case "moved":
            said = f"{who} from {other} to {mine}, its events from {iso_or_none(line.since)}" + (
                f" to {iso(line.until)}" if line.until is not None else " on")
        case "refused":
            said = f"{who} to {mine}" + (f", it stays {other}'s" if other else ", it stays nobody's")
        case "split":
            said = f"{who} off {mine}, now {other}"
        case _:
            said = f"{who or 'all'} of {mine}"
    parts = [f"{line.change:<9}{said}", line.reason, f"message {line.event_id}" if line.event_id else "",
             f"on {', '.join(line.evidence)}" if line.evidence else ""]
    return "; ".join(filter(None, parts))


def _forest(owner: Owner, links: Sequence[Link]) -> Iterator[str]:
    """A link that closes a circle is a repetition and is left out; the decisions tell of it."""
    near: dict[str, list[tuple[str, Link]]] = {}
    for link in links:
        if not link.is_cut and link.one in owner.identifiers:
            near.setdefault(link.one, []).append((link.other, link))
            near.setdefault(link.other, []).append((link.one, link))
    told: set[str] = set()
    for root in owner.identifiers:
        if root not in told:
            told.add(root)
            yield f"    {root}"
            yield from _branches(root, near, told)


def _branches(root: str, near: dict[str, list[tuple[str, Link]]], told: set[str]) -> Iterator[str]:
    """Depth first, without recursion: a chain may be as long as there are identifiers."""
    stack = [("    ", iter(_untold(root, near, told)))]
    while stack:
        indent, branch = stack[-1]
        step = next(branch, None)
        if step is None:
            stack.pop()
            continue
        identifier, link, is_last = step
        yield f"{indent}{'└' if is_last else '├'}─ {identifier}  {_why(link)}"
        stack.append((indent + ("   " if is_last else "│  "), iter(_untold(identifier, near, told))))


def _untold(
    identifier: str, near: dict[str, list[tuple[str, Link]]], told: set[str],
) -> list[tuple[str, Link, bool]]:
    found = {other: link for other, link in near.get(identifier, ()) if other not in told}
    told.update(found)
    return [(other, link, place == len(found)) for place, (other, link) in enumerate(found.items(), 1)]


def _why(link: Link) -> str:
    return f"#{link.decision} {link.change} by message {link.event_id}"


def _short(profile_id: str | None) -> str:
    return (profile_id or "")[:SHORT]
