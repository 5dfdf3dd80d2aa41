"""What users of other help desks complain about most: clocks that are wrong once and never believed again.

Each test is named after a complaint and goes through the product's own actions, the sweep and the pages.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from tests.factories import AbsenceFactory, SmallMunicipality, small_municipality
from tests.web.test_sign_in import sign_in
from ticketing.accounts.throttle import throttle
from ticketing.clocks.config import load_clock_config
from ticketing.clocks.days import LocalDays
from ticketing.database import db
from ticketing.settings import shipped
from ticketing.vocabulary import (
    Affected,
    Channel,
    ClockKind,
    ClockState,
    DayKind,
    EventKind,
    Lane,
    Priority,
    RequesterRole,
    Rung,
    State,
)
from ticketing.work import actions
from ticketing.work.actions import REQUESTER, Actor, Draft, Handover
from ticketing.work.calendar_changes import change_days
from ticketing.work.clockcheck import verify
from ticketing.work.cover import set_absence
from ticketing.work.models import Clock, Event, OutboxMessage, WorkItem
from ticketing.work.sweep import sweep

CPH = ZoneInfo("Europe/Copenhagen")
HOUR, DAY = 3600, timedelta(days=1)
WHOLE = Handover("Prøvet på to telefoner", Affected.ONE, "i går", "Fejl 403")
RUNG, TOTAL, FIRST = ClockKind.RUNG, ClockKind.END_TO_END, ClockKind.FIRST_RESPONSE
#: A school's usual day: 07.45-15.00.
SCHOOL_DAY = 7 * HOUR + 900


def at(day: str, clock: str) -> datetime:
    """Local time in the week of Monday 14 September 2026 ("mon2" is the next), or on "10-23" of that year."""
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "mon2", "tue2", "wed2")
    date = f"2026-09-{14 + names.index(day)}" if day in names else f"2026-{day}"
    return datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=CPH).astimezone(UTC)


class Case:
    """A parent's question at the superuser's rung, from Monday at eight; what is said of it, and its clocks."""

    def __init__(self, town: SmallMunicipality, opened: datetime | None = None, **more) -> None:
        opened = opened or at("mon", "08:00")
        db.session.commit()
        draft = {
            "municipality_id": town.municipality.id,
            "unit_id": town.school_indskoling.id,
            "title": "Kan ikke se beskeder",
            "body": "Jeg kan ikke se beskeder fra læreren.",
            "category": "LOGIN",
            "channel": Channel.MAIL,
            "requester_role": RequesterRole.EMPLOYEE,
            "requester_email": "mor@example.org",
        }
        self.id = actions.open_ticket(Draft(**(draft | more)), REQUESTER, opened).id

    def do(self, action, who, when: datetime, **more) -> WorkItem:
        return action(self.id, Actor("person", who.id), when, **more)

    def writes(self, when: datetime, text: str = "Det virker stadig ikke") -> WorkItem:
        return actions.requester_writes(self.id, when, text)

    @property
    def item(self) -> WorkItem:
        db.session.expire_all()
        return db.session.get_one(WorkItem, self.id)

    def clock(self, kind: ClockKind, visit: int | None = None) -> Clock:
        db.session.expire_all()
        rows = select(Clock).where(Clock.item_id == self.id, Clock.kind == kind)
        if visit is not None:
            rows = rows.where(Clock.visit == visit)
        return db.session.scalars(rows.order_by(Clock.visit.desc())).first()

    def fired(self) -> list[tuple[EventKind, str, int]]:
        """What warned or ran out: (event, clock, visit), in order."""
        kinds = (EventKind.CLOCK_WARNED, EventKind.CLOCK_BREACHED)
        rows = select(Event).where(Event.item_id == self.id, Event.kind.in_(kinds)).order_by(Event.seq)
        return [(e.kind, e.data["clock"]["kind"], e.data["clock"]["visit"]) for e in db.session.scalars(rows)]

    def breached(self) -> list[str]:
        return [clock for kind, clock, _ in self.fired() if kind is EventKind.CLOCK_BREACHED]

    def mails(self, purpose: str) -> list[OutboxMessage]:
        rows = select(OutboxMessage).where(OutboxMessage.item_id == self.id, OutboxMessage.purpose == purpose)
        return list(db.session.scalars(rows))


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


@pytest.fixture
def case(town) -> Case:
    return Case(town)


@pytest.fixture(autouse=True)
def and_the_rows_are_what_the_events_say(session):
    yield
    session.rollback()
    assert list(verify(everything=True)) == []


# Wrong after a reopening


def test_reopened_ticket_has_a_due_time_from_now_and_not_from_its_first_day(case, town) -> None:
    case.do(actions.solve, town.superuser, at("mon", "09:00"), text="Prøv igen.")
    case.writes(at("mon2", "08:00"))
    # Two days of 7 t 15 min: all of Monday and Tuesday but the quarter before eight.
    assert case.clock(RUNG).due_at == at("wed2", "08:00")
    assert case.clock(RUNG).used_seconds == 0
    assert sweep(at("mon2", "08:01")).events == 0


def test_time_between_solved_and_reopened_counts_neither_as_work_nor_as_waiting(case, town) -> None:
    case.do(actions.solve, town.superuser, at("mon", "09:00"), text="Prøv igen.")
    case.writes(at("thu", "09:00"))
    case.do(actions.take, town.superuser, at("thu", "10:00"))
    total = case.clock(TOTAL)
    assert (total.state, total.used_seconds) == (ClockState.RUNNING, 2 * HOUR)


def test_close_figures_are_there_again_after_a_reopened_ticket_is_solved(case, town) -> None:
    case.do(actions.solve, town.superuser, at("mon", "09:00"), text="Prøv igen.")
    case.writes(at("tue", "09:00"))
    assert (case.item.solved_at, case.item.closed_at, case.clock(TOTAL).ended_at) == (None, None, None)
    case.do(actions.solve, town.superuser, at("tue", "10:00"), text="Nu virker det.")
    sweep(at("tue", "10:00") + 5 * DAY)
    item, total = case.item, case.clock(TOTAL)
    assert (item.state, item.solved_at, item.solved_rung) == (State.CLOSED, at("tue", "10:00"), Rung.SUPERUSER)
    assert item.closed_at == at("tue", "10:00") + 5 * DAY
    assert (total.state, total.ended_at, total.used_seconds) == (ClockState.MET, at("tue", "10:00"), 2 * HOUR)
    assert [case.clock(RUNG, visit).state for visit in (1, 2)] == [ClockState.MET, ClockState.MET]


def test_a_verdict_is_not_rewritten_by_a_reopening(case, town) -> None:
    sweep(at("wed", "12:00"))
    assert case.clock(RUNG, 1).state is ClockState.MISSED
    case.do(actions.solve, town.superuser, at("wed", "13:00"), text="Prøv igen.")
    case.writes(at("thu", "09:00"))
    case.do(actions.solve, town.superuser, at("thu", "10:00"), text="Nu.")
    assert [case.clock(RUNG, visit).state for visit in (1, 2)] == [ClockState.MISSED, ClockState.MET]


# Wrong after a change of team


def test_team_change_leaves_no_target_of_the_old_team_behind(case, town) -> None:
    case.do(actions.escalate, town.superuser, at("mon", "10:00"), handover=WHOLE)
    sweep(at("wed", "15:00"))
    assert {visit for _, clock, visit in case.fired() if clock != "end_to_end"} == {2}
    running = select(Clock.visit).where(Clock.item_id == case.id, Clock.state == ClockState.RUNNING)
    assert set(db.session.scalars(running)) <= {0, 2}


def test_second_team_gets_its_own_time_and_not_what_the_first_left(case, town) -> None:
    """Two days were gone when it was handed up: the administrator has three all the same."""
    case.do(actions.escalate, town.superuser, at("wed", "09:00"), handover=WHOLE)
    rung = case.clock(RUNG)
    day = load_clock_config(shipped("config")).calendar("administration").day_seconds
    assert (rung.rung, rung.used_seconds, rung.target_seconds) == (Rung.ADMINISTRATOR, 0, 3 * day)
    assert rung.due_at > at("sat", "00:00")
    assert case.clock(TOTAL).used_seconds > 2 * SCHOOL_DAY


def test_a_ticket_put_right_to_a_unit_without_a_superuser_does_not_charge_the_next_rung(case, town) -> None:
    """Found here: moved to another unit, it climbed past an empty post with the time used below."""
    AbsenceFactory(person=town.udskoling_superuser)
    db.session.commit()
    wanted = {"unit_id": town.school_udskoling.id, "reason": "Det er 8. klasse"}
    item = case.do(actions.move_unit, town.superuser, at("tue", "14:00"), **wanted)
    rung = case.clock(RUNG)
    assert item.rung is rung.rung is Rung.ADMINISTRATOR
    assert rung.used_seconds == 0


# The pause


def test_pause_is_not_lost_when_the_target_changes(case, town) -> None:
    case.do(actions.ask_requester, town.superuser, at("mon", "10:00"), text="Hvilken telefon?")
    case.do(actions.reclassify, town.superuser, at("tue", "10:00"), reason="Haster", priority=Priority.P2)
    paused = case.clock(RUNG)
    assert (paused.state, paused.due_at, paused.used_seconds) == (ClockState.PAUSED, None, 2 * HOUR)
    case.writes(at("wed", "10:00"), "En iPhone")
    # Priority 2 has four hours here; two were used before the pause.
    assert case.clock(RUNG).due_at == at("wed", "12:00")


def test_nothing_runs_out_while_it_waits_for_the_parent(case, town) -> None:
    case.do(actions.ask_requester, town.superuser, at("mon", "10:00"), text="Hvilken telefon?")
    for day in range(1, 10):
        sweep(at("mon", "10:00") + day * DAY)
    assert case.fired() == []
    assert len(case.mails("question")) == 1 + 2


def test_rung_does_not_run_out_while_it_waits_for_the_vendor(case, town) -> None:
    case.do(actions.take, town.superuser, at("mon", "08:30"))
    case.do(actions.wait_for_sync, town.superuser, at("mon", "14:30"), reason="Rettet i Tabulex")
    assert sweep(at("tue", "06:59")).events == 0
    sweep(at("tue", "07:00"))
    assert case.item.state is State.IN_PROGRESS
    assert case.clock(RUNG).used_seconds == 6 * HOUR + 1800


def test_weekend_inside_a_pause_is_not_counted(town) -> None:
    case = Case(town, at("fri", "13:00"))
    case.do(actions.ask_requester, town.superuser, at("fri", "14:00"), text="Hvilken telefon?")
    case.writes(at("mon2", "09:00"), "En iPhone")
    for kind in (RUNG, TOTAL):
        assert case.clock(kind).used_seconds == HOUR
    # Two school days less the hour used: six hours of Monday, all of Tuesday, a quarter of Wednesday.
    assert case.clock(RUNG).due_at == at("wed2", "08:00")


def test_pause_over_the_night_the_clocks_change_gives_and_takes_no_hour(town) -> None:
    """Daylight saving ends on Sunday 25 October 2026."""
    case = Case(town, at("10-23", "13:00"))
    case.do(actions.ask_requester, town.superuser, at("10-23", "14:00"), text="Hvilken telefon?")
    case.writes(at("10-26", "09:00"), "En iPhone")
    case.do(actions.answer, town.superuser, at("10-26", "10:00"), text="Så kan du opdatere.")
    assert case.clock(RUNG).used_seconds == 2 * HOUR


# Escalates although it should not


def test_ticket_on_a_known_fault_does_not_escalate_by_itself(town) -> None:
    fault, case = Case(town), Case(town, priority=Priority.P2)
    fault.do(actions.make_known_fault, town.superuser, at("mon", "08:05"))
    case.do(actions.attach_to_fault, town.superuser, at("mon", "08:10"), fault_id=fault.id)
    for hours in range(0, 24 * 12, 6):
        sweep(at("mon", "09:00") + timedelta(hours=hours))
    assert case.item.rung is Rung.SUPERUSER
    assert case.breached() == ["end_to_end"]  # the parent waits all the same, and the figures know
    assert case.mails("notice") == [] or all("frist" not in mail.body for mail in case.mails("notice"))


def test_ticket_on_a_known_fault_gets_no_rung_clock_when_it_is_moved(town) -> None:
    """Found here: handed on by an absence, it began to run towards an escalation of its own."""
    fault, case = Case(town), Case(town)
    fault.do(actions.make_known_fault, town.superuser, at("mon", "08:05"))
    case.do(actions.attach_to_fault, town.superuser, at("mon", "08:10"), fault_id=fault.id)
    wanted = {"unit_id": town.school_udskoling.id, "reason": "De har tid"}
    case.do(actions.move_sideways, town.superuser, at("mon", "08:20"), **wanted)
    live = select(Clock.kind).where(Clock.item_id == case.id, Clock.state == ClockState.RUNNING)
    assert db.session.scalars(live).all() == [TOTAL]
    case.do(actions.detach_from_fault, town.udskoling_superuser, at("mon", "09:00"))
    assert case.clock(RUNG).state is ClockState.RUNNING


def test_ticket_reopened_after_the_fault_was_solved_stands_on_its_own(town) -> None:
    fault, case = Case(town), Case(town)
    fault.do(actions.make_known_fault, town.superuser, at("mon", "08:05"))
    case.do(actions.attach_to_fault, town.superuser, at("mon", "08:10"), fault_id=fault.id)
    fault.do(actions.solve, town.superuser, at("mon", "12:00"), text="Aula virker igen.")
    assert case.item.state is State.SOLVED
    case.writes(at("tue", "08:00"))
    assert case.item.known_fault_id is None
    assert case.clock(RUNG).state is ClockState.RUNNING


def test_answered_ticket_does_not_run_out_on_its_first_response(case, town) -> None:
    case.do(actions.answer, town.superuser, at("mon", "09:00"), text="Vi kigger på det.")
    sweep(at("tue", "12:00"))
    assert "first_response" not in case.breached()
    assert case.clock(FIRST).state is ClockState.MET


def test_solved_ticket_does_not_run_out(case, town) -> None:
    case.do(actions.solve, town.superuser, at("mon", "09:00"), text="Prøv igen.")
    for day in range(1, 12):
        sweep(at("mon", "09:00") + day * DAY)
    assert case.fired() == []


def test_a_target_that_no_longer_holds_never_runs_out(case, town) -> None:
    """The 72 hours of a data breach, when it proves to be none."""
    case.do(actions.reclassify, town.superuser, at("mon", "09:00"), reason="Brud?", lane=Lane.BREACH)
    assert case.clock(ClockKind.BREACH_NOTICE).state is ClockState.RUNNING
    who = town.municipal_admin
    case.do(actions.reclassify, who, at("mon", "10:00"), reason="Intet brud", lane=Lane.GUIDANCE)
    sweep(at("mon", "10:00") + 4 * DAY)
    assert "breach_notice" not in case.breached()
    assert case.clock(ClockKind.BREACH_NOTICE).state is ClockState.DROPPED


def test_first_response_is_what_is_due_first_until_somebody_answers(case, town) -> None:
    """A target for the next update must not hide that nobody has answered at all."""
    assert case.item.due_at == case.clock(FIRST).due_at < case.clock(RUNG).due_at
    case.do(actions.answer, town.superuser, at("mon", "09:00"), text="Vi kigger på det.")
    assert case.item.due_at == case.clock(RUNG).due_at


def test_each_clock_runs_out_once_however_often_it_is_looked_at(case) -> None:
    for minutes in range(0, 6 * 24 * 60, 90):
        sweep(at("mon", "08:00") + timedelta(minutes=minutes))
    assert len(case.fired()) == len(set(case.fired()))


# Opening hours


def test_lunch_break_is_not_counted(town) -> None:
    """Several openings a day: 08-12 and 12.30-16 at this school."""
    hours = ((8 * HOUR, 12 * HOUR), (12 * HOUR + 1800, 16 * HOUR))
    today = at("mon", "08:00").date()
    lunch = LocalDays(DayKind.OPENING, today, today, "Åbent med frokostpause", hours)
    db.session.commit()
    change_days(town.school.id, actions.SYSTEM, at("mon", "08:00"), source="side", add=[lunch])
    case = Case(town, at("mon", "11:00"), priority=Priority.P2)
    # Two hours until a first response: one before lunch, one after.
    assert case.clock(FIRST).due_at == at("mon", "13:30")


def test_night_and_weekend_are_not_counted(town) -> None:
    case = Case(town, at("fri", "14:00"), priority=Priority.P2)
    assert case.clock(FIRST).due_at == at("mon2", "08:45")


# What counts as an answer


def answers(town: SmallMunicipality, client, case: Case, slug: str, **typed) -> None:
    sign_in(client, town.superuser)
    version = {"version": case.item.version}
    assert client.post(f"/sager/{case.item.number}/{slug}", data=version | typed).status_code == 302


@pytest.fixture
def fresh(town) -> Case:
    """Opened just now, so that the pages' own clock fits."""
    return Case(town, datetime.now(UTC))


def test_answer_on_the_web_counts_as_an_answer(client, town, fresh) -> None:
    answers(town, client, fresh, "svar", text="Prøv at logge ud og ind.")
    assert fresh.clock(FIRST).state is ClockState.MET
    assert len(fresh.mails("answer")) == 1


def test_answer_on_the_phone_counts_and_sends_no_mail(client, town, fresh) -> None:
    answers(town, client, fresh, "svar", text="Ringede og viste det.", by_phone="1")
    assert fresh.clock(FIRST).state is ClockState.MET
    assert fresh.mails("answer") == []
    page = client.get(f"/sager/{fresh.item.number}").text
    assert "svar til melder i telefonen" in page and "Ringede og viste det." in page


def test_internal_note_is_no_answer_to_the_parent(client, town, fresh) -> None:
    answers(town, client, fresh, "note", text="Ser ud til at være en gammel app.")
    assert fresh.clock(FIRST).state is ClockState.RUNNING


def test_what_the_system_does_is_no_answer(case, town) -> None:
    for person in (town.superuser, town.second_superuser, town.udskoling_superuser):
        set_absence(person.id, actions.SYSTEM, at("mon", "08:30"), starts_at=at("mon", "08:30"), ends_at=None)
    assert case.item.rung is Rung.ADMINISTRATOR
    assert case.clock(FIRST, 1).state is ClockState.DROPPED
    assert case.clock(FIRST).state is ClockState.RUNNING


def test_a_parent_who_finds_out_alone_is_nobodys_answer(case) -> None:
    """Found here: it flattered the figures of first responses."""
    actions.requester_says_solved(case.id, at("mon", "09:00"))
    assert case.clock(FIRST).state is ClockState.DROPPED
    assert case.clock(TOTAL).state is ClockState.MET


def test_a_question_to_the_parent_is_an_answer(case, town) -> None:
    case.do(actions.ask_requester, town.superuser, at("mon", "09:00"), text="Hvilken telefon?")
    assert case.clock(FIRST).state is ClockState.MET
