"""The rollout in the demo: schools went live some weeks ago, day care will in some weeks.

Everything goes through the real actions at its own time: tasks are made, most are done and some are late,
courses are held, and those who stood on them are trained.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.demo.history import History, Steps
from ticketing.demo.workdays import ZONE
from ticketing.organisation.models import Municipality, Post, Unit
from ticketing.rollout.actions import save_plan
from ticketing.rollout.config import load_plan
from ticketing.rollout.door import known
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.plan import Plan
from ticketing.rollout.tasks import make_tasks_of
from ticketing.rollout.template import from_template
from ticketing.rollout.training_actions import hold_session, invite, mark
from ticketing.rollout.training_models import CourseSession
from ticketing.vocabulary import PersonId, Role, Sector, UnitKind
from ticketing.work.actions import SYSTEM, Actor, solve
from ticketing.work.hypercare import set_go_live
from ticketing.work.models import WorkItem

BEGAN = timedelta(weeks=16)
SCHOOLS_LIVE, DAY_CARE_LIVE = timedelta(weeks=-5), timedelta(weeks=4)
#: Activities whose tasks stand in the queues, and the share of them that is done when their day has come.
TASKS = {"S04": 0.92, "F02": 0.97, "S06": 0.94, "S05": 0.45, "F03": 0.0, "U13": 0.94}
#: Done as a whole long ago, or by people whom the demo does not follow.
NOT_DONE = frozenset({"S08", "U16", "U17"})


def live_rollout(
    session: Session, municipality: Municipality, history: History, chance: random.Random, now: datetime
) -> None:
    """Puts the plan and what has happened of it into the history."""
    begins = now - BEGAN
    live = {
        Sector.SKOLE: _monday(now + SCHOOLS_LIVE),
        Sector.DAGTILBUD: _monday(now + DAY_CARE_LIVE),
        Sector.DAGPLEJE: _monday(now + DAY_CARE_LIVE),
    }
    save_plan(municipality.id, _plan(live), begins)
    for unit in session.scalars(
        select(Unit).where(Unit.municipality_id == municipality.id, Unit.kind == UnitKind.SECTOR)
    ):
        if unit.sector in live:
            set_go_live(unit.id, SYSTEM, begins, live[unit.sector])
    rows = {
        row.key: row
        for row in session.scalars(select(PlanActivity).where(PlanActivity.municipality_id == municipality.id))
    }
    _what_is_over(rows.values(), now.date())
    for key, share in TASKS.items():
        if key in rows:
            make_tasks_of(rows[key].id, SYSTEM, begins)
            _some_are_done(session, rows[key], share, history, chance, now)
    _courses(session, municipality, rows, history, now)


def _plan(live: dict[Sector, date]) -> Plan:
    """The shipped plan around the demo's own days, with the seats that its contract names."""
    config_dir = current_app.config["SETTINGS"].config_dir
    shipped = load_plan(config_dir)
    seats = {activity.id: activity.quota for activity in shipped.activities}
    moved = from_template(shipped, live, known(config_dir).off)
    return replace(
        moved, activities=tuple(replace(one, quota=seats.get(one.id, one.quota)) for one in moved.activities)
    )


def _monday(at: datetime) -> date:
    day = at.date()
    return day - timedelta(days=day.weekday())


def _what_is_over(rows: Iterable[PlanActivity], today: date) -> None:
    for row in rows:
        period = row.value().period
        day = period.end or period.start
        over = day is not None and day < today - timedelta(days=7)
        if (over or day is None) and row.key not in TASKS and row.key not in NOT_DONE and row.key[0] != "P":
            row.done_on = day or today - BEGAN


def _some_are_done(
    session: Session,
    activity: PlanActivity,
    share: float,
    history: History,
    chance: random.Random,
    now: datetime,
) -> None:
    """So many of the activity's tasks are solved by who is responsible, on working days before now."""
    tasks = session.scalars(
        select(WorkItem).where(WorkItem.activity_id == activity.id).order_by(WorkItem.id)
    ).all()
    holders = _responsible(session, activity, [task.unit_id for task in tasks])
    # In time, as most things are: before the activity's own day.
    until = min(activity.value().period.end or now.date(), now.date())
    days, least = (BEGAN - timedelta(weeks=1)).days, (now.date() - until).days + 1
    for task in tasks:
        done_at = now - timedelta(days=chance.randint(min(least, days), days), hours=chance.randint(0, 5))
        if chance.random() < share:
            actor = Actor("person", holders[task.unit_id]) if task.unit_id in holders else SYSTEM
            history.add(done_at, _once(partial(_solved, task, actor), done_at))


def _solved(task: WorkItem, actor: Actor, at: datetime) -> None:
    solve(task.id, actor, at, text="Gjort.")


def _responsible(session: Session, activity: PlanActivity, unit_ids: Sequence[int]) -> dict[int, PersonId]:
    rows = session.execute(
        select(Post.unit_id, Post.person_id)
        .where(Post.unit_id.in_(unit_ids), Post.role == activity.responsible, Post.valid_to.is_(None))
        .order_by(Post.id.desc())
    )
    return {row.unit_id: row.person_id for row in rows}


def _courses(
    session: Session,
    municipality: Municipality,
    rows: dict[str, PlanActivity],
    history: History,
    now: datetime,
) -> None:
    """Courses of the schools and of day care that have been held, and one to come for those who are left."""
    in_schools = _superusers(session, municipality, Sector.SKOLE, trained=True)
    in_day_care = _superusers(session, municipality, Sector.DAGTILBUD, trained=True)
    for key, people, weeks in (
        ("U03", in_schools, 4),
        ("U07", in_day_care[::2], 2),
        ("U07", in_day_care[1::2], 1),
    ):
        if key in rows:
            _held(rows[key], people, now - timedelta(weeks=weeks), history)
    left = _superusers(session, municipality, Sector.DAGTILBUD, trained=False)
    if "U07" in rows and left:
        coming, at = _session(rows["U07"], now + timedelta(days=8)), now - timedelta(days=2)
        history.add(at, _once(partial(invite, coming.id, left, SYSTEM), at))


def _held(activity: PlanActivity, people: Sequence[PersonId], day: datetime, history: History) -> None:
    if not people:
        return
    course = _session(activity, day)
    invited, over = course.starts_at - timedelta(days=10), course.ends_at + timedelta(hours=1)
    history.add(invited, _once(partial(invite, course.id, people, SYSTEM), invited))
    came = {person: number % 11 != 10 for number, person in enumerate(people)}
    history.add(over, _once(partial(mark, course.id, came, SYSTEM), over))


def _session(activity: PlanActivity, day: datetime) -> CourseSession:
    weekday = day.date() - timedelta(days=max(day.date().weekday() - 4, 0))
    starts = datetime.combine(weekday, time(9), ZONE)
    return hold_session(
        activity.id, starts_at=starts, ends_at=starts + timedelta(hours=7), place="Rådhuset, kursuslokalet"
    )


def _superusers(
    session: Session, municipality: Municipality, sector: Sector, *, trained: bool
) -> list[PersonId]:
    on = Post.trained_on.is_not(None) if trained else Post.trained_on.is_(None)
    rows = session.scalars(
        select(Post.person_id)
        .join(Unit, Unit.id == Post.unit_id)
        .where(
            Post.municipality_id == municipality.id,
            Post.role == Role.SUPERUSER,
            Unit.sector == sector,
            Post.valid_to.is_(None),
            on,
        )
        .order_by(Post.id)
    )
    return list(dict.fromkeys(rows))


def _once(what: Callable[[datetime], object], at: datetime) -> Steps:
    """A story of one step."""
    what(at)
    yield from ()
