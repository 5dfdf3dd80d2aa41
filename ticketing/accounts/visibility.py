"""The one visibility rule as SQL. Every list, count, search, attachment and report goes through it.

The grants come from `accounts.rules`; here each becomes one OR-branch that an index of work_item can
answer: a unit is a range of paths, a queue is the ids of its units, a relation is a key.
"""

from sqlalchemy import ColumnElement, ColumnExpressionArgument, and_, false, or_, select

from ticketing.accounts.rules import Access, Grant, ItemFacts, Relation, Viewer
from ticketing.database import path_range
from ticketing.vocabulary import PersonId
from ticketing.work.models import Watcher, WorkItem


def visible(viewer: Viewer, *, among_open: bool = False) -> ColumnElement[bool]:
    """Items the viewer may know of: they count and stand in lists, some only as "Fortrolig sag".

    `among_open` also asks for `is_open` in each branch, which lets SQLite answer from the partial
    indexes of open items; give it whenever only open items are wanted.
    """
    return at_least(viewer, Access.COUNT, among_open=among_open)


def titled(viewer: Viewer, *, among_open: bool = False) -> ColumnElement[bool]:
    """Items whose title the viewer may read."""
    return at_least(viewer, Access.TITLE, among_open=among_open)


def readable(viewer: Viewer, *, among_open: bool = False) -> ColumnElement[bool]:
    """Items whose text the viewer may read; `rules.access` says if the requester's name stays hidden."""
    return at_least(viewer, Access.MINIMISED, among_open=among_open)


def at_least(viewer: Viewer, level: Access, *, among_open: bool = False) -> ColumnElement[bool]:
    """A condition on `WorkItem` that holds for just the items where `rules.access` gives `level` or more."""
    branches = [
        _branch(grant, viewer, among_open=among_open) for grant in viewer.grants if grant.access >= level
    ]
    return and_(WorkItem.municipality_id == viewer.municipality_id, or_(false(), *branches), _not_about(viewer))


def item_facts(item: WorkItem, *, is_watched: bool) -> ItemFacts:
    """What `rules.access` asks of a loaded item; `is_watched`: whether the viewer in question watches it."""
    return ItemFacts(
        municipality_id=item.municipality_id,
        kind=item.kind,
        unit_path=item.unit_path,
        queue_unit_id=item.queue_unit_id,
        step=item.step,
        lane=item.lane,
        requester_role=item.requester_role,
        confidential=item.confidential,
        reached_servicedesk=item.reached_servicedesk,
        holder_id=item.holder_id,
        logged_by_id=item.logged_by_id,
        requester_id=item.requester_id,
        about_person_id=item.about_person_id,
        is_watched=is_watched,
    )


def _branch(grant: Grant, viewer: Viewer, *, among_open: bool) -> ColumnElement[bool]:
    # The municipality stands in each branch, not only around them: it leads the indexes, and SQLite
    # plans each branch of an OR by itself.
    asked: list[ColumnExpressionArgument[bool]] = [WorkItem.municipality_id == viewer.municipality_id]
    if among_open:
        asked.append(WorkItem.is_open)
    if grant.relation is not None:
        asked.append(_related(grant.relation, viewer.person_id))
    if grant.within is not None:
        low, high = path_range(grant.within)
        asked += [WorkItem.unit_path >= low, WorkItem.unit_path < high]
    if grant.queue_units is not None:
        asked.append(WorkItem.queue_unit_id.in_(sorted(grant.queue_units)))
    if grant.steps is not None:
        asked.append(WorkItem.step.in_(sorted(grant.steps)))
    if grant.lanes is not None:
        asked.append(WorkItem.lane.in_(sorted(grant.lanes)))
    if grant.requester_roles is not None:
        asked.append(WorkItem.requester_role.in_(sorted(grant.requester_roles)))
    if grant.kinds is not None:
        asked.append(WorkItem.kind.in_(sorted(grant.kinds)))
    if grant.confidential is not None:
        asked.append(WorkItem.confidential.is_(grant.confidential))
    if grant.reached_servicedesk is not None:
        asked.append(WorkItem.reached_servicedesk.is_(grant.reached_servicedesk))
    return and_(*asked)


def _related(relation: Relation, person_id: PersonId) -> ColumnElement[bool]:
    match relation:
        case Relation.LOGGED:
            return WorkItem.logged_by_id == person_id
        case Relation.REQUESTED:
            return WorkItem.requester_id == person_id
        case Relation.HOLDS:
            return WorkItem.holder_id == person_id
        case Relation.WATCHES:
            return WorkItem.id.in_(select(Watcher.item_id).where(Watcher.person_id == person_id))


def _not_about(viewer: Viewer) -> ColumnElement[bool]:
    return or_(
        WorkItem.about_person_id.is_(None),
        WorkItem.about_person_id != viewer.person_id,
        WorkItem.logged_by_id == viewer.person_id,
        WorkItem.requester_id == viewer.person_id,
    )
