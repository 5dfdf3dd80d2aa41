"""Exchange Server on premises by EWS, through exchangelib: basic, NTLM or OAuth; also a shared mailbox, which
`login` has access to.

New mail is what SyncFolderItems names. The library is told to try once: when to try again is decided by the
one who asks, so that no thread sleeps and the server's own wish (BackOffMilliseconds, Retry-After) is kept.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import exchangelib
import requests
from exchangelib import errors
from exchangelib.fields import FieldPath
from exchangelib.items import ALWAYS_OVERWRITE, ID_ONLY, SAVE_ONLY
from exchangelib.properties import ItemId
from exchangelib.protocol import BaseProtocol, FailFast
from exchangelib.services import GetItem, SyncFolderItems
from exchangelib.version import EXCHANGE_2016
from oauthlib.oauth2 import OAuth2Token

from ticketing.mail.gateways.gateway import PATIENCE_SECONDS, Batch, GatewayError, Refused, Trouble
from ticketing.mail.gateways.network import LONGEST_WAIT, on_the_way, secret_of, tls
from ticketing.mail.gateways.token import token
from ticketing.mail.mailboxes import Mailbox, SignIn

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


class ExchangeGateway:
    """See `gateway.Gateway`. The cursor is the server's sync state, after a letter: "s" while it still leads
    through what lay in the folder at the start, "n" when all that comes is new."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._account: Any = None
        self._folders: dict[str, Any] = {}

    def list_new(self, cursor: str | None, since: datetime, limit: int) -> Batch:
        """One round of SyncFolderItems."""
        with self._meaning():
            try:
                return self._changes(cursor, since, limit)
            except _FORGOTTEN:
                return self._changes(None, since, limit)

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

    def mark_handled(self, handle: str) -> None:
        """`isRead`, without a receipt to the sender, then moved if there is a folder for what is handled."""
        with self._meaning():
            account, identity = self._opened(), _id(handle)
            message = exchangelib.Message(id=identity.id, changekey=identity.changekey, is_read=True)
            message.account = account
            [done] = account.bulk_update(
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

    def move_to_quarantine(self, handle: str) -> None:
        """Moved as it is."""
        self._move(handle, self._mailbox.quarantine_folder)

    def send(self, sender: str, recipient: str, content: bytes) -> None:
        """By CreateItem with the MIME content: recipient and headers are those in it."""
        del sender, recipient
        with self._meaning():
            exchangelib.Message(account=self._opened(), mime_content=content).send(save_copy=False)

    def count(self) -> int:
        """The folder's own count."""
        with self._meaning():
            return int(self._folder(self._mailbox.folder).total_count or 0)

    def check_folders(self) -> None:
        """Each is looked up by its name."""
        with self._meaning():
            for folder in filter(None, (self._mailbox.quarantine_folder, self._mailbox.handled_folder)):
                self._folder(folder)

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
            account = self._opened()
            name, *inner = path.split("/")
            found = account.inbox if name.lower() == "inbox" else account.msg_folder_root // name
            for deeper in inner:
                found //= deeper
            self._folders[path] = found
        return self._folders[path]

    def _opened(self) -> Any:
        if self._account is None:
            self._account = _account(self._mailbox)
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
                token(self._mailbox, _scope(self._mailbox), fresh=True)  # the next look has a new one
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


class _Once(FailFast):  # type: ignore[misc]  # the library has no types
    """Tries once, and hands on what the server asks for when it has too much to do."""

    def raise_response_errors(self, response: requests.Response) -> None:
        """Also 429, which the library does not know."""
        if response.status_code in (429, 503):
            asked = response.headers.get("Retry-After", "")
            raise errors.ErrorServerBusy(
                f"HTTP {response.status_code}", back_off=int(asked) if asked.isdigit() else None
            )
        super().raise_response_errors(response)


class _Adapter(requests.adapters.HTTPAdapter):
    """Verifies with the authority of that server's mailbox, where one is configured. The library takes one
    class for all servers."""

    authorities: dict[str, Path] = {}  # noqa: RUF012 - one for the process, as the class is

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """As the library's own."""
        super().cert_verify(conn, url, self._authority(url, verify), cert)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """As the library's own."""
        ours = self._authority(str(request.url), verify)
        return super().get_connection_with_tls_context(request, ours, proxies, cert)

    def _authority(self, url: str, verify: Any) -> Any:
        ours = self.authorities.get(urlsplit(url).netloc)
        return str(ours) if ours is not None else verify


BaseProtocol.HTTP_ADAPTER_CLS = _Adapter
BaseProtocol.TIMEOUT = PATIENCE_SECONDS


def _account(mailbox: Mailbox) -> Any:
    place = urlsplit(mailbox.server).netloc
    if mailbox.ca_file is not None:
        tls(mailbox.ca_file)  # says plainly when the file can't be used
        _Adapter.authorities[place] = mailbox.ca_file
    else:
        _Adapter.authorities.pop(place, None)
    if mailbox.sign_in is SignIn.OAUTH:
        access = OAuth2Token({"access_token": token(mailbox, _scope(mailbox)), "token_type": "Bearer"})
        credentials = exchangelib.OAuth2AuthorizationCodeCredentials(access_token=access)
        auth_type = exchangelib.OAUTH2
    else:
        credentials = exchangelib.Credentials(mailbox.login, secret_of(mailbox))
        auth_type = exchangelib.NTLM if mailbox.sign_in is SignIn.NTLM else exchangelib.BASIC
    configuration = exchangelib.Configuration(
        service_endpoint=mailbox.server,
        credentials=credentials,
        auth_type=auth_type,
        version=exchangelib.Version(build=EXCHANGE_2016),
        retry_policy=_Once(),
    )
    # An application by itself has no mailbox: it acts for the one it reads. A person was given access to it.
    by_itself = mailbox.sign_in is SignIn.OAUTH
    return exchangelib.Account(
        mailbox.address,
        config=configuration,
        autodiscover=False,
        access_type=exchangelib.IMPERSONATION if by_itself else exchangelib.DELEGATE,
        default_timezone=exchangelib.EWSTimeZone.from_timezone(UTC),
    )


def _scope(mailbox: Mailbox) -> str:
    parts = urlsplit(mailbox.server)
    return f"{parts.scheme}://{parts.netloc}/.default"


def _id(handle: str) -> Any:
    identity, _, change = handle.partition(" ")
    return ItemId(identity, change)


def _wait(seconds: float | None) -> timedelta | None:
    return min(timedelta(seconds=seconds), LONGEST_WAIT) if seconds else None
