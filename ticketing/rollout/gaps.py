"""A gap in the cover becomes the task that closes it: appoint a superuser, or enrol the one appointed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ticketing.accounts.queries import ZONE, is_valid_on
from ticketing.database import transaction
from ticketing.ladder.rules import Place
from ticketing.organisation.models import Municipality, Person, Post, Unit
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.training_models import Participation
from ticketing.vocabulary import ActivityCategory, Lane, MunicipalityId, PersonId, Role, TakingPart, UnitId
from ticketing.work.actions import SYSTEM
from ticketing.work.opening import ask_for_appointment
from ticketing.work.planned import TasksMade, make_tasks
from ticketing.work.queries import ladder_of
from ticketing.work.task_rows import PlannedTask

#: The plan's own row for superusers who come later: the project group enrols them (L187).
ENROLS = "U18"
_STEP = "superuser"


@dataclass(frozen=True)
class _Untrained:
    person_id: PersonId
    name: str
    unit_id: UnitId
    unit_name: str


def ask_to_appoint(municipality_id: MunicipalityId, unit_id: UnitId, now: datetime) -> None:
    """The leader of the unit is asked to appoint a superuser (L197), once for as long as the task is open.
    Raises `PlanRefused` for a unit that is not the municipality's."""
    with transaction() as session:
        unit = session.get(Unit, unit_id)
        if unit is None or unit.municipality_id != municipality_id:
            raise PlanRefused("Enheden findes ikke.")
        ladder = ladder_of(session, municipality_id)
        place = Place(unit.id, unit.path, unit.kind, unit.sector, unit.name)
        ask_for_appointment(session, municipality_id, ladder.steps[_STEP], place, now)


def ask_to_enrol(now: datetime) -> TasksMade:
    """A task for the project group for each superuser who is appointed, not trained and on no course: once a
    person and again after each course missed, in every municipality whose plan enrols those who come later.
    Run again it makes none twice."""
    with transaction() as session:
        towns = session.scalars(select(Municipality.id).order_by(Municipality.id)).all()
    made = [_enrol(one, now) for one in towns]
    return TasksMade(sum(one.made for one in made), sum(one.known for one in made))


def _enrol(municipality_id: MunicipalityId, now: datetime) -> TasksMade:
    with transaction() as session:
        activity = session.scalars(
            select(PlanActivity).where(
                PlanActivity.municipality_id == municipality_id,
                PlanActivity.key == ENROLS,
                PlanActivity.category == ActivityCategory.TRAINING,
            )
        ).one_or_none()
        if activity is None:
            return TasksMade()
        untrained = _untrained(session, municipality_id, now)
        missed = _missed(session, [one.person_id for one in untrained])
        tasks = [_task(activity, one, missed.get(one.person_id, 0)) for one in untrained]
    return make_tasks(municipality_id, tasks, SYSTEM, now) if tasks else TasksMade()


def _missed(session: Session, person_ids: list[PersonId]) -> dict[PersonId, int]:
    """How many courses each has been enrolled at and not come to: each of them makes a task anew."""
    rows = session.execute(
        select(Participation.person_id, func.count())
        .where(Participation.person_id.in_(person_ids), Participation.status == TakingPart.MISSED)
        .group_by(Participation.person_id)
    )
    return {row[0]: row[1] for row in rows}


def _task(activity: PlanActivity, one: _Untrained, missed: int) -> PlannedTask:
    return PlannedTask(
        key=f"enrol:superuser:{one.person_id}" + (f":{missed}" if missed else ""),
        activity_id=activity.id,
        unit_id=one.unit_id,
        role=Role.PROJECT_GROUP,
        lane=Lane.SETUP,
        title=f"Tilmeld kursus: {one.name}, {one.unit_name}",
        body=f"{one.name} er superbruger i {one.unit_name} og ikke uddannet endnu. Tilmeld til næste kursus.",
        planned_on=None,
    )


def _untrained(session: Session, municipality_id: MunicipalityId, now: datetime) -> list[_Untrained]:
    on_a_course = select(Participation.person_id).where(
        Participation.municipality_id == municipality_id,
        Participation.status.in_((TakingPart.INVITED, TakingPart.COMING, TakingPart.TENTATIVE)),
    )
    today = now.astimezone(ZONE).date()
    rows = session.execute(
        select(Post.person_id, Person.name, Unit.id, Unit.name)
        .join(Person, Person.id == Post.person_id)
        .join(Unit, Unit.id == Post.unit_id)
        .where(
            Post.municipality_id == municipality_id,
            Post.role == Role.SUPERUSER,
            Post.trained_on.is_(None),
            is_valid_on(today),
            or_(Person.left_on.is_(None), Person.left_on > today),
            Post.person_id.not_in(on_a_course),
        )
        .order_by(Post.id)
    ).all()
    return [_Untrained(*row) for row in {row.person_id: row for row in reversed(rows)}.values()]
