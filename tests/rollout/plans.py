"""Rows of a plan for tests."""

from datetime import date
from typing import Any

from ticketing.database import db
from ticketing.organisation.models import Municipality
from ticketing.rollout.models import PlanActivity
from ticketing.vocabulary import ActivityCategory, Role, Sector, TaskPer


def activity(municipality: Municipality, key: str = "S05", **more: Any) -> PlanActivity:
    """A row of the plan: by default each day-care house sets itself up, the last day being a Friday."""
    values: dict[str, Any] = {
        "position": 1,
        "category": ActivityCategory.SETUP,
        "sector": Sector.DAGTILBUD,
        "audience": "lokal opsætning i hver institution",
        "responsible": Role.INSTITUTION_ADMIN,
        "per": TaskPer.INSTITUTION,
        "baseline_start": date(2026, 9, 21),
        "baseline_end": date(2026, 9, 25),
    }
    row = PlanActivity(municipality_id=municipality.id, key=key, **(values | more))
    db.session.add(row)
    db.session.flush()
    return row
