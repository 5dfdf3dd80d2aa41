"""A municipality's calendars and targets change: a new edition, and what it does to the items under way.

1. `apply_edition` keeps the two texts as the next edition and puts it in force, in one transaction. Items that
   are opened or moved from then on go by it, in every process.
2. `work.spreading` goes through the open items, and `follow_edition` writes one POLICY_CHANGED event on each
   whose targets or hours are others now. FROM_NOW: what is used stays used. FROM_START: its running clocks
   are counted anew. What has fired, and every verdict, stays.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing.clocks.config import ClockConfig, ClockTexts, load_clock_texts
from ticketing.clocks.editions import edition, in_force_for_writing
from ticketing.clocks.effects import effect_of, means_the_same
from ticketing.clocks.models import ClockEdition
from ticketing.clocks.running import Calendars, ClockEvent
from ticketing.configuration import ConfigurationError
from ticketing.database import transaction
from ticketing.organisation.models import Municipality, Unit
from ticketing.vocabulary import EventKind, MunicipalityId, Reach
from ticketing.work.change import Actor, Change, clock_events
from ticketing.work.errors import EditionChanged, MissingReason, NothingNew
from ticketing.work.queries import calendars, clock_config

REASON_LENGTH = 500


def checked(session: Session, municipality_id: MunicipalityId, found: ClockConfig) -> ClockConfig:
    """`found`, if this municipality can go by it. Raises `ConfigurationError` when a unit follows a calendar
    that it no longer has."""
    wanted = select(Unit.calendar, func.min(Unit.name)).where(
        Unit.municipality_id == municipality_id, Unit.calendar.is_not(None)
    )
    lacking = [
        (0, f"calendars.{key}", f"expected this calendar, {name} follows it")
        for key, name in session.execute(wanted.group_by(Unit.calendar).order_by(Unit.calendar))
        if key not in found.calendars
    ]
    if lacking:
        raise ConfigurationError(Path("calendars.yaml"), lacking)
    return found


def apply_edition(
    municipality_id: MunicipalityId,
    actor: Actor,
    now: datetime,
    texts: ClockTexts,
    *,
    reach: Reach,
    reason: str,
    based_on: int | None = None,
) -> ClockEdition:
    """Keeps `texts` as the municipality's next edition, in force at once. `based_on` is the number of the
    edition that the texts were made from (None: not asked).

    Raises `MissingReason`, `ConfigurationError`, `EditionChanged` when there is a newer one than `based_on`,
    and `NothingNew` for the texts in force.
    """
    if not reason.strip():
        raise MissingReason
    with transaction() as session:
        municipality = session.get_one(
            Municipality, municipality_id, with_for_update=True, populate_existing=True
        )
        standing = in_force_for_writing(session, municipality_id, clock_config(), now)
        newest = _newest(session, municipality_id)
        if based_on is not None and based_on != newest.number:
            raise EditionChanged(based_on, newest.number)
        if texts == standing.texts and reach is Reach.FROM_NOW:
            raise NothingNew
        checked(session, municipality_id, load_clock_texts(texts))
        made = ClockEdition(
            municipality_id=municipality_id,
            number=newest.number + 1,
            calendars=texts.calendars,
            targets=texts.targets,
            reach=reach,
            in_force_from=now,
            made_at=now,
            made_by_id=actor.person_id,
            reason=reason.strip()[:REASON_LENGTH],
            again_at=now,
        )
        session.add(made)
        session.flush()
        municipality.clock_edition = made.id
        session.flush()
        return made


def follow_edition(change: Change, made: ClockEdition) -> bool:
    """Lets an open item go by the edition `made`; whether it got an event."""
    policy = change.policy(edition(change.session, made.id), same_visit=True)
    events = clock_events(change.events)
    if not concerns(events, policy, made.id, made.reach, change.now, calendars(change.session)):
        return False
    change.record(
        EventKind.POLICY_CHANGED, policy=policy, edition=made.id, number=made.number, reach=made.reach.value
    )
    return True


def concerns(
    events: Sequence[ClockEvent],
    policy: Mapping[str, Any],
    edition_id: int,
    reach: Reach,
    now: datetime,
    calendars: Calendars,
) -> bool:
    """Whether an item with these events has to follow the edition, whose targets for it are `policy`. Not when
    it was opened by it, has followed already, goes by a newer one, or when nothing would be another."""
    policies = [event.data["policy"] for event in events if "policy" in event.data]
    if not policies or _edition(policies[0]) >= edition_id or _edition(policies[-1]) > edition_id:
        return False
    if any(event.kind is EventKind.POLICY_CHANGED and event.data["edition"] == edition_id for event in events):
        return False
    if not means_the_same(policies[-1], policy, calendars):
        return True
    return reach is Reach.FROM_START and effect_of(events, policy, reach, now, calendars).changes


def _edition(policy: Mapping[str, Any]) -> int:
    return int(policy.get("edition") or 0)


def _newest(session: Session, municipality_id: MunicipalityId) -> ClockEdition:
    of_town = select(ClockEdition).where(ClockEdition.municipality_id == municipality_id)
    return session.scalars(of_town.order_by(ClockEdition.number.desc()).limit(1)).one()
