"""`ticketing mail check`: tries a mailbox out, and says in plain words what is wrong and what to do."""

import secrets

import pytest
from click.testing import CliRunner, Result
from flask import current_app

from tests.factories import NOW
from tests.mail.conftest import SECRET as VARIABLE
from tests.mail.servers.dovecot import PASSWORD, MailUser
from tests.mail.servers.ews import LOGIN, ews_server
from tests.mail.servers.ews import PASSWORD as EWS_PASSWORD
from tests.mail.servers.graph import CLIENT, SECRET, TENANT, graph_server, throttled
from tests.mail.servers.smtp import Inbox, smtp_server
from tests.mail.servers.web import Answer
from ticketing.cli import main
from ticketing.mail.check import check
from ticketing.mail.models import InboundMail
from ticketing.mail.polling import poll
from ticketing.work.models import WorkItem

#: A password without TLS: here it goes nowhere.
pytestmark = [pytest.mark.one_engine, pytest.mark.filterwarnings("ignore:Requiring AUTH")]
ADDRESS = "aula@vesterkaer.example"


@pytest.fixture
def run(app, place, monkeypatch):
    monkeypatch.setattr("ticketing.app.create_app", lambda: app)
    return lambda *keys: CliRunner().invoke(main, ["mail", "check", *keys])


@pytest.fixture
def address():
    return f"aula{secrets.token_hex(6)}@vesterkaer.example"


@pytest.fixture
def post(imap_server, address):
    """The SMTP server of the mailbox: what it takes lies in the mailbox a moment later."""
    user = MailUser(imap_server, address)
    with smtp_server(Inbox(password=PASSWORD)) as inbox:
        inbox.hands_on = lambda raw, _recipients: user.receive(raw)
        yield inbox
    user.close()


@pytest.fixture
def imap(configure, imap_server, address, post, monkeypatch):
    monkeypatch.setenv(VARIABLE, PASSWORD)
    usual = {
        "protocol": "imap",
        "server": f"127.0.0.1:{imap_server.port}",
        "security": "none",
        "smtp_server": f"127.0.0.1:{post.port}",
        "smtp_security": "none",
        "address": address,
    }
    return lambda **keys: configure(**{**usual, **keys})


@pytest.fixture
def graph(configure, certificates, monkeypatch):
    monkeypatch.setenv(VARIABLE, SECRET)
    with graph_server(ADDRESS, certificates) as server:
        usual = {
            "protocol": "graph",
            "server": f"{server.url}/v1.0",
            "authority": server.url,
            "ca_file": certificates.authority,
            "address": ADDRESS,
            "tenant": TENANT,
            "client_id": CLIENT,
        }
        yield server, lambda **keys: configure(**{**usual, **keys})


@pytest.fixture
def exchange(configure, certificates, monkeypatch):
    monkeypatch.setenv(VARIABLE, EWS_PASSWORD)
    with ews_server(ADDRESS, certificates) as server:
        usual = {
            "protocol": "exchange",
            "server": server.url,
            "ca_file": certificates.authority,
            "address": ADDRESS,
            "login": LOGIN,
        }
        yield server, lambda **keys: configure(**{**usual, **keys})


def all_well(result: Result) -> bool:
    steps = [line.strip().split(":")[0] for line in result.output.splitlines()[1:]]
    return result.exit_code == 0 and steps == [
        *("✓ belongs to", "✓ sign in", "✓ folders", "✓ send", "✓ arrive"),
    ]


def failed_step(result: Result) -> str:
    """The one line that says what is wrong, with the advice below it."""
    assert result.exit_code == 1, result.output
    lines = result.output.splitlines()
    [at] = [number for number, line in enumerate(lines) if line.strip().startswith("✗")]
    return f"{lines[at].strip()} → {lines[at + 1].strip()}"


class TestAllIsWell:
    def test_imap(self, run, imap):
        imap()
        result = run("faelles")
        assert all_well(result), result.output

    def test_graph(self, run, graph):
        graph[1](handled_folder="Behandlet")
        result = run()
        assert all_well(result), result.output

    def test_exchange(self, run, exchange):
        exchange[1](handled_folder="Behandlet")
        result = run()
        assert all_well(result), result.output

    def test_the_mail_to_itself_becomes_no_ticket(self, run, imap, session):
        mailbox = imap()
        run()
        poll(mailbox, NOW)
        [kept] = session.scalars(session.query(InboundMail).statement)
        assert (kept.outcome, kept.reason) == ("automatic", "our own mail came back")
        assert session.query(WorkItem).count() == 0

    def test_a_mailbox_that_only_reads_is_no_fault(self, run, imap):
        imap(sends="no")
        result = run()
        assert result.exit_code == 0 and "- send: not tried" in result.output

    def test_one_that_only_reads_is_written_to_through_the_common_server(self, run, imap, fresh_settings, post):
        imap(sends="no")
        settings = {"smtp_host": "127.0.0.1", "smtp_port": post.port, "smtp_user": "aula"}
        fresh_settings(**settings, smtp_password=PASSWORD)
        result = run()
        assert all_well(result), result.output
        assert len(post.messages) == 1


class TestWhatIsWrong:
    def test_a_wrong_password(self, run, imap, address, monkeypatch):
        imap()
        monkeypatch.setenv(VARIABLE, "forkert")
        said = failed_step(run())
        assert "✗ sign in: credentials" in said and f"login ({address})" in said and VARIABLE in said
        assert "forkert" not in said

    def test_a_secret_that_is_not_there(self, run, imap, monkeypatch):
        imap()
        monkeypatch.delenv(VARIABLE)
        assert f"Set the environment variable {VARIABLE}" in failed_step(run())

    def test_a_certificate(self, run, imap, imap_server):
        imap(server=f"127.0.0.1:{imap_server.tls_port}", security="tls")
        said = failed_step(run())
        assert "✗ sign in: certificate" in said and "ca_file" in said

    def test_a_folder(self, run, imap):
        imap(quarantine_folder="Findes ikke")
        said = failed_step(run())
        assert "✗ folders: folder" in said and "'Findes ikke'" in said and "there are:" in said

    def test_a_server_that_is_not_there(self, run, imap):
        imap(server="127.0.0.1:1")
        said = failed_step(run())
        assert "✗ sign in: unreachable" in said and "127.0.0.1:1" in said and "firewall" in said

    def test_the_way_out_has_another_password(self, run, imap, post):
        imap()
        post.password = "en anden"
        assert "✗ send: credentials" in failed_step(run())

    def test_the_way_out_does_not_let_it_write(self, run, imap, post):
        imap()
        post.answers = ["550 5.7.60 SMTP; Client does not have permissions to send as this sender"]
        assert "✗ send: answer: (550" in failed_step(run())

    def test_a_mail_that_does_not_arrive(self, imap, post):
        mailbox = imap()
        post.hands_on = lambda _raw, _recipients: None
        *_, last = check(mailbox, current_app.config["SETTINGS"], NOW, arrival_seconds=0.05)
        assert (last.name, last.good) == ("arrive", False) and "junk" in last.advice

    def test_a_municipality_that_does_not_exist(self, run, imap):
        imap(municipality="oesterkaer")
        said = failed_step(run())
        assert "no municipality 'oesterkaer'" in said and "one of: vesterkaer" in said

    def test_an_institution_that_does_not_exist(self, run, imap):
        imap(unit="findes-ikke")
        assert "mail key 'findes-ikke'" in failed_step(run())

    def test_an_application_without_access_to_the_mailbox(self, run, graph):
        graph[1](address="borgmester@vesterkaer.example")
        said = failed_step(run())
        assert "✗ sign in: permission" in said and "Mail.ReadWrite" in said

    def test_a_client_secret_that_has_run_out(self, run, graph, monkeypatch):
        graph[1]()
        monkeypatch.setenv(VARIABLE, "udløbet")
        said = failed_step(run())
        assert "AADSTS7000215" in said and "run out" in said

    def test_a_server_with_too_much_to_do(self, run, graph):
        server, configure = graph
        configure()
        server.faults.plan("sendMail", throttled(60))
        assert "✗ send: busy" in failed_step(run())

    def test_a_proxy_that_answers_for_exchange(self, run, exchange):
        server, configure = exchange
        configure()
        server.faults.plan("GetFolder", Answer(200, b"<html>Log on to the network</html>"), times=9)
        said = failed_step(run())
        assert "/EWS/Exchange.asmx" in said or "firewall" in said

    def test_a_name_that_no_mailbox_has(self, run, imap):
        imap()
        result = run("skolen")
        assert result.exit_code == 1 and "there are: faelles" in result.output

    def test_no_mailbox_at_all(self, run):
        result = run()
        assert result.exit_code == 1 and "docs/mail.md" in result.output
