"""Each action is reached by its form on the ticket page, and only what is possible now is offered."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.factories import SmallMunicipality, small_municipality
from tests.web.test_sign_in import sign_in
from ticketing.accounts.throttle import throttle
from ticketing.database import db
from ticketing.organisation.models import Person
from ticketing.vocabulary import Affected, Channel, EventKind, Lane, Priority, RequesterRole, State
from ticketing.web.ticket_actions import _RUNNERS
from ticketing.web.ticket_forms import BY_SLUG, SLUGS
from ticketing.work import actions
from ticketing.work.actions import Actor, Draft, Handover
from ticketing.work.models import Event, Message, Watcher
from ticketing.work.rules import Action

WHOLE = Handover("Prøvet igen", Affected.GROUP, "i går", "Fejl 403")


class Desk:
    """A ticket at the superuser's rung, and the people around it."""

    def __init__(self, client, town: SmallMunicipality) -> None:
        self.client, self.town = client, town
        self.now = datetime.now(UTC)
        db.session.commit()
        draft = Draft(
            municipality_id=town.municipality.id,
            unit_id=town.school_indskoling.id,
            title="Forælder kan ikke logge på",
            body="Far får ingen adgang.",
            category="LOGIN",
            channel=Channel.FORM,
            requester_role=RequesterRole.PARENT,
            requester_name="Mor Mølgaard",
            requester_email="mor@hjemme.example",
            logged_by_id=town.teacher.id,
        )
        item = actions.open_ticket(draft, self.actor(town.teacher), self.now)
        self.item = actions.escalate(item.id, self.actor(town.teacher), self.now, handover=WHOLE)

    def actor(self, person: Person) -> Actor:
        return Actor("person", person.id)

    @property
    def address(self) -> str:
        return f"/sager/A-{self.item.number}"

    def lift(self, person: Person, **more) -> None:
        self.item = actions.escalate(self.item.id, self.actor(person), self.now, handover=WHOLE, **more)

    def page(self) -> str:
        return self.client.get(self.address).text

    def send(self, name: str, **typed):
        db.session.refresh(self.item)
        answer = self.client.post(f"{self.address}/{name}", data={"version": self.item.version, **typed})
        db.session.refresh(self.item)
        return answer

    def last_event(self) -> Event:
        rows = select(Event).where(Event.item_id == self.item.id).order_by(Event.seq.desc()).limit(1)
        return db.session.scalars(rows).one()

    def texts(self, *, public: bool) -> list[str]:
        rows = select(Message.body).where(Message.item_id == self.item.id, Message.is_public.is_(public))
        return list(db.session.scalars(rows))


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


@pytest.fixture
def desk(client, town) -> Desk:
    made = Desk(client, town)
    sign_in(client, town.superuser)
    return made


def test_every_action_has_an_address_and_something_that_does_it() -> None:
    assert set(SLUGS) == set(Action) == set(_RUNNERS)
    assert len(BY_SLUG) == len(SLUGS)


def test_take(desk, town) -> None:
    assert desk.send("tag").status_code == 302
    assert (desk.item.holder_id, desk.item.state) == (town.superuser.id, State.TAKEN)


def test_answer_reaches_the_requester(desk) -> None:
    assert "Send svar til melder" in desk.page()
    desk.send("svar", text="Brug MitID")
    assert "Brug MitID" in desk.texts(public=True)
    assert "Brug MitID" in desk.page()


def test_note_stays_among_colleagues(desk) -> None:
    assert "Gem intern note" in desk.page()
    desk.send("note", text="Ring til far i morgen")
    assert "Ring til far i morgen" in desk.texts(public=False)
    assert "Ring til far i morgen" not in desk.texts(public=True)


def test_ask_the_requester_and_resume(desk) -> None:
    desk.send("spoerg", text="Hvilken telefon?")
    assert desk.item.state == State.WAITING_REQUESTER
    assert "/genoptag" in desk.page()
    desk.send("genoptag")
    assert desk.item.state == State.IN_PROGRESS


def test_wait_for_the_nightly_sync(desk) -> None:
    desk.send("vent-synk", reason="Klassen er rettet")
    assert desk.item.state == State.WAITING_SYNC


def test_wait_for_a_vendor_asks_first_which_then_what_that_vendor_demands(desk) -> None:
    choose = desk.client.get(f"{desk.address}/vent-leverandoer").text
    assert "STIL (Unilogin og MitID)" in choose
    form = desk.client.get(f"{desk.address}/vent-leverandoer?vendor=stil").text
    assert "Der mangler noget" not in form
    assert "Institutionens kode" in form
    assert "CPR-nummer må aldrig stå i sagen" in form
    soon = (desk.now + timedelta(days=3)).date().isoformat()
    filled = {
        "vendor": "stil",
        "reference": "STIL-77",
        "ask_again_at": soon,
        "field_institution_code": "A12345",
        "field_profile_type": "Forælder",
        "field_checked_admin_system": "Ser rigtig ud",
    }
    incomplete = desk.send("vent-leverandoer", **{**filled, "field_profile_type": ""})
    assert incomplete.status_code == 422
    assert "STIL-77" in incomplete.text
    desk.send("vent-leverandoer", **filled)
    assert (desk.item.state, desk.item.vendor_ref) == (State.WAITING_VENDOR, "STIL-77")


def test_the_day_to_ask_a_vendor_again_may_be_left_to_the_municipality(desk) -> None:
    filled = {
        "vendor": "stil",
        "ask_again_at": "",
        "field_institution_code": "A12345",
        "field_profile_type": "Forælder",
        "field_checked_admin_system": "Ser rigtig ud",
        "reference": "STIL-78",
    }
    assert desk.send("vent-leverandoer", **filled).status_code == 302
    assert desk.item.wake_at > desk.now + timedelta(days=5)
    assert "Spørg leverandøren igen" in desk.client.get(desk.address).text


def test_escalate_asks_only_for_what_is_missing(client, town) -> None:
    draft_desk = Desk(client, town)
    item = draft_desk.item
    item.tried = item.affected = item.since = None
    db.session.commit()
    sign_in(client, town.superuser)
    form = client.get(f"{draft_desk.address}/loeft").text
    assert 'name="tried"' in form
    assert 'name="affected"' in form
    assert 'name="error_text"' not in form
    missing = draft_desk.send("loeft", reason="Kan ikke løses her", tried="Genstart")
    assert missing.status_code == 422
    assert "Genstart" in missing.text
    draft_desk.send("loeft", reason="Kan ikke løses her", tried="Genstart", affected="one", since="i dag")
    assert item.step == "municipal_admin"
    assert (item.tried, item.affected) == ("Genstart", Affected.ONE)


def test_escalate_with_all_known_asks_for_nothing(desk) -> None:
    form = desk.client.get(f"{desk.address}/loeft").text
    assert not any(f'name="{name}"' in form for name in ("tried", "affected", "since", "error_text"))
    assert "Kommunal Kær" in form
    desk.send("loeft")
    assert desk.item.step == "municipal_admin"


def test_a_jump_over_a_manned_rung_needs_a_reason(desk) -> None:
    refused = desk.send("loeft", to_step="servicedesk")
    assert refused.status_code == 422
    desk.send("loeft", to_step="servicedesk", reason="Kommunal Kær bad om det")
    assert desk.item.step == "servicedesk"


def test_refer_proposes_the_right_superuser_and_says_why(client, town) -> None:
    desk = Desk(client, town)
    town.superuser.phone = "76 00 00 12"
    desk.lift(town.superuser)
    desk.lift(town.municipal_admin)
    sign_in(client, town.technicians[0])
    form = client.get(f"{desk.address}/henvis").text
    assert "Superbruger Sand (76 00 00 12)" in form
    assert "Engskolen, indskoling" in form
    desk.send("henvis", reason="Vejledning hører til hos superbrugeren")
    assert (desk.item.step, desk.item.queue_unit_id) == ("superuser", town.school_indskoling.id)
    assert desk.last_event().kind == EventKind.REFERRED


def test_return_to_sender_needs_a_question(desk, town) -> None:
    empty = desk.send("send-tilbage", question="  ")
    assert empty.status_code == 422
    desk.send("send-tilbage", question="Hvilket barn?")
    assert desk.item.step == "employee"
    assert desk.item.holder_id == town.teacher.id


def test_not_ours_goes_back_with_a_reason(desk) -> None:
    desk.send("ikke-vores", reason="Handler om lønsystemet")
    assert desk.item.step == "employee"
    assert desk.item.bounces == 1


def test_move_sideways_to_another_department(desk, town) -> None:
    desk.send("til-siden", unit_id=str(town.school_udskoling.id), reason="De kender klassen")
    assert desk.item.queue_unit_id == town.school_udskoling.id


def test_hand_over_offers_colleagues_of_the_queue(desk, town) -> None:
    form = desk.client.get(f"{desk.address}/giv-videre").text
    assert "Superbruger Strand" in form
    assert "Superbruger Udsigt" not in form
    desk.send("giv-videre", to_person_id=str(town.second_superuser.id), reason="Jeg har ferie")
    assert desk.item.holder_id == town.second_superuser.id


def test_solve_then_reopen_then_solve_and_close(desk) -> None:
    desk.send("loest", text="Far brugte MitID")
    assert desk.item.state == State.SOLVED
    desk.send("genaabn", reason="Virkede kun én gang")
    assert desk.item.state == State.REOPENED
    desk.send("loest", text="Nu virker det")
    desk.send("luk")
    assert desk.item.state == State.CLOSED


def test_reclassify_with_a_reason(desk) -> None:
    assert 'value="LOGIN" selected' in desk.client.get(f"{desk.address}/skift").text
    desk.send("skift", category="STAMDATA", lane="opsaetning", priority="P2", reason="Barnet mangler")
    assert (desk.item.category, desk.item.lane, desk.item.priority) == ("STAMDATA", Lane.SETUP, Priority.P2)


def test_move_to_another_unit(desk, town) -> None:
    desk.send("flyt-enhed", unit_id=str(town.school_udskoling.id), reason="Barnet går i udskolingen")
    assert desk.item.unit_id == town.school_udskoling.id


def test_confidential_and_back(desk) -> None:
    assert "Gør fortrolig" in desk.page()
    desk.send("fortrolig", confidential="1", reason="Følsomt")
    assert desk.item.confidential
    assert "Ophæv fortrolighed" in desk.page()
    desk.send("fortrolig", confidential="0", reason="Ikke følsomt alligevel")
    assert not desk.item.confidential


def test_watch_and_unwatch(desk, town) -> None:
    db.session.execute(Watcher.__table__.delete())
    desk.send("foelg")
    assert "Følg ikke længere" in desk.page()
    desk.send("foelg-ikke")
    assert "Følg ikke længere" not in desk.page()


def test_known_fault_attach_and_detach(desk, client, town) -> None:
    fault = Desk(client, town)
    fault.send("kendt-fejl")
    assert fault.item.is_known_fault
    form = client.get(f"{desk.address}/haeft").text
    assert f"A-{fault.item.number}" in form
    desk.send("haeft", fault_id=str(fault.item.id))
    assert desk.item.known_fault_id == fault.item.id
    assert f'href="/sager/{fault.item.number}"' in desk.page()
    assert "/loeft" not in desk.page()
    desk.send("loesn")
    assert desk.item.known_fault_id is None


def test_only_what_is_possible_is_offered(desk) -> None:
    page = desk.page()
    assert "/henvis" not in page  # a superuser lifts, or sends back
    assert "/genaabn" not in page
    assert "/genoptag" not in page
    desk.send("loest", text="Klaret")
    solved = desk.page()
    assert "/genaabn" in solved
    assert "/loeft" not in solved
    assert "Send svar til melder" not in solved


def test_it_is_not_offered_to_solve_a_guidance_ticket(client, town) -> None:
    desk = Desk(client, town)
    desk.lift(town.superuser)
    desk.lift(town.municipal_admin)
    sign_in(client, town.technicians[0])
    assert "/loest" not in desk.page()
    refused = desk.send("loest", text="Prøv at genstarte")
    assert refused.status_code == 409
    assert "Prøv at genstarte" in refused.text
    assert desk.item.state != State.SOLVED


def test_a_reader_who_does_not_work_it_may_only_follow(client, town) -> None:
    desk = Desk(client, town)
    sign_in(client, town.teacher)
    page = desk.page()
    assert "Gem intern note" in page
    assert not any(f"/{slug}" in page for slug in ("loeft", "loest", "tag", "skift", "fortrolig"))


def test_a_conflict_shows_what_changed_and_keeps_the_text(desk, town) -> None:
    seen = desk.item.version
    last = desk.last_event().seq
    actions.take(desk.item.id, desk.actor(town.second_superuser), desk.now)
    typed = {"version": seen, "seen": last, "text": "Mit lange svar"}
    answer = desk.client.post(f"{desk.address}/svar", data=typed)
    assert answer.status_code == 409
    assert "En anden har ændret sagen" in answer.text
    assert "Superbruger Strand tog sagen" in answer.text
    assert "løftede sagen" not in answer.text
    assert "Mit lange svar" in answer.text
    assert "Mit lange svar" not in desk.texts(public=True)
    db.session.refresh(desk.item)
    assert f'name="version" value="{desk.item.version}"' in answer.text


def test_an_empty_answer_is_refused_and_says_so(desk) -> None:
    answer = desk.send("svar", text="")
    assert answer.status_code == 422
    assert "Udfyld: Dit svar til melder" in answer.text


def test_an_invented_choice_is_refused(desk) -> None:
    assert desk.send("giv-videre", to_person_id="999999", reason="x").status_code == 422
    assert desk.send("til-siden", unit_id="abc", reason="x").status_code == 422
    assert desk.client.post(f"{desk.address}/findes-ikke").status_code == 404
