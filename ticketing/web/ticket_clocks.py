"""An item's clocks as the ticket page shows them: how much of each is used, when it runs out, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _

from ticketing.clocks.config import ClockConfig
from ticketing.clocks.derive import Calendars, ClockEvent, Span, explain
from ticketing.insight.ticket_page import TicketPage
from ticketing.vocabulary import ClockKind, ClockState, EventKind
from ticketing.web.timeline import clock_word
from ticketing.web.wording import duration, moment, state_word
from ticketing.work.models import Clock

#: In this order, side by side; the last stands only on a data breach.
SHOWN = (ClockKind.END_TO_END, ClockKind.RUNG, ClockKind.FIRST_RESPONSE, ClockKind.BREACH_NOTICE)
OVER = frozenset({ClockState.MET, ClockState.MISSED})


@dataclass(frozen=True)
class ShownClock:
    """One clock. `share` is the used part of the target in percent; `due_at` is null while it stands still."""

    label: str
    share: int
    due_at: datetime | None
    verdict: str
    why: tuple[str, ...]


def shown_clocks(
    page: TicketPage, config: ClockConfig, calendars: Calendars, now: datetime
) -> list[ShownClock]:
    """The item's clocks that tell something: those that run, stand still or ran out on an open item, and of
    the rest the way's."""
    found = [clock for kind in SHOWN if (clock := page.clock(kind)) is not None]
    return [
        _shown(page, clock, config, calendars, now)
        for clock in found
        if clock.state not in OVER or clock.kind is ClockKind.END_TO_END or _is_late(page, clock)
    ]


def _is_late(page: TicketPage, clock: Clock) -> bool:
    """Ran out while the work goes on; a first response that came too late is the timeline's."""
    counts = clock.kind is not ClockKind.FIRST_RESPONSE
    return clock.state is ClockState.MISSED and page.item.is_open and counts


def _shown(
    page: TicketPage, clock: Clock, config: ClockConfig, calendars: Calendars, now: datetime
) -> ShownClock:
    used = clock.used_seconds
    if clock.state == ClockState.RUNNING and clock.due_at is not None:
        left = calendars(clock.calendar).elapsed(now, clock.due_at)
        used = clock.target_seconds - left
    share = round(100 * used / clock.target_seconds) if clock.target_seconds else 100
    late = _is_late(page, clock)
    running = clock.state == ClockState.RUNNING
    return ShownClock(
        label=clock_word(clock.kind),
        share=max(0, share),
        due_at=clock.ended_at if late else clock.due_at if running else None,
        verdict="" if late else _verdict(clock),
        why=tuple(_why(page, clock, config, calendars, used, now)),
    )


def _verdict(clock: Clock) -> str:
    return {
        ClockState.MET: _("Nået til tiden"),
        ClockState.MISSED: _("Fristen blev overskredet"),
        ClockState.PAUSED: _("Uret står stille"),
    }.get(ClockState(clock.state), "")


def _why(
    page: TicketPage, clock: Clock, config: ClockConfig, calendars: Calendars, used: int, now: datetime
) -> list[str]:
    name = config.name_of(clock.calendar)
    lines = [_("Målet er %(time)s åbningstid efter kalenderen »%(name)s«.", time=_hours(clock), name=name)]
    events = [ClockEvent(e.seq, e.at, EventKind(e.kind), e.data, e.actor_kind) for e in page.events]
    lines += [_stretch(span, now) for span in explain(events, calendars, clock.kind, clock.visit)]
    lines.append(_("Brugt indtil nu: %(time)s.", time=duration(timedelta(seconds=max(0, used)))))
    if clock.state == ClockState.RUNNING and not calendars(clock.calendar).is_open(now):
        opens = calendars(clock.calendar).next_opening(now)
        lines.append(_("Lige nu er der lukket; uret går igen %(at)s.", at=moment(opens, now)))
    return lines


def _stretch(span: Span, now: datetime) -> str:
    begun = moment(span.started_at, now)
    ended = moment(span.ended_at, now) if span.ended_at else _("nu")
    if span.is_running:
        return _("Fra %(begun)s til %(ended)s gik uret.", begun=begun, ended=ended)
    why = state_word(span.state).lower()
    return _("Fra %(begun)s til %(ended)s stod uret stille: %(why)s.", begun=begun, ended=ended, why=why)


def _hours(clock: Clock) -> str:
    hours, seconds = divmod(clock.target_seconds, 3600)
    minutes = seconds // 60
    return _("%(hours)s t %(minutes)s min", hours=hours, minutes=minutes) if minutes else _("%(n)s t", n=hours)
