"""What is kept in memory of the organisation is never older than the organisation itself, whoever wrote it."""

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text

from tests.factories import NOW, AbsenceFactory, PersonFactory, PostFactory, small_municipality
from ticketing.database import db
from ticketing.organisation.models import Person
from ticketing.organisation.snapshot import organisation_now
from ticketing.vocabulary import Role
from ticketing.work.queries import surroundings


@pytest.fixture
def town(session):
    made = small_municipality()
    session.commit()
    return made


def token(town) -> str:
    return organisation_now(db.session(), town.municipality.id).kept.token


#: Each writes behind the back of the product, as an administrator with a database client would.
WRITES = {
    "unit": "UPDATE unit SET name = 'Nyt navn' WHERE id = :unit",
    "person": "UPDATE person SET left_on = '2026-09-01' WHERE id = :person",
    "post": "DELETE FROM post WHERE person_id = :person",
    "absence": "UPDATE absence SET ends_at = starts_at",
}


@pytest.mark.parametrize("table", WRITES)
def test_any_write_gives_the_organisation_a_new_token(town, session, table: str) -> None:
    AbsenceFactory(person=town.superuser)
    session.commit()
    before = token(town)
    session.execute(text(WRITES[table]), {"unit": town.school.id, "person": town.teacher.id})
    assert token(town) != before
    session.rollback()
    assert token(town) == before


def test_a_new_row_of_each_kind_gives_a_new_token(town, session) -> None:
    seen = {token(town)}
    person = PersonFactory(municipality=town.municipality)
    seen.add(token(town))
    PostFactory(person=person, unit=town.school, role=Role.EMPLOYEE)
    seen.add(token(town))
    AbsenceFactory(person=person)
    seen.add(token(town))
    assert len(seen) == 4


def test_a_ticket_leaves_the_token_alone(town, session) -> None:
    before = token(town)
    session.execute(text("UPDATE municipality SET next_number = next_number + 1"))
    assert token(town) == before


def test_the_second_question_about_the_same_place_costs_one_statement(town, session) -> None:
    path = town.school_indskoling.path
    first = surroundings(db.session(), town.municipality.id, path, NOW)
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        again = surroundings(db.session(), town.municipality.id, path, NOW)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert again == first
    assert len(asked) == 1


def test_who_is_present_follows_the_clock_without_a_write(town, session) -> None:
    """The kept rows say when: an absence begins though nothing is written at that moment."""
    AbsenceFactory(person=town.superuser, starts_at=NOW + timedelta(hours=1), ends_at=NOW + timedelta(hours=2))
    session.commit()

    def present(hours: float) -> bool:
        path = town.school_indskoling.path
        around = surroundings(db.session(), town.municipality.id, path, NOW + timedelta(hours=hours)).places
        return next(one.present for one in around.servers if one.person_id == town.superuser.id)

    assert [present(hours) for hours in (0, 1.5, 2.5)] == [True, False, True]


def test_another_municipality_is_left_alone(town, session) -> None:
    other = small_municipality("nabokommune")
    session.commit()
    before = token(town)
    session.execute(
        text("UPDATE person SET name = 'Ny' WHERE municipality_id = :id"), {"id": other.municipality.id}
    )
    assert token(town) == before
    assert session.scalar(select(func.count()).select_from(Person).where(Person.name == "Ny"))
