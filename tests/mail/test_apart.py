"""A reply that may not join its ticket becomes one of its own, and each of the two names the other."""

from datetime import timedelta

from sqlalchemy import select

from tests.factories import NOW
from tests.insight.test_unresolved import sign_in
from tests.mail.becoming import mails_to, reply_to, solve, texts
from tests.mail.letterbox import letter
from ticketing.database import db
from ticketing.vocabulary import Apart, State
from ticketing.work import actions
from ticketing.work.models import ItemLink, OutboxMessage, WorkItem
from ticketing.work.sweep import sweep

DAY = 60 * 24


def links_of(session) -> list[tuple[int, int, Apart]]:
    return [(one.item_id, one.other_id, one.why) for one in session.scalars(select(ItemLink))]


class TestLinked:
    def test_a_strangers_reply_and_its_ticket_name_each_other(self, take_in, session, place, client):
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        raw = letter(
            "Også mig",
            From="fremmed@andet.example",
            To="aula+daycare@vesterkaer.example",
            Subject=f"SV: [A-{opened.number}]",
            Message_ID="<s@andet.example>",
        )
        other = take_in(raw, 5)
        assert links_of(session) == [(other.item_id, opened.item_id, Apart.STRANGER)]
        sign_in(client, place.pedagogue)
        assert f"A-{opened.number} Kan ikke" in client.get(f"/sager/A-{other.number}").text
        page = client.get(f"/sager/A-{opened.number}").text
        assert "Et svar fra en, der ikke deltager her, blev en sag for sig" in page
        assert f"/sager/A-{other.number}" in page

    def test_who_may_not_know_of_the_other_does_not_see_its_title(self, take_in, session, place, client):
        opened = take_in(letter(To="aula+daycare@vesterkaer.example", Subject="Hemmelig titel"))
        session.get(WorkItem, opened.item_id).confidential = True
        session.commit()
        raw = letter(
            "Også mig",
            From="fremmed@andet.example",
            To="aula+school-indskoling@vesterkaer.example",
            Subject=f"SV: [A-{opened.number}]",
            Message_ID="<s@andet.example>",
        )
        other = take_in(raw, 5)
        sign_in(client, place.superuser)
        page = client.get(f"/sager/A-{other.number}")
        assert page.status_code == 200
        assert "Hemmelig titel" not in page.text

    def test_a_forged_reply_is_linked_as_unconfirmed(self, take_in, session):
        opened = take_in(letter())
        [receipt] = mails_to(session, "mor@privat.example")
        forged = take_in(reply_to(receipt, Authentication_Results="mx; dmarc=fail"), 5)
        assert links_of(session) == [(forged.item_id, opened.item_id, Apart.UNCONFIRMED)]
        assert "ikke bekræftet" in texts(session, forged.item_id)[-1]

    def test_a_reply_long_after_points_back(self, take_in, session, place):
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        solve(opened.item_id, place)
        late = take_in(reply_to(mails_to(session, "mor@privat.example")[-1]), 60 * DAY)
        assert links_of(session) == [(late.item_id, opened.item_id, Apart.LATE)]


class TestClosed:
    def test_closed_while_nobody_answered_and_answered_a_day_later_opens_again(self, take_in, session, place):
        """It was never solved, so the time runs from when it was closed."""
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        asker = actions.Actor("person", place.pedagogue.id)
        actions.ask_requester(opened.item_id, asker, NOW, text="Hvilket barn?")
        for day in range(1, 13):
            sweep(NOW + timedelta(days=day))
        assert session.get(WorkItem, opened.item_id).state is State.CLOSED
        question = mails_to(session, "mor@privat.example")[-1]
        assert take_in(reply_to(question), 13 * DAY).kind == "joined"
        db.session.expire_all()
        assert session.get(WorkItem, opened.item_id).state is State.REOPENED


class TestKnownFault:
    def test_a_reply_to_an_item_on_a_known_fault_joins_it_and_its_holder_hears(self, take_in, session, place):
        """Frappe, Zammad: a reply to a merged ticket was dropped or escalated on its own."""
        to = "aula+daycare@vesterkaer.example"
        fault = take_in(letter(From="far@privat.example", Message_ID="<f@x.example>", To=to))
        holder = actions.Actor("person", place.pedagogue.id)
        actions.take(fault.item_id, holder, NOW)
        actions.make_known_fault(fault.item_id, holder, NOW)
        hung = take_in(letter(To=to), 1)
        actions.attach_to_fault(hung.item_id, holder, NOW, fault_id=fault.item_id)
        [receipt] = mails_to(session, "mor@privat.example")
        joined = take_in(reply_to(receipt, "Det sker også på telefonen"), 10)
        assert (joined.kind, joined.item_id) == ("joined", hung.item_id)
        assert texts(session, fault.item_id)[-1] == (
            f"Der er skrevet i A-{hung.number}, som hænger på denne fejl."
        )
        told = session.scalars(
            select(OutboxMessage).where(
                OutboxMessage.item_id == fault.item_id, OutboxMessage.recipient == place.pedagogue.email
            )
        ).all()
        assert any("kendte fejl" in one.body for one in told)
