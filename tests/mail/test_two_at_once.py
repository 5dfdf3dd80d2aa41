"""The same mail handed to several processes at the same moment is one ticket with one receipt."""

import threading

from flask import Flask
from sqlalchemy import func, select

from tests.factories import NOW, small_municipality
from tests.mail.letterbox import letter
from ticketing.database import db
from ticketing.mail.ingest import Outcome, ingest
from ticketing.mail.models import InboundMail
from ticketing.mail.outbox import send_due
from ticketing.vocabulary import MunicipalityId
from ticketing.work.models import OutboxMessage, WorkItem

WORKERS = 4


def test_a_message_taken_in_by_four_at_once_opens_one_ticket(app: Flask):
    municipality_id = prepared(app)
    outcomes: list[Outcome] = []
    together(app, lambda: outcomes.append(ingest(letter(), municipality_id, NOW)))
    assert len(outcomes) == WORKERS
    assert sum(not one.seen_before for one in outcomes) == 1
    assert len({one.number for one in outcomes}) == 1
    with app.app_context():
        assert [db.session.scalar(select(func.count()).select_from(t)) for t in (WorkItem, InboundMail)] == [
            1,
            1,
        ]


def test_four_senders_send_each_mail_once(app: Flask):
    municipality_id = prepared(app)
    with app.app_context():
        for n in range(6):
            ingest(letter(f"Nr. {n}", Message_ID=f"<{n}@x.example>"), municipality_id, NOW)
        written = db.session.scalar(select(func.count()).select_from(OutboxMessage))
    sent: list[int] = []
    together(app, lambda: sent.append(send_due(NOW).sent))
    assert sum(sent) == written


def prepared(app: Flask) -> MunicipalityId:
    with app.app_context():
        made = small_municipality().municipality.id
        db.session.commit()
        return made


def together(app: Flask, work) -> None:
    barrier = threading.Barrier(WORKERS)

    def run() -> None:
        with app.app_context():
            barrier.wait()
            work()

    threads = [threading.Thread(target=run) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
