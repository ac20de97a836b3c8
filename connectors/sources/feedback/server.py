"""Where feedback comes in over HTTP. Public, behind a proxy that ends TLS: every route proves its caller by itself.

Answered with success only once the request is safe on its topic; else 503, and the sender comes again.
"""
from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import ceil

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, generate_latest

from connectors.probes import add_probes
from connectors.requests import body_of, form_of, giving_up
from connectors.sources.feedback import twilio, webhooks
from connectors.sources.feedback.reports import read_report
from connectors.sources.feedback.senders import Senders
from connectors.sources.feedback.signals import Reason, Signal, Tell, id_of
from streams.core.errors import Retryable

LARGEST = 4 << 20
"""Bytes of a request."""
SOON = 5
"""Seconds until a sender is to come again while the definitions are read."""
ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""The field that RFC 8058 asks for; our own page's button posts the same."""
PAGE = """<!doctype html><meta charset="utf-8"><meta name="robots" content="noindex"><title>Unsubscribe</title>
<form method="post"><p>No more e-mail to this address?</p>
<button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>"""
DONE = "This address is unsubscribed."


class Feedback:
    """`senders`: those in force now, None while the definitions are not known yet. `clock` gives epoch ms. `normalised`: an
    identifier as the pipeline has it, None if nobody can have it."""

    def __init__(
        self, senders: Callable[[], Senders | None], tell: Tell, clock: Callable[[], int],
        normalised: Callable[[str], str | None],
    ) -> None:
        self._senders, self._tell, self._clock, self._normalised = senders, tell, clock, normalised
        self.registry = CollectorRegistry()
        self._told = Counter("audience_feedback_told", "Requests to suppress that were made. Complaints that rise: look at "
                             "what was sent.", ["reason"], registry=self.registry)
        self._passed_over = Counter("audience_feedback_passed_over", "Reports that are no wish of a person, such as a full "
                                    "mailbox, or that prove nothing.", registry=self.registry)

    def senders(self) -> Senders:
        """503 until the definitions are known."""
        found = self._senders()
        if found is None:
            raise _come_again("not ready yet: the definitions are not read", SOON)
        return found

    async def tell(self, signal: Signal) -> None:
        """Raises what its `Tell` does."""
        await self._tell(signal)
        self._told.labels(signal.reason).inc()

    async def answer(self, signal: Signal | None) -> web.Response:
        """204 if nobody wishes anything, 503 if it could not be written."""
        if signal is None:
            self.pass_over()
            return web.Response(status=204)
        try:
            await self.tell(signal)
        except Retryable as fault:
            raise _come_again("could not be written; please send it again", fault.after) from None
        return web.Response(text=DONE)

    def pass_over(self, number: int = 1) -> None:
        self._passed_over.inc(number)

    async def page(self, request: web.Request) -> web.Response:
        """Looking at it changes nothing: mail scanners follow every link."""
        self._addressee(request)
        return web.Response(text=PAGE, content_type="text/html", headers={"Referrer-Policy": "no-referrer"})

    async def unsubscribe(self, request: web.Request) -> web.Response:
        identifier = self._addressee(request)
        if ONE_CLICK not in await form_of(request):
            raise web.HTTPBadRequest(text="expected List-Unsubscribe=One-Click")
        name = id_of(identifier, str(self._clock()))
        return await self.answer(Signal(id=name, identifier=identifier, reason=Reason.UNSUBSCRIBED, source="link"))

    async def twilio(self, request: web.Request) -> web.Response:
        sender = self.senders().twilio.get(request.match_info["destination"])
        fields = await form_of(request)
        signature = request.headers.get("X-Twilio-Signature", "")
        if sender is None or not twilio.is_signed(sender.callback, fields, signature, sender.token):
            raise web.HTTPForbidden(text="the signature is not this destination's")
        return await self.answer(twilio.read_callback(fields))

    async def webhook(self, request: web.Request) -> web.Response:
        name, body = request.match_info["destination"], await body_of(request)
        key = self.senders().webhooks.get(name)
        if key is None or not webhooks.is_signed(request.headers, body, key, self._clock()):
            raise web.HTTPForbidden(text="the signature is not this destination's, or too old")
        signal = webhooks.read_webhook(name, request.headers, body, self._normalised)
        if signal is None:
            raise web.HTTPBadRequest(text='expected {"identifier": "NAMESPACE:VALUE", "reason": one of '
                                          f'{", ".join(Reason)}}}, a phone number with its country as phone:+31612345678')
        return await self.answer(signal)

    async def report(self, request: web.Request) -> web.Response:
        """A message as a mail server pipes it: `curl --data-binary @-`."""
        raw = await body_of(request)
        return await self.answer(await asyncio.to_thread(read_report, raw, self.senders().identifier))

    async def ready(self) -> dict[str, bool]:
        return {"ready": self._senders() is not None}

    async def metrics(self) -> bytes:
        return generate_latest(self.registry)

    def _addressee(self, request: web.Request) -> str:
        identifier = self.senders().identifier(request.match_info["token"])
        if identifier is None:
            raise web.HTTPNotFound(text="this link is not complete, or not ours")
        return identifier


def _come_again(text: str, seconds: float) -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(text=text, headers={"Retry-After": str(ceil(seconds))})


def application(feedback: Feedback) -> web.Application:
    """Its routes. For `/live`, `/ready` and `/metrics` the proxy needs none."""
    app = web.Application(client_max_size=LARGEST, middlewares=[giving_up])
    app.add_routes([
        web.get("/unsubscribe/{token}", feedback.page), web.post("/unsubscribe/{token}", feedback.unsubscribe),
        web.post("/twilio/{destination}", feedback.twilio), web.post("/webhooks/{destination}", feedback.webhook),
        web.post("/reports", feedback.report)])
    add_probes(app, ready=feedback.ready, metrics=feedback.metrics)
    return app
