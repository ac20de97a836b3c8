"""`audience dead-letters list` and `replay`: what could not be accepted, and once more with what can be now."""
from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nlargest
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from streams.cli.arguments import command, group, number, settings_of, with_broker, with_json
from streams.cli.printing import printable, printed
from streams.cli.progress import counted
from streams.core.errors import Misconfigured, Rejected
from streams.core.values import Json, iso

if TYPE_CHECKING:
    from streams.runtime.outside.dead_letters import Letter

Reasons: TypeAlias = "Counter[tuple[str, str, str]]"
"""How many, by source topic, stage and reason."""


def add_to(commands: Any) -> None:
    letters = group(commands, "dead-letters", "Messages that could not be accepted.")
    listed = command(letters, "list", list_letters, "How many, by reason, and the newest of them.")
    listed.add_argument("--reason", metavar="TEXT", help="only those with this text in their reason")
    listed.add_argument("--last", type=number, default=20, metavar="N", help="how many of the newest (default: 20)")
    with_json(listed, "as JSON, with the bytes of each")
    with_broker(listed)
    again = command(letters, "replay", replay, "Put events among them on their topics again, if the rules in force accept "
                    "them; they count as received when they first were.", "--reason 'no identifier'")
    which = again.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", nargs="*", default=[], metavar="ID", help="those, as `dead-letters list` names them")
    which.add_argument("--reason", metavar="TEXT", help="those with this text in their reason")
    which.add_argument("--all", action="store_true", help="all that are on the topic")
    again.add_argument("--activate-old", action="store_true",
                       help="let events older than 24 hours trigger e-mail and SMS too")
    with_broker(again)


def list_letters(options: argparse.Namespace) -> int:
    from streams.runtime.outside.dead_letters import dead_letters

    reasons: Reasons = Counter()
    letters = noted(dead_letters(settings_of(options)), options.reason, reasons)
    newest = nlargest(max(1, options.last), letters, key=attrgetter("at"))[:options.last]  # of none it would read none
    newest.reverse()
    print(json.dumps(as_json(reasons, newest), indent=2) if options.json else printed(as_text(reasons, newest)))
    return 0


def replay(options: argparse.Namespace) -> int:
    from streams.runtime.outside.dead_letters import by_rules_in_force, dead_letters
    from streams.runtime.outside.upstream import Upstream
    from streams.task.reading import REPLAYED

    settings = settings_of(options)
    letters, read = chosen(dead_letters(settings), options), by_rules_in_force(settings)
    sent, refused = 0, Counter[str]()
    marked = [] if options.activate_old else [(REPLAYED, b"1")]
    with Upstream(settings) as upstream:
        for letter in counted(letters, "dead letters"):
            try:
                value = read(letter)
            except Rejected as fault:
                refused[fault.reason] += 1
                continue
            own = [header for header in letter.headers if header[0] != REPLAYED]
            upstream.send(letter.topic, letter.key, value, [*own, *marked])
            sent += 1
    if upstream.too_large:
        refused["with the time of its receipt it is larger than the topic takes"] += upstream.too_large
        sent -= upstream.too_large
    for reason, how_many in refused.most_common():
        print(f"{how_many:,} not sent: {printable(reason)}", file=sys.stderr)
    print(f"{sent:,} of {sent + refused.total():,} sent again; what was sent again before counts once", file=sys.stderr)
    return 1 if refused else 0


def noted(letters: Iterable[Letter], text: str | None, reasons: Reasons) -> Iterator[Letter]:
    """The letters with that text in their reason, as they come; each is counted by topic, stage and reason."""
    for letter in letters:
        if (text or "") in letter.reason:
            reasons[letter.topic, letter.stage, letter.reason] += 1
            yield letter


def chosen(letters: Iterable[Letter], options: argparse.Namespace) -> Iterable[Letter]:
    """The letters that the command line means. Misconfigured with the ids that do not exist."""
    if not options.ids:
        return (letter for letter in letters if (options.reason or "") in letter.reason)
    found = [letter for letter in letters if letter.id in options.ids]
    if unknown := set(options.ids) - {letter.id for letter in found}:
        raise Misconfigured(tuple(
            f"no dead letter {each}; expected an id as `audience dead-letters list` shows it, for example 0:17; what is "
            "older than the topic's retention is gone" for each in sorted(unknown)))
    return found


def as_text(reasons: Reasons, newest: Iterable[Letter]) -> Iterator[str]:
    """How often each reason occurs, and a line for each of the newest. Their bytes are in the JSON only."""
    for (topic, stage, reason), how_many in reasons.most_common():
        yield f"{how_many:>9,}  {topic} ({stage}): {reason}"
    yield f"{reasons.total():>9,}  in all"
    for letter in newest:
        key = "" if letter.key is None else f"  {letter.key.decode(errors='replace')}"
        yield f"{letter.id:>9}  {iso(letter.at)}  {letter.topic}[{letter.partition}]@{letter.offset}{key}  {letter.reason}"


def as_json(reasons: Reasons, newest: Iterable[Letter]) -> dict[str, Json]:
    """The same with the records as they came: `key` and `value`, or `key_hex` and `value_hex` if they are not text."""
    return {
        "count": reasons.total(),
        "reasons": [{"topic": topic, "stage": stage, "reason": reason, "count": how_many}
                    for (topic, stage, reason), how_many in reasons.most_common()],
        "dead_letters": [{
            "id": letter.id, "at": iso(letter.at), "reason": letter.reason, "stage": letter.stage, "version": letter.version,
            "topic": letter.topic, "partition": letter.partition, "offset": letter.offset,
            **_bytes("key", letter.key), **_bytes("value", letter.value),
            "headers": [{"name": name, **_bytes("value", value)} for name, value in letter.headers],
        } for letter in newest],
    }


def _bytes(name: str, data: bytes | None) -> dict[str, Json]:
    try:
        return {name: None if data is None else data.decode()}
    except UnicodeDecodeError:
        return {f"{name}_hex": (data or b"").hex()}
