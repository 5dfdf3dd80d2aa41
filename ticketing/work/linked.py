"""Items that have to do with each other without hanging together: each page names the other."""

from sqlalchemy.orm import Session

from ticketing.vocabulary import Apart
from ticketing.work.models import ItemLink, WorkItem


def link_apart(session: Session, item: WorkItem, other: WorkItem, why: Apart) -> None:
    """Links `item`, a reply that could not join, to the `other` that it answers, in the caller's transaction.
    Linked before, it stays as it was."""
    if item.id == other.id or session.get(ItemLink, (item.id, other.id)) is not None:
        return
    session.add(ItemLink(item_id=item.id, other_id=other.id, municipality_id=item.municipality_id, why=why))
    session.flush()
