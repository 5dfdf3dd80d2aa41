"""When a unit goes live, and that its open items enter and leave hypercare on the day.

Whether an item is in hypercare is decided by the date and the calendar wherever a policy is made
(`change.Change.policy`). What runs already follows by the pass that a change of closing days uses:
`calendar_changes.spread`, one event an item.
"""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from ticketing.clocks.hypercare import LONGEST
from ticketing.database import transaction
from ticketing.organisation.models import Municipality, Unit
from ticketing.vocabulary import UnitId, UnitKind
from ticketing.work.calendar_changes import ask_for_pass
from ticketing.work.change import SYSTEM, Actor
from ticketing.work.errors import UnknownTarget
from ticketing.work.queries import LOCAL_ZONE, calendars, clocks_of
from ticketing.work.unit_hours import hours_of


def set_go_live(unit_id: UnitId, actor: Actor, now: datetime, on: date | None) -> Unit:
    """The day the unit goes live (None: that of the unit above). Open items below it follow within a minute,
    each with one event; the same day again changes nothing. Raises `UnknownTarget` for no unit."""
    with transaction() as session:
        unit = session.get(Unit, unit_id, with_for_update=True, populate_existing=True)
        if unit is None:
            raise UnknownTarget
        if unit.go_live_on != on:
            unit.go_live_on = on
            session.flush()
            unit.in_hypercare = _is_in_hypercare(session, unit, now)
            ask_for_pass(session, unit, actor, now, "go-live")
        return unit


def turn(now: datetime) -> int:
    """Lets the units whose window has opened or closed since the last time enter or leave; how many.

    One conditional UPDATE decides which worker does it, and the pass is written in the same transaction.
    """
    turned = 0
    for unit_id in _candidates(now):
        with transaction() as session:
            unit = session.get_one(Unit, unit_id)
            enters = _is_in_hypercare(session, unit, now)
            claim = update(Unit).where(Unit.id == unit_id, Unit.in_hypercare.is_(not enters))
            claimed = session.execute(
                claim.values(in_hypercare=enters)
                .returning(Unit.id)
                .execution_options(synchronize_session=False)
            )
            if claimed.first() is not None:
                session.refresh(unit)
                ask_for_pass(session, unit, SYSTEM, now, "hypercare")
                turned += 1
    return turned


def _candidates(now: datetime) -> Iterable[UnitId]:
    """Units with a go-live of their own near enough to matter, sectors with one among their municipality's
    targets, and those that are in hypercare."""
    today = now.astimezone(LOCAL_ZONE).date()
    near = Unit.go_live_on.between(today - LONGEST, today + LONGEST)
    with transaction() as session:
        of_sectors = [
            and_(
                Unit.municipality_id == municipality_id,
                Unit.kind == UnitKind.SECTOR,
                Unit.sector.in_(list(care.go_live)),
            )
            for municipality_id in session.scalars(select(Municipality.id)).all()
            if (care := clocks_of(session, municipality_id).hypercare) and care.go_live
        ]
        found = select(Unit.id).where(or_(near, Unit.in_hypercare.is_(True), *of_sectors)).order_by(Unit.id)
        return session.scalars(found).all()


def _is_in_hypercare(session: Session, unit: Unit, now: datetime) -> bool:
    config = clocks_of(session, unit.municipality_id)
    care, live = config.hypercare, hours_of(session, unit.municipality_id, unit.path).go_live(config)
    return (
        care is not None and live is not None and care.covers(live.on, calendars(session)(live.calendar), now)
    )
