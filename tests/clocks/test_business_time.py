"""The arithmetic of due times: laws on any calendar (over 10,000 of them, in weeks when clocks change), and the
border rules by name."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ticketing.clocks.rules import ALWAYS, Calendar, CalendarError, OpeningHours, Version, parse_interval

CPH = ZoneInfo("Europe/Copenhagen")
ZONES = [CPH, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]
#: Midweek days around which Denmark's, New York's and Lord Howe's clocks change.
CHANGES = [datetime(2026, 3, 26), datetime(2026, 10, 22), datetime(2026, 3, 5), datetime(2026, 4, 2)]


def week(*days: str) -> OpeningHours:
    return OpeningHours(tuple(tuple(parse_interval(t) for t in day.split()) for day in days))


def calendar(*days: str, zone=CPH, **more) -> Calendar:
    return Calendar(zone, (Version(week(*days)),), **more)


SCHOOL = calendar(*["07:45-15:00"] * 5, "", "")


@st.composite
def calendars(draw) -> Calendar:
    minute = st.integers(0, 95).map(lambda quarter: quarter * 900)
    opening = st.tuples(minute, st.integers(1, 96)).map(lambda o: (o[0], o[0] + o[1] * 900))
    day = st.lists(opening, max_size=3).map(tuple)
    days = draw(st.lists(day, min_size=7, max_size=7).filter(any))
    closed = draw(st.frozensets(st.dates(date(2026, 2, 20), date(2026, 11, 10)), max_size=6))
    return Calendar(draw(st.sampled_from(ZONES)), (Version(OpeningHours(tuple(days))),), closed)


instants = st.builds(
    lambda change, minutes: change.replace(tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(0, 7 * 24 * 60),
)


def is_open_by_wall_clock(cal: Calendar, at: datetime) -> bool:
    """The naive oracle: what the clock on the wall says, and nothing else."""
    wall = at.astimezone(cal.zone).replace(tzinfo=None)
    for back in (0, 1):
        day = wall.date() - timedelta(days=back)
        seconds = (wall - datetime.combine(day, datetime.min.time())).total_seconds()
        if any(opens <= seconds < closes for opens, closes in cal.hours_on(day)):
            return True
    return False


@given(calendars(), instants, st.integers(0, 400_000))
@settings(max_examples=3000, deadline=None)
def test_as_much_time_passes_as_was_asked_for(cal, start, seconds):
    assert cal.elapsed(start, cal.due(start, seconds)) == seconds


@given(calendars(), instants, st.integers(0, 200_000), st.integers(0, 200_000))
@settings(max_examples=2500, deadline=None)
def test_two_waits_in_a_row_are_one_long_wait(cal, start, first, second):
    assert cal.due(cal.due(start, first), second) == cal.due(start, first + second)


@given(calendars(), instants, instants, instants)
@settings(max_examples=2500, deadline=None)
def test_elapsed_adds_up_over_any_split(cal, a, b, c):
    assert cal.elapsed(a, b) + cal.elapsed(b, c) == cal.elapsed(a, c)


@given(calendars(), instants, st.integers(0, 10_000), st.integers(0, 200_000), st.integers(0, 10_000))
@settings(max_examples=2000, deadline=None)
def test_a_later_start_or_a_longer_wait_is_never_due_earlier(cal, start, later, seconds, longer):
    assert cal.due(start, seconds) <= cal.due(start + timedelta(seconds=later), seconds)
    assert cal.due(start, seconds) <= cal.due(start, seconds + longer)


@given(calendars(), instants, st.integers(1, 4 * 96))
@settings(max_examples=150, deadline=None)
def test_elapsed_equals_a_count_of_the_wall_clocks_open_minutes(cal, start, quarters):
    steps = [start + timedelta(minutes=5 * n) for n in range(quarters * 3)]
    # Openings begin and end on quarters, so five-minute steps from a multiple of five never straddle.
    assume(start.minute % 5 == 0)
    counted = sum(300 for at in steps if is_open_by_wall_clock(cal, at))
    assert cal.elapsed(start, start + timedelta(minutes=15 * quarters)) == counted


@given(calendars(), instants)
@settings(max_examples=300, deadline=None)
@example(SCHOOL, datetime(2026, 3, 29, 1, tzinfo=UTC))
def test_open_means_that_the_wall_clock_shows_an_opening_time(cal, at):
    assert cal.is_open(at) == is_open_by_wall_clock(cal, at)
    opening = cal.next_opening(at)
    assert cal.is_open(opening) and opening >= at and cal.elapsed(at, opening) == 0


def cph(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CPH)


@pytest.mark.parametrize(
    ("start", "seconds", "due"),
    [
        ("2026-11-20T16:00", 60, "2026-11-23T07:46"),
        ("2026-11-20T14:00", 3600, "2026-11-20T15:00"),
        ("2026-11-20T14:00", 3601, "2026-11-23T07:45:01"),
        ("2026-11-20T15:00", 0, "2026-11-20T15:00"),
        ("2026-11-20T15:00:01", 0, "2026-11-23T07:45"),
        ("2026-11-20T07:45", 7 * 3600 + 900, "2026-11-20T15:00"),
    ],
)
def test_borders_of_a_school_day(start, seconds, due):
    assert SCHOOL.due(cph(start), seconds) == cph(due)


def test_lunch_break_is_not_counted():
    cal = calendar(*["08:00-12:00 12:30-16:00"] * 5, "", "")
    assert cal.due(cph("2026-11-23T11:30"), 3600) == cph("2026-11-23T13:00")


def test_night_shift_belongs_to_the_day_it_starts_on():
    cal = calendar("22:00-06:00", *[""] * 6, closed=frozenset({date(2026, 11, 24)}))
    assert cal.elapsed(cph("2026-11-23T00:00"), cph("2026-11-25T00:00")) == 8 * 3600


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-24", 24)])
def test_a_whole_day_has_its_real_length_when_clocks_change(day, hours):
    cal = calendar(*["00:00-24:00"] * 7)
    start = cph(day + "T00:00")
    assert cal.elapsed(start, start + timedelta(days=1)) == hours * 3600


def test_an_opening_in_the_skipped_hour_begins_when_the_clock_has_jumped():
    cal = calendar(*["02:30-05:00"] * 7)
    assert cal.next_opening(cph("2026-03-29T00:00")) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert cal.elapsed(cph("2026-03-29T00:00"), cph("2026-03-29T12:00")) == 2 * 3600


def test_one_off_opening_beats_a_closed_date():
    saturday = date(2026, 8, 8)
    cal = calendar(
        *["08:00-16:00"] * 5, "", "", closed=frozenset({saturday}), openings={saturday: ((36000, 39600),)}
    )
    assert cal.due(cph("2026-08-07T16:00"), 1800) == cph("2026-08-08T10:30")


def test_new_hours_hold_from_their_date():
    old, new = week(*["08:00-16:00"] * 7), week(*["10:00-12:00"] * 7)
    cal = Calendar(CPH, (Version(old), Version(new, date(2026, 11, 24))))
    assert cal.due(cph("2026-11-23T15:00"), 7200) == cph("2026-11-24T11:00")


@pytest.mark.parametrize(
    "text", ["25:00-26:00", "08:00", "8-16", "08:00-08:00", "24:00-06:00", "07:60-08:00", ""]
)
def test_an_opening_that_cannot_be_is_refused(text):
    with pytest.raises(CalendarError):
        parse_interval(text)


def test_a_calendar_that_never_opens_is_refused():
    with pytest.raises(CalendarError, match="never opens"):
        calendar(*[""] * 7)


def test_around_the_clock_is_the_wall_clock():
    assert ALWAYS.due(datetime(2026, 1, 1, tzinfo=UTC), 10**8) == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(
        seconds=10**8
    )
