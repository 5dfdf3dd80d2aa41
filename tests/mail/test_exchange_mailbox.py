"""A mailbox on an Exchange Server: exchangelib against a server that speaks EWS over TLS."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import NOW
from tests.mail.conftest import SECRET as VARIABLE
from tests.mail.letterbox import letter
from tests.mail.reading import SOON, Reading, numbered, tickets
from tests.mail.servers.ews import LOGIN, PASSWORD, busy, ews_server
from tests.mail.servers.web import Answer
from ticketing.mail.gateways import Trouble
from ticketing.mail.gateways.exchange import ExchangeGateway
from ticketing.mail.ingest import ingest
from ticketing.mail.models import MailboxState
from ticketing.mail.outbox import SendResult, send_due
from ticketing.mail.polling import poll
from ticketing.work.models import OutboxMessage

ADDRESS = "aula@vesterkaer.example"


@pytest.fixture
def server(certificates):
    with ews_server(ADDRESS, certificates) as running:
        yield running


@pytest.fixture
def box(configure, place, server, certificates, monkeypatch):
    monkeypatch.setenv(VARIABLE, PASSWORD)

    def add(**keys):
        usual = {
            "protocol": "exchange",
            "server": server.url,
            "ca_file": certificates.authority,
            "address": ADDRESS,
            "login": LOGIN,
        }
        return configure(**{**usual, **keys})

    return add


class TestReading(Reading):
    def test_a_message_deleted_while_we_read_is_passed_over(self, box, server, session, monkeypatch):
        server.store.receive(*numbered(1, 2))
        real = ExchangeGateway.read

        def deleted_first(gateway, handle):
            server.store.messages.pop("m1", None)
            return real(gateway, handle)

        monkeypatch.setattr(ExchangeGateway, "read", deleted_first)
        assert poll(box(), NOW).taken == 1


class TestTrouble:
    @pytest.mark.parametrize(
        "refusal",
        [
            busy(900),
            Answer(429, headers={"Retry-After": "900"}),
            Answer(503, headers={"Retry-After": "900"}),
        ],
        ids=["ErrorServerBusy", "429", "503"],
    )
    def test_throttled_it_stays_away_as_long_as_it_was_asked(self, box, server, session, refusal):
        mailbox = box()
        server.store.receive(*numbered(1, 2))
        server.faults.plan("GetItem", refusal)
        result = poll(mailbox, NOW)
        assert (result.error.trouble, result.error.wait) == (Trouble.BUSY, timedelta(seconds=900))
        assert poll(mailbox, NOW + timedelta(seconds=899)) is None
        assert poll(mailbox, NOW + timedelta(seconds=900)).taken == 2

    def test_a_connection_cut_in_a_message_is_taken_up_again(self, box, server, session):
        mailbox = box()
        poll(mailbox, NOW)
        server.store.receive(*numbered(1, 2, 3))
        server.faults.plan('Id="m2"', Answer(200, cut=True))
        assert poll(mailbox, SOON).error.trouble is Trouble.UNREACHABLE
        assert tickets(session) == 1
        result = poll(mailbox, SOON + timedelta(minutes=5))
        assert (result.taken, result.again) == (2, 1)
        assert tickets(session) == 3

    def test_a_wrong_secret(self, box, monkeypatch):
        monkeypatch.setenv(VARIABLE, "forkert")
        error = poll(box(), NOW).error
        assert error.trouble is Trouble.CREDENTIALS

    def test_a_mailbox_that_is_not_there(self, box):
        assert poll(box(address="borgmester@vesterkaer.example"), NOW).error.trouble is Trouble.FOLDER

    def test_a_folder_that_is_not_there(self, box):
        error = poll(box(folder="Findes ikke"), NOW).error
        assert error.trouble is Trouble.FOLDER and "Findes ikke" in error.detail

    def test_a_certificate_that_nobody_vouches_for(self, box, server, certificates, tmp_path):
        assert poll(box(ca_file="/etc/ssl/certs/ca-certificates.crt"), NOW).error.trouble is Trouble.CERTIFICATE

    def test_a_server_that_is_not_there(self, box):
        gone = {"server": "https://127.0.0.1:1/EWS/Exchange.asmx"}
        assert poll(box(**gone), NOW).error.trouble is Trouble.UNREACHABLE


class TestSending:
    def ask(self, place) -> None:
        ingest(letter(To=""), place.municipality.id, NOW)

    def test_mail_leaves_whole_with_our_message_id(self, box, server, place, session):
        box()
        self.ask(place)
        result = send_due(NOW)
        assert result.sent == len(server.store.sent) > 0
        ids = {row.mail_message_id.encode() for row in session.scalars(select(OutboxMessage))}
        assert all(any(one in raw for one in ids) for raw in server.store.sent)

    def test_throttled_the_next_try_waits_and_nothing_else_is_tried(self, box, server, place, session):
        mailbox = box()
        poll(mailbox, NOW)
        self.ask(place)
        server.faults.plan("CreateItem", busy(600))
        assert send_due(NOW) == SendResult(retried=1)
        assert send_due(NOW + timedelta(seconds=599)) == SendResult()
        assert session.get(MailboxState, mailbox.key, populate_existing=True).send_again_at is not None
        assert send_due(NOW + timedelta(seconds=601)).sent > 0
