"""What every protocol offers to polling, sending and checking, and how it says that something is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

#: How long a server may keep us waiting for one answer, in seconds.
PATIENCE_SECONDS = 30


class Trouble(StrEnum):
    """What is wrong, in the terms in which somebody can put it right."""

    SECRET = "secret"  # noqa: S105 - the name of a trouble, not a secret
    CREDENTIALS = "credentials"
    CERTIFICATE = "certificate"
    SECURITY = "security"
    PERMISSION = "permission"
    FOLDER = "folder"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BUSY = "busy"
    ANSWER = "answer"


class GatewayError(Exception):
    """The mail server could not be used. `detail` is what it said; `wait` how long it asked us to stay away."""

    def __init__(self, trouble: Trouble, detail: str, wait: timedelta | None = None) -> None:
        self.trouble = trouble
        self.detail = " ".join(detail.split())[:500].replace("\x00", "")
        self.wait = wait
        super().__init__(f"{trouble}: {self.detail}")


class Refused(GatewayError):
    """The server will never take this mail; others it may."""


@dataclass(frozen=True)
class Batch:
    """New messages, oldest first, by the server's own name for each. `cursor` is where to go on once all of
    them are handled; `more`: there are more already."""

    handles: Sequence[str]
    cursor: str
    more: bool


class Gateway(Protocol):
    """One mailbox on its server. Connects when first needed. Every method raises `GatewayError`."""

    def list_new(self, cursor: str | None, since: datetime, limit: int) -> Batch:
        """Up to about `limit` messages that came into the folder after `cursor`.

        Without a cursor: what is unread. With one that the server has forgotten: what is unread or came
        after `since` (UTC). It may name a message again; it never leaves one out.
        """

    def read(self, handle: str) -> bytes | None:
        """The message as it was received; None when it is no longer in the folder. Does not mark it read."""

    def mark_handled(self, handle: str) -> None:
        """Shows that we have it: read, and in the handled folder if there is one. Gone: does nothing."""

    def move_to_quarantine(self, handle: str) -> None:
        """Puts it into the quarantine folder, still unread. Gone: does nothing."""

    def send(self, sender: str, recipient: str, content: bytes) -> None:
        """Hands the mail in. Raises `Refused`, or an SMTP server's own error, when it was not taken."""

    def count(self) -> int:
        """Signs in and says how many messages the folder holds."""

    def check_folders(self) -> None:
        """The quarantine folder and the handled folder are there. Changes nothing."""

    def find(self, message_id: str) -> bool:
        """Whether a message with this Message-ID is in the folder or has been moved out of it by us."""

    def close(self) -> None:
        """Lets go of the connections. Raises nothing."""
