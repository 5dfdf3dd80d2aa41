"""IT ServiceDesk sees the technical queue, finds any institution's ladder and the known faults."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import AbsenceFactory, SmallMunicipality, WorkItemFactory, small_municipality
from tests.web.test_sign_in import sign_in
from ticketing.accounts.throttle import throttle
from ticketing.vocabulary import Lane, Rung


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


@pytest.fixture
def technician(client, town):
    sign_in(client, town.technicians[0])
    return client


def at_it(town, unit, **more):
    facts = {
        "step": "servicedesk",
        "rung": Rung.SERVICEDESK,
        "lane": Lane.TECHNICAL,
        "reached_servicedesk": True,
    }
    return WorkItemFactory(unit=unit, queue_unit=town.it, **{**facts, **more})


def test_the_queue_spans_the_municipality(technician, town) -> None:
    at_it(town, town.school, title="Skærmen er sort")
    at_it(town, town.daycare, title="Ingen wifi")
    WorkItemFactory(unit=town.school, title="Hvor er mine beskeder")
    page = technician.get("/it").text
    assert "Skærmen er sort" in page
    assert "Ingen wifi" in page
    assert "Hvor er mine beskeder" not in page


def test_henvis_is_two_presses_away(technician, town) -> None:
    item = at_it(town, town.school_indskoling, title="Hører til hos superbrugeren")
    assert f'href="/sager/A-{item.number}/henvis"' in technician.get("/it").text


def test_one_search_gives_an_institutions_ladder_with_presence_and_phone(technician, town) -> None:
    town.superuser.phone = "76 11 22 33"
    now = datetime.now(UTC)
    AbsenceFactory(person=town.second_superuser, deputy=town.superuser, starts_at=now - timedelta(hours=1))
    AbsenceFactory(person=town.udskoling_superuser, starts_at=now - timedelta(hours=1))
    found = technician.get("/it", query_string={"soeg": "ENGSKOLEN"}).text
    assert f"enhed={town.school.id}" in found
    assert f"enhed={town.school_udskoling.id}" in found
    page = technician.get("/it", query_string={"enhed": town.school.id}).text
    assert 'href="tel:76112233"' in page
    assert "Superbruger Sand for Superbruger Strand" in page
    assert "fraværende</span> Superbruger Udsigt" in page
    names = ["Kommunal administrator</strong>", "Superbruger</strong>", "Medarbejder</strong>"]
    places = [page.index(name) for name in names]
    assert places == sorted(places)


def test_danish_letters_in_any_case_are_found(technician, town) -> None:
    assert "Børnehuset Mælkebøtten" in technician.get("/it", query_string={"soeg": "MÆLKEBØTTEN"}).text


def test_a_unit_of_another_municipality_is_not_there(technician) -> None:
    other = small_municipality("andenby")
    assert technician.get("/it", query_string={"enhed": other.school.id}).status_code == 404


def test_known_faults_with_their_duplicates(technician, town) -> None:
    fault = at_it(town, town.school, title="Ugeplanen er blank", is_known_fault=True)
    for _ in range(3):
        WorkItemFactory(unit=town.school, known_fault_id=fault.id)
    page = technician.get("/it").text
    faults = page[page.index('id="fejl"') :]
    assert "Ugeplanen er blank" in faults
    assert "3 sager hænger på" in faults


def test_late_and_soon_late_technical_items_at_other_rungs(technician, town) -> None:
    now = datetime.now(UTC)
    lane = {"lane": Lane.TECHNICAL}
    WorkItemFactory(unit=town.school, title="Snart for sent", due_at=now + timedelta(hours=2), **lane)
    WorkItemFactory(unit=town.school, title="Først i morgen", due_at=now + timedelta(hours=30), **lane)
    page = technician.get("/it").text
    assert "Snart for sent" in page[page.index('id="snart"') :]
    assert "Først i morgen" not in page


@pytest.mark.parametrize("who", ["teacher", "superuser", "school_leader"])
def test_the_page_is_for_those_who_send_people_on(client, town, who: str) -> None:
    sign_in(client, getattr(town, who))
    assert client.get("/it").status_code == 403
