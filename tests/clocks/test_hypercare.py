"""Hypercare: tighter targets and earlier warnings around a go-live, and back to normal by itself."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.clocks.test_derive_transitions import CALENDARS, HOUR, RUNG, TOTAL, at, policy
from tests.factories import EventFactory, SmallMunicipality, WorkItemFactory, small_municipality
from ticketing.clocks.config import load_clock_texts
from ticketing.clocks.derive import ClockEvent, derive, used_at
from ticketing.clocks.hypercare import Hypercare, keep_promises, relax, tighten
from ticketing.organisation.models import Unit
from ticketing.vocabulary import (
    Affected,
    Channel,
    ClockKind,
    ClockState,
    EventKind,
    Lane,
    Priority,
    RequesterRole,
    State,
)
from ticketing.work import actions
from ticketing.work.clockcheck import verify
from ticketing.work.errors import UnknownTarget
from ticketing.work.hypercare import set_go_live, turn
from ticketing.work.models import Clock, Event, WorkItem
from ticketing.work.queries import clock_config
from ticketing.work.spreading import spread
from ticketing.work.sweep import sweep

CARE = Hypercare(before=1, after=10, share=0.5, warn_share=0.5)
#: Tuesday, ten in the morning in Denmark; the unit goes live on the Monday after.
OPENED = datetime(2026, 9, 15, 8, 0, tzinfo=UTC)
GO_LIVE = date(2026, 9, 21)
#: The Friday before is the open day before; ten open days past it is Monday 5 October.
BEGINS = datetime(2026, 9, 17, 22, 0, tzinfo=UTC)
ENDS = datetime(2026, 10, 5, 22, 0, tzinfo=UTC)
WHOLE = actions.Handover("Genstartet", Affected.ONE, "i dag", "Fejl 403")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def test_the_window_is_counted_in_open_days_from_midnight_to_midnight() -> None:
    office = CALENDARS["office"]
    assert CARE.window(GO_LIVE, office) == (BEGINS, ENDS)
    assert [CARE.covers(GO_LIVE, office, when) for when in (BEGINS - SECOND, BEGINS, ENDS - SECOND, ENDS)] == [
        False,
        True,
        True,
        False,
    ]
    assert not CARE.covers(None, office, BEGINS)
    assert not CARE.covers(GO_LIVE + timedelta(days=3650), office, BEGINS)


def test_a_tightened_policy_keeps_what_it_goes_back_to() -> None:
    normal = policy(first=4, rung=8, total=24)
    tight = tighten(normal, CARE)
    assert (tight["first_response"], tight["rung"], tight["total"]) == (2 * HOUR, 4 * HOUR, 12 * HOUR)
    assert (tight["warn_share"], tight["hypercare"]) == (0.5, True)
    assert relax(tight) == normal


def test_a_later_event_keeps_what_the_running_item_was_promised() -> None:
    """Half a day used when the window opened: reclassifying the category must not shorten it once more."""
    began = tighten(policy(total=24, rung=8), CARE, {TOTAL: 12 * HOUR, RUNG: 4 * HOUR})
    assert (began["total"], began["rung"]) == (18 * HOUR, 6 * HOUR)
    fresh = tighten(policy(total=24, rung=8), CARE)
    assert keep_promises(fresh, began, same_visit=True)["rung"] == 6 * HOUR
    moved = keep_promises(fresh, began, same_visit=False)
    assert (moved["total"], moved["rung"]) == (18 * HOUR, 4 * HOUR)
    other = tighten(policy(total=48, rung=8), CARE)
    assert keep_promises(other, began, same_visit=True)["total"] == 24 * HOUR


@given(st.integers(0, 200), st.integers(1, 100), st.integers(0, 60), st.floats(0.05, 1), st.booleans())
@settings(max_examples=400, deadline=None)
def test_entering_and_leaving_keeps_used_time_and_undoes_nothing(enter, stay, target, share, waits) -> None:
    """In the same seconds as an item that never heard of it; and entering alone makes nothing late."""
    began = at("mon 08:00")
    care = replace(CARE, share=share)
    entered, left = began + timedelta(minutes=30 * enter), began + timedelta(minutes=30 * (enter + stay))
    data = {"visit": {"rung": "superuser"}, "policy": policy(rung=8 + target, total=24 + target)}
    events = [ClockEvent(1, began, EventKind.OPENED, {"state": "new", **data})]
    if waits:
        events.append(ClockEvent(2, began, EventKind.ASKED_REQUESTER, {"state": State.WAITING_REQUESTER}))
    find = CALENDARS.__getitem__
    plain = {(c.kind, c.visit): c for c in derive(events, find)}
    used = {c.kind: used_at(c, find, entered) for c in plain.values() if c.is_counting}
    tight = tighten(data["policy"], care, used)
    events.append(ClockEvent(len(events) + 1, entered, EventKind.HYPERCARE_BEGUN, {"policy": tight}, "system"))
    inside = {(c.kind, c.visit): c for c in derive(events, find)}
    for key, clock in inside.items():
        if clock.is_counting:
            assert used_at(clock, find, left) == used_at(plain[key], find, left)
            assert clock.target_seconds <= plain[key].target_seconds
        if clock.state is ClockState.RUNNING:
            # Not late at the stroke: only what was late already.
            assert clock.due_at >= min(entered, plain[key].due_at)
            assert clock.due_at <= max(plain[key].due_at, entered)
            late = clock.due_at <= left
            if late and clock.kind is ClockKind.RUNG:
                named = {"clock": {"kind": clock.kind, "visit": clock.visit}}
                events.append(ClockEvent(len(events) + 1, left, EventKind.CLOCK_BREACHED, named, "system"))
    missed = {key: clock for key, clock in index(events).items() if clock.state is ClockState.MISSED}
    events.append(
        ClockEvent(len(events) + 1, left, EventKind.HYPERCARE_ENDED, {"policy": relax(tight)}, "system")
    )
    after = index(events)
    for key, clock in after.items():
        if key in missed:
            assert (clock.state, clock.ended_at) == (ClockState.MISSED, missed[key].ended_at)
            assert clock.target_seconds == missed[key].target_seconds
        elif clock.is_counting:
            assert clock.target_seconds == plain[key].target_seconds
            assert clock.used_seconds == used_at(plain[key], find, left)


def index(events: list[ClockEvent]) -> dict:
    return {(c.kind, c.visit): c for c in derive(events, CALENDARS.__getitem__)}


@pytest.fixture
def town(session) -> SmallMunicipality:
    return small_municipality()


def ask(town: SmallMunicipality, unit: Unit, now: datetime = OPENED, **more) -> WorkItem:
    return actions.open_ticket(
        actions.Draft(
            municipality_id=town.municipality.id,
            unit_id=unit.id,
            title="Kan ikke se beskeder",
            body="Jeg kan ikke se beskeder.",
            category="LOGIN",
            channel=Channel.FORM,
            requester_role=RequesterRole.EMPLOYEE,
            requester_email="medarbejder@example.org",
            **more,
        ),
        actions.REQUESTER,
        now,
    )


def clock(session, item: WorkItem, kind: ClockKind = RUNG) -> Clock:
    session.expire_all()
    newest = select(Clock).where(Clock.item_id == item.id, Clock.kind == kind).order_by(Clock.visit.desc())
    return session.scalars(newest).first()


def follow(now: datetime) -> int:
    """What the worker does within the minute."""
    turn(now)
    return spread(now)


def kinds(session, item: WorkItem) -> list[EventKind]:
    return list(session.scalars(select(Event.kind).where(Event.item_id == item.id).order_by(Event.seq)))


def test_running_items_enter_and_leave_on_the_day_each_with_one_event(session, town) -> None:
    item, other = ask(town, town.school_indskoling), ask(town, town.daycare_room)
    set_go_live(town.school.id, actions.SYSTEM, OPENED, GO_LIVE)
    assert follow(BEGINS - SECOND) == 0
    normal, used = clock(session, item).target_seconds, 0
    assert follow(BEGINS + SECOND) == 1
    # Five hours of Tuesday and the Wednesday and Thursday were used; half of what was left remains.
    used = (5 * 60 + 2 * 435) * 60
    inside = clock(session, item, TOTAL)
    assert inside.target_seconds == used + (5 * 435 * 60 - used) // 2 + 30  # in whole minutes
    assert clock(session, other, TOTAL).target_seconds == 5 * 10 * HOUR
    for minutes in (1, 2, 60):
        assert follow(BEGINS + timedelta(minutes=minutes)) == 0
    assert follow(ENDS) == 1
    assert clock(session, item).target_seconds == normal
    assert kinds(session, item) == [EventKind.OPENED, EventKind.HYPERCARE_BEGUN, EventKind.HYPERCARE_ENDED]
    assert kinds(session, other) == [EventKind.OPENED]
    assert follow(ENDS + timedelta(minutes=2)) == 0
    assert list(verify(repair=False)) == []


def test_a_question_asked_in_the_window_has_half_the_time_and_its_event_says_so(session, town) -> None:
    set_go_live(town.skole.id, actions.SYSTEM, OPENED, GO_LIVE)
    monday = datetime(2026, 9, 21, 8, 0, tzinfo=UTC)
    item = ask(town, town.school_indskoling, monday)
    assert clock(session, item).target_seconds == 2 * 435 * 60 // 2
    kept = session.scalars(select(Event.data).where(Event.item_id == item.id)).one()["policy"]
    assert (kept["hypercare"], kept["normal"]["rung"], kept["warn_share"]) == (True, 2 * 435 * 60, 0.5)
    actions.escalate(item.id, actions.Actor("person", town.superuser.id), monday + DAY, handover=WHOLE)
    assert (
        clock(session, item).target_seconds == 3 * (clock_config().calendar("administration").day_seconds) // 2
    )
    follow(ENDS)
    assert clock(session, item).target_seconds == 3 * (clock_config().calendar("administration").day_seconds)


def test_what_ran_out_in_the_window_stays_so_after_it(session, town) -> None:
    set_go_live(town.school.id, actions.SYSTEM, OPENED, GO_LIVE)
    item = ask(town, town.school_indskoling, datetime(2026, 9, 21, 8, 0, tzinfo=UTC))
    sweep(datetime(2026, 9, 23, 8, 0, tzinfo=UTC))
    missed = clock(session, item)
    assert missed.state is ClockState.MISSED
    verdict = (missed.ended_at, missed.target_seconds)
    follow(ENDS)
    after = clock(session, item)
    assert (after.state, after.ended_at, after.target_seconds) == (ClockState.MISSED, *verdict)
    assert clock(session, item, TOTAL).target_seconds == 5 * 435 * 60


def test_a_date_is_inherited_and_the_nearest_counts(session, town) -> None:
    near, far = ask(town, town.school_indskoling), ask(town, town.school_udskoling)
    set_go_live(town.skole.id, actions.SYSTEM, OPENED, GO_LIVE)
    set_go_live(town.school_udskoling.id, actions.SYSTEM, OPENED, date(2027, 3, 1))
    follow(BEGINS)
    assert EventKind.HYPERCARE_BEGUN in kinds(session, near)
    assert EventKind.HYPERCARE_BEGUN not in kinds(session, far)


def test_a_date_that_is_put_off_takes_running_items_out_again(session, town) -> None:
    item = ask(town, town.school_indskoling)
    set_go_live(town.school.id, actions.SYSTEM, OPENED, GO_LIVE)
    follow(BEGINS)
    set_go_live(town.school.id, actions.SYSTEM, BEGINS + DAY, date(2026, 11, 2))
    assert spread(BEGINS + DAY) == 1
    assert kinds(session, item)[-1] is EventKind.HYPERCARE_ENDED
    set_go_live(town.school.id, actions.SYSTEM, BEGINS + 2 * DAY, None)
    assert follow(BEGINS + 2 * DAY) == 0
    with pytest.raises(UnknownTarget):
        set_go_live(0, actions.SYSTEM, OPENED, GO_LIVE)


def test_a_sectors_date_in_the_configuration_serves_until_the_plan_has_one(
    session, town, monkeypatch, app
) -> None:
    config = clock_config()
    dated = f"hypercare:\n  go_live: {{skole: {GO_LIVE}}}\n"
    texts = replace(config.texts, targets=config.texts.targets.replace("hypercare:\n", dated))
    monkeypatch.setitem(app.extensions, "clocks", load_clock_texts(texts))
    item, other = ask(town, town.school_indskoling), ask(town, town.daycare_room)
    assert follow(BEGINS) == 1
    assert kinds(session, item)[-1] is EventKind.HYPERCARE_BEGUN
    assert kinds(session, other) == [EventKind.OPENED]
    assert follow(ENDS) == 1
    assert kinds(session, item)[-1] is EventKind.HYPERCARE_ENDED


def test_the_window_turns_once_whoever_looks(session, town) -> None:
    set_go_live(town.school.id, actions.SYSTEM, OPENED, GO_LIVE)
    assert [turn(BEGINS), turn(BEGINS), turn(ENDS), turn(ENDS)] == [1, 0, 1, 0]


def test_an_item_that_cannot_be_replayed_stops_no_other(session, town) -> None:
    broken = WorkItemFactory(unit=town.school_indskoling, opened_at=OPENED)
    EventFactory(item=broken, seq=1, data={"state": "new", "policy": {"warn_share": 0.75}})
    item = ask(town, town.school_indskoling)
    set_go_live(town.school.id, actions.SYSTEM, OPENED, GO_LIVE)
    assert follow(BEGINS) == 1
    assert kinds(session, item)[-1] is EventKind.HYPERCARE_BEGUN


def test_a_data_breachs_72_hours_are_not_shortened(session, town) -> None:
    set_go_live(town.school.id, actions.SYSTEM, OPENED, GO_LIVE)
    item = ask(town, town.school_indskoling, BEGINS + DAY, lane=Lane.BREACH, priority=Priority.P1)
    assert clock(session, item, ClockKind.BREACH_NOTICE).target_seconds == 72 * HOUR
