"""The reckoning of an item's two clocks, for a person to check: what each stretch counted, by the rung that had
the item, and how the time that is left is counted until the due time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from ticketing.clocks.derive import Calendars, Explained
from ticketing.clocks.rules import Calendar
from ticketing.clocks.story import Leg, Part, day_by_day, used_now
from ticketing.insight.ticket_page import TicketPage
from ticketing.vocabulary import WAITING_STATES, ClockKind, ClockState
from ticketing.web.timeline import clock_word
from ticketing.web.wording import COPENHAGEN, WEEKDAYS, day, moment, rung_word, state_word, time_of_day

#: A longer count of days is cut in its middle.
DAYS_SHOWN = 8


@dataclass(frozen=True)
class Row:
    """A leg of the reckoning: when, where the item was, and what each clock counted."""

    when: str
    what: str
    on_rung: str
    whole: str


@dataclass(frozen=True)
class Visit:
    """A stay at a rung with its rows; `verdict` is what came of it, or what is used so far."""

    heading: str
    verdict: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Rest:
    """How the time that is left is counted, day by day, until the clock runs out."""

    label: str
    days: tuple[tuple[str, str], ...]
    ends: str


@dataclass(frozen=True)
class Told:
    """What the sentences are made from."""

    page: TicketPage
    clocks: Sequence[Explained]
    calendars: Calendars
    name_of: Callable[[str], str]
    now: datetime

    def newest(self, kind: ClockKind) -> Explained | None:
        of_kind = [one for one in self.clocks if one.value.kind is kind]
        kept = [one for one in of_kind if one.value.state is not ClockState.DROPPED]
        return max(kept, key=lambda one: one.value.visit, default=None)

    def used(self, clock: Explained) -> int:
        return used_now(clock, self.calendars, self.now)

    def calendar(self, clock: Explained) -> Calendar:
        return self.calendars(clock.value.calendar)

    @property
    def policy(self) -> dict[str, Any]:
        return next((e.data["policy"] for e in reversed(self.page.events) if "policy" in e.data), {})


def hours(seconds: int) -> str:
    """Opening time as one says it: "36 t 15 min". Hours are not made into days: a day is not 24 of them."""
    whole, minutes = divmod(max(0, seconds) // 60, 60)
    if whole and minutes:
        return _("%(hours)s t %(minutes)s min", hours=whole, minutes=minutes)
    return _("%(n)s t", n=whole) if whole else _("%(n)s min", n=minutes)


def visits(told: Told, line: Sequence[Leg]) -> list[Visit]:
    """The legs by the rung that had the item; a stretch when it was solved or hung on a fault has none."""
    groups: list[list[Leg]] = []
    for leg in line:
        if groups and groups[-1][-1].visit == leg.visit:
            groups[-1].append(leg)
        else:
            groups.append([leg])
    of_visit = {one.value.visit: one for one in told.clocks if one.value.kind is ClockKind.RUNG}
    return [_visit(told, group, of_visit.get(group[0].visit)) for group in groups]


def _visit(told: Told, group: Sequence[Leg], clock: Explained | None) -> Visit:
    rows = tuple(_row(told, leg) for leg in group)
    first = group[0]
    if clock is None or first.rung is None:
        solved = first.whole is None
        return Visit(_("Sagen var løst") if solved else _("Sagen hænger på en kendt fejl"), "", rows)
    used, target = hours(told.used(clock)), hours(clock.value.target_seconds)
    facts = {"used": used, "target": target}
    verdict = {
        ClockState.MET: _("%(used)s brugt af %(target)s: til tiden", **facts),
        ClockState.MISSED: _("%(used)s brugt af %(target)s: for sent", **facts),
        ClockState.DROPPED: _("%(used)s brugt; uret blev taget af", **facts),
    }.get(clock.value.state, _("%(used)s brugt af %(target)s indtil nu", **facts))
    return Visit(rung_word(first.rung), verdict, rows)


def _row(told: Told, leg: Leg) -> Row:
    begins, ends = moment(leg.begins, told.now), moment(leg.ends, told.now)
    same_day = day(leg.begins, told.now) == day(leg.ends, told.now)
    if leg.ends >= told.now:
        ends = _("nu")
    elif same_day:
        ends = time_of_day(leg.ends)
    what = _where(leg)
    part = leg.on_rung or leg.whole
    if part is not None and part.runs:
        days = day_by_day(told.calendars(part.calendar), leg.begins, leg.ends)
        many = sum(seconds > 0 for _day, seconds in days)
        what = _("%(what)s · åbent på %(n)s dage", what=what, n=many) if many > 1 else what
    return Row(f"{begins} – {ends}", what, _counted(leg.on_rung), _counted(leg.whole))


def _where(leg: Leg) -> str:
    if leg.state in WAITING_STATES:
        return state_word(leg.state)
    if leg.whole is None and leg.on_rung is None:
        return _("Løst")
    return _("Arbejdes på") if leg.on_rung is not None else _("Venter på den kendte fejl")


def _counted(part: Part | None) -> str:
    if part is None:
        return "–"
    return "+\u00a0" + hours(part.seconds).replace(" ", "\u00a0") if part.runs else _("står stille")


def rest_of(told: Told, clock: Explained) -> Rest | None:
    value, now = clock.value, told.now
    if value.state is not ClockState.RUNNING or value.due_at is None or value.due_at <= now:
        return None
    days = [
        (_day_name(on, now), hours(seconds) if seconds else _("lukket"))
        for on, seconds in day_by_day(told.calendar(clock), now, value.due_at)
    ]
    if len(days) > DAYS_SHOWN:
        cut = len(days) - DAYS_SHOWN + 1
        days[4 : 4 + cut] = [(_("… %(n)s dage mere", n=cut), "")]
    label = _("%(clock)s, dag for dag fra nu", clock=clock_word(value.kind))
    return Rest(label, tuple(days), moment(value.due_at, now))


def _day_name(on: date, now: datetime) -> str:
    today = now.astimezone(COPENHAGEN).date()
    if timedelta(0) <= on - today < timedelta(days=2):
        return day(datetime(on.year, on.month, on.day, 12, tzinfo=COPENHAGEN), now)
    return f"{WEEKDAYS[on.weekday()]} {on.day}.{on.month}."
