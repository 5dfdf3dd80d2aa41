"""What an item is about, who may see it and who follows it."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete

from ticketing.ladder.rules import way_for
from ticketing.organisation.models import Person
from ticketing.vocabulary import EventKind, ItemId, Lane, PersonId, Priority
from ticketing.work.change import Actor, changing
from ticketing.work.errors import MissingReason, UnknownTarget
from ticketing.work.models import Watcher, WorkItem
from ticketing.work.opening import tell_informed
from ticketing.work.queries import facts_of, ladder_config
from ticketing.work.rules import Action


def reclassify(
    item_id: ItemId,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
    category: str | None = None,
    lane: Lane | None = None,
    priority: Priority | None = None,
    version: int | None = None,
) -> WorkItem:
    """Category, lane and priority, with a reason (domain §2, "Lanes"). Targets follow, used time carries
    over; a change to `brud` tells those who must know (R8). None: as it was."""
    if not reason.strip():
        raise MissingReason
    with changing(item_id, actor, now, Action.RECLASSIFY, version) as change:
        item = change.item
        if category is not None and category not in ladder_config().categories:
            raise UnknownTarget
        told_before = way_for(change.ladder, facts_of(item)).tells
        changed: dict[str, Any] = {}
        wanted = (("category", category), ("lane", lane), ("priority", priority))
        for name, value in wanted:
            if value is not None and value != getattr(item, name):
                changed |= {f"from_{name}": str(getattr(item, name)), name: str(value)}
                setattr(item, name, value)
        if not changed:
            return item
        if item.lane is Lane.BREACH:
            item.confidential = True
        event = change.record(EventKind.RECLASSIFIED, reason, **changed, policy=change.policy(same_visit=True))
        tells = way_for(change.ladder, facts_of(item)).tells
        if tells - told_before:
            tell_informed(change, event, tells)
        return item


def set_confidential(
    item_id: ItemId,
    actor: Actor,
    now: datetime,
    *,
    confidential: bool,
    reason: str,
    version: int | None = None,
) -> WorkItem:
    """*Fortrolig*: only those who work on the item and those named to follow it may read it."""
    if not reason.strip():
        raise MissingReason
    with changing(item_id, actor, now, Action.SET_CONFIDENTIAL, version) as change:
        change.item.confidential = confidential
        change.record(EventKind.CONFIDENTIAL if confidential else EventKind.NOT_CONFIDENTIAL, reason)
        return change.item


def watch(item_id: ItemId, actor: Actor, now: datetime, person_id: PersonId | None = None) -> WorkItem:
    """*Følg*: the actor, or a colleague whom the actor asks for help (R6: the owner stays the same)."""
    with changing(item_id, actor, now, Action.WATCH) as change:
        person = change.session.get(Person, person_id or actor.person_id)
        if person is None or person.municipality_id != change.item.municipality_id:
            raise UnknownTarget
        change.watch(person.id)
        event = change.record(EventKind.WATCHED, person=person.id)
        change.tell(event, [person.id], "En kollega beder dig om at følge en sag.")
        return change.item


def unwatch(item_id: ItemId, actor: Actor, now: datetime, person_id: PersonId | None = None) -> WorkItem:
    """Stops following; not following is no error."""
    with changing(item_id, actor, now, Action.UNWATCH) as change:
        who = person_id or actor.person_id
        gone = delete(Watcher).where(Watcher.item_id == item_id, Watcher.person_id == who)
        change.session.execute(gone)
        change.record(EventKind.UNWATCHED, person=who)
        return change.item
