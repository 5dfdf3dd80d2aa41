"""The general checks on the rows of a plan: years, order, holidays, phases. Pure.

They know how a plan hangs together, never what a certain document says in a certain line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ticketing.rollout.checks import ROLES
from ticketing.rollout.draft import Draft
from ticketing.rollout.periods import EdgeKind
from ticketing.rollout.plan import Period, Warning
from ticketing.rollout.schoolyear import DaysOff
from ticketing.rollout.weeks import NoSuchDay
from ticketing.rollout.words import roles_in
from ticketing.vocabulary import ActivityCategory, Role, Sector

#: Longer periods always meet a holiday; that they do says nothing.
LONGEST_ASKED = timedelta(days=45)
#: Standing on the wrong side of a neighbour weighs as much as being so many days away from it.
DISORDER_DAYS = 60
#: The school year begins in August.
SCHOOL_YEAR_WEEK = 31
#: Who has to be trained before they can train others, where the plan doesn't say it.
TRAINERS_OF: dict[Role, tuple[Role, ...]] = {
    Role.EMPLOYEE: (Role.SUPERUSER,),
    Role.DIGITAL_CHILDMINDER: (Role.SUPERUSER,),
    Role.SCHOOL_ADMIN_STAFF: (Role.ADMIN_SUPERUSER, Role.MUNICIPAL_ADMIN),
    Role.INSTITUTION_ADMIN: (Role.MUNICIPAL_ADMIN,),
}
#: Dagplejen's people are trained with the day-care's where they have no course of their own.
_WITH = {Sector.DAGPLEJE: Sector.DAGTILBUD}
_WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
ROLE_WORDS: dict[Role, str] = {
    Role.SUPERUSER: "superbrugerne",
    Role.ADMIN_SUPERUSER: "den administrative superbruger",
    Role.MUNICIPAL_ADMIN: "den kommunale administrator",
    Role.INSTITUTION_ADMIN: "institutionsadministratorerne",
    Role.IT_SERVICEDESK: "teknikerne",
    Role.PROJECT_GROUP: "projektgruppen",
    Role.LEADER: "lederne",
    Role.EMPLOYEE: "medarbejderne",
    Role.SCHOOL_ADMIN_STAFF: "det administrative personale",
    Role.DIGITAL_CHILDMINDER: "de digitale dagplejere",
}


@dataclass(frozen=True)
class Phase:
    """The period that a sector's roll-out is said to take; no sector: the whole one's."""

    sector: Sector | None
    period: Period
    line: int


def settle_periods(drafts: Sequence[Draft], years: Sequence[tuple[int, str]] = ()) -> None:
    """Gives each row its period: as it stands, with a year from its neighbours, or as a proposal. `years` are
    the years that headings name, with their lines: "2022", or "2021/2" for a school year."""
    for draft in drafts:
        if not draft.year_missing:
            draft.period = _period_of(draft, None)
    dated = [draft for draft in drafts if draft.anchor]
    for draft in drafts:
        if draft.year_missing:
            _infer_year(draft, dated, _heading_year(draft, years))
    for draft in drafts:
        _mend(draft, [other for other in dated if other is not draft])


def check_rows(drafts: Sequence[Draft], phases: Sequence[Phase], off: DaysOff) -> list[Warning]:
    """Puts on each row what is to be looked at; returns what belongs to the plan as a whole."""
    for draft in drafts:
        _undated(draft)
        _weekdays(draft)
        _days_off(draft, off)
        _phase(draft, [*phases, *_own_phases(drafts)])
        _trainers_first(draft, drafts)
    return list(_whole(drafts))


def _period_of(draft: Draft, year: int | None) -> Period:
    """From the first day to the last of all that the row names; open if the last of them is. A day that can't
    be is told and left out."""
    periods: list[Period] = []
    for span in draft.spans:
        try:
            own = next((edge.year for edge in span.edges if edge.year), year)
            if own is not None or not span.year_missing:
                periods.append(span.period(own))
        except NoSuchDay as error:
            draft.warn("impossible_date", f"»{span.text}«: {error}.")
    if not periods:
        return Period()
    if len(periods) == 1:
        return periods[0]
    starts = [period.start for period in periods if period.start]
    ends = [period.end or period.start for period in periods]
    return Period(
        min(starts, default=None),
        None if draft.spans[-1].is_open else max((e for e in ends if e), default=None),
    )


def _infer_year(draft: Draft, dated: Sequence[Draft], heading_year: int | None) -> None:
    """The year that keeps the row between its neighbours, and nearest to them: of its table and sector if it
    has any there, then of its sector, then of its table, then whatever stands nearest."""
    for above, below in _neighbours(draft, dated):
        near = [day for day in (above, below) if day]
        years = sorted({day.year + step for day in near for step in (-1, 0, 1)})
        placed = [(year, period) for year in years if (period := _try(draft, year)) is not None]
        if not placed:
            continue
        year, period = min(
            placed,
            key=lambda one: (_distance(one[1], near) + DISORDER_DAYS * _disorder(one[1], above, below), one[0]),
        )
        _take_year(draft, year, period, "nabolinjerne")
        return
    headed = _try(draft, heading_year) if heading_year else None
    if heading_year and headed is not None:
        _take_year(draft, heading_year, headed, "overskriften")
        return
    for span in draft.spans:
        draft.warn("year_missing", f"»{span.text}« har intet årstal, og ingen anden række kan give det.")


def _take_year(draft: Draft, year: int, period: Period, whence: str) -> None:
    draft.period = period
    draft.inferred += [name for name, day in (("start", period.start), ("end", period.end)) if day]
    said = " og ".join(span.text for span in draft.spans)
    draft.warn("year_missing", f"»{said}« har intet årstal; {year} er udledt af {whence}.")


def _neighbours(draft: Draft, dated: Sequence[Draft]) -> Iterator[tuple[date | None, date | None]]:
    """The days of the dated row above and the one below, in each group of rows that has any."""
    others = [other for other in dated if other is not draft]
    same_sector = [other for other in others if other.sectors[:1] == draft.sectors[:1]]
    for group in (
        [other for other in same_sector if other.table == draft.table],
        same_sector if draft.sectors else [],
        [other for other in others if other.table == draft.table],
        others,
    ):
        above = [other.anchor for other in group if other.when_line < draft.when_line]
        below = [other.anchor for other in group if other.when_line > draft.when_line]
        if above or below:
            yield (above[-1] if above else None), (below[0] if below else None)


def _disorder(period: Period, above: date | None, below: date | None) -> int:
    """How many of the two neighbours the period would stand on the wrong side of."""
    at = period.start or period.end
    return bool(at and above and at < above) + bool(at and below and at > below)


def _heading_year(draft: Draft, years: Sequence[tuple[int, str]]) -> int | None:
    """The year of the nearest heading above the row; of a school year the half that the row lies in."""
    above = [text for line, text in years if line < draft.line] or [text for _, text in years[:1]]
    if not above:
        return None
    first, _, second = above[-1].partition("/")
    if not second or not draft.spans:
        return int(first)
    edge = draft.spans[0].edges[0]
    in_spring = (edge.week or edge.month * 4) < SCHOOL_YEAR_WEEK
    return int(first) + in_spring


def _try(draft: Draft, year: int) -> Period | None:
    try:
        periods = [span.period(year) for span in draft.spans]
    except NoSuchDay:
        return None
    starts = [period.start for period in periods if period.start]
    ends = [period.end for period in periods if period.end]
    return Period(min(starts, default=None), max(ends, default=None))


def _distance(period: Period, days: Iterable[date]) -> int:
    at = period.start or period.end
    return min((abs((day - at).days) for day in days), default=0) if at else 0


def _mend(draft: Draft, others: Sequence[Draft]) -> None:
    """An end before its start gets a likely year, and asks."""
    start, end = draft.period.start, draft.period.end
    if start is None or end is None or end >= start:
        return
    candidates = [_swapped(draft.period)] if start.year == end.year else []
    candidates += [Period(start, _in_year(end, start.year)), Period(_in_year(start, end.year), end)]
    candidates.append(Period(start, _in_year(end, start.year + 1)))
    fitting = [one for one in candidates if one.start and one.end and one.start <= one.end]
    if not fitting:
        return
    days = [other.anchor for other in others if other.anchor and (other.sectors[:1] == draft.sectors[:1])]
    proposed = min(
        fitting,
        key=lambda one: (((one.end or end) - (one.start or start)).days, _distance(one, days) if days else 0),
    )
    text = (
        f"»{' '.join(span.text for span in draft.spans)}« slutter {end:%d.%m.%Y}, før det begynder "
        f"{start:%d.%m.%Y}. Foreslået: {proposed.start:%d.%m.%Y} – {proposed.end:%d.%m.%Y}; bekræft det."
    )
    draft.warn("end_before_start", text)
    draft.inferred += [
        n for n, was, now in (("start", start, proposed.start), ("end", end, proposed.end)) if was != now
    ]
    draft.period = proposed


def _swapped(period: Period) -> Period:
    return Period(period.end, period.start)


def _in_year(day: date, year: int) -> date | None:
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _undated(draft: Draft) -> None:
    if not draft.spans:
        said = f" (»{draft.when}«)" if draft.when else ""
        draft.warn("undated", f"»{draft.label}« har ingen dato{said}.")
    elif any(span.is_approximate for span in draft.spans):
        draft.inferred += ["start", "end"]
        draft.warn(
            "approximate_period", f"»{draft.spans[0].text}« er ikke en dato; perioden er regnet ud fra ordene."
        )


def _weekdays(draft: Draft) -> None:
    """ "onsdag den 31. august 2021" was a Tuesday."""
    for span in draft.spans:
        if span.first is None or span.first.kind is not EdgeKind.DAY:
            continue
        named = re.search(
            rf"\b({'|'.join(_WEEKDAYS)})\s*(?:den|d\.)?\s*$", draft.when[: span.at[0]], re.IGNORECASE
        )
        day = draft.period.start
        if named and day and len(draft.spans) == 1 and _WEEKDAYS[day.weekday()] != named[1].lower():
            draft.warn(
                "weekday_mismatch",
                f"{day:%d.%m.%Y} er en {_WEEKDAYS[day.weekday()]}, ikke en {named[1].lower()}.",
            )


def _days_off(draft: Draft, off: DaysOff) -> None:
    start, end = draft.period.start, draft.period.end or draft.period.start
    if start is None or end is None or end < start or draft.category is ActivityCategory.PHASE:
        return
    if end - start > LONGEST_ASKED:
        return
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    lost = [day for day in days if day not in off.public]
    names = list(dict.fromkeys(name for day in lost if (name := off.school_holiday(day))))
    if names:
        working = [day for day in days if off.is_working(day)]
        left = [day for day in working if not off.school_holiday(day)]
        text = f"Perioden rammer {' og '.join(names)}: {len(left)} af {len(working)} arbejdsdage er skoledage."
        draft.warn("school_holiday", text)
    public = [day for day in days if day in off.public and day.weekday() < 5]
    if public:
        shown = ", ".join(f"{day:%d.%m.%Y}" for day in public)
        draft.warn("public_holiday", f"Perioden rummer helligdage: {shown}.")
    edges = [day for day in dict.fromkeys((start, end)) if day.weekday() >= 5]
    if edges and len(days) <= 7 and not any(span.is_approximate for span in draft.spans):
        shown = " og ".join(f"{day:%d.%m.%Y} ({_WEEKDAYS[day.weekday()]})" for day in edges)
        draft.warn("weekend", f"{shown} er ikke en arbejdsdag.")


def _own_phases(drafts: Sequence[Draft]) -> list[Phase]:
    rows = [draft for draft in drafts if draft.category is ActivityCategory.PHASE and draft.period.start]
    return [Phase(row.sector, row.period, row.line) for row in rows]


def _phase(draft: Draft, phases: Sequence[Phase]) -> None:
    if draft.category is ActivityCategory.PHASE or draft.anchor is None:
        return
    mine = [phase for phase in phases if phase.sector is None or phase.sector in draft.sectors]
    asked = mine or ([] if draft.sectors else list(phases))
    outside = [phase for phase in asked if _is_outside(draft, phase)]
    if not mine and len(outside) < len(asked):
        return  # a row that names no sector need only fit one of the phases
    for phase in outside:
        text = f"Ligger uden for perioden {_shown(phase.period)} (linje {phase.line})."
        draft.warn("outside_phase", text)


def _is_outside(draft: Draft, phase: Phase) -> bool:
    start, end = draft.period.start, draft.period.end
    early = bool(start and phase.period.start and start < phase.period.start)
    late = bool(phase.period.end and max(day for day in (start, end) if day) > phase.period.end)
    return early or late


def _trainers_first(draft: Draft, drafts: Sequence[Draft]) -> None:
    """Nobody teaches what they learn only later."""
    role = draft.role
    if draft.category is not ActivityCategory.TRAINING or role is None or draft.period.start is None:
        return
    named = tuple(Role(trainer) for trainer in draft.trainers if trainer in ROLES)
    for trainer in dict.fromkeys((*named, *(() if named else _default_trainers(draft, role)))):
        if trainer is role:
            continue
        courses = _courses_of(trainer, draft, drafts)
        late = [other for other in courses if _over(other) and _over(other) >= draft.period.start]
        if courses and len(late) == len(courses):
            first = min(late, key=_over)
            who = ROLE_WORDS.get(trainer, trainer.value)
            text = (
                f"Begynder {draft.period.start:%d.%m.%Y}, men {who}, der skal undervise, "
                f"er først uddannet {_over(first):%d.%m.%Y} (linje {first.line})."
            )
            draft.warn("training_before_trainer", text)


def _default_trainers(draft: Draft, role: Role) -> tuple[Role, ...]:
    if role is Role.EMPLOYEE and draft.sectors == (Sector.IT,):
        return (Role.IT_SERVICEDESK,)
    return TRAINERS_OF.get(role, ())


def _courses_of(trainer: Role, draft: Draft, drafts: Sequence[Draft]) -> list[Draft]:
    """The dated courses that `trainer` takes in the row's sector; where it has none, those of no sector."""
    mine = [
        other
        for other in drafts
        if other is not draft
        and other.category is ActivityCategory.TRAINING
        and _trains(other, trainer)
        and other.anchor
    ]
    sector = draft.sector
    wanted = [sector, _WITH.get(sector)] if sector else []
    return (
        [other for other in mine if sector and sector in other.sectors]
        or [other for other in mine if set(other.sectors) & {one for one in wanted if one}]
        or [other for other in mine if not other.sectors or not draft.sectors]
    )


def _trains(other: Draft, role: Role) -> bool:
    return other.role is role or role in frozenset().union(*(roles_in(line) for line in other.label_lines))


def _over(draft: Draft) -> date:
    """The last day of a course."""
    return draft.period.end or draft.period.start or date.max


def _whole(drafts: Sequence[Draft]) -> Iterator[Warning]:
    kinds = {draft.category for draft in drafts}
    if drafts and ActivityCategory.GO_LIVE not in kinds and ActivityCategory.FAMILIES in kinds:
        last = max(draft.line for draft in drafts if draft.category is ActivityCategory.FAMILIES)
        yield Warning("no_go_live", last, "Planen har ingen dato for, hvornår systemet tages i brug.")


def _shown(period: Period) -> str:
    start = f"{period.start:%d.%m.%Y}" if period.start else "?"
    return f"{start} – {period.end:%d.%m.%Y}" if period.end else f"fra {start}"
