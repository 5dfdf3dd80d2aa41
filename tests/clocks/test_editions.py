"""A municipality changes its targets or hours: from now on or from the start, in every process, never backwards
for what has fired, and nothing twice."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.clocks.test_local_days import OPENED, SHUT, ask, clock
from tests.factories import SmallMunicipality, small_municipality
from ticketing.clocks import closing, editions
from ticketing.clocks.config import ClockTexts, load_clock_texts
from ticketing.clocks.models import ClockEdition
from ticketing.configuration import ConfigurationError
from ticketing.database import transaction
from ticketing.jobs.checkup import examine
from ticketing.jobs.finding import Level
from ticketing.vocabulary import ClockKind, ClockState, EventKind, MunicipalityId, Reach
from ticketing.work import actions
from ticketing.work.calendar_changes import change_days
from ticketing.work.clockcheck import verify
from ticketing.work.errors import EditionChanged, MissingReason, NothingNew
from ticketing.work.models import Clock, Event, WorkItem
from ticketing.work.policy_changes import apply_edition
from ticketing.work.queries import clock_config, clocks_of
from ticketing.work.spreading import SECOND_LOOK, spread
from ticketing.work.sweep import sweep

HOUR = timedelta(hours=1)
SUPERUSER_P3 = "{for: {rung: superuser, priority: P3}, first_response: 1 d, rung: 2 d}"
SCHOOL_HOURS = 'hours: {mon: "07:45-15:00", tue: "07:45-15:00", wed: "07:45-15:00"'


@pytest.fixture
def town(session) -> SmallMunicipality:
    return small_municipality()


def with_target(rung: str) -> ClockTexts:
    """The shipped texts with another target for a superuser's P3."""
    now = clock_config().texts
    assert SUPERUSER_P3 in now.targets
    row = SUPERUSER_P3.replace("rung: 2 d", f"rung: {rung}")
    return ClockTexts(now.calendars, now.targets.replace(SUPERUSER_P3, row))


def with_school_hours(tuesday: str) -> ClockTexts:
    """The shipped texts with other hours at the schools on Tuesdays."""
    now = clock_config().texts
    assert SCHOOL_HOURS in now.calendars
    hours = SCHOOL_HOURS.replace('tue: "07:45-15:00"', f'tue: "{tuesday}"')
    return ClockTexts(now.calendars.replace(SCHOOL_HOURS, hours), now.targets)


def put(
    town: SmallMunicipality, texts: ClockTexts, now: datetime, reach: Reach = Reach.FROM_NOW
) -> ClockEdition:
    key = MunicipalityId(town.municipality.id)
    return apply_edition(key, actions.SYSTEM, now, texts, reach=reach, reason="Efter rådets møde")


def verdicts(session, item: WorkItem) -> list[tuple]:
    session.expire_all()
    rows = session.scalars(select(Clock).where(Clock.item_id == item.id).order_by(Clock.id))
    return [(row.kind, row.state, row.ended_at, row.target_seconds) for row in rows]


def test_what_stands_in_config_becomes_the_first_edition_with_the_first_item(session, town) -> None:
    item = ask(town, town.school_indskoling)
    (first,) = session.scalars(select(ClockEdition)).all()
    assert (first.number, first.targets) == (1, clock_config().texts.targets)
    assert clock(session, item).calendar == f"skole#{first.id}"
    assert clocks_of(session, town.municipality.id).edition == first.id


def test_from_now_on_used_time_stays_used_and_the_due_time_follows(session, town) -> None:
    item = ask(town, town.school_indskoling)
    later = OPENED + HOUR
    put(town, with_target("3 h"), later)
    assert spread(later) == 1
    session.expire_all()
    found = clock(session, item)
    assert (found.target_seconds, found.used_seconds) == (3 * 3600, 3600)
    assert found.due_at == OPENED + 3 * HOUR
    assert list(verify(repair=False)) == []


@pytest.mark.parametrize(("reach", "used"), [(Reach.FROM_NOW, 3 * HOUR), (Reach.FROM_START, 2 * HOUR)])
def test_new_hours_count_from_now_or_from_the_start(session, town, reach, used) -> None:
    item = ask(town, town.school_indskoling)  # at ten
    put(town, with_school_hours("11:00-15:00"), OPENED + 3 * HOUR, reach)
    spread(OPENED + 3 * HOUR)
    session.expire_all()
    assert clock(session, item).used_seconds == used.total_seconds()
    assert clock(session, item, ClockKind.END_TO_END).used_seconds == used.total_seconds()
    assert list(verify(repair=False)) == []


def test_only_items_that_count_otherwise_get_an_event(session, town) -> None:
    school, care = ask(town, town.school_indskoling), ask(town, town.daycare_room)
    put(town, with_school_hours("08:00-14:00"), OPENED)
    assert spread(OPENED) == 1
    changed = session.scalars(select(Event.item_id).where(Event.kind == EventKind.POLICY_CHANGED)).all()
    assert changed == [school.id] and care.id not in changed


@pytest.mark.parametrize("reach", list(Reach))
def test_what_has_fired_stays_fired(session, town, reach) -> None:
    item = ask(town, town.school_indskoling)
    late = OPENED + timedelta(days=10)
    sweep(late)
    before = verdicts(session, item)
    assert ClockState.MISSED in [state for _, state, _, _ in before]
    put(town, with_target("20 d"), late, reach)
    spread(late)
    assert verdicts(session, item) == before


@pytest.mark.parametrize("reach", list(Reach))
def test_a_pass_cut_short_goes_on_and_does_nothing_twice(session, town, reach) -> None:
    items = [ask(town, town.school_indskoling) for _ in range(3)]
    put(town, with_target("4 h"), OPENED, reach)
    for _ in range(5):
        spread(OPENED, limit=1)
    spread(OPENED + SECOND_LOOK)
    spread(OPENED + 2 * SECOND_LOOK)
    changed = select(func.count()).where(Event.kind == EventKind.POLICY_CHANGED)
    assert session.scalar(changed) == len(items)
    assert session.scalars(select(ClockEdition.again_at)).all() == [None, None]


def test_an_item_opened_by_the_old_edition_in_that_moment_is_found_on_the_second_look(session, town) -> None:
    first = ask(town, town.school_indskoling)
    old = clocks_of(session, town.municipality.id).edition
    made = put(town, with_target("4 h"), OPENED)
    spread(OPENED)
    town.municipality.clock_edition = old
    session.commit()
    slow = ask(town, town.school_indskoling)
    town.municipality.clock_edition = made.id
    session.commit()
    assert spread(OPENED + SECOND_LOOK) == 1
    session.expire_all()
    assert clock(session, slow).target_seconds == clock(session, first).target_seconds == 4 * 3600


def test_an_older_editions_pass_never_takes_an_item_back(session, town) -> None:
    item = ask(town, town.school_indskoling)
    put(town, with_target("4 h"), OPENED)
    put(town, with_target("6 h"), OPENED)
    for wait in range(3):
        spread(OPENED + wait * SECOND_LOOK)
    session.expire_all()
    assert clock(session, item).target_seconds == 6 * 3600


def test_a_closing_day_keeps_the_edition_that_an_item_goes_by(session, town) -> None:
    item = ask(town, town.school_indskoling)
    before = clock(session, item).calendar
    put(town, with_target("4 h"), OPENED + HOUR)
    change_days(town.school.id, actions.SYSTEM, OPENED, source="side", add=[SHUT])
    spread(OPENED)  # the closing day's pass comes first
    session.expire_all()
    assert clock(session, item).calendar.startswith(before + "@")
    spread(OPENED + HOUR)
    session.expire_all()
    assert clock(session, item).target_seconds == 4 * 3600


def test_two_municipalities_have_targets_of_their_own(session, town) -> None:
    other = small_municipality("noerager")
    put(town, with_target("4 h"), OPENED)
    ours, theirs = ask(town, town.school_indskoling), ask(other, other.school_indskoling)
    assert clock(session, ours).target_seconds == 4 * 3600
    assert clock(session, theirs).target_seconds == 2 * (7 * 60 + 15) * 60
    assert list(verify(repair=False)) == []


def test_a_new_edition_reaches_a_process_that_has_the_old_one_in_memory(session, town) -> None:
    ask(town, town.school_indskoling)
    put(town, with_target("4 h"), OPENED)
    closing.KEPT.clear()
    editions.KEPT.clear()  # as in a process of its own
    assert clock(session, ask(town, town.school_indskoling)).target_seconds == 4 * 3600
    put(town, with_target("5 h"), OPENED)
    assert clock(session, ask(town, town.school_indskoling)).target_seconds == 5 * 3600


def test_an_edition_that_was_rolled_back_leaves_nothing_behind(session, town) -> None:
    ask(town, town.school_indskoling)
    session.commit()
    with pytest.raises(RuntimeError), transaction():
        put(town, with_target("4 h"), OPENED)
        ask(town, town.school_indskoling)
        raise RuntimeError
    put(town, with_target("6 h"), OPENED)
    assert clock(session, ask(town, town.school_indskoling)).target_seconds == 6 * 3600


def test_doctor_notices_files_that_nobody_put_in_force(session, town, app, monkeypatch) -> None:
    def told() -> list[str]:
        settings = app.config["SETTINGS"]
        found = [finding.da for finding in examine(settings, OPENED) if finding.level is Level.WARN]
        return [text for text in found if "targets.yaml" in text]

    assert told() == []  # no item yet, so nothing is promised by the files
    ask(town, town.school_indskoling)
    put(town, with_target("4 h"), OPENED)
    assert told() == []  # changed on the page: the files are as they were
    changed, standing = with_target("5 h"), with_target("4 h")
    monkeypatch.setitem(app.extensions, "clocks", load_clock_texts(changed))
    (text,) = told()
    assert clocks_of(session, town.municipality.id).texts == standing
    assert "vesterkaer" in text and "--from-config" in text


def test_a_new_edition_needs_a_reason_something_new_and_the_newest_to_start_from(session, town) -> None:
    ask(town, town.school_indskoling)
    key = MunicipalityId(town.municipality.id)
    more = {"reach": Reach.FROM_NOW, "reason": "Ny aftale"}
    with pytest.raises(MissingReason):
        apply_edition(key, actions.SYSTEM, OPENED, with_target("4 h"), reach=Reach.FROM_NOW, reason=" ")
    with pytest.raises(NothingNew):
        apply_edition(key, actions.SYSTEM, OPENED, clock_config().texts, **more)
    put(town, with_target("4 h"), OPENED)
    with pytest.raises(EditionChanged):
        apply_edition(key, actions.SYSTEM, OPENED, with_target("5 h"), based_on=1, **more)
    assert apply_edition(key, actions.SYSTEM, OPENED, with_target("5 h"), based_on=2, **more).number == 3


def test_a_wrong_text_or_a_calendar_that_a_unit_needs_is_refused(session, town) -> None:
    town.daycare.calendar = "sfo"
    session.commit()
    texts = clock_config().texts
    wrong = ClockTexts(texts.calendars, texts.targets.replace("rung: 2 h}", "rung: snart}"))
    without = ClockTexts(texts.calendars.replace("  sfo:\n", "  klub:\n"), texts.targets)
    for bad, said in ((wrong, "targets.yaml"), (without, "Mælkebøtten")):
        with pytest.raises(ConfigurationError, match=said):
            put(town, bad, OPENED)
    assert session.scalars(select(ClockEdition.number)).all() in ([], [1])
