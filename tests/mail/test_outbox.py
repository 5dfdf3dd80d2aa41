"""Mail out: sent once in the normal run, tried again when a server fails, threaded so that it is one
conversation to the one who asked. Against a real SMTP server on a socket."""

import dataclasses
import email
import email.policy
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality, small_municipality
from tests.mail.letterbox import letter
from ticketing.mail import outbox
from ticketing.mail.ingest import ingest
from ticketing.mail.outbox import SendResult, send_due, wait_after
from ticketing.work import actions
from ticketing.work.models import OutboxMessage
from ticketing.work.sweep import sweep


class Inbox:
    """What the server took, and the answers it is told to give instead of taking."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answers: list[str] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


class OnAnyFreePort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def inbox(session: Session) -> Iterator[Inbox]:
    box = Inbox()
    controller = OnAnyFreePort(box, hostname="127.0.0.1", port=0)
    controller.start()
    before = current_app.config["SETTINGS"]
    current_app.config["SETTINGS"] = dataclasses.replace(
        before, smtp_host="127.0.0.1", smtp_port=controller.port
    )
    yield box
    current_app.config["SETTINGS"] = before
    controller.stop()


@pytest.fixture
def place(session: Session) -> SmallMunicipality:
    made = small_municipality()
    session.commit()
    return made


def ask(place: SmallMunicipality, **changes) -> int:
    given = {"To": "aula+daycare@vesterkaer.example", **changes}
    item_id = ingest(letter(**given), place.municipality.id, NOW).item_id
    assert item_id is not None
    return item_id


def keep_only_the_receipt(session: Session) -> OutboxMessage:
    """Marks the notices to staff as sent, so that one mail is due."""
    for row in session.scalars(select(OutboxMessage).where(OutboxMessage.purpose != "receipt")):
        row.sent_at, row.next_try_at = NOW, None
    session.commit()
    return session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "receipt")).one()


def to_mother(inbox: Inbox) -> list[EmailMessage]:
    return [message for message in inbox.messages if "mor@privat.example" in message["To"]]


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def plain(message: EmailMessage) -> str:
    return part(message, "plain")


class TestTwoForms:
    def test_mail_says_the_same_as_text_and_as_html(self, place, inbox):
        item_id = ask(place)
        actions.answer(
            item_id, actions.Actor("person", place.pedagogue.id), NOW, text="Åbn <b>Beskeder</b> & prøv igen"
        )
        send_due(NOW)
        answer = to_mother(inbox)[-1]
        assert answer.get_content_type() == "multipart/alternative"
        assert [one.get_content_type() for one in answer.iter_parts()] == ["text/plain", "text/html"]
        page = part(answer, "html")
        assert '<html lang="da">' in page
        assert "Åbn &lt;b&gt;Beskeder&lt;/b&gt; &amp; prøv igen" in page
        assert '<a href="http://localhost/' in page


class TestHeaders:
    def test_answer_arrives_in_the_askers_own_thread(self, place, inbox):
        item_id = ask(place)
        actions.answer(
            item_id,
            actions.Actor("person", place.pedagogue.id),
            NOW,
            text="Prøv at rydde browserens cache – så går det",
        )
        send_due(NOW)
        receipt, answer = to_mother(inbox)
        assert receipt["In-Reply-To"] == answer["In-Reply-To"] == "<m1@privat.example>"
        assert answer["References"].split() == ["<m1@privat.example>", receipt["Message-ID"]]
        assert "cache – så går det" in plain(answer)
        assert "[A-" in answer["Subject"]

    def test_answer_to_a_reply_answers_the_reply(self, place, inbox):
        item_id = ask(place)
        send_due(NOW)
        [receipt] = to_mother(inbox)
        reply = letter(
            "Også min mand",
            Message_ID="<m2@privat.example>",
            In_Reply_To=receipt["Message-ID"],
            References=f"<m1@privat.example> {receipt['Message-ID']}",
        )
        assert ingest(reply, place.municipality.id, NOW + timedelta(minutes=5)).item_id == item_id
        actions.answer(item_id, actions.Actor("person", place.pedagogue.id), NOW, text="Så er det rettet")
        send_due(NOW + timedelta(minutes=6))
        answer = to_mother(inbox)[-1]
        assert answer["In-Reply-To"] == "<m2@privat.example>"
        assert answer["References"].split() == [
            "<m1@privat.example>",
            receipt["Message-ID"],
            "<m2@privat.example>",
        ]

    def test_only_what_a_machine_says_is_marked_automatic(self, place, inbox):
        item_id = ask(place)
        actions.answer(item_id, actions.Actor("person", place.pedagogue.id), NOW, text="Svar")
        send_due(NOW)
        receipt, answer = to_mother(inbox)
        assert receipt["Auto-Submitted"] == "auto-generated"
        assert answer["Auto-Submitted"] is None

    def test_a_reminder_is_automatic_and_the_question_before_it_is_not(self, place, inbox):
        item_id = ask(place)
        actions.take(item_id, actions.Actor("person", place.pedagogue.id), NOW)
        actions.ask_requester(
            item_id, actions.Actor("person", place.pedagogue.id), NOW, text="Hvilken telefon?"
        )
        later = NOW + timedelta(days=3)
        sweep(later)
        send_due(later)
        _, question, reminder = to_mother(inbox)
        assert question["Auto-Submitted"] is None
        assert reminder["Auto-Submitted"] == "auto-generated"

    def test_reply_goes_to_an_address_that_leads_back(self, place, inbox):
        item_id = ask(place)
        send_due(NOW)
        [receipt] = to_mother(inbox)
        reply = letter("Mere", To=receipt["Reply-To"], Message_ID="<m3@privat.example>")
        assert ingest(reply, place.municipality.id, NOW).item_id == item_id

    def test_long_message_id_is_not_written_as_an_encoded_word(self, place, inbox):
        long_id = f"<{'a' * 180}@privat.example>"
        ask(place, Message_ID=long_id)
        send_due(NOW)
        assert to_mother(inbox)[0]["In-Reply-To"].strip() == long_id

    def test_subject_of_the_asker_can_not_add_a_header(self, place, inbox):
        ask(place, Subject="Hej =?utf-8?q?=0D=0ABcc:_alle@x.example?=")
        send_due(NOW)
        assert all(message["Bcc"] is None for message in inbox.messages)

    def test_notice_to_staff_has_no_word_of_the_ticket(self, place, inbox):
        item_id = ask(place, Subject="Hemmeligt emne")
        actions.take(item_id, actions.Actor("person", place.pedagogue.id), NOW)
        actions.requester_writes(item_id, NOW, "Også hemmeligt")
        send_due(NOW)
        notices = [message for message in inbox.messages if "mor@" not in message["To"]]
        assert notices
        for notice in notices:
            assert "hemmeligt" not in (notice["Subject"] + plain(notice) + part(notice, "html")).lower()
            assert "ugeplanen" not in plain(notice) + part(notice, "html")
            assert "http://localhost/" in plain(notice)

    def test_confidential_answer_is_a_link(self, place, inbox):
        item_id = ask(place)
        actor = actions.Actor("person", place.pedagogue.id)
        actions.set_confidential(item_id, actor, NOW, confidential=True, reason="Følsomt")
        actions.answer(item_id, actor, NOW, text="Det om barnet")
        send_due(NOW)
        content = plain(to_mother(inbox)[-1])
        assert "Det om barnet" not in content
        assert "/status/" in content


class TestSending:
    def test_nothing_is_sent_twice(self, place, inbox):
        ask(place)
        first = send_due(NOW)
        assert first.sent == len(inbox.messages) > 0
        assert send_due(NOW + timedelta(hours=1)) == SendResult()

    def test_a_busy_server_is_tried_again_later_with_the_same_message_id(self, place, inbox, session):
        ask(place)
        row = keep_only_the_receipt(session)
        inbox.answers = ["451 try later"]
        assert send_due(NOW) == SendResult(retried=1)
        assert send_due(NOW + timedelta(seconds=30)) == SendResult()
        assert send_due(NOW + timedelta(seconds=61)) == SendResult(sent=1)
        assert inbox.messages[0]["Message-ID"] == row.mail_message_id

    def test_a_mail_refused_for_good_is_given_up_with_the_reason(self, place, inbox, session):
        ask(place)
        row = keep_only_the_receipt(session)
        inbox.answers = ["550 no such user"]
        assert send_due(NOW) == SendResult(given_up=1)
        session.refresh(row)
        assert (row.sent_at, row.next_try_at) == (None, None)
        assert "no such user" in row.error

    def test_one_refused_mail_does_not_hold_up_the_next(self, place, inbox):
        ask(place)
        ask(place, Message_ID="<other@privat.example>", From="far@privat.example")
        inbox.answers = ["550 no such user"]
        result = send_due(NOW)
        assert (result.given_up, result.sent) == (1, len(inbox.messages))
        assert result.sent >= 1

    def test_a_server_that_is_away_costs_one_try(self, place, inbox, session):
        ask(place)
        ask(place, Message_ID="<other@privat.example>", From="far@privat.example")
        settings = current_app.config["SETTINGS"]
        current_app.config["SETTINGS"] = dataclasses.replace(settings, smtp_port=1)
        assert send_due(NOW) == SendResult(retried=1)
        current_app.config["SETTINGS"] = settings
        assert send_due(NOW + timedelta(minutes=2)).sent == len(session.scalars(select(OutboxMessage)).all())

    def test_it_is_given_up_after_the_last_try(self, place, inbox, session):
        ask(place)
        row = keep_only_the_receipt(session)
        row.attempts = outbox.TRIES - 1
        session.commit()
        inbox.answers = ["451 try later"]
        assert send_due(NOW) == SendResult(given_up=1)

    def test_a_claimed_mail_is_not_taken_by_another_sender(self, place, inbox, session):
        ask(place)
        row = keep_only_the_receipt(session)
        assert outbox._claim(row.id, row.next_try_at, NOW)
        assert not outbox._claim(row.id, NOW, NOW)
        assert send_due(NOW) == SendResult()

    def test_a_sender_that_died_is_taken_over_from_with_the_same_message_id(
        self, place, inbox, session, monkeypatch
    ):
        """At least once: the server had taken it, the process died before it could note that."""

        class Killed(BaseException):
            pass

        ask(place)
        keep_only_the_receipt(session)
        real = smtplib.SMTP.sendmail

        def die_after(self, *args):
            real(self, *args)
            raise Killed

        monkeypatch.setattr(smtplib.SMTP, "sendmail", die_after)
        with pytest.raises(Killed):
            send_due(NOW)
        session.rollback()
        monkeypatch.setattr(smtplib.SMTP, "sendmail", real)
        assert send_due(NOW + outbox.LEASE) == SendResult(sent=1)
        assert len({message["Message-ID"] for message in inbox.messages}) == 1

    def test_an_address_that_can_not_stand_in_a_header_is_given_up(self, place, inbox, session):
        ask(place)
        row = keep_only_the_receipt(session)
        row.recipient = "a@b\nBcc: alle@x.example"
        session.commit()
        assert send_due(NOW) == SendResult(given_up=1)
        assert inbox.messages == []

    def test_without_a_server_the_mails_lie_in_the_data_folder(self, place, session):
        ask(place)
        result = send_due(NOW)
        folder = current_app.config["SETTINGS"].data_dir / "outbox"
        written = [
            email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in folder.iterdir()
        ]
        ids = {row.mail_message_id for row in session.scalars(select(OutboxMessage))}
        assert result.sent == len(ids)
        assert ids <= {message["Message-ID"] for message in written}


def test_waits_double_up_to_four_hours():
    assert [wait_after(n).total_seconds() / 60 for n in (1, 2, 3, 4, 12)] == [1, 2, 4, 8, 240]


def test_an_invitation_is_one_more_way_to_read_the_mail(session: Session, inbox: Inbox) -> None:
    town = small_municipality()
    invitation = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Kursus på Engskolen\r\nEND:VCALENDAR\r\n"
    session.add(
        OutboxMessage(
            municipality_id=town.municipality.id,
            unique_key="invitation:1",
            purpose="invitation",
            recipient="laerer@vesterkaer.example",
            subject="Kursus",
            body="Kom til kursus.\n",
            mail_message_id="<invitation.1@vesterkaer.example>",
            created_at=NOW,
            next_try_at=NOW,
            parts=[
                {"media_type": "text/calendar", "method": "REQUEST", "name": "kursus.ics", "text": invitation},
                {"media_type": "text/csv", "name": "liste.csv", "text": "navn\r\n"},
            ],
        )
    )
    session.commit()
    assert send_due(NOW) == SendResult(sent=1)
    sent = inbox.messages[0]
    found = [part for part in sent.walk() if part.get_content_type() == "text/calendar"]
    assert len(found) == 1
    assert found[0].get_param("method") == "REQUEST"
    assert found[0].get_content().replace("\r\n", "\n") == invitation.replace("\r\n", "\n")
    assert sent.get_body(("plain",)).get_content().strip() == "Kom til kursus."
    assert [part.get_filename() for part in sent.iter_attachments()] == ["liste.csv"]
