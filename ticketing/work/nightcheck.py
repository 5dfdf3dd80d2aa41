"""The clocks are checked against their events every night, once, and what was found is kept for `doctor`.

Nothing is repaired at night: a difference is a fault of the program or of a hand in the database, and
somebody should see it before `ticketing clocks verify --repair` makes the rows right.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, and_, func, select

from ticketing.clocks.models import ClockCheck
from ticketing.database import db, transaction
from ticketing.organisation.models import Municipality
from ticketing.vocabulary import MunicipalityId
from ticketing.work.clockcheck import Broken, Difference, Finding, batches
from ticketing.work.queries import LOCAL_ZONE

#: A night is the local date that it ends on, from two o'clock on.
BEGINS_AT = timedelta(hours=2)
#: A check that has not ended by then died with its worker; the next one does it again.
GIVEN_UP_AFTER = timedelta(hours=3)


@dataclass(frozen=True)
class LastCheck:
    """The newest night's check over all municipalities. `finished_at` None: one of them still runs."""

    night: date
    finished_at: datetime | None
    looked_at: int
    differences: int
    broken: int


def nightly(now: datetime) -> int:
    """Checks the municipalities that have not been checked this night; how many. Any number of workers may
    ask: the municipality's row decides who does it."""
    done = 0
    for municipality_id in _unchecked(now):
        if _claim(municipality_id, now):
            for _finding in check(municipality_id, now):
                pass
            done += 1
    return done


def check(
    municipality_id: MunicipalityId, now: datetime, *, repair: bool = False, everything: bool = False
) -> Iterator[Finding]:
    """`clockcheck.verify` at one municipality, with the outcome kept as this night's. What was repaired is no
    longer counted as a difference."""
    looked_at, found = 0, Counter[type[Finding]]()
    for batch in batches(repair=repair, everything=everything, municipality_id=municipality_id):
        looked_at += batch.looked_at
        found.update(type(one) for one in batch.findings)
        yield from batch.findings
    with transaction() as session:
        session.get_one(Municipality, municipality_id, with_for_update=True)
        row = session.scalar(_of_night(municipality_id, now))
        if row is None:
            row = ClockCheck(municipality_id=municipality_id, night=_night(now), started_at=now)
            session.add(row)
        row.finished_at, row.looked_at = now, looked_at
        row.differences, row.broken = 0 if repair else found[Difference], found[Broken]


def last_check() -> LastCheck | None:
    """What the newest night's check found; None before the first."""
    night = db.session.scalar(select(func.max(ClockCheck.night)))
    if night is None:
        return None
    counts = (func.sum(ClockCheck.looked_at), func.sum(ClockCheck.differences), func.sum(ClockCheck.broken))
    running = func.count().filter(ClockCheck.finished_at.is_(None))
    columns = select(func.max(ClockCheck.finished_at), running, *counts).where(ClockCheck.night == night)
    finished_at, unfinished, looked_at, differences, broken = db.session.execute(columns).one()
    return LastCheck(night, None if unfinished else finished_at, looked_at, differences, broken)


def _night(now: datetime) -> date:
    return (now.astimezone(LOCAL_ZONE) - BEGINS_AT).date()


def _of_night(municipality_id: MunicipalityId, now: datetime) -> Select[ClockCheck]:
    return select(ClockCheck).where(
        ClockCheck.municipality_id == municipality_id, ClockCheck.night == _night(now)
    )


def _unchecked(now: datetime) -> list[MunicipalityId]:
    tonight = and_(ClockCheck.municipality_id == Municipality.id, ClockCheck.night == _night(now))
    with transaction() as session:
        rows = select(Municipality.id).outerjoin(ClockCheck, tonight).where(ClockCheck.finished_at.is_(None))
        return list(session.scalars(rows.order_by(Municipality.id)))


def _claim(municipality_id: MunicipalityId, now: datetime) -> bool:
    with transaction() as session:
        session.get_one(Municipality, municipality_id, with_for_update=True)
        row = session.scalar(_of_night(municipality_id, now))
        if row is None:
            session.add(ClockCheck(municipality_id=municipality_id, night=_night(now), started_at=now))
            return True
        if row.finished_at is None and row.started_at <= now - GIVEN_UP_AFTER:
            row.started_at = now
            return True
        return False
