"""Which segments mean something else under one plan than under another.

Versions do not tell: a new name is a new version of the same meaning, and an edited computed trait changes segments whose
own documents stay as they are."""
from __future__ import annotations

from streams.core.segments.plan import Plan


def changed_segments(old: Plan, new: Plan) -> frozenset[str]:
    """Ids of `new` that `old` lacks or understands differently, those that use such a segment included."""
    rules = {segment.id: segment.rule for segment in old.definitions.segments}
    changed = {segment.id for segment in new.definitions.segments
               if segment.id not in old.segments or rules[segment.id] != segment.rule
               or old.segments[segment.id].leaves != new.segments[segment.id].leaves}
    return frozenset(new.with_users(changed))
