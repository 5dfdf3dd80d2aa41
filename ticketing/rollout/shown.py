"""A plan as `plan show --json` prints it and `plan import` reads it again. Pure."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from ticketing.rollout.draft import Counted
from ticketing.rollout.plan import Activity, Period, Plan, Warning, seats_and_persons
from ticketing.rollout.reading import Proposed


def shown_plan(plan: Plan) -> dict[str, Any]:
    """The whole plan: its rows, the warnings that are on no row, and what the seats amount to."""
    count = seats_and_persons(plan.activities)
    return {
        "rows": [shown_row(activity) for activity in plan.activities],
        "warnings": [shown_warning(warning) for warning in plan.warnings],
        "organisations": dict(plan.organisations),
        "seats": {"paid": count.seats, "persons": count.persons},
    }


def shown_row(activity: Activity) -> dict[str, Any]:
    """One activity; `start` and `end` are of the period that counts, days as ISO dates, null unknown."""
    return {
        "id": activity.id,
        "category": activity.category.value,
        "sector": activity.sector.value if activity.sector else None,
        "other_sectors": [sector.value for sector in activity.other_sectors],
        "audience": activity.audience,
        "responsible": activity.responsible.value if activity.responsible else None,
        "trainers": list(activity.trainers),
        "per": activity.per.value,
        "start": _day(activity.period.start),
        "end": _day(activity.period.end),
        "baseline": _period(activity.baseline),
        "revised": _period(activity.revised) if activity.revised else None,
        "hours": activity.hours,
        "note": activity.note,
        "paid_seats": activity.quota.paid,
        "extra_seats": activity.quota.extra,
        "participants": activity.participants,
        "same_people": dict(activity.same_people),
        "topics": list(activity.topics),
        "depends_on": list(activity.depends_on),
        "section": activity.section,
        "raw": activity.raw,
        "line": activity.line,
        "inferred": activity.inferred,
        "inferred_values": list(activity.inferred_values),
        "warnings": [shown_warning(warning) for warning in activity.warnings],
    }


def shown_reading(found: Proposed) -> dict[str, Any]:
    """What a file proposes: rows with the words of their period, counts of seats, and every warning."""
    return {
        "rows": [shown_row(activity) for activity in found.activities],
        "quotas": [shown_count(quota) for quota in found.quotas],
        "warnings": [shown_warning(warning) for warning in found.all_warnings],
    }


def shown_count(count: Counted) -> dict[str, Any]:
    """A count of seats; `role` is the role's key where it is known, else the words."""
    return {
        "role": count.role.value if count.role else count.text,
        "count": count.count,
        "hours": count.hours,
        "line": count.line,
        "sector": count.sectors[0].value if count.sectors else None,
        "text": count.text,
    }


def shown_warning(warning: Warning) -> dict[str, Any]:
    """A warning; `code` only where it has one."""
    shown: dict[str, Any] = {"kind": warning.kind, "line": warning.line, "text": warning.text}
    return {"code": warning.code, **shown} if warning.code else shown


def shown_warnings(warnings: Iterable[Warning]) -> list[dict[str, Any]]:
    """Several warnings, in their order."""
    return [shown_warning(warning) for warning in warnings]


def _period(period: Period) -> dict[str, str | None]:
    return {"start": _day(period.start), "end": _day(period.end)}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
