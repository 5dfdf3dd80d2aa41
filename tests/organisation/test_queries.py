"""Questions about units, posts and people."""

from datetime import date

from sqlalchemy.orm import Session

from tests.factories import NOW, PersonFactory, PostFactory, small_municipality
from ticketing.organisation import queries
from ticketing.vocabulary import Role
from ticketing.work import cover
from ticketing.work.actions import SYSTEM

TODAY = NOW.date()


def test_ancestors_go_from_the_municipality_to_the_unit(session: Session) -> None:
    town = small_municipality()
    found = [unit.key for unit in queries.ancestors(session, town.school_indskoling)]
    assert found == ["root", "skole", "school", "school_indskoling"]


def test_the_subtree_of_a_sector_holds_its_own_units_only(session: Session) -> None:
    town = small_municipality()
    small_municipality("nabo")
    found = {unit.key for unit in queries.subtree(session, town.skole)}
    assert found == {"skole", "school", "school_indskoling", "school_udskoling"}


def test_an_ended_post_is_held_until_the_day_before(session: Session) -> None:
    town = small_municipality()
    (post,) = queries.posts_of(session, town.superuser.id, TODAY)
    cover.end_post(post.id, SYSTEM, NOW, on=date(2026, 10, 1))
    assert queries.posts_of(session, town.superuser.id, date(2026, 9, 30)) == [post]
    assert queries.posts_of(session, town.superuser.id, date(2026, 10, 1)) == []


def test_holders_are_those_of_just_that_unit(session: Session) -> None:
    town = small_municipality()
    found = queries.holders(session, town.school_indskoling.id, Role.SUPERUSER, TODAY)
    assert [person.id for person in found] == [town.superuser.id, town.second_superuser.id]


def test_people_are_found_by_part_of_a_name_with_danish_letters(session: Session) -> None:
    town = small_municipality()
    person = PersonFactory(municipality=town.municipality, name="Åse Ørum", key="aase")
    PostFactory(person=person, unit=town.daycare_room)
    assert queries.find_people(session, town.municipality.id, "åse ørum") == [person]
    assert queries.find_people(session, town.municipality.id, "superbruger sand") == [town.superuser]


def test_people_who_left_or_work_elsewhere_are_not_found(session: Session) -> None:
    town, other = small_municipality(), small_municipality("nabo")
    other.superuser.left_on = TODAY
    session.flush()
    assert queries.find_people(session, other.municipality.id, "superbruger sand") == []
    assert queries.find_people(session, town.municipality.id, "nabo") == []


def test_an_address_is_found_whatever_its_case(session: Session) -> None:
    town = small_municipality()
    email = town.teacher.email.upper()
    assert queries.person_by_email(session, town.municipality.id, email) == town.teacher


def test_an_absence_is_recorded_for_the_person(session: Session) -> None:
    town = small_municipality()
    absence = cover.set_absence(
        town.superuser.id, SYSTEM, NOW, starts_at=NOW, ends_at=None, deputy_id=town.second_superuser.id
    )
    assert (absence.municipality_id, absence.deputy_id) == (town.municipality.id, town.second_superuser.id)
