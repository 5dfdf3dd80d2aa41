"""An item's clocks as the ticket page shows them: what is left and when it runs out, the line of time with both
clocks, and the reckoning that a person can check."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _

from ticketing.clocks.derive import Calendars, Explained, HistoryError, explain
from ticketing.clocks.hypercare import TIGHTENED
from ticketing.clocks.rules import Calendar
from ticketing.clocks.story import Leg, Part, day_by_day, legs, used_now
from ticketing.insight.ticket_page import TicketPage
from ticketing.vocabulary import WAITING_STATES, ClockKind, ClockState, State
from ticketing.web.clock_line import Due, Line, draw
from ticketing.web.timeline import clock_word, in_sentence
from ticketing.web.wording import COPENHAGEN, WEEKDAYS, day, moment, rung_word, state_word, time_of_day
from ticketing.work.change import clock_events

#: In this order, side by side; the last stands only on a data breach.
SHOWN = (ClockKind.END_TO_END, ClockKind.RUNG, ClockKind.FIRST_RESPONSE, ClockKind.BREACH_NOTICE)
OVER = frozenset({ClockState.MET, ClockState.MISSED})
NIGHT_AND_DAY = 24 * 3600
#: A longer count of days is cut in its middle.
DAYS_SHOWN = 8


@dataclass(frozen=True)
class ShownClock:
    """One clock. `share` is the used part of the target in percent; `due_at` is null while it stands still, and
    then `state` says why. `sum` is the reckoning in one line, `basis` where the target comes from."""

    label: str
    share: int
    due_at: datetime | None
    state: State | None
    verdict: str
    sum: str
    basis: str
    notes: tuple[str, ...]


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
class Clocks:
    """All that the page says of an item's clocks. `line` is null for an item without a history."""

    shown: tuple[ShownClock, ...]
    line: Line | None
    summary: str
    names: dict[int, str]
    visits: tuple[Visit, ...]
    whole_used: str
    rests: tuple[Rest, ...]


@dataclass(frozen=True)
class _Told:
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


def clocks_of(
    page: TicketPage, calendars: Calendars, name_of: Callable[[str], str], now: datetime
) -> Clocks | None:
    """The item's clocks; None for one without any, or whose history can't be replayed."""
    try:
        explained = explain(clock_events(page.events), calendars)
    except HistoryError:
        return None
    told = _Told(page, explained, calendars, name_of, now)
    shown = [clock for kind in SHOWN if (clock := told.newest(kind)) and _tells_something(told, clock)]
    if not shown:
        return None
    line = legs(explained, calendars, now)
    whole, rung = told.newest(ClockKind.END_TO_END), told.newest(ClockKind.RUNG)
    known = {part.calendar for leg in line for part in (leg.on_rung, leg.whole) if part}
    drawn = draw(
        line, [calendars(name) for name in sorted(known)], COPENHAGEN, now, _due(told, whole), _due(told, rung)
    )
    cards = tuple(_shown(told, clock) for clock in shown)
    return Clocks(
        shown=cards,
        line=drawn,
        summary=" ".join(f"{card.label}: {card.sum}." for card in cards[:2]),
        names={leg.visit: rung_word(leg.rung) for leg in line if leg.rung},
        visits=tuple(_visits(told, line)),
        whole_used=hours(told.used(whole)) if whole else "",
        rests=tuple(rest for clock in (rung, whole) if clock and (rest := _rest(told, clock))),
    )


def hours(seconds: int) -> str:
    """Opening time as one says it: "36 t 15 min". Hours are not made into days: a day is not 24 of them."""
    whole, minutes = divmod(max(0, seconds) // 60, 60)
    if whole and minutes:
        return _("%(hours)s t %(minutes)s min", hours=whole, minutes=minutes)
    return _("%(n)s t", n=whole) if whole else _("%(n)s min", n=minutes)


def _tells_something(told: _Told, clock: Explained) -> bool:
    """It runs, stands still or ran out on an open item; of the rest, the whole way's."""
    is_whole = clock.value.kind is ClockKind.END_TO_END
    return clock.value.state not in OVER or is_whole or _is_late(told, clock)


def _is_late(told: _Told, clock: Explained) -> bool:
    """Ran out while the work goes on; a first response that came too late is the timeline's."""
    counts = clock.value.kind is not ClockKind.FIRST_RESPONSE
    return clock.value.state is ClockState.MISSED and told.page.item.is_open and counts


def _due(told: _Told, clock: Explained | None) -> Due | None:
    """When it runs out, or ran out; None where it stands still or was met."""
    if clock is None:
        return None
    at = clock.value.due_at or (clock.value.ended_at if clock.value.state is ClockState.MISSED else None)
    return Due(at, told.calendar(clock)) if at else None


def _shown(told: _Told, clock: Explained) -> ShownClock:
    value, used = clock.value, told.used(clock)
    share = round(100 * used / value.target_seconds) if value.target_seconds else 100
    late, item = _is_late(told, clock), told.page.item
    running = value.state is ClockState.RUNNING
    over = not item.is_open or value.state is ClockState.PAUSED
    return ShownClock(
        label=clock_word(value.kind),
        share=max(0, share),
        due_at=value.ended_at if late else value.due_at if running else None,
        state=item.state if over and not late else None,
        verdict="" if late else _verdict(value.state),
        sum=_sum(value.state, value.target_seconds, used, late=late),
        basis=_basis(told, clock),
        notes=tuple(_notes(told, clock)),
    )


def _verdict(state: ClockState) -> str:
    return {ClockState.MET: _("Nået til tiden"), ClockState.MISSED: _("Fristen blev overskredet")}.get(
        state, ""
    )


def _sum(state: ClockState, target: int, used: int, *, late: bool) -> str:
    facts = {"used": hours(used), "target": hours(target), "left": hours(target - used)}
    if state in OVER and not late:
        return _("%(used)s brugt af %(target)s", **facts)
    if used > target:
        return _("%(used)s brugt af %(target)s = %(over)s for meget", over=hours(used - target), **facts)
    return _("%(target)s − %(used)s brugt = %(left)s åbningstid tilbage", **facts)


def _basis(told: _Told, clock: Explained) -> str:
    value, calendar = clock.value, told.calendar(clock)
    until = told.policy.get("until")
    if value.kind is ClockKind.RUNG and until:
        return _("Planens dag: %(when)s", when=moment(datetime.fromisoformat(until), told.now))
    name, days = told.name_of(value.calendar), divmod(value.target_seconds, calendar.day_seconds)
    if calendar.day_seconds == NIGHT_AND_DAY:
        return _("Mål: %(time)s, også om natten og i weekenden", time=hours(value.target_seconds))
    if days[0] > 1 and not days[1]:
        return _(
            "Mål: %(days)s åbningsdage = %(time)s efter kalenderen »%(name)s«",
            days=days[0],
            time=hours(value.target_seconds),
            name=name,
        )
    return _("Mål: %(time)s efter kalenderen »%(name)s«", time=hours(value.target_seconds), name=name)


def _notes(told: _Told, clock: Explained) -> list[str]:
    """Why it is not as one might expect: shorter for a time, standing still, closed right now."""
    value = clock.value
    notes: list[str] = []
    if _is_late(told, clock) and value.ended_at is not None:
        notes.append(_("Fristen var %(when)s.", when=moment(value.ended_at, told.now)))
    if value.state in OVER:
        return notes
    name = next((name for name, kind in TIGHTENED.items() if kind is value.kind), None)
    policy = told.policy
    if name and policy.get("hypercare") and policy[name] == value.target_seconds:
        normal = hours(policy["normal"][name])
        notes.append(_("Kortere end normalt (%(time)s), fordi enheden lige går i drift.", time=normal))
    calendar = told.calendar(clock)
    if value.state is ClockState.PAUSED:
        why = in_sentence(state_word(told.page.item.state))
        notes.append(_("Uret går igen, når sagen ikke længere %(why)s.", why=why))
    elif value.state is ClockState.RUNNING and not calendar.is_open(told.now):
        opens = moment(calendar.next_opening(told.now), told.now)
        notes.append(_("Lige nu er der lukket; uret går igen %(at)s.", at=opens))
    return notes


def _visits(told: _Told, line: Sequence[Leg]) -> list[Visit]:
    """The legs by the rung that had the item; a stretch when it was solved or hung on a fault has none."""
    groups: list[list[Leg]] = []
    for leg in line:
        if groups and groups[-1][-1].visit == leg.visit:
            groups[-1].append(leg)
        else:
            groups.append([leg])
    of_visit = {one.value.visit: one for one in told.clocks if one.value.kind is ClockKind.RUNG}
    return [_visit(told, group, of_visit.get(group[0].visit)) for group in groups]


def _visit(told: _Told, group: Sequence[Leg], clock: Explained | None) -> Visit:
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


def _row(told: _Told, leg: Leg) -> Row:
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


def _rest(told: _Told, clock: Explained) -> Rest | None:
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
