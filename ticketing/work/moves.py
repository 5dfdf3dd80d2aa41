"""Moves on the ladder: up, down, back and to the side (R3–R7). Each is one transaction and one event."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from ticketing.ladder.rules import (
    Target,
    bounce_target,
    home_of,
    is_jump,
    missing_handover,
    next_target,
    refer_target,
    servers_of,
    sideways_allowed,
)
from ticketing.organisation.models import Unit
from ticketing.privacy.cpr import mask
from ticketing.vocabulary import Affected, EventKind, ItemId, PersonId, State, UnitId
from ticketing.work.change import Actor, Change, changing
from ticketing.work.errors import MissingHandover, MissingReason, NobodyThere, UnknownTarget
from ticketing.work.models import WorkItem
from ticketing.work.opening import after_arrival
from ticketing.work.queries import facts_of, last_sender, surroundings
from ticketing.work.rules import Action


@dataclass(frozen=True)
class Handover:
    """R9: what goes up with an item. Only what is new; what the item knows already stays."""

    tried: str | None = None
    affected: Affected | None = None
    since: str | None = None
    error_text: str | None = None


NOTHING_NEW = Handover()


def escalate(
    item_id: ItemId,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
    handover: Handover = NOTHING_NEW,
    to_step: str | None = None,
    version: int | None = None,
) -> WorkItem:
    """*Løft*: up to the next rung's queue (R3), to a queue and never to a person.

    1. The hand-over is kept, and what the next rung needs must be there (R9, `MissingHandover`); a clock
       that lifts an item (actor system) carries what there is.
    2. Passing over a rung that is manned needs a reason (`MissingReason`), except P1, `brud` and R4.
    3. A rung without anybody is passed over and the item is tagged.
    Raises `NobodyThere` at the top of the way and `UnknownTarget` for a step that is not above.
    """
    with changing(item_id, actor, now, Action.ESCALATE, version) as change:
        item, facts = change.item, facts_of(change.item)
        target = next_target(change.ladder, facts, item.step, change.around.places, to_step)
        if target is None:
            raise UnknownTarget if to_step else NobodyThere
        _keep_handover(item, handover)
        if actor.kind != "system":
            missing = missing_handover(change.ladder, target.step.rung, _known(item))
            if missing:
                raise MissingHandover(missing)
            jump = is_jump(change.ladder, facts, item.step, target.step.key, change.around.places)
            if jump and not reason.strip():
                raise MissingReason
        _go(change, EventKind.ESCALATED, target, reason, "En sag er løftet til din kø.")
        return item


def refer(
    item_id: ItemId,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
    unit_id: UnitId | None = None,
    version: int | None = None,
) -> WorkItem:
    """*Henvis* (R5): down to the right holder, found from institution and sector, not a reopening; the total
    clock runs on. The one who refers keeps a watch. With `unit_id`, the item's unit is put right first."""
    if not reason.strip():
        raise MissingReason
    with changing(item_id, actor, now, Action.REFER, version) as change:
        item = change.item
        if unit_id is not None and unit_id != item.unit_id:
            _change_unit(change, unit_id)
        target = refer_target(change.ladder, facts_of(item), item.step, change.around.places)
        if target is None:
            raise NobodyThere
        change.watch(actor.person_id)
        _go(change, EventKind.REFERRED, target, reason, "En sag er henvist til din kø.")
        return item


def return_to_sender(
    item_id: ItemId, actor: Actor, now: datetime, *, question: str, version: int | None = None
) -> WorkItem:
    """*Send tilbage* (R7): to the very person who sent it, with a question. The ladder's bounce limit makes
    the administrator its owner, so that nobody plays ping-pong."""
    return _send_back(item_id, actor, now, Action.RETURN_TO_SENDER, question, version)


def not_ours(
    item_id: ItemId, actor: Actor, now: datetime, *, reason: str, version: int | None = None
) -> WorkItem:
    """*Ikke vores*: back to the sender with a reason; counts as a bounce like a return (R7)."""
    return _send_back(item_id, actor, now, Action.NOT_OURS, reason, version)


def move_sideways(
    item_id: ItemId, actor: Actor, now: datetime, *, unit_id: UnitId, reason: str, version: int | None = None
) -> WorkItem:
    """R6: to the same step of another unit of the institution or sector; between sectors only by those who
    coordinate. The item stays the reporter's unit's, its queue moves. Raises `UnknownTarget`."""
    if not reason.strip():
        raise MissingReason
    with changing(item_id, actor, now, Action.MOVE_SIDEWAYS, version) as change:
        item = change.item
        unit = change.session.get(Unit, unit_id)
        if unit is None or unit.municipality_id != item.municipality_id:
            raise UnknownTarget
        there = surroundings(change.session, item.municipality_id, unit.path, now).places
        if not sideways_allowed(change.ladder, item.step, change.around.places.chain, there.chain):
            raise UnknownTarget
        step = change.ladder.steps[item.step]
        place = home_of(step, there)
        if place is None or place.id == item.queue_unit_id:
            raise UnknownTarget
        servers = servers_of(step, place, there.servers)
        if not any(server.is_reachable for server in servers):
            raise NobodyThere
        change.watch(actor.person_id)
        target = Target(step, place, servers=servers)
        _go(change, EventKind.MOVED_SIDEWAYS, target, reason, "En sag er flyttet til din kø.")
        return item


def move_unit(
    item_id: ItemId, actor: Actor, now: datetime, *, unit_id: UnitId, reason: str, version: int | None = None
) -> WorkItem:
    """Puts right which unit an item is about; its queue follows to the same step there, or to the next one
    with somebody present. Used time carries over."""
    if not reason.strip():
        raise MissingReason
    with changing(item_id, actor, now, Action.MOVE_UNIT, version) as change:
        item = change.item
        from_unit = item.unit_id
        _change_unit(change, unit_id)
        target = _same_step_or_next(change)
        change.set_state(State.NEW)
        moved = change.place(target, same_visit=target.step.key == item.step)
        change.record(EventKind.MOVED_UNIT, reason, about_from=from_unit, about_to=unit_id, **moved)
        after_arrival(change, target, "En sag er flyttet til din kø.")
        return item


def _same_step_or_next(change: Change) -> Target:
    """Where an item stands after its unit changed: the same step of the new unit where there is somebody."""
    step = change.ladder.steps[change.item.step]
    around = change.around.places
    place = home_of(step, around)
    servers = servers_of(step, place, around.servers) if place else ()
    if place is not None and any(server.is_reachable for server in servers):
        return Target(step, place, servers=servers)
    target = next_target(change.ladder, facts_of(change.item), step.key, around)
    return target or bounce_target(change.ladder, around)


def _send_back(
    item_id: ItemId, actor: Actor, now: datetime, action: Action, text: str, version: int | None
) -> WorkItem:
    if not text.strip():
        raise MissingReason
    with changing(item_id, actor, now, action, version) as change:
        item = change.item
        sent = last_sender(change.events)
        if sent is None:
            raise NobodyThere
        item.bounces += 1
        if item.bounces >= change.ladder.bounce_limit:
            target = bounce_target(change.ladder, change.around.places)
            holder = None
        else:
            target = _queue_of(change, sent.data["from_step"], sent.data["from_unit"])
            present = {s.person_id for s in target.servers if s.present}
            holder = sent.actor_id if sent.actor_id in present else None
        what = "En sag er sendt tilbage til dig med et spørgsmål."
        _go(
            change, EventKind.RETURNED, target, text, what, holder_id=holder, not_ours=action is Action.NOT_OURS
        )
        if holder is not None:
            change.tell(change.events[-1], [holder], what)
        return item


def _queue_of(change: Change, step_key: str, unit_id: int) -> Target:
    """The queue an item came from, if somebody is there now; else the way up from it."""
    around = change.around.places
    step = change.ladder.steps.get(step_key)
    unit = change.session.get(Unit, unit_id)
    if step is not None and unit is not None:
        places = (*around.chain, around.it_unit)
        place = next((p for p in places if p is not None and p.id == unit.id), None)
        if place is not None:
            servers = servers_of(step, place, around.servers)
            if any(server.is_reachable for server in servers):
                return Target(step, place, servers=servers)
        target = next_target(change.ladder, facts_of(change.item), step.key, around)
        if target is not None:
            return target
    return bounce_target(change.ladder, around)


def _go(
    change: Change,
    kind: EventKind,
    target: Target,
    reason: str,
    what: str,
    *,
    holder_id: PersonId | None = None,
    **extra: object,
) -> None:
    from_state = change.item.state.value
    change.set_state(State.NEW if holder_id is None else State.TAKEN)
    moved = change.place(target, holder_id)
    change.record(kind, reason, from_state=from_state, **moved, **extra)
    after_arrival(change, target, what)


def _change_unit(change: Change, unit_id: UnitId) -> None:
    item = change.item
    unit = change.session.get(Unit, unit_id)
    if unit is None or unit.municipality_id != item.municipality_id:
        raise UnknownTarget
    item.unit_id, item.unit_path, item.sector = unit.id, unit.path, unit.sector
    change.around = surroundings(change.session, item.municipality_id, unit.path, change.now)


def _keep_handover(item: WorkItem, handover: Handover) -> None:
    for name, value in asdict(handover).items():
        if value:
            setattr(item, name, value if isinstance(value, Affected) else mask(str(value).strip())[0])


def _known(item: WorkItem) -> Mapping[str, object]:
    return {"tried": item.tried, "affected": item.affected, "since": item.since, "error_text": item.error_text}


def hand_over(
    item_id: ItemId,
    actor: Actor,
    now: datetime,
    *,
    to_person_id: PersonId,
    reason: str,
    version: int | None = None,
) -> WorkItem:
    """*Giv videre*: to a colleague who serves the same queue and is present. Raises `UnknownTarget`."""
    if not reason.strip():
        raise MissingReason
    with changing(item_id, actor, now, Action.HAND_OVER, version) as change:
        item = change.item
        step = change.ladder.steps[item.step]
        serving = {
            s.person_id
            for s in change.around.places.servers
            if s.role in step.roles and s.unit_path.startswith(item.queue_path) and s.present
        }
        if to_person_id not in serving:
            raise UnknownTarget
        before = item.holder_id
        item.holder_id = to_person_id
        change.set_state(State.TAKEN)
        event = change.record(EventKind.HANDED_OVER, reason, from_holder=before, to_holder=to_person_id)
        change.tell(event, [to_person_id], "En kollega har givet dig en sag.")
        return item
