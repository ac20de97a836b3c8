"""What people do in one go: a visit is a generator of acts, so that many visits run side by side."""
from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from streams.core.intervals import DAY_MS
from streams.core.platforms import SourceType
from streams.core.values import Json
from streams.demo.acts import Act, Sender
from streams.demo.people import Person

Visit: TypeAlias = Iterator[Act]

ADS, EMAIL, SMS = "personalised-ads", "email-marketing", "sms-marketing"
CATEGORIES = ("shoes", "coats", "hats", "bags", "toys", "books")
SITES = ("news.example", "weather.example", "games.example")
OLDEST_UPLOAD_DAYS = 45


def start(person: Person, chance: random.Random) -> Visit:
    """A visit that this person can make."""
    kinds: list[tuple[Callable[[Person, random.Random], Visit], int]] = [(web, 50), (ads_on_the_web, 12), (chat, 5)]
    if person.app:
        kinds += [(in_the_app, 40), (ads_in_the_app, 8)]
    if person.email:
        kinds += [(mail, 14)]
    if person.phone:
        kinds += [(call, 6)]
    if person.card:
        kinds += [(till, 8)]
    if person.customer_id:
        kinds += [(preferences, 3)]
    visits, weights = zip(*kinds, strict=True)
    visit: Callable[[Person, random.Random], Visit] = chance.choices(visits, weights)[0]
    return visit(person, chance)


def web(person: Person, chance: random.Random) -> Visit:
    cookie = chance.choice(person.cookies)
    yield from _shopping(person, chance, SourceType.WEB, Sender(cookie=cookie), cookie)


def in_the_app(person: Person, chance: random.Random) -> Visit:
    assert person.app
    yield from _shopping(person, chance, SourceType.APP, Sender(app=person.app, cookie=person.app.cookie), person.app.cookie)


def _shopping(person: Person, chance: random.Random, source: SourceType, sender: Sender, place: str) -> Visit:
    """Look around, log in perhaps, fill a cart perhaps, pay perhaps. `place` is the browser or the app."""
    if place in person.logged_in:
        sender = replace(sender, customer_id=person.customer_id)
    act = Act(person=person, source=source, sender=sender)
    if place not in person.asked and chance.random() < 0.8:
        person.asked.add(place)
        yield replace(act, event="Consent Preference Updated", consent={ADS: chance.random() < 0.7})
    yield replace(act, type="screen" if source is SourceType.APP else "page", properties={"name": "home"})
    for _ in range(chance.randint(1, 5)):
        yield replace(act, event="Product Viewed", properties=_product(chance))
    if person.customer_id and place not in person.logged_in and chance.random() < 0.65:
        person.logged_in.add(place)
        act = replace(act, sender=replace(sender, customer_id=person.customer_id))
        yield _login(act, chance)
    yield from _checkout(act, chance)


def _checkout(act: Act, chance: random.Random) -> Visit:
    if chance.random() > 0.5:
        return
    for _ in range(chance.randint(1, 2)):
        yield replace(act, event="Product Added", properties=_product(chance))
    if chance.random() > 0.45:
        return
    if not act.sender.customer_id and act.person.email and not act.person.customer_id:
        act = replace(act, sender=replace(act.sender, email=act.person.email))
    yield replace(act, event="Order Completed", properties=_order(chance))


def _login(act: Act, chance: random.Random) -> Act:
    """Logging in tells the address, the number, and, on the same form, what the person agrees to."""
    person = act.person
    traits = {"first_name": person.first_name, "country": person.country, "newsletter": person.wants_newsletter}
    return replace(
        act, type="identify", sender=replace(act.sender, email=person.email, phone=person.phone), traits=traits,
        consent={EMAIL: person.wants_newsletter, SMS: chance.random() < 0.5})


def mail(person: Person, chance: random.Random) -> Visit:
    """Opening what was sent; whoever follows the link is known on the site by the address in it."""
    known = bool(person.customer_id) and chance.random() < 0.5
    sender = Sender(customer_id=person.customer_id) if known else Sender(email=person.email)
    act = Act(person=person, source=SourceType.EMAIL, sender=sender, properties={"mailing": f"week-{chance.randint(1, 9)}"})
    yield replace(act, event="Email Opened")
    if chance.random() < 0.5:
        yield replace(act, event="Email Link Clicked")
        landed = Sender(email=person.email, cookie=chance.choice(person.cookies))
        yield Act(person=person, source=SourceType.WEB, sender=landed, type="page", properties={"name": "offer"})


def call(person: Person, chance: random.Random) -> Visit:
    is_known = chance.random() < 0.6
    sender = Sender(customer_id=person.customer_id) if is_known else Sender(phone=person.phone)
    properties = {"reason": chance.choice(("question", "complaint", "order")), "minutes": chance.randint(1, 30)}
    yield Act(person=person, source=SourceType.CALL_CENTER, sender=sender, event="Call Ended", properties=properties)


def chat(person: Person, chance: random.Random) -> Visit:
    sender = Sender(cookie=chance.choice(person.cookies))
    reason = chance.choice(("question", "question", "complaint"))
    act = Act(person=person, source=SourceType.CHATBOT, sender=sender, event="Chat Message Sent")
    for _ in range(chance.randint(1, 3)):
        yield replace(act, properties={"reason": reason})
    if person.email and chance.random() < 0.4:
        yield replace(act, sender=replace(sender, email=person.email), properties={"reason": reason})


def ads_on_the_web(person: Person, chance: random.Random) -> Visit:
    yield from _ads(person, chance, Sender(cookie=chance.choice(person.cookies)))


def ads_in_the_app(person: Person, chance: random.Random) -> Visit:
    """Other people's apps: the advertising id is all that is seen, and nothing of whom tracking is forbidden for."""
    assert person.app
    if person.app.allows_tracking:
        yield from _ads(person, chance, Sender(ad_id=person.app.advertising_id))


def _ads(person: Person, chance: random.Random, sender: Sender) -> Visit:
    shown: dict[str, Json] = {
        "campaign": chance.choice(("spring", "outlet", "brand")), "creative": f"banner-{chance.randint(1, 4)}",
        "placement": chance.choice(("top", "side")), "site": chance.choice(SITES)}
    act = Act(person=person, source=SourceType.AD_SERVER, sender=sender, event="Ad Impression")
    for _ in range(chance.randint(1, 4)):
        yield replace(act, properties=shown | {"cost": round(chance.uniform(0.001, 0.01), 5)})
    if chance.random() < 0.3:
        yield replace(act, event="Ad Clicked", properties=shown)


def till(person: Person, chance: random.Random) -> Visit:
    """Shops upload their tills late: purchases of the last weeks, by loyalty card."""
    is_known = chance.random() < 0.5
    sender = Sender(customer_id=person.customer_id if is_known else None, card=person.card)
    for _ in range(chance.randint(1, 3)):
        ago = chance.randint(1, OLDEST_UPLOAD_DAYS * DAY_MS)
        act = Act(person=person, source=SourceType.POS, sender=sender, event="Order Completed", delay_ms=ago)
        yield replace(act, properties=_order(chance))


def preferences(person: Person, chance: random.Random) -> Visit:
    """Somebody changes their mind: consent withdrawn or given, the newsletter left or taken."""
    act = Act(person=person, source=SourceType.WEB, sender=Sender(customer_id=person.customer_id))
    agrees = chance.random() < 0.4
    purposes = chance.sample((ADS, EMAIL, SMS), chance.randint(1, 3))
    yield replace(act, event="Consent Preference Updated", consent=dict.fromkeys(purposes, agrees))
    if EMAIL in purposes:
        yield replace(act, type="identify", traits={"newsletter": agrees})


def _product(chance: random.Random) -> dict[str, Json]:
    category = chance.choice(CATEGORIES)
    number = chance.randint(1, 40)
    return {"product_id": f"{category}-{number}", "category": category, "price": 5 + 3 * number}


def _order(chance: random.Random) -> dict[str, Json]:
    is_big = chance.random() < 0.15
    revenue = round(chance.uniform(150, 400) if is_big else chance.uniform(5, 149), 2)
    return {"order_id": f"{chance.getrandbits(40):010x}", "revenue": revenue, "currency": "EUR"}
