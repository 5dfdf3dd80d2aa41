"""Mail in: what each message becomes. The complaints are those other help desks' users have filed."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality, small_municipality
from tests.mail.letterbox import bounce, letter
from ticketing.mail.ingest import Outcome, ingest
from ticketing.mail.models import InboundMail
from ticketing.vocabulary import RequesterRole, State
from ticketing.work import actions, links
from ticketing.work.models import Event, Message, OutboxMessage, WorkItem


@pytest.fixture
def place(session: Session) -> SmallMunicipality:
    made = small_municipality()
    session.commit()
    return made


@pytest.fixture
def take_in(place: SmallMunicipality):
    def take(raw: bytes, minutes: int = 0) -> Outcome:
        return ingest(raw, place.municipality.id, NOW + timedelta(minutes=minutes))

    return take


def items(session: Session) -> list[WorkItem]:
    return list(session.scalars(select(WorkItem).order_by(WorkItem.number)))


def mails_to(session: Session, address: str) -> list[OutboxMessage]:
    return list(
        session.scalars(
            select(OutboxMessage).where(OutboxMessage.recipient == address).order_by(OutboxMessage.id)
        )
    )


def texts(session: Session, item_id: int) -> list[str]:
    return list(session.scalars(select(Message.body).where(Message.item_id == item_id).order_by(Message.id)))


def reply_to(mail: OutboxMessage, body: str = "Tak, men det virker stadig ikke.", **changes) -> bytes:
    given = {
        "Message_ID": "<reply@privat.example>",
        "In_Reply_To": mail.mail_message_id,
        "References": f"<m1@privat.example> {mail.mail_message_id}",
        "Subject": f"SV: {mail.subject}",
    }
    return letter(body, **{**given, **changes})


def solve(item_id: int, place: SmallMunicipality) -> None:
    actions.solve(item_id, actions.Actor("person", place.pedagogue.id), NOW + timedelta(hours=1), text="Løst")


class TestOpening:
    def test_unknown_sender_lands_in_the_municipalitys_triage_and_gets_a_receipt(self, take_in, session, place):
        outcome = take_in(letter())
        item = session.get(WorkItem, outcome.item_id)
        assert outcome.kind == "opened"
        assert (item.unit_id, item.requester_role) == (place.root.id, RequesterRole.UNKNOWN)
        assert item.requester_email == "mor@privat.example"
        [receipt] = mails_to(session, "mor@privat.example")
        assert (receipt.purpose, receipt.in_reply_to) == ("receipt", "<m1@privat.example>")

    def test_address_of_an_institution_leads_to_it(self, take_in, session, place):
        outcome = take_in(letter(To="aula+daycare@vesterkaer.example"))
        assert session.get(WorkItem, outcome.item_id).unit_id == place.daycare.id

    def test_institution_address_in_another_case_and_only_in_delivered_to(self, take_in, session, place):
        raw = letter(To="undisclosed-recipients:;", Delivered_To="Aula+DayCare@Vesterkaer.example")
        assert session.get(WorkItem, take_in(raw).item_id).unit_id == place.daycare.id

    def test_employee_is_known_by_address(self, take_in, session, place):
        item = session.get(WorkItem, take_in(letter(From="teacher@vesterkaer.example")).item_id)
        assert (item.unit_id, item.requester_id) == (place.school_indskoling.id, place.teacher.id)
        assert item.requester_role == RequesterRole.EMPLOYEE

    def test_second_question_of_a_parent_goes_to_the_same_institution(self, take_in, session, place):
        take_in(letter(To="aula+daycare@vesterkaer.example"))
        second = take_in(letter("Noget helt andet", Message_ID="<m2@privat.example>"), 5)
        assert session.get(WorkItem, second.item_id).unit_id == place.daycare.id

    def test_employee_whose_address_is_forged_is_not_taken_for_the_employee(self, take_in, session, place):
        raw = letter(From="teacher@vesterkaer.example", Authentication_Results="mx; spf=fail; dmarc=fail")
        item = session.get(WorkItem, take_in(raw).item_id)
        assert (item.requester_id, item.sender_verified) == (None, False)
        assert mails_to(session, "teacher@vesterkaer.example") == []

    def test_attachments_come_along(self, take_in, session):
        from tests.mail.letterbox import multipart
        from ticketing.work.models import Attachment

        raw = multipart(
            ("Content-Type: text/plain", "Se billedet"),
            ('Content-Type: image/png; name="fejl.png"', b"\x89PNG\r\n\x1a\n" + b"0" * 40),
        )
        item_id = take_in(raw).item_id
        [kept] = session.scalars(select(Attachment).where(Attachment.item_id == item_id))
        assert (kept.name, kept.media_type) == ("fejl.png", "image/png")

    def test_mail_without_sender_or_text_is_a_ticket_all_the_same(self, take_in):
        assert take_in(letter("", From=None, Subject=None, Message_ID=None)).kind == "opened"

    def test_cpr_number_is_not_kept_in_the_ticket(self, take_in, session):
        item_id = take_in(letter("Min søn 010119-1234", Subject="010119-1234")).item_id
        assert "010119" not in session.get(WorkItem, item_id).title + "".join(texts(session, item_id))


class TestComplaints:
    def test_same_message_twice_is_one_ticket(self, take_in, session):
        """zammad #1662, frappe #2310, glpi #24760."""
        first, second = take_in(letter()), take_in(letter(), 3)
        assert (second.seen_before, second.number) == (True, first.number)
        assert len(items(session)) == 1
        assert len(mails_to(session, "mor@privat.example")) == 1

    def test_one_mail_to_two_of_our_addresses_is_one_ticket(self, take_in, session):
        """zammad #1578, #4485, freescout #5284: each mailbox gets a copy with its own traces."""
        to = "aula+daycare@vesterkaer.example, aula+school@vesterkaer.example"
        take_in(letter(To=to, Delivered_To="aula+daycare@vesterkaer.example", Received="from a by b; x"))
        second = take_in(
            letter(To=to, Delivered_To="aula+school@vesterkaer.example", Received="from a by c; y")
        )
        assert second.seen_before
        assert len(items(session)) == 1

    def test_two_mails_with_the_same_message_id_but_other_words_are_two(self, take_in, session):
        take_in(letter("Det ene"))
        assert not take_in(letter("Det andet")).seen_before
        assert len(session.scalars(select(InboundMail)).all()) == 2

    def test_reply_joins_its_ticket_instead_of_making_a_new_one(self, take_in, session):
        """django-helpdesk #756, glpi #16757."""
        opened = take_in(letter())
        [receipt] = mails_to(session, "mor@privat.example")
        joined = take_in(reply_to(receipt), 10)
        assert (joined.kind, joined.item_id) == ("joined", opened.item_id)
        assert texts(session, opened.item_id)[-1] == "Tak, men det virker stadig ikke."
        assert len(items(session)) == 1

    def test_reply_whose_threading_headers_were_lost_joins_by_the_reply_address(self, take_in, session, place):
        """Some providers rewrite the Message-ID (freescout FetchEmails)."""
        opened = take_in(letter())
        token = links.reply_token(place.municipality.id, opened.number)
        raw = letter("Mere", To=f"AULA+{token.upper()}@vesterkaer.example", Message_ID="<x@privat.example>")
        assert take_in(raw, 10).item_id == opened.item_id

    def test_reply_whose_headers_and_address_were_lost_joins_by_the_number(self, take_in):
        opened = take_in(letter())
        raw = letter("Mere", Subject=f"SV: [A-{opened.number}] hej", Message_ID="<x@privat.example>")
        assert take_in(raw, 10).item_id == opened.item_id

    def test_forged_reply_address_leads_nowhere(self, take_in):
        opened = take_in(letter())
        raw = letter(
            "Giv mig adgang",
            To=f"aula+{opened.number}-0123456789abcdef@vesterkaer.example",
            Message_ID="<x@privat.example>",
        )
        assert take_in(raw, 10).item_id != opened.item_id

    def test_stranger_who_quotes_a_number_gets_a_ticket_of_their_own(self, take_in, session):
        """freescout #2375, #4958: wrong thread; GLPI takes any "[#123]" in a subject."""
        opened = take_in(letter())
        raw = letter(
            "Send mig alt",
            From="fremmed@andet.example",
            Subject=f"[A-{opened.number}]",
            Message_ID="<y@z.example>",
        )
        other = take_in(raw, 10)
        assert (other.kind, other.item_id == opened.item_id) == ("opened", False)
        assert f"A-{opened.number}" in texts(session, other.item_id)[-1]
        assert texts(session, opened.item_id) == ["Jeg kan ikke se ugeplanen."]

    def test_person_in_copy_who_answers_first_joins_the_ticket(self, take_in, session):
        """freescout #2086."""
        opened = take_in(letter(Cc="Far Fjord <far@privat.example>"))
        raw = letter(
            "Det gælder også mig",
            From="far@privat.example",
            In_Reply_To="<m1@privat.example>",
            Message_ID="<far@privat.example>",
        )
        joined = take_in(raw, 2)
        assert (joined.kind, joined.item_id) == ("joined", opened.item_id)
        assert texts(session, opened.item_id)[-1].startswith("Skrevet af far@privat.example")

    def test_forged_reply_in_the_requesters_name_does_not_join(self, take_in, session):
        opened = take_in(letter())
        [receipt] = mails_to(session, "mor@privat.example")
        forged = take_in(reply_to(receipt, Authentication_Results="mx.vesterkaer.example; dmarc=fail"), 5)
        assert (forged.kind, forged.item_id == opened.item_id) == ("opened", False)

    @pytest.mark.parametrize(
        "changes",
        [
            {"Auto_Submitted": "auto-replied"},
            {"Precedence": "bulk"},
            {"List_Id": "<nyhedsbrev.example>"},
            {"Subject": "Automatisk svar: Vi har fået dit spørgsmål"},
            {"From": "aula@vesterkaer.example"},
            {"X_Autoreply": "yes"},
        ],
    )
    def test_machines_mail_never_opens_a_ticket_nor_gets_an_answer(self, take_in, session, changes):
        """Loops: freescout #3670, #4143 (8,000 mails), chatwoot #5131, osTicket #1041."""
        outcome = take_in(letter(**changes))
        assert outcome.kind == "automatic"
        assert outcome.reason
        assert items(session) == []
        assert session.scalars(select(OutboxMessage)).all() == []
        assert session.scalars(select(InboundMail)).one().raw

    def test_our_own_receipt_that_comes_back_opens_nothing(self, take_in, session):
        take_in(letter())
        [receipt] = mails_to(session, "mor@privat.example")
        back = take_in(letter("hej", From="videresender@x.example", Message_ID=receipt.mail_message_id))
        assert back.kind == "automatic"
        assert len(items(session)) == 1

    def test_out_of_office_to_a_receipt_leaves_the_ticket_as_it_is(self, take_in, session):
        opened = take_in(letter())
        [receipt] = mails_to(session, "mor@privat.example")
        before = session.get(WorkItem, opened.item_id).state
        take_in(reply_to(receipt, "Jeg er på ferie", Auto_Submitted="auto-replied"), 1)
        assert session.get(WorkItem, opened.item_id).state == before
        assert len(texts(session, opened.item_id)) == 1

    def test_bounce_is_noted_on_its_ticket(self, take_in, session):
        opened = take_in(letter())
        [receipt] = mails_to(session, "mor@privat.example")
        outcome = take_in(bounce(receipt.mail_message_id), 1)
        assert (outcome.kind, outcome.item_id) == ("bounce", opened.item_id)
        assert "kom ikke frem" in texts(session, opened.item_id)[-1]

    def test_delayed_delivery_is_kept_without_a_note(self, take_in, session):
        opened = take_in(letter())
        [receipt] = mails_to(session, "mor@privat.example")
        assert take_in(bounce(receipt.mail_message_id, "delayed"), 1).kind == "bounce"
        assert len(texts(session, opened.item_id)) == 1

    def test_bounce_of_an_unknown_mail_opens_nothing(self, take_in, session):
        assert take_in(bounce("<nobody@knows.example>")).kind == "bounce"
        assert items(session) == []


class TestReplies:
    def test_reply_to_a_solved_ticket_opens_it_again(self, take_in, session, place):
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        solve(opened.item_id, place)
        solved = mails_to(session, "mor@privat.example")[-1]
        assert take_in(reply_to(solved), 120).kind == "joined"
        assert session.get(WorkItem, opened.item_id).state == State.REOPENED

    def test_reply_long_after_opens_a_new_ticket_that_points_back(self, take_in, session, place):
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        solve(opened.item_id, place)
        solved = mails_to(session, "mor@privat.example")[-1]
        late = take_in(reply_to(solved), 60 * 24 * 60)
        assert (late.kind, late.item_id == opened.item_id) == ("opened", False)
        assert f"A-{opened.number}" in texts(session, late.item_id)[-1]

    def test_colleagues_reply_to_a_notice_stays_internal(self, take_in, session, place):
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        colleague = place.pedagogue
        actions.take(opened.item_id, actions.Actor("person", colleague.id), NOW)
        token = links.reply_token(place.municipality.id, opened.number)
        raw = letter(
            "Ring til forælderen",
            From=colleague.email,
            To=f"aula+{token}@vesterkaer.example",
            Message_ID="<intern@vesterkaer.example>",
        )
        assert take_in(raw, 5).kind == "joined"
        last = session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert (last.is_public, last.author_id) == (False, colleague.id)
        assert len(mails_to(session, "mor@privat.example")) == 1

    def test_quoted_history_is_folded(self, take_in, session):
        opened = take_in(letter())
        [receipt] = mails_to(session, "mor@privat.example")
        body = (
            "Nej\n\nDen 4. maj 2026 kl. 10.05 skrev Aula-support <aula@vesterkaer.example>:\n> Hej\n> med dig\n"
        )
        take_in(reply_to(receipt, body), 5)
        last = session.scalars(
            select(Message).where(Message.item_id == opened.item_id).order_by(Message.id.desc())
        ).first()
        assert last.body == "Nej"
        assert "> med dig" in last.folded


class TestQuarantine:
    def test_what_is_no_message_is_kept_whole_with_a_reason(self, take_in, session):
        outcome = take_in(b"\x00\x01\x02 rubbish")
        assert (outcome.kind, outcome.reason) == ("quarantine", "it has no header line")
        assert session.scalars(select(InboundMail)).one().raw == b"\x00\x01\x02 rubbish"
        assert take_in(b"\x00\x01\x02 rubbish").seen_before

    def test_what_the_actions_refuse_is_kept_and_nothing_else_is(self, take_in, session, monkeypatch):
        def refuse(*_args, **_more):
            raise actions_errors.UnknownTarget

        from ticketing.work import errors as actions_errors

        monkeypatch.setattr(actions, "open_ticket", refuse)
        assert take_in(letter()).kind == "quarantine"
        assert session.scalars(select(Event)).all() == []
        assert session.scalars(select(InboundMail)).one().outcome == "quarantine"
