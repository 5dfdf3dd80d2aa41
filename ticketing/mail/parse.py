"""One message, as bytes, understood as far as it can be. Pure: no database, no clock, no network."""

from collections.abc import Collection
from datetime import timedelta
from email.message import Message

from ticketing.mail import headers, parts
from ticketing.mail.automatic import automatic, delivery_report
from ticketing.mail.message import LeftOut, MailAddress, MailAttachment, ParsedMessage
from ticketing.mail.quoted import part_from_history
from ticketing.mail.structure import header_tree, tree
from ticketing.privacy.cpr import mask
from ticketing.settings import AttachmentLimits

SUBJECT_LENGTH = 250
REFERENCES = 100
_WRITTEN_LATER = timedelta(days=1)


def parse(
    raw: bytes, limits: AttachmentLimits | None = None, trusted_hosts: Collection[str] = ()
) -> ParsedMessage:
    """What `raw`, a message by RFC 5322 or anything like one, holds. Never raises for a message, however
    broken: what can't be read is left out and named in `warnings`. Raises `NotAMessage` for other bytes.
    `trusted_hosts`: whose word on who the sender is counts (`headers.authentication`).
    """
    message, warnings = tree(raw)
    found = parts.contents(message, limits)
    sender = _sender(message, warnings)
    subject = headers.text_value(message, "Subject")[:SUBJECT_LENGTH]
    auto = automatic(message, subject, sender.email if sender else None)
    text = "\n\n".join(one.strip("\n") for one in found.texts if one.strip())
    if not text:
        warnings.append("no text")
    reply, folded = part_from_history(text)
    subject, masked_in_subject = mask(subject)
    text, masked_in_text = mask(text)
    date = headers.date(message, "Date")
    _check_date(message, warnings)
    ids = headers.message_ids(message, "Message-ID")
    if not ids:
        warnings.append("no Message-ID")
    return ParsedMessage(
        message_id=ids[0] if ids else None,
        sender=_masked(sender) if sender else None,
        to=tuple(_masked(one) for one in headers.addresses(message, "To")),
        cc=tuple(_masked(one) for one in headers.addresses(message, "Cc")),
        delivered_to=tuple(
            one
            for name in ("Delivered-To", "X-Original-To", "Envelope-To")
            for one in headers.addresses(message, name)
        ),
        subject=subject,
        date=date,
        text=text,
        reply=mask(reply)[0],
        folded=mask(folded)[0] if folded is not None else None,
        attachments=tuple(_with_masked_name(one) for one in found.attachments),
        left_out=tuple(LeftOut(mask(one.name)[0], one.size, one.why) for one in found.left_out),
        auto_response=auto,
        delivery=delivery_report(message),
        references=headers.message_ids(message, "References")[-REFERENCES:],
        in_reply_to=headers.message_ids(message, "In-Reply-To")[:REFERENCES],
        auth=headers.authentication(message, trusted_hosts),
        masked=masked_in_subject + masked_in_text,
        warnings=tuple(dict.fromkeys([*warnings, *found.warnings])),
    )


def header_of(raw: bytes) -> Message:
    """The header of a message that was kept, without the cost of its body."""
    return header_tree(raw)


def _sender(message: Message, warnings: list[str]) -> MailAddress | None:
    for name in ("From", "Sender"):
        found = headers.addresses(message, name)
        if found:
            if len(found) > 1:
                warnings.append(f"more than one address in {name}: the first is taken")
            if name != "From":
                warnings.append(f"no address in From: {name} is taken")
            return found[0]
    warnings.append("no sender")
    return None


def _check_date(message: Message, warnings: list[str]) -> None:
    if not headers.raw_value(message, "Date"):
        warnings.append("no Date")
        return
    date, received = headers.date(message, "Date"), headers.date(message, "Received")
    if date is None:
        warnings.append("the Date can't be read")
    elif received is not None and date - received > _WRITTEN_LATER:
        warnings.append("the Date is later than the day it was received")


def _masked(address: MailAddress) -> MailAddress:
    return MailAddress(mask(address.name)[0], address.email)


def _with_masked_name(attachment: MailAttachment) -> MailAttachment:
    return MailAttachment(mask(attachment.name)[0], attachment.media_type, attachment.content)
