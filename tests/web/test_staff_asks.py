"""Nyt spørgsmål: an employee logs a question in three taps and one line, and sees what becomes of it."""

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import SmallMunicipality, small_municipality
from tests.web.test_sign_in import sign_in
from ticketing.accounts.throttle import throttle
from ticketing.database import db
from ticketing.vocabulary import Channel, EventKind, RequesterRole, Rung, State
from ticketing.work.errors import NobodyThere
from ticketing.work.models import Event, Message, WorkItem

QUESTION = {"category": "LOGIN", "text": "Far kan ikke logge på", "asker": "parent"}


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


@pytest.fixture
def teacher(client, town):
    sign_in(client, town.teacher)
    return client


def only_item() -> WorkItem:
    return db.session.scalars(select(WorkItem)).one()


def events_of(item: WorkItem) -> list[EventKind]:
    return list(db.session.scalars(select(Event.kind).where(Event.item_id == item.id).order_by(Event.seq)))


def test_the_form_knows_who_asks_and_where(teacher, town) -> None:
    page = teacher.get("/nyt").text
    assert "Engskolen, indskoling" in page
    assert "Lærer Lund" in page
    assert page.count('type="radio" id="category-') == 8


def test_pupils_only_ask_in_schools(client, town) -> None:
    sign_in(client, town.pedagogue)
    assert 'id="asker-pupil"' not in client.get("/nyt").text


def test_sent_to_the_superuser_it_is_in_their_queue_at_once(teacher, town) -> None:
    answer = teacher.post("/nyt", data=QUESTION)
    item = only_item()
    assert answer.location == f"/nyt/sendt/{item.number}"
    assert item.rung == Rung.SUPERUSER
    assert item.queue_unit_id == town.school_indskoling.id
    assert item.requester_role == RequesterRole.PARENT
    assert item.channel == Channel.FORM
    assert events_of(item)[:2] == [EventKind.OPENED, EventKind.ESCALATED]


def test_the_receipt_says_number_who_and_when_and_offers_the_next(teacher, town) -> None:
    page = teacher.post("/nyt", data=QUESTION, follow_redirects=True).text
    assert "A-1001" in page
    assert "Superbruger" in page
    assert "Du kan forvente svar senest" in page
    assert "autofocus>Nyt spørgsmål" in page


def test_solved_here_it_is_counted_and_closed_at_the_first_rung(teacher, town) -> None:
    page = teacher.post("/nyt/loest", data=QUESTION, follow_redirects=True).text
    item = only_item()
    assert item.state == State.SOLVED
    assert item.solved_rung == Rung.EMPLOYEE
    assert "Løst her. Godt klaret." in page


def test_solved_with_a_card_the_answer_is_the_card(teacher, town) -> None:
    teacher.post("/nyt/loest", data=QUESTION | {"solved_with": "mitid"})
    bodies = list(db.session.scalars(select(Message.body)))
    assert any("Forældre logger på Aula med MitID" in body for body in bodies)


def test_an_employees_own_question_starts_with_the_superuser(teacher, town) -> None:
    teacher.post("/nyt", data=QUESTION | {"asker": "self"})
    item = only_item()
    assert item.requester_role == RequesterRole.EMPLOYEE
    assert item.requester_id == town.teacher.id
    assert item.rung == Rung.SUPERUSER
    assert EventKind.ESCALATED not in events_of(item)


def test_a_superusers_own_question_starts_with_the_administrator(client, town) -> None:
    sign_in(client, town.superuser)
    client.post("/nyt", data=QUESTION | {"asker": "self"})
    assert only_item().rung == Rung.ADMINISTRATOR


def test_without_a_chip_the_words_choose_the_category(teacher, town) -> None:
    teacher.post("/nyt", data={"text": "Ugeplan er tom", "asker": "parent"})
    assert only_item().category == "WIDGET"


def test_an_empty_question_keeps_everything_else_and_links_to_the_field(teacher, town) -> None:
    answer = teacher.post("/nyt", data=QUESTION | {"text": " ", "email": "mor@example.org"})
    assert answer.status_code == 422
    assert 'href="#text"' in answer.text
    assert 'value="mor@example.org"' in answer.text
    assert 'value="LOGIN" checked' in answer.text
    assert db.session.scalars(select(WorkItem)).all() == []


def test_a_wrong_address_keeps_the_question(teacher, town) -> None:
    answer = teacher.post("/nyt", data=QUESTION | {"email": "mor@"})
    assert answer.status_code == 422
    assert "Far kan ikke logge på</textarea>" in answer.text
    assert "E-mailen ser forkert ud" in answer.text


def test_when_it_can_not_be_sent_nothing_is_written_and_nothing_typed_is_lost(
    teacher, town, monkeypatch
) -> None:
    def nobody(*_args: object, **_more: object) -> WorkItem:
        raise NobodyThere

    monkeypatch.setattr("ticketing.work.intake.escalate", nobody)
    answer = teacher.post("/nyt", data=QUESTION)
    assert answer.status_code == 409
    assert "Far kan ikke logge på</textarea>" in answer.text
    assert db.session.scalars(select(WorkItem)).all() == []


def test_what_is_typed_is_shown_as_text_and_never_as_markup(teacher, town) -> None:
    evil = "<script>alert(1)</script>"
    teacher.post("/nyt", data=QUESTION | {"text": evil})
    item = only_item()
    for path in ("/mine", f"/nyt/sendt/{item.number}"):
        page = teacher.get(path).text
        assert evil not in page
        assert "&lt;script&gt;" in page


def test_a_unit_that_is_not_ones_own_can_not_be_asked_for(teacher, town) -> None:
    teacher.post("/nyt", data=QUESTION | {"unit": str(town.daycare.id)})
    assert only_item().unit_id == town.school_indskoling.id


def test_it_may_log_for_any_institution(client, town) -> None:
    sign_in(client, town.technicians[0])
    page = client.get("/nyt").text
    for house in ("Engskolen", "Børnehuset Mælkebøtten", "Legestuegruppe Øst"):
        assert f">{house}</option>" in page


def test_cards_come_for_what_is_typed(teacher, town) -> None:
    page = teacher.post(
        "/nyt/svarkort", data={"category": "", "text": "glemt sin adgangskode, elev i 4.a"}
    ).text
    assert "Eleven har glemt sin kode" in page
    assert "<html" not in page


def test_the_cards_of_a_chip_also_show_without_script(teacher, town) -> None:
    assert "Billeder og samtykke" in teacher.get("/nyt?kategori=SAMTYKKE").text


def test_strangers_log_nothing(client, town) -> None:
    assert "/log-ind" in client.post("/nyt", data=QUESTION).location
    assert db.session.scalars(select(WorkItem)).all() == []


def test_my_cases_shows_open_ones_first_and_nobody_elses(client, town) -> None:
    sign_in(client, town.teacher)
    client.post("/nyt/loest", data=QUESTION | {"text": "Løst sag"})
    client.post("/nyt", data=QUESTION | {"text": "Åben sag"})
    client.post("/log-ud")
    sign_in(client, town.pedagogue)
    client.post("/nyt", data=QUESTION | {"text": "Andens sag"})
    client.post("/log-ud")
    sign_in(client, town.teacher)
    page = client.get("/mine").text
    assert page.index("Åben sag") < page.index("Løst sag")
    assert "Andens sag" not in page


def test_my_cases_runs_the_same_few_statements_however_many_there_are(teacher, town, app: Flask) -> None:
    def statements() -> int:
        from sqlalchemy import event

        seen: list[str] = []

        def note(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
            seen.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            teacher.get("/mine")
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    teacher.post("/nyt", data=QUESTION)
    few = statements()
    for number in range(5):
        teacher.post("/nyt", data=QUESTION | {"text": f"Sag {number}"})
    assert statements() == few <= 6


def test_a_receipt_of_somebody_elses_case_is_not_found(client, town) -> None:
    sign_in(client, town.teacher)
    client.post("/nyt", data=QUESTION | {"asker": "self"})
    number = only_item().number
    client.post("/log-ud")
    sign_in(client, town.pedagogue)
    assert client.get(f"/nyt/sendt/{number}").status_code == 404
