"""From the purposes of consent strings to those of the deployment.

A statement is a grant only if everything asked of it is permitted; a string that cannot be read permits nothing, and is
counted. Several strings in one message, and plain purposes beside them, bind together: the most restrictive holds.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from streams.core.consent import gpp, tcf, usp
from streams.core.consent.bits import Malformed
from streams.core.values import number

Statement = dict[str, bool]


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


def stated(mapping: ConsentMapping, consent: Mapping[str, Any]) -> tuple[Statement, tuple[str, ...]]:
    """What `{tcf, gpp, gpp_sid, usp}` say of our purposes, and the reasons for which some of it could not be read."""
    found: Statement = {}
    faults: list[str] = []
    for kind, text in _texts(consent):
        statement, fault = _read(mapping, kind, text, _applicable(consent))
        _restrict(found, statement)
        if fault:
            faults.append(fault)
    return found, tuple(faults)


def _texts(consent: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for kind in ("tcf", "gpp", "usp"):
        text = consent.get(kind)
        if text is not None:
            yield kind, text if isinstance(text, str) else ""


def _applicable(consent: Mapping[str, Any]) -> frozenset[int] | None:
    """Sections in force for the person; None: all that the string has, also where they are not numbers. -1 and 0 name
    no section."""
    sections = consent.get("gpp_sid")
    numbers = [number(each) for each in sections] if isinstance(sections, list) else [None]
    return None if None in numbers else frozenset(int(each) for each in numbers if each is not None)


@lru_cache(maxsize=8_192)
def _read(mapping: ConsentMapping, kind: str, text: str, applicable: frozenset[int] | None) -> tuple[Statement, str]:
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
        asked = (p for p in mapping.purposes if (p.needs_tcf if kind == "tcf" else p.opt_outs if kind == "usp" else True))
        return dict.fromkeys((purpose.name for purpose in asked), False), f"{kind}: {fault}"


def _of_tcf(mapping: ConsentMapping, text: str) -> Statement:
    string = tcf.decode(text)

    def is_granted(purpose: Purpose) -> bool:
        asked = [*((n, tcf.Basis.CONSENT) for n in purpose.consent),
                 *((n, tcf.Basis.LEGITIMATE_INTEREST) for n in purpose.legitimate_interest)]
        return string.special_features.issuperset(purpose.special_features) and all(
            string.permits(number, basis, mapping.vendor) for number, basis in asked)

    return {purpose.name: is_granted(purpose) for purpose in mapping.purposes if purpose.needs_tcf}


def _of_gpp(mapping: ConsentMapping, text: str, applicable: frozenset[int] | None) -> Statement:
    found: Statement = {}
    for section, part in gpp.decode(text).items():
        if applicable is not None and section not in applicable:
            continue
        if section == gpp.TCF_EU:
            _restrict(found, _of_tcf(mapping, part))
        elif section == gpp.USP:
            _restrict(found, _of_activities(mapping, usp.decode(part)))
        elif section in gpp.OPT_OUTS:
            _restrict(found, _of_activities(mapping, gpp.us_activities(section, part)))
    return found


def _of_activities(mapping: ConsentMapping, activities: Mapping[gpp.Activity, bool]) -> Statement:
    """Opting out is a denial; not having done so is a grant where at least one activity applies."""
    applying = {p.name: [activities[a] for a in p.opt_outs if a in activities] for p in mapping.purposes}
    return {name: all(answers) for name, answers in applying.items() if answers}


def _restrict(found: Statement, other: Statement) -> None:
    for name, granted in other.items():
        found[name] = granted and found.get(name, True)


def bound_together(plain: Statement, strings: Statement) -> Statement:
    """Both bind."""
    found = dict(plain)
    _restrict(found, strings)
    return found
