"""What people do at the same moment, with wrong numbers, or after somebody else has: no seat is given twice."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality, small_municipality
from tests.insight.test_unresolved import sign_in
from ticketing.database import db
from ticketing.rollout.actions import save_plan
from ticketing.rollout.config import load_plan
from ticketing.rollout.follow_up import plan_follow_up
from ticketing.rollout.load import Group, UnitLoad
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.training_actions import answer_invitation, cancel_session, hold_session, invite
from ticketing.rollout.training_models import GoDecision, Participation
from ticketing.settings import shipped
from ticketing.vocabulary import ActivityCategory, Role, TakingPart, UnitId
from ticketing.work.change import SYSTEM

STARTS = datetime(2026, 10, 1, 7, 0, tzinfo=UTC)


@pytest.fixture
def town(session: Session) -> SmallMunicipality:
    town = small_municipality()
    session.commit()
    save_plan(town.municipality.id, load_plan(shipped("config")), NOW)
    return town


def _held(session: Session, key: str = "U01") -> int:
    activity = session.scalars(select(PlanActivity).where(PlanActivity.key == key)).one()
    return hold_session(activity.id, starts_at=STARTS, ends_at=STARTS + timedelta(hours=3), place="Lokale 1").id


def _at_once(app: Flask, works: list[Callable[[], object]]) -> list[str]:
    barrier, failed = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                work()
            except Exception as error:
                failed.append(type(error).__name__)
            db.session.remove()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_two_inviters_on_two_sessions_share_the_one_paid_seat(
    app: Flask, session: Session, town: SmallMunicipality
) -> None:
    for _ in range(3):
        chosen = [(_held(session), person.id) for person in town.technicians]
        session.commit()
        works = [lambda one=one: invite(one[0], [one[1]], SYSTEM, NOW) for one in chosen]
        assert set(_at_once(app, works)) == {"PlanRefused"}
        assert session.scalar(select(func.count()).select_from(Participation)) == 1


def test_two_follow_ups_at_once_are_two_rows_of_the_plan(
    app: Flask, session: Session, town: SmallMunicipality
) -> None:
    owner = town.municipality.id
    session.commit()

    def plan() -> None:
        plan_follow_up(
            owner,
            SYSTEM,
            NOW,
            title="Kursus",
            category=ActivityCategory.TRAINING,
            responsible=Role.PROJECT_GROUP,
            on=date(2026, 10, 1),
        )

    assert _at_once(app, [plan] * 4) == []
    keys = session.scalars(select(PlanActivity.key).where(PlanActivity.key.startswith("E"))).all()
    assert sorted(keys) == ["E01", "E02", "E03", "E04"]


def test_nobody_of_another_municipality_is_invited(session: Session, town: SmallMunicipality) -> None:
    other = small_municipality("nabo")
    held = _held(session, "U03")
    for person_id in (other.superuser.id, 10**12):
        with pytest.raises(PlanRefused, match="findes ikke"):
            invite(held, [town.superuser.id, person_id], SYSTEM, NOW)
    assert session.scalar(select(func.count()).select_from(Participation)) == 0


def test_a_no_taken_back_needs_a_seat_that_is_still_free(session: Session, town: SmallMunicipality) -> None:
    held, first, second = _held(session), town.municipal_admin.id, town.school_office.id
    invite(held, [first], SYSTEM, NOW)
    one = session.scalars(select(Participation.id)).one()
    answer_invitation(one, first, NOW, TakingPart.DECLINED)
    assert answer_invitation(one, first, NOW, TakingPart.COMING).status is TakingPart.COMING
    answer_invitation(one, first, NOW, TakingPart.DECLINED)
    invite(held, [second], SYSTEM, NOW)
    with pytest.raises(PlanRefused, match="1 betalte pladser"):
        answer_invitation(one, first, NOW, TakingPart.COMING)


def test_nobody_comes_to_a_course_that_is_called_off(session: Session, town: SmallMunicipality) -> None:
    held = _held(session)
    invite(held, [town.municipal_admin.id], SYSTEM, NOW)
    cancel_session(held, NOW)
    with pytest.raises(PlanRefused, match="aflyst"):
        answer_invitation(
            session.scalars(select(Participation.id)).one(), town.municipal_admin.id, NOW, TakingPart.COMING
        )


def test_a_week_that_is_not_over_is_no_figure_to_compare() -> None:
    group = Group((UnitLoad(UnitId(1), "Skole", date(2026, 9, 1), 100, 1.0, {1: {"LOGIN": 5}}),))
    assert group.rate(1, date(2026, 9, 10)) is None
    assert group.rate(1, date(2026, 9, 15)) == 5.0


def test_a_day_is_copenhagens(session: Session, town: SmallMunicipality) -> None:
    after_midnight = datetime(2026, 9, 15, 22, 30, tzinfo=UTC)  # the 16th in Denmark
    values = {"title": "Kursus", "category": ActivityCategory.TRAINING, "responsible": Role.PROJECT_GROUP}
    with pytest.raises(PlanRefused, match="ikke er gået"):
        plan_follow_up(town.municipality.id, SYSTEM, after_midnight, on=date(2026, 9, 15), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-13-40", "", "²"])
def test_no_day_and_no_number_breaks_a_page(
    client: FlaskClient, session: Session, town: SmallMunicipality, day: str
) -> None:
    session_id = _held(session)
    sign_in(client, town.project_group[0])
    huge = "9" * 30
    forms = {
        f"/plan/go/{town.school.id}": {"verdict": "go", "on": day, "reason": "x"},
        "/plan/U01/flyt": {"start": day, "slut": day, "reason": "x"},
        "/plan/opfoelgning": {"on": day, "title": "x", "category": "training", "responsible": "leader"},
        "/plan/uddannelse/U01/kursus": {"day": day, "from": "00:00", "to": "23:59", "place": "x"},
        "/plan/uddannelse/U01/pladser": {"count": "²"},
        f"/plan/uddannelse/kursus/{session_id}/inviter": {"person": ["²", huge], "paid_by": huge},
    }
    for address, form in forms.items():
        assert client.post(address, data=form).status_code == 422, address
    for address in (f"/plan/go/{huge}", f"/plan/uddannelse/kursus/{huge}", f"/mail/{huge}", f"/kurser/{huge}"):
        assert client.get(address).status_code in (404, 405)
    came = {"came": ["²", huge]}
    assert client.post(f"/plan/uddannelse/kursus/{session_id}/deltog", data=came).status_code < 500
    late = {"on": "2026-10-01", "title": "x", "category": "training", "responsible": "leader"}
    assert client.post("/plan/opfoelgning", data={**late, "question": huge}).status_code < 500
    assert client.post("/plan/opfoelgning", data={**late, "title": "x\0y"}).status_code == 400
    assert client.get("/plan/belastning").status_code == 200


def test_a_number_in_a_reason_is_masked(client: FlaskClient, session: Session, town: SmallMunicipality) -> None:
    sign_in(client, town.project_group[0])
    client.post(f"/plan/go/{town.school.id}", data={"verdict": "no_go", "reason": "Barnet 010190-1234"})
    assert "1234" not in session.scalars(select(GoDecision.reason)).one()
