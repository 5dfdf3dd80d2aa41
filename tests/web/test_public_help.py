"""A parent asks without an account, and follows the question on a page that only they have the address of."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.factories import SmallMunicipality, small_municipality
from ticketing.database import db
from ticketing.vocabulary import Channel, RequesterRole, Rung, State
from ticketing.web import public
from ticketing.web.rate_limit import RateLimit
from ticketing.work.actions import Actor, answer, note, take
from ticketing.work.models import Message, OutboxMessage, WorkItem

QUESTION = {"text": "Vi kan ikke se ugeplanen.\nDen er tom.", "email": "mor@example.org", "name": "M. Jensen"}


@pytest.fixture
def town(session, app, monkeypatch) -> SmallMunicipality:
    monkeypatch.setattr(public, "SHORTEST_SECONDS", 0)
    app.extensions["rate_limits"] = {
        "public_questions": RateLimit(times=10, seconds=600),
        "public_messages": RateLimit(times=10, seconds=600),
    }
    return small_municipality()


def ask(client, path="/hjaelp/vesterkaer", **changes: str):
    opened = re.search(r'name="opened" value="([^"]+)"', client.get(path).text)
    assert opened
    return client.post(path, data={"unit": "school", **QUESTION, "opened": opened[1], **changes})


def items() -> list[WorkItem]:
    return list(db.session.scalars(select(WorkItem)))


def test_three_fields_and_the_institutions_to_choose_from(client, town) -> None:
    page = client.get("/hjaelp/vesterkaer").text
    for house in ("Engskolen", "Børnehuset Mælkebøtten", "Legestuegruppe Øst"):
        assert house in page
    assert "IT ServiceDesk</option>" not in page
    assert 'name="robots" content="noindex"' in page


def test_a_houses_own_link_asks_for_no_house(client, town) -> None:
    page = client.get("/hjaelp/vesterkaer/daycare").text
    assert "Børnehuset Mælkebøtten" in page
    assert "<select" not in page


@pytest.mark.parametrize("path", ["/hjaelp/ukendt", "/hjaelp/vesterkaer/ukendt", "/hjaelp/vesterkaer/it"])
def test_an_address_of_nobody_is_not_found(client, town, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_question_starts_with_the_employees_and_leads_to_its_status(client, town) -> None:
    answered = ask(client)
    item = items()[0]
    assert item.rung == Rung.EMPLOYEE
    assert item.channel == Channel.PUBLIC
    assert item.requester_role == RequesterRole.PARENT
    assert item.requester_email == "mor@example.org"
    assert item.sender_verified is False
    assert item.title == "Vi kan ikke se ugeplanen."
    receipt = db.session.scalars(select(OutboxMessage).where(OutboxMessage.item_id == item.id)).one()
    assert (receipt.purpose, receipt.recipient) == ("receipt", "mor@example.org")
    assert "/status/" in receipt.body
    page = client.get(answered.location).text
    assert "Tak. Vi har modtaget dit spørgsmål" in page
    assert "Dit spørgsmål er hos personalet i Engskolen. Du hører fra os senest" in page


def test_what_is_missing_is_said_and_nothing_typed_is_lost(client, town) -> None:
    answered = ask(client, unit="", email="mor@")
    assert answered.status_code == 422
    assert "Vælg barnets skole" in answered.text
    assert "Den skal ligne navn@example.org" in answered.text
    assert "Den er tom.</textarea>" in answered.text
    assert items() == []


def test_a_robot_that_fills_the_hidden_field_opens_nothing(client, town) -> None:
    assert ask(client, website="http://ond.example").status_code == 422
    assert items() == []


def test_a_form_sent_faster_than_anybody_reads_opens_nothing_and_can_be_sent_again(
    client, town, monkeypatch
) -> None:
    monkeypatch.setattr(public, "SHORTEST_SECONDS", 2)
    answered = ask(client)
    assert answered.status_code == 422
    assert "Vent et øjeblik" in answered.text
    assert "Den er tom.</textarea>" in answered.text
    assert items() == []


def test_a_made_up_time_opens_nothing(client, town) -> None:
    assert ask(client, opened="form.Z9.made-up").status_code == 422
    assert items() == []


def test_too_many_from_one_place_have_to_wait(client, town, app) -> None:
    app.extensions["rate_limits"]["public_questions"] = RateLimit(times=2, seconds=600)
    assert [ask(client).status_code for _ in range(3)] == [302, 302, 429]
    assert len(items()) == 2


def test_an_address_that_was_not_given_out_is_not_found(client, town) -> None:
    location = ask(client).location
    assert client.get(location).status_code == 200
    item, moment, proof = location.rsplit(".", 2)
    assert client.get(f"{item}.{moment}.{proof.swapcase()}").status_code == 404
    assert client.get("/status/1").status_code == 404


def test_the_requester_sees_answers_but_never_notes(client, town) -> None:
    location = ask(client).location
    item = items()[0]
    colleague = Actor("person", town.teacher.id)
    take(item.id, colleague, item.opened_at + timedelta(minutes=5))
    answer(item.id, colleague, item.opened_at + timedelta(minutes=6), text="Prøv igen nu.")
    note(item.id, colleague, item.opened_at + timedelta(minutes=7), text="Hun ringede vredt.")
    page = client.get(location).text
    assert "Prøv igen nu." in page
    assert "Hun ringede vredt." not in page
    assert town.teacher.name not in page


def test_the_requester_adds_to_the_question(client, town) -> None:
    location = ask(client).location
    page = client.post(location, data={"text": "Det gælder også 3.b"}, follow_redirects=True).text
    assert "Tak. Din besked er sendt." in page
    assert "Det gælder også 3.b" in page
    message = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert message
    assert message.author_kind == "requester"


def test_an_empty_message_is_not_sent(client, town) -> None:
    location = ask(client).location
    answered = client.post(location, data={"text": "  "})
    assert answered.status_code == 422
    assert "Skriv din besked først." in answered.text


def test_the_requester_says_that_it_is_solved(client, town) -> None:
    location = ask(client).location
    page = client.post(f"{location}/loest", follow_redirects=True).text
    assert items()[0].state == State.SOLVED
    assert "Godt, at det virker" in page
    assert "Det er løst, tak" not in page


def test_writing_on_a_solved_question_opens_it_again(client, town) -> None:
    location = ask(client).location
    client.post(f"{location}/loest")
    client.post(location, data={"text": "Det virker alligevel ikke"})
    assert items()[0].is_open


def test_long_after_it_was_solved_a_new_question_is_asked_for_instead(client, town) -> None:
    location = ask(client).location
    client.post(f"{location}/loest")
    long_ago = items()[0].opened_at - timedelta(days=30)
    db.session.execute(update(WorkItem).values(solved_at=long_ago))
    db.session.commit()
    assert "Skriv mere til os" not in client.get(location).text
    answered = client.post(location, data={"text": "Hallo?"})
    assert answered.status_code == 409
    assert not items()[0].is_open


def test_a_cpr_number_is_never_kept(client, town) -> None:
    location = ask(client, text="Mit barn 010115-1234 kan ikke logge på").location
    assert "010115" not in client.get(location).text
    assert "010115" not in items()[0].title


def test_what_is_typed_is_shown_as_text(client, town) -> None:
    page = client.get(ask(client, text="<img src=x onerror=alert(1)>").location).text
    assert "<img src=x" not in page


def test_a_form_from_another_site_is_refused(app, town) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answered = app.test_client().post("/hjaelp/vesterkaer", data=QUESTION | {"unit": "school"})
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answered.status_code == 400
    assert items() == []
