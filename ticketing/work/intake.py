"""From what somebody wrote to a draft: its title, who asks (R1), and the way of a question that a colleague
logs and sends on at once."""

from collections.abc import Set
from datetime import datetime

from ticketing.database import transaction
from ticketing.vocabulary import RequesterRole, Role, Rung
from ticketing.work.actions import Actor, Draft, Handover, escalate, open_ticket
from ticketing.work.models import WorkItem

TITLE_LENGTH = 90
#: R1, for one who asks for themselves: the first role held decides, the highest stands first.
_OWN_ROLES = (
    (
        frozenset({Role.MUNICIPAL_ADMIN, Role.ADMIN_SUPERUSER, Role.INSTITUTION_ADMIN}),
        RequesterRole.ADMINISTRATOR,
    ),
    (frozenset({Role.SUPERUSER}), RequesterRole.SUPERUSER),
    (frozenset({Role.SCHOOL_ADMIN_STAFF}), RequesterRole.SCHOOL_ADMIN_STAFF),
)


def title_of(text: str) -> str:
    """A title from the first sentence of `text`, at most `TITLE_LENGTH` characters, cut between words."""
    line = " ".join(text.strip().split("\n", 1)[0].split())
    for end in (". ", "? ", "! "):
        line = line.split(end, 1)[0] + (end.strip() if end in line and end != ". " else "")
    if len(line) <= TITLE_LENGTH:
        return line
    return line[: TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def own_requester_role(roles: Set[Role]) -> RequesterRole:
    """Who one is, as a requester, with `roles` (R1)."""
    return next((asks_as for held, asks_as in _OWN_ROLES if held & roles), RequesterRole.EMPLOYEE)


def log_and_send_up(draft: Draft, actor: Actor, now: datetime, handover: Handover, reason: str) -> WorkItem:
    """Opens `draft` and, where it starts with the employees (R1), sends it up a rung at once: one
    transaction, so that it is never left lying with the one who just sent it on. Raises `WorkError`."""
    with transaction():
        item = open_ticket(draft, actor, now)
        if item.rung is Rung.EMPLOYEE:
            item = escalate(item.id, actor, now, reason=reason, handover=handover)
    return item
