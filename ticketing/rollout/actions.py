"""Writes the plan: a whole one at once, and what a person decides about a warning. One transaction each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.database import transaction
from ticketing.organisation.models import Municipality
from ticketing.privacy.cpr import mask
from ticketing.rollout.checks import Fault, faults
from ticketing.rollout.models import PlanActivity, PlanWarning
from ticketing.rollout.plan import Activity, Period, Plan, Warning
from ticketing.vocabulary import MunicipalityId
from ticketing.work.change import Actor

REASON_LENGTH = 500


class UnusablePlan(ValueError):
    """The plan would not hang together; `faults` says where, `keys` which row each index is."""

    def __init__(self, found: Sequence[Fault], activities: Sequence[Activity]) -> None:
        self.faults = tuple(found)
        self.sentences = tuple(f"{activities[f.index].id}, {f.key}: {f.text}" for f in found)
        super().__init__("\n".join(self.sentences))


class ReasonMissing(ValueError):
    """A warning is cleared, or a row refused, only with a reason."""


@dataclass(frozen=True)
class Saved:
    """What `save_plan` did, in rows."""

    created: int
    changed: int
    unchanged: int


def save_plan(municipality_id: MunicipalityId, plan: Plan, now: datetime) -> Saved:
    """Writes every row of `plan`, or none. Rows are known by their ids: one that is there already is changed,
    its baseline is kept, and another period becomes its revised one. Rows that `plan` doesn't name stay, and
    so does what a person has cleared. Raises `UnusablePlan`."""
    with transaction() as session:
        rows = plan_rows(session, municipality_id)
        merged = [merged_with(rows.get(activity.id), activity) for activity in plan.activities]
        check_whole(merged, [row for key, row in rows.items() if key not in {a.id for a in merged}], plan)
        created = changed = 0
        for activity in merged:
            row = rows.get(activity.id)
            if row is None:
                row = new_row(session, municipality_id, activity, max_position(rows.values()) + 1)
                rows[activity.id] = row
                created += 1
            elif replace(row.value(), warnings=()) != replace(activity, warnings=()):
                fill(row, activity)
                changed += 1
            add_warnings(session, municipality_id, row, activity.warnings, now)
        add_warnings(session, municipality_id, None, plan.warnings, now)
        session.flush()
        return Saved(created, changed, len(merged) - created - changed)


def clear_warning(
    municipality_id: MunicipalityId, warning_id: int, actor: Actor, now: datetime, reason: str
) -> None:
    """A person has looked at it: it no longer asks. Once cleared, the first reason stands. Raises
    `ReasonMissing`, and `LookupError` for a warning that is not the municipality's."""
    if not reason.strip():
        raise ReasonMissing
    with transaction() as session:
        warning = _warning(session, municipality_id, warning_id)
        if warning.cleared_at is None:
            warning.cleared_at, warning.cleared_by_id = now, actor.person_id
            warning.reason = mask(reason.strip())[0][:REASON_LENGTH]


def reopen_warning(municipality_id: MunicipalityId, warning_id: int) -> None:
    """It asks again, after being cleared by mistake. Raises `LookupError`."""
    with transaction() as session:
        warning = _warning(session, municipality_id, warning_id)
        warning.cleared_at = warning.cleared_by_id = warning.reason = None


def plan_rows(session: Session, municipality_id: MunicipalityId) -> dict[str, PlanActivity]:
    """The municipality's plan by key, as it stands, to be written to: who else wants to waits, for
    two rows added at once would get the same key and place."""
    session.get_one(Municipality, municipality_id, with_for_update=True, populate_existing=True)
    found = select(PlanActivity).where(PlanActivity.municipality_id == municipality_id)
    fresh = found.order_by(PlanActivity.position).execution_options(populate_existing=True)
    return {row.key: row for row in session.scalars(fresh)}


def check_whole(activities: Sequence[Activity], others: Iterable[PlanActivity], plan: Plan) -> None:
    """Raises `UnusablePlan` if `activities` beside the rows that stay would not be a plan."""
    whole = [*activities, *(row.value() for row in others)]
    trained_by = {trainer for row in whole[len(activities) :] for trainer in row.trainers}
    found = faults(whole, set(plan.organisations) | trained_by)
    if found:
        raise UnusablePlan(found, whole)


def new_row(
    session: Session, municipality_id: MunicipalityId, activity: Activity, position: int
) -> PlanActivity:
    """A row of the plan for `activity`, flushed."""
    row = PlanActivity(municipality_id=municipality_id, key=activity.id, position=position)
    fill(row, activity)
    session.add(row)
    session.flush()
    return row


def fill(row: PlanActivity, activity: Activity) -> None:
    """Gives `row` the values of `activity`; its key, place and completion stay."""
    revised = activity.revised or Period()
    row.category, row.sector = activity.category, activity.sector
    row.other_sectors = [sector.value for sector in activity.other_sectors]
    row.audience, row.responsible, row.trainers = (
        activity.audience,
        activity.responsible,
        list(activity.trainers),
    )
    row.per, row.hours, row.note = activity.per, activity.hours, activity.note
    row.baseline_start, row.baseline_end = activity.baseline.start, activity.baseline.end
    row.revised_start, row.revised_end = revised.start, revised.end
    row.paid_seats, row.extra_seats = activity.quota.paid, activity.quota.extra
    row.participants, row.same_people = activity.participants, dict(activity.same_people)
    row.topics, row.depends_on = list(activity.topics), list(activity.depends_on)
    row.section, row.line, row.raw = activity.section, activity.line, activity.raw
    row.inferred_values = list(activity.inferred_values)


def add_warnings(
    session: Session,
    municipality_id: MunicipalityId,
    row: PlanActivity | None,
    warnings: Iterable[Warning],
    now: datetime,
) -> None:
    """Adds the warnings that are not there yet, cleared or not; `row` none: on the plan as a whole."""
    wanted = list(dict.fromkeys(warnings))
    if not wanted:
        return
    at = PlanWarning.activity_id.is_(None) if row is None else PlanWarning.activity_id == row.id
    there = {
        w.value()
        for w in session.scalars(select(PlanWarning).where(PlanWarning.municipality_id == municipality_id, at))
    }
    session.add_all(
        PlanWarning(
            municipality_id=municipality_id,
            activity_id=row.id if row else None,
            kind=warning.kind,
            code=warning.code,
            line=warning.line,
            text=warning.text,
            found_at=now,
        )
        for warning in wanted
        if warning not in there
    )


def max_position(rows: Iterable[PlanActivity]) -> int:
    """The place of the last row; 0 for an empty plan."""
    return max((row.position for row in rows), default=0)


def merged_with(row: PlanActivity | None, activity: Activity) -> Activity:
    """`activity` as it will stand: an earlier baseline is kept, and another period is a revised one."""
    if row is None:
        return activity
    was = row.value()
    baseline = was.baseline if was.baseline != Period() else activity.baseline
    same = activity.period in (Period(), was.period)
    period = was.period if same else activity.period
    return replace(activity, baseline=baseline, revised=None if period == baseline else period)


def _warning(session: Session, municipality_id: MunicipalityId, warning_id: int) -> PlanWarning:
    warning = session.get(PlanWarning, warning_id, with_for_update=True, populate_existing=True)
    if warning is None or warning.municipality_id != municipality_id:
        raise LookupError(warning_id)
    return warning
