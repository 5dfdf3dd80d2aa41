"""A reminder is written in the language in which was asked."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import NOW, small_municipality
from tests.mail.letterbox import letter
from ticketing.mail.ingest import ingest
from ticketing.work import actions
from ticketing.work.models import OutboxMessage, WorkItem
from ticketing.work.sweep import sweep


@pytest.mark.parametrize(
    ("language", "reminder", "farewell"),
    [("da", "Vi venter på dit svar", "lukker sagen"), ("en", "We are waiting", "close your question")],
)
def test_it_reminds_and_gives_up_in_the_askers_language(session, language, reminder, farewell) -> None:
    place = small_municipality()
    session.commit()
    raw = letter(To="aula+daycare@vesterkaer.example")
    item_id = ingest(raw, place.municipality.id, NOW).item_id
    session.get(WorkItem, item_id).language = language
    session.commit()
    actor = actions.Actor("person", place.pedagogue.id)
    actions.ask_requester(item_id, actor, NOW, text="?")
    bodies = []
    for days in (2, 5, 10):
        sweep(NOW + timedelta(days=days, minutes=1))
        to_mother = select(OutboxMessage.body).where(OutboxMessage.recipient == "mor@privat.example")
        bodies.append(session.scalars(to_mother.order_by(OutboxMessage.id.desc())).first())
    assert reminder in bodies[0]
    assert farewell in bodies[2]
