"""What is known of a profile at an instant: its traits, computed ones too, and its consent.

Nothing of this is stored, so it is current to the millisecond, and a merge or a split needs no recomputation."""
from __future__ import annotations

from streams.core.consent.merging import is_held_back
from streams.core.events import GROUP
from streams.core.precedence import in_force
from streams.core.profile import VALUE, Profile, newest_statement
from streams.core.segments.plan import Plan
from streams.core.values import Json


def trait_values(plan: Plan, profile: Profile, now: int) -> dict[str, Json]:
    """Every trait that has a value at `now`, by name. Removed ones and computed ones without a value are
    absent; a computed trait hides a plain one of its name even then."""
    found: dict[str, Json] = {}
    for name in sorted({name for fragment in profile.fragments.values() for name in fragment.traits}):
        statement = in_force(profile, name, plan.definitions.precedence.of(name))
        found[name] = None if statement is None else statement[VALUE]
    _gather(found)
    for name, term in plan.computed.items():
        found[name] = term.value(profile, now).value
    return {name: value for name, value in found.items() if value is not None}


def _gather(found: dict[str, Json]) -> None:
    """The traits of a group, each of which is one of its own, as the object `group`."""
    single = [name for name in found if name.startswith(f"{GROUP}.")]
    if not single:
        return
    whole = found.get(GROUP)
    gathered = dict(whole) if isinstance(whole, dict) else {}
    gathered |= {name.removeprefix(f"{GROUP}."): found.pop(name) for name in single}
    found[GROUP] = {name: value for name, value in gathered.items() if value is not None} or None


def consent_state(profile: Profile) -> dict[str, bool]:
    """Purpose -> permitted, by the newest statement about each, unless a merge holds it back; purposes nobody spoke of
    are absent."""
    purposes = sorted({purpose for fragment in profile.fragments.values() for purpose in fragment.consent})
    stated = {purpose: newest_statement(profile, purpose) for purpose in purposes}
    return {purpose: bool(statement[VALUE]) and not is_held_back(profile, purpose, statement)
            for purpose, statement in stated.items() if statement is not None}
