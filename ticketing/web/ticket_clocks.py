"""An item's clocks as the ticket page shows them: what is left of each and when it runs out, with the line of
time and the reckoning."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from ticketing.clocks.derive import Calendars, Explained, explain
from ticketing.clocks.hypercare import TIGHTENED
from ticketing.clocks.story import legs
from ticketing.insight.ticket_page import TicketPage
from ticketing.vocabulary import ClockKind, ClockState, State
from ticketing.web.clock_line import Due, Line, draw
from ticketing.web.clock_reckoning import Rest, Told, Visit, hours, rest_of, visits
from ticketing.web.timeline import clock_word, in_sentence
from ticketing.web.wording import COPENHAGEN, moment, rung_word, state_word
from ticketing.work.change import clock_events

#: In this order, side by side; the last stands only on a data breach.
SHOWN = (ClockKind.END_TO_END, ClockKind.RUNG, ClockKind.FIRST_RESPONSE, ClockKind.BREACH_NOTICE)
OVER = frozenset({ClockState.MET, ClockState.MISSED})
NIGHT_AND_DAY = 24 * 3600


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
class Clocks:
    """All that the page says of an item's clocks. `line` is null for an item without a history."""

    shown: tuple[ShownClock, ...]
    line: Line | None
    summary: str
    names: dict[int, str]
    visits: tuple[Visit, ...]
    whole_used: str
    rests: tuple[Rest, ...]


def clocks_of(
    page: TicketPage, calendars: Calendars, name_of: Callable[[str], str], now: datetime
) -> Clocks | None:
    """The item's clocks; None for one without any, or whose history can't be replayed."""
    try:
        explained = explain(clock_events(page.events), calendars)
    except (LookupError, TypeError, ValueError):  # as `clocks verify` names them
        return None
    told = Told(page, explained, calendars, name_of, now)
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
        visits=tuple(visits(told, line)),
        whole_used=hours(told.used(whole)) if whole else "",
        rests=tuple(rest for clock in (rung, whole) if clock and (rest := rest_of(told, clock))),
    )


def _tells_something(told: Told, clock: Explained) -> bool:
    """It runs, stands still or ran out on an open item; of the rest, the whole way's."""
    is_whole = clock.value.kind is ClockKind.END_TO_END
    return clock.value.state not in OVER or is_whole or _is_late(told, clock)


def _is_late(told: Told, clock: Explained) -> bool:
    """Ran out while the work goes on; a first response that came too late is the timeline's."""
    counts = clock.value.kind is not ClockKind.FIRST_RESPONSE
    return clock.value.state is ClockState.MISSED and told.page.item.is_open and counts


def _due(told: Told, clock: Explained | None) -> Due | None:
    """When it runs out, or ran out; None where it stands still or was met."""
    if clock is None:
        return None
    at = clock.value.due_at or (clock.value.ended_at if clock.value.state is ClockState.MISSED else None)
    return Due(at, told.calendar(clock)) if at else None


def _shown(told: Told, clock: Explained) -> ShownClock:
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


def _basis(told: Told, clock: Explained) -> str:
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


def _notes(told: Told, clock: Explained) -> list[str]:
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
