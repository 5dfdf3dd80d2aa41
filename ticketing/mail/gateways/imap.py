"""IMAP (RFC 3501, MOVE of RFC 6851, IDLE of RFC 2177) through imap-tools, and SMTP for what goes out.

New is what has a higher UID than the last: the "read" flag alone would leave out what somebody looked at in
their mail program first. Flags, moves and bodies are asked for by the commands themselves: the library's own
`flag` and `move` expunge the whole folder, and so would delete what somebody else has marked for deletion.
"""

import imaplib
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import imap_tools
from imap_tools.utils import encode_folder

from ticketing.mail.gateways.gateway import PATIENCE_SECONDS, Batch, GatewayError, Trouble
from ticketing.mail.gateways.network import on_the_way, secret_of, tls
from ticketing.mail.gateways.smtp import SmtpSender, log_in
from ticketing.mail.gateways.token import token
from ticketing.mail.mailboxes import Mailbox, Security, SignIn

SCOPE = "https://outlook.office365.com/.default"
_BUSY_CODES = ("[UNAVAILABLE]", "[LIMIT]", "[INUSE]", "[THROTTLED]")


class ImapGateway:
    """See `gateway.Gateway`. The cursor is "UIDVALIDITY:first new UID:UIDNEXT at the start:1 if the
    server had forgotten an earlier one": of what lay there at the start only some is new."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._box: imap_tools.BaseMailBox | None = None
        self._sender: SmtpSender | None = None

    def list_new(self, cursor: str | None, since: datetime, limit: int) -> Batch:
        """New messages by UID. A changed UIDVALIDITY makes the cursor worthless (RFC 3501 §2.3.1.1)."""
        with self._selected() as box:
            validity = _number(box, "UIDVALIDITY")
            coming = _number(box, "UIDNEXT") or max(_uids(box, 1, None, "ALL"), default=0) + 1
            known = [int(part) for part in cursor.split(":")] if cursor else []
            if known and known[0] == validity:
                _, first, start, forgotten = known
            else:
                first, start, forgotten = 1, coming, len(known) > 0
            day = (since - timedelta(days=1)).strftime("%d-%b-%Y")  # the server's day, whatever its zone
            earlier = f"OR UNSEEN SINCE {day}" if forgotten else "UNSEEN"
            found = _uids(box, first, start - 1, earlier) + _uids(box, max(first, start), None, "ALL")
            taken, more = found[:limit], len(found) > limit
            after = taken[-1] + 1 if more else max([first, coming, *(uid + 1 for uid in taken)])
            new_cursor = f"{validity}:{after}:{start}:{int(forgotten)}"
            return Batch([str(uid) for uid in taken], new_cursor, more)

    def read(self, handle: str) -> bytes | None:
        """The message, by BODY.PEEK, which leaves it unread."""
        with self._selected() as box:
            found = _done(box.client.uid("FETCH", handle, "(BODY.PEEK[])"))
            return next((bytes(part[1]) for part in found if isinstance(part, tuple)), None)

    def mark_handled(self, handle: str) -> None:
        """Flagged as read, then moved if there is a folder for what is handled."""
        with self._selected() as box:
            _done(box.client.uid("STORE", handle, "+FLAGS.SILENT", r"(\Seen)"))
            if self._mailbox.handled_folder:
                _move(box, handle, self._mailbox.handled_folder)

    def move_to_quarantine(self, handle: str) -> None:
        """Moved as it is."""
        with self._selected() as box:
            _move(box, handle, self._mailbox.quarantine_folder)

    def send(self, sender: str, recipient: str, content: bytes) -> None:
        """By SMTP. Raises smtplib's own errors."""
        if self._sender is None:
            box = self._mailbox
            self._sender = SmtpSender(box.smtp, partial(_show_who_we_are, box), box.ca_file)
        self._sender.send(sender, recipient, content)

    def count(self) -> int:
        """How many messages the folder holds."""
        with self._selected() as box:
            return _number(box, "EXISTS")

    def check_folders(self) -> None:
        """STATUS of each folder, which needs it to be there and to be ours to read."""
        with self._selected() as box:
            for folder in filter(None, (self._mailbox.quarantine_folder, self._mailbox.handled_folder)):
                if not box.folder.exists(folder):
                    raise GatewayError(Trouble.FOLDER, f"there is no folder {folder!r}{_offer(box)}")

    def find(self, message_id: str) -> bool:
        """Searched for in the folder and in the one for handled mail."""
        with self._selected() as box:
            folders = [self._mailbox.folder, self._mailbox.handled_folder]
            for folder in filter(None, folders):
                box.folder.set(folder, readonly=True)
                found = box.uids(f'HEADER Message-ID "{message_id}"')
                box.folder.set(self._mailbox.folder)
                if found:
                    return True
        return False

    def wait(self, seconds: float) -> bool | None:
        """Waits by IDLE until mail comes into the folder (True) or the time is over (False); at most 29
        minutes (RFC 2177). None when the server doesn't offer IDLE."""
        with self._selected() as box:
            if "IDLE" not in box.client.capabilities:
                return None
            return any(b"EXISTS" in line for line in box.idle.wait(timeout=seconds))

    def close(self) -> None:
        """Logs out."""
        if self._box is not None:
            with suppress(OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError):
                self._box.logout()
            self._box = None
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    @contextmanager
    def _selected(self) -> Iterator[imap_tools.BaseMailBox]:
        """The connection with the folder open; what goes wrong inside leaves as `GatewayError`, and a
        connection on which it did is not used again."""
        try:
            if self._box is None:
                self._box = self._opened()
            yield self._box
        except GatewayError as error:
            if error.trouble is not Trouble.FOLDER:
                self._drop()
            raise
        except (imaplib.IMAP4.error, imap_tools.ImapToolsError, OSError, ValueError) as error:
            self._drop()
            raise _meaning(error) from error

    def _drop(self) -> None:
        if self._box is not None:
            with suppress(OSError):
                self._box.client.shutdown()
            self._box = None

    def _opened(self) -> imap_tools.BaseMailBox:
        box = self._connected()
        try:
            self._log_in(box)
            try:
                box.folder.set(self._mailbox.folder)
            except imap_tools.MailboxFolderSelectError as error:
                said = f"{self._mailbox.folder!r} can't be opened: {_said(error)}{_offer(box)}"
                raise GatewayError(Trouble.FOLDER, said) from error
        except BaseException:
            with suppress(OSError):
                box.client.shutdown()
            raise
        return box

    def _connected(self) -> imap_tools.BaseMailBox:
        place = self._mailbox.imap
        if place.security is Security.NONE:
            return imap_tools.MailBoxUnencrypted(place.host, place.port, timeout=PATIENCE_SECONDS)
        kind = imap_tools.MailBox if place.security is Security.TLS else imap_tools.MailBoxStartTls
        context = tls(self._mailbox.ca_file)
        return kind(place.host, place.port, timeout=PATIENCE_SECONDS, ssl_context=context)

    def _by_token(self, box: imap_tools.BaseMailBox) -> None:
        """Once more with a fresh token when the server no longer takes the one we have."""
        login = self._mailbox.login
        try:
            box.xoauth2(login, token(self._mailbox, SCOPE), initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except (imap_tools.MailboxLoginError, imaplib.IMAP4.error):
            box.xoauth2(login, token(self._mailbox, SCOPE, fresh=True), initial_folder=None)

    def _log_in(self, box: imap_tools.BaseMailBox) -> None:
        login = self._mailbox.login
        try:
            if self._mailbox.sign_in is SignIn.OAUTH:
                self._by_token(box)
                return
            secret = secret_of(self._mailbox)
            plain = "AUTH=PLAIN" in box.client.capabilities
            (box.login_utf8 if plain else box.login)(login, secret, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except (imap_tools.MailboxLoginError, imaplib.IMAP4.error) as error:
            said = _said(error)
            trouble = Trouble.BUSY if any(code in said.upper() for code in _BUSY_CODES) else Trouble.CREDENTIALS
            raise GatewayError(trouble, said) from error


def _show_who_we_are(mailbox: Mailbox, server: smtplib.SMTP) -> None:
    """A server of the house that asks nobody who they are is not told."""
    server.ehlo_or_helo_if_needed()
    if mailbox.sign_in is SignIn.OAUTH:
        try:
            _by_token(server, mailbox, fresh=False)
        except smtplib.SMTPAuthenticationError:
            _by_token(server, mailbox, fresh=True)
    elif server.has_extn("auth"):
        log_in(server, mailbox.login, secret_of(mailbox))


def _by_token(server: smtplib.SMTP, mailbox: Mailbox, *, fresh: bool) -> None:
    proof = f"user={mailbox.login}\1auth=Bearer {token(mailbox, SCOPE, fresh=fresh)}\1\1"
    # Only a refusal is followed by a challenge, and the answer to that is empty.
    server.auth("XOAUTH2", lambda challenge=None: proof if challenge is None else "")


def _uids(box: imap_tools.BaseMailBox, first: int, last: int | None, rule: str) -> list[int]:
    """The UIDs from `first` to `last` that fit `rule`, ascending. "7:*" names the last message even when
    its UID is lower than 7 (RFC 3501 §6.4.8), so they are looked at again."""
    if last is not None and last < first:
        return []
    found = (int(one) for one in box.uids(f"UID {first}:{last or '*'} {rule}"))
    return sorted(uid for uid in found if uid >= first)


def _move(box: imap_tools.BaseMailBox, handle: str, folder: str) -> None:
    """MOVE; else copied and only this one expunged (UIDPLUS); else copied and marked as deleted, which takes
    nothing away until somebody tidies up."""
    client, target = box.client, encode_folder(folder).decode("ascii")
    capabilities = client.capabilities
    if "MOVE" in capabilities:
        _done(client.uid("MOVE", handle, target), folder)
        return
    if not any(_done(client.uid("FETCH", handle, "(UID)"))):
        return
    _done(client.uid("COPY", handle, target), folder)
    _done(client.uid("STORE", handle, "+FLAGS.SILENT", r"(\Deleted \Seen)"))
    if "UIDPLUS" in capabilities:
        _done(client.uid("EXPUNGE", handle))


def _done(answer: tuple[str, Sequence[Any]], folder: str | None = None) -> Sequence[Any]:
    status, data = answer
    if status == "OK":
        return data
    said = " ".join(part.decode("utf-8", "replace") for part in data if isinstance(part, bytes))
    if any(code in said.upper() for code in _BUSY_CODES):
        raise GatewayError(Trouble.BUSY, said)
    if "NOPERM" in said.upper():
        raise GatewayError(Trouble.PERMISSION, said)
    raise GatewayError(Trouble.FOLDER if folder else Trouble.ANSWER, f"{folder or ''} {said}")


def _number(box: imap_tools.BaseMailBox, name: str) -> int:
    """What the server said of the open folder when it was opened or last asked."""
    box.client.noop()
    found = box.client.untagged_responses.get(name) or [b"0"]
    return int(str(found[-1], "ascii") if isinstance(found[-1], bytes) else 0)


def _offer(box: imap_tools.BaseMailBox) -> str:
    with suppress(imap_tools.ImapToolsError, imaplib.IMAP4.error):
        return f"; there are: {', '.join(one.name for one in box.folder.list()[:30])}"
    return ""


def _said(error: Exception) -> str:
    result = getattr(error, "command_result", None)
    if result is None:
        return str(error)
    parts = result[1] if isinstance(result[1], list) else [result[1]]
    return " ".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in parts)


def _meaning(error: Exception) -> GatewayError:
    if isinstance(error, imaplib.IMAP4.abort | OSError):
        return on_the_way(error)
    return GatewayError(Trouble.ANSWER, _said(error))
