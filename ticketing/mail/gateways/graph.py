"""Exchange Online through Microsoft Graph: httpx for the few requests it takes, msal for the token.

New mail is what a delta query over the folder names (changeType=created). Ids are immutable ones, so that a
message keeps its name when it is moved. Every request is for the one mailbox, which is all that the
application may have access to (docs/mail.md).
"""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from ticketing.mail.gateways.gateway import PATIENCE_SECONDS, Batch, GatewayError, Refused, Trouble
from ticketing.mail.gateways.network import on_the_way, retry_after, tls
from ticketing.mail.gateways.token import token
from ticketing.mail.mailboxes import Mailbox

#: Pages of old mail that one batch turns over at most, on the way to what is new.
_PAGES = 20
_BUSY = frozenset({429, 500, 502, 503, 504})
_WELL_KNOWN = frozenset({"inbox", "archive", "junkemail", "drafts", "sentitems", "deleteditems"})


class GraphGateway:
    """See `gateway.Gateway`. The cursor is Graph's own link to what comes next, and whether it still leads
    through what lay in the folder at the start, of which only some is new."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._user = f"{mailbox.server}/users/{quote(mailbox.address)}"
        parts = urlsplit(mailbox.server)
        self._scope = f"{parts.scheme}://{parts.netloc}/.default"
        self._http: httpx.Client | None = None
        self._folders: dict[str, str] = {}

    def list_new(self, cursor: str | None, since: datetime, limit: int) -> Batch:
        """Follows the links page by page until one names something new, or there is no further."""
        at: dict[str, Any] = json.loads(cursor) if cursor else {"link": None, "start": True}
        found: list[dict[str, Any]] = []
        more = True
        for _ in range(_PAGES):
            try:
                page = self._page(at["link"], limit)
            except _Forgotten:
                at = {"link": None, "start": True}
                page = self._page(None, limit)
            found += [one for one in page.get("value", []) if _is_new(one, since, from_the_start=at["start"])]
            more = "@odata.nextLink" in page
            link = page["@odata.nextLink"] if more else page["@odata.deltaLink"]
            at = {"link": link, "start": at["start"] and more}
            if found or not more:
                break
        found.sort(key=lambda one: str(one.get("receivedDateTime")))
        return Batch([one["id"] for one in found], json.dumps(at), more)

    def read(self, handle: str) -> bytes | None:
        """The MIME content (`$value`)."""
        answer = self._ask("GET", f"{self._user}/messages/{quote(handle)}/$value", missing_is_fine=True)
        return answer.content if answer is not None else None

    def mark_handled(self, handle: str) -> None:
        """`isRead`, then moved if there is a folder for what is handled."""
        message = f"{self._user}/messages/{quote(handle)}"
        self._ask("PATCH", message, missing_is_fine=True, json={"isRead": True})
        if self._mailbox.handled_folder:
            self._move(handle, self._mailbox.handled_folder)

    def move_to_quarantine(self, handle: str) -> None:
        """Moved as it is."""
        self._move(handle, self._mailbox.quarantine_folder)

    def send(self, sender: str, recipient: str, content: bytes) -> None:
        """By sendMail with the MIME content: recipient and headers are those in it."""
        del sender, recipient
        headers = {"Content-Type": "text/plain"}
        body = base64.b64encode(content)
        self._ask("POST", f"{self._user}/sendMail", content=body, headers=headers, of_a_mail=True)

    def count(self) -> int:
        """The folder's own count."""
        answer = self._ask("GET", f"{self._user}/mailFolders/{self._folder(self._mailbox.folder)}")
        return int(_content(answer).get("totalItemCount", 0))

    def check_folders(self) -> None:
        """Each is looked up by its name."""
        for folder in filter(None, (self._mailbox.quarantine_folder, self._mailbox.handled_folder)):
            self._folder(folder)

    def find(self, message_id: str) -> bool:
        """By `internetMessageId`, in the folder and in the one for handled mail."""
        wanted = message_id.replace("'", "''")
        for folder in filter(None, (self._mailbox.folder, self._mailbox.handled_folder)):
            where = f"{self._user}/mailFolders/{self._folder(folder)}/messages"
            question = {"$filter": f"internetMessageId eq '{wanted}'", "$select": "id"}
            answer = self._ask("GET", where, params=question)
            if _content(answer).get("value"):
                return True
        return False

    def close(self) -> None:
        """Closes the connections."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _page(self, link: str | None, size: int) -> dict[str, Any]:
        more = {"Prefer": f'IdType="ImmutableId", odata.maxpagesize={size}'}
        if link is None:
            where = f"{self._user}/mailFolders/{self._folder(self._mailbox.folder)}/messages/delta"
            question = {"changeType": "created", "$select": "isRead,receivedDateTime"}
            answer = self._ask("GET", where, params=question, headers=more)
        else:
            if not link.startswith(f"{self._mailbox.server}/"):
                raise _Forgotten("a link to another server")  # our token is for this one alone
            answer = self._ask("GET", link, headers=more)
        page = _content(answer)
        if not page.keys() & {"@odata.nextLink", "@odata.deltaLink"}:
            raise GatewayError(Trouble.ANSWER, "a page without a link to what comes next")
        return page

    def _move(self, handle: str, folder: str) -> None:
        where = f"{self._user}/messages/{quote(handle)}/move"
        self._ask("POST", where, missing_is_fine=True, json={"destinationId": self._folder(folder)})

    def _folder(self, path: str) -> str:
        """The id of the folder at `path`, names apart by "/"; Graph's own names (inbox …) are known too."""
        if path not in self._folders:
            name, *inner = path.split("/")
            well_known = name.lower() in _WELL_KNOWN
            found = name.lower() if well_known else self._child(f"{self._user}/mailFolders", name)
            for deeper in inner:
                found = self._child(f"{self._user}/mailFolders/{found}/childFolders", deeper)
            self._folders[path] = found
        return self._folders[path]

    def _child(self, where: str, name: str) -> str:
        answer = self._ask("GET", where, params={"$select": "id,displayName", "$top": "200"})
        folders = {one["displayName"]: one["id"] for one in _content(answer).get("value", [])}
        if name not in folders:
            raise GatewayError(Trouble.FOLDER, f"there is no folder {name!r}; there are: {', '.join(folders)}")
        return quote(folders[name])

    def _ask(
        self, method: str, url: str, *, missing_is_fine: bool = False, of_a_mail: bool = False, **more: Any
    ) -> httpx.Response | None:
        """One request, with a fresh token and once more when the server no longer takes the one we have.
        None for what is not there (any more), where that is fine."""
        answer = self._once(method, url, fresh=False, **more)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            answer = self._once(method, url, fresh=True, **more)
        if answer.status_code == HTTPStatus.NOT_FOUND and missing_is_fine:
            return None
        if answer.is_success:
            return answer
        raise _meaning(answer, of_a_mail=of_a_mail)

    def _once(self, method: str, url: str, *, fresh: bool, **more: Any) -> httpx.Response:
        headers = {
            "Prefer": 'IdType="ImmutableId"',
            **more.pop("headers", {}),
            "Authorization": f"Bearer {token(self._mailbox, self._scope, fresh=fresh)}",
        }
        if self._http is None:
            self._http = httpx.Client(verify=tls(self._mailbox.ca_file), timeout=PATIENCE_SECONDS)
        try:
            return self._http.request(method, url, headers=headers, **more)
        except httpx.HTTPError as error:
            self.close()
            raise on_the_way(error) from error


class _Forgotten(GatewayError):
    """Graph no longer knows the link: begin anew."""

    def __init__(self, detail: str) -> None:
        super().__init__(Trouble.ANSWER, detail)


def _is_new(message: dict[str, Any], since: datetime, *, from_the_start: bool) -> bool:
    if "@removed" in message:
        return False
    if not from_the_start:
        return True
    received = str(message.get("receivedDateTime") or "")
    return not message.get("isRead") or received >= since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _meaning(answer: httpx.Response, *, of_a_mail: bool) -> Exception:
    status = answer.status_code
    code, said = _error(answer)
    detail = f"{status} {code}: {said}"
    if status == HTTPStatus.GONE or code.lower() in ("syncstatenotfound", "resyncrequired", "syncstateinvalid"):
        return _Forgotten(detail)
    if status in _BUSY:
        return GatewayError(
            Trouble.BUSY, detail, retry_after(answer.headers.get("Retry-After"), datetime.now(UTC))
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return GatewayError(Trouble.CREDENTIALS, detail)
    if status == HTTPStatus.FORBIDDEN:
        return GatewayError(Trouble.PERMISSION, detail)
    if status == HTTPStatus.NOT_FOUND:
        return GatewayError(Trouble.FOLDER, detail)
    return Refused(Trouble.ANSWER, detail) if of_a_mail else GatewayError(Trouble.ANSWER, detail)


def _content(answer: httpx.Response | None) -> dict[str, Any]:
    """The JSON object of `answer`. A proxy's own page, which also comes with 200, is not one."""
    try:
        content = answer.json() if answer is not None else None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise GatewayError(Trouble.ANSWER, "the answer is not from Microsoft Graph (a proxy's page?)")
    return content


def _error(answer: httpx.Response) -> Sequence[str]:
    try:
        error = answer.json()["error"]
        return str(error.get("code", "")), str(error.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer.reason_phrase, answer.text[:200]
