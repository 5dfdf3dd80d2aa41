"""Reads the plan. Each question is a bounded number of statements over an index."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from ticketing.rollout.models import PlanActivity, PlanImport, PlanProposal, PlanWarning
from ticketing.rollout.plan import Plan
from ticketing.vocabulary import MunicipalityId


def activities(session: Session, municipality_id: MunicipalityId) -> Sequence[PlanActivity]:
    """The municipality's plan, in its own order; empty where there is none."""
    found = select(PlanActivity).where(PlanActivity.municipality_id == municipality_id)
    return session.scalars(found.order_by(PlanActivity.position)).all()


def activity_by_key(session: Session, municipality_id: MunicipalityId, key: str) -> PlanActivity | None:
    """The activity called `key`, such as "U03"."""
    found = select(PlanActivity).where(PlanActivity.municipality_id == municipality_id, PlanActivity.key == key)
    return session.scalars(found).one_or_none()


def warnings_by_activity(
    session: Session, municipality_id: MunicipalityId
) -> Mapping[int | None, Sequence[PlanWarning]]:
    """All warnings, cleared ones too, by activity id; under None those of the plan as a whole."""
    found = (
        select(PlanWarning)
        .where(PlanWarning.municipality_id == municipality_id)
        .options(joinedload(PlanWarning.cleared_by))
        .order_by(PlanWarning.id)
    )
    by_activity: dict[int | None, list[PlanWarning]] = defaultdict(list)
    for warning in session.scalars(found):
        by_activity[warning.activity_id].append(warning)
    return by_activity


def plan_of(session: Session, municipality_id: MunicipalityId, organisations: Mapping[str, str]) -> Plan:
    """The municipality's plan as the rules read it, with the warnings that nobody has cleared."""
    by_activity = warnings_by_activity(session, municipality_id)
    asking = {
        key: tuple(warning.value() for warning in found if warning.cleared_at is None)
        for key, found in by_activity.items()
    }
    rows = activities(session, municipality_id)
    return Plan(tuple(row.value(asking.get(row.id, ())) for row in rows), asking.get(None, ()), organisations)


def open_warnings(session: Session, municipality_id: MunicipalityId) -> int:
    """How many warnings nobody has cleared."""
    asking = select(func.count()).where(
        PlanWarning.municipality_id == municipality_id, PlanWarning.cleared_at.is_(None)
    )
    return session.scalar(asking) or 0


def imports(session: Session, municipality_id: MunicipalityId, limit: int = 20) -> Sequence[PlanImport]:
    """The newest imports that propose rows, with who made them."""
    found = (
        select(PlanImport)
        .where(PlanImport.municipality_id == municipality_id)
        .options(joinedload(PlanImport.made_by))
        .order_by(PlanImport.id.desc())
        .limit(limit)
    )
    return session.scalars(found).all()


def proposals_of(session: Session, municipality_id: MunicipalityId, import_id: int) -> Sequence[PlanProposal]:
    """All rows that an import proposes, decided ones too, in their order."""
    found = (
        select(PlanProposal)
        .where(PlanProposal.municipality_id == municipality_id, PlanProposal.import_id == import_id)
        .options(joinedload(PlanProposal.decided_by))
        .order_by(PlanProposal.position)
    )
    return session.scalars(found).all()


def waiting_proposals(session: Session, municipality_id: MunicipalityId) -> int:
    """How many proposed rows nobody has decided about."""
    waiting = select(func.count()).where(
        PlanProposal.municipality_id == municipality_id, PlanProposal.verdict.is_(None)
    )
    return session.scalar(waiting) or 0


def waiting_by_import(session: Session, municipality_id: MunicipalityId) -> Mapping[int, int]:
    """How many rows of each import nobody has decided about."""
    waiting = (
        select(PlanProposal.import_id, func.count())
        .where(PlanProposal.municipality_id == municipality_id, PlanProposal.verdict.is_(None))
        .group_by(PlanProposal.import_id)
    )
    return {row[0]: row[1] for row in session.execute(waiting)}


def import_by_id(session: Session, municipality_id: MunicipalityId, import_id: int) -> PlanImport | None:
    """One import of the municipality's, with who made it."""
    found = (
        select(PlanImport)
        .where(PlanImport.municipality_id == municipality_id, PlanImport.id == import_id)
        .options(joinedload(PlanImport.made_by))
    )
    return session.scalars(found).one_or_none()
