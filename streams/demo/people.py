"""Who comes to the shop. Nobody shares an identifier, so there are no conflicts, and the right profiles are known without
any rule for them.

All names, mail domains and telephone numbers are of the ranges set aside for fiction.
"""
from __future__ import annotations

import random
from dataclasses import dataclass, field

FIRST_NAMES = ("Anna", "Bram", "Chloe", "Daan", "Emma", "Finn", "Greet", "Hugo", "Iris", "Jan", "Klaas", "Lotte")
COUNTRIES = ("NL", "NL", "NL", "BE", "DE", "FR")
AREAS = (201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228)
NUMBERS_AN_AREA = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A telephone or tablet with the shop's app. `cookie` is the anonymous id that its SDK makes."""

    platform: str
    device_id: str
    advertising_id: str
    allows_tracking: bool
    cookie: str


@dataclass(slots=True, kw_only=True)
class Person:
    """`customer_id` None: never registers. `email` without it: buys as a guest. What is mutable is what the
    person did so far."""

    number: int
    first_name: str
    country: str
    customer_id: str | None
    email: str | None
    phone: str | None
    card: str | None
    cookies: tuple[str, ...]
    app: App | None
    wants_newsletter: bool
    logged_in: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    moments: set[int] = field(default_factory=set)

    def moment(self, at: int) -> int:
        """The latest instant, not after `at`, at which nothing else of this person happened: so no answer
        hangs on the order of two events of the same millisecond."""
        while at in self.moments:
            at -= 1
        self.moments.add(at)
        return at


class Population:
    """`size` people, each the same for the same seed whoever is asked for first."""

    def __init__(self, seed: int, size: int) -> None:
        self._seed = seed
        self._size = size
        self._known: dict[int, Person] = {}

    def anyone(self, chance: random.Random) -> Person:
        """Somebody; the same few come often and most of them once, as in any shop."""
        number = int(self._size * chance.random() ** 1.7)
        if number not in self._known:
            self._known[number] = _person(number, random.Random(f"person/{self._seed}/{number}"))
        return self._known[number]


def _person(number: int, chance: random.Random) -> Person:
    name = chance.choice(FIRST_NAMES)
    is_registered = chance.random() < 0.6
    has_email = is_registered or chance.random() < 0.4
    return Person(
        number=number, first_name=name, country=chance.choice(COUNTRIES),
        customer_id=f"C{100_000 + number}" if is_registered else None,
        email=f"{name.lower()}.{number}@example.com" if has_email else None,
        phone=_phone(number) if is_registered and chance.random() < 0.8 else None,
        card=f"card-{number:07d}" if is_registered and chance.random() < 0.3 else None,
        cookies=tuple(_hex(chance, 20) for _ in range(chance.choice((1, 1, 1, 2, 3)))),
        app=_app(chance) if chance.random() < 0.35 else None,
        wants_newsletter=chance.random() < 0.6,
    )


def _phone(number: int) -> str | None:
    """A number in an exchange kept for fiction (555-0100 to 555-0199); who comes after the last one has none."""
    area, line = divmod(number, NUMBERS_AN_AREA)
    return f"+1{AREAS[area]}55501{line:02d}" if area < len(AREAS) else None


def _app(chance: random.Random) -> App:
    platform = chance.choice(("ios", "android"))
    advertising = "-".join(_hex(chance, length) for length in (8, 4, 4, 4, 12))
    return App(
        platform=platform, device_id=f"{platform}-{_hex(chance, 16)}",
        advertising_id=advertising.upper() if platform == "ios" else advertising,
        allows_tracking=chance.random() < 0.6, cookie=_hex(chance, 24))


def _hex(chance: random.Random, digits: int) -> str:
    return f"{chance.getrandbits(4 * digits):0{digits}x}"
