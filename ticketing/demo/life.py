"""One question from its first word to where it stands now, step by step with the real actions."""

import random
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from ticketing.database import path_range
from ticketing.demo.history import Steps
from ticketing.demo.names import FIRST, LAST
from ticketing.demo.story import Story
from ticketing.demo.workdays import in_working_hours
from ticketing.ladder.config import LadderConfig
from ticketing.organisation.models import Absence, Municipality, Post, Unit
from ticketing.organisation.queries import valid_on
from ticketing.vocabulary import RUNG_HEIGHT, Channel, ItemId, PersonId, RequesterRole, Role, Rung, State
from ticketing.work.actions import (
    REQUESTER,
    Actor,
    Draft,
    Handover,
    answer,
    ask_requester,
    escalate,
    open_ticket,
    requester_writes,
    resume,
    solve,
    take,
    wait_for_vendor,
)
from ticketing.work.models import WorkItem

#: More steps than any story has.
TO_THE_END = 99


class Life:
    """A story at a unit. `asker_id` is a member of staff who asks, where the story wants one in particular."""

    item: WorkItem

    def __init__(
        self,
        session: Session,
        municipality: Municipality,
        chance: random.Random,
        story: Story,
        unit: Unit,
        at: datetime,
        *,
        asker_id: PersonId | None = None,
    ) -> None:
        self.session, self.municipality, self.chance = session, municipality, chance
        self.story, self.unit, self.at, self.asker_id = story, unit, at, asker_id

    def whole(self, steps_taken: int = TO_THE_END) -> Steps:
        """Asked, then handled up the ladder until it is solved or `steps_taken` people have had it."""
        self.open()
        for _ in range(steps_taken):
            yield self.later()
            if not self.item.is_open:
                return
            who = self.actor()
            if self.item.holder_id is None:
                take(self.id, who, self.at)
            if self._can_answer():
                yield from self._finish(who)
                return
            yield self.later()
            if self.item.is_open and self.item.holder_id is not None:
                self.climb()

    @property
    def id(self) -> ItemId:
        return ItemId(self.item.id)

    def open(self) -> WorkItem:
        """The question is asked."""
        story = self.story
        staff = self.asker_id or self._of(frozenset({Role.EMPLOYEE}), self.unit.path)
        by_mail = story.asker is RequesterRole.PARENT and self.chance.random() < 0.4
        own = story.asker is RequesterRole.EMPLOYEE
        parent = f"{self.chance.choice(FIRST)} {self.chance.choice(LAST)}"
        channel = self.chance.choice([Channel.FORM, Channel.FORM, Channel.PHONE])
        draft = Draft(
            municipality_id=self.municipality.id,
            unit_id=self.unit.id,
            title=story.title,
            body=story.body,
            category=story.category,
            channel=Channel.MAIL if by_mail else channel,
            requester_role=story.asker,
            requester_id=staff if own else None,
            requester_name=None if own else parent,
            requester_email=f"hjem{self.chance.randrange(9000)}@post.example" if by_mail else None,
            logged_by_id=None if by_mail else staff,
        )
        self.item = open_ticket(draft, REQUESTER if by_mail else Actor("person", staff), self.at)
        return self.item

    def later(self) -> datetime:
        """On to some later minute of a working day: often soon, now and then after a few days."""
        hours = self.chance.choice([0.2, 0.5, 1, 2, 3, 5, 24, 30, 50])
        self.at = in_working_hours(self.at + timedelta(hours=hours * (0.5 + self.chance.random())))
        return self.at

    def climb(self) -> None:
        """*Send videre op* with what the next one needs to know."""
        handover = Handover(
            tried="Set efter i vejledningen og prøvet sammen med melderen.",
            affected=self.story.affected,
            since="siden i går",
            error_text="Ingen fejltekst, kun en tom side.",
        )
        reason = "Det ligger uden for det, vi kan rette."
        escalate(self.id, self.actor(), self.at, reason=reason, handover=handover)

    def actor(self) -> Actor:
        """The item's holder, or somebody who serves its queue; the ladder never leaves an item where there
        is nobody."""
        if self.item.holder_id is not None:
            return Actor("person", PersonId(self.item.holder_id))
        config: LadderConfig = current_app.extensions["ladder"]
        roles = config.ladders[self.municipality.ladder].steps[self.item.step].roles
        return Actor("person", self._of(roles, self.item.queue_path))

    def _finish(self, who: Actor) -> Steps:
        if self.item.requester_email and self.chance.random() < 0.25:
            yield self.later()
            question = "Hvilken telefon bruger du, og hvad står der på skærmen?"
            ask_requester(self.id, who, self.at, text=question)
            yield self.later()
            reply = "Det er en almindelig telefon, og der står bare, at det ikke går."
            requester_writes(self.id, self.at, reply)
        if self.story.vendor:
            yield from self._ask_vendor(self.story.vendor, who)
        elif self.chance.random() < 0.2:
            yield self.later()
            answer(self.id, who, self.at, text="Jeg ser på det og vender tilbage i dag.")
        yield self.later()
        if self.item.is_open:
            solve(self.id, self.actor(), self.at, text=self.story.answer)

    def _ask_vendor(self, vendor: str, who: Actor) -> Steps:
        config: LadderConfig = current_app.extensions["ladder"]
        chosen = config.vendors[vendor]
        yield self.later()
        wait_for_vendor(
            self.id,
            who,
            self.at,
            vendor=vendor,
            reference=f"VS-{self.chance.randrange(10_000, 99_999)}",
            ask_again_at=self.at + timedelta(days=chosen.ask_again_days),
            fields=dict.fromkeys(chosen.fields, "Set efter, se sagens første besked"),
        )
        yield self.later()
        if self.item.state is State.WAITING_VENDOR:
            resume(self.id, self.actor(), self.at, reason="Leverandøren har svaret.")

    def _can_answer(self) -> bool:
        beside = {Rung.LEADER, Rung.PROJECT}
        ends_at, rung = self.story.ends_at, self.item.rung
        if ends_at in beside or rung in beside:
            return rung is ends_at or rung is Rung.PROJECT
        return RUNG_HEIGHT[rung] >= RUNG_HEIGHT[ends_at]

    def _of(self, roles: frozenset[Role], path: str) -> PersonId:
        """Somebody present with one of `roles` inside `path`, or the deputy of one who is away."""
        low, high = path_range(path)
        posts = and_(
            Post.municipality_id == self.municipality.id,
            Post.role.in_(roles),
            Unit.path >= low,
            Unit.path < high,
            valid_on(self.at.date()),
        )
        found = select(Post.person_id).join(Unit, Unit.id == Post.unit_id).where(posts).order_by(Post.id)
        away = self._away()
        people = [away.get(person, person) for person in self.session.scalars(found.limit(12))]
        present = [person for person in people if person is not None]
        if not present:
            raise LookupError(f"nobody with {sorted(roles)} at {path}")
        return self.chance.choice(present)

    def _away(self) -> dict[PersonId, PersonId | None]:
        now = and_(Absence.starts_at <= self.at, or_(Absence.ends_at.is_(None), Absence.ends_at > self.at))
        rows = self.session.execute(select(Absence.person_id, Absence.deputy_id).where(now))
        return {row.person_id: row.deputy_id for row in rows}
