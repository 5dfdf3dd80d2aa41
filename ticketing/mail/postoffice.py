"""The ways out: through a municipality's own mailbox, else the common SMTP server, else into files."""

import smtplib
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import select, update

from ticketing.database import db, transaction
from ticketing.mail.gateways import Gateway, GatewayError, Refused, Trouble, open_gateway
from ticketing.mail.gateways.smtp import SmtpSender, log_in
from ticketing.mail.mailboxes import Mailbox, Security, Server, sending_mailbox
from ticketing.mail.models import MailboxState
from ticketing.organisation.models import Municipality
from ticketing.settings import Settings
from ticketing.vocabulary import MunicipalityId

#: What is wrong with one mail and not with the way out.
_OF_THE_MAIL = frozenset({Trouble.ANSWER})


class PostOffices:
    """The ways out for one round of sending. Connections are opened when the first mail needs them and shared
    by the municipalities that share a way. `closed` are those whose mail can't leave in this round."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self._settings = settings
        self._now = now
        self._gateways: dict[str, Gateway] = {}
        self._smtp: SmtpSender | None = None
        #: A server that asked for patience is left alone for as long as it said.
        self.closed: set[MunicipalityId] = set(
            db.session.scalars(select(MailboxState.municipality_id).where(MailboxState.send_again_at > now))
        )

    def deliver(
        self, municipality: Municipality, sender: str, recipient: str, message_id: str, content: bytes
    ) -> None:
        """Hands over one mail. Raises OSError, SMTPException or `GatewayError` when it was not taken."""
        mailbox = sending_mailbox(municipality.key)
        if mailbox is not None:
            self._through(
                mailbox, municipality.id, partial(self._gateway(mailbox).send, sender, recipient, content)
            )
        elif self._settings.smtp_host:
            self._by_common_server(
                municipality.id, partial(self._common_server().send, sender, recipient, content)
            )
        else:
            _write_file(self._settings.data_dir / "outbox", message_id, content)

    def close(self) -> None:
        """Lets go of every connection."""
        for gateway in self._gateways.values():
            gateway.close()
        if self._smtp is not None:
            self._smtp.close()

    def _gateway(self, mailbox: Mailbox) -> Gateway:
        if mailbox.key not in self._gateways:
            self._gateways[mailbox.key] = open_gateway(mailbox)
        return self._gateways[mailbox.key]

    def _through(self, mailbox: Mailbox, municipality_id: MunicipalityId, send: Callable[[], None]) -> None:
        try:
            send()
        except GatewayError as error:
            if not isinstance(error, Refused) and error.trouble not in _OF_THE_MAIL:
                self.closed.add(municipality_id)
            if error.wait:
                _leave_alone(mailbox, self._now + error.wait)
            raise
        except OSError as error:
            if not _about_one_mail(error):
                self.closed.add(municipality_id)
            raise

    def _by_common_server(self, municipality_id: MunicipalityId, send: Callable[[], None]) -> None:
        try:
            send()
        except (OSError, GatewayError):
            if self._common_server().unreachable:
                self.closed.add(municipality_id)
                self._smtp = None  # another municipality finds out for itself, on a new connection
            raise

    def _common_server(self) -> SmtpSender:
        if self._smtp is None:
            self._smtp = common_server(self._settings)
        return self._smtp


def common_server(settings: Settings) -> SmtpSender:
    """The way out through the SMTP server of the settings, which must name one."""
    security = Security.STARTTLS if settings.smtp_starttls else Security.NONE
    user, password = settings.smtp_user, settings.smtp_password or ""
    shows_who_we_are = partial(log_in, login=user, password=password) if user else None
    return SmtpSender(Server(settings.smtp_host, settings.smtp_port, security), shows_who_we_are)


def _about_one_mail(error: OSError) -> bool:
    return isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError | smtplib.SMTPSenderRefused)


def _leave_alone(mailbox: Mailbox, until: datetime) -> None:
    with transaction() as session:
        session.execute(update(MailboxState).where(MailboxState.key == mailbox.key).values(send_again_at=until))


def _write_file(folder: Path, message_id: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # The same mail written again lands on the same file.
    (folder / f"{message_id.strip('<>').partition('@')[0]}.eml").write_bytes(content)
