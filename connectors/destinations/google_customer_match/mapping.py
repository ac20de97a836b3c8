"""From activations to requests of Google's Data Manager API, and from its answers to outcomes. Pure.

Sources (developers.google.com/data-manager/api): devguides/concepts/formatting (normalisation, hashing),
reference/rest/v1/audienceMembers/ingest and remove, reference/rest/v1/Destination, devguides/limits (10,000 members a
request, 300 requests a minute, RESOURCE_EXHAUSTED and quota names), devguides/concepts/understand-errors (one member that
is not valid fails the whole request). Not the Google Ads API: since April 2026 it takes no new users of Customer Match.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TypeAlias

import orjson

from connectors.delivery import Activation, Deferred, Delivered, Outcome, Refused
from connectors.delivery.answers import TO_MEND, instant_of
from connectors.delivery.asking import Response
from connectors.delivery.listing import List, Member
from streams.core.values import Json

MOST = 10_000
"""Members of one request."""
PURPOSE = "personalised-ads"
"""What Google is told that people agreed to."""
GMAIL = frozenset({"gmail.com", "googlemail.com"})
PHONE = re.compile(r"\+[1-9][0-9]{1,14}")
OURS = frozenset({"FAILED_PRECONDITION", "INVALID_ARGUMENT", "NOT_FOUND", "PERMISSION_DENIED"})
"""Account, list or terms are not as Google wants them: the operator's to mend. A token is renewed first."""
A_MEMBER = re.compile(r"audience_?members?\[", re.IGNORECASE)
MINUTE, HOUR = 60_000, 3_600_000
WAITS = (("PerDay", HOUR), ("PerMinute", MINUTE))
"""By the name of the quota; a day's is asked for hourly, since when it begins anew is not said."""


Identifier: TypeAlias = Mapping[str, str]
"""A UserIdentifier: `emailAddress` or `phoneNumber`, and its digest."""


def normal_email(email: str) -> str:
    """No white space, lower case; of Gmail's two domains without dots and what follows a plus sign before the @."""
    name, _, domain = "".join(email.split()).lower().rpartition("@")
    if domain in GMAIL:
        name = name.partition("+")[0].replace(".", "")
    return f"{name}@{domain}"


def identifier_of(identifier: str) -> Identifier | Refused:
    """SHA-256 in hex. Phone numbers in E.164 with the plus sign."""
    namespace, _, value = identifier.partition(":")
    if namespace == "email" and "@" in value:
        return {"emailAddress": sha256(normal_email(value).encode()).hexdigest()}
    if namespace == "phone" and PHONE.fullmatch(value.strip()):
        return {"phoneNumber": sha256(value.strip().encode()).hexdigest()}
    return Refused(why="neither an e-mail address nor a phone number in E.164")


def member_of(activation: Activation, lists: Mapping[str, str]) -> Member[Identifier] | Refused:
    number = lists.get(activation.audience)
    if number is None:
        return Refused(why="no change of an audience that settings.lists names")
    if not activation.is_removal and activation.purpose != PURPOSE:
        return Refused(why=f"Google is to be told of consent; expected the purpose {PURPOSE}")
    identifier = identifier_of(activation.identifier)
    if isinstance(identifier, Refused):
        return identifier
    return Member(activation_id=activation.activation_id, value=identifier,
                  list=List(number=number, is_addition=not activation.is_removal))


def body_of(members: Sequence[Member[Identifier]], account: str, login_account: str) -> dict[str, Json]:
    """A request about members of one list. An activation exists only with consent, so an addition says so."""
    target = {"operatingAccount": _google_ads(account), "productDestinationId": members[0].list.number}
    if login_account:
        target["loginAccount"] = _google_ads(login_account)
    body = {"destinations": [target], "encoding": "HEX",
            "audienceMembers": [{"userData": {"userIdentifiers": [member.value]}} for member in members]}
    if not members[0].list.is_addition:
        return body
    return body | {"consent": {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"},
                   "termsOfService": {"customerMatchTermsOfServiceStatus": "ACCEPTED"}}


def read_answer(answer: Response, count: int, at: int) -> Outcome | None:
    """None: some member is not valid, and the request was refused for that. Which one is told in more than one way of
    counting, so that is not relied on. Every other error is about the request, and refuses nobody."""
    fields = answer.fields()
    if answer.status == 200 and isinstance(fields.get("requestId"), str):
        return Delivered(reference=fields["requestId"])
    error = fields.get("error")
    if not isinstance(error, dict):
        return Deferred(why=f"HTTP {answer.status}, and not Google's answer", until=_asked_for(answer, [], at),
                        to_mend=answer.status in TO_MEND)
    details = [detail for detail in _list(error.get("details")) if isinstance(detail, dict)]
    if answer.status == 400 and any(A_MEMBER.search(field) for field in _fields(details)):
        return Refused(why="Google does not take this value") if count == 1 else None
    status = str(error.get("status"))
    why = f"Google {status}" if status.isupper() else f"HTTP {answer.status}"
    return Deferred(why=why, until=_asked_for(answer, details, at), to_mend=status in OURS)


def _google_ads(account: str) -> dict[str, str]:
    return {"accountType": "GOOGLE_ADS", "accountId": account}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _fields(details: Sequence[Mapping[str, Json]]) -> Iterator[str]:
    """What google.rpc.BadRequest complains of."""
    for detail in details:
        for violation in _list(detail.get("fieldViolations")):
            if isinstance(violation, dict):
                yield str(violation.get("field"))


def _asked_for(answer: Response, details: Sequence[Mapping[str, Json]], at: int) -> int | None:
    """By google.rpc.RetryInfo, else by the quota that is used up (google.rpc.ErrorInfo), else by HTTP."""
    for detail in details:
        delay = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s", str(detail.get("retryDelay")))
        if delay:
            return at + int(float(delay[1]) * 1000)
    quota = orjson.dumps([detail.get("metadata") for detail in details]).decode()
    for name, wait in WAITS:
        if name in quota:
            return at + wait
    return instant_of(answer.retry_after, at)
