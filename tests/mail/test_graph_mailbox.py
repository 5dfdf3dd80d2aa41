"""A mailbox in Exchange Online: our client, httpx and msal against a server that speaks Graph over TLS."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import select

from tests.factories import NOW
from tests.mail.conftest import SECRET as VARIABLE
from tests.mail.letterbox import letter
from tests.mail.reading import SOON, Reading, numbered, tickets
from tests.mail.servers.graph import CLIENT, SECRET, TENANT, graph_server, throttled
from tests.mail.servers.web import Answer
from ticketing.mail.gateways import Trouble
from ticketing.mail.ingest import ingest
from ticketing.mail.models import MailboxState
from ticketing.mail.outbox import SendResult, send_due
from ticketing.mail.polling import poll
from ticketing.work.models import OutboxMessage

ADDRESS = "aula@vesterkaer.example"


@pytest.fixture
def server(certificates):
    with graph_server(ADDRESS, certificates) as running:
        yield running


@pytest.fixture
def box(configure, place, server, certificates, monkeypatch):
    monkeypatch.setenv(VARIABLE, SECRET)

    def add(**keys):
        usual = {
            "protocol": "graph",
            "server": f"{server.url}/v1.0",
            "authority": server.url,
            "ca_file": certificates.authority,
            "address": ADDRESS,
            "tenant": TENANT,
            "client_id": CLIENT,
        }
        return configure(**{**usual, **keys})

    return add


class TestReading(Reading):
    def test_ids_are_asked_for_that_outlive_a_move(self, box, server):
        server.store.receive(*numbered(1))
        poll(box(), NOW)
        assert server.immutable_ids and all(server.immutable_ids)

    def test_a_message_deleted_while_we_read_is_passed_over(self, box, server, session):
        server.store.receive(*numbered(1, 2))
        server.faults.plan("GET /v1.0/users/aula%40vesterkaer.example/messages/m1", Answer(404))
        server.faults.plan("GET /v1.0/users/aula@vesterkaer.example/messages/m1", Answer(404))
        assert poll(box(), NOW).taken == 1


class TestTrouble:
    def test_throttled_it_stays_away_as_long_as_it_was_asked(self, box, server, session):
        mailbox = box()
        server.store.receive(*numbered(1, 2))
        server.faults.plan("/$value", throttled(900))
        result = poll(mailbox, NOW)
        assert (result.error.trouble, result.error.wait) == (Trouble.BUSY, timedelta(seconds=900))
        assert poll(mailbox, NOW + timedelta(seconds=899)) is None
        assert poll(mailbox, NOW + timedelta(seconds=900)).taken == 2

    def test_throttled_until_a_time_of_day(self, box, server):
        until = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
        server.faults.plan("/delta", Answer(503, headers={"Retry-After": until}))
        wait = poll(box(), NOW).error.wait
        assert timedelta(minutes=59) < wait <= timedelta(hours=1)

    def test_an_expired_token_is_renewed_without_anybody_noticing(self, box, server, session):
        mailbox = box()
        poll(mailbox, NOW)
        server.tokens.clear()
        server.store.receive(*numbered(1))
        before = server.token_requests
        assert poll(mailbox, SOON).taken == 1
        assert server.token_requests == before + 1

    def test_a_token_serves_for_many_looks(self, box, server):
        mailbox = box()
        for minute in range(3):
            poll(mailbox, NOW + timedelta(minutes=minute))
        assert server.token_requests <= 1

    def test_a_connection_cut_in_a_message_is_taken_up_again(self, box, server, session):
        mailbox = box()
        poll(mailbox, NOW)
        server.store.receive(*numbered(1, 2, 3))
        server.faults.plan("m2/$value", Answer(200, cut=True))
        assert poll(mailbox, SOON).error.trouble is Trouble.UNREACHABLE
        assert tickets(session) == 1
        result = poll(mailbox, SOON + timedelta(minutes=5))
        assert (result.taken, result.again) == (2, 1)
        assert tickets(session) == 3

    def test_a_proxys_own_page_is_not_taken_for_an_answer(self, box, server):
        server.faults.plan("/delta", Answer(200, b"<html>Log on to the network</html>"))
        assert poll(box(), NOW).error.trouble is Trouble.ANSWER

    def test_a_message_that_is_gone_for_good_does_not_stop_the_worker(self, box, server):
        server.store.receive(*numbered(1))
        server.faults.plan("/$value", Answer(410))
        assert poll(box(), NOW).error.trouble is Trouble.ANSWER

    def test_a_wrong_secret(self, box, monkeypatch):
        monkeypatch.setenv(VARIABLE, "forkert")
        error = poll(box(), NOW).error
        assert error.trouble is Trouble.CREDENTIALS and "AADSTS7000215" in error.detail

    def test_a_mailbox_that_the_application_may_not_use(self, box):
        assert poll(box(address="borgmester@vesterkaer.example"), NOW).error.trouble is Trouble.PERMISSION

    def test_a_folder_that_is_not_there(self, box):
        error = poll(box(folder="Findes ikke"), NOW).error
        assert error.trouble is Trouble.FOLDER and "Indbakke" in error.detail

    def test_a_certificate_that_nobody_vouches_for(self, box, server, certificates, tmp_path):
        assert poll(box(ca_file="/etc/ssl/certs/ca-certificates.crt"), NOW).error.trouble is Trouble.CERTIFICATE

    def test_a_server_that_is_not_there(self, box):
        gone = {"server": "https://127.0.0.1:1/v1.0", "authority": "https://127.0.0.1:1"}
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
        server.faults.plan("sendMail", throttled(600))
        assert send_due(NOW) == SendResult(retried=1)
        assert send_due(NOW + timedelta(seconds=599)) == SendResult()
        assert session.get(MailboxState, mailbox.key, populate_existing=True).send_again_at is not None
        assert send_due(NOW + timedelta(seconds=601)).sent > 0

    def test_a_mail_that_graph_refuses_is_given_up(self, box, server, place):
        box()
        self.ask(place)
        bad = (
            b'{"error": {"code": "ErrorInvalidRecipients", "message": "At least one recipient is not valid."}}'
        )
        server.faults.plan("sendMail", Answer(400, bad))
        assert send_due(NOW).given_up == 1
