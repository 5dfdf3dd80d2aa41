"""Everything that can be done to a work item: each name is one use case and one transaction."""

from ticketing.work.change import REQUESTER, SYSTEM, Actor
from ticketing.work.classification import reclassify, set_confidential, unwatch, watch
from ticketing.work.conversation import (
    answer,
    ask_requester,
    note,
    resume,
    take,
    wait_for_sync,
    wait_for_vendor,
)
from ticketing.work.faults import attach_to_fault, detach_from_fault, make_known_fault
from ticketing.work.files import NewFile
from ticketing.work.lifecycle import close, reopen, solve
from ticketing.work.moves import (
    Handover,
    escalate,
    hand_over,
    move_sideways,
    move_unit,
    not_ours,
    refer,
    return_to_sender,
)
from ticketing.work.opening import Draft, open_and_solve, open_ticket, requester_says_solved, requester_writes

__all__ = [
    "REQUESTER",
    "SYSTEM",
    "Actor",
    "Draft",
    "Handover",
    "NewFile",
    "answer",
    "ask_requester",
    "attach_to_fault",
    "close",
    "detach_from_fault",
    "escalate",
    "hand_over",
    "make_known_fault",
    "move_sideways",
    "move_unit",
    "not_ours",
    "note",
    "open_and_solve",
    "open_ticket",
    "reclassify",
    "refer",
    "reopen",
    "requester_says_solved",
    "requester_writes",
    "resume",
    "return_to_sender",
    "set_confidential",
    "solve",
    "take",
    "unwatch",
    "wait_for_sync",
    "wait_for_vendor",
    "watch",
]
