"""What users of other help desks have complained of about e-mail, each named after what went wrong there."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import NOW
from tests.mail.becoming import items, mails_to, reply_to, texts
from tests.mail.letterbox import bounce, letter
from ticketing.mail.ingest import ingest
from ticketing.mail.models import InboundMail
from ticketing.work import actions, links
from ticketing.work.models import OutboxMessage, WorkItem


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

    def test_a_talk_of_others_with_us_in_copy_opens_nothing_but_can_be_made_a_question(self, take_in, session):
        """frappe #3744: every answer in a conversation between others became a ticket."""
        copied = {"To": "teacher@vesterkaer.example", "Cc": "aula@vesterkaer.example"}
        assert take_in(letter(**copied)).kind == "opened"
        answer = letter("Ja, det er fint", Message_ID="<2@x.y>", In_Reply_To="<talk@andet.example>", **copied)
        outcome = take_in(answer, 2)
        assert (outcome.kind, outcome.reason) == ("automatic", "we are in copy of a talk of others")
        assert (
            session.scalars(select(InboundMail).where(InboundMail.outcome == "automatic")).one().raw == answer
        )

    def test_a_reply_that_comes_by_another_mailbox_joins(self, place, take_in, session):
        """django-helpdesk #1279: the search for the ticket was local to a mailbox's queue."""
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        [receipt] = mails_to(session, "mor@privat.example")
        raw = reply_to(receipt, To="aula+school@vesterkaer.example")
        joined = ingest(raw, place.municipality.id, NOW + timedelta(minutes=5), mailbox_unit="school")
        assert (joined.kind, joined.item_id) == ("joined", opened.item_id)

    def test_the_answer_goes_to_who_asked_and_not_to_who_wrote_last(self, place, take_in, session):
        """freeitsm #120."""
        opened = take_in(letter(To="aula+daycare@vesterkaer.example", Cc="far@privat.example"))
        raw = letter(
            "Også mig",
            From="far@privat.example",
            In_Reply_To="<m1@privat.example>",
            Message_ID="<f@privat.example>",
        )
        take_in(raw, 2)
        actions.answer(
            opened.item_id,
            actions.Actor("person", place.pedagogue.id),
            NOW + timedelta(hours=1),
            text="Prøv igen nu",
        )
        assert mails_to(session, "mor@privat.example")[-1].purpose == "answer"
        assert mails_to(session, "far@privat.example") == []
