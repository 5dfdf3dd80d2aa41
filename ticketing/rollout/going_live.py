"""Go or no-go: what is ready in a unit before its day, what earlier waves showed, and who decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload

from ticketing.accounts.queries import ZONE
from ticketing.accounts.rules import Viewer
from ticketing.accounts.visibility import visible
from ticketing.database import db, path_range, transaction
from ticketing.organisation.models import Unit
from ticketing.privacy.cpr import mask
from ticketing.rollout.asked import Institution, asked_around, institutions
from ticketing.rollout.cover import Cover, cover_of, share_trained
from ticketing.rollout.load import Group, waves
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.training_models import GoDecision
from ticketing.vocabulary import ActivityCategory, GoVerdict, Sector, State, UnitId, UnitKind
from ticketing.work.change import Actor
from ticketing.work.hypercare import set_go_live
from ticketing.work.models import WorkItem

#: What must be done before the day, by part of the plan.
PARTS = (ActivityCategory.SETUP, ActivityCategory.TRAINING, ActivityCategory.FAMILIES)
#: The week that waves are compared by: the first whole one after the day.
COMPARED_WEEK = 1


@dataclass(frozen=True)
class Part:
    """The tasks of one part of the plan in the unit."""

    category: ActivityCategory
    done: int
    total: int

    @property
    def is_ready(self) -> bool:
        """Nothing is left."""
        return self.done == self.total


@dataclass(frozen=True)
class Wave:
    """What an earlier wave showed: questions for each 100 people in week 1, at its coverage."""

    on: date
    institutions: int
    coverage: float | None
    rate: float | None


@dataclass(frozen=True)
class Readiness:
    """Everything that the page shows before somebody decides."""

    unit: Unit
    go_live_on: date | None
    parts: tuple[Part, ...]
    covers: tuple[Cover, ...]
    coverage: float | None
    waves: tuple[Wave, ...]

    @property
    def nearest_wave(self) -> Wave | None:
        """The earlier wave whose coverage was most like this unit's; the newest of several."""
        known = [wave for wave in self.waves if wave.coverage is not None and wave.rate is not None]
        share = self.coverage or 0.0
        return min(
            known, key=lambda wave: (abs((wave.coverage or 0) - share), -wave.on.toordinal()), default=None
        )

    @property
    def has_people(self) -> bool:
        """Each department has a superuser present, and somebody to stand in."""
        return bool(self.covers) and all(one.coverage.has_somebody and one.has_deputy for one in self.covers)

    def as_facts(self) -> dict[str, Any]:
        """The figures that a decision keeps."""
        return {
            "coverage": self.coverage,
            "parts": {part.category.value: [part.done, part.total] for part in self.parts},
            "red": sum(one.light == "red" for one in self.covers),
        }


def readiness(viewer: Viewer, unit_id: UnitId, now: datetime) -> Readiness | None:
    """How ready a unit inside the viewer's overview is; None for any other. A handful of statements."""
    unit = db.session.get(Unit, unit_id)
    if unit is None or unit.municipality_id != viewer.municipality_id or unit.kind not in _DECIDED_FOR:
        return None
    if not any(unit.path.startswith(path) for path in viewer.overview_paths):
        return None
    today = now.astimezone(ZONE).date()
    places = institutions(viewer, [unit.sector] if unit.sector else [])
    covers = cover_of(viewer, now, within=unit.path)
    return Readiness(
        unit=unit,
        go_live_on=_go_live(unit, places),
        parts=_parts(viewer, unit),
        covers=tuple(covers),
        coverage=share_trained(covers),
        waves=_waves(viewer, places, today),
    )


def coming(viewer: Viewer, now: datetime) -> list[Institution]:
    """The institutions inside the overview that go live from today on, the first first."""
    today = now.astimezone(ZONE).date()
    ahead = [
        (place.go_live_on, place)
        for place in institutions(viewer, list(Sector))
        if place.go_live_on is not None and place.go_live_on >= today
    ]
    return [place for _on, place in sorted(ahead, key=lambda pair: (pair[0], pair[1].path))]


def decisions(unit_id: UnitId) -> Sequence[GoDecision]:
    """What was decided for the unit, the newest first."""
    return db.session.scalars(
        select(GoDecision)
        .where(GoDecision.unit_id == unit_id)
        .options(joinedload(GoDecision.decided_by))
        .order_by(GoDecision.decided_at.desc(), GoDecision.id.desc())
        .limit(20)
    ).all()


def decide(
    ready: Readiness, verdict: GoVerdict, actor: Actor, now: datetime, *, on: date | None, reason: str
) -> GoDecision:
    """Records who decided, why and on which figures; "go" gives the unit its day. Raises `PlanRefused`
    without a reason, and for "go" without a day."""
    if not reason.strip():
        raise PlanRefused("Skriv, hvorfor der besluttes sådan.")
    if verdict is GoVerdict.GO and on is None:
        raise PlanRefused("Vælg den dag, enheden går i gang.")
    with transaction() as session:
        row = GoDecision(
            municipality_id=ready.unit.municipality_id,
            unit_id=ready.unit.id,
            verdict=verdict,
            go_live_on=on if verdict is GoVerdict.GO else None,
            reason=mask(reason.strip())[0][:500],
            facts=ready.as_facts(),
            decided_at=now,
            decided_by_id=actor.person_id,
        )
        session.add(row)
        session.flush()
        if verdict is GoVerdict.GO:
            set_go_live(ready.unit.id, actor, now, on)
        return row


_DECIDED_FOR = (UnitKind.INSTITUTION, UnitKind.SECTOR, UnitKind.AREA)


def _go_live(unit: Unit, places: Sequence[Institution]) -> date | None:
    if unit.go_live_on is not None:
        return unit.go_live_on
    return next((place.go_live_on for place in places if place.id == unit.id), None)


def _parts(viewer: Viewer, unit: Unit) -> tuple[Part, ...]:
    low, high = path_range(unit.path)
    is_done = WorkItem.state.in_((State.SOLVED, State.CLOSED))
    rows = db.session.execute(
        select(
            PlanActivity.category,
            func.count().label("total"),
            func.sum(case((is_done, 1), else_=0)).label("done"),
        )
        .join(WorkItem, WorkItem.activity_id == PlanActivity.id)
        .where(
            WorkItem.municipality_id == viewer.municipality_id,
            WorkItem.activity_id.is_not(None),
            WorkItem.unit_path >= low,
            WorkItem.unit_path < high,
            visible(viewer),
        )
        .group_by(PlanActivity.category)
    )
    found: Mapping[ActivityCategory, Any] = {row.category: row for row in rows}
    return tuple(
        Part(part, int(found[part].done), found[part].total) if part in found else Part(part, 0, 0)
        for part in PARTS
    )


def _waves(viewer: Viewer, places: Sequence[Institution], today: date) -> tuple[Wave, ...]:
    begun = {place: place.go_live_on for place in places if place.go_live_on and place.go_live_on < today}
    found = waves(asked_around(viewer, begun))
    return tuple(_wave(on, group, today) for on, group in found.items())


def _wave(on: date, group: Group, today: date) -> Wave:
    return Wave(on, len(group.units), group.coverage, group.rate(COMPARED_WEEK, today))
