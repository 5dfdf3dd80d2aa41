"""Addresses that lead back to a work item: page links, the requester's signed status link, the reply
address and the Message-ID. All that a stranger could guess carries a signature of the secret key."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.organisation.models import Municipality
from ticketing.settings import Settings
from ticketing.vocabulary import ItemId, MunicipalityId
from ticketing.work.models import WorkItem
from ticketing.work.rules import shown_number

#: The local part of our addresses where no mailbox is configured: `aula@…`, `aula+<unit or token>@…`.
MAILBOX = "aula"
STATUS_LINK_SECONDS = 2 * 365 * 24 * 3600
_MESSAGE_ID = re.compile(
    r"<([a-z_]{1,20})\.(\d{1,9})\.(\d{1,9})\.([0-9a-f]{8})\.([0-9a-f]{16})@[^<>\s]{1,150}>"
)
_REPLY_TOKEN = re.compile(r"(\d{1,9})-([0-9a-f]{16})")


@dataclass(frozen=True)
class OurAddresses:
    """The addresses of a municipality's mailboxes in lower case. `sends_from`: its mail goes out from this
    one (None: from the usual address). `plus`: mail to `name+anything@…` arrives there too."""

    sends_from: str | None
    every: frozenset[str]
    plus: bool


def settings() -> Settings:
    """The settings of the running application. Needs an application context."""
    found = current_app.config["SETTINGS"]
    assert isinstance(found, Settings)
    return found


def mail_domain(municipality: Municipality) -> str:
    """The domain that the municipality's mail goes out from; the server's own host where none is set."""
    return municipality.mail_domain or urlsplit(settings().base_url).hostname or "localhost"


def own_address(municipality: Municipality) -> str:
    """The address that the municipality's mail goes out from: its mailbox's, else the usual one."""
    ours = _addresses(municipality)
    return (ours.sends_from if ours else None) or f"{MAILBOX}@{mail_domain(municipality)}"


def reply_address(municipality: Municipality, number: int) -> str | None:
    """Where a reply about item `number` goes to; None when the mail server knows no plus-addresses, where a
    reply is recognised by its headers and subject alone."""
    ours = _addresses(municipality)
    if ours is not None and not ours.plus:
        return None
    local, _, domain = own_address(municipality).rpartition("@")
    return f"{local}+{reply_token(municipality.id, number)}@{domain}"


def item_url(item: WorkItem) -> str:
    """The page of `item` for those who work here."""
    return f"{settings().base_url}/sager/{shown_number(item.kind, item.number)}"


def status_token(item: WorkItem) -> str:
    """A signed token that lets the requester, who has no account, see how far `item` is."""
    return _serializer().dumps([int(item.municipality_id), item.number])


def item_of_status_token(session: Session, token: str) -> WorkItem | None:
    """The item that `token` was made for; None when it is forged, damaged or two years old."""
    try:
        value = _serializer().loads(token, max_age=STATUS_LINK_SECONDS)
    except BadSignature:
        return None
    if isinstance(value, int):  # links sent before the number stood in them
        return session.get(WorkItem, ItemId(value))
    municipality_id, number = value
    return session.scalar(
        select(WorkItem).where(WorkItem.municipality_id == municipality_id, WorkItem.number == number)
    )


def status_url(item: WorkItem) -> str:
    """The link to the status page that a mail to the requester carries."""
    return f"{settings().base_url}/status/{status_token(item)}"


def reply_token(municipality_id: MunicipalityId, number: int) -> str:
    """What stands after the plus in the address that a reply about item `number` goes to. Lower case and
    digits only: mail servers may change the case of an address."""
    return f"{number}-{signature('reply', municipality_id, number)}"


def read_reply_token(municipality_id: MunicipalityId, token: str) -> int | None:
    """The item number in `token`, None unless we made it."""
    match = _REPLY_TOKEN.fullmatch(token.lower())
    if match is None:
        return None
    number = int(match[1])
    return number if hmac.compare_digest(reply_token(municipality_id, number), token.lower()) else None


def message_id(municipality: Municipality, purpose: str, number: int, seq: int, recipient: str) -> str:
    """The Message-ID of the mail about event `seq` of item `number` to one recipient. The same each time it
    is asked for, so that a mail sent again after a crash can be seen to be the same; not to be guessed by
    others, and read again without looking anything up (`read_message_id`)."""
    whom = signature("recipient", municipality.id, recipient)[:8]
    proof = signature("message", municipality.id, purpose, number, seq, whom)
    return f"<{purpose}.{number}.{seq}.{whom}.{proof}@{mail_domain(municipality)}>"


def read_message_id(municipality_id: MunicipalityId, text: str) -> int | None:
    """The number of the item that the Message-ID `text` is about, None unless we made it."""
    match = _MESSAGE_ID.fullmatch(text.lower())
    if match is None:
        return None
    purpose, number, seq, whom, proof = match.groups()
    expected = signature("message", municipality_id, purpose, int(number), int(seq), whom)
    return int(number) if hmac.compare_digest(proof, expected) else None


def is_notice(municipality_id: MunicipalityId, text: str) -> bool:
    """Whether the Message-ID `text` is that of a notice to a colleague, made by us."""
    return text.lower().startswith("<notice.") and read_message_id(municipality_id, text) is not None


def is_our_mailbox(municipality: Municipality, address: str) -> bool:
    """Whether `address` is one of ours: writing to it would only write to ourselves."""
    local, _, domain = address.lower().rpartition("@")
    plain = f"{local.split('+', 1)[0]}@{domain}"
    ours = _addresses(municipality)
    return plain == f"{MAILBOX}@{mail_domain(municipality).lower()}" or (
        ours is not None and plain in ours.every
    )


def signature(*facts: str | int) -> str:
    """Sixteen hexadecimal digits that only the holder of the secret key can make of `facts`."""
    text = "\x00".join(str(fact) for fact in facts)
    return hmac.new(settings().secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


def _addresses(municipality: Municipality) -> OurAddresses | None:
    known: Mapping[str, OurAddresses] = current_app.extensions.get("our_addresses", {})
    return known.get(municipality.key)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="status")
