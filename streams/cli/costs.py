"""`audience segment explain --cost`: what a segment keeps at most, before it is applied or after."""
from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from streams.cli.arguments import settings_of
from streams.cli.trees import as_json
from streams.core.definitions import Definitions
from streams.core.errors import Misconfigured
from streams.core.segments.cost import Cost, LeafCost
from streams.core.values import Json


def explain_cost(options: argparse.Namespace) -> int:
    """The cost of the segments of a file, or of the segment with that id, among the definitions around them."""
    from streams.core.segments.plan import compile_plan
    from streams.definitions.faults import no_such
    from streams.task.revisions import regex

    definitions, wanted = surroundings(options, options.segment)
    plan = compile_plan(definitions, regex)
    unknown = [name for name in wanted if name not in plan.segments]
    if unknown:
        raise Misconfigured((no_such("segment", unknown[0], plan.segments),))
    costs = {name: plan.cost(name) for name in wanted}
    if options.json:
        print(json.dumps({name: cost_json(cost) for name, cost in costs.items()}, indent=2))
        return 0
    for name, cost in costs.items():
        print("\n".join(readable(name, cost)))
    return 0


def surroundings(options: argparse.Namespace, what: str) -> tuple[Definitions, tuple[str, ...]]:
    """`what` is a file or the id of a segment: the definitions with it among them, and the segments meant."""
    from streams.definitions import build, load_file

    path = Path(what)
    if not path.is_file():
        if path.suffix or len(path.parts) > 1:
            raise Misconfigured((f"{path}: no such file; expected a file of definitions, or the id of a segment",))
        return build(_around(options), 0, {}), (what,)
    return load_file(path, partial(_around, options))


def _around(options: argparse.Namespace) -> Mapping[str, Json]:
    from streams.definitions import load_folder
    from streams.runtime.outside.definitions_log import history

    if options.definitions is not None:
        return load_folder(options.definitions).sources
    return history(settings_of(options)).documents


def cost_json(cost: Cost) -> dict[str, Json]:
    """Its fields, with sizes beside the entries."""
    leaves = [as_json(leaf) | {"size_in_bytes": leaf.size_in_bytes} for leaf in cost.leaves]
    return as_json(cost) | {"size_in_bytes": cost.size_in_bytes, "leaves": leaves}  # type: ignore[no-any-return]


def readable(name: str, cost: Cost) -> Iterator[str]:
    """The whole, and below it each leaf: what it keeps, when it is judged, who shares it."""
    yield f"{name}: {_bound(cost)}"
    if cost.own_entries != cost.entries:
        yield f"  of these {cost.own_entries:,} for it alone; the others are kept for other segments too"
    for leaf in cost.leaves:
        yield f"  {leaf.text}"
        yield f"    {_bound(leaf)}"
        yield f"    judged {' or '.join(_occasions(leaf)) or 'once'}"
        if leaf.shared_with:
            yield f"    shared with {', '.join(leaf.shared_with)}"
    for used in cost.rests_on:
        yield f"  in segment {used}, which has its own cost"


def _bound(cost: Cost | LeafCost) -> str:
    if not cost.entries:
        return "keeps nothing of its own"
    entries = "1 entry" if cost.entries == 1 else f"{cost.entries:,} entries"
    text = f"keeps at most {entries} per identifier, about {cost.size_in_bytes:,} bytes"
    return f"{text}, always exact" if cost.is_exact else f"{text}; exact up to that many, beyond it the oldest are forgotten"


def _occasions(leaf: LeafCost) -> Iterator[str]:
    if leaf.events:
        yield "at any event" if "*" in leaf.events else f"at {', '.join(leaf.events)}"
    if leaf.traits:
        yield f"when {', '.join(leaf.traits)} is set"
    if leaf.purposes:
        yield f"when consent to {', '.join(leaf.purposes)} changes"
    if leaf.by_identity:
        yield "when the person gets an identifier"
