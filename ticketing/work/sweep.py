"""What happens to an item by itself when its time comes: warnings, breaches, wake-ups, reminders, closing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ticketing.database import transaction
from ticketing.ladder.rules import next_target
from ticketing.vocabulary import ClockKind, ClockState, EventKind, ItemId, Priority, Rung, State
from ticketing.work import notices
from ticketing.work.change import SYSTEM, Change
from ticketing.work.conversation import wake
from ticketing.work.lifecycle import shut
from ticketing.work.models import Clock, Event, WorkItem
from ticketing.work.moves import escalate
from ticketing.work.queries import facts_of
from ticketing.work.rules import GIVES_UP_AFTER, REMINDERS_AFTER

#: Auto-lifting P3 would flood the one administrator there is (domain §2, "Timers").
LIFTED_BY_THEMSELVES = (Priority.P1, Priority.P2)
BATCH = 50


@dataclass(frozen=True)
class SweepResult:
    """How many items were looked after, and how many events that made."""

    items: int
    events: int


def sweep(now: datetime, limit: int = 200) -> SweepResult:
    """Fires everything that is due at `now`, oldest first, at most `limit` items.

    1. Due items are claimed in batches (`FOR UPDATE SKIP LOCKED` on PostgreSQL, one writer on SQLite), so
       any number of workers may run.
    2. Per item: warnings, then breaches, then what waits; each is an event, its notices and the clocks' new
       state in the batch's one transaction. A crash leaves the whole batch due, and nothing fired.
    """
    items = events = 0
    while items < limit:
        with transaction() as session:
            due = (
                select(WorkItem)
                .where(WorkItem.next_at <= now)
                .order_by(WorkItem.next_at)
                .limit(min(BATCH, limit - items))
                .with_for_update(skip_locked=True)
            )
            batch = session.scalars(due.execution_options(populate_existing=True)).all()
            for item in batch:
                change = Change(session, item, SYSTEM, now)
                before = len(change.events)
                look_after(change)
                events += len(change.events) - before
        items += len(batch)
        if len(batch) < BATCH:
            break
    return SweepResult(items, events)


def look_after(change: Change) -> None:
    """Fires what is due on one item, and only once: the event takes the clock out of the due ones."""
    item = change.item
    lift = False
    for clock in _running(change):
        at = {"kind": clock.kind, "visit": clock.visit}
        if clock.due_at is not None and clock.due_at <= change.now:
            event = change.record(EventKind.CLOCK_BREACHED, clock=at, due_at=clock.due_at.isoformat())
            _tell_breach(change, event)
            clock.breached_at = change.now
            lift = lift or clock.kind in (ClockKind.RUNG, ClockKind.FIRST_RESPONSE)
        elif clock.warn_at is not None and clock.warn_at <= change.now:
            event = change.record(
                EventKind.CLOCK_WARNED, clock=at, due_at=clock.due_at and clock.due_at.isoformat()
            )
            change.tell(event, [item.holder_id], "En frist nærmer sig.")
            clock.warned_at = change.now
    if item.wake_at is not None and item.wake_at <= change.now:
        _when_woken(change)
    change.finish()
    if lift and item.is_open and item.known_fault_id is None:
        if item.activity_id is not None:
            _lift_task(change)
        elif item.priority in LIFTED_BY_THEMSELVES:
            _lift(change)


def _running(change: Change) -> list[Clock]:
    rows = select(Clock).where(Clock.item_id == change.item.id, Clock.state == ClockState.RUNNING)
    return list(change.session.scalars(rows.order_by(Clock.due_at, Clock.id)))


def _tell_breach(change: Change, event: Event) -> None:
    """At 100 %: the holder (or the queue) and those of the next rung. Of items that hang on a known fault
    nobody is told: it is the fault that people work on, and its own clocks tell."""
    item, around = change.item, change.around.places
    if item.known_fault_id is not None:
        return
    if item.holder_id is not None:
        change.tell(event, [item.holder_id], "En frist er overskredet.")
    else:
        change.tell_own_queue(event, "En frist er overskredet.")
    above = next_target(change.ladder, facts_of(item), item.step, around)
    if above is not None:
        change.tell_queue(event, above.servers, "En sag på trinnet under dig er over fristen.")


def _lift(change: Change) -> None:
    """P1 and P2 climb by themselves when their rung let them lie; at the top there is nowhere to go, and a
    clock never sends a question to a step that would have to send it back (R4)."""
    item = change.item
    above = next_target(change.ladder, facts_of(item), item.step, change.around.places)
    if above is not None and item.lane not in above.step.may_not_solve:
        escalate(ItemId(item.id), SYSTEM, change.now, reason="Fristen på trinnet er overskredet")


def _lift_task(change: Change) -> None:
    """A late task of the plan climbs to the administrators, who see that it is done, and no further."""
    item = change.item
    above = next_target(change.ladder, facts_of(item), item.step, change.around.places)
    if above is not None and above.step.rung is Rung.ADMINISTRATOR:
        escalate(ItemId(item.id), SYSTEM, change.now, reason="Opgaven er ikke færdig til planens dato")


def _when_woken(change: Change) -> None:
    item = change.item
    if item.state is State.WAITING_SYNC:
        wake(change, "Natlig synk er kørt")
    elif item.state is State.WAITING_VENDOR:
        wake(change, "Tid til at spørge leverandøren igen")
    elif item.state is State.SOLVED:
        shut(change, "Lukket automatisk efter fem dage")
    elif item.state is State.WAITING_REQUESTER:
        _remind_or_give_up(change)
    else:
        item.wake_at = None


def _remind_or_give_up(change: Change) -> None:
    """Day 2 and day 5: a reminder; day 10: closed, with a word that a reply opens it again. A known fault
    goes on instead, for those that hang on it (R11)."""
    item, asked = change.item, change.item.state_changed_at
    waited = change.now - asked
    if item.is_known_fault and waited >= GIVES_UP_AFTER:
        wake(change, "Ingen svar fra melder i ti dage; andre sager hænger på denne")  # R11
        return
    if waited >= GIVES_UP_AFTER:
        item.solved_at = change.now
        shut(change, "Ingen svar fra melder i ti dage")
        text = "Vi har ikke hørt fra dig i ti dage og lukker sagen. Svar på denne mail, så åbner vi den igen."
        notices.answer(change.session, item, change.events[-1], change.now, text)
        return
    event = change.record(EventKind.REMINDED)
    notices.question(change.session, item, event, change.now, "Vi venter på dit svar for at kunne hjælpe dig.")
    later = [after for after in (*REMINDERS_AFTER, GIVES_UP_AFTER) if after > waited]
    item.wake_at = asked + later[0]
