"""Colleagues are told when they are at work, and many notices at once are one mail: figures, numbers, links."""

import re
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, PostFactory, SmallMunicipality, small_municipality
from ticketing.clocks.days import LocalDays
from ticketing.database import db
from ticketing.mail.digest import Hold
from ticketing.mail.outbox import send_due
from ticketing.vocabulary import Channel, DayKind, Lane, Priority, RequesterRole, Role
from ticketing.work import actions
from ticketing.work.calendar_changes import change_days
from ticketing.work.models import Event, OutboxMessage, WorkItem
from ticketing.work.notices import Told, staff_notices
from ticketing.work.receivers import next_at_work

#: The evening of NOW's Tuesday in Denmark (20:00), and the next openings.
EVENING = datetime(2026, 9, 15, 18, 0, tzinfo=UTC)
SCHOOL_OPENS = datetime(2026, 9, 16, 5, 45, tzinfo=UTC)
IT_OPENS = datetime(2026, 9, 16, 5, 30, tzinfo=UTC)
OFFICE_OPENS = datetime(2026, 9, 16, 6, 0, tzinfo=UTC)


@pytest.fixture
def town(session: Session) -> SmallMunicipality:
    made = small_municipality()
    session.commit()
    return made


def ask(town: SmallMunicipality, at: datetime, **changes) -> WorkItem:
    """An employee's question: it goes to the two superusers of the department."""
    draft = {
        "municipality_id": town.municipality.id,
        "unit_id": town.school_indskoling.id,
        "title": "Hemmeligt emne",
        "body": "Hemmelig tekst",
        "category": "LOGIN",
        "channel": Channel.FORM,
        "requester_role": RequesterRole.EMPLOYEE,
        "requester_id": town.teacher.id,
    }
    return actions.open_ticket(actions.Draft(**draft | changes), actions.REQUESTER, at)


def notices(session: Session, recipient: str) -> list[OutboxMessage]:
    rows = select(OutboxMessage).where(OutboxMessage.purpose == "notice", OutboxMessage.recipient == recipient)
    return list(session.scalars(rows.order_by(OutboxMessage.id)))


def digests(session: Session) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "digest")))


class TestWorkingHours:
    def test_a_notice_written_in_the_evening_waits_for_the_receivers_own_morning(self, session, town):
        ask(town, EVENING)
        [to_superuser] = notices(session, town.superuser.email)
        assert to_superuser.next_try_at == SCHOOL_OPENS
        technician, head = town.technicians[0].id, town.school_head.id
        opens = next_at_work(session(), [technician, head, town.superuser.id], EVENING)
        assert opens == {technician: IT_OPENS, head: OFFICE_OPENS, town.superuser.id: SCHOOL_OPENS}

    def test_one_written_in_working_hours_goes_at_once(self, session, town):
        ask(town, NOW)
        [notice] = notices(session, town.superuser.email)
        assert notice.next_try_at == NOW

    @pytest.mark.parametrize("urgent", [{"priority": Priority.P1}, {"lane": Lane.BREACH}], ids=["P1", "brud"])
    def test_what_is_urgent_goes_at_once(self, session, town, urgent):
        ask(town, EVENING, **urgent)
        rows = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "notice")).all()
        assert rows
        assert {row.next_try_at for row in rows} == {EVENING}

    def test_the_units_own_closing_day_counts(self, session, town):
        closed = LocalDays(DayKind.CLOSED, SCHOOL_OPENS.date(), SCHOOL_OPENS.date(), "Pædagogisk dag")
        change_days(town.school.id, actions.SYSTEM, NOW, source="test", add=[closed])
        ask(town, EVENING)
        [notice] = notices(session, town.superuser.email)
        assert notice.next_try_at == SCHOOL_OPENS + timedelta(days=1)

    def test_the_units_own_calendar_counts(self, session, town):
        town.school.calendar = "sfo"
        session.commit()
        ask(town, EVENING)
        [notice] = notices(session, town.superuser.email)
        assert notice.next_try_at == datetime(2026, 9, 16, 4, 0, tzinfo=UTC)

    def test_with_two_posts_the_first_that_opens_counts(self, session, town):
        PostFactory(person=town.municipal_admin, unit=town.daycare_room, role=Role.SUPERUSER)
        opens = next_at_work(session(), [town.municipal_admin.id], EVENING)
        assert opens == {town.municipal_admin.id: datetime(2026, 9, 16, 4, 30, tzinfo=UTC)}


class TestOneDigest:
    def test_a_nights_notices_are_one_mail_without_a_word_of_the_tickets(self, session, town):
        items = [ask(town, EVENING + timedelta(minutes=n)) for n in range(5)]
        assert send_due(SCHOOL_OPENS - timedelta(seconds=1)).sent == 5  # the receipts
        assert send_due(SCHOOL_OPENS).sent == 2
        to_one, to_other = digests(session)
        assert {to_one.recipient, to_other.recipient} == {town.superuser.email, town.second_superuser.email}
        assert to_one.subject == "5 beskeder om 5 sager"
        assert re.findall(r"/sager/A-(\d+)", to_one.body) == [str(item.number) for item in items]
        assert "emmelig" not in to_one.subject + to_one.body
        folded = notices(session, town.superuser.email)
        assert [(row.sent_at, row.next_try_at) for row in folded] == [(None, None)] * 5
        assert len({row.digest_id for row in folded}) == 1
        assert send_due(SCHOOL_OPENS + timedelta(hours=1)).sent == 0

    def test_a_single_notice_stays_what_it_is(self, session, town):
        ask(town, EVENING)
        send_due(SCHOOL_OPENS)
        assert digests(session) == []
        assert all(row.sent_at == SCHOOL_OPENS for row in notices(session, town.superuser.email))

    def test_mails_to_the_requester_are_never_put_together(self, session, town):
        for n in range(3):
            ask(town, NOW + timedelta(minutes=n))
        send_due(NOW + timedelta(hours=1))
        receipts = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "receipt")).all()
        assert len(receipts) == 3
        assert all(row.sent_at and row.digest_id is None for row in receipts)

    def test_what_is_urgent_stands_first_and_in_the_subject(self, session, town):
        ask(town, NOW)
        urgent = ask(town, NOW, priority=Priority.P1)
        send_due(NOW)
        digest = next(row for row in digests(session) if row.recipient == town.superuser.email)
        assert digest.subject.startswith("Haster: ")
        assert f"A-{urgent.number}" in digest.body.split("/sager/")[1]

    def test_notices_can_be_held_back_while_more_are_on_their_way(self, session, town):
        ask(town, NOW)
        ask(town, NOW, priority=Priority.P1)
        assert send_due(NOW, hold=Hold.ALL).sent == 2  # the receipts
        assert send_due(NOW, hold=Hold.ROUTINE).sent == 2
        assert {row.subject[-30:] for row in digests(session)} == set()
        assert all(row.sent_at for row in notices(session, town.superuser.email) if row.urgent)

    def test_any_number_of_senders_make_one_digest_a_person(self, app: Flask, session, town):
        for n in range(30):
            ask(town, EVENING + timedelta(minutes=n))
        session.commit()
        ready = Barrier(4)

        def sender() -> None:
            with app.app_context():
                ready.wait()
                send_due(SCHOOL_OPENS)
                db.session.remove()

        threads = [Thread(target=sender) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        session.expire_all()
        per_person = session.execute(
            select(OutboxMessage.recipient, func.count())
            .where(OutboxMessage.purpose == "digest")
            .group_by(OutboxMessage.recipient)
        ).all()
        assert dict(map(tuple, per_person)) == {town.superuser.email: 1, town.second_superuser.email: 1}
        rows = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "notice")).all()
        assert [row for row in rows if (row.sent_at is None) == (row.digest_id is None)] == []


@pytest.mark.parametrize("recipients", [1, 12])
def test_telling_many_takes_as_many_statements_as_telling_one(session, town, recipients):
    people = [town.superuser, *town.technicians, town.municipal_admin, town.school_leader, town.teacher]
    people += [town.second_superuser, town.daycare_superuser, town.dagpleje_admin, town.admin_superuser]
    item = ask(town, NOW)
    happened = session.scalars(select(Event).where(Event.item_id == item.id)).first()
    item = session.get(WorkItem, item.id)
    seen = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    told = [Told(item, happened, person.id, "Prøve.") for person in people[:recipients]]
    session.query(OutboxMessage).delete()
    seen.clear()
    staff_notices(session(), told, EVENING)
    assert len(seen) <= 6, seen
