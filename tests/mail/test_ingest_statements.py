"""What a mail costs: a fixed number of statements, however large the organisation and whatever came before."""

from sqlalchemy import event

from tests.factories import NOW, small_municipality
from tests.mail.letterbox import letter
from ticketing.database import db
from ticketing.mail.ingest import ingest

#: The clocks of a ticket are three rows, which SQLite takes one by one.
MOST = 20


def test_a_question_by_mail_costs_no_more_statements_than_it_must(session) -> None:
    place = small_municipality()
    session.commit()
    for number in range(3):
        ingest(_to_the_day_care(number), place.municipality.id, NOW)
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        outcome = ingest(_to_the_day_care(9), place.municipality.id, NOW)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert outcome.kind == "opened"
    assert len(asked) <= MOST, "\n".join(asked)


def _to_the_day_care(number: int) -> bytes:
    sender = f"foraelder{number}@privat.example"
    return letter(To="aula+daycare@vesterkaer.example", From=sender, Message_ID=f"<m{number}@privat.example>")
