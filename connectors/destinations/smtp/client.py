"""The connection to a mail server: one, kept for a batch, opened anew after any doubt about its state."""
from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import aiosmtplib
from aiosmtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused

from connectors.delivery import Activation, Deferred, Delivered, Outcome, Refused
from connectors.destinations.smtp.mapping import address_of, message_of, outcome_of, reference_of
from connectors.destinations.smtp.settings import SmtpSettings

TOO_LARGE = 552


class SmtpConnector:
    most = 20
    """Messages of one call, one after the other over one connection."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._server: aiosmtplib.SMTP | None = None

    async def deliver(self, batch: Sequence[Activation], at: int) -> Sequence[Outcome]:
        """One after the other; once the connection is lost the rest of the batch is deferred, untried."""
        outcomes: list[Outcome] = []
        for activation in batch:
            outcomes.append(await self._outcome(activation))
            if self._server is None and isinstance(outcomes[-1], Deferred):
                break
        return outcomes + [Deferred(why="the connection was lost before it")] * (len(batch) - len(outcomes))

    async def close(self) -> None:
        """Says goodbye; the next `deliver` connects again."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(SMTPException, OSError):
                await server.quit()

    async def _outcome(self, activation: Activation) -> Outcome:
        message = message_of(activation, self._settings)
        if isinstance(message, Refused):
            return message
        try:
            server = await self._connected()
            # Not `send_message`: it folds headers by a policy of its own.
            _, answer = await server.sendmail(self._settings.address, [address_of(activation)], message.as_bytes())
            return Delivered(reference=reference_of(answer, address_of(activation)))
        except SMTPRecipientsRefused as failure:
            return outcome_of(failure.recipients[0].code)
        except SMTPResponseException as failure:
            if failure.code == 421 or self._server is None:
                self._drop()
            return outcome_of(failure.code) if _is_of_message(failure) else Deferred(why=f"SMTP {failure.code}")
        except (SMTPException, OSError) as failure:
            self._drop()
            return Deferred(why=f"connection: {type(failure).__name__}")

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._server is None or not self._server.is_connected:
            settings = self._settings
            server = aiosmtplib.SMTP(
                hostname=settings.host, port=settings.port, timeout=settings.timeout,
                use_tls=settings.tls == "implicit", start_tls=settings.tls == "starttls",
                username=settings.username or None, password=settings.password or None)
            await server.connect()
            self._server = server
        return self._server

    def _drop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()


def _is_of_message(failure: SMTPResponseException) -> bool:
    """Whether the reply is about this message: to its data, or that it is too large (552, RFC 1870). A greeting, a sender
    that is not taken, a refused log-in are the operator's to mend, and nobody is to be refused for them."""
    return isinstance(failure, SMTPDataError) or (isinstance(failure, SMTPSenderRefused) and failure.code == TOO_LARGE)
