"""Courses: seats, invitations with a calendar entry, answers, who took part; nobody teaches untaught."""

from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, PostFactory, SmallMunicipality, small_municipality
from ticketing.accounts.queries import load_viewer
from ticketing.organisation.models import Post
from ticketing.rollout.actions import save_plan
from ticketing.rollout.config import load_plan
from ticketing.rollout.gaps import ask_to_enrol
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.training_actions import (
    answer_invitation,
    buy_extra_seats,
    cancel_session,
    hold_session,
    invite,
    mark,
)
from ticketing.rollout.training_models import CourseSession, Participation
from ticketing.rollout.training_queries import all_seats, candidates, courses
from ticketing.settings import shipped
from ticketing.vocabulary import Role, SeatKind, State, TakingPart
from ticketing.work.change import SYSTEM, Actor
from ticketing.work.models import OutboxMessage, WorkItem

STARTS = datetime(2026, 10, 1, 7, 0, tzinfo=UTC)
AFTER = STARTS + timedelta(hours=4)


@pytest.fixture
def town(session: Session) -> SmallMunicipality:
    town = small_municipality()
    session.commit()
    save_plan(town.municipality.id, load_plan(shipped("config")), NOW)
    return town


def _activity(session: Session, key: str) -> PlanActivity:
    return session.scalars(select(PlanActivity).where(PlanActivity.key == key)).one()


def _held(session: Session, key: str, **more: object) -> CourseSession:
    values = {"starts_at": STARTS, "ends_at": STARTS + timedelta(hours=3), "place": "Lokale 1", **more}
    return hold_session(_activity(session, key).id, **values)  # type: ignore[arg-type]


def _on(session: Session, held: CourseSession) -> dict[int, Participation]:
    session.expire_all()
    rows = session.scalars(select(Participation).where(Participation.session_id == held.id))
    return {row.person_id: row for row in rows}


class TestSeats:
    def test_the_plan_has_135_paid_seats(self, session: Session, town: SmallMunicipality) -> None:
        total = all_seats(load_viewer(town.project_group[0].id, NOW))
        assert (total.paid, total.used, total.persons) == (135, 0, 0)

    def test_one_person_on_three_courses_takes_three_seats(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        for key in ("U01", "U05", "U06"):
            invite(_held(session, key).id, [town.municipal_admin.id], SYSTEM, NOW)
        total = all_seats(load_viewer(town.project_group[0].id, NOW))
        assert (total.used_paid, total.persons) == (3, 1)

    def test_more_than_the_paid_seats_is_refused_and_an_extra_one_names_who_pays(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        held = _held(session, "U01")  # one paid seat
        with pytest.raises(PlanRefused, match="1 betalte pladser"):
            invite(held.id, [town.municipal_admin.id, town.school_office.id], SYSTEM, NOW)
        assert _on(session, held) == {}
        invite(held.id, [town.municipal_admin.id], SYSTEM, NOW)
        with pytest.raises(PlanRefused, match="betaler den ekstra plads"):
            invite(held.id, [town.school_office.id], SYSTEM, NOW, seat=SeatKind.EXTRA)
        invite(held.id, [town.school_office.id], SYSTEM, NOW, seat=SeatKind.EXTRA, paid_by_id=town.school.id)
        extra = _on(session, held)[town.school_office.id]
        assert (extra.seat, extra.paid_by_id) == (SeatKind.EXTRA, town.school.id)

    def test_a_no_gives_the_seat_back(self, session: Session, town: SmallMunicipality) -> None:
        held = _held(session, "U01")
        invite(held.id, [town.municipal_admin.id], SYSTEM, NOW)
        one = _on(session, held)[town.municipal_admin.id]
        answer_invitation(one.id, town.municipal_admin.id, NOW, TakingPart.DECLINED)
        invite(held.id, [town.school_office.id], SYSTEM, NOW)
        assert all_seats(load_viewer(town.project_group[0].id, NOW)).used == 1

    def test_fewer_extra_seats_than_are_used_is_refused(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        held = _held(session, "U01")
        invite(held.id, [town.school_office.id], SYSTEM, NOW, seat=SeatKind.EXTRA, paid_by_id=town.school.id)
        with pytest.raises(PlanRefused, match="1 ekstra pladser er i brug"):
            buy_extra_seats(_activity(session, "U01").id, 0)
        assert buy_extra_seats(_activity(session, "U01").id, 3).extra_seats == 3


class TestInviting:
    def test_each_gets_one_mail_with_a_calendar_entry(self, session: Session, town: SmallMunicipality) -> None:
        held = _held(session, "U03")
        people = [town.superuser.id, town.second_superuser.id]
        assert invite(held.id, people, SYSTEM, NOW).invited == 2
        assert invite(held.id, people, SYSTEM, NOW + timedelta(hours=1)).known == 2
        mails = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "invitation")).all()
        assert sorted(mail.recipient for mail in mails) == sorted(
            [town.superuser.email, town.second_superuser.email]
        )
        assert mails[0].parts is not None
        entry = Calendar.from_ical(mails[0].parts[0]["text"]).walk("VEVENT")[0]
        assert entry.decoded("DTSTART") == STARTS
        assert str(entry["LOCATION"]) == "Lokale 1"
        assert mails[0].parts[0]["method"] == "REQUEST"

    def test_a_full_course_takes_nobody_more_and_invites_nobody_half(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        held = _held(session, "U03", capacity=1)
        with pytest.raises(PlanRefused, match="1 pladser tilbage"):
            invite(held.id, [town.superuser.id, town.second_superuser.id], SYSTEM, NOW)
        assert _on(session, held) == {}
        assert session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "invitation")).all() == []

    def test_only_the_invited_answers(self, session: Session, town: SmallMunicipality) -> None:
        held = _held(session, "U03")
        invite(held.id, [town.superuser.id], SYSTEM, NOW)
        one = _on(session, held)[town.superuser.id]
        with pytest.raises(PlanRefused):
            answer_invitation(one.id, town.teacher.id, NOW, TakingPart.COMING)
        answer_invitation(one.id, town.superuser.id, NOW, TakingPart.COMING)
        assert _on(session, held)[town.superuser.id].status is TakingPart.COMING

    def test_a_course_called_off_takes_its_entries_away(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        held = _held(session, "U03")
        invite(held.id, [town.superuser.id], SYSTEM, NOW)
        cancel_session(held.id, NOW + timedelta(hours=1))
        mails = session.scalars(
            select(OutboxMessage).where(OutboxMessage.purpose == "invitation").order_by(OutboxMessage.id)
        ).all()
        assert [mail.parts[0]["method"] for mail in mails if mail.parts] == ["REQUEST", "CANCEL"]
        with pytest.raises(PlanRefused):
            invite(held.id, [town.second_superuser.id], SYSTEM, NOW)

    def test_those_to_be_trained_stand_first_and_the_invited_are_gone(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        post = session.scalars(select(Post).where(Post.person_id == town.second_superuser.id)).one()
        post.trained_on = None
        session.commit()
        viewer = load_viewer(town.project_group[0].id, NOW)
        found = candidates(viewer, _activity(session, "U03"), NOW, role=Role.SUPERUSER)
        assert found[0].person_id == town.second_superuser.id
        invite(_held(session, "U03").id, [town.second_superuser.id], SYSTEM, NOW)
        left = candidates(viewer, _activity(session, "U03"), NOW, role=Role.SUPERUSER)
        assert town.second_superuser.id not in {one.person_id for one in left}


class TestTakingPart:
    @pytest.fixture
    def held(self, session: Session, town: SmallMunicipality) -> CourseSession:
        for post in session.scalars(select(Post).where(Post.person_id == town.superuser.id)):
            post.trained_on = None
        session.commit()
        held = _held(session, "U03")
        invite(held.id, [town.superuser.id], SYSTEM, NOW)
        return held

    def _trained_on(self, session: Session, person_id: int) -> date | None:
        session.expire_all()
        return session.scalars(select(Post.trained_on).where(Post.person_id == person_id)).one()

    def test_who_took_part_is_trained_from_that_day_on(
        self, session: Session, town: SmallMunicipality, held: CourseSession
    ) -> None:
        mark(held.id, {town.superuser.id: True}, SYSTEM, AFTER)
        assert self._trained_on(session, town.superuser.id) == date(2026, 10, 1)
        one = _on(session, held)[town.superuser.id]
        assert (one.status, one.minutes) == (TakingPart.TOOK_PART, 180)

    def test_marked_by_mistake_it_is_taken_back(
        self, session: Session, town: SmallMunicipality, held: CourseSession
    ) -> None:
        mark(held.id, {town.superuser.id: True}, SYSTEM, AFTER)
        mark(held.id, {town.superuser.id: False}, SYSTEM, AFTER)
        assert self._trained_on(session, town.superuser.id) is None
        assert _on(session, held)[town.superuser.id].status is TakingPart.MISSED

    def test_nobody_takes_part_before_it_begins(
        self, session: Session, town: SmallMunicipality, held: CourseSession
    ) -> None:
        with pytest.raises(PlanRefused, match="ikke begyndt"):
            mark(held.id, {town.superuser.id: True}, SYSTEM, NOW)

    def test_a_superuser_teaches_nobody_before_being_taught(
        self, session: Session, town: SmallMunicipality, held: CourseSession
    ) -> None:
        own = _held(session, "U11")
        invite(own.id, [town.teacher.id], SYSTEM, NOW)
        with pytest.raises(PlanRefused, match="ikke selv uddannet"):
            mark(own.id, {town.teacher.id: True}, SYSTEM, AFTER, trained_by_id=town.superuser.id)
        assert _on(session, own)[town.teacher.id].status is TakingPart.INVITED
        mark(held.id, {town.superuser.id: True}, SYSTEM, AFTER)
        mark(own.id, {town.teacher.id: True}, SYSTEM, AFTER, trained_by_id=town.superuser.id)
        assert _on(session, own)[town.teacher.id].trained_by_id == town.superuser.id


class TestEnrolling:
    def test_an_untrained_superuser_gives_the_project_group_one_task_that_ends_with_the_invitation(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        PostFactory(person=town.teacher, unit=town.school_indskoling, role=Role.SUPERUSER, trained_on=None)
        session.commit()
        assert ask_to_enrol(NOW).made == 1
        assert ask_to_enrol(NOW).made == 0
        task = session.scalars(select(WorkItem).where(WorkItem.task_key.startswith("enrol:"))).one()
        assert task.title == "Tilmeld kursus: Lærer Lund, Engskolen, indskoling"
        boss = Actor("person", town.project_group[0].id)
        invite(_held(session, "U03").id, [town.teacher.id], boss, NOW)
        session.expire_all()
        assert session.get_one(WorkItem, task.id).state is State.SOLVED
        assert ask_to_enrol(NOW).made == 0

    def test_one_who_did_not_come_to_the_course_is_to_be_enrolled_again(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        PostFactory(person=town.teacher, unit=town.school_indskoling, role=Role.SUPERUSER, trained_on=None)
        session.commit()
        assert ask_to_enrol(NOW).made == 1
        held = _held(session, "U03")
        invite(held.id, [town.teacher.id], SYSTEM, NOW)
        mark(held.id, {town.teacher.id: False}, SYSTEM, AFTER)
        assert ask_to_enrol(AFTER).made == 1
        assert ask_to_enrol(AFTER).made == 0


def test_courses_count_by_status_in_three_statements(session: Session, town: SmallMunicipality) -> None:
    held = _held(session, "U03")
    invite(held.id, [town.superuser.id, town.second_superuser.id], SYSTEM, NOW)
    mark(held.id, {town.superuser.id: True, town.second_superuser.id: False}, SYSTEM, AFTER)
    found = {one.activity.key: one for one in courses(load_viewer(town.project_group[0].id, NOW))}
    assert found["U03"].by_status == {TakingPart.TOOK_PART: 1, TakingPart.MISSED: 1}
    assert found["U03"].seats.used_paid == 2
    assert found["U03"].sessions == 1
