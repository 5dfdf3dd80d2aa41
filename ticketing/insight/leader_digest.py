"""A leader's daily digest: which due times ran out at their institutions since the last one. Only figures,
numbers and links, on a working morning, and nothing when nothing happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ticketing.accounts.queries import NotFound, is_valid_on, load_viewer
from ticketing.accounts.rules import Viewer
from ticketing.accounts.visibility import visible
from ticketing.database import path_range, transaction
from ticketing.insight.models import LeaderDigest
from ticketing.insight.queries import INSTITUTION_KINDS
from ticketing.organisation.models import Municipality, Post, Unit
from ticketing.vocabulary import ItemKind, PersonId, Role, UnitId
from ticketing.work import links
from ticketing.work.models import Clock, WorkItem
from ticketing.work.notices import staff_letter
from ticketing.work.queries import LOCAL_ZONE
from ticketing.work.receivers import next_at_work
from ticketing.work.rules import shown_number
from ticketing.work.sweep import is_behind

#: Written so long before the leader's working day begins, so that it lies there with the night's notices.
EARLY = timedelta(minutes=15)
#: A sweep that was under way may write that a clock ran out after we looked; those are found next time.
OVERLAP = timedelta(hours=1)
#: At most so many breaches are read for one leader, and so many items named a place; the rest are counted.
MOST_READ = 2_000
MOST_NAMED = 20


@dataclass(frozen=True)
class Breach:
    """A clock that ran out (`at` is when that was seen), with its item's number and unit."""

    clock_id: int
    at: datetime
    number: str
    unit_path: str


def write_leader_digests(now: datetime, limit: int = 500) -> int:
    """Writes the digests that are due, at most `limit`; how many mails that made.

    1. Nothing while due items wait to be fired: what they breach belongs into the digest.
    2. Each leader's row is claimed by itself, whichever worker comes first; the mail and how far it tells are
       written in one transaction, so that a breach is told once.
    3. Outside the leader's working hours nothing is written: it waits for their next morning.
    """
    if is_behind(now):
        return 0
    _know_new_leaders(now)
    written = 0
    due = select(LeaderDigest).where(LeaderDigest.next_at <= now).order_by(LeaderDigest.next_at).limit(1)
    for _ in range(limit):
        with transaction() as session:
            row = session.scalar(due.with_for_update(skip_locked=True))
            if row is None:
                break
            written += _write(session, row, now)
    return written


def breaches(
    session: Session, viewer: Viewer, scopes: Sequence[str], since: datetime, until: datetime
) -> list[Breach]:
    """What the viewer may know of that ran out inside the units `scopes` after `since` and until `until`, in
    that order. One statement, by the index of breaches."""
    bounds = [path_range(scope) for scope in scopes]
    found = session.execute(
        select(Clock.id, Clock.breached_at, WorkItem.kind, WorkItem.number, WorkItem.unit_path)
        .join(WorkItem, WorkItem.id == Clock.item_id)
        .where(
            Clock.municipality_id == viewer.municipality_id,
            Clock.breached_at > since,
            Clock.breached_at <= until,
            or_(*(and_(WorkItem.unit_path >= low, WorkItem.unit_path < high) for low, high in bounds)),
            visible(viewer),
        )
        .order_by(Clock.breached_at, WorkItem.number)
        .limit(MOST_READ)
    )
    return [
        Breach(clock_id, at or since, shown_number(ItemKind(kind), number), path)
        for clock_id, at, kind, number, path in found
    ]


def _know_new_leaders(now: datetime) -> None:
    with transaction() as session:
        known = select(LeaderDigest.person_id).where(LeaderDigest.person_id == Post.person_id)
        found = session.execute(
            select(Post.person_id, func.min(Post.municipality_id))
            .join(Municipality, Municipality.id == Post.municipality_id)
            .where(Post.role == Role.LEADER, is_valid_on(_day(now)), ~known.exists())
            .group_by(Post.person_id)
        ).all()
        mornings = _next_mornings(session, [person_id for person_id, _ in found], now)
        session.add_all(
            LeaderDigest(
                person_id=person_id,
                municipality_id=municipality_id,
                told_until=now,
                told=[],
                next_at=mornings[person_id],
            )
            for person_id, municipality_id in found
        )


def _write(session: Session, row: LeaderDigest, now: datetime) -> bool:
    try:
        viewer = load_viewer(row.person_id, now)
        scopes = sorted({s.unit_path for s in viewer.seats if s.role is Role.LEADER and not s.as_deputy})
    except NotFound:  # has left
        scopes = []
    if not scopes:
        session.delete(row)
        return False
    at_work = next_at_work(session, [row.person_id], now)[row.person_id]
    if at_work - now > EARLY:
        row.next_at = at_work - EARLY
        return False
    lately = breaches(session, viewer, scopes, row.told_until - OVERLAP, now)
    found = [breach for breach in lately if breach.clock_id not in row.told]
    if found:
        _mail(session, row, found, now, at_work)
    row.told = [breach.clock_id for breach in lately if breach.at > now - OVERLAP]
    row.told_until, row.next_at = now, _next_mornings(session, [row.person_id], at_work)[row.person_id]
    return bool(found)


def _mail(
    session: Session, row: LeaderDigest, found: Sequence[Breach], now: datetime, not_before: datetime
) -> None:
    places = _by_institution(session, found)
    count = sum(len(numbers) for numbers in places.values())
    what = "1 sag er over fristen" if count == 1 else f"{count} sager er over fristen"
    since = row.told_until.astimezone(LOCAL_ZONE)
    staff_letter(
        session,
        session.get_one(Municipality, row.municipality_id),
        row.person_id,
        now,
        purpose="overview",
        key=f"leader:{row.person_id}:{_day(not_before)}",
        subject=f"Dagens overblik: {what}",
        lines=[
            f"Siden {since:%d-%m-%Y} kl. {since:%H.%M}: {what}.",
            *(_section(place, list(numbers)) for place, numbers in sorted(places.items())),
            "Se hele overblikket: {base}/leder",
        ],
        not_before=not_before,
    )


def _section(place: str, numbers: Sequence[str]) -> str:
    base = links.settings().base_url
    lines = [f"{number}: {base}/sager/{number}" for number in numbers[:MOST_NAMED]]
    if len(numbers) > MOST_NAMED:
        lines.append(f"og {len(numbers) - MOST_NAMED} til.")
    return "\n".join([f"{place} ({len(numbers)})", *lines])


def _by_institution(session: Session, found: Sequence[Breach]) -> dict[str, dict[str, None]]:
    """The numbers, once each, by the name of the institution (the unit's own name outside of any)."""
    chains = {
        breach.unit_path: [UnitId(int(part)) for part in breach.unit_path.strip("/").split("/")]
        for breach in found
    }
    ids = {unit_id for chain in chains.values() for unit_id in chain}
    units = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)))}
    places: dict[str, dict[str, None]] = {}
    for breach in found:
        own = [units[unit_id] for unit_id in chains[breach.unit_path]]
        houses = [unit for unit in own if unit.kind in INSTITUTION_KINDS]
        places.setdefault((houses or own)[-1].name, {})[breach.number] = None
    return places


def _next_mornings(
    session: Session, person_ids: Sequence[PersonId], after: datetime
) -> dict[PersonId, datetime]:
    """Shortly before each of them begins work on a later day than that of `after`."""
    tomorrow = datetime.combine(_day(after) + timedelta(days=1), time(0), LOCAL_ZONE)
    return {person: at - EARLY for person, at in next_at_work(session, person_ids, tomorrow).items()}


def _day(at: datetime) -> date:
    return at.astimezone(LOCAL_ZONE).date()
