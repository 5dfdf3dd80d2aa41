"""Mail that became no question waits where an administrator sees it; each decision is kept, none acts twice."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality, small_municipality
from tests.insight.test_unresolved import sign_in
from tests.mail.letterbox import bounce, letter
from ticketing.mail.ingest import ingest
from ticketing.mail.models import InboundMail, MailDecision
from ticketing.mail.quarantine import kept_mails, refuse, retry
from ticketing.work.change import SYSTEM, Actor
from ticketing.work.errors import MissingReason, UnknownItem
from ticketing.work.models import Message, OutboxMessage, WorkItem

OUT_OF_OFFICE = letter("Jeg er på ferie.", Auto_Submitted="auto-replied", Subject="Autosvar: ferie")
NO_MESSAGE = b"\x00\x01 ikke en mail 010190-1234"


@pytest.fixture
def town(session: Session) -> SmallMunicipality:
    return small_municipality()


@pytest.fixture
def admin(client: FlaskClient, town: SmallMunicipality) -> FlaskClient:
    sign_in(client, town.municipal_admin)
    return client


def _kept(session: Session) -> InboundMail:
    return session.scalars(select(InboundMail).execution_options(populate_existing=True)).one()


def _tickets(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(WorkItem)) or 0


class TestDeciding:
    def test_what_cannot_be_read_is_kept_with_its_reason_and_stays_after_another_try(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        assert ingest(NO_MESSAGE, town.municipality.id, NOW).kind == "quarantine"
        kept = _kept(session)
        assert kept.reason
        assert retry(kept.id, SYSTEM, NOW).kind == "quarantine"
        assert _kept(session).raw == NO_MESSAGE
        decision = session.scalars(select(MailDecision)).one()
        assert (decision.kind, decision.outcome) == ("retried", "quarantine")

    def test_what_a_better_program_can_read_becomes_a_ticket_once(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        ingest(letter("Kan ikke logge på"), town.municipality.id, NOW)
        kept = _kept(session)
        session.delete(session.scalars(select(Message)).first())
        item = session.scalars(select(WorkItem)).one()
        assert item.id
        # As if the program of that day had not understood it.
        kept.outcome, kept.reason, kept.item_id, kept.identity = "quarantine", "unreadable", None, "x" * 64
        session.commit()
        outcome = retry(kept.id, SYSTEM, NOW)
        assert outcome.kind == "opened"
        assert _tickets(session) == 2
        with pytest.raises(UnknownItem):
            retry(kept.id, SYSTEM, NOW)
        assert _tickets(session) == 2

    def test_another_delivery_that_was_read_makes_it_a_duplicate(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        raw = letter("Kan ikke logge på")
        first = ingest(raw, town.municipality.id, NOW)
        session.add(
            InboundMail(
                municipality_id=town.municipality.id,
                identity="y" * 64,
                raw=raw,
                received_at=NOW,
                outcome="quarantine",
            )
        )
        session.commit()
        kept = session.scalars(select(InboundMail).where(InboundMail.outcome == "quarantine")).one()
        outcome = retry(kept.id, SYSTEM, NOW)
        assert (outcome.kind, outcome.number) == ("duplicate", first.number)
        assert _tickets(session) == 1

    def test_a_machines_mail_can_be_made_a_ticket(self, session: Session, town: SmallMunicipality) -> None:
        assert ingest(OUT_OF_OFFICE, town.municipality.id, NOW).kind == "automatic"
        kept = _kept(session)
        assert retry(kept.id, SYSTEM, NOW).kind == "automatic"
        boss = Actor("person", town.municipal_admin.id)
        assert retry(kept.id, boss, NOW, as_question=True).kind == "opened"
        assert _tickets(session) == 1
        kinds = session.scalars(select(MailDecision.kind).order_by(MailDecision.id)).all()
        assert kinds == ["retried", "made ticket"]

    def test_refusing_needs_a_reason_and_keeps_the_mail(
        self, session: Session, town: SmallMunicipality
    ) -> None:
        ingest(OUT_OF_OFFICE, town.municipality.id, NOW)
        kept = _kept(session)
        with pytest.raises(MissingReason):
            refuse(kept.id, SYSTEM, NOW, reason="  ")
        refuse(kept.id, SYSTEM, NOW, reason="Ikke til os, 010190-1234")
        kept = _kept(session)
        assert (kept.outcome, kept.raw) == ("refused", OUT_OF_OFFICE)
        assert "1234" not in (kept.reason or "")
        assert [one.id for one in kept_mails(town.municipality.id, "refused")] == [kept.id]


class TestThePage:
    def test_an_administrator_finds_it_reads_it_and_makes_a_ticket(
        self, session: Session, town: SmallMunicipality, admin: FlaskClient
    ) -> None:
        ingest(OUT_OF_OFFICE, town.municipality.id, NOW)
        kept = _kept(session)
        assert "Autosvar: ferie" in admin.get("/mail?vis=automatic").text
        assert "Jeg er på ferie." in admin.get(f"/mail/{kept.id}").text
        answer = admin.post(f"/mail/{kept.id}/sag", follow_redirects=True)
        assert "Mailen er nu en del af sag A-" in answer.text
        assert _tickets(session) == 1

    def test_the_menu_counts_what_waits(
        self, session: Session, town: SmallMunicipality, admin: FlaskClient
    ) -> None:
        assert "Mail (1)" not in admin.get("/mail").text
        ingest(NO_MESSAGE, town.municipality.id, NOW)
        assert "Mail (1)" in admin.get("/mail").text

    def test_numbers_of_persons_are_masked_on_the_page_and_whole_only_in_the_raw_message(
        self, session: Session, town: SmallMunicipality, admin: FlaskClient
    ) -> None:
        raw = letter("CPR er 010190-1234", Subject="Om 010190-1234", Auto_Submitted="auto-generated")
        ingest(raw, town.municipality.id, NOW)
        kept = _kept(session)
        for path in ("/mail?vis=automatic", f"/mail/{kept.id}"):
            assert "1234" not in admin.get(path).text
        download = admin.get(f"/mail/{kept.id}/raa")
        assert download.data == raw
        assert download.headers["Content-Disposition"].startswith("attachment")
        assert download.headers["X-Content-Type-Options"] == "nosniff"

    def test_others_and_other_municipalities_find_nothing(
        self, session: Session, client: FlaskClient, town: SmallMunicipality
    ) -> None:
        ingest(NO_MESSAGE, town.municipality.id, NOW)
        kept = _kept(session)
        other = small_municipality("nabo")
        session.commit()
        for person in (town.teacher, town.superuser, town.school_leader, town.technicians[0]):
            sign_in(client, person)
            assert client.get("/mail").status_code == 404
            assert client.get(f"/mail/{kept.id}").status_code == 404
            assert client.get(f"/mail/{kept.id}/raa").status_code == 404
        sign_in(client, other.municipal_admin)
        assert client.get("/mail").status_code == 200
        for path in ("", "/raa"):
            assert client.get(f"/mail/{kept.id}{path}").status_code == 404
        for path in ("igen", "sag", "afvis"):
            assert client.post(f"/mail/{kept.id}/{path}", data={"reason": "x"}).status_code == 404
        assert _kept(session).outcome == "quarantine"

    def test_a_mail_that_is_a_ticket_is_not_shown_here(
        self, session: Session, town: SmallMunicipality, admin: FlaskClient
    ) -> None:
        ingest(letter("Hjælp"), town.municipality.id, NOW)
        assert admin.get(f"/mail/{_kept(session).id}").status_code == 404

    def test_a_mail_whose_ticket_became_confidential_is_no_longer_shown(
        self, session: Session, town: SmallMunicipality, admin: FlaskClient
    ) -> None:
        raw = letter("Væk", Auto_Submitted="auto-replied", To="aula+school@vesterkaer.example")
        ingest(raw, town.municipality.id, NOW)
        mail_id = _kept(session).id
        admin.post(f"/mail/{mail_id}/sag")
        assert admin.get(f"/mail/{mail_id}").status_code == 200
        session.scalars(select(WorkItem)).one().confidential = True
        session.commit()
        for path in ("", "/raa"):
            assert admin.get(f"/mail/{mail_id}{path}").status_code == 404

    def test_a_report_about_a_confidential_ticket_stands_in_no_list(
        self, session: Session, town: SmallMunicipality, admin: FlaskClient
    ) -> None:
        ingest(letter("Hjælp", To="aula+school@vesterkaer.example"), town.municipality.id, NOW)
        sent = session.scalars(select(OutboxMessage.mail_message_id)).first()
        assert sent is not None
        assert ingest(bounce(sent), town.municipality.id, NOW).kind == "bounce"
        assert "Undeliverable" in admin.get("/mail?vis=bounce").text
        session.scalars(select(WorkItem)).one().confidential = True
        session.commit()
        assert "Undeliverable" not in admin.get("/mail?vis=bounce").text

    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            (OUT_OF_OFFICE, "Sendt automatisk (Auto-Submitted: auto-replied)"),
            (letter(Subject="Automatisk svar: Hej"), "Emnet viser, at det er et automatisk svar"),
            (letter(List_Id="<x.example>"), "Udsendt til en liste (List-Id)"),
            (letter(Precedence="bulk"), "Udsendt til en liste (Precedence: bulk)"),
        ],
    )
    def test_the_reason_is_said_in_danish(
        self, session: Session, town: SmallMunicipality, admin: FlaskClient, raw: bytes, said: str
    ) -> None:
        ingest(raw, town.municipality.id, NOW)
        assert said in admin.get("/mail?vis=automatic").text
        assert said in admin.get(f"/mail/{_kept(session).id}").text

    def test_what_is_no_mail_says_so(
        self, session: Session, town: SmallMunicipality, admin: FlaskClient
    ) -> None:
        ingest(NO_MESSAGE, town.municipality.id, NOW)
        assert "Det er ikke en mail" in admin.get("/mail").text
