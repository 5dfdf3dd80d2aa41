"""Signing in: who can, who can't, and what ends a session."""

from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient

from tests.factories import NOW, MunicipalityFactory, PersonFactory, WorkItemFactory, small_municipality
from ticketing.accounts import actions
from ticketing.accounts.actions import WeakPassword, authenticate, set_password
from ticketing.accounts.queries import NotFound, find_item, load_viewer
from ticketing.accounts.session import signed_in
from ticketing.accounts.throttle import MOST_FAILURES, WINDOW, SignInThrottle
from ticketing.organisation.models import Person

PASSWORD = "lange gule gulerødder"


@pytest.fixture
def person(session: object) -> Person:
    made: Person = PersonFactory(email="ida@vesterkaer.example")
    set_password(made.id, PASSWORD)
    return made


def test_the_right_password_signs_in(person: Person) -> None:
    assert authenticate(None, " Ida@vesterkaer.example", PASSWORD, NOW) is person


def test_a_wrong_password_or_an_unknown_address_does_not(person: Person) -> None:
    assert authenticate(None, person.email, "lange gule gulerod", NOW) is None
    assert authenticate(None, "ukendt@vesterkaer.example", PASSWORD, NOW) is None


def test_an_unknown_address_costs_as_much_hashing_as_a_known_one(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    really = actions._is_right
    monkeypatch.setattr(actions, "_is_right", lambda *asked: tried.append(asked[0]) or really(*asked))
    for address in (person.email, "ukendt@vesterkaer.example"):
        authenticate(None, address, "forkert adgangskode", NOW)
    assert len(tried) == 2
    assert all(stored.startswith("$argon2id$") for stored in tried)


def test_somebody_who_has_left_cannot(person: Person) -> None:
    person.left_on = date(2026, 9, 15)
    assert authenticate(None, person.email, PASSWORD, NOW) is None
    assert authenticate(None, person.email, PASSWORD, NOW - timedelta(days=1)) is person
    with pytest.raises(NotFound):
        load_viewer(person.id, NOW)


def test_somebody_without_a_password_cannot(session: object) -> None:
    nobody = PersonFactory(email="ny@vesterkaer.example")
    assert nobody.password_hash is None
    assert authenticate(None, nobody.email, "nobody has this password", NOW) is None


def test_the_same_address_in_two_municipalities(person: Person) -> None:
    elsewhere = MunicipalityFactory(key="andenkommune")
    twin = PersonFactory(municipality=elsewhere, email=person.email)
    set_password(twin.id, "en helt anden adgangskode")
    assert authenticate("andenkommune", person.email, PASSWORD, NOW) is None
    assert authenticate(None, person.email, "en helt anden adgangskode", NOW) is twin


def test_a_short_password_is_refused(person: Person) -> None:
    with pytest.raises(WeakPassword):
        set_password(person.id, "kort")
    assert authenticate(None, person.email, PASSWORD, NOW) is person


def test_a_new_password_ends_the_sessions_of_the_old_one(session: object, client: FlaskClient) -> None:
    town = small_municipality()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = signed_in(town.school_leader, NOW).get_id()
    assert client.get("/leder").status_code == 200
    set_password(town.school_leader.id, PASSWORD)
    assert client.get("/leder").status_code == 302


def test_an_items_address_tells_nothing_to_those_who_may_not_know(session: object) -> None:
    town = small_municipality()
    open_one = WorkItemFactory(unit=town.school)
    secret = WorkItemFactory(unit=town.school, confidential=True)
    leader, stranger = load_viewer(town.school_leader.id, NOW), load_viewer(town.pedagogue.id, NOW)
    assert find_item(leader, open_one.number) is open_one
    for viewer, number in ((leader, secret.number), (stranger, open_one.number), (leader, 1)):
        with pytest.raises(NotFound):
            find_item(viewer, number)


class TestThrottle:
    def test_five_wrong_tries_must_wait(self) -> None:
        brake = SignInThrottle()
        for _ in range(MOST_FAILURES):
            assert brake.wait_until("ida@x.example", "10.0.0.1", NOW) is None
            brake.failed("ida@x.example", "10.0.0.1", NOW)
        assert brake.wait_until("IDA@x.example ", "10.0.0.1", NOW) == NOW + WINDOW
        assert brake.wait_until("ida@x.example", "10.0.0.2", NOW) is None
        assert brake.wait_until("ida@x.example", "10.0.0.1", NOW + WINDOW) is None

    def test_the_right_password_starts_the_count_anew(self) -> None:
        brake = SignInThrottle()
        for _ in range(MOST_FAILURES):
            brake.failed("ida@x.example", "10.0.0.1", NOW)
        brake.succeeded("ida@x.example", "10.0.0.1")
        assert brake.wait_until("ida@x.example", "10.0.0.1", NOW) is None
