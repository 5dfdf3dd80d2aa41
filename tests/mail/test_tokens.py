"""Signing in by a token of Microsoft's identity platform instead of a password: IMAP, SMTP and EWS."""

import json
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from tests.factories import NOW
from tests.mail.conftest import SECRET as VARIABLE
from tests.mail.letterbox import letter
from tests.mail.servers.dovecot import MailUser, dovecot
from tests.mail.servers.ews import ews_server
from tests.mail.servers.graph import CLIENT, SECRET, TENANT, graph_server
from tests.mail.servers.smtp import Inbox, smtp_server
from tests.mail.servers.web import Answer, Request, web_server
from ticketing.cli import main
from ticketing.mail.gateways import Trouble
from ticketing.mail.gateways.imap import SCOPE
from ticketing.mail.ingest import ingest
from ticketing.mail.outbox import send_due
from ticketing.mail.polling import poll

pytestmark = [pytest.mark.one_engine, pytest.mark.filterwarnings("ignore:Requiring AUTH")]
ADDRESS = "aula@vesterkaer.example"
SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def identity(certificates, monkeypatch):
    monkeypatch.setenv(VARIABLE, SECRET)
    with graph_server(ADDRESS, certificates) as server:
        server.other_scopes.add(SCOPE)
        yield server


@pytest.fixture
def by_token(configure, place, identity, certificates):
    usual = {
        "address": ADDRESS,
        "sign_in": "oauth",
        "tenant": TENANT,
        "client_id": CLIENT,
        "authority": identity.url,
        "ca_file": certificates.authority,
    }
    return lambda **keys: configure(**{**usual, **keys})


@pytest.fixture
def imap(identity, certificates):
    """Dovecot, which asks who a token is for."""

    def info(request: Request) -> Answer:
        token = parse_qs(urlsplit(request.path).query).get("token", [""])[0]
        content = {"email": ADDRESS, "active": "yes"} if token in identity.tokens else {"error": "invalid"}
        return Answer(200 if token in identity.tokens else 401, json.dumps(content).encode())

    folder = Path(tempfile.mkdtemp(prefix="tkt-"))
    folder.chmod(0o755)
    with web_server(info) as url, dovecot(folder, certificates, url) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


class TestImap:
    def test_it_is_read_by_token(self, by_token, imap):
        user = MailUser(imap, ADDRESS)
        user.receive(letter())
        mailbox = by_token(protocol="imap", server=f"127.0.0.1:{imap.port}", security="starttls")
        result = poll(mailbox, NOW)
        assert (result.error, result.taken) == (None, 1)
        user.close()

    def test_an_expired_token_is_renewed_without_anybody_noticing(self, by_token, imap, identity):
        mailbox = by_token(protocol="imap", server=f"127.0.0.1:{imap.port}", security="starttls")
        poll(mailbox, NOW)
        identity.tokens.clear()
        before = identity.token_requests
        assert poll(mailbox, SOON).error is None
        assert identity.token_requests == before + 1


class TestSmtp:
    @pytest.fixture
    def out(self, by_token, identity):
        with smtp_server(Inbox(tokens=identity.tokens)) as inbox:
            way = {"smtp_server": f"127.0.0.1:{inbox.port}", "smtp_security": "none"}
            by_token(protocol="imap", server="127.0.0.1:1", security="none", **way)
            yield inbox

    def test_mail_leaves_by_token(self, out, place):
        ingest(letter(To=""), place.municipality.id, NOW)
        assert send_due(NOW).sent == len(out.messages) > 0

    def test_an_expired_token_is_renewed_without_anybody_noticing(self, out, place, identity):
        ingest(letter(To=""), place.municipality.id, NOW)
        send_due(NOW)
        ingest(letter(To="", Message_ID="<2@privat.example>"), place.municipality.id, NOW)
        identity.tokens.clear()
        assert send_due(NOW).retried == 0

    def test_tokens_that_are_refused_hold_mail_up(self, out, place, identity):
        ingest(letter(To=""), place.municipality.id, NOW)
        out.tokens = set()
        assert send_due(NOW).retried == 1
        out.tokens = identity.tokens
        assert send_due(NOW + timedelta(minutes=2)).sent == len(out.messages) > 0


class TestExchange:
    @pytest.fixture
    def server(self, certificates, identity):
        with ews_server(ADDRESS, certificates) as running:
            running.tokens = identity.tokens
            identity.other_scopes.add(running.url.replace("/EWS/Exchange.asmx", "/.default"))
            yield running

    def test_it_is_read_and_sent_from_by_token(self, by_token, server, place):
        mailbox = by_token(protocol="exchange", server=server.url)
        server.store.receive(letter(To=""))
        result = poll(mailbox, NOW)
        assert (result.error, result.taken) == (None, 1)
        assert send_due(NOW).sent == len(server.store.sent) > 0

    def test_an_expired_token_is_renewed_without_anybody_noticing(self, by_token, server, identity):
        mailbox = by_token(protocol="exchange", server=server.url)
        poll(mailbox, NOW)
        identity.tokens.clear()
        server.store.receive(letter())
        result = poll(mailbox, SOON)
        assert (result.error, result.taken) == (None, 1)

    def test_tokens_that_are_refused(self, by_token, server):
        server.tokens = set()
        error = poll(by_token(protocol="exchange", server=server.url), NOW).error
        assert error.trouble is Trouble.CREDENTIALS


def test_the_command_looks_once_and_says_what_came(app, by_token, identity, monkeypatch):
    monkeypatch.setattr("ticketing.app.create_app", lambda: app)
    by_token(protocol="graph", server=f"{identity.url}/v1.0")
    identity.store.receive(letter(), b"\x01 rubbish")
    result = CliRunner().invoke(main, ["mail", "poll", "--once"])
    assert result.exit_code == 0, result.output
    assert "faelles: 2 new, 0 seen before, 1 of them in quarantine" in result.output
    monkeypatch.setenv(VARIABLE, "forkert")
    failed = CliRunner().invoke(main, ["mail", "poll", "--once", "--mailbox", "faelles"])
    assert failed.exit_code == 1 and "credentials" in failed.output
