"""Many notices for one colleague at once become one mail: after a night, or when the service stood still."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from ticketing.database import transaction
from ticketing.organisation.models import Municipality
from ticketing.vocabulary import MunicipalityId
from ticketing.work import links
from ticketing.work.letters import BODIES, DIGEST
from ticketing.work.models import OutboxMessage, WorkItem
from ticketing.work.rules import shown_number

#: Mails to colleagues that may be put together. Never one to a requester.
FOLDABLE = ("notice", "overview")
#: So many items are named under one heading; the rest are counted.
MOST_NAMED = 40


class Hold(StrEnum):
    """Which notices wait while a backlog of due times is worked off: more are on their way, and all of them
    are to become one mail."""

    NOTHING = "nothing"
    ROUTINE = "routine"
    ALL = "all"


def may_go(hold: Hold) -> ColumnElement[bool]:
    """A condition on `OutboxMessage`: not held back. A mail to a requester never is."""
    to_others = OutboxMessage.purpose.not_in(FOLDABLE)
    match hold:
        case Hold.NOTHING:
            return true()
        case Hold.ROUTINE:
            return or_(to_others, OutboxMessage.urgent)
        case Hold.ALL:
            return to_others


def foldable(hold: Hold) -> ColumnElement[bool]:
    """A condition on `OutboxMessage`: may go into a digest now. What has been tried goes on by itself."""
    return and_(OutboxMessage.purpose.in_(FOLDABLE), OutboxMessage.attempts == 0, may_go(hold))


def fold(
    municipality_id: MunicipalityId, recipient: str, now: datetime, hold: Hold = Hold.NOTHING
) -> tuple[int, datetime] | None:
    """Puts the notices that are due for one person into one digest; its id and when it is due (now).

    1. The rows are locked, so that of several senders one folds them; a row that another is sending is left
       out. 2. The digest is written and the rows point at it, in one transaction: each is in one mail.
    None when there are fewer than two, so that there is nothing to put together.
    """
    with transaction() as session:
        rows = session.scalars(
            select(OutboxMessage)
            .where(
                OutboxMessage.sent_at.is_(None),
                OutboxMessage.next_try_at <= now,
                OutboxMessage.municipality_id == municipality_id,
                OutboxMessage.recipient == recipient,
                foldable(hold),
            )
            .order_by(OutboxMessage.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        if len(rows) < 2:
            return None
        digest = _digest(session, session.get_one(Municipality, municipality_id), rows, now)
        session.add(digest)
        session.flush()
        for row in rows:
            row.digest_id, row.next_try_at = digest.id, None
        return digest.id, now


def _digest(
    session: Session, municipality: Municipality, rows: Sequence[OutboxMessage], now: datetime
) -> OutboxMessage:
    notices = [row for row in rows if row.item_id is not None]
    items = _items(session, notices)
    subject = DIGEST["subject"].format(notices=len(rows), items=len(items))
    sections = [_section(heading, which) for heading, which in _by_heading(notices, items).items()]
    letters = [_without_sign_off(row.body) for row in rows if row.item_id is None]
    sign_off = BODIES["da"]["sign_off"].format(municipality=municipality.name)
    number, recipient = rows[0].id, rows[0].recipient
    return OutboxMessage(
        municipality_id=municipality.id,
        unique_key=f"digest:{number}",
        purpose="digest",
        recipient=recipient,
        subject=(DIGEST["urgent"] if any(row.urgent for row in rows) else "") + subject,
        body="\n\n".join([DIGEST["opening"], *sections, *letters, sign_off]) + "\n",
        mail_message_id=links.message_id(municipality, "digest", 0, number, recipient),
        created_at=now,
        not_before=now,
        urgent=any(row.urgent for row in rows),
        next_try_at=now,
        attempts=0,
    )


def _items(session: Session, notices: Iterable[OutboxMessage]) -> dict[int, WorkItem]:
    ids = {row.item_id for row in notices if row.item_id is not None}
    return {item.id: item for item in session.scalars(select(WorkItem).where(WorkItem.id.in_(ids)))}


def _by_heading(notices: Sequence[OutboxMessage], items: dict[int, WorkItem]) -> dict[str, dict[int, WorkItem]]:
    """What happened → the items it happened to, once each; what is urgent first."""
    found: dict[str, dict[int, WorkItem]] = {}
    for row in sorted(notices, key=lambda row: (not row.urgent, row.id)):
        if row.item_id is None:
            continue
        item = items[row.item_id]
        what = row.subject.removeprefix(f"[{shown_number(item.kind, item.number)}] ")
        found.setdefault(what, {})[item.id] = item
    return found


def _section(heading: str, which: dict[int, WorkItem]) -> str:
    named = list(which.values())[:MOST_NAMED]
    lines = [f"{shown_number(item.kind, item.number)}: {links.item_url(item)}" for item in named]
    if len(which) > len(named):
        lines.append(DIGEST["more"].format(count=len(which) - len(named)))
    return "\n".join([DIGEST["heading"].format(what=heading, count=len(which)), *lines])


def _without_sign_off(body: str) -> str:
    return body.rstrip().rpartition("\n\n")[0]
