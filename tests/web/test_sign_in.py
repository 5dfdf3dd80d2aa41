"""One signs in with e-mail and password, lands on one's own page, and is never led off the site."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import SmallMunicipality, small_municipality
from ticketing.accounts.actions import hash_password
from ticketing.accounts.throttle import throttle
from ticketing.organisation.models import Person
from ticketing.web.account import safe_target

PASSWORD = "cykelsti-mælkebøtte"
HASHED = hash_password(PASSWORD)


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


def sign_in(client: FlaskClient, person: Person, **more: str):
    person.password_hash = HASHED
    return client.post("/log-ind", data={"email": person.email, "password": PASSWORD, **more})


@pytest.mark.parametrize(
    ("who", "page"),
    [
        ("superuser", "/koe"),
        ("teacher", "/nyt"),
        ("school_leader", "/leder"),
        ("municipal_admin", "/koe"),
        ("school_office", "/nyt"),
    ],
)
def test_each_group_lands_on_its_own_page(client, town, who: str, page: str) -> None:
    sign_in(client, getattr(town, who))
    assert client.get("/").location == page


def test_a_technician_lands_on_the_technical_queue(client, town) -> None:
    sign_in(client, town.technicians[0])
    assert client.get("/").location == "/it"


def test_a_wrong_password_keeps_the_address_and_tells_nothing_more(client, town) -> None:
    town.teacher.password_hash = HASHED
    known = client.post("/log-ind", data={"email": town.teacher.email, "password": "forkert"})
    unknown = client.post("/log-ind", data={"email": "ingen@vesterkaer.example", "password": "forkert"})
    assert known.status_code == unknown.status_code == 422
    assert f'value="{town.teacher.email}"' in known.text
    assert "passer ikke sammen" in known.text
    assert "passer ikke sammen" in unknown.text


def test_the_sixth_guess_has_to_wait_even_when_right(client, town) -> None:
    town.teacher.password_hash = HASHED
    for _ in range(5):
        client.post("/log-ind", data={"email": town.teacher.email, "password": "gæt"})
    answer = sign_in(client, town.teacher)
    assert answer.status_code == 429
    assert "Vent et kvarter" in answer.text


def test_one_is_led_back_to_where_one_was_going(client, town) -> None:
    asked = client.get("/mine")
    assert asked.status_code == 302
    assert "/log-ind?next=%2Fmine" in asked.location
    assert sign_in(client, town.teacher, next="/mine").location == "/mine"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://ond.example/",
        "//ond.example/",
        "/\\ond.example",
        "\\\\ond.example",
        "/\t/ond.example",
        "javascript:alert(1)",
        "ond.example",
        "///ond.example",
        "http:/ond.example",
        "",
        None,
    ],
)
def test_a_link_can_not_lead_off_the_site(elsewhere: str | None) -> None:
    assert safe_target(elsewhere) == "/"


def test_a_path_with_a_query_is_kept() -> None:
    assert safe_target("/sager/1042?vis=alt#svar") == "/sager/1042?vis=alt#svar"


def test_signing_out_ends_the_session(client, town) -> None:
    sign_in(client, town.teacher)
    assert client.get("/mine").status_code == 200
    client.post("/log-ud")
    assert client.get("/mine").status_code == 302


def test_a_form_without_its_token_is_refused_and_says_what_to_do(app: Flask, town) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = sign_in(app.test_client(), town.teacher)
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 400
    assert "genindlæs siden" in answer.text


def test_nothing_of_a_page_stays_in_the_browser_and_nothing_foreign_runs_in_it(client, town) -> None:
    sign_in(client, town.teacher)
    headers = client.get("/mine").headers
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_an_unknown_address_has_a_danish_page(client, town) -> None:
    answer = client.get("/findes-ikke")
    assert answer.status_code == 404
    assert "Siden findes ikke" in answer.text
