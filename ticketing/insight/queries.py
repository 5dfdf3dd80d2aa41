"""The leader's questions: what is unresolved at each institution, where is it stuck, and what to press."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from ticketing.accounts.queries import NotFound
from ticketing.accounts.rules import Viewer, unit_ids
from ticketing.accounts.visibility import titled, visible
from ticketing.database import db, path_range
from ticketing.insight.coverage import (
    WORST_FIRST,
    Coverage,
    SuperuserPost,
    coverage_of,
    superuser_posts,
)
from ticketing.organisation.models import Unit
from ticketing.vocabulary import ItemKind, Priority, Rung, Sector, State, UnitId, UnitKind
from ticketing.work.models import WorkItem

INSTITUTION_KINDS = frozenset({UnitKind.INSTITUTION, UnitKind.ADMINISTRATION, UnitKind.IT})
#: Where children are: only they need a superuser.
COVERED_SECTORS = frozenset({Sector.SKOLE, Sector.DAGTILBUD, Sector.DAGPLEJE})
LIST_LENGTH = 100


@dataclass(frozen=True)
class UnresolvedRow:
    """What is open in one unit and all inside it, fortrolige items counted too. Times are UTC."""

    unit_id: UnitId
    unit_name: str
    sector: Sector | None
    open_by_rung: dict[Rung, int]
    overdue: int
    oldest_opened_at: datetime | None
    #: None where no superuser is called for, as in IT.
    coverage: Coverage | None
    #: Departments, or the unit itself, where a question finds no superuser.
    uncovered: tuple[str, ...]
    #: Open items that wait at the superuser's rung where there is no superuser, and that nobody else has.
    stuck: int
    #: Open items that went past a rung because nobody was there ("dækning mangler").
    passed_on: int
    #: The number of the open task to appoint a superuser, if one is open and the viewer may read it.
    appoint_number: int | None = None

    @property
    def open_count(self) -> int:
        """All open items."""
        return sum(self.open_by_rung.values())


@dataclass(frozen=True)
class TitledItem:
    """An open item as a leader sees it: a fortrolig one has no title and no number."""

    number: int | None
    kind: ItemKind
    title: str | None
    unit_name: str
    rung: Rung
    state: State
    priority: Priority
    opened_at: datetime
    due_at: datetime | None


@dataclass(frozen=True)
class _Place:
    id: UnitId
    path: str
    name: str
    kind: UnitKind
    sector: Sector | None


@dataclass(frozen=True)
class _Figures:
    unit_path: str
    rung: Rung
    open_count: int
    overdue: int
    passed_on: int
    oldest_opened_at: datetime


def unresolved_by_institution(viewer: Viewer, now: datetime) -> list[UnresolvedRow]:
    """A row for each institution inside the viewer's overview posts, what needs a leader first.

    Open items on a unit above the institutions (a sector's triage) get a row of that unit's own. Four
    statements, whatever the number of items; the items themselves are counted by the database.
    """
    return _unresolved(viewer, now, viewer.overview_paths, lambda place: place.kind in INSTITUTION_KINDS)


def unresolved_by_department(viewer: Viewer, now: datetime, unit: Unit) -> list[UnresolvedRow]:
    """The same for the units directly under `unit`, and for `unit` itself where it has items of its own."""
    return _unresolved(
        viewer, now, (unit.path,), lambda place: len(unit_ids(place.path)) == len(unit_ids(unit.path)) + 1
    )


def overview_unit(viewer: Viewer, unit_id: UnitId) -> Unit:
    """The unit, if it lies inside the viewer's overview. Raises `NotFound`."""
    unit = db.session.get(Unit, unit_id)
    if unit is None or unit.municipality_id != viewer.municipality_id:
        raise NotFound
    if not any(unit.path.startswith(scope) for scope in viewer.overview_paths):
        raise NotFound
    return unit


def open_items(viewer: Viewer, unit: Unit, rung: Rung | None = None) -> list[TitledItem]:
    """The open items inside `unit` that the viewer may know of, the most overdue first, at most
    `LIST_LENGTH`; only those at `rung` where one is given. One statement."""
    may_read_title = titled(viewer, among_open=True)
    wanted = _open_inside(viewer, (unit.path,))
    if rung is not None:
        wanted = and_(wanted, WorkItem.rung == rung)
    rows = db.session.execute(
        select(
            case((may_read_title, WorkItem.number)).label("number"),
            case((may_read_title, WorkItem.title)).label("title"),
            Unit.name.label("unit_name"),
            WorkItem.kind,
            WorkItem.rung,
            WorkItem.state,
            WorkItem.priority,
            WorkItem.opened_at,
            WorkItem.due_at,
        )
        .join(Unit, Unit.id == WorkItem.unit_id)
        .where(wanted)
        .order_by(WorkItem.due_at.is_(None), WorkItem.due_at, WorkItem.opened_at, WorkItem.id)
        .limit(LIST_LENGTH)
    )
    return [
        TitledItem(
            number=row.number,
            kind=ItemKind(row.kind),
            title=row.title,
            unit_name=row.unit_name,
            rung=Rung(row.rung),
            state=State(row.state),
            priority=Priority(row.priority),
            opened_at=row.opened_at,
            due_at=row.due_at,
        )
        for row in rows
    ]


def _unresolved(
    viewer: Viewer, now: datetime, scopes: Sequence[str], is_row: Callable[[_Place], bool]
) -> list[UnresolvedRow]:
    places = _places(viewer, scopes)
    figures = _figures(viewer, scopes, now)
    posts = superuser_posts(viewer.municipality_id, _around(scopes), now)
    appointing = _appoint_tasks(viewer, places)
    rows = [
        _row(place, inside, own, posts, appointing)
        for place, inside, own in _shared_out(places, figures, is_row)
    ]
    return sorted(rows, key=_what_needs_the_leader)


def _places(viewer: Viewer, scopes: Sequence[str]) -> list[_Place]:
    rows = db.session.execute(
        select(Unit.id, Unit.path, Unit.name, Unit.kind, Unit.sector)
        .where(Unit.municipality_id == viewer.municipality_id, _inside(Unit.path, scopes))
        .order_by(Unit.path)
    )
    return [
        _Place(row.id, row.path, row.name, UnitKind(row.kind), Sector(row.sector) if row.sector else None)
        for row in rows
    ]


def _figures(viewer: Viewer, scopes: Sequence[str], now: datetime) -> list[_Figures]:
    rows = db.session.execute(
        select(
            WorkItem.unit_path,
            WorkItem.rung,
            func.count().label("open_count"),
            func.sum(case((WorkItem.due_at <= now, 1), else_=0)).label("overdue"),
            func.sum(case((WorkItem.without_cover, 1), else_=0)).label("passed_on"),
            func.min(WorkItem.opened_at).label("oldest"),
        )
        .where(_open_inside(viewer, scopes))
        .group_by(WorkItem.unit_path, WorkItem.rung)
    )
    return [
        _Figures(
            row.unit_path, Rung(row.rung), row.open_count, int(row.overdue), int(row.passed_on), row.oldest
        )
        for row in rows
    ]


def _open_inside(viewer: Viewer, scopes: Sequence[str]) -> ColumnElement[bool]:
    return and_(
        WorkItem.municipality_id == viewer.municipality_id,
        WorkItem.is_open,
        _inside(WorkItem.unit_path, scopes),
        visible(viewer, among_open=True),
    )


def _appoint_tasks(viewer: Viewer, places: Sequence[_Place]) -> dict[UnitId, int]:
    """The open tasks to appoint a superuser: the unit that lacks one, and the task's number."""
    # Equal keys and no range of them: PostgreSQL may order ":" by a language's rules.
    key_of = {f"appoint:superuser:{place.id}": place.id for place in places}
    rows = db.session.execute(
        select(WorkItem.task_key, WorkItem.number).where(
            WorkItem.municipality_id == viewer.municipality_id,
            WorkItem.task_key.in_(key_of),
            WorkItem.is_open,
            titled(viewer, among_open=True),
        )
    )
    return {key_of[row.task_key]: row.number for row in rows}


def _shared_out(
    places: Sequence[_Place], figures: Iterable[_Figures], is_row: Callable[[_Place], bool]
) -> list[tuple[_Place, list[_Place], list[_Figures]]]:
    """Each row's place, the places inside it and its figures. A place between the rows and the top has a
    row when items lie on it."""
    by_path = {place.path: place for place in places}
    row_of: dict[str, str] = {}
    for place in places:  # in order of path, so that a place comes after those it lies in
        above = row_of.get(_parent(place.path))
        is_inside_row = above is not None and is_row(by_path[above])
        row_of[place.path] = above if above is not None and is_inside_row else place.path
    inside: dict[str, list[_Place]] = {}
    for path, row in row_of.items():
        inside.setdefault(row, []).append(by_path[path])
    found: dict[str, list[_Figures]] = {}
    for figure in figures:
        found.setdefault(row_of.get(figure.unit_path, figure.unit_path), []).append(figure)
    return [
        (by_path[row], members, found.get(row, []))
        for row, members in inside.items()
        if row in found or is_row(by_path[row])
    ]


def _row(
    place: _Place,
    inside: Sequence[_Place],
    figures: Sequence[_Figures],
    posts: Sequence[SuperuserPost],
    appointing: dict[UnitId, int],
) -> UnresolvedRow:
    by_rung: dict[Rung, int] = {}
    for figure in figures:
        by_rung[figure.rung] = by_rung.get(figure.rung, 0) + figure.open_count
    departments = [unit for unit in inside if unit.kind is UnitKind.DEPARTMENT] or [place]
    needs_cover = place.sector in COVERED_SECTORS and place.kind not in (UnitKind.SECTOR, UnitKind.AREA)
    covers = [(unit, coverage_of(unit.path, posts)) for unit in departments] if needs_cover else []
    empty = [unit for unit, coverage in covers if not coverage.has_somebody]
    stuck = sum(
        figure.open_count - figure.passed_on
        for figure in figures
        if figure.rung is Rung.SUPERUSER and any(figure.unit_path.startswith(unit.path) for unit in empty)
    )
    return UnresolvedRow(
        unit_id=place.id,
        unit_name=place.name,
        sector=place.sector,
        open_by_rung=by_rung,
        overdue=sum(figure.overdue for figure in figures),
        oldest_opened_at=min((figure.oldest_opened_at for figure in figures), default=None),
        coverage=min((coverage for _, coverage in covers), key=WORST_FIRST.index, default=None),
        uncovered=tuple(unit.name for unit in empty),
        stuck=stuck,
        passed_on=sum(figure.passed_on for figure in figures),
        appoint_number=next((appointing[unit.id] for unit in (*empty, place) if unit.id in appointing), None),
    )


def _what_needs_the_leader(row: UnresolvedRow) -> tuple[bool, bool, int, float, str]:
    """Waiting with nobody there, then no cover, then most overdue, then oldest."""
    oldest = row.oldest_opened_at.timestamp() if row.oldest_opened_at else float("inf")
    return (row.stuck == 0, not row.uncovered, -row.overdue, oldest, row.unit_name)


def _inside(column: InstrumentedAttribute[str], scopes: Sequence[str]) -> ColumnElement[bool]:
    ranges = [path_range(scope) for scope in scopes]
    return or_(false(), *(and_(column >= low, column < high) for low, high in ranges))


def _around(scopes: Sequence[str]) -> ColumnElement[bool]:
    """Units inside the scopes, and those the scopes lie in: a post above covers what is below."""
    above = {unit_id for scope in scopes for unit_id in unit_ids(scope)}
    return or_(_inside(Unit.path, scopes), Unit.id.in_(sorted(above)))


def _parent(path: str) -> str:
    return path[: path.rstrip("/").rfind("/") + 1]
