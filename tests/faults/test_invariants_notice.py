"""The look at the tables after a kill is no formality: it notices each kind of half action."""

import pytest
from flask import Flask
from sqlalchemy import text

from tests.factories import NOW, small_municipality
from tests.faults.invariants import broken_promises
from ticketing.database import db, transaction
from ticketing.vocabulary import Channel, RequesterRole
from ticketing.work import actions

pytestmark = pytest.mark.fault

HALVES = {
    "words without their action": "UPDATE message SET event_id = (SELECT min(id) FROM event)",
    "an action without its words": "DELETE FROM message WHERE id = (SELECT max(id) FROM message)",
    "a state without its event": "UPDATE work_item SET state = 'waiting_sync'",
    "a move without its event": "UPDATE work_item SET step = 'servicedesk'",
    "clocks that were not brought along": "UPDATE clock SET target_seconds = target_seconds + 1",
    "a due time of before": "UPDATE work_item SET due_at = NULL",
    "a number taken for nothing": "UPDATE municipality SET next_number = next_number + 1",
}


@pytest.mark.one_engine
@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES.keys())
def test_half_an_action_is_noticed(app: Flask, half: str) -> None:
    with app.app_context():
        made = small_municipality()
        draft = actions.Draft(
            municipality_id=made.municipality.id,
            unit_id=made.school_indskoling.id,
            title="Kan ikke logge på",
            body="Den siger ingen adgang.",
            category="LOGIN",
            channel=Channel.FORM,
            requester_role=RequesterRole.EMPLOYEE,
            requester_id=made.teacher.id,
        )
        item = actions.open_ticket(draft, actions.Actor("person", made.teacher.id), NOW)
        superuser = actions.Actor("person", made.superuser.id)
        actions.take(item.id, superuser, NOW)
        actions.answer(item.id, superuser, NOW, text="Prøv igen nu.")
        assert broken_promises(db.session()) == []
        with transaction() as session:
            session.execute(text(half))
        db.session.expire_all()
        assert broken_promises(db.session()) != []
