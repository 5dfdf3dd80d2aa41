"""Listens at the IMAP servers that offer IDLE (RFC 2177), so that mail is read the moment it comes. What it
hears only hastens the next look; whatever it misses, that look finds at its usual time."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from ticketing.database import db
from ticketing.mail.gateways import GatewayError
from ticketing.mail.mailboxes import Mailbox, Protocol
from ticketing.mail.polling import hasten

log = logging.getLogger(__name__)

#: A connection that a firewall has forgotten is found out after this long.
IDLE_SECONDS = 9 * 60
#: Until another worker's turn, or a server in trouble, is looked at again.
PAUSE_SECONDS = 30


class Listeners:
    """A thread for each IMAP mailbox, while `may_listen()`; calls `wake` when there is something to read."""

    def __init__(self, app: Flask, may_listen: Callable[[], bool], wake: Callable[[], None]) -> None:
        self._app = app
        self._may_listen = may_listen
        self._wake = wake
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to listen."""
        for mailbox in self._app.extensions["mailboxes"].values():
            if mailbox.protocol is Protocol.IMAP:
                name = f"listens to {mailbox.key}"
                # They write nothing but the time of a look, so the end of the process may end them anywhere.
                threading.Thread(target=self._listen, args=(mailbox,), name=name, daemon=True).start()

    def stop(self) -> None:
        """Hasten nothing any more."""
        self._stopped.set()

    def _listen(self, mailbox: Mailbox) -> None:
        from ticketing.mail.gateways.imap import ImapGateway

        pause = 0
        while not self._stopped.wait(pause):
            pause = PAUSE_SECONDS
            if not self._may_listen():
                continue
            gateway = ImapGateway(mailbox)
            try:
                while (heard := gateway.wait(IDLE_SECONDS)) is not None and not self._stopped.is_set():
                    if heard:
                        self._hasten(mailbox.key)
                if heard is None:
                    return  # the server doesn't offer it
            except GatewayError as error:
                log.info("No listening at the mailbox %s for now (%s)", mailbox.key, error.trouble)
                pause = PAUSE_SECONDS * 10
            finally:
                gateway.close()

    def _hasten(self, key: str) -> None:
        with self._app.app_context():
            try:
                hasten(key, datetime.now(UTC))
            except SQLAlchemyError:
                log.exception("The mailbox %s has mail, and the database is away", key)
            finally:
                db.session.remove()
        self._wake()
