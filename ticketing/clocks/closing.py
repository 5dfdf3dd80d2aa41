"""Finds the calendar that a clock's calendar name means: from config/, or with a unit's local days."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ticketing.clocks.config import ClockConfig
from ticketing.clocks.days import Revisions, parse_reference, with_days
from ticketing.clocks.models import CalendarDays
from ticketing.clocks.rules import Calendar
from ticketing.clocks.running import Calendars
from ticketing.vocabulary import UnitId

#: A name means the same for ever, so a compiled calendar is kept as long as the process lives.
KEPT: dict[tuple[int, str], Calendar] = {}
LARGEST_KEPT = 2_000


def calendars(session: Session, config: ClockConfig) -> Calendars:
    """What `derive` asks for calendars: by a name such as "skole" or "skole@1.4+42.17".

    The first use of a name in a process costs one statement. Raises `UnknownCalendar` for a base that is
    not in config/ and `ValueError` for what is no name.
    """

    def find(name: str) -> Calendar:
        if "@" not in name:
            return config.calendar(name)
        key = (id(config), name)
        found = KEPT.get(key)
        if found is None:
            if len(KEPT) >= LARGEST_KEPT:
                KEPT.clear()
            found = KEPT[key] = _build(session, config, name)
        return found

    return find


def days_of(session: Session, unit_ids: Sequence[UnitId]) -> list[CalendarDays]:
    """The local days in force now of the units, by date."""
    rows = select(CalendarDays).where(CalendarDays.unit_id.in_(unit_ids), CalendarDays.removed_in.is_(None))
    return list(session.scalars(rows.order_by(CalendarDays.first, CalendarDays.id)))


def _build(session: Session, config: ClockConfig, name: str) -> Calendar:
    reference = parse_reference(name)
    days = [row.value() for row in _at(session, reference.revisions)]
    follows = reference.base in config.school_calendars
    return with_days(config.calendar(reference.base), days, follows_school=follows)


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
