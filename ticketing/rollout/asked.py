"""How many questions each institution asked around its date in the plan: three statements, and one a date."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from ticketing.accounts.queries import ZONE
from ticketing.accounts.rules import Viewer
from ticketing.accounts.visibility import visible
from ticketing.database import db, path_range
from ticketing.organisation.models import Post, Unit
from ticketing.rollout.load import WEEKS, UnitLoad, first_day
from ticketing.vocabulary import ItemKind, Role, Sector, UnitId, UnitKind
from ticketing.work.models import WorkItem


@dataclass(frozen=True)
class Institution:
    """Where something is asked; `go_live_on` is its own, or the nearest above it that has one."""

    id: UnitId
    path: str
    name: str
    sector: Sector | None
    go_live_on: date | None


def institutions(viewer: Viewer, sectors: Iterable[Sector], within: str | None = None) -> list[Institution]:
    """The institutions of `sectors` inside the viewer's overview (and inside the path `within`), in the order
    of the tree. One statement."""
    wanted = set(sectors)
    scopes = viewer.overview_paths if within is None else _narrowed(viewer.overview_paths, within)
    rows = db.session.execute(
        select(Unit.id, Unit.path, Unit.name, Unit.kind, Unit.sector, Unit.go_live_on)
        .where(Unit.municipality_id == viewer.municipality_id, Unit.kind.in_(_ABOVE_AND_INSTITUTIONS))
        .order_by(Unit.path)
    ).all()
    dates = {row.path: row.go_live_on for row in rows if row.go_live_on is not None}
    return [
        Institution(UnitId(row.id), row.path, row.name, Sector(row.sector), _inherited(row.path, dates))
        for row in rows
        if row.kind is UnitKind.INSTITUTION
        and row.sector in wanted
        and any(row.path.startswith(scope) for scope in scopes)
    ]


def asked_around(viewer: Viewer, dates: Mapping[Institution, date]) -> list[UnitLoad]:
    """What each institution asked in the weeks around its date, with who works there and whether its
    superusers were trained by then: every department's, and at least one."""
    if not dates:
        return []
    paths = _Paths(dates)
    users = _users(viewer, paths)
    trained = _trained(viewer, dates, paths)
    counts: dict[UnitId, dict[int, dict[str, int]]] = {}
    for on in sorted(set(dates.values())):
        members = [place for place, day in dates.items() if day == on]
        for path, category, week, count in _counts(viewer, members, on):
            place = paths.institution_of(path)
            if place is not None and dates[place] == on:
                of_week = counts.setdefault(place.id, {}).setdefault(week, {})
                of_week[category] = of_week.get(category, 0) + count
    return [
        UnitLoad(
            unit_id=place.id,
            name=place.name,
            on=on,
            users=users.get(place, 0),
            coverage=trained.get(place, 0.0),
            counts=counts.get(place.id, {}),
        )
        for place, on in dates.items()
    ]


_ABOVE_AND_INSTITUTIONS = (UnitKind.MUNICIPALITY, UnitKind.SECTOR, UnitKind.AREA, UnitKind.INSTITUTION)


class _Paths:
    """Finds the institution that a unit's path lies in."""

    def __init__(self, places: Iterable[Institution]) -> None:
        self._by_path = {place.path: place for place in places}

    def institution_of(self, path: str) -> Institution | None:
        while path != "/":
            if path in self._by_path:
                return self._by_path[path]
            path = path[: path.rstrip("/").rfind("/") + 1]
        return None


def _counts(viewer: Viewer, members: list[Institution], on: date) -> list[tuple[str, str, int, int]]:
    """(unit path, category, week, questions) for those `members` whose date is `on`."""
    begins = {week: _midnight(first_day(week, on)) for week in (*WEEKS, WEEKS.stop)}
    week = case(*((WorkItem.opened_at < begins[after + 1], after) for after in WEEKS), else_=WEEKS.stop)
    rows = db.session.execute(
        select(WorkItem.unit_path, WorkItem.category, week.label("week"), func.count().label("questions"))
        .where(
            WorkItem.municipality_id == viewer.municipality_id,
            WorkItem.kind == ItemKind.TICKET,
            WorkItem.opened_at >= begins[WEEKS.start],
            WorkItem.opened_at < begins[WEEKS.stop],
            _inside(WorkItem.unit_path, members),
            visible(viewer),
        )
        .group_by(WorkItem.unit_path, WorkItem.category, "week")
    )
    return [(row.unit_path, row.category, row.week, row.questions) for row in rows]


def _users(viewer: Viewer, paths: _Paths) -> dict[Institution, int]:
    """People with a post in force in each institution or below it. A person counts once a unit."""
    rows = db.session.execute(
        select(Unit.path, func.count(Post.person_id.distinct()).label("people"))
        .join(Post, Post.unit_id == Unit.id)
        .where(
            Unit.municipality_id == viewer.municipality_id, Post.valid_to.is_(None), Post.role == Role.EMPLOYEE
        )
        .group_by(Unit.path)
    )
    users: dict[Institution, int] = {}
    for path, people in rows:
        place = paths.institution_of(path)
        if place is not None:
            users[place] = users.get(place, 0) + people
    return users


def _trained(viewer: Viewer, dates: Mapping[Institution, date], paths: _Paths) -> dict[Institution, float]:
    """The share of each house's departments, and other units with a superuser, where somebody was trained on
    its date. A department without a superuser counts as one without training."""
    of_superuser = and_(Post.unit_id == Unit.id, Post.role == Role.SUPERUSER)
    rows = db.session.execute(
        select(Unit.path, Unit.kind, Post.trained_on, Post.valid_from, Post.valid_to)
        .outerjoin(Post, of_superuser)
        .where(
            Unit.municipality_id == viewer.municipality_id,
            or_(Unit.kind == UnitKind.DEPARTMENT, Post.id.is_not(None)),
        )
    )
    by_unit: dict[str, bool] = {}
    for row in rows:
        place = paths.institution_of(row.path)
        if place is None or place not in dates:
            continue
        on = dates[place]
        if row.kind is UnitKind.DEPARTMENT:
            by_unit.setdefault(row.path, False)
        if row.valid_from is not None and row.valid_from <= on and (row.valid_to is None or row.valid_to > on):
            is_trained = row.trained_on is not None and row.trained_on <= on
            by_unit[row.path] = by_unit.get(row.path, False) or is_trained
    of_place: dict[Institution, list[bool]] = {}
    for path, is_trained in by_unit.items():
        place = paths.institution_of(path)
        assert place is not None
        of_place.setdefault(place, []).append(is_trained)
    return {place: sum(units) / len(units) for place, units in of_place.items()}


def _inside(column: InstrumentedAttribute[str], members: list[Institution]) -> ColumnElement[bool]:
    """Few institutions are looked up by their own paths; for many the window of time decides."""
    if len(members) > 20:
        return column.is_not(None)
    ranges = [path_range(place.path) for place in members]
    return or_(false(), *(and_(column >= low, column < high) for low, high in ranges))


def _narrowed(scopes: Iterable[str], within: str) -> tuple[str, ...]:
    return tuple(
        max(scope, within, key=len) for scope in scopes if scope.startswith(within) or within.startswith(scope)
    )


def _inherited(path: str, dates: Mapping[str, date]) -> date | None:
    while path != "/":
        if path in dates:
            return dates[path]
        path = path[: path.rstrip("/").rfind("/") + 1]
    return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), ZONE)
