"""What is understood of a mail: plain values, made by `parse` and read by intake."""

from dataclasses import dataclass
from datetime import datetime


class NotAMessage(Exception):
    """The bytes hold no mail header at all. `reason` says what they are instead."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class MailAddress:
    """One address; `email` is in lower case, `name` may be empty."""

    name: str
    email: str


@dataclass(frozen=True)
class MailAttachment:
    """A file of the message. `media_type` is what the content looks like, whatever the sender called it."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class LeftOut:
    """A file that a limit kept out of the ticket; the raw message has it. `why`: "too large", "too many" or
    "too much" (all of them together)."""

    name: str
    size: int
    why: str


@dataclass(frozen=True)
class AutoResponse:
    """A machine wrote this. `kind` is "bounce", "reply", "list" or "report"; `reason` is what gave it away."""

    kind: str
    reason: str


@dataclass(frozen=True)
class Delivery:
    """A delivery report (RFC 3464): which of our mails it is about and what became of it."""

    original_message_id: str | None
    recipient: str | None
    action: str
    status: str
    diagnostic: str


@dataclass(frozen=True)
class Authentication:
    """What the receiving server found (RFC 8601): "pass", "fail", "none" …; None where it says nothing."""

    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the sender is not who it says. Silence is not failure: an internal server adds nothing."""
        if self.dmarc is not None and self.dmarc not in ("none", "temperror"):
            return self.dmarc != "pass"
        return self.spf in ("fail", "softfail") and self.dkim != "pass"


@dataclass(frozen=True)
class ParsedMessage:
    """A message as far as it can be understood; `warnings` says where it could not. CPR numbers are masked
    in everything that a person will read. Times are UTC."""

    message_id: str | None
    sender: MailAddress | None
    to: tuple[MailAddress, ...]
    cc: tuple[MailAddress, ...]
    #: Addresses that the servers on the way noted: Delivered-To, X-Original-To, Envelope-To.
    delivered_to: tuple[MailAddress, ...]
    subject: str
    date: datetime | None
    text: str
    reply: str
    #: What `text` holds besides `reply`: quoted history and signature.
    folded: str | None
    attachments: tuple[MailAttachment, ...]
    left_out: tuple[LeftOut, ...]
    auto_response: AutoResponse | None
    delivery: Delivery | None
    references: tuple[str, ...]
    in_reply_to: tuple[str, ...]
    auth: Authentication
    masked: int
    warnings: tuple[str, ...]
