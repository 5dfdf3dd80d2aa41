"""A leader is told on working mornings what ran out at their institutions: once, and not a word of content."""

import re
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import event, select, text, update

from tests.factories import NOW, PostFactory, small_municipality
from ticketing.database import db
from ticketing.demo.clone import clone_items
from ticketing.insight.leader_digest import write_leader_digests
from ticketing.insight.models import LeaderDigest
from ticketing.mail.outbox import send_due
from ticketing.vocabulary import Channel, ClockKind, RequesterRole, Role
from ticketing.work import actions
from ticketing.work.models import Clock, OutboxMessage, WorkItem
from ticketing.work.sweep import sweep

#: 08:00 in Denmark on the days after NOW, a Tuesday.
WEDNESDAY, THURSDAY, FRIDAY = (datetime(2026, 9, day, 6, 0, tzinfo=UTC) for day in (16, 17, 18))
BEFORE = timedelta(minutes=15)


@pytest.fixture
def town(session):
    made = small_municipality()
    session.commit()
    write_leader_digests(NOW - timedelta(hours=1))
    return made


def late_item(town, unit=None, **changes):
    """A question that nobody answers; its first response is overdue after a school day."""
    given = {
        "municipality_id": town.municipality.id,
        "unit_id": (unit or town.school_indskoling).id,
        "title": "Hemmeligt emne",
        "body": "Hemmelig tekst",
        "category": "LOGIN",
        "channel": Channel.FORM,
        "requester_role": RequesterRole.EMPLOYEE,
        "requester_id": town.teacher.id,
    }
    return actions.open_ticket(actions.Draft(**given | changes), actions.REQUESTER, NOW)


def letters(session, person) -> list[OutboxMessage]:
    rows = select(OutboxMessage).where(
        OutboxMessage.purpose == "overview", OutboxMessage.recipient == person.email
    )
    return list(session.scalars(rows.order_by(OutboxMessage.id)))


def morning(at: datetime) -> int:
    """What the worker does shortly before a working day begins."""
    sweep(at - BEFORE)
    return write_leader_digests(at - BEFORE)


def test_the_mornings_digest_names_what_ran_out_with_links_and_not_a_word_of_it(session, town) -> None:
    items = [late_item(town), late_item(town, unit=town.school)]
    sweep(WEDNESDAY + timedelta(hours=5))
    assert morning(THURSDAY) == 1
    [letter] = letters(session, town.school_leader)
    assert letter.subject == "Dagens overblik: 2 sager er over fristen"
    assert "Engskolen (2)" in letter.body
    assert re.findall(r"/sager/A-(\d+)", letter.body) == [str(item.number) for item in items]
    assert "emmelig" not in letter.subject + letter.body
    assert letter.next_try_at == THURSDAY
    assert letters(session, town.daycare_leader) == []


def test_each_breach_is_told_once_and_a_quiet_day_brings_no_mail(session, town) -> None:
    late_item(town)
    sweep(WEDNESDAY + timedelta(hours=5))
    assert [morning(THURSDAY), write_leader_digests(THURSDAY), morning(FRIDAY)] == [1, 0, 1]
    first, second = letters(
        session, town.school_leader
    )  # the first response on Wednesday, the rung on Thursday
    assert first.subject == second.subject
    monday = FRIDAY + timedelta(days=3)
    session.execute(update(WorkItem).values(next_at=None))
    session.commit()
    assert [morning(FRIDAY + timedelta(days=1)), morning(monday), morning(monday)] == [0, 0, 0]


def test_one_that_a_sweep_wrote_late_is_told_the_next_morning_and_once(session, town) -> None:
    item = late_item(town)
    sweep(WEDNESDAY + timedelta(hours=5))
    morning(THURSDAY)
    just_before = THURSDAY - BEFORE - timedelta(seconds=2)
    of_item = (Clock.item_id == item.id, Clock.kind == ClockKind.END_TO_END)
    session.execute(update(Clock).where(*of_item).values(breached_at=just_before))
    session.execute(update(WorkItem).values(next_at=None))
    session.commit()
    assert write_leader_digests(FRIDAY - BEFORE) == 1
    assert write_leader_digests(FRIDAY + timedelta(days=3) - BEFORE) == 0


def test_in_a_weekend_it_waits_for_monday(session, town) -> None:
    late_item(town)
    sweep(FRIDAY + timedelta(hours=10))
    saturday = FRIDAY + timedelta(days=1)
    assert write_leader_digests(saturday) == 0
    assert letters(session, town.school_leader) == []
    assert morning(FRIDAY + timedelta(days=3)) == 1


def test_any_number_of_workers_write_one(app: Flask, session, town) -> None:
    late_item(town)
    sweep(WEDNESDAY + timedelta(hours=5))
    sweep(THURSDAY - BEFORE)
    session.commit()
    ready = Barrier(4)

    def worker() -> None:
        with app.app_context():
            ready.wait()
            write_leader_digests(THURSDAY - BEFORE)
            db.session.remove()

    threads = [Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.expire_all()
    assert len(letters(session, town.school_leader)) == 1


def test_nothing_is_written_while_a_backlog_is_worked_off(session, town) -> None:
    late_item(town)
    assert write_leader_digests(THURSDAY - BEFORE) == 0
    assert morning(THURSDAY) == 1


def test_it_comes_in_one_mail_with_the_nights_notices(session, town) -> None:
    """The school's leader is its superuser as well: one mail at eight o'clock."""
    PostFactory(person=town.school_leader, unit=town.school_indskoling, role=Role.SUPERUSER)
    session.commit()
    late_item(town)
    sweep(WEDNESDAY + timedelta(hours=5))
    send_due(WEDNESDAY + timedelta(hours=5))
    late_item(town)
    waiting = (OutboxMessage.sent_at.is_(None), OutboxMessage.digest_id.is_(None))
    session.execute(update(OutboxMessage).where(*waiting).values(next_try_at=THURSDAY))
    session.commit()
    assert morning(THURSDAY) == 1
    send_due(THURSDAY)
    to_leader = [
        row
        for row in session.scalars(select(OutboxMessage).where(OutboxMessage.sent_at == THURSDAY))
        if row.recipient == town.school_leader.email
    ]
    assert [row.purpose for row in to_leader] == ["digest"]
    assert "Engskolen (2)" in to_leader[0].body
    assert "Se hele overblikket" in to_leader[0].body


def test_what_is_about_the_leader_is_not_told_to_them(session, town) -> None:
    late_item(town, about_person_id=town.school_leader.id)
    sweep(WEDNESDAY + timedelta(hours=5))
    assert morning(THURSDAY) == 0


def test_who_leads_no_more_gets_none_and_a_new_leader_does(session, town) -> None:
    late_item(town)
    post = session.scalars(
        select(PostFactory._meta.model).filter_by(person_id=town.school_leader.id, role=Role.LEADER)
    ).one()
    post.valid_to = NOW.date()
    PostFactory(person=town.comm, unit=town.school, role=Role.LEADER)
    session.commit()
    write_leader_digests(NOW)
    sweep(WEDNESDAY + timedelta(hours=5))
    morning(THURSDAY)
    assert letters(session, town.school_leader) == []
    assert len(letters(session, town.comm)) == 1
    assert session.get(LeaderDigest, town.school_leader.id) is None


def test_it_asks_as_much_of_a_thousand_breaches_as_of_ten(session, town) -> None:
    def statements(items: int) -> int:
        seen: list[str] = []
        with db.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        write_leader_digests(THURSDAY - BEFORE if items == 10 else FRIDAY - BEFORE)
        return len(seen)

    late_item(town)
    clone_items(session(), town.municipality.id, 10)
    session.commit()
    sweep(WEDNESDAY + timedelta(hours=5))
    sweep(THURSDAY - BEFORE)
    few = statements(10)
    clone_items(session(), town.municipality.id, 1_000)
    session.commit()
    while sweep(FRIDAY - BEFORE).items:
        pass
    many = statements(1_000)
    assert many <= few + 3
    session.expire_all()
    [*_, letter] = letters(session, town.school_leader)
    assert letter.subject == "Dagens overblik: 1000 sager er over fristen"
    assert "og 980 til." in letter.body
