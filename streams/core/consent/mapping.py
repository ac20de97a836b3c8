"""From the purposes of consent strings to those of the deployment.

A statement is a grant only if everything asked of it is permitted; a string that cannot be read permits nothing, and is
counted. Several strings in one message, and plain purposes beside them, bind together: the most restrictive holds."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from streams.core.consent import gpp, tcf, usp
from streams.core.consent.bits import Malformed
from streams.core.values import number

Grants = dict[str, bool]
"""Purpose -> whether it is granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """One purpose of ours. consent, legitimate_interest, special_features: numbers of the TCF that it needs, each on
    that basis. opt_outs: activities that the person must not have opted out of."""

    name: str
    consent: tuple[int, ...] = ()
    legitimate_interest: tuple[int, ...] = ()
    special_features: tuple[int, ...] = ()
    opt_outs: tuple[gpp.Activity, ...] = ()

    @property
    def needs_tcf(self) -> bool:
        return bool(self.consent or self.legitimate_interest or self.special_features)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentMapping:
    """vendor: our number on the Global Vendor List; None: purposes alone are asked."""

    id: str = "consent"
    vendor: int | None = None
    purposes: tuple[Purpose, ...] = ()
    version: int = 1


DEFAULT = ConsentMapping(purposes=(
    Purpose(name="personalised-ads", consent=(1, 3, 4), opt_outs=tuple(gpp.Activity)),))

PLAIN = ("purposes", "categoryPreferences")
"""Where purposes stand by their names: ours, and those of Segment's consent object."""
STRINGS = {"tcf": "tcf", "gpp": "gpp", "usp": "usp", "us_privacy": "usp"}
FIELDS = frozenset((*PLAIN, *STRINGS))
NO_OBJECT = f"consent: no object with {', '.join(PLAIN)} or {', '.join(STRINGS)}"


def stated(mapping: ConsentMapping, consent: Any) -> tuple[Grants, tuple[str, ...]]:
    """What a consent object says of our purposes, and the reasons for which some of it could not be read."""
    if not isinstance(consent, dict):
        return {}, (NO_OBJECT,)
    found: Grants = {}
    faults: list[str] = []
    for field in PLAIN:
        if consent.get(field) is not None:
            faults += _plain(found, field, consent[field])
    for field, kind in STRINGS.items():
        text = consent.get(field)
        if text is not None:
            statement, fault = _read(mapping, kind, text if isinstance(text, str) else "", _applicable(consent))
            restrict(found, statement)
            faults += [fault] if fault else []
    if consent and FIELDS.isdisjoint(consent):
        faults.append(NO_OBJECT)
    return found, tuple(faults)


def _plain(found: Grants, field: str, purposes: Any) -> list[str]:
    """Anything but true counts as a denial; null says nothing."""
    if not isinstance(purposes, dict):
        return [f"{field}: no object of purposes"]
    said = {name: given for name, given in purposes.items() if given is not None}
    restrict(found, {name: given is True for name, given in said.items()})
    return [] if all(isinstance(given, bool) for given in said.values()) else [f"{field}: neither true nor false"]


def _applicable(consent: Mapping[str, Any]) -> frozenset[int] | None:
    """The sections in force for the person; None: all that the string has, also where `gpp_sid` is not a list of numbers. -1
    and 0 name no section."""
    sections = consent.get("gpp_sid")
    numbers = [number(each) for each in sections] if isinstance(sections, list) else [None]
    return None if None in numbers else frozenset(int(each) for each in numbers if each is not None)


@lru_cache(maxsize=8_192)
def _read(mapping: ConsentMapping, kind: str, text: str, applicable: frozenset[int] | None) -> tuple[Grants, str]:
    """Remembered, because a visitor sends the same string with every hit."""
    try:
        match kind:
            case "tcf":
                return _of_tcf(mapping, text), ""
            case "usp":
                return _of_activities(mapping, usp.decode(text)), ""
            case _:
                return _of_gpp(mapping, text, applicable), ""
    except Malformed as fault:
        denied = [purpose.name for purpose in mapping.purposes if _is_about(purpose, kind)]
        return dict.fromkeys(denied, False), f"{kind}: {fault}"


def _is_about(purpose: Purpose, kind: str) -> bool:
    """Whether a string of this kind could have permitted the purpose."""
    match kind:
        case "tcf":
            return purpose.needs_tcf
        case "usp":
            return bool(purpose.opt_outs)
        case _:
            return True


def _of_tcf(mapping: ConsentMapping, text: str) -> Grants:
    string = tcf.decode(text)

    def is_granted(purpose: Purpose) -> bool:
        asked = [*((n, tcf.Basis.CONSENT) for n in purpose.consent),
                 *((n, tcf.Basis.LEGITIMATE_INTEREST) for n in purpose.legitimate_interest)]
        return string.special_features.issuperset(purpose.special_features) and all(
            string.permits(number, basis, mapping.vendor) for number, basis in asked)

    return {purpose.name: is_granted(purpose) for purpose in mapping.purposes if purpose.needs_tcf}


def _of_gpp(mapping: ConsentMapping, text: str, applicable: frozenset[int] | None) -> Grants:
    found: Grants = {}
    for section, part in gpp.decode(text).items():
        if applicable is not None and section not in applicable:
            continue
        if section == gpp.TCF_EU:
            restrict(found, _of_tcf(mapping, part))
        elif section == gpp.USP:
            restrict(found, _of_activities(mapping, usp.decode(part)))
        elif section in gpp.OPT_OUTS:
            restrict(found, _of_activities(mapping, gpp.us_activities(section, part)))
    return found


def _of_activities(mapping: ConsentMapping, activities: Mapping[gpp.Activity, bool]) -> Grants:
    """Opting out is a denial; not having done so is a grant where at least one activity applies."""
    applying = {p.name: [activities[a] for a in p.opt_outs if a in activities] for p in mapping.purposes}
    return {name: all(answers) for name, answers in applying.items() if answers}


def restrict(found: Grants, other: Grants) -> None:
    """Both bind."""
    for name, granted in other.items():
        found[name] = granted and found.get(name, True)
