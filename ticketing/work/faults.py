"""Known faults (R11): many items about one thing hang on one of them and are answered together."""

from datetime import datetime

from ticketing.vocabulary import EventKind, ItemId
from ticketing.work.change import SYSTEM, Actor, Change, changing
from ticketing.work.errors import UnknownTarget
from ticketing.work.models import WorkItem
from ticketing.work.rules import Action, shown_number


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


def tell_fault(change: Change) -> None:
    """What is written in an item that hangs on a known fault is noted on the fault, whose holder is told: they
    answer for both (R11). The note names the item, not what was written."""
    item = change.item
    fault = change.session.get(WorkItem, item.known_fault_id) if item.known_fault_id is not None else None
    if fault is None or not fault.is_open:
        return
    with changing(fault.id, SYSTEM, change.now, None) as of_fault:
        event = of_fault.record(EventKind.NOTED)
        number = shown_number(item.kind, item.number)
        of_fault.write(event, f"Der er skrevet i {number}, som hænger på denne fejl.", public=False)
        of_fault.tell(event, [fault.holder_id], "Der er skrevet i en sag, som hænger på din kendte fejl.")
