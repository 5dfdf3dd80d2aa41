"""A municipality's mailbox on each kind of server, seen from outside: mail goes in, mail comes out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.mail.servers.certificates import Certificates
from tests.mail.servers.dovecot import PASSWORD, QUARANTINE, MailUser, dovecot
from tests.mail.servers.ews import LOGIN, ews_server
from tests.mail.servers.ews import PASSWORD as EWS_PASSWORD
from tests.mail.servers.graph import CLIENT, SECRET, TENANT, graph_server
from tests.mail.servers.smtp import Inbox, smtp_server
from tests.mail.servers.store import Store

ADDRESS = "aula@vesterkaer.example"


class TownPost(Protocol):
    """`keys`: the mailbox's entry in mailboxes.yaml; `secret`: what signs in."""

    keys: dict[str, object]
    secret: str

    def receive(self, *raws: bytes) -> None:
        """Mail arrives in the mailbox."""

    def sent(self) -> list[bytes]:
        """What has been handed in, whole, in order."""

    def unread(self) -> int:
        """How many messages of the folder are not marked as handled."""

    def in_quarantine(self) -> int:
        """How many messages were moved to the quarantine folder."""


class _OnImap:
    def __init__(self, user: MailUser, inbox: Inbox, keys: dict[str, object]) -> None:
        self.keys, self.secret = keys, PASSWORD
        self._user, self._inbox = user, inbox

    def receive(self, *raws: bytes) -> None:
        self._user.receive(*raws)

    def sent(self) -> list[bytes]:
        return [message.as_bytes() for message in list(self._inbox.messages)]

    def unread(self) -> int:
        return sum(r"\Seen" not in flags for flags in self._user.flags())

    def in_quarantine(self) -> int:
        return len(self._user.flags(QUARANTINE))


class _InStore:
    def __init__(self, store: Store, secret: str, keys: dict[str, object]) -> None:
        self.keys, self.secret = keys, secret
        self._store = store

    def receive(self, *raws: bytes) -> None:
        self._store.receive(*raws)

    def sent(self) -> list[bytes]:
        return list(self._store.sent)

    def unread(self) -> int:
        return sum(not one.is_read for one in self._store.inside("inbox"))

    def in_quarantine(self) -> int:
        return len(self._store.inside("f-karantaene"))


@contextmanager
def on_imap(folder: Path, certificates: Certificates) -> Iterator[TownPost]:
    """Dovecot to read from, and an SMTP server that knows the same password."""
    with dovecot(folder, certificates) as server, smtp_server(Inbox(password=PASSWORD)) as inbox:
        user = MailUser(server, ADDRESS)
        keys = {
            "protocol": "imap",
            "server": f"127.0.0.1:{server.port}",
            "security": "none",
            "smtp_server": f"127.0.0.1:{inbox.port}",
            "smtp_security": "none",
        }
        yield _OnImap(user, inbox, keys)
        user.close()


@contextmanager
def on_graph(_folder: Path, certificates: Certificates) -> Iterator[TownPost]:
    """Microsoft Graph as the test server speaks it."""
    with graph_server(ADDRESS, certificates) as server:
        keys = {
            "protocol": "graph",
            "server": f"{server.url}/v1.0",
            "authority": server.url,
            "tenant": TENANT,
            "client_id": CLIENT,
            "ca_file": certificates.authority,
        }
        yield _InStore(server.store, SECRET, keys)


@contextmanager
def on_exchange(_folder: Path, certificates: Certificates) -> Iterator[TownPost]:
    """Exchange Web Services as the test server speaks them."""
    with ews_server(ADDRESS, certificates) as server:
        keys = {
            "protocol": "exchange",
            "server": server.url,
            "login": LOGIN,
            "ca_file": certificates.authority,
        }
        yield _InStore(server.store, EWS_PASSWORD, keys)
