"""`audience apply`, `diff` and `schema`: what marketers define."""
from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streams.cli.arguments import command, folder, group, settings_of, with_broker, with_json
from streams.cli.printing import printable
from streams.cli.sizes import said, sized, sizes, with_sizes
from streams.core.errors import Misconfigured
from streams.runtime.outside.estimates import basis

if TYPE_CHECKING:
    from streams.core.definitions import Definitions
    from streams.runtime.outside.definitions_log import History
    from streams.runtime.outside.estimates import Estimates
    from streams.task.publishing import Published


def add_to(commands: Any) -> None:
    applied = command(commands, "apply", apply, "Put the definitions of a folder in force, and delete those not in it.")
    compared = command(commands, "diff", diff, "Show what `apply` would change, and whom segments would gain and lose.")
    for parser in (applied, compared):
        parser.add_argument("folder", type=folder, metavar="DIR", help="folder of definitions, YAML or JSON")
        with_json(parser, "print the changes as JSON")
    applied.add_argument("--delete-all", action="store_true", help="let an empty folder delete every definition")
    with_broker(applied)
    with_sizes(compared)
    schema = group(commands, "schema", "JSON Schema for editors, and the Avro schemas of the topics.")
    command(schema, "definitions", print_definitions_schema, "The JSON Schema of definition files.")
    avro = command(schema, "topic", print_topic_schema, "The Avro schema of a topic's values.", "activations.email")
    avro.add_argument("name", type=_schema, metavar="TOPIC", help="a topic, or the name of a schema")


def apply(options: argparse.Namespace) -> int:
    from streams.runtime.outside.definitions_log import edit
    from streams.task.publishing import revise

    wanted = judged(options.folder).sources

    def change(found: History) -> dict[str, Published]:
        changed = revise(found.heads, wanted)
        if not options.delete_all:
            _refuse_nothing_left(options.folder, found, changed)
        return changed

    found, changed = edit(settings_of(options), change)
    _report(options, found, changed, f"revision {found.revision + 1} applied" if changed else "nothing to apply")
    return 0


def diff(options: argparse.Namespace) -> int:
    from streams.runtime.outside.definitions_log import history
    from streams.task.publishing import revise

    wanted, settings = judged(options.folder).sources, settings_of(options)
    before = history(settings)
    changed = revise(before.heads, wanted)
    found = sizes(settings, options, {key: row.document for key, row in changed.items()})
    _report(options, before, changed, f"against revision {before.revision}", found)
    return 0


def print_definitions_schema(options: argparse.Namespace) -> int:
    from streams.cli.destinations import schemas
    from streams.definitions import definitions_schema

    print(json.dumps(definitions_schema(schemas()), indent=2))
    return 0


def print_topic_schema(options: argparse.Namespace) -> int:
    import schemas

    print(json.dumps(schemas.load(options.name), indent=2))
    return 0


def _schema(text: str) -> str:
    import schemas
    from streams.topology import TOPICS

    found = {topic.name: topic.schema for topic in TOPICS}.get(text, text)
    if found not in schemas.NAMES:
        expected = ", ".join(topic.name for topic in TOPICS)
        raise argparse.ArgumentTypeError(f"there is no topic {text}; expected one of {expected}")
    return found


def judged(folder: Path) -> Definitions:
    """The definitions of a folder without faults. What is accepted but hardly ever meant is told on stderr."""
    from streams.cli.destinations import faults_of
    from streams.definitions import load_folder
    from streams.definitions.sharing import shared_audiences
    from streams.runtime.clock import wall_ms

    found = load_folder(folder, faults_of)
    for sentence in shared_audiences(found, wall_ms()):
        print(f"warning: {printable(sentence)}", file=sys.stderr)
    return found


def _refuse_nothing_left(folder: Path, found: History, changed: Mapping[str, Published]) -> None:
    """A mistyped folder would end every segment and every campaign, or be taken for one that stands already."""
    from streams.definitions import without_definitions

    if all(head.document is None for head in (found.heads | dict(changed)).values()):
        raise Misconfigured((f"{without_definitions(folder)}; " + (
            "this would delete every one that stands: say --delete-all if that is meant" if changed
            else "none stands either; name the folder that has them"),))


def _report(
    options: argparse.Namespace, before: History, changed: Mapping[str, Published], sentence: str,
    found: Estimates | None = None,
) -> None:
    from streams.definitions.lists import is_part

    rows: list[dict[str, Any]] = [
        {"definition": key, "change": _change(before.heads.get(key), row), "version": row.version}
        for key, row in sorted(changed.items()) if not is_part(key)]
    if found is not None:
        rows = sized(rows, found)
    if options.json:
        print(json.dumps(rows))
        return
    for row in rows:
        version = f" (version {row['version']})" if row["version"] else ""
        print(f"{row['change']:<8}{row['definition']}{version}{said(row)}")
    print(sentence + (f"; sizes {basis(found)}" if found else ""), file=sys.stderr)


def _change(before: Published | None, row: Published) -> str:
    if row.document is None:
        return "delete"
    return "add" if before is None or before.document is None else "change"
