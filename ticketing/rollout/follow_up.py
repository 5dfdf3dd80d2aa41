"""What the questions ask for becomes an activity: a follow-up course, or something to be set up."""

import re
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.accounts.queries import ZONE
from ticketing.database import transaction
from ticketing.knowledge.models import KnownQuestion
from ticketing.privacy.cpr import mask
from ticketing.rollout.actions import max_position, new_row, plan_rows
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.plan import Activity, Period
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.tasks import make_tasks_of
from ticketing.vocabulary import ActivityCategory, MunicipalityId, Role, Sector, TaskPer
from ticketing.work.change import Actor

#: Activities that came after the plan was made are numbered E01, E02 … ("ekstra").
_LETTER = "E"
#: Whoever is responsible in each house has a task there; the others have one for all.
_PER = {
    Role.SUPERUSER: TaskPer.DEPARTMENT,
    Role.LEADER: TaskPer.INSTITUTION,
    Role.INSTITUTION_ADMIN: TaskPer.INSTITUTION,
}


def plan_follow_up(
    municipality_id: MunicipalityId,
    actor: Actor,
    now: datetime,
    *,
    title: str,
    category: ActivityCategory,
    responsible: Role,
    on: date,
    sector: Sector | None = None,
    topics: tuple[str, ...] = (),
    question_id: int | None = None,
) -> PlanActivity:
    """Adds an activity with an owner and a last day to the plan and makes its tasks, in one. With
    `question_id` the known question remembers what it became. Raises `PlanRefused` without a title, for a day
    that has passed, and for a question that is not the municipality's or is planned already."""
    if not title.strip():
        raise PlanRefused("Skriv, hvad der skal ske.")
    today = now.astimezone(ZONE).date()
    if on < today:
        raise PlanRefused("Vælg en dag, der ikke er gået.")
    with transaction() as session:
        question = _question(session, municipality_id, question_id)
        rows = plan_rows(session, municipality_id)
        activity = Activity(
            id=_next_key(rows),
            category=category,
            sector=sector,
            audience=mask(title.strip())[0][:300],
            baseline=Period(today, on),
            topics=tuple(mask(topic)[0][:100] for topic in topics),
            responsible=responsible,
            per=_PER.get(responsible, TaskPer.MUNICIPALITY),
            note="Kom af spørgsmålene",
        )
        row = new_row(session, municipality_id, activity, max_position(rows.values()) + 1)
        if question is not None:
            question.activity_id = row.id
        session.flush()
        make_tasks_of(row.id, actor, now)
        return row


def _question(
    session: Session, municipality_id: MunicipalityId, question_id: int | None
) -> KnownQuestion | None:
    if question_id is None:
        return None
    question = session.scalars(
        select(KnownQuestion)
        .where(KnownQuestion.id == question_id, KnownQuestion.municipality_id == municipality_id)
        .with_for_update()
    ).one_or_none()
    if question is None:
        raise PlanRefused("Spørgsmålet findes ikke.")
    if question.activity_id is not None:
        raise PlanRefused("Spørgsmålet er allerede blevet til en aktivitet.")
    return question


def _next_key(keys: dict[str, PlanActivity]) -> str:
    used = [int(found[1]) for key in keys if (found := re.fullmatch(rf"{_LETTER}(\d+)", key))]
    return f"{_LETTER}{max(used, default=0) + 1:02d}"
