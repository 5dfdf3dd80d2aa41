"""Finds the calendar that a clock's calendar name means: of an edition or config/, with units' local days."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ticketing.clocks.config import ClockConfig
from ticketing.clocks.days import Reference, Revisions, parse_reference, with_days
from ticketing.clocks.editions import PROPOSED, edition
from ticketing.clocks.models import CalendarDays
from ticketing.clocks.rules import Calendar
from ticketing.clocks.running import Calendars
from ticketing.vocabulary import UnitId

#: A name means the same for ever, so a compiled calendar is kept as long as the process lives.
KEPT: dict[tuple[int, str], Calendar] = {}
LARGEST_KEPT = 2_000


def calendars(session: Session, config: ClockConfig, proposed: ClockConfig | None = None) -> Calendars:
    """What `derive` asks for calendars: by a name such as "skole" or "skole#3@1.4+42.17". `proposed` is what
    the edition `PROPOSED` means, an edition that is not kept yet.

    The first use of a name in a process costs a statement or two. Raises `UnknownCalendar` for a base that is
    not in the edition (without one: in `config`), `UnknownEdition`, and `ValueError` for what is no name.
    """

    def find(name: str) -> Calendar:
        if "@" not in name and "#" not in name:
            return config.calendar(name)
        key = (id(config), name)
        found = KEPT.get(key)
        if found is None:
            if len(KEPT) >= LARGEST_KEPT:
                KEPT.clear()
            found = KEPT[key] = _build(session, config, name)
        return found

    def find_proposed(name: str) -> Calendar:
        if f"#{PROPOSED}" not in name:
            return find(name)
        found = only_here.get(name)
        if found is None:
            assert proposed is not None
            found = only_here[name] = _build(
                session, proposed, str(replace(parse_reference(name), edition=None))
            )
        return found

    only_here: dict[str, Calendar] = {}
    return find if proposed is None else find_proposed


def calendar_name(session: Session, config: ClockConfig, name: str) -> str:
    """What people call the calendar that a clock names `name`, by the edition it is of."""
    reference = parse_reference(name)
    return _owner(session, config, reference).name_of(reference.base)


def days_of(session: Session, unit_ids: Sequence[UnitId]) -> list[CalendarDays]:
    """The local days in force now of the units, by date."""
    rows = select(CalendarDays).where(CalendarDays.unit_id.in_(unit_ids), CalendarDays.removed_in.is_(None))
    return list(session.scalars(rows.order_by(CalendarDays.first, CalendarDays.id)))


def _build(session: Session, config: ClockConfig, name: str) -> Calendar:
    reference = parse_reference(name)
    owner = _owner(session, config, reference)
    calendar = owner.calendar(reference.base)
    if not reference.revisions:
        return calendar
    days = [row.value() for row in _at(session, reference.revisions)]
    return with_days(calendar, days, follows_school=reference.base in owner.school_calendars)


def _owner(session: Session, config: ClockConfig, reference: Reference) -> ClockConfig:
    return config if reference.edition is None else edition(session, reference.edition)


def _at(session: Session, revisions: Revisions) -> Sequence[CalendarDays]:
    """The days that were in force when each unit stood at its revision."""
    of_units = [
        and_(
            CalendarDays.unit_id == unit_id,
            CalendarDays.added_in <= revision,
            or_(CalendarDays.removed_in.is_(None), CalendarDays.removed_in > revision),
        )
        for unit_id, revision in revisions
    ]
    return session.scalars(select(CalendarDays).where(or_(*of_units)).order_by(CalendarDays.id)).all()
