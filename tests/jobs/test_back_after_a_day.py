"""The worker was down for a day while people went on: when it is back nothing is missed, nothing happens
twice, and nobody gets more than one mail about it. Time is moved, the worker's jobs are the real ones."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from tests.factories import NOW, small_municipality
from ticketing.demo.clone import clone_items
from ticketing.insight.leader_digest import write_leader_digests
from ticketing.jobs import backlog as backlog_module
from ticketing.jobs.backlog import Backlog
from ticketing.mail.digest import FOLDABLE, Hold
from ticketing.mail.outbox import send_due
from ticketing.vocabulary import Channel, ClockState, EventKind, Priority, RequesterRole, State
from ticketing.work import actions
from ticketing.work.cover import hand_on_what_is_due
from ticketing.work.models import Clock, Event, OutboxMessage, WorkItem
from ticketing.work.sweep import sweep

#: Wednesday at half past ten in Denmark, a day and a little after NOW.
BACK = NOW + timedelta(hours=24, minutes=30)
FIRED = (EventKind.CLOCK_WARNED, EventKind.CLOCK_BREACHED)
FILLED = {"group_name": "6. årgang", "institution_code": "561001", "period": "uge 35"}


@pytest.fixture
def town(session):
    made = small_municipality()
    session.commit()
    write_leader_digests(NOW - timedelta(days=1))
    return made


def ask(town, at: datetime, **changes) -> WorkItem:
    given = {
        "municipality_id": town.municipality.id,
        "unit_id": town.school_indskoling.id,
        "title": "Kan ikke logge på",
        "body": "Tekst",
        "category": "LOGIN",
        "channel": Channel.FORM,
        "requester_role": RequesterRole.EMPLOYEE,
        "requester_id": town.teacher.id,
    }
    return actions.open_ticket(actions.Draft(**given | changes), actions.REQUESTER, at)


@pytest.fixture
def busy(session, town, monkeypatch) -> dict[str, WorkItem]:
    """300 tickets whose first response runs out during the day, and one of each that waits for something.
    The sweep works off fifty at a time, so that mail is looked at in between."""
    ask(town, NOW)
    clone_items(session(), town.municipality.id, 300)
    superuser = actions.Actor("person", town.superuser.id)
    waiting = {name: ask(town, NOW) for name in ("sync", "vendor", "requester", "solved")}
    actions.wait_for_sync(waiting["sync"].id, superuser, NOW, reason="Rettet i brugeradministrationen")
    vendor = waiting["vendor"] = ask(town, NOW, category="SKEMA", priority=Priority.P2)
    actions.wait_for_vendor(vendor.id, superuser, NOW, vendor="skema", reference="", fields=FILLED)
    long_ago = NOW - timedelta(days=1, hours=20)
    actions.ask_requester(waiting["requester"].id, superuser, long_ago, text="Hvilken telefon?")
    actions.solve(waiting["solved"].id, superuser, NOW - timedelta(days=4, hours=12), text="Sådan.")
    waiting["urgent"] = ask(town, NOW, priority=Priority.P1)
    while send_due(NOW).sent:
        pass
    for hour in range(1, 5):  # the pages work on while the worker is down
        ask(town, NOW + timedelta(hours=hour))
    monkeypatch.setattr(backlog_module, "sweep", partial(sweep, limit=50))
    return waiting


def worker(worked: Backlog, since: datetime, minutes: int) -> datetime:
    """A worker's jobs at their own intervals, the mail first."""
    for second in range(0, minutes * 60, 5):
        now = since + timedelta(seconds=second)
        worked.send(now)
        if second % 10 == 0:
            worked.fire(now)
        if second % 60 == 0:
            hand_on_what_is_due(now)
            write_leader_digests(now)
    return since + timedelta(minutes=minutes)


def test_nothing_is_missed_and_nothing_happens_twice(session, town, busy) -> None:
    until = worker(Backlog(), BACK, minutes=4)
    session.expire_all()
    late = select(func.count()).select_from(WorkItem).where(WorkItem.next_at <= until)
    assert session.scalar(late) == 0
    running = session.scalars(select(Clock).where(Clock.state == ClockState.RUNNING)).all()
    assert [
        clock for clock in running if clock.due_at <= BACK or (clock.warn_at and clock.warn_at <= BACK)
    ] == []
    fired = session.scalars(select(Event).where(Event.kind.in_(FIRED)).order_by(Event.id)).all()
    once = Counter((e.item_id, e.kind, e.data["clock"]["kind"], e.data["clock"]["visit"]) for e in fired)
    assert set(once.values()) == {1}
    breached = {e.item_id for e in fired if e.kind is EventKind.CLOCK_BREACHED}
    assert len(breached) >= 300
    states = {name: session.get(WorkItem, item.id).state for name, item in busy.items()}
    assert states["sync"] is State.IN_PROGRESS
    assert states["vendor"] is State.WAITING_VENDOR
    assert states["requester"] is State.WAITING_REQUESTER
    assert states["solved"] is State.CLOSED
    kinds = Counter(session.scalars(select(Event.kind).where(Event.item_id == busy["requester"].id)))
    assert kinds[EventKind.REMINDED] == 1
    assert session.get(WorkItem, busy["urgent"].id).step == "municipal_admin", "P1 climbed by itself"

    events, mails = _count(session, Event), _count(session, OutboxMessage)
    worker(Backlog(), until, minutes=2)
    assert (_count(session, Event), _count(session, OutboxMessage)) == (events, mails)


def test_what_ran_out_first_is_told_first(session, town, busy) -> None:
    worker(Backlog(), BACK, minutes=4)
    fired = session.scalars(select(Event).where(Event.kind.in_(FIRED)).order_by(Event.item_id, Event.seq)).all()
    by_item: dict[int, list[str]] = {}
    for event in fired:
        by_item.setdefault(event.item_id, []).append(event.data["due_at"])
    assert [item for item, dues in by_item.items() if item != busy["urgent"].id and dues != sorted(dues)] == []


def test_nobody_gets_more_than_one_mail_about_it(session, town, busy) -> None:
    worker(Backlog(), BACK, minutes=4)
    session.expire_all()
    told = session.scalars(
        select(OutboxMessage).where(
            OutboxMessage.purpose.in_((*FOLDABLE, "digest")), OutboxMessage.sent_at >= BACK
        )
    ).all()
    per_person = Counter(row.recipient for row in told)
    assert per_person.keys() >= {
        town.superuser.email,
        town.second_superuser.email,
        town.municipal_admin.email,
        town.school_leader.email,
    }
    assert set(per_person.values()) == {1}, per_person
    [digest] = [row for row in told if row.recipient == town.superuser.email]
    assert digest.purpose == "digest"
    assert digest.subject.startswith("Haster: ")
    unsent = select(func.count()).where(
        OutboxMessage.sent_at.is_(None),
        OutboxMessage.digest_id.is_(None),
        OutboxMessage.next_try_at <= BACK + timedelta(minutes=3),
    )
    assert session.scalar(unsent) == 0
    reminders = session.scalars(
        select(OutboxMessage.sent_at).where(
            OutboxMessage.item_id == busy["requester"].id, OutboxMessage.purpose == "question"
        )
    ).all()
    assert len(reminders) == 2 and all(reminders)


class TestHowLongNoticesWait:
    """Bounded: a backlog that does not end, or clocks that fail, keep nobody from being told."""

    def test_each_job_has_a_turn_first_and_then_nothing_waits(self, session, town) -> None:
        worked = Backlog()
        write_leader_digests(NOW)
        assert worked.hold(NOW) is Hold.ALL
        worked.fire(NOW)
        assert worked.hold(NOW + timedelta(seconds=19)) is Hold.ALL
        assert worked.hold(NOW + timedelta(seconds=20)) is Hold.NOTHING

    def test_with_a_backlog_urgent_ones_wait_two_minutes_and_others_fifteen(self, session, town) -> None:
        ask(town, NOW - timedelta(days=30))
        worked = Backlog()
        session.commit()
        worked._began = worked._last = NOW
        held = {}
        for minutes in (1, 3, 14, 16):
            worked._last = NOW + timedelta(minutes=minutes)
            held[minutes] = worked.hold(NOW + timedelta(minutes=minutes))
        assert held == {1: Hold.ALL, 3: Hold.ROUTINE, 14: Hold.ROUTINE, 16: Hold.NOTHING}

    def test_a_machine_that_slept_begins_anew(self, session, town) -> None:
        worked = Backlog()
        write_leader_digests(NOW)
        worked.fire(NOW)
        woken = NOW + timedelta(hours=9)
        assert worked.hold(woken) is Hold.ALL
        worked.fire(woken)
        assert worked.hold(woken + timedelta(seconds=30)) is Hold.NOTHING

    def test_clocks_that_fail_hold_nothing_back(self, session, town, monkeypatch) -> None:
        def broken(_now: datetime) -> None:
            raise OSError

        worked = Backlog()
        monkeypatch.setattr(backlog_module, "sweep", broken)
        with pytest.raises(OSError):
            worked.fire(NOW)
        assert worked.hold(NOW) is Hold.NOTHING


def _count(session, model) -> int:
    return session.scalar(select(func.count()).select_from(model))
