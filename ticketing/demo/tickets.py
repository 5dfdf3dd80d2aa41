"""Six weeks of questions in the demo municipality, lived through with the real actions and moved time."""

import random
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from ticketing.demo.gaps import leave_gaps
from ticketing.demo.history import History
from ticketing.demo.life import TO_THE_END, Life
from ticketing.demo.rollout import live_rollout
from ticketing.demo.staged import staged
from ticketing.demo.stories import STORIES
from ticketing.demo.workdays import working_moment
from ticketing.organisation.models import Municipality, Unit
from ticketing.vocabulary import Sector, UnitKind
from ticketing.work.models import OutboxMessage

#: Of those that have lain for a week, so many were left where they stood: something for the leader's page.
FORGOTTEN = 0.15


def load_tickets(
    session: Session, municipality: Municipality, count: int, seed: int, now: datetime, *, placed: bool = True
) -> None:
    """Opens `count` questions over the last six weeks before `now` and lets people handle them, inside the
    caller's transaction: where `placed`, first those that the sign-ins shall find, with the gaps in cover;
    the rest is drawn. Deadlines fire at their own times. The mails of that time count as sent: a demo never
    writes to anybody."""
    chance = random.Random(f"tickets:{seed}")  # noqa: S311 - made-up days, no secret
    history = History(session, now)
    if placed and count:
        leave_gaps(session, municipality, history)
        live_rollout(session, municipality, history, random.Random(f"rollout:{seed}"), now)  # noqa: S311
    scenes = staged(session, municipality, chance, now)[:count] if placed else []
    for at, steps in scenes:
        history.add(at, steps)
    places = _places(session, municipality)
    for at in sorted(working_moment(chance, now) for _ in range(count - len(scenes))):
        story = chance.choices(STORIES, [story.weight for story in STORIES])[0]
        unit = chance.choice(places[chance.choice([s for s in story.sectors if places[s]])])
        history.add(at, Life(session, municipality, chance, story, unit, at).whole(_steps(chance, at, now)))
    history.run()
    session.flush()
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.municipality_id == municipality.id, OutboxMessage.sent_at.is_(None))
        .values(sent_at=OutboxMessage.created_at, next_try_at=None)
    )


def _steps(chance: random.Random, at: datetime, now: datetime) -> int:
    """How many people have a question before it is forgotten. Nothing lies forgotten for many weeks."""
    lain = now - at
    if timedelta(days=5) < lain < timedelta(days=14) and chance.random() < FORGOTTEN:
        return chance.randrange(3)
    return TO_THE_END


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
