"""What every transition does to every clock stands in `transitions.txt`, for a person to check by hand."""

from pathlib import Path

import pytest

from tests.clocks.test_derive_transitions import CALENDARS, HOUR, at, policy
from ticketing.clocks.derive import ClockEvent, ClockValue, derive
from ticketing.clocks.hypercare import Hypercare, relax, tighten
from ticketing.vocabulary import ClockKind, ClockState, EventKind, State

NORMAL = policy(first=4, rung=8, total=24, notice=72 * HOUR)
ABOVE = {"visit": {"rung": "administrator"}, "policy": policy(first=8, rung=16, total=24, notice=72 * HOUR)}
HERE = {"visit": {"rung": "superuser"}, "policy": NORMAL}
CARE = Hypercare(before=1, after=10, share=0.5, warn_share=0.5)
TWO_USED = dict.fromkeys((ClockKind.FIRST_RESPONSE, ClockKind.RUNG, ClockKind.END_TO_END), 2 * HOUR)
TIGHT = tighten(NORMAL, CARE, TWO_USED)
ON_RUNG = {"clock": {"kind": "rung", "visit": 1}}
#: What each word of the table is: the event, the state after it (None: as before), its data and who did it.
WORDS: dict[str, tuple] = {
    "noted": (EventKind.NOTED, None, {}),
    "taken": (EventKind.TAKEN, State.TAKEN, {}),
    "answered": (EventKind.ANSWERED, State.IN_PROGRESS, {}),
    "handed_over": (EventKind.HANDED_OVER, State.TAKEN, {}),
    "asked": (EventKind.ASKED_REQUESTER, State.WAITING_REQUESTER, {}),
    "sync": (EventKind.WAITING_SYNC, State.WAITING_SYNC, {}),
    "vendor": (EventKind.WAITING_VENDOR, State.WAITING_VENDOR, {}),
    "wrote": (EventKind.REQUESTER_WROTE, State.IN_PROGRESS, {}, "requester"),
    "resumed": (EventKind.RESUMED, State.IN_PROGRESS, {}, "system"),
    "escalated": (EventKind.ESCALATED, State.NEW, ABOVE),
    "referred": (EventKind.REFERRED, State.NEW, ABOVE),
    "returned": (EventKind.RETURNED, State.TAKEN, ABOVE),
    "sideways": (EventKind.MOVED_SIDEWAYS, State.NEW, ABOVE),
    "rerouted": (EventKind.REROUTED, State.NEW, ABOVE, "system"),
    "shorter": (EventKind.RECLASSIFIED, None, {"policy": policy(first=3, rung=4, total=10, notice=72 * HOUR)}),
    "longer": (EventKind.RECLASSIFIED, None, {"policy": policy(first=8, rung=16, total=40, notice=72 * HOUR)}),
    "p1": (EventKind.RECLASSIFIED, None, {"policy": policy("always", notice=72 * HOUR)}),
    "normal": (EventKind.RECLASSIFIED, None, {"policy": NORMAL}),
    "no_breach": (EventKind.RECLASSIFIED, None, {"policy": policy()}),
    "moved_unit": (EventKind.MOVED_UNIT, State.NEW, {"policy": policy("lunch", notice=72 * HOUR)}),
    "calendar": (EventKind.CALENDAR_CHANGED, None, {"policy": policy("lunch", notice=72 * HOUR)}, "system"),
    "hypercare": (EventKind.HYPERCARE_BEGUN, None, {"policy": TIGHT}, "system"),
    "after_care": (EventKind.HYPERCARE_ENDED, None, {"policy": relax(TIGHT)}, "system"),
    "attached": (EventKind.ATTACHED, None, {}),
    "detached": (EventKind.DETACHED, None, HERE),
    "loose": (EventKind.DETACHED, State.WAITING_REQUESTER, HERE),
    "solved": (EventKind.SOLVED, State.SOLVED, {}),
    "solved_alone": (EventKind.SOLVED, State.SOLVED, {}, "requester"),
    "closed": (EventKind.CLOSED, State.CLOSED, {}, "system"),
    "again": (EventKind.REOPENED, State.REOPENED, HERE, "requester"),
    "warned": (EventKind.CLOCK_WARNED, None, ON_RUNG, "system"),
    "breached": (EventKind.CLOCK_BREACHED, None, ON_RUNG, "system"),
}
COLUMNS = (ClockKind.FIRST_RESPONSE, ClockKind.RUNG, ClockKind.END_TO_END, ClockKind.BREACH_NOTICE)
TABLE = (Path(__file__).parent / "transitions.txt").read_text(encoding="utf-8")
ROWS = [line for line in TABLE.splitlines() if "|" in line and not line.startswith("what happens")]


def event(seq: int, word: str, when: str) -> ClockEvent:
    kind, state, data, *by = WORDS[word]
    data = data if state is None else {"state": state.value, **data}
    return ClockEvent(seq, at(when), kind, data, *by)


def history(told: str) -> list[ClockEvent]:
    """The events of a line's first cell, after the question."""
    opened = ClockEvent(1, at("mon 08:00"), EventKind.OPENED, {"state": "new", **HERE})
    steps = [step.split() for step in told.split(",")] if told != "-" else []
    return [opened, *(event(n, word, f"{day} {hour:0>2}:00") for n, (word, day, hour) in enumerate(steps, 2))]


def shown(clock: ClockValue | None) -> str:
    """A clock as the table writes it."""
    if clock is None:
        return ""
    used = f"{clock.used_seconds / HOUR:g} h"
    if clock.state is ClockState.RUNNING:
        return f"{used} > {clock.due_at.astimezone(at('mon 08:00').tzinfo):%a %H:%M}".lower()
    if clock.state is ClockState.DROPPED:
        return "dropped"
    return f"{'stands' if clock.state is ClockState.PAUSED else clock.state.value} {used}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[0].strip())
def test_every_transition_does_to_every_clock_what_the_table_says(row: str) -> None:
    told, *cells = (cell.strip() for cell in row.split("|"))
    found = {(c.kind, c.visit): c for c in derive(history(told), CALENDARS.__getitem__)}
    visits = sorted(visit for kind, visit in found if kind is ClockKind.RUNG)
    newest = [max((c for c in found.values() if c.kind is kind), key=lambda c: c.visit) for kind in COLUMNS]
    before = found[ClockKind.RUNG, visits[-2]] if len(visits) > 1 else None
    assert [shown(clock) for clock in (*newest, before)] == cells


#: REPLANNED belongs to the tasks of the plan, which have a day and not a target (rule 8 of `derive`).
NAMED = {EventKind.OPENED, EventKind.REPLANNED, *(word[0] for word in WORDS.values())}


@pytest.mark.parametrize("kind", sorted(set(EventKind) - NAMED))
def test_what_the_table_does_not_name_leaves_every_clock_alone(kind: EventKind) -> None:
    untouched = ClockEvent(2, at("mon 10:00"), kind, {"state": "new"})
    found = {c.kind: shown(c) for c in derive([*history("-"), untouched], CALENDARS.__getitem__)}
    assert [found[column] for column in COLUMNS] == [
        "2 h > mon 12:00",
        "2 h > mon 16:00",
        "2 h > wed 16:00",
        "2 h > thu 08:00",
    ]
