"""Exchange Server on premises by EWS, through exchangelib: basic, NTLM or OAuth; also a shared mailbox, which
`login` has access to.

New mail is what SyncFolderItems names. The library is told to try once: when to try again is decided by the
one who asks, so that no thread sleeps and the server's own wish (BackOffMilliseconds, Retry-After) is kept.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import exchangelib
from exchangelib import errors
from exchangelib.fields import FieldPath
from exchangelib.items import ALWAYS_OVERWRITE, ID_ONLY, SAVE_ONLY
from exchangelib.properties import ItemId
from exchangelib.services import GetItem, SyncFolderItems

from ticketing.mail.gateways.exchange_account import account, scope
from ticketing.mail.gateways.gateway import Batch, GatewayError, Refused, Trouble
from ticketing.mail.gateways.network import LONGEST_WAIT, on_the_way
from ticketing.mail.gateways.token import token
from ticketing.mail.mailboxes import Mailbox, SignIn

P = ParamSpec("P")
R = TypeVar("R")

_GONE = (errors.ErrorItemNotFound,)
_NO_FOLDER = (
    errors.ErrorFolderNotFound,
    errors.ErrorNonExistentMailbox,
    errors.ErrorManagedFolderNotFound,
    errors.ErrorMailboxStoreUnavailable,
)
_FORBIDDEN = (
    errors.ErrorAccessDenied,
    errors.ErrorSendAsDenied,
    errors.ErrorImpersonateUserDenied,
    errors.ErrorImpersonationDenied,
)
_REFUSED = (
    errors.ErrorInvalidRecipients,
    errors.ErrorMessageSizeExceeded,
    errors.ErrorMimeContentInvalid,
    errors.ErrorMimeContentInvalidBase64String,
    errors.ErrorMissingRecipients,
)
_FORGOTTEN = (errors.ErrorInvalidSyncStateData,)


class _TokenRefused(GatewayError):
    """The server no longer took our token, and there is a new one now."""


def _once_more(
    method: Callable[Concatenate["ExchangeGateway", P], R],
) -> Callable[Concatenate["ExchangeGateway", P], R]:
    """Asked again, once, when the token had run out: nothing was done with the first question."""

    @wraps(method)
    def ask(gateway: "ExchangeGateway", /, *args: P.args, **named: P.kwargs) -> R:
        try:
            return method(gateway, *args, **named)
        except _TokenRefused:
            return method(gateway, *args, **named)

    return ask


class ExchangeGateway:
    """See `gateway.Gateway`. The cursor is the server's sync state, after a letter: "s" while it still leads
    through what lay in the folder at the start, "n" when all that comes is new."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._account: Any = None
        self._folders: dict[str, Any] = {}

    @_once_more
    def list_new(self, cursor: str | None, since: datetime, limit: int) -> Batch:
        """One round of SyncFolderItems."""
        with self._meaning():
            try:
                return self._changes(cursor, since, limit)
            except _FORGOTTEN:
                return self._changes(None, since, limit)

    @_once_more
    def read(self, handle: str) -> bytes | None:
        """The MIME content."""
        with self._meaning():
            service = GetItem(account=self._opened())
            wanted = [FieldPath(field=exchangelib.Message.get_field_by_fieldname("mime_content"))]
            [found] = service.call(items=[_id(handle)], additional_fields=wanted, shape=ID_ONLY)
            if isinstance(found, _GONE):
                return None
            if isinstance(found, Exception):
                raise found
            return bytes(found.mime_content)

    @_once_more
    def mark_handled(self, handle: str) -> None:
        """`isRead`, without a receipt to the sender, then moved if there is a folder for what is handled."""
        with self._meaning():
            opened, identity = self._opened(), _id(handle)
            message = exchangelib.Message(id=identity.id, changekey=identity.changekey, is_read=True)
            message.account = opened
            [done] = opened.bulk_update(
                [(message, ("is_read",))],
                conflict_resolution=ALWAYS_OVERWRITE,
                message_disposition=SAVE_ONLY,
                suppress_read_receipts=True,
            )
            if isinstance(done, _GONE):
                return
            if isinstance(done, Exception):
                raise done
        if self._mailbox.handled_folder:
            self._move(handle, self._mailbox.handled_folder)

    @_once_more
    def move_to_quarantine(self, handle: str) -> None:
        """Moved as it is."""
        self._move(handle, self._mailbox.quarantine_folder)

    @_once_more
    def send(self, sender: str, recipient: str, content: bytes) -> None:
        """By CreateItem with the MIME content: recipient and headers are those in it."""
        del sender, recipient
        with self._meaning():
            exchangelib.Message(account=self._opened(), mime_content=content).send(save_copy=False)

    @_once_more
    def count(self) -> int:
        """The folder's own count."""
        with self._meaning():
            return int(self._folder(self._mailbox.folder).total_count or 0)

    @_once_more
    def check_folders(self) -> None:
        """Each is looked up by its name."""
        with self._meaning():
            for folder in filter(None, (self._mailbox.quarantine_folder, self._mailbox.handled_folder)):
                self._folder(folder)

    @_once_more
    def find(self, message_id: str) -> bool:
        """By the message's InternetMessageId, in the folder and in the one for handled mail."""
        with self._meaning():
            folders = [self._mailbox.folder, self._mailbox.handled_folder]
            return any(
                self._folder(folder).filter(message_id=message_id).exists() for folder in filter(None, folders)
            )

    def close(self) -> None:
        """The library keeps its connections for the next time."""
        self._account = None
        self._folders.clear()

    def _changes(self, cursor: str | None, since: datetime, limit: int) -> Batch:
        at_start, state = (True, None) if cursor is None else (cursor[0] == "s", cursor[1:])
        wanted = [
            FieldPath(field=exchangelib.Message.get_field_by_fieldname(name))
            for name in ("is_read", "datetime_received")
        ]
        service = SyncFolderItems(account=self._opened())
        folder = self._folder(self._mailbox.folder)
        found = [
            item
            for change, item in service.call(
                folder=folder,
                shape=ID_ONLY,
                additional_fields=wanted,
                sync_state=state,
                ignore=None,
                max_changes_returned=limit,
                sync_scope=None,
            )
            if change == SyncFolderItems.CREATE
            and (not at_start or not item.is_read or (item.datetime_received or since) >= since)
        ]
        more = not service.includes_last_item_in_range
        found.sort(key=lambda item: item.datetime_received or since)
        handles = [f"{item.id} {item.changekey}" for item in found]
        return Batch(handles, f"{'s' if at_start and more else 'n'}{service.sync_state}", more)

    def _move(self, handle: str, folder: str) -> None:
        with self._meaning():
            target = self._folder(folder)
            identity = _id(handle)
            [moved] = self._opened().bulk_move([(identity.id, identity.changekey)], to_folder=target)
            if isinstance(moved, Exception) and not isinstance(moved, _GONE):
                raise moved

    def _folder(self, path: str) -> Any:
        """The folder at `path`, names apart by "/"; "INBOX" is the inbox in whatever language."""
        if path not in self._folders:
            opened = self._opened()
            name, *inner = path.split("/")
            found = opened.inbox if name.lower() == "inbox" else opened.msg_folder_root // name
            for deeper in inner:
                found //= deeper
            self._folders[path] = found
        return self._folders[path]

    def _opened(self) -> Any:
        if self._account is None:
            self._account = account(self._mailbox)
        return self._account

    @contextmanager
    def _meaning(self) -> Iterator[None]:
        """What the library raises, as what it means."""
        try:
            yield
        except GatewayError:
            raise
        except errors.UnauthorizedError as error:
            self.close()
            if self._mailbox.sign_in is SignIn.OAUTH:
                token(self._mailbox, scope(self._mailbox), fresh=True)
                raise _TokenRefused(Trouble.CREDENTIALS, str(error)) from error
            raise GatewayError(Trouble.CREDENTIALS, str(error)) from error
        except errors.RateLimitError as error:
            raise GatewayError(Trouble.BUSY, str(error), _wait(error.wait)) from error
        except errors.ErrorServerBusy as error:
            raise GatewayError(Trouble.BUSY, str(error), _wait(error.back_off)) from error
        except _NO_FOLDER as error:
            raise GatewayError(Trouble.FOLDER, str(error)) from error
        except _FORBIDDEN as error:
            raise GatewayError(Trouble.PERMISSION, str(error)) from error
        except _REFUSED as error:
            raise Refused(Trouble.ANSWER, str(error)) from error
        except errors.ErrorTimeoutExpired as error:  # the library's name for any broken connection
            raise on_the_way(error.__context__ or error) from error
        except OSError as error:
            raise on_the_way(error) from error
        except errors.EWSError as error:
            found = on_the_way(error)
            if found.trouble is Trouble.UNREACHABLE and not isinstance(error, errors.TransportError):
                found = GatewayError(Trouble.ANSWER, f"{type(error).__name__}: {error}")
            raise found from error


def _id(handle: str) -> Any:
    identity, _, change = handle.partition(" ")
    return ItemId(identity, change)


def _wait(seconds: float | None) -> timedelta | None:
    return min(timedelta(seconds=seconds), LONGEST_WAIT) if seconds else None
