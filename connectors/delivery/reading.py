"""Reads the settings of one destination: all faults at once, and none of them shows a secret."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from streams.core.errors import Misconfigured

Json: TypeAlias = Any


class Reading:
    """Each method notes what is wrong and gives something of the right form; `finish` raises. `known` are the names
    there may be; `variables` is where secrets stand."""

    def __init__(
        self, destination: str, given: Mapping[str, Json], known: tuple[str, ...],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._destination = destination
        self._given = given
        self._known = known
        self._variables = variables or {}
        self._faults: list[str] = []

    def refuse(self, name: str, expected: str) -> None:
        self._faults.append(f"destination {self._destination}: settings.{name}: expected {expected}")

    def choice(self, name: str, among: tuple[str, ...]) -> str:
        """The first of them if nothing is said."""
        value = self._given.get(name, among[0])
        if value not in among:
            self.refuse(name, f"one of {', '.join(among)}")
        return str(value)

    def number(self, name: str, default: float, least: float, most: float) -> float:
        value = self._given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self.refuse(name, f"a number from {least:g} to {most:g}")
            return default
        return value

    def url(self, name: str, default: str) -> str:
        """Without a slash at its end."""
        url = str(self._given.get(name, default)).rstrip("/")
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            self.refuse(name, "an http or https address")
        return url

    def digits(self, name: str) -> str:
        """The number of an account, as text."""
        value = str(self._given.get(name, ""))
        if not (value.isascii() and value.isdigit()):
            self.refuse(name, "a number")
        return value

    def numbered(self, name: str, what: str) -> dict[str, str]:
        """The platform's number of a list for each audience of a campaign."""
        given = self._given.get(name)
        found = {each: str(number) for each, number in given.items()} if isinstance(given, dict) else {}
        if not found or not all(number.isascii() and number.isdigit() for number in found.values()):
            self.refuse(name, f"the number of {what} by the name of each audience")
        return found

    def secret(self, name: str) -> str:
        """Never written down: always the name of its variable."""
        given = self._given.get(name)
        variable = given.get("env") if isinstance(given, dict) else None
        value = self._variables.get(str(variable), "")
        if not value or not value.isascii() or not value.isprintable():
            self.refuse(name, "{env: NAME} of a variable that is set")
        return value

    def finish(self) -> None:
        """Misconfigured with every fault that was found until now, unknown names included."""
        for name in sorted(self._given.keys() - set(self._known)):
            self.refuse(name, f"one of {', '.join(self._known)}")
        if self._faults:
            raise Misconfigured(tuple(self._faults))
