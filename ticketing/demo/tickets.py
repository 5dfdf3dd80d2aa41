"""Six weeks of questions in the demo municipality, lived through with the real actions and moved time."""

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from ticketing.database import path_range
from ticketing.demo.names import FIRST, LAST
from ticketing.demo.stories import STORIES, Story
from ticketing.ladder.config import LadderConfig
from ticketing.organisation.models import Municipality, Person, Post, Unit
from ticketing.organisation.queries import valid_on
from ticketing.vocabulary import RUNG_HEIGHT, Channel, PersonId, RequesterRole, Role, Rung, Sector, UnitKind
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
from ticketing.work.models import OutboxMessage, WorkItem

ZONE = ZoneInfo("Europe/Copenhagen")
WEEKS = 6
#: Of those that have lain for a while, so many were left where they stood: something for the leader's page.
FORGOTTEN = 0.08


class TooLate(Exception):
    """The story's next step lies after the present: it stands open where it is."""


def load_tickets(session: Session, municipality: Municipality, count: int, seed: int, now: datetime) -> None:
    """Opens `count` questions over the last six weeks before `now` and lets people handle them, inside the
    caller's transaction. The mails of that time count as sent: a demo never writes to anybody."""
    chance = random.Random(f"tickets:{seed}")  # noqa: S311 - made-up days, no secret
    places = _places(session, municipality)
    opened = sorted(_working_moment(chance, now) for _ in range(count))
    for at in opened:
        _Life(session, municipality, chance, now).play(at, places)
    session.flush()
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.municipality_id == municipality.id, OutboxMessage.sent_at.is_(None))
        .values(sent_at=OutboxMessage.created_at, next_try_at=None)
    )


class _Life:
    """One question from its first word to where it stands now."""

    def __init__(
        self, session: Session, municipality: Municipality, chance: random.Random, end: datetime
    ) -> None:
        self.session, self.municipality, self.chance, self.end = session, municipality, chance, end
        self.at = end

    def play(self, at: datetime, places: dict[Sector, list[Unit]]) -> None:
        """Opened `at` in one of `places`, then step by step until it is solved or the present is reached."""
        self.at = at
        story = self.chance.choices(STORIES, [story.weight for story in STORIES])[0]
        unit = self.chance.choice(places[self.chance.choice([s for s in story.sectors if places[s]])])
        item = self._open(story, unit)
        is_old = self.end - at > timedelta(days=5)
        steps_taken = self.chance.randrange(3) if is_old and self.chance.random() < FORGOTTEN else 99
        try:
            self._handle(story, item, steps_taken)
        except TooLate:
            return

    def _open(self, story: Story, unit: Unit) -> WorkItem:
        staff = self._holder(frozenset({Role.EMPLOYEE}), unit.path) or self._holder(frozenset(Role), unit.path)
        by_mail = story.asker is RequesterRole.PARENT and self.chance.random() < 0.4
        own = story.asker is RequesterRole.EMPLOYEE
        parent = f"{self.chance.choice(FIRST)} {self.chance.choice(LAST)}"
        draft = Draft(
            municipality_id=self.municipality.id,
            unit_id=unit.id,
            title=story.title,
            body=story.body,
            category=story.category,
            channel=Channel.MAIL
            if by_mail
            else self.chance.choice([Channel.FORM, Channel.FORM, Channel.PHONE]),
            requester_role=story.asker,
            requester_id=staff if own else None,
            requester_name=None if own else parent,
            requester_email=f"hjem{self.chance.randrange(9000)}@post.example" if by_mail else None,
            logged_by_id=None if by_mail else staff,
        )
        return open_ticket(draft, REQUESTER if by_mail else Actor("person", staff), self.at)

    def _handle(self, story: Story, item: WorkItem, steps_taken: int) -> None:
        for _ in range(steps_taken):
            self._pass_time()
            who = self._actor(item)
            take(item.id, who, self.at)
            if self._can_answer(story, item):
                self._finish(story, item, who)
                return
            self._pass_time()
            handover = Handover(
                tried="Set efter i vejledningen og prøvet sammen med melderen.",
                affected=story.affected,
                since="siden i går",
                error_text="Ingen fejltekst, kun en tom side.",
            )
            escalate(item.id, who, self.at, reason="Det ligger uden for det, vi kan rette.", handover=handover)

    def _finish(self, story: Story, item: WorkItem, who: Actor) -> None:
        if item.requester_email and self.chance.random() < 0.25:
            self._pass_time()
            ask_requester(item.id, who, self.at, text="Hvilken telefon bruger du, og hvad står der på skærmen?")
            self._pass_time()
            requester_writes(
                item.id, self.at, "Det er en almindelig telefon, og der står bare, at det ikke går."
            )
        if story.vendor:
            self._ask_vendor(story.vendor, item, who)
        elif self.chance.random() < 0.2:
            self._pass_time()
            answer(item.id, who, self.at, text="Jeg ser på det og vender tilbage i dag.")
        self._pass_time()
        solve(item.id, who, self.at, text=story.answer)

    def _ask_vendor(self, vendor: str, item: WorkItem, who: Actor) -> None:
        config: LadderConfig = current_app.extensions["ladder"]
        chosen = config.vendors[vendor]
        self._pass_time()
        wait_for_vendor(
            item.id,
            who,
            self.at,
            vendor=vendor,
            reference=f"VS-{self.chance.randrange(10_000, 99_999)}",
            ask_again_at=self.at + timedelta(days=chosen.ask_again_days),
            fields=dict.fromkeys(chosen.fields, "Set efter, se sagens første besked"),
        )
        self._pass_time()
        resume(item.id, who, self.at, reason="Leverandøren har svaret.")

    def _can_answer(self, story: Story, item: WorkItem) -> bool:
        beside = {Rung.LEADER, Rung.PROJECT}
        if story.ends_at in beside or item.rung in beside:
            return item.rung is story.ends_at or item.rung is Rung.PROJECT
        return RUNG_HEIGHT[item.rung] >= RUNG_HEIGHT[story.ends_at]

    def _actor(self, item: WorkItem) -> Actor:
        """Somebody who serves the item's queue; the ladder never leaves an item where there is nobody."""
        config: LadderConfig = current_app.extensions["ladder"]
        roles = config.ladders[self.municipality.ladder].steps[item.step].roles
        person = self._holder(roles, item.queue_path)
        if person is None:
            raise LookupError(f"nobody serves the queue {item.step} at {item.queue_path}")
        return Actor("person", person)

    def _holder(self, roles: frozenset[Role], path: str) -> PersonId | None:
        low, high = path_range(path)
        posts = and_(
            Post.municipality_id == self.municipality.id,
            Post.role.in_(roles),
            Unit.path >= low,
            Unit.path < high,
            valid_on(self.at.date()),
        )
        found = select(Post.person_id).join(Unit, Unit.id == Post.unit_id).where(posts).order_by(Post.id)
        people = self.session.scalars(found.limit(12)).all()
        return self.chance.choice(people) if people else None

    def _pass_time(self) -> None:
        """On to some later minute of a working day: often soon, now and then after a few days."""
        hours = self.chance.choice([0.2, 0.5, 1, 2, 3, 5, 24, 30, 50])
        self.at = _in_working_hours(self.at + timedelta(hours=hours * (0.5 + self.chance.random())))
        if self.at >= self.end:
            raise TooLate


def _places(session: Session, municipality: Municipality) -> dict[Sector, list[Unit]]:
    """Where questions come from: departments, and playgroups, which have none."""
    places: dict[Sector, list[Unit]] = {sector: [] for sector in Sector}
    leaf = or_(
        Unit.kind == UnitKind.DEPARTMENT,
        and_(Unit.sector == Sector.DAGPLEJE, Unit.kind == UnitKind.INSTITUTION),
    )
    wanted = select(Unit).where(Unit.municipality_id == municipality.id, leaf).order_by(Unit.id)
    for unit in session.scalars(wanted):
        if unit.sector is not None:
            places[unit.sector].append(unit)
    return places


def _working_moment(chance: random.Random, now: datetime) -> datetime:
    """A moment of the last six weeks; the last days come more often, and half of a day's before nine."""
    back = WEEKS * 7 * chance.random() ** 1.5
    day = (now - timedelta(days=back)).astimezone(ZONE).date()
    hour = chance.uniform(7.2, 9) if chance.random() < 0.5 else chance.uniform(9, 15)
    moment = datetime.combine(day, time(), ZONE) + timedelta(hours=hour)
    return min(_in_working_hours(moment.astimezone(UTC)), now - timedelta(minutes=5))


def _in_working_hours(moment: datetime) -> datetime:
    local = moment.astimezone(ZONE)
    if local.hour >= 15:
        local = _morning(local.date() + timedelta(days=1), local.minute)
    elif local.hour < 7:
        local = _morning(local.date(), local.minute)
    while local.weekday() >= 5:
        local = _morning(local.date() + timedelta(days=1), local.minute)
    return local.astimezone(UTC)


def _morning(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(7, 40), ZONE) + timedelta(minutes=minute)


def has_items(session: Session, municipality: Municipality) -> bool:
    """Whether anything has been asked in this municipality yet."""
    mine = select(func.count()).select_from(WorkItem).where(WorkItem.municipality_id == municipality.id)
    return bool(session.scalar(mine))


def signed_in_as(session: Session, municipality: Municipality, key: str) -> Person:
    """The drawn person `key`."""
    mine = and_(Person.municipality_id == municipality.id, Person.key == key)
    return session.scalars(select(Person).where(mine)).one()
