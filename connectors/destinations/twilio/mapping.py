"""From an activation to Twilio's form, and from its answer to an outcome. Pure.

Source: twilio.com/docs/messaging/api/message-resource and twilio.com/docs/api/errors. Twilio has no idempotency key for
messages: after a lost answer a text may be sent twice.
"""
from __future__ import annotations

from connectors.delivery import Activation, Deferred, Delivered, Outcome, Refused
from connectors.delivery.answers import outcome_of
from connectors.delivery.asking import Response

LONGEST = 1600
"""Characters of a Body; Twilio refuses more (error 21617)."""

OURS = frozenset({20003, 20005, 21212, 21601, 21603, 21606, 21609, 21611, 21659, 21660, 21661, 21701, 21703, 21704, 21705,
                  63038})
"""An account, sender, messaging service or callback that is wrong, a queue or a day that is full: the operator's to mend."""


def form_of(activation: Activation, sender: str, callback: str = "") -> dict[str, str] | Refused:
    """The fields of the request."""
    text = activation.content.get("text")
    if not activation.identifier.startswith("phone:+"):
        return Refused(why="no phone number in international form")
    if not isinstance(text, str) or not text or len(text) > LONGEST:
        return Refused(why=f"no text, or one over {LONGEST} characters")
    by = "MessagingServiceSid" if sender.startswith("MG") else "From"
    reported = {"StatusCallback": callback} if callback else {}
    return {"To": activation.identifier.removeprefix("phone:"), by: sender, "Body": text, **reported}


def read_answer(answer: Response, at: int) -> Outcome:
    """Only an answer that names the message's `sid` is a delivery. A refusal tells Twilio's code, not its message, which
    quotes the number."""
    fields = answer.fields()
    sid = fields.get("sid")
    outcome = outcome_of(answer.status, answer.retry_after, at, reference=sid if isinstance(sid, str) and sid else None)
    match outcome:
        case Delivered(reference=None):
            return Deferred(why=f"HTTP {answer.status} without a sid: not Twilio's answer")
        case Refused() if isinstance(code := fields.get("code"), int):
            return Deferred(why=f"Twilio {code}", to_mend=True) if code in OURS else Refused(why=f"Twilio {code}")
        case _:
            return outcome
