"""What may be done to a work item now: pure. The state (R12), the step's contract and who asks decide."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ticketing.ladder.rules import Step
from ticketing.vocabulary import OPEN_STATES, WAITING_STATES, ItemKind, Lane, Priority, Rung, State

#: A solved item closes by itself (R12); a reply within this time opens it again.
CLOSES_AFTER = timedelta(days=5)
REOPENS_WITHIN = timedelta(days=14)
#: While waiting for the requester (domain §2, "Timers"): reminded on days 2 and 5, closed on day 10.
REMINDERS_AFTER = (timedelta(days=2), timedelta(days=5))
GIVES_UP_AFTER = timedelta(days=10)


_LETTER = {ItemKind.TICKET: "A", ItemKind.TASK: "O"}


#: Between two reminders lies a night: a day in October has 25 hours.
BETWEEN_REMINDERS = timedelta(hours=25)


def next_reminder(asked: datetime, reminded: Sequence[datetime]) -> datetime:
    """When a requester who was asked and has been `reminded` is reminded next, or given up after the last
    reminder. The order is kept and so is the night in between, also when nobody looked for a while."""
    planned = asked + (*REMINDERS_AFTER, GIVES_UP_AFTER)[len(reminded)]
    return max(planned, reminded[-1] + BETWEEN_REMINDERS) if reminded else planned


class Action(StrEnum):
    """Everything a person can do to an item, by the name of the function that does it."""

    TAKE = "take"
    HAND_OVER = "hand_over"
    ANSWER = "answer"
    NOTE = "note"
    ASK_REQUESTER = "ask_requester"
    WAIT_FOR_SYNC = "wait_for_sync"
    WAIT_FOR_VENDOR = "wait_for_vendor"
    RESUME = "resume"
    ESCALATE = "escalate"
    REFER = "refer"
    RETURN_TO_SENDER = "return_to_sender"
    NOT_OURS = "not_ours"
    MOVE_SIDEWAYS = "move_sideways"
    SOLVE = "solve"
    REOPEN = "reopen"
    CLOSE = "close"
    RECLASSIFY = "reclassify"
    MOVE_UNIT = "move_unit"
    SET_CONFIDENTIAL = "set_confidential"
    WATCH = "watch"
    UNWATCH = "unwatch"
    MAKE_KNOWN_FAULT = "make_known_fault"
    ATTACH_TO_FAULT = "attach_to_fault"
    DETACH_FROM_FAULT = "detach_from_fault"


class Standing(StrEnum):
    """Who asks, towards this item: works its queue (or holds it), oversees its sector, or only follows."""

    OWNER = "owner"
    OVERSEER = "overseer"
    FOLLOWER = "follower"


@dataclass(frozen=True)
class ItemFacts:
    """What `possible_actions` needs to know of an item and of the person who asks."""

    state: State
    kind: ItemKind
    lane: Lane
    step: Step
    standing: Standing
    held_by_me: bool
    has_sender: bool
    has_requester_address: bool
    is_known_fault: bool
    hangs_on_fault: bool
    can_climb: bool


FOLLOWING = frozenset({Action.NOTE, Action.WATCH, Action.UNWATCH})
_TICKETS_ONLY = frozenset(
    {
        Action.ANSWER,
        Action.ASK_REQUESTER,
        Action.WAIT_FOR_SYNC,
        Action.WAIT_FOR_VENDOR,
        Action.MAKE_KNOWN_FAULT,
        Action.ATTACH_TO_FAULT,
        Action.REFER,
    }
)
_WAITS = {
    State.WAITING_REQUESTER: Action.ASK_REQUESTER,
    State.WAITING_SYNC: Action.WAIT_FOR_SYNC,
    State.WAITING_VENDOR: Action.WAIT_FOR_VENDOR,
}


def possible_actions(facts: ItemFacts) -> frozenset[Action]:
    """The actions that are legal now: by state (R12), by the step's contract and by who asks."""
    if facts.standing is Standing.FOLLOWER:
        return FOLLOWING
    if facts.state not in OPEN_STATES:
        over = {Action.REOPEN, *FOLLOWING}
        return frozenset(over | {Action.CLOSE} if facts.state is State.SOLVED else over)
    possible = set(Action) - {Action.REOPEN, Action.CLOSE, Action.DETACH_FROM_FAULT}
    if facts.held_by_me and facts.state not in (State.NEW, State.REOPENED):
        possible.discard(Action.TAKE)
    if facts.state not in WAITING_STATES:
        possible.discard(Action.RESUME)
    possible.discard(_WAITS.get(facts.state, Action.REOPEN))
    possible -= _closed_ways(facts)
    if facts.kind is ItemKind.TASK:
        possible -= _TICKETS_ONLY
    if facts.hangs_on_fault:
        # R11: the fault climbs, its children wait for it.
        possible -= {Action.ESCALATE, Action.REFER, Action.MAKE_KNOWN_FAULT, Action.ATTACH_TO_FAULT}
        possible.add(Action.DETACH_FROM_FAULT)
    if facts.is_known_fault:
        possible -= {Action.MAKE_KNOWN_FAULT, Action.ATTACH_TO_FAULT}
    possible -= {action for action in possible if action.value in facts.step.may_not}
    return frozenset(possible)


def _closed_ways(facts: ItemFacts) -> set[Action]:
    closed = set()
    if not facts.has_sender:
        closed |= {Action.RETURN_TO_SENDER, Action.NOT_OURS}
    if not facts.has_requester_address:
        closed.add(Action.ASK_REQUESTER)
    if not facts.can_climb:
        closed.add(Action.ESCALATE)
    if facts.step.rung not in (Rung.ADMINISTRATOR, Rung.SERVICEDESK, Rung.PROJECT):
        closed.add(Action.REFER)
    if facts.lane in facts.step.may_not_solve:
        closed.add(Action.SOLVE)  # R4: IT may not keep a guidance ticket
    return closed


def is_urgent(priority: Priority, lane: Lane) -> bool:
    """P1 and lane `brud` never stop (domain §2, "Closed institutions"): whoever is told, is told at once."""
    return priority is Priority.P1 or lane is Lane.BREACH


def may_reopen(solved_at: datetime | None, closed_at: datetime | None, now: datetime) -> bool:
    """Whether a word from the requester still opens an item that is over: for `REOPENS_WITHIN` after it was
    solved, or closed without that, as when they were asked and did not answer (R12)."""
    over_at = solved_at or closed_at
    return over_at is not None and now - over_at <= REOPENS_WITHIN


def shown_number(kind: ItemKind | str, number: int) -> str:
    """The number as people say it on the phone: A-1042 for a ticket, O-1042 for a task."""
    return f"{_LETTER[ItemKind(kind)]}-{number}"


def parse_number(text: str) -> int | None:
    """The number in "A-1042", "a 1042" or "1042"; None where there is none."""
    match = re.fullmatch(r"\s*(?:[AaOo]\s*-?\s*)?(\d{1,9})\s*", text)
    return int(match[1]) if match else None
