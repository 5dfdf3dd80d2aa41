"""What an import proposes, and what a person decides about it, row by row. One transaction each.

A proposal counts for nothing until somebody accepts it. Deciding one twice, or one that another has just
decided, changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.database import transaction
from ticketing.privacy.cpr import mask
from ticketing.rollout.actions import (
    REASON_LENGTH,
    ReasonMissing,
    UnusablePlan,
    add_warnings,
    fill,
    max_position,
    merged_with,
    new_row,
    plan_rows,
)
from ticketing.rollout.checks import faults
from ticketing.rollout.models import PlanActivity, PlanImport, PlanProposal
from ticketing.rollout.plan import Activity, Warning
from ticketing.rollout.reading import Proposed
from ticketing.rollout.schemas import ActivityFile
from ticketing.rollout.shown import shown_count, shown_row, shown_warning
from ticketing.vocabulary import MunicipalityId, Verdict
from ticketing.work.change import Actor


class AlreadyDecided(Exception):
    """Somebody has accepted or rejected the row in the meantime; `proposal` is as it stands."""

    def __init__(self, proposal: PlanProposal) -> None:
        super().__init__(proposal.id)
        self.proposal = proposal


class WrongValues(ValueError):
    """What was typed can't be; `messages` by field, in Danish."""

    def __init__(self, messages: Mapping[str, Sequence[str]]) -> None:
        super().__init__(str(messages))
        self.messages = messages


def propose(
    municipality_id: MunicipalityId,
    proposed: Proposed,
    actor: Actor,
    now: datetime,
    *,
    source: str,
    content: bytes,
    new_keys: bool,
) -> tuple[PlanImport, bool]:
    """Keeps what a file proposes, for people to decide; whether it is new. The same content is kept once.
    With `new_keys` the rows get keys that nothing in the plan has (a text numbers its own rows); else a row
    whose key is there already proposes to change that one."""
    digest = sha256(content).hexdigest()
    with transaction() as session:
        plan_rows(session, municipality_id)  # two files at once would number their rows alike
        same = select(PlanImport).where(
            PlanImport.municipality_id == municipality_id, PlanImport.sha256 == digest
        )
        known = session.scalars(same).one_or_none()
        if known is not None:
            return known, False
        made = PlanImport(
            municipality_id=municipality_id,
            source=source[:200],
            sha256=digest,
            made_at=now,
            made_by_id=actor.person_id,
            quotas=[shown_count(quota) for quota in proposed.quotas],
            warnings=[shown_warning(warning) for warning in proposed.warnings],
        )
        session.add(made)
        session.flush()
        rows = list(proposed.activities)
        if new_keys:
            rows = _renumbered(rows, _taken_keys(session, municipality_id))
        for position, row in enumerate(rows, 1):
            session.add(_proposal(made, row, position))
        session.flush()
        return made, True


def accept(
    municipality_id: MunicipalityId,
    proposal_id: int,
    actor: Actor,
    now: datetime,
    changes: Mapping[str, Any] | None = None,
) -> PlanActivity:
    """The row becomes part of the plan, with its words, its line and its warnings; `changes` are values that
    the person has set right first (keys of the JSON row, `start` and `end` for its period). Raises
    `LookupError`, `AlreadyDecided`, `WrongValues`, and `UnusablePlan` if the plan would not hang together."""
    with transaction() as session:
        proposal = _undecided(session, municipality_id, proposal_id)
        row = _accepted(session, proposal, _with_changes(proposal.row, changes or {}), now)
        _decide(proposal, Verdict.ACCEPTED, actor, now)
        proposal.activity_id = row.id
        session.flush()
        return row


def accept_quiet(municipality_id: MunicipalityId, import_id: int, actor: Actor, now: datetime) -> int:
    """Accepts all rows of an import that nothing is to be said about: no warning, nothing inferred. Returns
    how many; all or none of them. Raises `UnusablePlan`."""
    with transaction() as session:
        waiting = select(PlanProposal).where(
            PlanProposal.municipality_id == municipality_id,
            PlanProposal.import_id == import_id,
            PlanProposal.verdict.is_(None),
        )
        found = session.scalars(waiting.order_by(PlanProposal.position).with_for_update()).all()
        quiet = [proposal for proposal in found if is_quiet(proposal)]
        for proposal in quiet:
            row = _accepted(session, proposal, _with_changes(proposal.row, {}), now)
            _decide(proposal, Verdict.ACCEPTED, actor, now)
            proposal.activity_id = row.id
        session.flush()
        return len(quiet)


def reject(municipality_id: MunicipalityId, proposal_id: int, actor: Actor, now: datetime, reason: str) -> None:
    """The row is not to be part of the plan. Raises `ReasonMissing`, `LookupError` and `AlreadyDecided`."""
    if not reason.strip():
        raise ReasonMissing
    with transaction() as session:
        proposal = _undecided(session, municipality_id, proposal_id)
        _decide(proposal, Verdict.REJECTED, actor, now)
        proposal.reason = mask(reason.strip())[0][:REASON_LENGTH]


def is_quiet(proposal: PlanProposal) -> bool:
    """Whether the row was read without a doubt."""
    return not proposal.warnings and not proposal.row.get("inferred")


def _proposal(made: PlanImport, activity: Activity, position: int) -> PlanProposal:
    shown = shown_row(activity)
    return PlanProposal(
        municipality_id=made.municipality_id,
        import_id=made.id,
        position=position,
        row=shown,
        raw=activity.raw,
        line=activity.line,
        warnings=shown["warnings"],
    )


def _renumbered(rows: Sequence[Activity], taken: set[str]) -> list[Activity]:
    """The rows with the next free number of their letter, and what they wait for renamed with them."""
    new: dict[str, str] = {}
    for row in rows:
        letter, number = row.id[:1], 1
        while f"{letter}{number:02}" in taken:
            number += 1
        new[row.id] = f"{letter}{number:02}"
        taken.add(new[row.id])
    return [
        replace(row, id=new[row.id], depends_on=tuple(new.get(key, key) for key in row.depends_on))
        for row in rows
    ]


def _taken_keys(session: Session, municipality_id: MunicipalityId) -> set[str]:
    proposed = select(PlanProposal.row).where(
        PlanProposal.municipality_id == municipality_id, PlanProposal.verdict.is_(None)
    )
    waiting = {row["id"] for row in session.scalars(proposed)}
    return waiting | set(plan_rows(session, municipality_id))


def _undecided(session: Session, municipality_id: MunicipalityId, proposal_id: int) -> PlanProposal:
    proposal = session.get(PlanProposal, proposal_id, with_for_update=True, populate_existing=True)
    if proposal is None or proposal.municipality_id != municipality_id:
        raise LookupError(proposal_id)
    if proposal.verdict is not None:
        raise AlreadyDecided(proposal)
    return proposal


def _decide(proposal: PlanProposal, verdict: Verdict, actor: Actor, now: datetime) -> None:
    proposal.verdict, proposal.decided_at, proposal.decided_by_id = verdict, now, actor.person_id


def _with_changes(row: Mapping[str, Any], changes: Mapping[str, Any]) -> Activity:
    """The row as an activity. What a person has set is no longer inferred."""
    made = {**row, **{key: value for key, value in changes.items() if key not in ("start", "end")}}
    days = {key: changes[key] for key in ("start", "end") if key in changes}
    if days:
        period = "revised" if row.get("revised") else "baseline"
        made[period] = {**(row.get(period) or {}), **days}
    still = [
        name for name in row.get("inferred_values", ()) if name not in changes or changes[name] == row.get(name)
    ]
    made["inferred"] = made["inferred_values"] = still
    try:
        activity = ActivityFile().load(made)
    except ValidationError as error:
        raise WrongValues(_flat(error.messages)) from error
    assert isinstance(activity, Activity)
    return activity


def _flat(messages: Any) -> dict[str, list[str]]:
    """Messages by field; those of a period by its day."""
    found: dict[str, list[str]] = {}
    for key, inner in messages.items():
        if isinstance(inner, dict):
            found |= _flat(inner)
        else:
            found.setdefault(str(key), []).extend(str(text) for text in inner)
    return found


def _accepted(session: Session, proposal: PlanProposal, activity: Activity, now: datetime) -> PlanActivity:
    rows = plan_rows(session, proposal.municipality_id)
    row = rows.get(activity.id)
    activity = merged_with(row, activity)
    _check(session, proposal, activity, [other for key, other in rows.items() if key != activity.id])
    if row is None:
        row = new_row(session, proposal.municipality_id, activity, max_position(rows.values()) + 1)
    else:
        fill(row, activity)
    add_warnings(session, proposal.municipality_id, row, activity.warnings, now)
    whole = session.get_one(PlanImport, proposal.import_id)
    of_plan = [Warning(one["kind"], one.get("line"), one["text"], one.get("code")) for one in whole.warnings]
    add_warnings(session, proposal.municipality_id, None, of_plan, now)
    return row


def _check(
    session: Session, proposal: PlanProposal, activity: Activity, others: Sequence[PlanActivity]
) -> None:
    """A row may wait for one of its own file that is not accepted yet."""
    siblings = select(PlanProposal.row).where(PlanProposal.import_id == proposal.import_id)
    known = {row["id"] for row in session.scalars(siblings)}
    whole = [activity, *(row.value() for row in others)]
    organisations = {trainer for row in whole for trainer in row.trainers}
    found = [fault for fault in faults(whole, organisations, known) if fault.index == 0 or "ring" in fault.text]
    if found:
        raise UnusablePlan(found, whole)
