"""Ledelse as a page: who finds it in the menu, what is folded away, and the sentences that say what to do."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.factories import (
    NOW,
    AbsenceFactory,
    PostFactory,
    SmallMunicipality,
    WorkItemFactory,
    small_municipality,
)
from tests.web.test_sign_in import sign_in
from ticketing.accounts.rules import OVERVIEW_ROLES
from ticketing.accounts.throttle import throttle
from ticketing.database import db
from ticketing.insight.coverage import Coverage
from ticketing.insight.queries import UnresolvedRow
from ticketing.organisation.models import Person, Post
from ticketing.vocabulary import Role, Rung, Sector, UnitId
from ticketing.web.leader import age, stuck_sentence
from ticketing.web.navigation import landing, main_menu


@pytest.fixture
def town(session: object) -> SmallMunicipality:
    throttle.__init__()  # type: ignore[misc]
    return small_municipality()


def row(**more: object) -> UnresolvedRow:
    facts = {
        "unit_id": UnitId(1),
        "unit_name": "Mælkebøtten",
        "sector": Sector.DAGTILBUD,
        "open_by_rung": {Rung.ADMINISTRATOR: 5},
        "overdue": 0,
        "oldest_opened_at": NOW - timedelta(days=9, hours=5),
        "coverage": Coverage.VACANT,
        "uncovered": ("Stuerne",),
        "stuck": 0,
        "passed_on": 0,
    }
    return UnresolvedRow(**{**facts, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("role", list(Role))
def test_whoever_has_an_overview_has_the_menu_s_link_to_it(client: FlaskClient, role: Role) -> None:
    with client.application.test_request_context():
        links = [link.href for link in main_menu({role}, "/leder")]
    assert ("/leder" in links) == (role in OVERVIEW_ROLES)


def test_who_answers_questions_starts_the_day_in_the_queue() -> None:
    assert landing({Role.INSTITUTION_ADMIN}) == landing({Role.MUNICIPAL_ADMIN, Role.PROJECT_GROUP}) == "/koe"
    assert landing({Role.LEADER, Role.INSTITUTION_ADMIN}) == "/leder"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"stuck": 6}, "6 sager venter på en superbruger; Stuerne har ingen."),
        ({"passed_on": 5}, "5 sager er gået videre: Stuerne har ingen superbruger."),
        (
            {"passed_on": 1, "coverage": Coverage.ABSENT},
            "1 sag er gået videre: ingen superbruger er til stede i Stuerne.",
        ),
        (
            {"passed_on": 2, "coverage": Coverage.COVERED, "uncovered": ()},
            "2 sager er gået videre: ingen på trinnet var til stede.",
        ),
        ({}, "Nye spørgsmål går videre: Stuerne har ingen superbruger."),
        ({"coverage": Coverage.COVERED, "uncovered": ()}, ""),
    ],
)
def test_one_sentence_says_what_is_stuck(client: FlaskClient, more: dict[str, object], sentence: str) -> None:
    with client.application.test_request_context():
        assert stuck_sentence(row(**more)) == sentence


def test_the_oldest_is_given_in_days_and_on_the_first_day_in_hours(client: FlaskClient) -> None:
    with client.application.test_request_context():
        assert age(row(), NOW) == "9 d"
        assert age(row(oldest_opened_at=NOW - timedelta(hours=19, minutes=59)), NOW) == "19 t"
        assert age(row(oldest_opened_at=NOW - timedelta(minutes=5)), NOW) == "5 min"
        assert age(row(oldest_opened_at=None), NOW) == ""


def test_units_without_anything_to_do_are_folded_under_one_line(
    town: SmallMunicipality, client: FlaskClient
) -> None:
    everybody = db.session.query(Person).filter(Person.municipality_id == town.municipality.id)
    db.session.query(Post).filter(Post.role == Role.SUPERUSER).update(
        {"trained_on": NOW.date() - timedelta(99)}
    )
    assert everybody.count()
    WorkItemFactory(unit=town.school_indskoling)
    sign_in(client, town.project_group[0])
    text = client.get("/leder").text
    folded = text[text.index("<details") :]
    assert "Uden uafklarede sager (3)" in folded
    assert town.daycare.name in folded
    assert town.school.name not in folded


def test_a_unit_without_cover_is_never_folded(town: SmallMunicipality, client: FlaskClient) -> None:
    AbsenceFactory(person=town.daycare_superuser)
    sign_in(client, town.daycare_leader)
    text = client.get("/leder").text
    assert "Nye spørgsmål går videre" in text
    assert "<details" not in text


def test_an_institutions_administrator_finds_the_overview(town: SmallMunicipality, client: FlaskClient) -> None:
    PostFactory(person=town.teacher, unit=town.school, role=Role.INSTITUTION_ADMIN)
    sign_in(client, town.teacher)
    assert 'href="/leder"' in client.get("/koe").text
    assert client.get("/leder").status_code == 200
