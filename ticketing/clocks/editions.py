"""Which calendars and targets a municipality goes by. An edition, once kept, means the same for ever."""

from datetime import datetime

from sqlalchemy import event, exists, select
from sqlalchemy.orm import Session

from ticketing.clocks.config import ClockConfig, ClockTexts, load_clock_texts
from ticketing.clocks.models import ClockEdition
from ticketing.organisation.models import Municipality
from ticketing.vocabulary import MunicipalityId, Reach

#: By id, as long as the process lives: editions are never changed. Equal texts share what is compiled.
KEPT: dict[int, ClockConfig] = {}
#: The id of an edition that is only tried out: newer than every one that is kept.
PROPOSED = 2**63 - 1
FIRST_REASON = "Sådan var det sat op, da kommunen begyndte"


class UnknownEdition(LookupError):
    """There is no edition with this id."""


@event.listens_for(Session, "after_rollback")
def _forget(_session: Session) -> None:
    """An edition that was rolled back has never been; on SQLite the next one gets its id."""
    KEPT.clear()


def edition(session: Session, edition_id: int) -> ClockConfig:
    """The edition with this id; one statement the first time in a process. Raises `UnknownEdition`."""
    found = KEPT.get(edition_id)
    if found is None:
        row = session.get(ClockEdition, edition_id)
        if row is None:
            raise UnknownEdition(edition_id)
        found = KEPT[edition_id] = load_clock_texts(texts_of(row), edition_id)
    return found


def texts_of(row: ClockEdition) -> ClockTexts:
    """The two texts of an edition."""
    return ClockTexts(row.calendars, row.targets)


def editions_of(session: Session, municipality_id: MunicipalityId, limit: int = 100) -> list[ClockEdition]:
    """A municipality's editions, the newest first."""
    of_town = select(ClockEdition).where(ClockEdition.municipality_id == municipality_id)
    return list(session.scalars(of_town.order_by(ClockEdition.number.desc()).limit(limit)))


def towns_without(session: Session, texts: ClockTexts) -> list[str]:
    """The keys of the municipalities that have editions, but none with these texts: somebody has changed the
    files, and nobody has put the change in force."""
    of_town = ClockEdition.municipality_id == Municipality.id
    as_here = (ClockEdition.calendars == texts.calendars) & (ClockEdition.targets == texts.targets)
    lacking = exists().where(of_town) & ~exists().where(of_town, as_here)
    return list(session.scalars(select(Municipality.key).where(lacking).order_by(Municipality.key)))


def in_force(session: Session, municipality_id: MunicipalityId, files: ClockConfig) -> ClockConfig:
    """What holds for the municipality now: its edition in force, or what it would begin with (`files`).
    One statement over the primary key, asked anew each time: another process may have made an edition."""
    current = _current(session, municipality_id)
    return files if current is None else edition(session, current)


def in_force_for_writing(
    session: Session, municipality_id: MunicipalityId, files: ClockConfig, now: datetime
) -> ClockConfig:
    """As `in_force`, inside a transaction. The first time it keeps `files` as the municipality's edition 1, so
    that a later change of the files leaves alone what was promised by them."""
    current = _current(session, municipality_id)
    if current is not None:
        return edition(session, current)
    _begin(session, municipality_id, files, now)
    return in_force(session, municipality_id, files)


def _current(session: Session, municipality_id: MunicipalityId) -> int | None:
    return session.scalar(select(Municipality.clock_edition).where(Municipality.id == municipality_id))


def _begin(session: Session, municipality_id: MunicipalityId, files: ClockConfig, now: datetime) -> None:
    municipality = session.get_one(Municipality, municipality_id, with_for_update=True, populate_existing=True)
    if municipality.clock_edition is not None:
        return  # somebody else was first
    first = ClockEdition(
        municipality_id=municipality_id,
        number=1,
        calendars=files.texts.calendars,
        targets=files.texts.targets,
        reach=Reach.FROM_NOW,
        in_force_from=now,
        made_at=now,
        reason=FIRST_REASON,
    )
    session.add(first)
    session.flush()
    municipality.clock_edition = first.id
    session.flush()
