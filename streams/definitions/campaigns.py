"""kind: campaign, with its trigger, caps, quiet hours, split and samples; its channels are in `channels`."""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from streams.core.campaigns.caps import MOST
from streams.core.definitions import Campaign, Cap, Channel, Over, QuietHours, Status, Trigger, Variant
from streams.core.intervals import DAY_MS
from streams.definitions.channels import OF_A_CAMPAIGN, OF_A_VARIANT
from streams.definitions.document import document
from streams.definitions.faults import dotted
from streams.definitions.foreign import word_meant
from streams.definitions.matches import EVENT_NAMES
from streams.definitions.samples import failures
from streams.definitions.scalars import BOOLEAN, CLOCK, KEBAB_ID, TIME, TIME_ZONE, choice, duration, whole
from streams.definitions.shapes import Found, Given, Shape, many, record

_EACH_AS_TEXT = re.compile(r"each: *(\S(?:.*\S)?)")
_PLAIN_TRIGGERS = tuple(trigger.value for trigger in Trigger if trigger is not Trigger.EACH)


def _trigger(found: Found) -> tuple[Trigger, tuple[str, ...]]:
    """`each: EVENT` may be a text too: without quotes it is no YAML."""
    if isinstance(found.value, dict):
        return Trigger.EACH, _EACH.read(found)
    if isinstance(found.value, str) and (each := _EACH_AS_TEXT.fullmatch(found.value)):
        return Trigger.EACH, (each[1],)
    if found.value not in _PLAIN_TRIGGERS:
        found.unlike(f"one of {', '.join(_PLAIN_TRIGGERS)}, or {{each: EVENT}}",
                     word_meant(found.value, _PLAIN_TRIGGERS))
    return Trigger(found.value), ()


class CapMode(StrEnum):
    ROLLING = "rolling"
    CALENDAR = "calendar"


def _check_cap(given: Given, found: Found) -> None:
    if given.get("mode") is CapMode.CALENDAR and given["per"] % DAY_MS:
        found.at("per").refuse(f"{dotted(found.steps)}.per is no whole number of days",
                               "days or weeks with mode: calendar, such as 1d")


def _cap(given: Given) -> Cap:
    """A calendar cap falls back to UTC for a person without a time zone, unless the campaign names one."""
    calendar = "UTC" if given.get("mode") is CapMode.CALENDAR else None
    return Cap(at_most=given["at_most"], per=given["per"], calendar=calendar, over=given.get("over", Over.CAMPAIGN))


def _caps(found: Found) -> tuple[Cap, ...]:
    return _CAPS.read(found) if isinstance(found.value, list) else (_CAP.read(found),)


def _check_quiet_hours(given: Given, found: Found) -> None:
    if given["from"] == given["to"]:
        found.refuse(f"{dotted(found.steps)} ends as it begins", "two different times of day")


def _quiet_hours(given: Given) -> QuietHours:
    return QuietHours(start=given["from"], end=given["to"], time_zone=given["time_zone"],
                      is_local=given.get("local", False))


def _variant(given: Given, channels: tuple[Channel, ...]) -> Variant:
    """The campaign's channels, with the fields that the variant has of its own."""
    own: Mapping[str, Given] = given.get("channels", {})
    changed = (replace(channel, content=tuple(sorted({**dict(channel.content), **own.get(channel.name, {})}.items())))
               for channel in channels)
    return Variant(id=given["id"], percent=given["percent"], channels=tuple(changed))


def _check_split(given: Given, found: Found) -> None:
    percents = sum(each["percent"] for each in given["variants"])
    if percents + given.get("control", 0) != 100:
        found.refuse(f"{dotted(found.steps)} adds up to {percents + given.get('control', 0)} per cent",
                     "100 per cent over `control` and all variants")
    names = [each["id"] for each in given["variants"]]
    if len({*names, "control"}) <= len(names):
        found.refuse(f"{dotted(found.steps)} has two variants of one id, or one named control", "an id each")


def _check_campaign(given: Given, found: Found) -> None:
    starts, ends = given.get("starts"), given.get("ends")
    if starts is not None and ends is not None and starts >= ends:
        found.at("ends").refuse("ends is no later than starts", "ends later than starts")
    for place, variant in enumerate(given.get("split", ())):
        for name in variant.get("channels", {}):
            if name not in {channel.name for channel in given["channels"]}:
                found.at("split").at("variants").at(place).refuse(
                    f"variant {variant['id']} changes {name}", "a channel that the campaign has")
    _check_samples(given, found)
    found.at("segment").needs("segment")


def _check_samples(given: Given, found: Found) -> None:
    samples = given.get("samples", ())
    variants = (_variant(each, given["channels"]) for each in given.get("split", ()))
    channels = dict.fromkeys([*given["channels"], *(channel for variant in variants for channel in variant.channels)])
    for channel in channels:
        for field, number, fault in failures(channel, samples):
            found.at("channels").at(channel.name).note(
                f"channels.{channel.name}.{field} cannot be rendered for sample {number} ({fault})",
                "a template that renders for every sample; `default` fills what is missing")


def _object(found: Found) -> dict[str, Any]:
    if not isinstance(found.value, dict):
        found.unlike("an object")
    return dict(found.value)


def _campaign(given: Given) -> Campaign:
    trigger, each = given.get("trigger", (Trigger.ENTERED, ()))
    caps, quiet = given.get("cap", ()), given.get("quiet_hours")
    if quiet is not None:
        caps = tuple(replace(cap, calendar=cap.calendar and quiet.time_zone) for cap in caps)
    variants = tuple(_variant(each, given["channels"]) for each in given.get("split", ()))
    return Campaign(
        variants=variants, id=given["id"], segment=given["segment"], trigger=trigger, each=each, channels=given["channels"],
        caps=caps, quiet_hours=quiet, starts=given.get("starts"), ends=given.get("ends"),
        status=given.get("status", Status.PAUSED), priority=given.get("priority", 100),
        valid_for=given.get("valid_for"),
    )


_EACH = record({"each": EVENT_NAMES}, required=("each",), make=lambda given: given["each"])
TRIGGER = Shape(_trigger, {"anyOf": [
    {"enum": list(_PLAIN_TRIGGERS)}, _EACH.schema, {"type": "string", "pattern": f"^{_EACH_AS_TEXT.pattern}$"}]})
_CAP = record(
    {"at_most": whole(least=1, most=MOST), "per": duration(), "mode": choice(CapMode), "over": choice(Over)},
    required=("at_most", "per"), check=_check_cap, make=_cap,
)
_CAPS = many(_CAP, least=1, expected="a cap or a list of them")
CAPS = Shape(_caps, {"anyOf": [_CAP.schema, _CAPS.schema]})

VARIANT = record(
    {"id": KEBAB_ID, "percent": whole(least=1), "channels": OF_A_VARIANT},
    required=("id", "percent"), make=dict,
)
SPLIT = record(
    {"control": whole(least=0), "variants": many(VARIANT, least=1, expected="a list of variants")},
    required=("variants",), check=_check_split, make=lambda given: given["variants"],
)

OBJECT = Shape(_object, {"type": "object"})
SAMPLES = many(record({"traits": OBJECT, "event": OBJECT}, make=dict), least=1,
               expected="a list of sample profiles")

CAMPAIGN = document(
    {
        "segment": KEBAB_ID, "trigger": TRIGGER, "channels": OF_A_CAMPAIGN,
        "cap": CAPS, "samples": SAMPLES, "split": SPLIT, "priority": whole(least=1),
        "quiet_hours": record(
            {"from": CLOCK, "to": CLOCK, "time_zone": TIME_ZONE, "local": BOOLEAN},
            required=("from", "to", "time_zone"), check=_check_quiet_hours, make=_quiet_hours,
        ),
        "starts": TIME, "ends": TIME, "status": choice(Status), "valid_for": duration(),
    },
    required=("segment", "channels"), check=_check_campaign, make=_campaign,
)
