"""Activities become tasks: each once, in the queue of the role that is responsible, due by the plan's day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import NOW, AbsenceFactory, SmallMunicipality, small_municipality
from tests.rollout.plans import activity
from ticketing.accounts.queries import load_viewer
from ticketing.insight.worklist import Due, queue_page
from ticketing.organisation.models import Post
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.tasks import Progress, follow_plan, make_tasks_of, progress, replan
from ticketing.vocabulary import (
    ActivityCategory,
    ClockKind,
    ClockState,
    EventKind,
    ItemKind,
    Role,
    Rung,
    Sector,
    State,
    TaskPer,
)
from ticketing.work.actions import SYSTEM, Actor, escalate, solve, take
from ticketing.work.clockcheck import verify
from ticketing.work.models import Clock, Event, OutboxMessage, WorkItem
from ticketing.work.planned import TasksMade
from ticketing.work.sweep import sweep

#: The house closes at 16.30, but an administrator's clock follows the administration, on Fridays to 14.00.
FRIDAY_CLOSING = datetime(2026, 9, 25, 12, 0, tzinfo=UTC)


@pytest.fixture
def town(session) -> SmallMunicipality:
    made = small_municipality()
    session.commit()
    return made


def tasks(session) -> list[WorkItem]:
    wanted = select(WorkItem).where(WorkItem.kind == ItemKind.TASK).order_by(WorkItem.id)
    return list(session.scalars(wanted.execution_options(populate_existing=True)))


def as_(person) -> Actor:
    return Actor("person", person.id)


def test_a_house_gets_its_task_in_its_administrator_s_queue_due_by_the_plan_s_day(session, town) -> None:
    row = activity(town.municipality)
    assert make_tasks_of(row.id, as_(town.project_group[0]), NOW) == TasksMade(made=1)
    (task,) = tasks(session)
    assert (task.step, task.queue_unit_id, task.unit_id) == (
        "institution_admin",
        town.daycare.id,
        town.daycare.id,
    )
    assert (task.state, task.planned_on, task.due_at) == (State.NEW, date(2026, 9, 25), FRIDAY_CLOSING)
    viewer = load_viewer(town.daycare_admin.id, NOW)
    page = queue_page(viewer, NOW)
    assert [listed.number for listed in page.rows] == [task.number]
    assert page.rows[0].group is Due.PLAN


def test_the_same_activity_never_makes_two(session, town) -> None:
    row = activity(town.municipality, per=TaskPer.DEPARTMENT, sector=None, responsible=Role.SUPERUSER)
    first = make_tasks_of(row.id, SYSTEM, NOW)
    assert first.made == 4  # three departments, and a playgroup that has none
    assert make_tasks_of(row.id, SYSTEM, NOW) == TasksMade(made=0, known=4)
    solve(tasks(session)[0].id, SYSTEM, NOW, text="Klar")
    assert make_tasks_of(row.id, SYSTEM, NOW).made == 0
    assert len(tasks(session)) == 4


def test_one_mail_tells_a_person_of_all_their_tasks(session, town) -> None:
    row = activity(
        town.municipality, per=TaskPer.SECTOR, sector=None, responsible=Role.MUNICIPAL_ADMIN, audience="Central"
    )
    make_tasks_of(row.id, SYSTEM, NOW)
    mails = session.scalars(select(OutboxMessage)).all()
    assert [mail.recipient for mail in mails] == [town.municipal_admin.email]
    assert mails[0].subject == "Du har fået 3 nye opgaver fra udrulningsplanen"


def test_a_task_for_each_person_is_held_by_that_person(session, town) -> None:
    row = activity(
        town.municipality,
        per=TaskPer.PERSON,
        sector=Sector.SKOLE,
        responsible=Role.SUPERUSER,
        audience="kursus",
    )
    make_tasks_of(row.id, SYSTEM, NOW)
    holders = {task.holder_id for task in tasks(session)}
    assert holders == {town.superuser.id, town.second_superuser.id, town.udskoling_superuser.id}
    assert all(task.state is State.TAKEN for task in tasks(session))


def test_a_phase_is_no_task(session, town) -> None:
    row = activity(town.municipality, category=ActivityCategory.PHASE)
    with pytest.raises(PlanRefused, match="En fase"):
        make_tasks_of(row.id, SYSTEM, NOW)


def test_a_role_that_no_rung_has_gives_its_task_to_the_project_group(session, town) -> None:
    row = activity(town.municipality, per=TaskPer.MUNICIPALITY, sector=None, responsible=Role.STEERING_GROUP)
    make_tasks_of(row.id, SYSTEM, NOW)
    assert tasks(session)[0].step == "project_group"


def test_what_bulk_writes_is_what_the_events_say(session, town) -> None:
    row = activity(town.municipality, per=TaskPer.DEPARTMENT, sector=None, responsible=Role.SUPERUSER)
    make_tasks_of(row.id, SYSTEM, NOW)
    undated = activity(town.municipality, "S04", baseline_start=None, baseline_end=None)
    make_tasks_of(undated.id, SYSTEM, NOW)
    assert list(verify(repair=False)) == []
    clocks = session.scalars(select(Clock)).all()
    assert {clock.kind for clock in clocks} == {ClockKind.RUNG}
    assert [task.due_at for task in tasks(session) if task.activity_id == undated.id] == [None]


def test_a_late_task_climbs_to_the_administrator_and_no_further(session, town) -> None:
    row = activity(town.municipality)
    make_tasks_of(row.id, SYSTEM, NOW)
    sweep(FRIDAY_CLOSING - timedelta(minutes=1))
    assert tasks(session)[0].step == "institution_admin"
    sweep(FRIDAY_CLOSING + timedelta(minutes=1))
    (task,) = tasks(session)
    assert (task.step, task.rung) == ("municipal_admin", Rung.ADMINISTRATOR)
    kinds = [event.kind for event in session.scalars(select(Event).order_by(Event.seq))]
    assert kinds[-2:] == [EventKind.CLOCK_BREACHED, EventKind.ESCALATED]
    for days in range(1, 40):
        sweep(FRIDAY_CLOSING + timedelta(days=days))
    assert tasks(session)[0].step == "municipal_admin"


def test_a_new_date_moves_what_is_open_keeps_what_is_done_and_the_baseline(session, town) -> None:
    row = activity(town.municipality, per=TaskPer.DEPARTMENT, sector=Sector.SKOLE, responsible=Role.SUPERUSER)
    make_tasks_of(row.id, SYSTEM, NOW)
    done, still_open = tasks(session)
    solve(done.id, SYSTEM, NOW + timedelta(hours=1), text="Klar")
    later = date(2026, 10, 2)
    moved = replan(row.id, SYSTEM, NOW + timedelta(hours=2), start=None, end=later, reason="Kurset er flyttet")
    assert moved == 1
    done, still_open = tasks(session)
    assert (done.planned_on, still_open.planned_on) == (date(2026, 9, 25), later)
    assert still_open.due_at == datetime(2026, 10, 2, 13, 0, tzinfo=UTC)  # the school closes at 15
    event = session.scalars(select(Event).where(Event.kind == EventKind.REPLANNED)).one()
    assert (event.data["from_day"], event.data["to_day"]) == ("2026-09-25", "2026-10-02")
    assert event.reason == "Kurset er flyttet"
    session.refresh(row)
    assert (row.baseline_end, row.revised_end) == (date(2026, 9, 25), later)
    assert replan(row.id, SYSTEM, NOW + timedelta(hours=3), start=None, end=later, reason="igen") == 0
    assert list(verify(repair=False)) == []


def test_a_late_task_with_a_new_date_is_late_no_more_and_goes_home(session, town) -> None:
    row = activity(town.municipality)
    make_tasks_of(row.id, SYSTEM, NOW)
    sweep(FRIDAY_CLOSING + timedelta(minutes=1))
    monday = datetime(2026, 9, 28, 7, 0, tzinfo=UTC)
    replan(row.id, SYSTEM, monday, start=None, end=date(2026, 10, 2), reason="Kursus først nu")
    (task,) = tasks(session)
    assert task.step == "institution_admin"
    assert task.due_at == datetime(2026, 10, 2, 12, 0, tzinfo=UTC)
    missed = session.scalars(select(Clock).where(Clock.state == ClockState.MISSED)).all()
    assert len(missed) == 1  # that it was late once stays in its history


def test_a_late_task_that_the_administrator_has_taken_stays_there(session, town) -> None:
    row = activity(town.municipality)
    make_tasks_of(row.id, SYSTEM, NOW)
    sweep(FRIDAY_CLOSING + timedelta(minutes=1))
    take(tasks(session)[0].id, as_(town.municipal_admin), FRIDAY_CLOSING + timedelta(minutes=5))
    monday = datetime(2026, 9, 28, 7, 0, tzinfo=UTC)
    replan(row.id, SYSTEM, monday, start=None, end=date(2026, 10, 2), reason="Kursus først nu")
    (task,) = tasks(session)
    assert (task.step, task.holder_id) == ("municipal_admin", town.municipal_admin.id)
    assert task.due_at == datetime(2026, 10, 2, 12, 0, tzinfo=UTC)


def test_whoever_changes_the_plan_the_tasks_follow_by_themselves(session, town) -> None:
    row = activity(town.municipality, baseline_start=None, baseline_end=None)
    make_tasks_of(row.id, SYSTEM, NOW)
    assert follow_plan(NOW) == 0
    row.revised_end = date(2026, 9, 25)
    session.commit()
    assert follow_plan(NOW + timedelta(minutes=1)) == 1
    assert follow_plan(NOW + timedelta(minutes=2)) == 0
    assert tasks(session)[0].due_at == FRIDAY_CLOSING


def test_a_task_made_after_its_day_has_the_rung_s_usual_time(session, town) -> None:
    row = activity(town.municipality, baseline_end=date(2026, 9, 1))
    make_tasks_of(row.id, SYSTEM, NOW)
    (task,) = tasks(session)
    assert task.due_at is not None and NOW + timedelta(days=2) < task.due_at < NOW + timedelta(days=6)


def test_progress_is_counted_from_the_tasks(session, town) -> None:
    row = activity(town.municipality, per=TaskPer.DEPARTMENT, sector=None, responsible=Role.SUPERUSER)
    make_tasks_of(row.id, SYSTEM, NOW)
    viewer = load_viewer(town.project_group[0].id, NOW)
    assert progress(viewer, NOW) == {row.id: Progress(total=4, done=0, late=0)}
    ids = [task.id for task in tasks(session)]
    solve(ids[0], SYSTEM, NOW, text="Klar")
    sweep(FRIDAY_CLOSING + timedelta(days=4))
    found = progress(viewer, FRIDAY_CLOSING + timedelta(days=4))[row.id]
    assert (found.total, found.done, found.late) == (4, 1, 3)
    for item_id in ids[1:]:
        solve(item_id, SYSTEM, FRIDAY_CLOSING + timedelta(days=5), text="Klar")
    found = progress(viewer, FRIDAY_CLOSING + timedelta(days=5))[row.id]
    assert found.is_done and found.last_done_on == date(2026, 9, 30)


def test_nobody_to_do_it_sends_it_on_and_asks_for_an_appointment_once(session, town) -> None:
    AbsenceFactory(person=town.daycare_admin)
    session.delete(session.scalars(select_post(town.udskoling_superuser.id)).one())
    session.commit()
    row = activity(town.municipality, per=TaskPer.DEPARTMENT, sector=Sector.SKOLE, responsible=Role.SUPERUSER)
    make_tasks_of(row.id, SYSTEM, NOW)
    made = {task.task_key: task for task in tasks(session)}
    assert f"appoint:superuser:{town.school_udskoling.id}" in made
    widened = made[f"plan:{row.id}:unit:{town.school_udskoling.id}"]
    assert widened.without_cover
    assert widened.queue_unit_id == town.school.id


def test_a_task_lifted_by_hand_before_its_day_keeps_its_day(session, town) -> None:
    row = activity(town.municipality, per=TaskPer.DEPARTMENT, sector=Sector.SKOLE, responsible=Role.SUPERUSER)
    make_tasks_of(row.id, SYSTEM, NOW)
    item = escalate(tasks(session)[0].id, SYSTEM, NOW + timedelta(hours=1))
    assert item.due_at == FRIDAY_CLOSING


def test_the_two_of_the_same_number_never_meet(session, town) -> None:
    row = activity(town.municipality, per=TaskPer.DEPARTMENT, sector=None, responsible=Role.SUPERUSER)
    make_tasks_of(row.id, SYSTEM, NOW)
    assert session.scalar(select(func.count(WorkItem.number.distinct()))) == len(tasks(session))


def select_post(person_id: int):
    return select(Post).where(Post.person_id == person_id)
