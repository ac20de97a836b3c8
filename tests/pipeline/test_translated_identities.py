"""What documentation of other systems says of who is one person, translated to our rules and what they make of it.

adobe: Experience Platform, "Examples of graph configurations" of the identity graph linking rules (CRMID is the customer id,
ECID the cookie, GAID and IDFA the advertising id, loginID a namespace of its own; e-mails and numbers made up). segment,
mixpanel, posthog, rudderstack, treasure data: their pages on merging at log-in, and PostHog's tests of persons. A unique
namespace of theirs is `at_most: 1`, a newest link that wins `last_login`. Expected is what INTERFACES, section 1, makes of
each, which is not always what they do. The last stories are nobody's: that page read to the letter.
"""
from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.pipeline.tables import backtest, iso

Json = dict[str, Any]
WORDS = {"customer_id": "u", "email": "e", "phone": "p", "loginid": "l", "device_ad_id": "a", "cookie": "c"}


class Story(NamedTuple):
    """Messages as `u:Tom c:111, c:111`, people as `u:Tom c:111 #2` (of how many events), and rows of the identity rules."""

    messages: str
    people: str
    rows: str = ""


def message(number: int, names: str) -> Json:
    """Who a message names; `alias:x`: it is an alias of x; `on:2/10:00`: its time; `at:2/10:00`: when it came, if later."""
    given = dict(name.split(":", 1) for name in names.split())
    traits = {name: given[key] for name, key in (("email", "e"), ("phone", "p")) if key in given}
    context: Json = {"traits": traits} if traits else {}
    if "l" in given:
        context["externalIds"] = [{"type": "loginID", "id": given["l"]}]
    if "a" in given:
        context["device"] = {"advertisingId": given["a"]}
    kind = {"type": "alias", "previousId": given["alias"]} if "alias" in given else {"type": "track", "event": "E"}
    named = {field: given[key] for field, key in (("userId", "u"), ("anonymousId", "c")) if key in given}
    at = iso(given.get("on", f"1/10:{number:02d}"))
    came = {"receivedAt": iso(given["at"])} if "at" in given else {}
    return {"messageId": f"m{number}", "timestamp": at, "context": context, **kind, **named, **came}


def person(profile: Json) -> str:
    names = sorted(f"{WORDS[name]}:{value}" for name, value in (each.split(":", 1) for each in profile["identifiers"]))
    return " ".join([*names, f"#{profile['events']}"])


TOM, SUMMER = "e:tom@x.yz p:+31612345678", "e:sum@x.yz p:+31687654321"
DEVICES = f"u:Tom {TOM}, u:Tom c:111, u:Tom c:222 a:aaa, u:Summer {SUMMER}, u:Summer c:333, u:Summer c:444 a:bbb"
LOGINS = "u:Tom l:A, u:Tom l:B, l:A c:111, u:Summer l:C, u:Summer l:D, l:C c:222"
NEWEST = "email: {on_conflict: last_login}, phone: {on_conflict: last_login}, loginid: {on_conflict: last_login}"
ONE_EMAIL = "email: {limit: {at_most: 1}}"
SIX = ", ".join(f"u:A e:{n}@x.yz" for n in range(6))
FIVE = " ".join(f"e:{n}@x.yz" for n in range(5))

ADOBE = {
    "a shared device": Story("u:Tom c:111, u:Summer c:111", "u:Tom #1 | u:Summer c:111 #1"),
    "a shared computer": Story(
        f"{DEVICES}, u:Summer c:111", f"u:Tom {TOM} c:222 a:aaa #3 | u:Summer {SUMMER} c:333 c:444 a:bbb c:111 #4"),
    "a shared telephone, Android": Story(
        f"{DEVICES}, u:Tom c:444 a:bbb", f"u:Tom {TOM} c:111 c:222 a:aaa c:444 a:bbb #4 | u:Summer {SUMMER} c:333 #3"),
    "a shared telephone, Apple": Story(
        f"{DEVICES}, u:Summer c:222 a:aaa", f"u:Tom {TOM} c:111 #3 | u:Summer {SUMMER} c:333 c:444 a:bbb c:222 a:aaa #4"),
    "a shared telephone whose cookie was reset": Story(
        f"{DEVICES}, u:Summer c:555 a:aaa",
        f"u:Tom {TOM} c:111 c:222 #3 | u:Summer {SUMMER} c:333 c:444 a:bbb c:555 a:aaa #4"),
    "a number of two people stays where it was": Story(
        f"{DEVICES}, u:Summer p:+31612345678",
        f"u:Tom {TOM} c:111 c:222 a:aaa #3 | u:Summer {SUMMER} c:333 c:444 a:bbb #4"),
    "a number of two people goes to the newest": Story(
        f"{DEVICES}, u:Summer p:+31612345678",
        f"u:Tom e:tom@x.yz c:111 c:222 a:aaa #3 | u:Summer {SUMMER} p:+31612345678 c:333 c:444 a:bbb #4", NEWEST),
    "an address of two people goes to the newest": Story(
        f"{DEVICES}, u:Summer e:tom@x.yz",
        f"u:Tom p:+31612345678 c:111 c:222 a:aaa #3 | u:Summer {SUMMER} e:tom@x.yz c:333 c:444 a:bbb #4", NEWEST),
    "several log-ins, a shared device": Story(
        f"{LOGINS}, l:C c:111", "u:Tom l:A l:B #3 | u:Summer l:C l:D c:222 c:111 #4"),
    "several log-ins, and back": Story(
        f"{LOGINS}, u:Summer l:C c:111, l:A c:111", "u:Tom l:A l:B c:111 #4 | u:Summer l:C l:D c:222 #4"),
    "a log-in of two people stays where it was": Story(
        f"{LOGINS}, u:Tom l:D", "u:Tom l:A l:B c:111 #4 | u:Summer l:C l:D c:222 #3"),
    "a log-in of two people goes to the newest": Story(
        f"{LOGINS}, u:Tom l:D", "u:Tom l:A l:B l:D c:111 #4 | u:Summer l:C c:222 #3", NEWEST),
    "a log-in of nobody known": Story("u:Tom l:A, l:A c:111, l:C c:111", "u:Tom l:A l:C c:111 #3"),
    "two customers of a shop, one device": Story(
        "u:Tom e:t@x.yz, u:Summer e:s@x.yz, u:Tom c:111, u:Summer c:111", "u:Tom e:t@x.yz #2 | u:Summer e:s@x.yz c:111 #2",
        ONE_EMAIL),
    "a customer and a guest": Story(
        "u:Tom e:t@x.yz, u:Tom c:111, e:s@x.yz c:111", "u:Tom e:t@x.yz #2 | e:s@x.yz c:111 #1", ONE_EMAIL),
    "a customer without an address, and a guest": Story("u:Tom c:111, e:s@x.yz c:111", "u:Tom c:111 e:s@x.yz #2", ONE_EMAIL),
    "two guests": Story("e:t@x.yz c:111, e:s@x.yz c:111", "e:t@x.yz #1 | e:s@x.yz c:111 #1", ONE_EMAIL),
    "a guest registers": Story("e:t@x.yz c:111, e:t@x.yz u:Tom, u:Tom c:111", "e:t@x.yz c:111 u:Tom #3", ONE_EMAIL),
}
LOG_IN = {
    "what was done before belongs to who logs in": Story("c:1, c:1, c:1 u:A, c:1", "c:1 u:A #4"),
    "two devices": Story("c:1, c:2, c:1 u:A, c:2 u:A", "c:1 c:2 u:A #4"),
    "the next one on the device": Story("c:1, c:1 u:A, c:1, c:1 u:B, c:1", "u:A #3 | c:1 u:B #2"),
    "and the first again": Story("c:1 u:A, c:1 u:B, c:1 u:A, c:1", "u:A c:1 #3 | u:B #1"),
    "two customers, one address and device": Story("u:a e:j@x.yz c:1, u:b e:j@x.yz c:1", "u:a e:j@x.yz #1 | u:b c:1 #1"),
    "an alias of a visitor": Story("c:old, alias:old u:A", "c:old u:A #2"),
    "an alias of a customer": Story("u:old, alias:old u:A", "u:old #1 | u:A #1"),
    "an alias of who comes later": Story("alias:old u:A, c:old", "u:A c:old #2"),
    "an alias of who turns out a customer": Story("alias:x u:A, u:x", "u:A c:x #1 | u:x #1"),
    "an alias of itself": Story("alias:A u:A, u:A", "u:A #2"),
    "a chain of aliases": Story("alias:a u:B, alias:B u:C, alias:C u:D", "u:B c:a #1 | u:C #1 | u:D #1"),
    "a chain of aliases, if many ids are allowed": Story(
        "alias:a u:B, alias:B u:C, alias:C u:D", "u:B u:C u:D c:a #3", "customer_id: {limit: {at_most: 3}}"),
    "the address of one on the browser of another": Story(
        "u:A c:1, u:B c:2, e:j@x.yz c:1, e:j@x.yz c:2, c:2", "u:A c:1 e:j@x.yz c:2 #4 | u:B #1"),
    "three browsers and a telephone": Story(
        "c:1 e:j@x.yz, c:2 e:j@x.yz, c:2 p:+31612345678, p:+31612345678 u:A, c:3, c:3 u:A",
        "u:A c:1 c:2 c:3 e:j@x.yz p:+31612345678 #6"),
    "three cookies a week, to the millisecond": Story(
        "on:1/10:00 u:A c:1, on:1/10:01 u:A c:2, on:1/10:02 u:A c:3, on:8/09:59:59.999 u:A c:4, on:8/10:00 u:A c:5",
        "u:A c:1 c:2 c:3 c:5 #5", "cookie: {limit: {at_most: 3, per: 7d}, on_conflict: keep}"),
    "a sixth address": Story(f"{SIX}, e:5@x.yz c:9, c:9 u:A", f"u:A {FIVE} c:9 #7 | e:5@x.yz #1"),
    "another address a week later": Story(
        "on:1/10:00 u:A e:a@x.yz, on:2/10:00 u:A e:b@x.yz, on:9/10:00 u:A e:c@x.yz", "u:A e:a@x.yz e:c@x.yz #3",
        "email: {limit: {at_most: 1, per: 7d}}"),
    "two customer ids allowed": Story("u:A c:1, u:B c:1", "u:A u:B c:1 #2", "customer_id: {limit: {at_most: 2}}"),
    "a cookie that stays": Story("u:A c:1, u:B c:1, c:1", "u:A c:1 #2 | u:B #1", "cookie: {on_conflict: keep}"),
    "the address before the customer id": Story(
        "e:j@x.yz u:A, e:k@x.yz u:A", "e:j@x.yz u:A #1 | e:k@x.yz #1",
        "email: {priority: 1, limit: {at_most: 1}}, customer_id: {priority: 2}"),
    "a test account, in any case": Story("u:TEST c:1, u:Test c:2", "c:1 #1 | c:2 #1", "customer_id: {blocked: [test]}"),
}
TO_THE_LETTER = {
    "a log-in that harms nobody is left out before the address that does": Story(
        "u:A e:j@x.yz, u:B e:j@x.yz l:1, l:1", "u:A e:j@x.yz #1 | u:B #1 | l:1 #1"),
    "a cookie so left out moves along": Story("u:A e:j@x.yz, u:B e:j@x.yz c:9, c:9", "u:A e:j@x.yz #1 | u:B c:9 #2"),
    "what it did before stays where it was, with nobody": Story(
        "c:9, c:9, u:A e:j@x.yz, u:B e:j@x.yz c:9", "u:A e:j@x.yz #1 | u:B c:9 #1 | #2"),
    "an address refused still leads to whose it is": Story(
        "u:A e:j@x.yz, u:B e:j@x.yz, e:j@x.yz", "u:A e:j@x.yz #2 | u:B #1"),
    "an address and a number of two people": Story(
        f"u:A {TOM[:10]}, u:B {TOM[11:]}, {TOM}", f"u:A {TOM[:10]} #2 | u:B {TOM[11:]} #1"),
    "a telephone and a browser of two people": Story("u:A a:d, u:B c:1, a:d c:1", "u:A a:d c:1 #2 | u:B #1"),
    "three become one at once": Story(f"c:1, {TOM[:10]}, {TOM[11:]}, u:A c:1 {TOM}", f"u:A c:1 {TOM} #4"),
    "two with three addresses each": Story(
        f"{', '.join(f'e:{n}@x.yz c:{n // 3}x' for n in range(6))}, {TOM[11:]} c:0x, {TOM[11:]} c:1x",
        f"e:0@x.yz e:1@x.yz e:2@x.yz {TOM[11:]} c:0x c:1x #5 | e:3@x.yz e:4@x.yz e:5@x.yz #3"),
    "an alias of a cookie of somebody else": Story("u:A c:k, alias:k u:B, c:k", "u:A #1 | u:B c:k #2"),
    "a log-in that is told late takes what came after it": Story(
        "on:10:00 u:A c:1, on:10:10 c:1, on:10:20 c:1, on:10:15 at:10:30 u:B c:1", "u:A #2 | u:B c:1 #2"),
    "also what came after the other's next": Story(
        "on:10:00 u:A c:1, on:10:20 c:1, on:10:25 u:A c:1, on:10:27 c:1, on:10:15 at:10:30 u:B c:1", "u:A #2 | u:B c:1 #3"),
    "a hit of before anybody's log-in is the first one's": Story(
        "on:10:10 u:A c:1, on:10:20 u:B c:1, on:10:05 at:10:30 c:1", "u:A #2 | u:B c:1 #1"),
}
STORIES = ADOBE | LOG_IN | TO_THE_LETTER


@pytest.mark.parametrize("name", STORIES)
def test_who_is_one_person(name: str, tmp_path: Path) -> None:
    story = STORIES[name]
    rules = f"kind: identity\nid: rules\nnamespaces: {{{story.rows}}}\n"
    messages = [message(number, names) for number, names in enumerate(story.messages.split(", "))]
    run = backtest(tmp_path, messages, rules, "--partitions", "3")
    people = [" ".join([*sorted(words.split()[:-1]), words.split()[-1]]) for words in story.people.split(" | ")]
    assert sorted(map(person, run.profiles)) == sorted(people)
