"""A later date, looked at before it is saved, and saved for all that must follow."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from ticketing.accounts.rules import Viewer
from ticketing.database import db, transaction
from ticketing.rollout.forward import slipped
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.plan import Period
from ticketing.rollout.queries import activities
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.tasks import replan
from ticketing.vocabulary import MunicipalityId, Sector
from ticketing.work.change import Actor
from ticketing.work.queries import clock_config


def what_follows(viewer: Viewer, key: str, to: Period) -> dict[str, Period]:
    """The new periods if the activity `key` is moved to `to`: its own first, then those that must wait. A
    follower begins on a working day of its own sector's calendar, in the holidays of that year. Writes
    nothing. Raises `forward.Cycle` and, for no such activity, `KeyError`."""
    rows = [row.value() for row in activities(db.session(), viewer.municipality_id)]
    sector = next(row.sector for row in rows if row.id == key) if any(r.id == key for r in rows) else None
    return slipped(rows, key, to, working_day(sector))


def working_day(sector: Sector | None) -> Callable[[date], bool]:
    """Whether somebody of `sector` works on a day, by the configured calendars."""
    config = clock_config()
    calendar = config.calendar(config.unit_calendar(sector))
    return lambda day: bool(calendar.hours_on(day))


def move(
    municipality_id: MunicipalityId,
    periods: Mapping[str, Period],
    seen: Sequence[tuple[str, Period]],
    actor: Actor,
    now: datetime,
    *,
    reason: str,
) -> int:
    """Gives each activity its new period and moves its open tasks, all of them or none; how many tasks moved.

    `seen` is what the person looked at (key, period that counted then): raises `PlanRefused` when one of them
    has moved since, or a key is not in the plan.
    """
    with transaction() as session:
        rows: dict[str, PlanActivity] = {row.key: row for row in activities(session, municipality_id)}
        for key, period in seen:
            if key not in rows or rows[key].value().period != period:
                raise PlanRefused("Planen er ændret, mens du så på den. Se, hvad flytningen betyder nu.")
        return sum(
            replan(rows[key].id, actor, now, start=period.start, end=period.end, reason=reason)
            for key, period in periods.items()
        )
