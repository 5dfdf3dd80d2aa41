"""The ticket page tells the whole story to those who may read it, and nothing to those who may not."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from tests.factories import SmallMunicipality, WorkItemFactory, small_municipality
from tests.web.test_sign_in import sign_in
from tests.web.test_ticket_actions import WHOLE, Desk
from ticketing.accounts.throttle import throttle
from ticketing.database import db
from ticketing.vocabulary import Channel, RequesterRole
from ticketing.work import actions
from ticketing.work.actions import Actor, Draft, NewFile
from ticketing.work.sweep import sweep


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


@pytest.fixture
def desk(client, town) -> Desk:
    made = Desk(client, town)
    sign_in(client, town.superuser)
    return made


def test_the_story_in_plain_sentences(desk, town) -> None:
    desk.send("tag")
    desk.send("svar", text="Brug MitID i stedet")
    page = desk.page()
    told = [
        "Far får ingen adgang",
        "Lærer Lund løftede sagen",
        "Superbruger Sand tog sagen",
        "Brug MitID i stedet",
    ]
    places = [page.index(text) for text in told]
    assert places == sorted(places)
    assert page.index("Mor Mølgaard") > 0


def test_the_ladder_says_where_it_stands_who_is_next_and_why(desk) -> None:
    page = desk.page()
    ladder = page[page.index('<ol class="ladder"') : page.index("ladder-why")]
    names = re.findall(r'ladder-name">([^<]+)<', ladder)
    assert names == ["Medarbejder", "Superbruger", "Kommunal administrator", "IT ServiceDesk"]
    assert 'aria-current="step"' in ladder
    assert "Kommunal Kær" in ladder
    assert "Næste led er kommunal administrator i Skole." in page


def test_a_passed_over_rung_is_explained(desk, town) -> None:
    from tests.factories import AbsenceFactory

    AbsenceFactory(person=town.municipal_admin, starts_at=desk.now - timedelta(hours=1))
    page = desk.page()
    assert "Kommunal administrator er sprunget over: alle er fraværende." in page


def test_two_clocks_stand_side_by_side_and_say_why(desk) -> None:
    page = desk.page()
    clocks = page[page.index('class="clock-bars"') : page.index('class="two-columns"')]
    assert clocks.index("Hele vejen") < clocks.index("Dette trin")
    assert "Hvorfor? Regn selv efter" in clocks
    assert clocks.count("Mål: ") >= 2
    assert "åbningstid tilbage" in clocks
    desk.send("spoerg", text="Hvilken telefon?")
    assert "Uret står stille" in desk.page()


def test_a_clock_that_ran_out_says_how_late_it_is_while_the_work_goes_on(desk) -> None:
    """Found by looking: an overdue ticket said that its clock stood still."""
    sweep(desk.now + timedelta(days=30))
    with time_machine.travel(desk.now + timedelta(days=30), tick=False):
        page = desk.page()
    assert "Uret står stille" not in page
    assert page.count("over</") + page.count(" d over") >= 2


def test_answer_and_note_can_not_be_confused(desk) -> None:
    page = desk.page()
    public = page[page.index('id="svar"') - 80 : page.index("Send svar til melder")]
    note = page[page.index('id="note"') - 80 : page.index("Gem intern note")]
    assert "compose-public" in public
    assert "compose-note" not in public
    assert "compose-note" in note


@pytest.mark.parametrize("who", ["childminder", "pedagogue", "daycare_superuser", "comm"])
def test_who_may_not_know_of_it_gets_the_same_as_for_no_item(client, town, who: str) -> None:
    desk = Desk(client, town)
    if who == "comm":
        desk.item.confidential = True
        db.session.commit()
    sign_in(client, getattr(town, who))
    there = client.get(desk.address)
    nowhere = client.get("/sager/A-999999")
    assert there.status_code == nowhere.status_code == 404
    # The token against forged forms is signed with the second it was made in.
    assert _without_token(there.text) == _without_token(nowhere.text)
    assert client.post(f"{desk.address}/note", data={"text": "hej"}).status_code == 404
    assert client.get(f"{desk.address}/loeft").status_code == 404


def test_another_municipalitys_people_get_404(client, town) -> None:
    desk = Desk(client, town)
    other = small_municipality("andenby")
    sign_in(client, other.superuser)
    assert client.get(desk.address).status_code == 404


def test_a_leader_reads_the_title_but_nothing_that_was_written(client, town) -> None:
    desk = Desk(client, town)
    sign_in(client, town.school_leader)
    page = desk.page()
    assert "Forælder kan ikke logge på" in page
    assert "Far får ingen adgang" not in page
    assert "Mor Mølgaard" not in page
    assert "mor@hjemme.example" not in page


def test_it_reads_the_text_but_not_who_asked(client, town) -> None:
    desk = Desk(client, town)
    desk.lift(town.superuser)
    desk.lift(town.municipal_admin)
    sign_in(client, town.technicians[0])
    page = desk.page()
    assert "Far får ingen adgang" in page
    assert "Mor Mølgaard" not in page
    assert "mor@hjemme.example" not in page


def test_it_does_not_learn_who_asked_from_who_wrote_it_in(client, town) -> None:
    """A teacher's own question named her as the one who wrote it in, and in the history."""
    actor = Actor("person", town.teacher.id)
    draft = Draft(
        municipality_id=town.municipality.id,
        unit_id=town.school_indskoling.id,
        title="Skærmen er sort",
        body="I garderoben.",
        category="TEKNIK",
        channel=Channel.FORM,
        requester_role=RequesterRole.EMPLOYEE,
        requester_id=town.teacher.id,
        logged_by_id=town.teacher.id,
    )
    db.session.commit()
    now = datetime.now(UTC)
    item = actions.open_ticket(draft, actor, now)
    actions.escalate(item.id, Actor("person", town.superuser.id), now, handover=WHOLE, to_step="servicedesk")
    sign_in(client, town.technicians[0])
    page = client.get(f"/sager/{item.number}").text
    assert "I garderoben." in page
    assert "Lærer Lund" not in page.replace("ladder-who", "").split('class="two-columns"')[1]


def test_a_file_is_for_those_who_may_read_the_text(client, town, desk) -> None:
    file = NewFile("skærm.png", "image/png", b"\x89PNG not really")
    actions.note(desk.item.id, desk.actor(town.superuser), desk.now, text="Se billedet", files=[file])
    address = re.search(rf'href="({desk.address}/fil/\d+)"', desk.page())
    assert address
    got = client.get(address[1])
    assert got.data == b"\x89PNG not really"
    assert got.headers["Content-Disposition"].startswith("attachment")
    sign_in(client, town.school_leader)
    assert client.get(address[1]).status_code == 404


def test_a_number_said_on_the_phone_finds_the_page(desk, client) -> None:
    number = desk.item.number
    for said in (f"A-{number}", f"a {number}", str(number)):
        assert client.get("/sager", query_string={"nummer": said}).location == f"/sager/{number}"
    assert client.get(f"/sager/{number}").status_code == 200
    assert client.get(f"/sag/A-{number}").status_code == 200


def test_what_is_written_is_never_markup(desk) -> None:
    desk.send("note", text="<script>alert(1)</script>")
    page = desk.page()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_item_without_a_history_still_has_a_page(client, town) -> None:
    """An imported row has no events yet."""
    item = WorkItemFactory(unit=town.school_indskoling, title="Indlæst sag")
    sign_in(client, town.superuser)
    assert "Indlæst sag" in client.get(f"/sager/{item.number}").text


def test_wire_has_all_forms_with_token_and_version(app: Flask, desk) -> None:
    page = desk.page()
    forms = re.findall(r'<form[^>]*method="post"[^>]*action="/sager/[^>]*>(.*?)</form>', page, re.S)
    assert len(forms) >= 3
    for form in forms:
        assert 'name="csrf_token"' in form
        assert 'name="version"' in form


def test_a_refusal_shows_the_reason_and_keeps_the_form(desk, town) -> None:
    away = {"to_person_id": str(town.second_superuser.id), "reason": ""}
    answer = desk.send("giv-videre", **away)
    assert answer.status_code == 422
    assert "Udfyld: Begrundelse" in answer.text
    assert f'value="{town.second_superuser.id}" selected' in answer.text


def test_a_hand_over_is_not_asked_twice(desk) -> None:
    assert WHOLE.tried in desk.page()


def test_one_who_may_know_only_the_title_can_not_become_a_reader(desk, town) -> None:
    """Found in review: who follows an item may read it, and a leader could follow by a request of their own."""
    sign_in(desk.client, town.school_leader)
    assert desk.send("foelg").status_code == 409
    assert "Far får ingen adgang" not in desk.page()


def _without_token(page: str) -> str:
    return re.sub(r'(name="csrf_token"[^>]*value=|name="csrf-token"[^>]*content=)"[^"]*"', r"\1", page)
