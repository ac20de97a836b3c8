"""Reads the settings of one destination: all faults at once, and none of them shows a secret.

Read twice: when a definition is applied, where only the form of `{env: NAME}` can be checked, and when it is delivered to.
"""
from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from connectors.delivery.forms import ENVIRONMENT, NUMBER, Asking, Schema, or_variable
from streams.core.errors import Misconfigured
from streams.core.values import Json

Variables: TypeAlias = Mapping[str, str] | None
"""Where secrets stand; None: elsewhere, so that what they hold is not asked."""

PACE = ("per_second", "apart")
"""Settings that every destination has, for the engine."""
FRAMING = frozenset({
    "connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
    "idempotency-key"})
"""Headers that no settings may give: those of a message's framing, and the delivery's key."""
TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
"""The name of a header (RFC 9110, 5.6.2)."""
LONGEST_NUMBER = 20
"""Digits; those of 64 bits."""
WEBHOOK = "whsec_"
SHORTEST_KEY = 16
"""Bytes of what signs or seals: a shorter one can be guessed, and then anybody can speak for somebody."""
ONE_LINE = "a text on one line, or {env: NAME}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What was expected at `steps` of the definition; `among`: the valid words, where they are few."""

    steps: tuple[str, ...]
    expected: str
    among: tuple[str, ...] = ()
    is_unknown: bool = False
    """The name is not among the valid words; otherwise the value is wrong, or missing."""
    is_secret: bool = False
    """Not to be shown, whatever stands there."""


class WrongDestination(Misconfigured):
    """`wrong` tells the same as `faults`, for who knows the lines."""

    def __init__(self, destination: str, wrong: tuple[Wrong, ...]) -> None:
        super().__init__(tuple(
            f"destination {destination}: {'.'.join(each.steps)}: expected {each.expected}" for each in wrong))
        self.wrong = wrong


def settings_schema(*readers: Callable[[Mapping[str, Json]], object]) -> Schema:
    """The JSON Schema of all settings that these readers ask for. Required is what one misses when nothing is given."""
    asking, required = Asking(), set[str]()
    for read in readers:
        with suppress(WrongDestination):
            read(asking)
        try:
            read({})
        except WrongDestination as fault:
            required |= {wrong.steps[1] for wrong in fault.wrong}
    return {"type": "object", "properties": asking.forms, "required": sorted(required), "additionalProperties": False}


class SettingsReader:
    """Each method notes what is wrong and gives something of the right form; `finish` raises. Of one setting only the
    first fault is told."""

    def __init__(self, destination: str, given: Mapping[str, Json], variables: Variables = None) -> None:
        self.destination = destination
        self._given = given
        self._variables = variables
        self.delivers_here = variables is not None
        """Whether the connector is to be run, not only checked."""
        self._forms: dict[str, Schema] = given.forms if isinstance(given, Asking) else {}
        self._elsewhere: set[tuple[str, ...]] = set()
        self._wrong: dict[tuple[str, ...], Wrong] = {}

    def has(self, name: str) -> bool:
        """Whether it is there, of a setting that is asked for only then."""
        self._forms.setdefault(name, {})
        return name in self._given

    def refuse(self, name: str, expected: str, among: tuple[str, ...] = ()) -> None:
        self._refuse((name,), expected, among=among)

    def choice(self, name: str, among: tuple[str, ...], needed: str = "") -> str:
        """The first of them if nothing is said; `needed`: what is expected where it must be said."""
        expected = needed or f"one of {', '.join(among)}"
        value = self.text(name, "" if needed else among[0], expected)
        self._forms[name] = or_variable({"enum": list(among)})
        if value not in among:
            self.refuse(name, expected, among)
            return among[0]
        return value

    def number(self, name: str, default: float, least: float, most: float) -> float:
        self._forms[name] = {"type": "number", "minimum": least, "maximum": most, "default": default}
        value = self._given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.refuse(name, f"a number from {least:,} to {most:,}")
            return default
        return value

    def text(self, name: str, default: str = "", expected: str = ONE_LINE, *, is_long: bool = False) -> str:
        """As written, or as the variable holds it that is named; of one line unless it is long."""
        self._forms[name] = or_variable({"type": "string"})
        return self._resolved((name,), self._given.get(name, default), expected, is_long=is_long)

    def matching(self, name: str, pattern: str, default: str, expected: str) -> str:
        """A text that is written down and fits the pattern as a whole."""
        self._forms[name] = {"type": "string", "pattern": f"^(?:{pattern})$"}
        value = self._given.get(name, default)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            self.refuse(name, expected)
            return default
        return value

    def headers(self, name: str, ours: frozenset[str]) -> dict[str, str]:
        """Of HTTP; `ours`, in lower case, are set by who sends."""
        self._forms[name] = {"type": "object", "additionalProperties": or_variable({"type": "string"}),
                             "propertyNames": {"pattern": f"^{TOKEN}$"}}
        given = self._given.get(name, {})
        if not isinstance(given, dict):
            self.refuse(name, "an object of texts")
            return {}
        for each in given:
            if not isinstance(each, str) or not re.fullmatch(TOKEN, each):
                self._refuse((name, str(each)), "the name of a header: letters, digits and -")
            elif each.lower() in ours:
                self._refuse((name, each), "another header: this one is set by who sends")
        return {str(each): self._visible((name, str(each)), value) for each, value in sorted(given.items(), key=str)}

    def needed(self, name: str) -> str:
        """A text that is not empty."""
        expected = "a text, or {env: NAME} of a variable that is set"
        value = self.text(name, "", expected)
        self._forms[name] = or_variable({"type": "string", "minLength": 1})
        if not value:
            self.refuse(name, expected)
        return value

    def address(self, name: str, default: str = "") -> str:
        expected = "an http or https address"
        value = self.text(name, default, expected)
        self._forms[name] = or_variable({"type": "string", "pattern": "^https?://."})
        if not _is_address(value):
            self.refuse(name, expected)
        return value

    def url(self, name: str, default: str) -> str:
        """An address that paths are put behind: without a slash at its end."""
        return self.address(name, default).rstrip("/")

    def digits(self, name: str) -> str:
        """The number of an account, as text."""
        self._forms[name] = NUMBER
        value = str(self._given.get(name, ""))
        if not _is_number(value):
            self.refuse(name, "a number")
            return "0"
        return value

    def numbered(self, name: str, what: str) -> dict[str, str]:
        """The platform's number of a list for each audience of a campaign."""
        self._forms[name] = {"type": "object", "additionalProperties": NUMBER, "propertyNames": {"minLength": 1},
                             "minProperties": 1}
        given = self._given.get(name)
        found = {each: str(number) for each, number in given.items()} if isinstance(given, dict) else {}
        if not found or "" in found:
            self.refuse(name, f"the number of {what} by the name of each audience")
        for each, number in found.items():
            if not _is_number(number):
                self._refuse((name, each), f"the number of {what}")
        return found

    def secret(self, name: str, shortest: int = 1) -> str:
        """Never written down: always the name of its variable, which holds so many characters at least."""
        self._forms[name] = ENVIRONMENT
        variable = _variable(self._given.get(name))
        if variable is not None and self._variables is None:
            return ""
        value = (self._variables or {}).get(variable or "", "")
        if not value or not value.isascii() or not value.isprintable():
            self._refuse((name,), "{env: NAME} of a variable that is set", is_secret=True)
        if len(value) < shortest:
            self._refuse((name,), f"{{env: NAME}} of a variable that holds {shortest} characters or more", is_secret=True)
        return value

    def signing_key(self, name: str) -> bytes:
        """As the Standard Webhooks write it: `whsec_` and Base64; any other text stands for its bytes."""
        text = self.needed(name)
        try:
            key = base64.b64decode(text.removeprefix(WEBHOOK), validate=True) if text.startswith(WEBHOOK) else text.encode()
        except ValueError:
            self.refuse(name, f"Base64 after {WEBHOOK}")
            return b""
        if len(key) < SHORTEST_KEY:
            self.refuse(name, f"a key of {SHORTEST_KEY} bytes or more, as text or as Base64 after {WEBHOOK}")
        return key

    def finish(self) -> None:
        """WrongDestination with every fault that was found until now, and names that nobody asked for."""
        known = (*self._forms, *PACE)
        for name in sorted(self._given.keys() - set(known)):
            self._refuse((name,), f"one of {', '.join(known)}", among=known, is_unknown=True)
        self.finish_part()

    def finish_part(self) -> None:
        """As `finish`, where others ask for the rest."""
        if self._wrong:
            raise WrongDestination(self.destination, tuple(self._wrong.values()))

    def _visible(self, at: tuple[str, ...], value: Json) -> str:
        text = self._resolved(at, value, ONE_LINE)
        if not text.replace("\t", " ").isprintable():
            self._refuse(at, ONE_LINE)
        return text

    def _resolved(self, at: tuple[str, ...], value: Json, expected: str, *, is_long: bool = False) -> str:
        if (variable := _variable(value)) is not None:
            if self._variables is None:
                self._elsewhere.add(at)
                return ""
            value = self._variables.get(variable) or None
            expected = expected if value else f"a value in the variable {variable}, which is not set"
        if isinstance(value, str) and _is_text(value) and (is_long or not {"\n", "\r"} & set(value)):
            return value
        self._refuse(at, expected)
        return ""

    def _refuse(
        self, at: tuple[str, ...], expected: str, *, among: tuple[str, ...] = (), is_unknown: bool = False,
        is_secret: bool = False,
    ) -> None:
        if at not in self._elsewhere:
            self._wrong.setdefault(at, Wrong(steps=("settings", *at), expected=expected, among=among,
                                             is_unknown=is_unknown, is_secret=is_secret))


def _variable(value: Json) -> str | None:
    """The name in `{env: NAME}`."""
    name = value.get("env") if isinstance(value, dict) else None
    return name if isinstance(name, str) and name else None


def _is_text(text: str) -> bool:
    """JSON and variables may hold halves of characters, which nothing can send."""
    return not any("\ud800" <= each <= "\udfff" for each in text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (parts.scheme in ("http", "https") and bool(parts.hostname and parts.hostname.encode("idna"))
                and parts.port != 0 and text.isprintable() and " " not in text)
    except ValueError:  # of brackets that do not match, a port that is none, or a name that cannot be looked up
        return False
