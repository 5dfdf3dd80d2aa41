"""What waits is followed up: the requester is reminded in order and never twice a day, the vendor is asked
again as often as the municipality says, and one item that can't be looked after stops no other."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from tests.factories import NOW, small_municipality
from ticketing.database import transaction
from ticketing.vocabulary import Channel, EventKind, Priority, RequesterRole, State
from ticketing.work import actions
from ticketing.work.models import Event, OutboxMessage, WorkItem
from ticketing.work.rules import next_reminder
from ticketing.work.sweep import TRIED_AGAIN_AFTER, sweep

FILLED = {"group_name": "6. årgang", "institution_code": "561001", "period": "uge 35"}


@pytest.fixture
def town(session):
    made = small_municipality()
    session.commit()
    return made


def question(town, **changes) -> WorkItem:
    given = {
        "municipality_id": town.municipality.id,
        "unit_id": town.school_indskoling.id,
        "title": "Kan ikke logge på",
        "body": "Tekst",
        "category": "LOGIN",
        "channel": Channel.PHONE,
        "requester_role": RequesterRole.PARENT,
        "requester_email": "mor@privat.example",
        "logged_by_id": town.teacher.id,
    }
    return actions.open_ticket(actions.Draft(**given | changes), actions.Actor("person", town.teacher.id), NOW)


def moments(session, item: WorkItem, kind: EventKind) -> list[datetime]:
    found = select(Event.at).where(Event.item_id == item.id, Event.kind == kind)
    return list(session.scalars(found.order_by(Event.seq)))


class TestReminders:
    @pytest.fixture
    def asked(self, session, town) -> WorkItem:
        item = question(town)
        return actions.ask_requester(item.id, actions.Actor("person", town.teacher.id), NOW, text="Hvilken?")

    @pytest.mark.parametrize("back_after", [2.5, 4.9, 6.0, 11.0])
    def test_missed_ones_are_sent_in_order_on_days_of_their_own(self, session, asked, back_after):
        """Found while planning: back on day 4.9, the second reminder followed two hours after the first."""
        back = NOW + timedelta(days=back_after)
        for hours in range(0, 24 * 14, 3):
            sweep(back + timedelta(hours=hours))
        reminded = moments(session, asked, EventKind.REMINDED)
        assert len(reminded) == 2
        assert reminded[0] == back
        [closed] = moments(session, asked, EventKind.CLOSED)
        days = [at.date() for at in [*reminded, closed]]
        assert len(set(days)) == 3 and days == sorted(days)
        assert reminded[1] >= NOW + timedelta(days=5)
        assert closed >= NOW + timedelta(days=10)

    def test_each_is_one_mail(self, session, asked):
        for day in range(1, 12):
            sweep(NOW + timedelta(days=day, minutes=1))
        mails = session.scalars(select(OutboxMessage.purpose).where(OutboxMessage.item_id == asked.id)).all()
        assert (mails.count("question"), mails.count("answer")) == (3, 1)

    def test_an_answer_and_a_new_question_begin_anew(self, session, asked, town):
        sweep(NOW + timedelta(days=2))
        actions.requester_writes(asked.id, NOW + timedelta(days=3), "Den nye")
        again = NOW + timedelta(days=3, hours=1)
        actions.ask_requester(asked.id, actions.Actor("person", town.teacher.id), again, text="Hvad står der?")
        session.refresh(asked)
        assert asked.wake_at == again + timedelta(days=2)

    def test_the_plan_is_days_two_five_and_ten(self):
        days = [NOW + timedelta(days=day) for day in (2, 5, 10)]
        assert [next_reminder(NOW, days[:count]) for count in range(3)] == days


class TestVendor:
    @pytest.mark.parametrize(
        ("priority", "again"),
        [
            (Priority.P1, NOW + timedelta(hours=2)),
            (Priority.P2, datetime(2026, 9, 16, 8, 0, tzinfo=UTC)),
            (Priority.P3, datetime(2026, 9, 22, 8, 0, tzinfo=UTC)),
            # Twenty school days on, with the autumn holiday's five in between.
            (Priority.P4, datetime(2026, 10, 20, 8, 0, tzinfo=UTC)),
        ],
    )
    def test_it_is_asked_again_as_often_as_the_priority_says(self, session, town, priority, again):
        item = question(
            town,
            category="SKEMA",
            priority=priority,
            requester_role=RequesterRole.EMPLOYEE,
            requester_id=town.teacher.id,
        )
        holder = actions.Actor("person", town.superuser.id)
        item = actions.wait_for_vendor(item.id, holder, NOW, vendor="skema", reference="SK-9", fields=FILLED)
        assert item.wake_at == again

    def test_the_holder_is_told_and_it_stays_with_the_vendor_until_answered(self, session, town):
        item = question(
            town,
            category="SKEMA",
            priority=Priority.P3,
            requester_role=RequesterRole.EMPLOYEE,
            requester_id=town.teacher.id,
        )
        holder = actions.Actor("person", town.superuser.id)
        actions.wait_for_vendor(
            item.id,
            holder,
            NOW,
            vendor="skema",
            reference="",
            fields=FILLED,
            ask_again_at=NOW + timedelta(days=1),
        )
        for day in range(0, 40):
            sweep(NOW + timedelta(days=day, minutes=1))
        session.refresh(item)
        assert item.state is State.WAITING_VENDOR
        asked_again = moments(session, item, EventKind.VENDOR_DUE)
        assert asked_again[0] == NOW + timedelta(days=1, minutes=1)
        assert len(asked_again) == 5
        told = session.scalars(
            select(OutboxMessage.recipient).where(OutboxMessage.subject.like("%Spørg leverandøren igen%"))
        ).all()
        assert told == [town.superuser.email] * 5
        assert item.wake_at > NOW + timedelta(days=39)


class TestOneBadItem:
    def test_it_stops_no_other_and_is_tried_again(self, session, town, caplog):
        bad, good = question(town), question(town)
        actions.take(good.id, actions.Actor("person", town.teacher.id), NOW)
        with transaction() as writing:
            writing.execute(
                text("UPDATE clock SET kind = 'rung', visit = 9 WHERE item_id = :id AND kind = 'rung'"),
                {"id": bad.id},
            )
        late = NOW + timedelta(days=30)
        result = sweep(late)
        assert (result.items, result.failed) == (1, 1)
        session.expire_all()
        assert moments(session, good, EventKind.CLOCK_BREACHED)
        assert not moments(session, bad, EventKind.CLOCK_BREACHED)
        assert session.get(WorkItem, bad.id).next_at == late + TRIED_AGAIN_AFTER
        assert sweep(late).items == 0
