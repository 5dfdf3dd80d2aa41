"""The whole rollout through its pages: plan, tasks, a superuser appointed, invited and trained, set-up,
go-live, the questions of that week, and the late task that climbs."""

from datetime import date, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, PostFactory, SmallMunicipality, small_municipality
from tests.insight.test_unresolved import sign_in
from ticketing.organisation.models import Person, Post, Unit
from ticketing.rollout.actions import save_plan
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.plan import Activity, Period, Plan, Quota
from ticketing.rollout.tasks import make_tasks_of
from ticketing.rollout.training_models import GoDecision
from ticketing.vocabulary import (
    ActivityCategory,
    Channel,
    GoVerdict,
    RequesterRole,
    Role,
    Rung,
    Sector,
    TaskPer,
)
from ticketing.work.actions import Actor, Draft, open_ticket, solve
from ticketing.work.change import SYSTEM
from ticketing.work.models import OutboxMessage, WorkItem
from ticketing.work.sweep import sweep

TODAY = date(2026, 9, 15)
LIVE = TODAY + timedelta(days=20)
PLAN = Plan(
    (
        Activity(
            id="U03",
            category=ActivityCategory.TRAINING,
            sector=Sector.SKOLE,
            audience="Pædagogiske superbrugere",
            quota=Quota(paid=2),
            baseline=Period(TODAY, TODAY + timedelta(days=7)),
            responsible=Role.PROJECT_GROUP,
        ),
        Activity(
            id="S04",
            category=ActivityCategory.SETUP,
            sector=Sector.SKOLE,
            audience="Lokal opsætning",
            baseline=Period(TODAY, TODAY + timedelta(days=10)),
            responsible=Role.SUPERUSER,
            per=TaskPer.DEPARTMENT,
        ),
        Activity(
            id="G01",
            category=ActivityCategory.GO_LIVE,
            sector=Sector.SKOLE,
            audience="Skolerne går i gang",
            baseline=Period(LIVE, LIVE),
        ),
    )
)


@pytest.fixture
def town(session: Session) -> SmallMunicipality:
    town = small_municipality()
    for post in session.scalars(select(Post).where(Post.unit_id == town.school_udskoling.id)):
        if post.role is Role.SUPERUSER:
            session.delete(post)  # the post is vacant
    session.commit()
    save_plan(town.municipality.id, PLAN, NOW)
    return town


def _activity(session: Session, key: str) -> PlanActivity:
    return session.scalars(select(PlanActivity).where(PlanActivity.key == key)).one()


def _task(session: Session, activity: PlanActivity, unit: Unit) -> WorkItem:
    of_unit = WorkItem.activity_id == activity.id, WorkItem.unit_id == unit.id
    return session.scalars(select(WorkItem).where(*of_unit)).one()


def _light(client: FlaskClient, town: SmallMunicipality, person: Person) -> str:
    sign_in(client, person)
    page = client.get(f"/plan/daekning?enhed={town.school.id}").text
    if f'id="u{town.school_udskoling.id}"' not in page:
        return "grøn"
    row = page.split(f'id="u{town.school_udskoling.id}"')[1].split("</li>")[0]
    return "rød" if "Rød" in row else "gul"


def test_from_the_plan_to_the_questions_of_go_live_week(
    session: Session, client: FlaskClient, town: SmallMunicipality
) -> None:
    boss, leader, newcomer = town.project_group[0], town.school_leader, town.udskoling_teacher
    with time_machine.travel(NOW, tick=False) as clock:
        # 1. The plan's activities become tasks in the right queues.
        setup = _activity(session, "S04")
        make_tasks_of(setup.id, SYSTEM, NOW)
        sign_in(client, town.superuser)
        assert "Lokal opsætning" in client.get("/koe").text
        # 2. A department has no superuser: red, and the leader is asked to appoint one.
        assert _light(client, town, boss) == "rød"
        client.post(f"/plan/daekning/{town.school_udskoling.id}/udpeg")
        sign_in(client, leader)
        assert "Udpeg superbruger: Engskolen, udskoling" in client.get("/koe").text
        # 3. Appointed, not trained: yellow.
        PostFactory(
            person=newcomer,
            unit=town.school_udskoling,
            role=Role.SUPERUSER,
            trained_on=None,
            valid_from=TODAY - timedelta(days=1),
        )
        session.commit()
        assert _light(client, town, boss) == "gul"
        # 4. Invited by the project group, with a calendar entry in the mail; the newcomer says yes.
        sign_in(client, boss)
        made = client.post(
            "/plan/uddannelse/U03/kursus",
            data={"day": "2026-09-17", "from": "09:00", "to": "16:00", "place": "Rådhuset", "capacity": "10"},
        )
        course = made.headers["Location"]
        assert newcomer.name in client.get(f"{course}?rolle=superuser").text
        client.post(f"{course}/inviter", data={"person": str(newcomer.id)})
        mail = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "invitation")).one()
        assert mail.recipient == newcomer.email
        assert mail.parts is not None
        assert "BEGIN:VEVENT" in mail.parts[0]["text"]
        sign_in(client, newcomer)
        page = client.get("/kurser").text
        assert "Jeg kommer" in page
        answer = page.split('action="/kurser/')[1].split('"')[0]
        client.post(f"/kurser/{answer}", data={"answer": "coming"})
        # 5. The day after, the project group notes who took part: green.
        clock.move_to(NOW + timedelta(days=3))
        sign_in(client, boss)
        assert "Kommer" in client.get(course).text
        client.post(f"{course}/deltog", data={"came": str(newcomer.id)})
        assert _light(client, town, boss) == "grøn"
        # 6. One department finishes its set-up; the page before go-live says how far they are.
        task = _task(session, setup, town.school_indskoling)
        solve(task.id, Actor("person", town.superuser.id), NOW + timedelta(days=3), text="Sat op.")
        page = client.get(f"/plan/go/{town.school.id}").text
        assert "1 af 2 opgaver" in page
        assert "Dækning 100 %" in page
        # 7. Go.
        form = {"verdict": "go", "on": LIVE.isoformat(), "reason": "Superbrugerne er klar"}
        assert client.post(f"/plan/go/{town.school.id}", data=form).status_code == 302
        decision = session.scalars(select(GoDecision)).one()
        assert (decision.verdict, decision.decided_by_id, decision.go_live_on) == (GoVerdict.GO, boss.id, LIVE)
        session.refresh(town.school)
        assert town.school.go_live_on == LIVE
        # 8. The other department's set-up is late: it climbs to the administrator and shows at the leader.
        clock.move_to(NOW + timedelta(days=14))
        sweep(NOW + timedelta(days=14))
        session.expire_all()
        late = _task(session, setup, town.school_udskoling)
        assert late.rung is Rung.ADMINISTRATOR
        sign_in(client, leader)
        assert "Lokal opsætning" in client.get(f"/leder/enhed/{town.school.id}").text
        # 9. Go-live week: its questions stand at the activity.
        clock.move_to(NOW + timedelta(days=22))
        for number in range(3):
            open_ticket(
                Draft(
                    municipality_id=town.municipality.id,
                    unit_id=town.school_indskoling.id,
                    title=f"Kan ikke logge på {number}",
                    body="Får ingen adgang",
                    category="LOGIN",
                    channel=Channel.FORM,
                    requester_role=RequesterRole.PARENT,
                ),
                Actor("requester"),
                NOW + timedelta(days=21),
            )
        sign_in(client, boss)
        page = client.get("/plan/belastning?aktivitet=G01").text
        assert "3 spørgsmål fra uge 0." in page
        assert "Sikkerhed/Login" in page


def test_who_may_not_sees_none_of_it(client: FlaskClient, session: Session, town: SmallMunicipality) -> None:
    with time_machine.travel(NOW, tick=False):
        sign_in(client, town.teacher)
        for path in ("/plan/uddannelse", "/plan/daekning", "/plan/go", f"/plan/go/{town.school.id}"):
            assert client.get(path).status_code == 404, path
        sign_in(client, town.school_leader)
        assert client.get("/plan/uddannelse/U03").status_code == 404
        assert client.post("/plan/uddannelse/U03/kursus", data={"day": "2026-09-17"}).status_code == 404
        assert client.get(f"/plan/go/{town.daycare.id}").status_code == 404
        form = {"verdict": "go", "on": LIVE.isoformat(), "reason": "x"}
        assert client.post(f"/plan/go/{town.school.id}", data=form).status_code == 404
        assert client.post(f"/plan/daekning/{town.daycare_room.id}/udpeg").status_code == 404
        other = small_municipality("nabo")
        sign_in(client, other.project_group[0])
        assert client.get(f"/plan/go/{town.school.id}").status_code == 404
        assert client.get("/plan/uddannelse/U03").status_code == 404
