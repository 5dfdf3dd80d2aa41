"""What each transition does to an item's clocks: the complaints about wrong clocks, each by its name."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ticketing.clocks.derive import ClockEvent, ClockValue, HistoryError, derive
from ticketing.clocks.rules import ALWAYS, Calendar, OpeningHours, Version, parse_interval
from ticketing.vocabulary import ClockKind, ClockState, EventKind, State

CPH = ZoneInfo("Europe/Copenhagen")
HOUR = 3600


def office(*openings: str) -> Calendar:
    day = tuple(parse_interval(text) for text in openings)
    return Calendar(CPH, (Version(OpeningHours((day,) * 5 + ((), ()))),))


CALENDARS = {"office": office("08:00-16:00"), "lunch": office("08:00-12:00", "12:30-16:00"), "always": ALWAYS}
RUNG, TOTAL, FIRST = ClockKind.RUNG, ClockKind.END_TO_END, ClockKind.FIRST_RESPONSE


def at(text: str) -> datetime:
    """Local time in the week of Monday 23 November 2026, by weekday: "fri 15:00", "mon2" is the next."""
    day, clock = text.split()
    number = 23 + ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "mon2", "tue2").index(day)
    month, number = (12, number - 30) if number > 30 else (11, number)
    return datetime.fromisoformat(f"2026-{month}-{number:02}T{clock}").replace(tzinfo=CPH)


def policy(calendar="office", first=4, rung=8, total=24, **more) -> dict:
    return {
        "rung_calendar": calendar,
        "first_response": first * HOUR,
        "rung": rung * HOUR,
        "total_calendar": calendar,
        "total": total * HOUR,
        "warn_share": 0.75,
        **more,
    }


def opened(when: str, **targets) -> tuple:
    data = {"visit": {"rung": "superuser"}, "policy": policy(**targets)}
    return (when, EventKind.OPENED, State.NEW, data)


def clocks(*history: tuple) -> dict[tuple[ClockKind, int], ClockValue]:
    events = [
        ClockEvent(
            seq,
            at(when),
            kind,
            {"state": state.value, **(rest[0] if rest else {})},
            "system" if kind in (EventKind.CLOCK_BREACHED, EventKind.CLOCK_WARNED) else "person",
        )
        for seq, (when, kind, state, *rest) in enumerate(history, 1)
    ]
    return {(clock.kind, clock.visit): clock for clock in derive(events, CALENDARS.__getitem__)}


def moved(when: str, rung: str, kind: EventKind = EventKind.ESCALATED, **targets) -> tuple:
    return (when, kind, State.NEW, {"visit": {"rung": rung}, "policy": policy(**targets)})


def breached(when: str, kind: ClockKind, visit: int) -> tuple:
    return (when, EventKind.CLOCK_BREACHED, State.NEW, {"clock": {"kind": kind.value, "visit": visit}})


def test_the_weekend_inside_a_pause_is_not_counted() -> None:
    found = clocks(
        opened("fri 14:00"),
        ("fri 15:00", EventKind.ASKED_REQUESTER, State.WAITING_REQUESTER),
        ("mon2 09:00", EventKind.REQUESTER_WROTE, State.IN_PROGRESS),
    )
    # An hour on Friday and none in the pause, so seven are left from Monday at nine.
    assert found[RUNG, 1].used_seconds == found[TOTAL, 0].used_seconds == HOUR
    assert found[RUNG, 1].due_at == at("mon2 16:00")


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (EventKind.WAITING_SYNC, State.WAITING_SYNC),
        (EventKind.WAITING_VENDOR, State.WAITING_VENDOR),
    ],
)
def test_waiting_for_others_stops_the_rung_but_not_the_whole_journey(kind, state) -> None:
    found = clocks(
        opened("mon 08:00"), ("mon 10:00", kind, state), ("tue 10:00", EventKind.RESUMED, State.TAKEN)
    )
    assert found[RUNG, 1].used_seconds == 2 * HOUR
    assert found[TOTAL, 0].used_seconds == 10 * HOUR


def test_a_clock_that_stands_still_has_no_due_time() -> None:
    """Breach while pending: nothing is due, so nothing can fire."""
    found = clocks(opened("mon 08:00"), ("mon 10:00", EventKind.ASKED_REQUESTER, State.WAITING_REQUESTER))
    assert [c.due_at for c in found.values()] == [None] * 3
    assert found[RUNG, 1].state is found[TOTAL, 0].state is ClockState.PAUSED


def test_reopening_continues_the_journey_and_starts_the_rung_anew() -> None:
    found = clocks(
        opened("mon 08:00"),
        ("mon 11:00", EventKind.SOLVED, State.SOLVED),
        ("wed 08:00", EventKind.REOPENED, State.REOPENED),
        ("wed 09:00", EventKind.TAKEN, State.TAKEN),
    )
    assert found[RUNG, 1].state is ClockState.MET
    assert (found[RUNG, 2].used_seconds, found[RUNG, 2].due_at) == (HOUR, at("wed 16:00"))
    assert (found[TOTAL, 0].used_seconds, found[TOTAL, 0].state) == (4 * HOUR, ClockState.RUNNING)


def test_a_new_priority_keeps_the_time_used_and_the_pause() -> None:
    found = clocks(
        opened("mon 08:00"),
        ("mon 10:00", EventKind.ASKED_REQUESTER, State.WAITING_REQUESTER),
        ("mon 12:00", EventKind.RECLASSIFIED, State.WAITING_REQUESTER, {"policy": policy(rung=4)}),
        ("tue 09:00", EventKind.REQUESTER_WROTE, State.IN_PROGRESS),
    )
    rung = found[RUNG, 1]
    assert (rung.target_seconds, rung.used_seconds, rung.due_at) == (4 * HOUR, 2 * HOUR, at("tue 11:00"))


@pytest.mark.parametrize("kind", [EventKind.ESCALATED, EventKind.REFERRED])
def test_the_receiver_is_not_charged_for_time_used_elsewhere(kind) -> None:
    """Handed up late or referred down: a full clock for the rung, while the journey goes on."""
    found = clocks(opened("mon 08:00"), moved("tue 10:00", "administrator", kind))
    assert found[RUNG, 1].state is ClockState.MISSED
    assert (found[RUNG, 2].used_seconds, found[RUNG, 2].due_at) == (0, at("wed 10:00"))
    assert found[TOTAL, 0].used_seconds == 10 * HOUR


def test_an_answered_first_response_does_not_breach() -> None:
    found = clocks(
        opened("mon 08:00"),
        ("mon 09:00", EventKind.ANSWERED, State.IN_PROGRESS),
        ("wed 09:00", EventKind.NOTED, State.IN_PROGRESS),
    )
    first = found[FIRST, 1]
    assert (first.state, first.ended_at, first.due_at) == (ClockState.MET, at("mon 09:00"), None)


def test_an_item_on_a_known_fault_has_no_rung_clock_to_escalate_by() -> None:
    found = clocks(opened("mon 08:00"), ("mon 09:00", EventKind.ATTACHED, State.NEW))
    assert found[RUNG, 1].state is found[FIRST, 1].state is ClockState.DROPPED
    assert found[TOTAL, 0].state is ClockState.RUNNING


def test_a_breach_stays_when_the_target_is_lengthened() -> None:
    found = clocks(
        opened("mon 08:00"),
        breached("mon 16:00", RUNG, 1),
        ("tue 09:00", EventKind.RECLASSIFIED, State.NEW, {"policy": policy(rung=80)}),
    )
    rung = found[RUNG, 1]
    assert (rung.state, rung.target_seconds, rung.ended_at) == (ClockState.MISSED, 8 * HOUR, at("mon 16:00"))


def test_what_ran_out_while_no_worker_looked_did_so_at_its_due_time() -> None:
    """It was said to have run out when somebody next touched the item."""
    late = (opened("mon 08:00"), ("tue 10:00", EventKind.ASKED_REQUESTER, State.WAITING_REQUESTER))
    resumed = ("wed 09:00", EventKind.REQUESTER_WROTE, State.IN_PROGRESS)
    assert clocks(*late, resumed)[RUNG, 1].due_at == at("mon 16:00")
    for more in ((), (resumed,)):
        rung = clocks(*late, *more, ("wed 10:00", EventKind.SOLVED, State.SOLVED))[RUNG, 1]
        assert (rung.state, rung.ended_at) == (ClockState.MISSED, at("mon 16:00"))


def test_the_lunch_break_is_not_counted() -> None:
    assert clocks(opened("mon 11:00", calendar="lunch", first=2))[FIRST, 1].due_at == at("mon 13:30")


def test_p1_runs_through_the_night() -> None:
    found = clocks(opened("fri 15:00", calendar="always", rung=12))
    assert found[RUNG, 1].due_at == at("sat 03:00")


def test_a_history_without_targets_is_refused() -> None:
    with pytest.raises(HistoryError, match="no policy"):
        clocks(("mon 08:00", EventKind.OPENED, State.NEW, {"visit": {"rung": "employee"}}))
