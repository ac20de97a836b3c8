"""`audience segment preview FILE`: how large it would be, who would be in it, and in which other segments they are."""
from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from streams.cli.arguments import command, file, number, settings_of, with_patience
from streams.cli.printing import complain, printed
from streams.core.errors import Misconfigured
from streams.core.values import Json

if TYPE_CHECKING:
    from streams.cli.estimates import Estimate, Estimates
    from streams.runtime.settings import Settings

PEOPLE = 20_000
SHOWN = 10


def add_to(segment: Any) -> None:
    """The command, under the word `segment`."""
    parser = command(segment, "preview", preview_segment, "Size, a sample and overlaps of a segment, without applying it.",
                     "shop/carts.yaml")
    parser.add_argument("file", type=file, metavar="FILE", help="a file of definitions, read among those in force")
    parser.add_argument("--members", type=number, default=SHOWN, metavar="N", help=f"how many to name (default {SHOWN})")
    with_sample(parser)
    parser.add_argument("--json", action="store_true", help="as JSON")
    with_patience(parser)


def with_sample(parser: argparse.ArgumentParser) -> None:
    """For what is estimated from a sample: preview and diff alike."""
    parser.add_argument("--people", type=number, default=PEOPLE, metavar="N", help=(
        f"profiles to look at; sizes are exact if there are no more (default {PEOPLE:,}; 0: all, which takes as long as a "
        "backfill)"))


def preview_segment(options: argparse.Namespace) -> int:
    from streams.definitions import load_file
    from streams.runtime.outside.asking import missing
    from streams.runtime.outside.definitions_log import history

    settings = settings_of(options)
    standing = cache(lambda: history(settings).documents)
    definitions, segments = load_file(options.file, standing)
    changed = {key: document for key, document in definitions.sources.items() if standing().get(key) != document}
    found, silent = previewed(settings, options, changed, segments, options.members)
    print(json.dumps(asdict(found), indent=2) if options.json else printed(readable(found, segments)))
    return complain(missing(settings, silent))


def previewed(
    settings: Settings, options: argparse.Namespace, changed: Mapping[str, Json], segments: Iterable[str] = (),
    shown: int = 0,
) -> tuple[Estimates, Mapping[int, Json]]:
    """Of a change of definitions, None for one deleted; and the answers by task. Misconfigured if a task says that the
    change does not fit what is in force there."""
    from streams.cli.estimates import estimates
    from streams.definitions.lists import as_bytes
    from streams.runtime.outside.asking import ask
    from streams.task.wire import Ask

    people = -(-options.people // settings.partitions)
    question = partial(Ask, documents=as_bytes(changed), people=people, shown=shown, segments=tuple(segments))
    answers = ask(settings, question, options.within)
    for task, body in answers.items():
        if "fault" in body:
            raise Misconfigured((f"task {task}: {body['fault']}; is an apply under way? try again",))
    return estimates(answers, shown), answers


def readable(found: Estimates, asked: Iterable[str]) -> Iterator[str]:
    """The segments asked for with all that is known of them, then what else would change."""
    for name in asked:
        if name in found.segments:
            yield from _whole(name, found.segments[name], found)
    for name, each in found.segments.items():
        if name not in asked and (each.entering or each.leaving):
            yield f"also changes {name}: {changes(each)}"


def changes(each: Estimate) -> str:
    """From what to what, as part of a sentence."""
    about = f"about {each.then:,} (± {each.margin:,})" if each.margin else f"{each.then:,}"
    return f"{each.now:,} -> {about} members, {each.entering:,} would enter, {each.leaving:,} leave"


def basis(found: Estimates) -> str:
    """What the numbers rest on."""
    if found.is_exact:
        return f"exact, all {found.profiles:,} profiles looked at"
    return f"from {found.looked_at:,} of {found.profiles:,} profiles; ± holds in 95 of 100 cases"


def _whole(name: str, each: Estimate, found: Estimates) -> Iterator[str]:
    yield f"{name}: {changes(each)}; {basis(found)}"
    if each.overlap:
        yield "  its members are also in"
        for other, both in sorted(each.overlap.items(), key=lambda pair: (-pair[1], pair[0])):
            yield f"    {other}: {both:,}" + (f" ({both / each.then:.0%} of them)" if each.then else "")
    if each.sample:
        yield f"  some of them: {', '.join(each.sample)}"
