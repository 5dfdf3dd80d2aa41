"""Mail leaves through the municipality's own mailbox; each has its own way, and none holds up another's."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import NOW, small_municipality
from tests.mail.conftest import SECRET
from tests.mail.letterbox import letter
from tests.mail.servers.smtp import Inbox, smtp_server
from ticketing.mail.ingest import ingest
from ticketing.mail.outbox import SendResult, send_due
from ticketing.work.models import OutboxMessage

#: A password without TLS: here it goes nowhere.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")


@pytest.fixture
def smtp():
    with smtp_server(Inbox(password="hemmelig")) as inbox:
        yield inbox


@pytest.fixture
def box(configure, place, smtp, monkeypatch):
    monkeypatch.setenv(SECRET, "hemmelig")
    usual = {
        "protocol": "imap",
        "server": "127.0.0.1:1",
        "security": "none",
        "address": "Support@vesterkaer.example",
        "smtp_server": f"127.0.0.1:{smtp.port}",
        "smtp_security": "none",
    }
    return lambda **keys: configure(**{**usual, **keys})


def ask(municipality, number: int = 1) -> None:
    ingest(letter(Message_ID=f"<{number}@privat.example>", To=""), municipality.id, NOW)


def errors(session, municipality) -> list[str]:
    wanted = OutboxMessage.municipality_id == municipality.id
    session.expire_all()
    return [one for one in session.scalars(select(OutboxMessage.error).where(wanted)) if one]


class TestThroughTheMailbox:
    def test_it_signs_in_and_the_mail_is_from_the_mailboxs_own_address(self, box, place, smtp):
        box()
        ask(place.municipality)
        assert send_due(NOW).sent == len(smtp.messages) > 0
        for message in smtp.messages:
            assert message["From"].addresses[0].addr_spec == "support@vesterkaer.example"
            assert message["Reply-To"].addresses[0].addr_spec.startswith("support+1001-")

    def test_a_reply_to_it_joins_the_ticket(self, box, place, smtp, session):
        box()
        ask(place.municipality)
        send_due(NOW)
        receipt = next(one for one in smtp.messages if "mor@privat.example" in one["To"])
        reply = letter("Mere", Message_ID="<r@privat.example>", To=str(receipt["Reply-To"]), Subject="x")
        assert ingest(reply, place.municipality.id, NOW).kind == "joined"

    def test_a_server_without_plus_addresses_is_not_given_any(self, box, place, smtp):
        box(plus_addresses="no")
        ask(place.municipality)
        send_due(NOW)
        assert all(message["Reply-To"] is None for message in smtp.messages)

    def test_our_own_mail_coming_back_opens_nothing(self, box, place, smtp):
        box()
        ask(place.municipality)
        send_due(NOW)
        assert ingest(smtp.messages[0].as_bytes(), place.municipality.id, NOW).kind == "automatic"

    def test_an_institutions_mailbox_is_read_and_never_sent_from(self, box, place, smtp, session):
        box(unit="school")
        ask(place.municipality)
        assert send_due(NOW).sent > 0
        assert smtp.messages == []


class TestTrouble:
    def test_a_wrong_password_costs_one_try_and_the_rest_wait(self, box, place, smtp, session, monkeypatch):
        monkeypatch.setenv(SECRET, "forkert")
        box()
        ask(place.municipality, 1)
        ask(place.municipality, 2)
        assert send_due(NOW) == SendResult(retried=1)
        assert len(errors(session, place.municipality)) == 1
        monkeypatch.setenv(SECRET, "hemmelig")
        later = send_due(NOW + timedelta(minutes=2))
        assert later.sent == len(smtp.messages) >= 2

    def test_no_secret_says_which_variable(self, box, place, session, monkeypatch):
        monkeypatch.delenv(SECRET)
        box()
        ask(place.municipality)
        assert send_due(NOW) == SendResult(retried=1)
        assert SECRET in errors(session, place.municipality)[0]

    def test_one_municipalitys_server_does_not_hold_up_another(self, box, place, smtp, session):
        other = small_municipality("oesterkaer")
        session.commit()
        box(smtp_server="127.0.0.1:1")
        box(key="oester", municipality="oesterkaer", address="aula@oesterkaer.example")
        for number in range(3):
            ask(place.municipality, number)
        ask(other.municipality)
        result = send_due(NOW)
        assert result.retried == 1
        assert result.sent == len(smtp.messages) > 0
        assert all("oesterkaer" in str(message["From"]) for message in smtp.messages)

    def test_a_refused_mail_is_given_up_as_ever(self, box, place, smtp, session):
        box()
        ask(place.municipality)
        smtp.answers = ["550 no such user"]
        assert send_due(NOW).given_up == 1
