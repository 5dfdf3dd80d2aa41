"""Reads for the training pages: courses and their sessions, who is on them, who could be invited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import joinedload

from ticketing.accounts.queries import ZONE, is_valid_on
from ticketing.accounts.rules import Viewer
from ticketing.database import db, path_range
from ticketing.organisation.models import Person, Post, Unit
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.training import HOLDING, TRAINED_ROLES, Seats, Taken, seats
from ticketing.rollout.training_models import CourseSession, Participation
from ticketing.vocabulary import ActivityCategory, PersonId, Role, TakingPart, UnitId

MOST_SESSIONS = 200
MOST_FOUND = 60


@dataclass(frozen=True)
class Course:
    """A training activity with its seats and how many stand where: by status."""

    activity: PlanActivity
    seats: Seats
    by_status: dict[TakingPart, int]
    sessions: int


@dataclass(frozen=True)
class Candidate:
    """Somebody who could be invited, with the post that calls for it."""

    person_id: PersonId
    name: str
    role: Role
    unit_name: str
    trained_on: date | None


def courses(viewer: Viewer) -> list[Course]:
    """The training activities in the plan's order. Three statements."""
    rows = db.session.scalars(
        select(PlanActivity)
        .where(
            PlanActivity.municipality_id == viewer.municipality_id,
            PlanActivity.category == ActivityCategory.TRAINING,
        )
        .order_by(PlanActivity.position)
    ).all()
    counted = db.session.execute(
        select(Participation.activity_id, Participation.status, func.count())
        .where(Participation.municipality_id == viewer.municipality_id)
        .group_by(Participation.activity_id, Participation.status)
    ).all()
    held = db.session.execute(
        select(CourseSession.activity_id, func.count())
        .where(CourseSession.municipality_id == viewer.municipality_id, CourseSession.cancelled_at.is_(None))
        .group_by(CourseSession.activity_id)
    ).all()
    taken = _taken(viewer)
    sessions = {row[0]: row[1] for row in held}
    return [
        Course(
            row,
            seats([row.value()], taken),
            {TakingPart(status): count for key, status, count in counted if key == row.id},
            sessions.get(row.id, 0),
        )
        for row in rows
    ]


def all_seats(viewer: Viewer) -> Seats:
    """The seats of the whole plan: 135 paid ones in the shipped plan (L285–L291)."""
    rows = db.session.scalars(
        select(PlanActivity).where(PlanActivity.municipality_id == viewer.municipality_id)
    )
    return seats([row.value() for row in rows], _taken(viewer))


def activity_of(viewer: Viewer, key: str) -> PlanActivity | None:
    """The training activity `key` of the viewer's municipality."""
    return db.session.scalars(
        select(PlanActivity).where(
            PlanActivity.municipality_id == viewer.municipality_id,
            PlanActivity.key == key,
            PlanActivity.category == ActivityCategory.TRAINING,
        )
    ).one_or_none()


def sessions_of(activity: PlanActivity) -> Sequence[CourseSession]:
    """When the activity is held, cancelled ones too, the first first."""
    return db.session.scalars(
        select(CourseSession)
        .where(CourseSession.activity_id == activity.id)
        .options(joinedload(CourseSession.unit))
        .order_by(CourseSession.starts_at, CourseSession.id)
        .limit(MOST_SESSIONS)
    ).all()


def session_of(viewer: Viewer, session_id: int) -> CourseSession | None:
    """A session of the viewer's municipality, with its activity."""
    return db.session.scalars(
        select(CourseSession)
        .where(CourseSession.id == session_id, CourseSession.municipality_id == viewer.municipality_id)
        .options(joinedload(CourseSession.activity), joinedload(CourseSession.unit))
    ).one_or_none()


def participants(activity_id: int) -> Sequence[Participation]:
    """Everyone on the course, by name, with who trained them."""
    return db.session.scalars(
        select(Participation)
        .join(Person, Person.id == Participation.person_id)
        .where(Participation.activity_id == activity_id)
        .options(joinedload(Participation.person), joinedload(Participation.trained_by))
        .order_by(Person.name, Participation.id)
    ).all()


def own_courses(person_id: PersonId) -> Sequence[Participation]:
    """A person's own courses, the coming ones first."""
    return db.session.scalars(
        select(Participation)
        .join(CourseSession, CourseSession.id == Participation.session_id)
        .where(Participation.person_id == person_id)
        .options(
            joinedload(Participation.session).joinedload(CourseSession.activity),
            joinedload(Participation.trained_by),
        )
        .order_by(CourseSession.starts_at.desc())
        .limit(MOST_SESSIONS)
    ).all()


def candidates(
    viewer: Viewer, activity: PlanActivity, now: datetime, words: str = "", role: Role | None = None
) -> list[Candidate]:
    """Who could be invited: people with a post of `role` (none: any) in the activity's sectors, not on the
    course yet, the untrained first; `words` narrows by name or unit. One statement."""
    today = now.astimezone(ZONE).date()
    there = select(Participation.person_id).where(
        Participation.activity_id == activity.id, Participation.status.in_(HOLDING)
    )
    sectors = activity.value().sectors
    found = (
        select(Post.person_id, Person.name, Post.role, Unit.name, Post.trained_on)
        .join(Person, Person.id == Post.person_id)
        .join(Unit, Unit.id == Post.unit_id)
        .where(
            Post.municipality_id == viewer.municipality_id,
            is_valid_on(today),
            Person.left_on.is_(None),
            Post.person_id.not_in(there),
        )
    )
    if sectors:
        found = found.where(Unit.sector.in_(sectors))
    found = found.where(Post.role == role) if role else found.where(Post.role.in_(TRAINED_ROLES))
    for word in words.split()[:4]:
        found = found.where(
            or_(
                func.lower(Person.name).contains(word.lower(), autoescape=True),
                Unit.name.contains(word, autoescape=True),
                Unit.name.contains(word.capitalize(), autoescape=True),
            )
        )
    rows = db.session.execute(
        found.order_by(Post.trained_on.is_not(None), Unit.path, Person.name).limit(MOST_FOUND)
    ).all()
    once = {row.person_id: row for row in reversed(rows)}
    return [Candidate(*row) for row in rows if once[row.person_id] is row]


def trainers(viewer: Viewer, activity: PlanActivity, now: datetime) -> list[tuple[PersonId, str]]:
    """Who may have held the course: those whose role the plan names as its trainer, at most so many."""
    roles = [Role(one) for one in activity.trainers if one in list(Role)]
    rows = db.session.execute(
        select(Person.id, Person.name)
        .join(Post, Post.person_id == Person.id)
        .where(
            Post.municipality_id == viewer.municipality_id,
            Post.role.in_(roles),
            is_valid_on(now.astimezone(ZONE).date()),
            Person.left_on.is_(None),
        )
        .group_by(Person.id, Person.name)
        .order_by(Person.name)
        .limit(MOST_SESSIONS)
    ).all()
    return [(row.id, row.name) for row in rows]


def inside_overview(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on `Unit`: inside what the viewer has an overview of."""
    ranges = [path_range(path) for path in viewer.overview_paths]
    return or_(false(), *(and_(Unit.path >= low, Unit.path < high) for low, high in ranges))


def paying_units(viewer: Viewer) -> list[tuple[UnitId, str]]:
    """Units that may pay an extra seat, in the order of the tree."""
    rows = db.session.execute(
        select(Unit.id, Unit.name)
        .where(Unit.municipality_id == viewer.municipality_id, inside_overview(viewer))
        .order_by(Unit.path)
        .limit(500)
    )
    return [(row.id, row.name) for row in rows]


def _taken(viewer: Viewer) -> list[Taken]:
    rows = db.session.execute(
        select(PlanActivity.key, Participation.person_id, Participation.seat)
        .join(PlanActivity, PlanActivity.id == Participation.activity_id)
        .where(
            Participation.municipality_id == viewer.municipality_id,
            Participation.seat.is_not(None),
            Participation.status.in_(HOLDING),
        )
    )
    return [Taken(row.key, row.person_id, row.seat) for row in rows]
