"""A unit's own closing days: read from files, inherited downwards, and in force from the edit on."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.factories import SmallMunicipality, small_municipality
from ticketing.clocks.closing import days_of
from ticketing.clocks.day_files import read_days
from ticketing.clocks.days import LocalDays
from ticketing.clocks.models import CalendarEdit
from ticketing.organisation.models import Unit
from ticketing.vocabulary import Channel, ClockKind, DayKind, EventKind, Priority, RequesterRole, Rung
from ticketing.work import actions
from ticketing.work.calendar_changes import change_days
from ticketing.work.change import changing
from ticketing.work.clockcheck import verify
from ticketing.work.errors import UnknownTarget
from ticketing.work.models import Clock, Event, WorkItem
from ticketing.work.queries import calendars
from ticketing.work.spreading import SECOND_LOOK, spread
from ticketing.work.sweep import sweep

#: Tuesday 15 September 2026, ten in the morning in Denmark.
OPENED = datetime(2026, 9, 15, 8, 0, tzinfo=UTC)
THURSDAY = date(2026, 9, 17)
SHUT = LocalDays(DayKind.CLOSED, THURSDAY, THURSDAY, "Pædagogisk dag")
DAY = timedelta(days=1)


@pytest.fixture
def town(session) -> SmallMunicipality:
    return small_municipality()


def ask(town: SmallMunicipality, unit: Unit, now: datetime = OPENED) -> WorkItem:
    return actions.open_ticket(
        actions.Draft(
            municipality_id=town.municipality.id,
            unit_id=unit.id,
            title="Kan ikke se beskeder",
            body="Jeg kan ikke se beskeder.",
            category="LOGIN",
            channel=Channel.MAIL,
            requester_role=RequesterRole.EMPLOYEE,
            requester_email="medarbejder@example.org",
        ),
        actions.REQUESTER,
        now,
    )


def clock(session, item: WorkItem, kind: ClockKind = ClockKind.RUNG) -> Clock:
    return session.scalars(
        select(Clock).where(Clock.item_id == item.id, Clock.kind == kind).order_by(Clock.visit.desc())
    ).first()


def test_a_closing_day_moves_the_due_times_of_running_items_below_the_unit_by_a_day(session, town) -> None:
    item, other = ask(town, town.school_indskoling), ask(town, town.daycare_room)
    session.commit()
    before, untouched = clock(session, item).due_at, clock(session, other).due_at
    assert before.date() == THURSDAY
    done = change_days(town.school.id, actions.SYSTEM, OPENED, source="proeve.csv", add=[SHUT])
    assert (done.added, done.touched) == (1, 1)
    assert spread(OPENED) == 1
    session.expire_all()
    assert clock(session, item).due_at == before + DAY
    assert clock(session, other).due_at == untouched
    assert list(verify(repair=False)) == []


def test_a_new_item_counts_by_the_days_from_the_start(session, town) -> None:
    change_days(town.root.id, actions.SYSTEM, OPENED, source="proeve.csv", add=[SHUT])
    item = ask(town, town.school_indskoling)
    assert clock(session, item).due_at.date() == THURSDAY + DAY
    assert spread(OPENED) == 0


def test_used_time_stays_used_when_a_past_day_is_closed_afterwards(session, town) -> None:
    item = ask(town, town.school_indskoling)
    later = OPENED + DAY
    yesterday = LocalDays(DayKind.CLOSED, OPENED.date(), OPENED.date(), "Vandskade")
    change_days(town.school.id, actions.SYSTEM, later, source="side", add=[yesterday])
    spread(later)
    session.expire_all()
    # 10.00-15.00 on Tuesday and 07.45-10.00 on Wednesday, whatever is said of Tuesday later.
    assert clock(session, item).used_seconds == (5 * 60 + 135) * 60


def test_what_has_fired_is_not_taken_back(session, town) -> None:
    item = ask(town, town.school_indskoling)
    late = OPENED + timedelta(days=10)
    sweep(late)
    session.expire_all()
    verdict = clock(session, item)
    missed = (verdict.state, verdict.ended_at)
    week = LocalDays(DayKind.CLOSED, OPENED.date(), late.date(), "Lukket")
    change_days(town.school.id, actions.SYSTEM, late, source="side", add=[week])
    spread(late)
    session.expire_all()
    assert (clock(session, item).state, clock(session, item).ended_at) == missed


def test_a_day_taken_away_counts_again(session, town) -> None:
    change_days(town.school.id, actions.SYSTEM, OPENED, source="side", add=[SHUT])
    item = ask(town, town.school_indskoling)
    shut = clock(session, item).due_at
    (row,) = days_of(session, [town.school.id])
    with pytest.raises(UnknownTarget):
        change_days(town.daycare.id, actions.SYSTEM, OPENED, source="side", remove=[row.id])
    change_days(town.school.id, actions.SYSTEM, OPENED, source="side", remove=[row.id])
    spread(OPENED)
    session.expire_all()
    assert clock(session, item).due_at == shut - DAY


def test_school_holidays_close_schools_only_and_an_opening_beats_them(session, town) -> None:
    holiday = LocalDays(DayKind.SCHOOL_HOLIDAY, OPENED.date(), OPENED.date() + 4 * DAY, "Ekstra ferie")
    hours = ((9 * 3600, 12 * 3600),)
    opening = LocalDays(DayKind.OPENING, date(2026, 9, 16), date(2026, 9, 16), "Nødåbent", hours)
    change_days(town.root.id, actions.SYSTEM, OPENED, source="side", add=[holiday, opening])
    find = calendars(session)
    school, care = ask(town, town.school_indskoling), ask(town, town.daycare_room)
    at_school, in_care = (find(clock(session, i).calendar) for i in (school, care))
    assert at_school.elapsed(OPENED, OPENED + 5 * DAY) == 3 * 3600
    assert in_care.is_open(OPENED) and not at_school.is_open(OPENED)


def test_the_servicedesk_follows_the_whole_municipalitys_days_but_not_a_schools(session, town) -> None:
    item = ask(town, town.school_indskoling)
    actor = actions.Actor("person", town.superuser.id)
    change_days(town.school.id, actions.SYSTEM, OPENED, source="side", add=[SHUT])
    change_days(town.root.id, actions.SYSTEM, OPENED, source="side", add=[SHUT])
    spread(OPENED)
    with changing(item.id, actor, OPENED, None) as change:
        change.item.rung = Rung.SERVICEDESK
        policy = change.policy()
        change.item.rung = Rung.SUPERUSER
        near = change.policy()
    assert policy["rung_calendar"].startswith("it#") and policy["rung_calendar"].count("+") == 0
    assert near["rung_calendar"].startswith("skole#") and near["rung_calendar"].count("+") == 1


def test_a_critical_item_never_stands_still(session, town) -> None:
    item = ask(town, town.school_indskoling)
    actor = actions.Actor("person", town.superuser.id)
    actions.reclassify(item.id, actor, OPENED, reason="Alle er ramt", priority=Priority.P1)
    change_days(town.root.id, actions.SYSTEM, OPENED, source="side", add=[SHUT])
    assert spread(OPENED) == 0


def test_a_file_may_come_twice_and_a_spread_may_be_cut_short(session, town) -> None:
    items = [ask(town, town.school_indskoling) for _ in range(3)]
    for _ in range(2):
        done = change_days(town.school.id, actions.SYSTEM, OPENED, source="proeve.csv", add=[SHUT, SHUT])
    assert (done.added, done.known) == (0, 2)
    assert session.scalar(select(func.count()).select_from(CalendarEdit)) == 1
    for _ in range(4):
        spread(OPENED, limit=1)
    spread(OPENED + SECOND_LOOK)
    changed = select(func.count()).where(Event.kind == EventKind.CALENDAR_CHANGED)
    assert session.scalar(changed) == len(items)
    session.expire_all()
    assert session.scalars(select(CalendarEdit.again_at)).all() == [None]


def test_an_item_placed_by_the_old_days_while_the_edit_was_made_is_found_on_the_second_look(
    session, town
) -> None:
    change_days(town.school.id, actions.SYSTEM, OPENED, source="side", add=[SHUT])
    spread(OPENED)
    school = session.get(Unit, town.school.id)
    revision, school.calendar_revision = school.calendar_revision, None
    session.commit()
    item = ask(town, town.school_indskoling)
    session.get(Unit, town.school.id).calendar_revision = revision
    session.commit()
    old = clock(session, item).due_at
    assert spread(OPENED + SECOND_LOOK) == 1
    session.expire_all()
    assert clock(session, item).due_at == old + DAY


def test_a_file_of_days_is_read_in_the_ways_people_write_them(tmp_path: Path) -> None:
    file = tmp_path / "dage.csv"
    file.write_text(
        "Fra;Til;Navn;Type;Åbningstid\n12.10.26;16.10.26;Efterårsferie;skoleferie;\n"
        "2026-05-15;;Dagen efter;lukket;\n08-08-2026;;Åbent hus;åbent;09:00-12:00\n",
        encoding="cp1252",
    )
    found = read_days(file)
    assert found.problems == ()
    assert [(d.kind, d.first.day, d.last.day) for d in found.days] == [
        (DayKind.SCHOOL_HOLIDAY, 12, 16),
        (DayKind.CLOSED, 15, 15),
        (DayKind.OPENING, 8, 8),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("32.10.26;;Ferie;;", "datoen kan ikke læses"),
        ("16.10.26;12.10.26;Ferie;;", "slutter 12.10.2026, før den begynder 16.10.2026"),
        ("12.10.26;12.10.28;Ferie;;", "længere end et år"),
        ("12.10.26;;;;", "navnet mangler"),
        ("12.10.26;;Ferie;fridag;", "kendes ikke"),
        ("12.10.26;;Åbent;åbent;", "skal have en åbningstid"),
        ("12.10.26;;Åbent;åbent;9-12", "åbningstiden kan ikke læses"),
    ],
)
def test_a_bad_line_is_named_with_what_to_do(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "dage.csv"
    file.write_text(f"fra;til;navn;type;åbningstid\n{line}\n")
    (problem,) = read_days(file).problems
    assert problem.line == 2 and said in str(problem)


def test_a_calendar_file_gives_its_whole_days(tmp_path: Path) -> None:
    file = tmp_path / "ferie.ics"
    event = "BEGIN:VEVENT\r\nUID:{0}@vesterkaer.example\r\nSUMMARY:{1}\r\n{2}\r\nEND:VEVENT\r\n"
    file.write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//proeve//\r\n"
        + event.format(1, "Efterårsferie", "DTSTART;VALUE=DATE:20261010\r\nDTEND;VALUE=DATE:20261019")
        + event.format(2, "Fridag", "DTSTART;VALUE=DATE:20260515")
        + event.format(3, "Møde", "DTSTART:20260515T080000Z\r\nDTEND:20260515T090000Z")
        + "END:VCALENDAR\r\n"
    )
    found = read_days(file, DayKind.SCHOOL_HOLIDAY)
    assert [(d.first.isoformat(), d.last.isoformat()) for d in found.days] == [
        ("2026-10-10", "2026-10-18"),
        ("2026-05-15", "2026-05-15"),
    ]
    assert [(p.line, "hel dag" in p.text) for p in found.problems] == [(3, True)]
