"""What the pages on targets and opening hours show: a calendar with its names, and the items that a change
touches."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.accounts.rules import Viewer
from ticketing.accounts.visibility import titled
from ticketing.clocks.closing import days_of
from ticketing.clocks.config import ClockConfig
from ticketing.clocks.days import parse_reference
from ticketing.clocks.models import CalendarDays, ClockEdition
from ticketing.database import db
from ticketing.organisation.models import Person, Unit
from ticketing.vocabulary import DayKind, ItemId, MunicipalityId, PersonId, Rung, UnitId, UnitKind
from ticketing.work.models import WorkItem
from ticketing.work.policy_trial import Preview

Names = Callable[[str], Mapping[date, str]]


@dataclass(frozen=True)
class ShownItem:
    """A touched item that the viewer may know of by its title; the others only count."""

    number: str
    title: str
    unit_name: str
    rung: Rung
    due_before: datetime | None
    due_after: datetime | None
    is_late_at_once: bool


def names_of_days(session: Session, config: ClockConfig) -> Names:
    """For a calendar's name, why its special days are special: the edition's own, then the local ones."""

    def find(name: str) -> Mapping[date, str]:
        reference = parse_reference(name)
        found = dict(config.special_days.get(reference.base, {}))
        follows = reference.base in config.school_calendars
        for row in _local(session, [unit for unit, _ in reference.revisions]):
            if row.kind is not DayKind.SCHOOL_HOLIDAY or follows:
                found |= dict.fromkeys(row.value().dates(), row.name)
        return found

    return find


def units_with_days(municipality_id: MunicipalityId) -> Sequence[tuple[UnitId, str]]:
    """The units that have closing days or a calendar of their own, the municipality first."""
    special = Unit.calendar_revision.is_not(None) | Unit.calendar.is_not(None)
    root = Unit.kind == UnitKind.MUNICIPALITY
    units = select(Unit.id, Unit.name).where(Unit.municipality_id == municipality_id, special | root)
    rows = db.session.execute(units.order_by(root.desc(), Unit.path).limit(500))
    return [(UnitId(row.id), row.name) for row in rows]


def unit_path(municipality_id: MunicipalityId, unit_id: int) -> str | None:
    """The path of a unit of this municipality; None for any other."""
    return db.session.scalar(
        select(Unit.path).where(Unit.municipality_id == municipality_id, Unit.id == unit_id)
    )


def shown_items(viewer: Viewer, preview: Preview, number: Callable[[WorkItem], str]) -> list[ShownItem]:
    """The first touched items, as far as the viewer may see their titles."""
    ids = [one.item_id for one in preview.first]
    items = select(WorkItem, Unit.name).join(Unit, Unit.id == WorkItem.unit_id)
    seen = db.session.execute(items.where(WorkItem.id.in_(ids), titled(viewer, among_open=True)))
    rows: dict[ItemId, tuple[WorkItem, str]] = {row[0].id: (row[0], row[1]) for row in seen}
    return [
        ShownItem(number(item), item.title, name, item.rung, one.due_before, one.due_after, one.is_late_at_once)
        for one in preview.first
        if one.item_id in rows
        for item, name in (rows[one.item_id],)
    ]


def unit_names(unit_ids: Iterable[UnitId]) -> dict[UnitId, str]:
    """What the units are called."""
    rows = db.session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(list(unit_ids))))
    return {UnitId(row.id): row.name for row in rows}


def makers(editions: Iterable[ClockEdition]) -> dict[PersonId, str]:
    """Who made the editions."""
    ids = {edition.made_by_id for edition in editions if edition.made_by_id}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {PersonId(row.id): row.name for row in rows}


def _local(session: Session, unit_ids: Sequence[UnitId]) -> Sequence[CalendarDays]:
    return days_of(session, unit_ids) if unit_ids else []
