"""Activities of the plan become tasks: one for each unit or person they concern, in the right queue.

1. `make_tasks_of` makes an activity's tasks, each once, however often it is asked.
2. `follow_plan` lets open tasks follow their activity's newest date; the worker runs it.
3. `progress` counts what is done, late and open, by activity.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from ticketing.accounts.queries import ZONE, is_valid_on
from ticketing.accounts.rules import Viewer
from ticketing.accounts.visibility import visible
from ticketing.database import db, path_range, transaction
from ticketing.organisation.models import Person, Post, Unit
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.plan import Progress
from ticketing.rollout.refused import PlanRefused
from ticketing.vocabulary import (
    ActivityCategory,
    Lane,
    MunicipalityId,
    PersonId,
    Role,
    Sector,
    State,
    TaskPer,
    UnitId,
    UnitKind,
)
from ticketing.work.change import SYSTEM, Actor
from ticketing.work.models import WorkItem
from ticketing.work.planned import TasksMade, make_tasks, move_tasks
from ticketing.work.task_rows import PlannedTask

_KIND_OF = {
    TaskPer.MUNICIPALITY: UnitKind.MUNICIPALITY,
    TaskPer.SECTOR: UnitKind.SECTOR,
    TaskPer.INSTITUTION: UnitKind.INSTITUTION,
    TaskPer.DEPARTMENT: UnitKind.DEPARTMENT,
}
#: Roles that stand beside the ladder of guidance, on the way of `organisation`.
_LEADING = frozenset({Role.LEADER, Role.COMM_GROUP, Role.SECTOR_HEAD, Role.STEERING_GROUP})
_SETTING_UP = frozenset({ActivityCategory.SETUP, ActivityCategory.GO_LIVE})
_DONE = (State.SOLVED, State.CLOSED)


def due_day(activity: PlanActivity) -> date | None:
    """The day that the activity is to be finished; a day of going live is its own end. None: no such day."""
    period = activity.value().period
    if period.end is None and activity.category is ActivityCategory.GO_LIVE:
        return period.start
    return period.end


def lane_for(category: ActivityCategory, role: Role) -> Lane:
    """Which way up a late task goes."""
    if role in _LEADING:
        return Lane.CONDUCT
    if role is Role.IT_SERVICEDESK:
        return Lane.TECHNICAL
    return Lane.SETUP if category in _SETTING_UP else Lane.GUIDANCE


def make_tasks_of(activity_id: int, actor: Actor, now: datetime) -> TasksMade:
    """Makes a task for each unit or person that the activity concerns. Raises `PlanRefused` for a phase,
    which is a frame and nothing to do, and where the activity concerns nobody."""
    with transaction() as session:
        activity = session.get_one(PlanActivity, activity_id)
        tasks = planned_tasks(session, activity, now)
        municipality_id = activity.municipality_id
    if not tasks:
        raise PlanRefused("Aktiviteten vedrører ingen enheder eller personer i organisationen.")
    return make_tasks(municipality_id, tasks, actor, now)


def planned_tasks(session: Session, activity: PlanActivity, now: datetime) -> list[PlannedTask]:
    """The tasks that the activity asks for, made or not. Two statements. Raises `PlanRefused` for a phase."""
    if activity.category is ActivityCategory.PHASE:
        raise PlanRefused("En fase er en ramme om andre aktiviteter og bliver ikke til opgaver.")
    role = activity.responsible or Role.PROJECT_GROUP
    lane, day = lane_for(activity.category, role), due_day(activity)
    return [
        PlannedTask(
            key=f"plan:{activity.id}:{'person' if person_id else 'unit'}:{person_id or unit_id}",
            activity_id=activity.id,
            unit_id=unit_id,
            role=role,
            lane=lane,
            title=_title(activity),
            body=_body(activity),
            planned_on=day,
            person_id=person_id,
        )
        for unit_id, person_id in _concerned(session, activity, role, now)
    ]


def replan(
    activity_id: int,
    actor: Actor,
    now: datetime,
    *,
    start: date | None,
    end: date | None,
    reason: str,
) -> int:
    """Gives an activity a revised period, beside its baseline, and moves its open tasks; how many moved.
    Raises `PlanRefused` without a reason and for an end before its start."""
    if not reason.strip():
        raise PlanRefused("Skriv, hvorfor datoen flyttes.")
    if start is not None and end is not None and end < start:
        raise PlanRefused("Slutdatoen ligger før startdatoen.")
    with transaction() as session:
        activity = session.get_one(PlanActivity, activity_id)
        activity.revised_start, activity.revised_end = start, end
        session.flush()
        day, municipality_id = due_day(activity), activity.municipality_id
    return move_tasks(municipality_id, activity_id, day, actor, now, reason=reason)


def follow_plan(now: datetime) -> int:
    """Moves open tasks whose activity has another day now, whoever changed it; how many moved."""
    followed = (
        select(WorkItem.municipality_id, WorkItem.activity_id, WorkItem.planned_on)
        .where(WorkItem.is_open, WorkItem.activity_id.is_not(None))
        .distinct()
    )
    rows = db.session.execute(followed).all()
    wanted = sorted({row.activity_id for row in rows})
    activities = db.session.scalars(select(PlanActivity).where(PlanActivity.id.in_(wanted))).all()
    days = {activity.id: due_day(activity) for activity in activities}
    stale = {(row.municipality_id, row.activity_id) for row in rows if row.planned_on != days[row.activity_id]}
    return sum(move_tasks(town, key, days[key], SYSTEM, now) for town, key in sorted(stale))


def progress(
    viewer: Viewer, now: datetime, activity_ids: Sequence[int] | None = None, *, within: str | None = None
) -> dict[int, Progress]:
    """By activity, the tasks that the viewer may know of (inside the unit path `within`). One statement over
    the index of activities."""
    low, high = path_range(within or "/")
    is_done = WorkItem.state.in_(_DONE)
    is_late = and_(WorkItem.is_open, WorkItem.planned_on < now.astimezone(ZONE).date())
    of_plan = WorkItem.activity_id.is_not(None)
    rows = db.session.execute(
        select(
            WorkItem.activity_id,
            func.count().label("total"),
            func.sum(case((is_done, 1), else_=0)).label("done"),
            func.sum(case((is_late, 1), else_=0)).label("late"),
            func.max(WorkItem.solved_at).label("last_solved"),
        )
        .where(
            WorkItem.municipality_id == viewer.municipality_id,
            of_plan if activity_ids is None else WorkItem.activity_id.in_(activity_ids),
            WorkItem.unit_path >= low,
            WorkItem.unit_path < high,
            visible(viewer),
        )
        .group_by(WorkItem.activity_id)
    )
    found = {}
    for row in rows:
        all_done = row.total == row.done and row.last_solved is not None
        day = row.last_solved.astimezone(ZONE).date() if all_done else None
        found[row.activity_id] = Progress(row.total, int(row.done), int(row.late), day)
    return found


def municipality_activities(session: Session, municipality_id: MunicipalityId) -> list[PlanActivity]:
    """The plan's rows in its own order."""
    mine = select(PlanActivity).where(PlanActivity.municipality_id == municipality_id)
    return list(session.scalars(mine.order_by(PlanActivity.position, PlanActivity.id)))


def sectors_of(activity: PlanActivity) -> list[Sector]:
    """The sectors it concerns; empty: all of them."""
    if activity.sector is None:
        return []
    return [activity.sector, *(Sector(other) for other in activity.other_sectors)]


def _concerned(
    session: Session, activity: PlanActivity, role: Role, now: datetime
) -> list[tuple[UnitId, PersonId | None]]:
    if activity.per is TaskPer.PERSON:
        return _persons(session, activity, role, now)
    units = _units(session, activity)
    if activity.per is TaskPer.DEPARTMENT:
        # A playgroup of childminders has no departments: it is its own.
        parents = {unit.parent_id for unit in units if unit.kind is UnitKind.DEPARTMENT}
        units = [u for u in units if u.kind is UnitKind.DEPARTMENT or u.id not in parents]
    return [(UnitId(unit.id), None) for unit in units]


def _units(session: Session, activity: PlanActivity) -> list[Unit]:
    sectors = sectors_of(activity)
    kinds = [_KIND_OF[activity.per]]
    if activity.per is TaskPer.DEPARTMENT:
        kinds.append(UnitKind.INSTITUTION)
    if activity.per is TaskPer.MUNICIPALITY and len(sectors) == 1:
        kinds = [UnitKind.SECTOR, UnitKind.IT]  # one task, and it is this sector's
    wanted = select(Unit).where(Unit.municipality_id == activity.municipality_id, Unit.kind.in_(kinds))
    if sectors and UnitKind.MUNICIPALITY not in kinds:
        wanted = wanted.where(Unit.sector.in_(sectors))
    return list(session.scalars(wanted.order_by(Unit.path)))


def _persons(
    session: Session, activity: PlanActivity, role: Role, now: datetime
) -> list[tuple[UnitId, PersonId | None]]:
    today = now.astimezone(ZONE).date()
    held = (
        select(Post.person_id, func.min(Post.unit_id).label("unit_id"))
        .join(Unit, Unit.id == Post.unit_id)
        .join(Person, Person.id == Post.person_id)
        .where(
            Post.municipality_id == activity.municipality_id,
            Post.role == role,
            is_valid_on(today),
            or_(Person.left_on.is_(None), Person.left_on > today),
        )
        .group_by(Post.person_id)
        .order_by(Post.person_id)
    )
    sectors = sectors_of(activity)
    if sectors:
        held = held.where(or_(Unit.sector.in_(sectors), Unit.sector.is_(None)))
    return [(UnitId(row.unit_id), PersonId(row.person_id)) for row in session.execute(held)]


def _title(activity: PlanActivity) -> str:
    text = activity.audience.strip() or activity.key
    return text[:1].upper() + text[1:]


def _body(activity: PlanActivity) -> str:
    period = activity.value().period
    dates = " – ".join(f"{day:%d.%m.%Y}" for day in (period.start, period.end) if day is not None)
    lines = [
        f"Opgave fra udrulningsplanen ({activity.key}).",
        f"Planlagt: {dates or 'ingen dato endnu'}.",
        *([f"Efter: {', '.join(activity.depends_on)}."] if activity.depends_on else []),
        *([f"Planen siger: »{activity.raw.strip()}«"] if activity.raw.strip() else []),
        "Marker opgaven som løst, når den er gjort; så ved planen det.",
    ]
    return "\n\n".join(lines)
