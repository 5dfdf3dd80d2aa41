"""The arithmetic of due times: laws, each on 10,000 calendars in weeks when clocks change, and the border
rules by name."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ticketing.clocks.rules import ALWAYS, Calendar, CalendarError, OpeningHours, Version, parse_interval

CPH = ZoneInfo("Europe/Copenhagen")
#: A zone, and the Thursday (midday, UTC) before its clocks change: spring and autumn, an hour or half of one.
WEEKS = [
    (CPH, datetime(2026, 3, 26, 12)),
    (CPH, datetime(2026, 10, 22, 12)),
    (ZoneInfo("America/New_York"), datetime(2026, 3, 5, 12)),
    (ZoneInfo("America/New_York"), datetime(2026, 10, 29, 12)),
    (ZoneInfo("Australia/Lord_Howe"), datetime(2026, 4, 2, 12)),
    (ZoneInfo("Australia/Lord_Howe"), datetime(2026, 10, 1, 12)),
]


def week(*days: str) -> OpeningHours:
    return OpeningHours(tuple(tuple(parse_interval(t) for t in day.split()) for day in days))


def calendar(*days: str, zone=CPH, **more) -> Calendar:
    return Calendar(zone, (Version(week(*days)),), **more)


SCHOOL = calendar(*["07:45-15:00"] * 5, "", "")


@dataclass(frozen=True)
class Drawn:
    """A random calendar in a week when its zone's clocks change, read from bytes: cheap to draw and to shrink.

    `days` and `closed` are what the calendar was made of, so that the oracle reads them and not the calendar.
    """

    days: tuple[tuple[tuple[int, int], ...], ...]
    closed: frozenset[date]
    zone: ZoneInfo
    begins: datetime
    calendar: Calendar
    moments: tuple[datetime, ...]
    seconds: tuple[int, ...]


WEEK = timedelta(days=7)
QUARTER = timedelta(minutes=15)
BYTES = 1 + 7 * 7 + 1 + 3 + 4 * 3 + 2 * 3


def drawn(raw: bytes) -> Drawn:
    """Up to three openings a day on quarters, also overlapping and past midnight; up to three closed dates."""
    byte = iter(raw).__next__
    zone, change = WEEKS[byte() % len(WEEKS)]
    days = []
    for _ in range(7):
        many, pairs = byte() % 4, [(byte() % 96 * 900, byte() % 96 * 900 + 900) for _ in range(3)]
        days.append(tuple((opens, opens + length) for opens, length in pairs[:many]))
    day = byte()
    if not any(days):
        days[day % 7] = ((8 * 3600, 16 * 3600),)
    offsets = [byte() for _ in range(3)]
    closed = frozenset((change + timedelta(days=off - 1)).date() for off in offsets if off < 9)
    begins = change.replace(tzinfo=UTC)
    numbers = [int.from_bytes([byte(), byte(), byte()], "big") for _ in range(6)]
    return Drawn(
        tuple(days),
        closed,
        zone,
        begins,
        Calendar(zone, (Version(OpeningHours(tuple(days))),), closed),
        tuple(begins + timedelta(seconds=number % int(WEEK.total_seconds())) for number in numbers[:4]),
        tuple(number % 400_000 for number in numbers[4:]),
    )


@cache
def quarters(zone: ZoneInfo, begins: datetime) -> list[tuple[date, date, int, int]]:
    """What the clock on the wall shows every quarter of the week: the date with the seconds since its
    midnight, and the date before."""
    shown = []
    for number in range(int(WEEK / QUARTER)):
        wall = (begins + QUARTER * number).astimezone(zone).replace(tzinfo=None)
        seconds = wall.hour * 3600 + wall.minute * 60
        shown.append((wall.date(), wall.date() - timedelta(days=1), seconds, seconds + 86_400))
    return shown


def open_quarters(one: Drawn) -> list[bool]:
    """The naive oracle: quarter by quarter what the wall clock says, and nothing else."""
    hours = {}
    for today, yesterday, _, _ in quarters(one.zone, one.begins):
        for day in (yesterday, today):
            hours[day] = () if day in one.closed else one.days[day.weekday()]
    return [
        any(opens <= now < closes for opens, closes in hours[today])
        or any(opens <= over < closes for opens, closes in hours[yesterday])
        for today, yesterday, now, over in quarters(one.zone, one.begins)
    ]


def as_much_time_passes_as_was_asked_for(one: Drawn) -> None:
    for start in one.moments:
        for seconds in one.seconds:
            assert one.calendar.elapsed(start, one.calendar.due(start, seconds)) == seconds


def later_or_longer_is_never_due_earlier(one: Drawn) -> None:
    due, elapsed = one.calendar.due, one.calendar.elapsed
    few, many = sorted(one.seconds)
    for early, late in pairwise(sorted(one.moments)):
        assert due(early, few) <= due(late, few)
        assert due(early, few) <= due(early, many)
        assert elapsed(early, one.begins + WEEK) >= elapsed(late, one.begins + WEEK)
        assert elapsed(one.begins, early) <= elapsed(one.begins, late)


def time_adds_up_over_any_split(one: Drawn) -> None:
    a, b, c, d = one.moments
    first, second = one.seconds
    elapsed, due = one.calendar.elapsed, one.calendar.due
    assert elapsed(a, b) + elapsed(b, c) + elapsed(c, d) == elapsed(a, d)
    assert due(due(a, first), second) == due(a, first + second)


def elapsed_equals_a_count_of_quarters_on_the_wall(one: Drawn) -> None:
    is_open = open_quarters(one)
    borders = sorted({int((moment - one.begins) / QUARTER) for moment in one.moments} | {0, len(is_open)})
    for low, high in pairwise(borders):
        start, end = one.begins + QUARTER * low, one.begins + QUARTER * high
        assert one.calendar.elapsed(start, end) == 900 * sum(is_open[low:high])
    for moment in one.moments:
        assert one.calendar.is_open(moment) == is_open[int((moment - one.begins) / QUARTER)]
        opening = one.calendar.next_opening(moment)
        assert one.calendar.is_open(opening) and opening >= moment
        assert one.calendar.elapsed(moment, opening) == 0


LAWS = [
    as_much_time_passes_as_was_asked_for,
    later_or_longer_is_never_due_earlier,
    time_adds_up_over_any_split,
    elapsed_equals_a_count_of_quarters_on_the_wall,
]


def test_each_law_holds_on_ten_thousand_random_calendars() -> None:
    """All four on the same calendars: each is compiled once."""
    seen: set[bytes] = set()

    @given(st.binary(min_size=BYTES, max_size=BYTES))
    @settings(max_examples=10_100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @example(bytes(BYTES))
    def holds(raw: bytes) -> None:
        seen.add(raw)
        one = drawn(raw)
        for law in LAWS:
            law(one)

    holds()
    assert len(seen) >= 10_000


def test_an_opening_is_not_there_in_the_hour_that_a_change_skips() -> None:
    """The Danish clocks go from two to three on 29 March 2026: at one in UTC it is three."""
    assert not calendar(*["02:00-03:00"] * 7).is_open(datetime(2026, 3, 29, 1, tzinfo=UTC))


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
