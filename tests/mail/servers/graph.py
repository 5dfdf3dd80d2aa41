"""A server that speaks the messages of Microsoft Graph and of Microsoft's identity platform which we use, as
their documentation gives them; httpx and msal talk to it over TLS.

It has: OpenID discovery and the client-credentials grant, mailFolders with childFolders, messages/delta with
pages, skip and delta tokens and expired state, $value, isRead, move, sendMail with MIME. It can throttle
(429 with Retry-After), let tokens expire, cut a connection in the middle and give small pages.

Not covered: permissions other than "this mailbox only", every other resource, JSON mail, upload sessions,
search, batching, change notifications, and the time that Exchange takes to deliver.
"""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote, urlsplit

from tests.mail.servers.certificates import Certificates
from tests.mail.servers.store import Store, Stored
from tests.mail.servers.web import Answer, Faults, Request, web_server

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "99999999-8888-7777-6666-555555555555"
SECRET = "klient-hemmelighed"


class GraphServer:
    """One mailbox and one application that may use it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.faults = Faults()
        self.url = ""
        self.page_size = 1000
        self.token_requests = 0
        #: Tokens that are good now; emptied, all have expired.
        self.tokens: set[str] = set()
        #: Delta tokens older than this many arrivals are no longer known.
        self.forgets = False
        self.immutable_ids: list[bool] = []
        #: Other servers that it gives tokens for.
        self.other_scopes: set[str] = set()

    def answer(self, request: Request) -> Answer:
        parts = urlsplit(request.path)
        path = unquote(parts.path)
        fault = self.faults.next_for(request)
        if fault is not None and not fault.cut:
            return fault
        made = self._token(request, path) if path.startswith(f"/{TENANT}/") else self._graph(request, path)
        return Answer(made.status, made.body, made.headers, cut=True) if fault is not None else made

    def _token(self, request: Request, path: str) -> Answer:
        if path.endswith("/.well-known/openid-configuration"):
            base = f"{self.url}/{TENANT}"
            return _json(
                {
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                }
            )
        self.token_requests += 1
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        known = (form.get("client_id"), form.get("client_secret"), form.get("grant_type"))
        if known != (CLIENT, SECRET, "client_credentials"):
            said = "AADSTS7000215: Invalid client secret provided."
            return _json({"error": "invalid_client", "error_description": said}, 401)
        assert form["scope"] in {f"{self.url}/.default", *self.other_scopes}
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return _json({"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def _graph(self, request: Request, path: str) -> Answer:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _error(
                401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."
            )
        self.immutable_ids.append('IdType="ImmutableId"' in request.headers.get("Prefer", ""))
        user, _, rest = path.removeprefix("/v1.0/users/").partition("/")
        if user.lower() != self.store.address.lower():
            return _error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        question = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        where = rest.split("/")
        if where[0] == "mailFolders":
            return self._folders(where[1:], question, request)
        if where == ["sendMail"]:
            return self._send(request)
        return self._message(where[1], where[2:], request)

    def _folders(self, where: list[str], question: dict[str, str], request: Request) -> Answer:
        if not where or where[1:] == ["childFolders"]:
            parent = where[0] if where else "root"
            inside = [(name, shown) for name, (shown, its) in self.store.folders.items() if its == parent]
            return _json({"value": [{"id": name, "displayName": shown} for name, shown in inside]})
        if where[0] not in self.store.folders:
            return _error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        found = self.store.inside(where[0])
        if where[1:] == []:
            return _json({"id": where[0], "totalItemCount": len(found)})
        if where[1:] == ["messages"]:
            wanted = question["$filter"].removeprefix("internetMessageId eq '").removesuffix("'")
            return _json({"value": [{"id": one.id} for one in found if one.message_id == wanted]})
        return self._delta(where[0], question, request)

    def _delta(self, folder: str, question: dict[str, str], request: Request) -> Answer:
        assert question["changeType"] == "created"
        after = int(question.get("$deltatoken") or question.get("$skiptoken") or 0)
        if self.forgets and after:
            self.forgets = False
            return _error(410, "syncStateNotFound", "The sync state generation is not found.")
        asked_for = int(request.headers["Prefer"].partition("maxpagesize=")[2])
        size = min(asked_for, self.page_size)
        found = self.store.inside(folder, after)
        page, more = found[:size], len(found) > size
        upto = page[-1].came if page else after
        link = f"{self.url}/v1.0/users/{self.store.address}/mailFolders/{folder}/messages/delta"
        name = "$skiptoken" if more else "$deltatoken"
        kind = "@odata.nextLink" if more else "@odata.deltaLink"
        # Both kinds of change in one answer: a removal has an id and a reason and nothing else.
        value = [_shown(one) for one in page]
        if page and not more:
            value.append({"id": "gone", "@removed": {"reason": "deleted"}})
        return _json({"value": value, kind: f"{link}?changeType=created&{name}={upto}"})

    def _message(self, name: str, where: list[str], request: Request) -> Answer:
        if name not in self.store.messages:
            return _error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        if where == ["$value"]:
            return Answer(200, self.store.messages[name].raw, {"Content-Type": "text/plain"})
        given = json.loads(request.body)
        if where == ["move"]:
            self.store.move(name, given["destinationId"])
            return _json({"id": name}, 201)
        assert given == {"isRead": True} and request.method == "PATCH"
        self.store.mark_read(name)
        return _json({"id": name})

    def _send(self, request: Request) -> Answer:
        if not request.headers["Content-Type"].startswith("text/plain"):
            return _error(415, "UnsupportedMediaType", "expected MIME")
        try:
            raw = base64.b64decode(request.body, validate=True)
        except ValueError:
            return _error(400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.")
        self.store.hand_in(raw)
        return Answer(202)


@contextmanager
def graph_server(address: str, certificates: Certificates) -> Iterator[GraphServer]:
    """A server for as long as the block lasts."""
    server = GraphServer(Store(address))
    with web_server(server.answer, certificates) as url:
        server.url = url
        yield server


def throttled(seconds: int) -> Answer:
    """429, as Graph says it."""
    made = _error(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")
    return Answer(made.status, made.body, {**made.headers, "Retry-After": str(seconds)})


def _shown(one: Stored) -> dict[str, object]:
    received = one.received.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"id": one.id, "isRead": one.is_read, "receivedDateTime": received}


def _json(content: dict[str, object], status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


def _error(status: int, code: str, said: str) -> Answer:
    return _json({"error": {"code": code, "message": said}}, status)
