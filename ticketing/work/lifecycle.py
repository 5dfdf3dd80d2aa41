"""The end of an item, and its return (R12): solve, close, reopen."""

from datetime import datetime

from sqlalchemy import select

from ticketing.database import transaction
from ticketing.ladder.rules import keep_or_move
from ticketing.privacy.cpr import mask
from ticketing.vocabulary import EventKind, ItemId, Rung, State
from ticketing.work import notices
from ticketing.work.change import Actor, Change, changing
from ticketing.work.errors import MissingReason
from ticketing.work.models import WorkItem
from ticketing.work.queries import facts_of
from ticketing.work.rules import CLOSES_AFTER, Action


def solve(item_id: ItemId, actor: Actor, now: datetime, *, text: str, version: int | None = None) -> WorkItem:
    """*Løst*: the requester gets `text` as the answer; closes by itself after `CLOSES_AFTER`. Solving a known
    fault answers every item that hangs on it, at its own rung (R11)."""
    if not text.strip():
        raise MissingReason
    with transaction() as session:
        with changing(item_id, actor, now, Action.SOLVE, version) as change:
            item = change.item
            _solve(change, text)
        if item.is_known_fault:
            hanging = select(WorkItem.id).where(WorkItem.known_fault_id == item.id, WorkItem.is_open)
            for child_id in session.scalars(hanging.order_by(WorkItem.id)).all():
                with changing(child_id, actor, now, None) as child:
                    # Somebody may have solved or detached it since it was listed.
                    if child.item.is_open and child.item.known_fault_id == item.id:
                        _solve(child, text, with_fault=item.number)
        return item


def _solve(change: Change, text: str, *, with_fault: int | None = None) -> None:
    item = change.item
    item.solved_at = change.now
    item.solved_rung = Rung.VENDOR if item.state is State.WAITING_VENDOR else item.rung
    if item.holder_id is None and with_fault is None:
        item.holder_id = change.actor.person_id
    change.set_state(State.SOLVED)
    item.wake_at = change.now + CLOSES_AFTER
    event = change.record(
        EventKind.SOLVED, rung=item.solved_rung.value, with_fault=with_fault, to_holder=item.holder_id
    )
    change.write(event, text, public=True)
    notices.solved(change.session, item, event, change.now, mask(text.strip())[0])
    if item.logged_by_id not in (None, item.requester_id):
        change.tell(event, [item.logged_by_id], "En sag, du har oprettet, er løst.")


def close(item_id: ItemId, actor: Actor, now: datetime, *, version: int | None = None) -> WorkItem:
    """*Luk* a solved item (R12); after the open days the sweep does it."""
    with changing(item_id, actor, now, Action.CLOSE, version) as change:
        shut(change, None)
        return change.item


def shut(change: Change, reason: str | None) -> None:
    """Closes the item of `change`; one that was never solved is closed without a rung."""
    change.set_state(State.CLOSED)
    change.item.closed_at = change.now
    change.record(EventKind.CLOSED, reason)


def reopen(
    item_id: ItemId, actor: Actor, now: datetime, *, reason: str, version: int | None = None
) -> WorkItem:
    """*Genåbn*: back to the rung where it was; its total clock goes on, its rung's clock starts anew."""
    if not reason.strip():
        raise MissingReason
    with changing(item_id, actor, now, Action.REOPEN, version) as change:
        open_again(change, reason)
        return change.item


def open_again(change: Change, reason: str | None) -> None:
    """Opens a solved or closed item at its last rung, or the next one where nobody is there any more. The
    answer to a known fault did not help here, so the item no longer hangs on it."""
    item = change.item
    item.known_fault_id = None
    item.solved_at = item.solved_rung = item.closed_at = None
    holder = item.holder_id
    unit = change.place_of_queue()
    step = change.ladder.steps[item.step]
    target = keep_or_move(change.ladder, facts_of(item), step.key, unit, change.around.places) if unit else None
    change.set_state(State.REOPENED)
    if target is not None:
        moved = change.place(target)
    else:
        item.rung_entered_at = change.now
        present = {s.person_id for s in change.around.places.servers if s.present}
        item.holder_id = holder if holder in present else None
        moved = {
            "to_step": item.step,
            "to_unit": item.queue_unit_id,
            "to_holder": item.holder_id,
            "visit": {"rung": item.rung.value},
            "policy": change.policy(),
        }
    event = change.record(EventKind.REOPENED, reason, **moved)
    if item.holder_id is not None:
        change.tell(event, [item.holder_id], "En sag er genåbnet.")
    else:
        change.tell_own_queue(event, "En sag er genåbnet.")
