"""Known faults (R11): many items about one thing hang on one of them and are answered together."""

from datetime import datetime

from ticketing.vocabulary import EventKind, ItemId
from ticketing.work.change import Actor, changing
from ticketing.work.errors import UnknownTarget
from ticketing.work.models import WorkItem
from ticketing.work.rules import Action


def make_known_fault(item_id: ItemId, actor: Actor, now: datetime, *, version: int | None = None) -> WorkItem:
    """*Kendt fejl*: others may be hung on this item from now on."""
    with changing(item_id, actor, now, Action.MAKE_KNOWN_FAULT, version) as change:
        change.item.is_known_fault = True
        change.record(EventKind.MADE_KNOWN_FAULT)
        return change.item


def attach_to_fault(
    item_id: ItemId, actor: Actor, now: datetime, *, fault_id: ItemId, version: int | None = None
) -> WorkItem:
    """*Hæft på kendt fejl*: the item waits for the fault at its own rung, its rung clock dropped. The fault
    must be open, of the same municipality and not hang on another (`UnknownTarget`)."""
    with changing(item_id, actor, now, Action.ATTACH_TO_FAULT, version) as change:
        fault = change.session.get(WorkItem, fault_id, with_for_update=True, populate_existing=True)
        fits = (
            fault is not None
            and fault.id != item_id
            and fault.municipality_id == change.item.municipality_id
            and fault.is_known_fault
            and fault.is_open
        )
        if fault is None or not fits:
            raise UnknownTarget
        change.item.known_fault_id = fault.id
        change.record(EventKind.ATTACHED, fault=fault.number)
        return change.item


def detach_from_fault(item_id: ItemId, actor: Actor, now: datetime, *, version: int | None = None) -> WorkItem:
    """Takes an item off its known fault; its rung's clock starts anew."""
    with changing(item_id, actor, now, Action.DETACH_FROM_FAULT, version) as change:
        item = change.item
        item.known_fault_id = None
        item.rung_entered_at = now
        change.record(EventKind.DETACHED, visit={"rung": item.rung.value}, policy=change.policy())
        return item
