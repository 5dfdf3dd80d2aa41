"""Tries a mailbox out from end to end, and says in plain English what is wrong and what to do about it."""

import smtplib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid

from sqlalchemy import select

from ticketing.database import db
from ticketing.mail.advice import advice
from ticketing.mail.gateways import Gateway, GatewayError, Trouble, open_gateway
from ticketing.mail.gateways.network import on_the_way
from ticketing.mail.mailboxes import Mailbox
from ticketing.mail.postoffice import common_server
from ticketing.organisation.models import Municipality
from ticketing.organisation.snapshot import organisation_now
from ticketing.settings import Settings

#: How long the mail to itself may be on its way, and how often it is looked for; seconds.
ARRIVAL_SECONDS = 90.0
LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Step:
    """One thing that was tried. `advice`: what to do when it did not go well. Neither good nor bad
    (`good` None): it was not tried."""

    name: str
    good: bool | None
    said: str
    advice: str = ""


def check(
    mailbox: Mailbox, settings: Settings, now: datetime, arrival_seconds: float = ARRIVAL_SECONDS
) -> Iterator[Step]:
    """Each step when it is done: belongs to somebody, signs in and lists, has its folders, sends itself a mail
    and sees it arrive. What builds on a step that failed is not tried. Marks and moves nothing; the mail to
    itself is taken in by the worker later, as our own that came back."""
    yield belonging(mailbox)
    gateway = open_gateway(mailbox)
    try:
        for name, try_it in (("sign in", _signs_in), ("folders", _has_its_folders)):
            try:
                yield Step(name, True, try_it(gateway, mailbox))
            except GatewayError as error:
                yield _failed(name, error, mailbox)
                return
        yield from _there_and_back(gateway, mailbox, settings, now, arrival_seconds)
    finally:
        gateway.close()


def belonging(mailbox: Mailbox) -> Step:
    """Whether its municipality and its institution exist. Asks the database only."""
    municipality_id = db.session.scalar(select(Municipality.id).where(Municipality.key == mailbox.municipality))
    if municipality_id is None:
        known = ", ".join(db.session.scalars(select(Municipality.key).order_by(Municipality.key))) or "none yet"
        said = f"there is no municipality {mailbox.municipality!r}, so nothing is read"
        return Step("belongs to", False, said, f"Set `municipality` to one of: {known}.")
    if mailbox.unit is None:
        return Step("belongs to", True, f"the municipality {mailbox.municipality}")
    unit = organisation_now(db.session(), municipality_id).unit_with_mail_key(mailbox.unit)
    if unit is None:
        said = f"no institution of {mailbox.municipality} has the mail key {mailbox.unit!r}"
        return Step(
            "belongs to", False, said, "Until `unit` is put right, its mail goes to the municipality's triage."
        )
    return Step("belongs to", True, f"{unit.name} in {mailbox.municipality}")


def _signs_in(gateway: Gateway, mailbox: Mailbox) -> str:
    count = gateway.count()
    return f"{mailbox.server} knows us; the folder {mailbox.folder} of {mailbox.address} holds {count} messages"


def _has_its_folders(gateway: Gateway, mailbox: Mailbox) -> str:
    gateway.check_folders()
    return " and ".join(filter(None, (mailbox.quarantine_folder, mailbox.handled_folder)))


def _there_and_back(
    gateway: Gateway, mailbox: Mailbox, settings: Settings, now: datetime, arrival_seconds: float
) -> Iterator[Step]:
    if not mailbox.can_send and not settings.smtp_host:
        yield Step("send", None, "not tried: nothing is sent from it, and TICKETING_SMTP_HOST is not set")
        return
    letter = _letter(mailbox, now)
    way = "through the mailbox" if mailbox.can_send else f"through {settings.smtp_host}"
    try:
        _send(gateway, mailbox, settings, letter)
    except GatewayError as error:
        yield _failed("send", error, mailbox)
        return
    yield Step("send", True, f"a mail from {mailbox.address} to itself was taken, {way}")
    try:
        seconds = _seen_after(gateway, str(letter["Message-ID"]), arrival_seconds)
    except GatewayError as error:
        yield _failed("arrive", error, mailbox)
        return
    if seconds is not None:
        yield Step("arrive", True, f"it lay in {mailbox.folder} after {seconds:.0f} seconds")
        return
    said = f"it did not come into {mailbox.folder} within {arrival_seconds:.0f} seconds"
    yield Step(
        "arrive",
        False,
        said,
        "Look for it in the junk folder and in others that a rule may move it to, and see whether a report "
        f"came back to {mailbox.address}.",
    )


def _send(gateway: Gateway, mailbox: Mailbox, settings: Settings, letter: EmailMessage) -> None:
    content = letter.as_bytes(policy=SMTP.clone(max_line_length=990))
    common = None if mailbox.can_send else common_server(settings)
    try:
        (common or gateway).send(mailbox.address, mailbox.address, content)
    except OSError as error:
        raise _of_smtp(error) from error
    finally:
        if common is not None:
            common.close()


def _seen_after(gateway: Gateway, message_id: str, patience: float) -> float | None:
    """After how many seconds the mail was there; None when it never was."""
    start = time.monotonic()
    while not gateway.find(message_id):
        if time.monotonic() - start > patience:
            return None
        time.sleep(min(LOOK_SECONDS, patience))
    return time.monotonic() - start


def _letter(mailbox: Mailbox, now: datetime) -> EmailMessage:
    """Says of itself that a machine wrote it (RFC 3834 §5), so that nobody's absence answers it."""
    letter = EmailMessage(policy=SMTP)
    letter["Message-ID"] = make_msgid("check", domain=mailbox.address.rpartition("@")[2])
    letter["Date"] = now
    letter["From"] = letter["To"] = mailbox.address
    letter["Subject"] = "Aula-support: prøve af postkassen"
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    letter.set_content("Postkassen er prøvet af med: ticketing mail check. Mailen kan slettes.")
    return letter


def _of_smtp(error: OSError) -> GatewayError:
    """An SMTP server's answer, or the lack of one, as what it means."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return GatewayError(Trouble.CREDENTIALS, str(error))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return GatewayError(Trouble.SECURITY, str(error))
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPRecipientsRefused):
        return GatewayError(Trouble.PERMISSION, str(error))
    if isinstance(error, smtplib.SMTPResponseException):
        later = 400 <= error.smtp_code < 500
        return GatewayError(Trouble.BUSY if later else Trouble.ANSWER, str(error))
    if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
        return GatewayError(Trouble.ANSWER, str(error))
    return on_the_way(error)


def _failed(name: str, error: GatewayError, mailbox: Mailbox) -> Step:
    return Step(name, False, str(error), advice(error.trouble, mailbox))
