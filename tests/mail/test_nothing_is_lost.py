"""Every nasty message, taken in one after the other, ends in exactly one ticket or is kept with its reason."""

import random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality, small_municipality
from tests.mail.nasty import NASTY
from tests.mail.test_nasty_messages import mutated
from ticketing.mail.ingest import ingest
from ticketing.mail.models import InboundMail
from ticketing.mail.outbox import send_due
from ticketing.work.models import OutboxMessage, WorkItem


@pytest.fixture
def place(session: Session) -> SmallMunicipality:
    made = small_municipality()
    session.commit()
    return made


def take_in_all(session: Session, place: SmallMunicipality, raws: list[bytes]) -> None:
    first = [ingest(raw, place.municipality.id, NOW) for raw in raws]
    assert all(ingest(raw, place.municipality.id, NOW).seen_before for raw in raws)
    kept = session.scalars(select(InboundMail)).all()
    assert len(kept) == sum(not outcome.seen_before for outcome in first)
    opened = [one.item_id for one in kept if one.outcome == "opened"]
    assert sorted(opened) == sorted(session.scalars(select(WorkItem.id)))
    assert all(one.item_id or one.reason for one in kept)


def test_nasty_messages_are_each_in_one_ticket_and_their_receipts_can_be_sent(session, place):
    take_in_all(session, place, [raw for raw, _ in NASTY.values()])
    send_due(NOW, limit=1000)
    assert all(row.sent_at is not None or row.error for row in session.scalars(select(OutboxMessage)))
    assert not session.scalars(select(InboundMail).where(InboundMail.outcome == "quarantine")).all()


def test_mutated_messages_are_each_in_one_ticket_or_kept_with_a_reason(session, place):
    raws = [raw for raw, _ in NASTY.values() if len(raw) < 20_000]
    take_in_all(session, place, [mutated(random.Random(case), raws) for case in range(100_000, 100_300)])
