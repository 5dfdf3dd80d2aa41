"""Used and due times on random histories, against a counter that looks at every minute on its own."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ticketing.clocks.derive import ClockEvent, derive
from ticketing.clocks.rules import Calendar, OpeningHours, Version, parse_interval
from ticketing.vocabulary import WAITING_STATES, ClockKind, ClockState, EventKind, State

CPH = ZoneInfo("Europe/Copenhagen")
MINUTE = timedelta(minutes=1)
#: Openings as minutes of the wall's day; the night one lies across both changes of the clock.
HOURS = {"day": "08:00-12:00 12:30-16:00", "night": "01:00-04:00 20:00-23:00"}
STATES = (State.TAKEN, State.WAITING_REQUESTER, State.WAITING_SYNC, State.WAITING_VENDOR)
#: The Fridays before the clocks change, and an ordinary one.
STARTS = [
    datetime(2026, 3, 27, tzinfo=UTC),
    datetime(2026, 10, 23, tzinfo=UTC),
    datetime(2026, 5, 8, tzinfo=UTC),
]
CALENDARS = {
    key: Calendar(CPH, (Version(OpeningHours((tuple(parse_interval(t) for t in text.split()),) * 7)),))
    for key, text in HOURS.items()
}


def opens(key: str, at: datetime) -> bool:
    clock = at.astimezone(CPH).strftime("%H:%M")
    return any(low <= clock < high for low, high in (o.split("-") for o in HOURS[key].split()))


step = st.tuples(
    st.integers(1, 1500), st.sampled_from(STATES), st.sampled_from([*HOURS, None]), st.integers(1, 40)
)


@given(st.sampled_from(STARTS), st.integers(0, 2000), st.lists(step, min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_used_and_due_times_equal_a_count_of_minutes(friday, minutes, steps) -> None:
    at, key, hours, state = friday + MINUTE * minutes, "day", 20, State.NEW
    events, used = [], {ClockKind.RUNG: 0, ClockKind.END_TO_END: 0}
    stops = {ClockKind.RUNG: WAITING_STATES, ClockKind.END_TO_END: {State.WAITING_REQUESTER}}

    def add(kind: EventKind, **data) -> None:
        targets = {
            "rung_calendar": key, "first_response": 60, "rung": hours * 3600,
            "total_calendar": key, "total": hours * 3600, "warn_share": 0.75,
        }  # fmt: skip
        events.append(ClockEvent(len(events) + 1, at, kind, {"state": state, "policy": targets, **data}))

    add(EventKind.OPENED, visit={"rung": "superuser"})
    missed = set()
    for length, after, new_key, new_hours in steps:
        for _ in range(length):
            for kind in used.keys() - missed:
                used[kind] += 60 * (state not in stops[kind] and opens(key, at))
            at += MINUTE
        missed |= {kind for kind, seconds in used.items() if seconds > hours * 3600}
        state = after
        key, hours = new_key or key, hours if new_key is None else new_hours
        add(EventKind.RECLASSIFIED)
    for clock in derive(events, CALENDARS.__getitem__):
        # What is over its target is a matter of the verdict, which the table tests spell out.
        if clock.kind not in used or clock.kind in missed:
            continue
        assert clock.used_seconds == used[clock.kind]
        left, due = hours * 3600 - used[clock.kind], at
        if clock.state is not ClockState.RUNNING or left <= 0:
            continue
        while left > 0:
            left -= 60 * opens(key, due)
            due += MINUTE
        assert clock.due_at == due
