"""10,000 random histories of a work item against a counter that knows nothing but minutes.

Every kind of change is drawn: waiting of each kind, moves up and down, solving and reopening, another
priority or lane, a move to a unit with other hours, an edited calendar, a new edition of targets and hours
(from now on, or from the start), hypercare and back, a fault that the item is attached to, a clock that fired.
The histories lie around both changes of the clock. The line of time on the ticket page adds up to the same.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from ticketing.clocks.derive import ClockEvent, derive, explain
from ticketing.clocks.hypercare import Hypercare, relax, tighten
from ticketing.clocks.rules import Calendar, OpeningHours, Version, parse_interval
from ticketing.clocks.story import legs
from ticketing.vocabulary import WAITING_STATES, ClockKind, ClockState, EventKind, Reach, Rung, State

CPH = ZoneInfo("Europe/Copenhagen")
MINUTE = timedelta(minutes=1)
#: Fridays before the clocks change, a Christmas and an ordinary week.
FRIDAYS = [
    datetime(2026, 3, 27, tzinfo=UTC),
    datetime(2026, 10, 23, tzinfo=UTC),
    datetime(2026, 12, 18, tzinfo=UTC),
    datetime(2026, 5, 8, tzinfo=UTC),
]
CARE = Hypercare(before=1, after=10, share=0.5, warn_share=0.5)
LENGTH = 120 * 24 * 60
#: "@2" is the same calendar after an edit: shorter days and a closed Wednesday.
HOURS = {
    "school@1": ("07:45-15:00",) * 5 + ("", ""),
    "school@2": ("08:00-12:00 12:30-14:00", "08:00-14:00", "", "08:00-14:00", "08:00-14:00", "", ""),
    # The school's hours in another edition.
    "school#3@2": ("09:00-13:00", "", "07:00-15:00", "07:00-15:00", "07:00-12:00", "10:00-12:00", ""),
    "day": ("08:00-12:00 12:30-16:00",) * 7,
    "night": ("01:00-04:00 20:00-23:00",) * 7,
    "over_midnight": ("22:00-06:00",) * 7,
    "always": ("00:00-24:00",) * 7,
}
CALENDARS = {
    key: Calendar(CPH, (Version(OpeningHours(tuple(tuple(map(parse_interval, d.split())) for d in days))),))
    for key, days in HOURS.items()
}
RESPONSES = (EventKind.ANSWERED, EventKind.TAKEN)
HISTORIES_A_START = 2_500


def opens(key: str, wall: datetime) -> bool:
    """What the clock on the wall says, by the words of `HOURS`."""
    minute = wall.hour * 60 + wall.minute
    for back in (0, 1):
        day = HOURS[key][(wall - timedelta(days=back)).weekday()]
        for opening in day.split():
            low, high = (int(t[:2]) * 60 + int(t[3:]) for t in opening.split("-"))
            high += 1440 if high <= low else 0
            if low <= minute + 1440 * back < high:
                return True
    return False


def open_minutes(friday: datetime) -> dict[str, bytes]:
    """For each calendar one byte a minute from `friday` on: 1 where it is open."""
    walls = [(friday + MINUTE * n).astimezone(CPH).replace(tzinfo=None) for n in range(LENGTH)]
    return {key: bytes(opens(key, wall) for wall in walls) for key in HOURS}


@dataclass
class Counter:
    """One clock, counted minute by minute."""

    kind: ClockKind
    visit: int
    calendar: str
    target: int
    used: int = 0
    #: The minutes during which it ran, open or not: (from, to).
    ran: list[tuple[int, int]] = field(default_factory=list)
    counts: bool = True
    fired: bool = False
    verdict: ClockState | None = None


@dataclass
class Life:
    """A work item that lives minute by minute; `now` counts minutes from the Friday."""

    open: dict[str, bytes]
    random: Random
    now: int
    state: State = State.NEW
    visit: int = 0
    hangs: bool = False
    policy: dict = field(default_factory=dict)
    rows: list[tuple[int, EventKind, dict, str]] = field(default_factory=list)
    clocks: list[Counter] = field(default_factory=list)

    def pass_time(self, minutes: int) -> None:
        for clock in self.clocks:
            stops = {State.WAITING_REQUESTER} if clock.kind is ClockKind.END_TO_END else WAITING_STATES
            if clock.counts and self.state not in stops:
                clock.used += sum(self.open[clock.calendar][self.now : self.now + minutes])
                clock.ran.append((self.now, self.now + minutes))
        self.now += minutes

    def event(self, kind: EventKind, data: dict | None = None, by: str = "person") -> None:
        self.rows.append((self.now, kind, {"state": self.state, **(data or {})}, by))

    def draw_policy(self) -> dict:
        pick = self.random.choice
        self.policy = {
            "rung_calendar": pick(list(HOURS)),
            "total_calendar": pick(list(HOURS)),
            "first_response": pick([1, 2, 5]) * 3600,
            "rung": pick([2, 8, 30]) * 3600,
            "total": pick([4, 20, 60]) * 3600,
            "warn_share": pick([0.5, 0.75]),
        }
        for clock in self.clocks:
            if clock.counts and clock.verdict is not ClockState.MISSED:
                self.give_target(clock)
        return self.policy

    def give_target(self, clock: Counter) -> None:
        names = {
            ClockKind.END_TO_END: ("total_calendar", "total"),
            ClockKind.RUNG: ("rung_calendar", "rung"),
            ClockKind.FIRST_RESPONSE: ("rung_calendar", "first_response"),
        }[clock.kind]
        clock.calendar, clock.target = self.policy[names[0]], self.policy[names[1]] // 60

    def begin(self, kind: ClockKind, visit: int) -> None:
        clock = Counter(kind, visit, "", 0)
        self.give_target(clock)
        self.clocks.append(clock)

    def begin_visit(self) -> None:
        self.visit += 1
        if self.hangs:
            return
        self.begin(ClockKind.RUNG, self.visit)
        self.begin(ClockKind.FIRST_RESPONSE, self.visit)

    def stop(self, clock: Counter, otherwise: ClockState = ClockState.MET) -> None:
        if clock.counts:
            clock.counts = False
            if clock.verdict is not ClockState.MISSED:
                late = clock.used > clock.target and otherwise is not ClockState.DROPPED
                clock.verdict = ClockState.MISSED if late else otherwise

    def respond(self) -> None:
        for clock in self.clocks:
            if clock.kind is ClockKind.FIRST_RESPONSE:
                self.stop(clock)

    def leave_rung(self) -> None:
        for clock in self.clocks:
            if clock.counts and clock.kind is ClockKind.FIRST_RESPONSE:
                self.stop(clock, ClockState.DROPPED if clock.used <= clock.target else ClockState.MET)
            elif clock.kind is ClockKind.RUNG:
                self.stop(clock)

    # What can happen, one method each.

    def opened(self) -> None:
        self.draw_policy()
        self.begin(ClockKind.END_TO_END, 0)
        self.begin_visit()
        self.event(EventKind.OPENED, {"policy": self.policy, "visit": {"rung": Rung.EMPLOYEE}})

    def wait(self) -> None:
        kinds = {
            State.WAITING_REQUESTER: EventKind.ASKED_REQUESTER,
            State.WAITING_SYNC: EventKind.WAITING_SYNC,
            State.WAITING_VENDOR: EventKind.WAITING_VENDOR,
        }
        self.state = self.random.choice(list(kinds))
        self.respond()
        self.event(kinds[self.state])

    def resume(self) -> None:
        self.state = State.IN_PROGRESS
        self.event(EventKind.RESUMED, by=self.random.choice(["system", "person"]))

    def answer(self) -> None:
        self.respond()
        self.state = State.IN_PROGRESS
        self.event(self.random.choice(RESPONSES))

    def requester_writes(self) -> None:
        self.event(EventKind.REQUESTER_WROTE, by="requester")

    def note(self) -> None:
        self.event(EventKind.NOTED)

    def move(self) -> None:
        kind, by = self.random.choice(
            [
                (EventKind.ESCALATED, "person"),
                (EventKind.REFERRED, "person"),
                (EventKind.RETURNED, "person"),
                (EventKind.ESCALATED, "system"),
                (EventKind.REROUTED, "system"),
            ]
        )
        if by == "person":
            self.respond()
        self.leave_rung()
        self.state = State.NEW
        self.draw_policy()
        self.begin_visit()
        rung = self.random.choice([Rung.SUPERUSER, Rung.ADMINISTRATOR, Rung.SERVICEDESK])
        self.event(kind, {"policy": self.policy, "visit": {"rung": rung}}, by)

    def reclassify(self) -> None:
        self.draw_policy()
        self.event(EventKind.RECLASSIFIED, {"policy": self.policy})

    def edit_calendar(self) -> None:
        """The school's hours change under running clocks: the same targets, another version."""
        swap = {"school@1": "school@2", "school@2": "school@1"}
        for name in ("rung_calendar", "total_calendar"):
            self.policy = {**self.policy, name: swap.get(self.policy[name], self.policy[name])}
        for clock in self.clocks:
            if clock.counts and clock.verdict is not ClockState.MISSED:
                self.give_target(clock)
        self.event(EventKind.MOVED_UNIT, {"policy": self.policy}, "system")

    def new_edition(self) -> None:
        """Other targets and hours for what runs: what is used stays used, or every minute since the start is
        counted again."""
        reach = self.random.choice(list(Reach))
        self.draw_policy()
        if reach is Reach.FROM_START:
            for clock in self.clocks:
                if clock.counts and clock.verdict is not ClockState.MISSED:
                    minutes = self.open[clock.calendar]
                    clock.used = sum(sum(minutes[begun:ended]) for begun, ended in clock.ran)
        self.event(EventKind.POLICY_CHANGED, {"policy": self.policy, "edition": 3, "reach": reach}, "system")

    def hypercare(self) -> None:
        """The unit's first days begin or end: tight numbers for what is left, or the normal ones again."""
        if self.policy.get("hypercare"):
            kind, self.policy = EventKind.HYPERCARE_ENDED, relax(self.policy)
        else:
            used = {clock.kind: clock.used * 60 for clock in self.clocks if clock.counts}
            kind, self.policy = EventKind.HYPERCARE_BEGUN, tighten(self.policy, CARE, used)
        for clock in self.clocks:
            if clock.counts and clock.verdict is not ClockState.MISSED:
                self.give_target(clock)
        self.event(kind, {"policy": self.policy}, "system")

    def attach(self) -> None:
        """Onto a known fault, or off it again."""
        self.hangs = not self.hangs
        if not self.hangs:
            self.draw_policy()
            self.begin_visit()
            data = {"policy": self.policy, "visit": {"rung": Rung.SUPERUSER}}
            self.event(EventKind.DETACHED, data)
            return
        for clock in self.clocks:
            if clock.kind is not ClockKind.END_TO_END:
                self.stop(clock, ClockState.DROPPED)
        self.event(EventKind.ATTACHED)

    def breach(self) -> None:
        late = [
            c
            for c in self.clocks
            if c.counts and c.verdict is None and c.used >= c.target and self.runs(c) and not c.fired
        ]
        if not late:
            self.note()
        else:
            clock = self.random.choice(late)
            clock.verdict, clock.fired = ClockState.MISSED, True
            named = {"kind": clock.kind, "visit": clock.visit}
            self.event(EventKind.CLOCK_BREACHED, {"clock": named}, "system")

    def solve(self) -> None:
        self.respond()
        self.state = State.SOLVED
        for clock in self.clocks:
            self.stop(clock)
        self.event(EventKind.SOLVED)

    def reopen(self) -> None:
        self.state, self.hangs = State.REOPENED, False
        for clock in self.clocks:
            if clock.kind is ClockKind.END_TO_END:
                clock.counts = True
                if clock.verdict is not ClockState.MISSED:
                    clock.verdict = None
                    self.give_target(clock)
        self.begin_visit()
        self.event(EventKind.REOPENED, by="requester")

    def runs(self, clock: Counter) -> bool:
        stops = {State.WAITING_REQUESTER} if clock.kind is ClockKind.END_TO_END else WAITING_STATES
        return clock.counts and self.state not in stops

    def step(self) -> None:
        if self.state in (State.SOLVED, State.CLOSED):
            self.reopen()
            return
        possible = [
            self.wait, self.resume, self.answer, self.note, self.requester_writes, self.move, self.move,
            self.reclassify, self.edit_calendar, self.new_edition, self.new_edition, self.breach, self.breach,
            self.solve, self.attach, self.hypercare,
        ]  # fmt: skip
        self.random.choice(possible)()

    def due(self, clock: Counter) -> int:
        """The minute at which the target will be used, walking on from now."""
        left, at = clock.target - clock.used, self.now
        minutes = self.open[clock.calendar]
        while left:
            left -= minutes[at]
            at += 1
        return at


def lived(open: dict[str, bytes], seed: int) -> Life:
    random = Random(seed)
    life = Life(open, random, random.randrange(4 * 1440))
    life.opened()
    for _ in range(random.randint(1, 9)):
        life.pass_time(random.choice([random.randrange(90), random.randrange(1440), random.randrange(4320)]))
        life.step()
    return life


@pytest.mark.parametrize("friday", FRIDAYS, ids=lambda day: day.date().isoformat())
def test_every_clock_of_a_random_history_equals_a_count_of_minutes(friday: datetime) -> None:
    minutes = open_minutes(friday)
    seen: set[object] = set()
    for number in range(HISTORIES_A_START):
        seed = f"{friday:%m%d} {number}"
        life = lived(minutes, seed)
        events = [
            ClockEvent(seq, friday + MINUTE * at, kind, data, by)
            for seq, (at, kind, data, by) in enumerate(life.rows, start=1)
        ]
        found = {(c.kind, c.visit): c for c in derive(events, CALENDARS.__getitem__)}
        assert len(found) == len(life.clocks), seed
        explained = explain(events, CALENDARS.__getitem__)
        told = {(one.value.kind, one.value.visit): one.spans for one in explained}
        line = legs(explained, CALENDARS.__getitem__, friday + MINUTE * life.now)
        assert all(before.ends == after.begins for before, after in pairwise(line)), seed
        for clock in life.clocks:
            value = found[clock.kind, clock.visit]
            story = (seed, clock, value)
            assert value.used_seconds == clock.used * 60, story
            assert (value.target_seconds, value.calendar) == (clock.target * 60, clock.calendar), story
            live = ClockState.RUNNING if life.runs(clock) else ClockState.PAUSED
            assert value.state == (clock.verdict or live), story
            if value.state is ClockState.RUNNING and clock.used < clock.target:
                assert value.due_at == friday + MINUTE * life.due(clock), story
            assert sum(span.used_seconds for span in told[clock.kind, clock.visit]) == clock.used * 60, story
            if clock.kind is ClockKind.END_TO_END:
                assert sum(leg.whole.seconds for leg in line if leg.whole) == clock.used * 60, story
            if clock.kind is ClockKind.RUNG:
                there = [leg.on_rung for leg in line if leg.visit == clock.visit and leg.on_rung]
                assert sum(part.seconds for part in there) == clock.used * 60, story
            seen |= {value.state, clock.kind}
        seen |= {kind for _, kind, _, _ in life.rows} | {data.get("reach") for _, _, data, _ in life.rows}
    assert seen >= {
        *ClockState,
        EventKind.REOPENED,
        EventKind.CLOCK_BREACHED,
        EventKind.HYPERCARE_BEGUN,
        EventKind.HYPERCARE_ENDED,
        EventKind.ATTACHED,
        EventKind.DETACHED,
        *Reach,
    }
