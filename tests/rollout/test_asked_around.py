"""The questions of each week around a date are the ones that were asked then: compared with a count by hand."""

import random
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality, WorkItemFactory, small_municipality
from tests.statements import statements
from ticketing.accounts.queries import ZONE, load_viewer
from ticketing.accounts.rules import Viewer
from ticketing.organisation.models import Person, Post
from ticketing.rollout.asked import asked_around, institutions
from ticketing.rollout.load import WEEKS, week_of
from ticketing.vocabulary import ItemKind, Role, Sector

LIVE = date(2026, 8, 10)
SECTORS = (Sector.SKOLE, Sector.DAGTILBUD, Sector.DAGPLEJE)


@pytest.fixture
def town(session: Session) -> SmallMunicipality:
    return small_municipality()


def _viewer(person: Person) -> Viewer:
    return load_viewer(person.id, NOW)


def _at(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour), ZONE).astimezone(UTC)


def test_every_count_equals_a_count_by_hand(session: Session, town: SmallMunicipality) -> None:
    chance = random.Random(3)
    units = [town.school, town.school_indskoling, town.school_udskoling, town.daycare_room, town.playgroup]
    asked = []
    for _ in range(150):
        unit, day = chance.choice(units), LIVE + timedelta(days=chance.randint(-30, 80))
        category = chance.choice(["LOGIN", "BESKED"])
        kind = chance.choice([ItemKind.TICKET, ItemKind.TICKET, ItemKind.TASK])
        WorkItemFactory(unit=unit, category=category, opened_at=_at(day, chance.randint(0, 23)), kind=kind)
        asked.append((unit.path, category, day, kind))
    places = institutions(_viewer(town.project_group[0]), SECTORS)
    assert {place.name for place in places} == {town.school.name, town.daycare.name, town.playgroup.name}
    dates = {place: LIVE + timedelta(weeks=number % 2) for number, place in enumerate(places)}
    loads = {load.unit_id: load for load in asked_around(_viewer(town.project_group[0]), dates)}
    for place, on in dates.items():
        for week in WEEKS:
            for category in ("LOGIN", "BESKED"):
                by_hand = sum(
                    path.startswith(place.path)
                    and kind is ItemKind.TICKET
                    and of == category
                    and week_of(day, on) == week
                    for path, of, day, kind in asked
                )
                assert loads[place.id].counts.get(week, {}).get(category, 0) == by_hand


def test_a_leader_sees_the_own_house_only(session: Session, town: SmallMunicipality) -> None:
    assert [place.name for place in institutions(_viewer(town.school_leader), SECTORS)] == [town.school.name]
    assert institutions(_viewer(town.teacher), SECTORS) == []
    inside = institutions(_viewer(town.project_group[0]), SECTORS, within=town.dagtilbud.path)
    assert [place.name for place in inside] == [town.daycare.name]


def test_go_live_is_the_nearest_units_own(session: Session, town: SmallMunicipality) -> None:
    town.skole.go_live_on = LIVE
    town.daycare.go_live_on = LIVE + timedelta(days=7)
    session.commit()
    found = {place.name: place.go_live_on for place in institutions(_viewer(town.project_group[0]), SECTORS)}
    assert found == {
        town.school.name: LIVE,
        town.daycare.name: LIVE + timedelta(days=7),
        town.playgroup.name: None,
    }


def test_a_house_is_trained_when_each_department_had_a_trained_superuser_by_then(
    session: Session, town: SmallMunicipality
) -> None:
    viewer = _viewer(town.project_group[0])
    (school,) = institutions(viewer, [Sector.SKOLE])

    def is_trained() -> bool:
        (load,) = asked_around(viewer, {school: LIVE})
        return load.is_trained

    assert is_trained()
    for post in session.scalars(select(Post).where(Post.role == Role.SUPERUSER)):
        if post.unit_id == town.school_udskoling.id:
            post.trained_on = LIVE + timedelta(days=1)
    session.commit()
    assert not is_trained()


def test_a_department_without_a_superuser_counts_as_one_without_training(
    session: Session, town: SmallMunicipality
) -> None:
    (school,) = institutions(_viewer(town.project_group[0]), [Sector.SKOLE])
    for post in session.scalars(select(Post).where(Post.role == Role.SUPERUSER)):
        if post.unit_id == town.school_udskoling.id:
            post.valid_to = LIVE - timedelta(days=1)
    session.commit()
    (load,) = asked_around(_viewer(town.project_group[0]), {school: LIVE})
    assert 0 < load.coverage < 1


def test_who_works_there_counts_employees_below_the_house(session: Session, town: SmallMunicipality) -> None:
    viewer = _viewer(town.project_group[0])
    (school,) = institutions(viewer, [Sector.SKOLE])
    (load,) = asked_around(viewer, {school: LIVE})
    assert load.users == 2  # the teachers of two departments


def test_the_number_of_statements_does_not_grow_with_the_institutions(
    session: Session, town: SmallMunicipality
) -> None:
    viewer = _viewer(town.project_group[0])
    places = institutions(viewer, SECTORS)
    with statements() as of_one:
        asked_around(viewer, {places[0]: LIVE})
    with statements() as of_all:
        asked_around(viewer, dict.fromkeys(places, LIVE))
    assert len(of_all) == len(of_one) == 3
