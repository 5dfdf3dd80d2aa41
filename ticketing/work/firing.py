"""What happens to one item when its time comes: warnings, breaches, wake-ups, reminders, closing."""

from functools import partial

from ticketing.ladder.rules import next_target
from ticketing.vocabulary import ClockKind, ClockState, EventKind, Priority, Rung, State
from ticketing.work import notices
from ticketing.work.change import Change
from ticketing.work.conversation import next_follow_up, wake
from ticketing.work.letters import BODIES
from ticketing.work.lifecycle import shut
from ticketing.work.models import Clock, Event, WorkItem
from ticketing.work.queries import facts_of
from ticketing.work.rules import REMINDERS_AFTER, next_reminder

#: Auto-lifting P3 would flood the one administrator there is (domain §2, "Timers").
LIFTED_BY_THEMSELVES = (Priority.P1, Priority.P2)


def look_after(change: Change) -> str | None:
    """Fires what is due on one item, and only once: the event takes the clock out of the due ones. First
    warnings and breaches by due time, then what waits. Returns the reason where the item is to climb by
    itself, once the caller has finished the change."""
    item, missed_rung = change.item, False
    for clock in _running(change):
        if clock.due_at is not None and clock.due_at <= change.now:
            _breach(change, clock)
            missed_rung = missed_rung or clock.kind in (ClockKind.RUNG, ClockKind.FIRST_RESPONSE)
        elif clock.warn_at is not None and clock.warn_at <= change.now:
            _warn(change, clock)
    if item.wake_at is not None and item.wake_at <= change.now:
        _when_woken(change)
    return _climbs_because(change) if missed_rung else None


def _running(change: Change) -> list[Clock]:
    running = [clock for clock in change.clocks if clock.state is ClockState.RUNNING]
    return sorted(running, key=lambda clock: (clock.due_at or change.now, clock.id))


def _warn(change: Change, clock: Clock) -> None:
    event = _record(change, EventKind.CLOCK_WARNED, clock)
    change.tell(event, [change.item.holder_id], "En frist nærmer sig.")
    clock.warned_at = change.now


def _breach(change: Change, clock: Clock) -> None:
    """At 100 %: the holder (or the queue) and those of the next rung. Of items that hang on a known fault
    nobody is told: it is the fault that people work on, and its own clocks tell."""
    item = change.item
    event = _record(change, EventKind.CLOCK_BREACHED, clock)
    clock.breached_at = change.now
    if item.known_fault_id is not None:
        return
    if item.holder_id is not None:
        change.tell(event, [item.holder_id], "En frist er overskredet.")
    else:
        change.tell_own_queue(event, "En frist er overskredet.")
    above = next_target(change.ladder, facts_of(item), item.step, change.around.places)
    if above is not None:
        change.tell_queue(event, above.servers, "En sag på trinnet under dig er over fristen.")


def _record(change: Change, kind: EventKind, clock: Clock) -> Event:
    due = clock.due_at.isoformat() if clock.due_at else None
    return change.record(kind, clock={"kind": clock.kind, "visit": clock.visit}, due_at=due)


def _climbs_because(change: Change) -> str | None:
    """P1 and P2 climb by themselves when their rung let them lie; at the top there is nowhere to go, and a
    clock never sends a question to a step that would have to send it back (R4). A late task of the plan
    climbs to the administrators, who see that it is done, and no further."""
    item = change.item
    if not item.is_open or item.known_fault_id is not None:
        return None
    above = next_target(change.ladder, facts_of(item), item.step, change.around.places)
    if above is None:
        return None
    if item.activity_id is not None:
        to_administrators = above.step.rung is Rung.ADMINISTRATOR
        return "Opgaven er ikke færdig til planens dato" if to_administrators else None
    if item.priority in LIFTED_BY_THEMSELVES and item.lane not in above.step.may_not_solve:
        return "Fristen på trinnet er overskredet"
    return None


def _when_woken(change: Change) -> None:
    item = change.item
    if item.state is State.WAITING_SYNC:
        wake(change, "Natlig synk er kørt")
    elif item.state is State.WAITING_VENDOR:
        _ask_vendor_again(change)
    elif item.state is State.SOLVED:
        shut(change, "Lukket automatisk efter fem dage")
    elif item.state is State.WAITING_REQUESTER:
        _remind_or_give_up(change)
    else:
        item.wake_at = None


def _ask_vendor_again(change: Change) -> None:
    """The item stays with the vendor; whoever follows it up is told, again and again until it is answered."""
    item = change.item
    item.wake_at = next_follow_up(change)
    event = change.record(EventKind.VENDOR_DUE, vendor=item.vendor, wake_at=item.wake_at.isoformat())
    if item.holder_id is not None:
        change.tell(event, [item.holder_id], "Spørg leverandøren igen.")
    else:
        change.tell_own_queue(event, "Spørg leverandøren igen.")


def _remind_or_give_up(change: Change) -> None:
    """Day 2 and day 5: a reminder; day 10: closed, with a word that a reply opens it again. In this order,
    each at most once a day, also when nobody looked for a while. A known fault goes on instead, for those
    that hang on it (R11)."""
    item, asked = change.item, change.item.state_changed_at
    reminded = [e.at for e in change.events if e.kind is EventKind.REMINDED and e.at >= asked]
    if len(reminded) < len(REMINDERS_AFTER):
        event = change.record(EventKind.REMINDED)
        text = _in_their_language(item, "reminder")
        change.letters.append(partial(notices.question, change.session, item, event, change.now, text))
        item.wake_at = next_reminder(asked, [*reminded, change.now])
    elif item.is_known_fault:
        wake(change, "Ingen svar fra melder i ti dage; andre sager hænger på denne")
    else:
        item.solved_at = change.now
        shut(change, "Ingen svar fra melder i ti dage")
        text = _in_their_language(item, "gives_up")
        closed = change.events[-1]
        change.letters.append(partial(notices.answer, change.session, item, closed, change.now, text))


def _in_their_language(item: WorkItem, what: str) -> str:
    return BODIES.get(item.language, BODIES["da"])[what]
