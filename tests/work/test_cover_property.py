"""Whatever sequence of moves, absences and departures came before: an open item stands in exactly one queue,
and at least one present person can see it."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from tests.factories import small_municipality
from ticketing.accounts.queries import load_viewer
from ticketing.accounts.visibility import visible
from ticketing.database import db
from ticketing.organisation.models import Absence, Person
from ticketing.vocabulary import Affected, Channel, Lane, RequesterRole
from ticketing.work import actions, cover
from ticketing.work.actions import SYSTEM, Actor, Draft, Handover
from ticketing.work.errors import WorkError
from ticketing.work.models import WorkItem
from ticketing.work.queries import absences_now, item_facts, ladder_of, surroundings
from ticketing.work.rules import Standing

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FULL = Handover("prøvet", Affected.ONE, "i dag", "fejl")
CATEGORIES = ["LOGIN", "GRUPPE", "KOMGA", "BRUD", "ORG", "OENSKE", "FAMILIE"]
UNITS = ["school", "school_indskoling", "daycare", "daycare_room", "playgroup"]


class Town(RuleBasedStateMachine):
    """A small municipality in which everything happens."""

    empty = staticmethod(lambda: None)

    @initialize()
    def arrange(self) -> None:
        db.session.rollback()
        db.session.expunge_all()
        self.empty()
        self.town = small_municipality()
        db.session.commit()
        self.now = START
        self.keepers = {person.id for person in self.town.project_group}
        self.people = sorted(
            person for person in db.session.scalars(select(Person.id)).all() if person not in self.keepers
        )

    def tick(self) -> datetime:
        self.now += timedelta(minutes=7)
        return self.now

    @rule(
        unit=st.sampled_from(UNITS),
        category=st.sampled_from(CATEGORIES),
        who=st.sampled_from(RequesterRole),
        technical=st.booleans(),
    )
    def ask(self, unit: str, category: str, who: RequesterRole, technical: bool) -> None:
        draft = Draft(
            municipality_id=self.town.municipality.id,
            unit_id=getattr(self.town, unit).id,
            title="Spørgsmål",
            body="Tekst",
            category=category,
            channel=Channel.FORM,
            requester_role=who,
            requester_email="mor@example.org",
            lane=Lane.TECHNICAL if technical else None,
        )
        actions.open_ticket(draft, actions.REQUESTER, self.tick())

    @rule(pick=st.integers(0, 30), move=st.sampled_from(["escalate", "refer", "back", "take", "ask", "reopen"]))
    def act(self, pick: int, move: str) -> None:
        items = db.session.scalars(select(WorkItem).order_by(WorkItem.id)).all()
        if not items:
            return
        item = items[pick % len(items)]
        owner = self.somebody_for(item)
        now = self.tick()
        try:
            match move:
                case "escalate":
                    actions.escalate(item.id, owner, now, handover=FULL, reason="videre")
                case "refer":
                    actions.refer(item.id, owner, now, reason="hører til hos jer")
                case "back":
                    actions.return_to_sender(item.id, owner, now, question="Hvilken?")
                case "take":
                    actions.take(item.id, owner, now)
                case "ask":
                    actions.ask_requester(item.id, owner, now, text="Hvilken?")
                case "reopen":
                    actions.solve(item.id, owner, now, text="løst")
                    actions.reopen(item.id, owner, self.tick(), reason="virker ikke")
        except WorkError:
            pass

    @precondition(lambda self: len(self.people) > 3)
    @rule(pick=st.integers(0, 60), deputy=st.integers(0, 60), planned=st.booleans())
    def go_away(self, pick: int, deputy: int, planned: bool) -> None:
        person = self.people[pick % len(self.people)]
        stand_in = self.people[deputy % len(self.people)]
        now = self.tick()
        starts = now + timedelta(minutes=5) if planned else now
        cover.set_absence(
            person,
            SYSTEM,
            now,
            starts_at=starts,
            ends_at=None,
            deputy_id=stand_in if stand_in != person else None,
        )
        cover.hand_on_what_is_due(self.tick())

    @rule(pick=st.integers(0, 60))
    def come_back(self, pick: int) -> None:
        absences = db.session.scalars(select(Absence.id).where(Absence.ends_at.is_(None))).all()
        if absences:
            cover.end_absence(absences[pick % len(absences)], SYSTEM, self.tick())

    @precondition(lambda self: len(self.people) > 3)
    @rule(pick=st.integers(0, 60))
    def leave(self, pick: int) -> None:
        person = self.people.pop(pick % len(self.people))
        cover.person_leaves(person, SYSTEM, self.tick(), on=self.now.date())

    @invariant()
    def every_open_item_can_be_seen_by_somebody_present(self) -> None:
        if not hasattr(self, "town"):
            return
        away = absences_now(db.session(), self.town.municipality.id, self.now)
        here = [pid for pid in (*self.people, *self.keepers) if pid not in away]
        seen: set[int] = set()
        for person in here:
            viewer = load_viewer(person, self.now)
            rows = db.session.execute(
                select(WorkItem.id, WorkItem.step, WorkItem.queue_path).where(WorkItem.is_open, visible(viewer))
            ).all()
            seen |= {row.id for row in rows if self.serves(row.id, person)}
        every = set(db.session.scalars(select(WorkItem.id).where(WorkItem.is_open)).all())
        assert every <= seen, f"nobody present sees {every - seen}"

    def serves(self, item_id: int, person: int) -> bool:
        item = db.session.get_one(WorkItem, item_id)
        around = surroundings(db.session(), item.municipality_id, item.unit_path, self.now)
        facts = item_facts(item, [], person, ladder_of(db.session(), item.municipality_id), around)
        return facts.standing is Standing.OWNER

    def somebody_for(self, item: WorkItem) -> Actor:
        for person in (*self.people, *self.keepers):
            if self.serves(item.id, person):
                return Actor("person", person)
        return Actor("person", next(iter(self.keepers)))


def test_an_open_item_always_stands_where_somebody_present_sees_it(session, start_over) -> None:
    Town.empty = staticmethod(start_over)
    run_state_machine_as_test(
        Town,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
